//! Actions of a script that found nothing to do: who was to recover was up, what was to be healed was whole, who was told was dead.

use crate::catalog::Place;
use crate::kernel::{Health, NodeId, Simulation};
use crate::model::{Command, Order};

/// How the warning begins.
pub(super) const WITHOUT_EFFECT: &str = "nothing came of";

/// What an action of the kind that is watched would change.
pub(super) enum Before {
    Healths(Vec<Health>),
    Cuts(bool),
    /// Whether somebody who is told of it is up.
    Heard(bool),
}

/// Whether each action in the script ever did something.
#[derive(Default)]
pub(super) struct Effects {
    /// In order of their first time.
    seen: Vec<(Place, String, bool)>,
}

impl Effects {
    /// How things stand before a command, if it is one whose effect can be seen.
    pub fn before(command: &Command, orders: &[Order], simulation: &Simulation) -> Option<Before> {
        match command.action.as_str() {
            "crash" | "hang" | "recover" => Some(Before::Healths(healths(simulation))),
            "heal" => Some(Before::Cuts(simulation.is_cut())),
            "remove_node" => Some(Before::Heard(!orders.is_empty())),
            _ if orders.is_empty() => None,
            _ => Some(Before::Heard(!orders.iter().all(|order| order.is_for_the_dead(simulation)))),
        }
    }

    /// It has been carried out on `whom`.
    pub fn after(&mut self, command: &Command, whom: &str, before: Option<Before>, simulation: &Simulation) {
        let Some(before) = before else { return };
        let did = match before {
            Before::Cuts(cut) => cut,
            Before::Heard(heard) => heard,
            Before::Healths(before) => healths(simulation) != before,
        };
        match self.seen.iter_mut().find(|(place, ..)| *place == command.place) {
            Some((.., ever)) => *ever |= did,
            None => self.seen.push((command.place.clone(), format!("{}() of {whom}", command.action), did)),
        }
    }

    /// Says so of each that never did.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let idle = self.seen.iter().filter(|(.., did)| !did);
        idle.map(|(place, what, _)| {
            let why = match what.split('(').next() {
                Some("recover") => "nothing was down or stood still",
                Some("heal") => "nothing was cut",
                Some("crash" | "hang") => "it was down before",
                Some("remove_node") => "its autoscaler had taken it away, or nobody else was left",
                _ => "it was down",
            };
            format!("{WITHOUT_EFFECT} {what} in line {}: {why}", place.line)
        })
    }
}

fn healths(simulation: &Simulation) -> Vec<Health> {
    (0..simulation.nodes()).map(|node| simulation.health(NodeId(node as u16))).collect()
}
