//! Nodes that die and come back.

use super::call::{CallId, Phase};
use super::core::Core;
use super::event::NodeId;
use super::node::Health;

impl Core {
    /// The node's process or machine dies: its open calls end, its own questions are nobody's any more.
    #[cold]
    pub(super) fn crash(&mut self, node: NodeId, health: Health) {
        let state = &mut self.nodes[node.index()];
        state.health = health;
        state.epoch = state.epoch.wrapping_add(1);
        self.held[node.index()].next_pause();
        let held = self.held[node.index()].take(self.now);
        let touched: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        for id in touched {
            self.crash_call(id, node, health);
        }
        for event in held {
            self.schedule(self.now, event); // questions on the wire arrive at a dead node after all
        }
    }

    #[cold]
    fn crash_call(&mut self, id: CallId, node: NodeId, health: Health) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (caller, callee) = (call.caller, call.callee);
        if caller == node {
            self.abandon(id);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        if callee == node && call.phase.has(Phase::OPEN) {
            call.phase.clear(Phase::OPEN);
            self.ledger.reset += 1;
            if health == Health::Refusing {
                self.send_reset(id, true);
            } else {
                self.close_if_over(id);
            }
        }
    }

    #[cold]
    pub(super) fn recover(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.nodes[node.index()].health, Health::Up) != Health::Hung {
            self.transit.restart(node, self.now);
        }
        for event in self.held[node.index()].take(self.now) {
            self.schedule(self.now, event);
        }
    }
}
