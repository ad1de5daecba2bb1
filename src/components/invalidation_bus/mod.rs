//! An invalidation bus: writers announce what they have written, and it tells the caches.
//!
//! Nothing here is lost or late by a setting of its own: announcements and deliveries travel over the links of the world, a
//! partition cuts them off, and what the bus has in its memory dies with it.

use super::{ComponentKind, Site};
use crate::catalog::{Problem, Problems};
use crate::kernel::Component;
use crate::parts::plan::Bus;

mod entry;
mod node;

/// Tells caches what was written.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check, build, grow: None };

fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for cache in settings.groups("to") {
        let group = &site.layout.groups[cache];
        if group.settings.chosen("routing") == "cluster" {
            let message = format!("the bus follows no redirects, and \"{}\" is a cluster", group.name);
            let problem: Problem = settings.problem("to", message);
            problems.push(problem.hint("take routing \"client\" or \"proxy\""));
        }
    }
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(node::Node::new(site))]
}

/// How a writer uses the bus of this site.
pub fn of(site: &Site<'_>) -> Bus {
    let settings = site.settings();
    Bus {
        node: site.layout.first(site.index),
        is_awaited: entry::AWAITS[settings.choice("awaits")].name != "nobody",
        sends_values: entry::SENDS[settings.choice("sends")].name == "value",
    }
}
