//! Callers that do not wait any longer.

use super::call::{CallId, Phase, Reply, Status};
use super::core::Core;
use super::event::{Event, NodeId};
use super::node::Health;
use super::transit::Message;

impl Core {
    pub(super) fn abandon(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.phase.has(Phase::WAITING) {
            call.phase.clear(Phase::WAITING);
            self.ledger.abandoned += 1;
            self.take_out(id);
            self.close_if_over(id);
        }
    }

    /// A caller has waited long enough. The reply that says so, if it still waits.
    #[cold]
    pub(super) fn time_out(&mut self, id: CallId) -> Option<(NodeId, Reply)> {
        let call = self.calls.get(id)?;
        if !call.phase.has(Phase::WAITING) {
            return None;
        }
        let caller = call.caller;
        if self.nodes[caller.index()].health == Health::Hung {
            self.hold(caller, Event::Overdue(id));
            return None;
        }
        let reply = Reply { status: Status::TimedOut, version: 0, bytes: 0, ..call.reply(id) };
        self.abandon(id);
        Some((caller, reply))
    }

    /// A question that waits for its connection to be opened is not sent once nobody waits for an answer.
    #[cold]
    fn take_out(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id).filter(|call| call.phase.has(Phase::MOVING)) else { return };
        if !self.nodes[call.caller.index()].linked {
            return;
        }
        let message = Message::of(call, (call.caller, call.callee), false, call.asked);
        if self.transit.gives_up_connecting(&message, self.now, &mut self.requests) {
            call.phase.clear(Phase::MOVING);
        }
    }
}
