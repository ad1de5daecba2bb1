//! What a node that dies has already sent.
//!
//! A statement that has been sent is carried out: a database notices that its client is gone when it answers (MySQL, PostgreSQL). Who
//! dies so leaves versions behind that stand nowhere else until they arrive, and are lost if they do not.

use super::call::{CallId, Phase, Status};
use super::core::Core;
use super::event::NodeId;

impl Core {
    /// The calls of a node that has died which ask this and may still be carried out: their keys and versions.
    pub(super) fn still_sent(&self, node: NodeId, verb: u16) -> Vec<(CallId, u64, u32)> {
        let by_it = self.calls.iter().filter(|(_, call)| call.caller == node && call.verb == verb);
        let sent = by_it.filter(|(_, call)| call.phase.has(Phase::OPEN) || call.phase.has(Phase::MOVING));
        sent.map(|(id, call)| (id, call.key, call.version)).collect()
    }

    /// An abandoned call is over.
    #[cold]
    pub(super) fn end_left_behind(&mut self, id: CallId) {
        let Some(before) = self.left_behind.remove(&id.to_bits()) else { return };
        let Some(call) = self.calls.get(id) else { return };
        let audit = self.audits.of_mut(call.caller);
        (before + 1..=call.version).for_each(|version| audit.lose(call.key, version));
    }

    /// An abandoned call is answered, and over with it.
    #[cold]
    pub(super) fn reply_to_nobody(&mut self, id: CallId, status: Status) {
        self.ledger.late += 1;
        if status == Status::Ok {
            self.left_behind.remove(&id.to_bits());
        }
        self.close_if_over(id);
    }
}
