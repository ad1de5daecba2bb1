//! What the kernel knows of a node.

use super::core::Core;
use super::event::{NodeId, Packed, Stamp};

/// Whether a node works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// Works.
    Up,
    /// The process is gone: connections are refused.
    Refusing,
    /// The machine is gone: silence.
    Silent,
    /// Stopped; everything waits for it.
    Hung,
}

/// What the kernel looks at for every message: one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Counts crashes: timers of an earlier life do not go off.
    pub(super) epoch: u16,
    pub(super) health: Health,
    /// Whether it has links (see [`Transit::has_link`]).
    pub(super) linked: bool,
}

impl Core {
    /// Whether a node works.
    #[inline(always)]
    pub(super) fn is_up(&self, node: NodeId) -> bool {
        self.calm || self.nodes[node.index()].health == Health::Up
    }

    /// Notes whether a node works, and that not all always do.
    pub(super) fn set_health(&mut self, node: NodeId, health: Health) {
        self.calm = false;
        self.nodes[node.index()].health = health;
    }

    /// A node dies: its timers do not go off any more.
    pub(super) fn die(&mut self, node: NodeId, health: Health) {
        self.set_health(node, health);
        let state = &mut self.nodes[node.index()];
        state.epoch = state.epoch.wrapping_add(1);
        self.stamps[node.index()] = Stamp::new(node, state.epoch);
    }

    /// Whether a timer of this epoch goes off now; while the node hangs it is kept for later.
    #[inline(always)]
    pub(super) fn timer_goes_off(&mut self, node: NodeId, event: Packed) -> bool {
        if self.calm {
            return true;
        }
        let state = self.nodes[node.index()];
        if state.health == Health::Up {
            return state.epoch == event.epoch();
        }
        if state.health == Health::Hung {
            self.hold(node, event.into());
        }
        false
    }
}
