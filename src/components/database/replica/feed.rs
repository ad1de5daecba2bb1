//! Before a member takes over in shared storage, a storage node gives it what its log lacks.

use super::log::{Entry, Stamp};
use super::member::Member;
use super::wire::{GIVE, pack, unpack};
use crate::kernel::{Answer, Ask, CallId, Ctx, Reply, Status};

/// Entries being given, and whom to tell when all are there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feeding {
    call: CallId,
    left: u32,
    failed: bool,
}

impl Member {
    /// The coordinator asks: entries behind `version` up to `note` to the member whose number is in `key`.
    pub(super) fn feed(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (epoch, _, member) = unpack(call.key);
        let (from, to) = (call.version, call.note);
        let entries: Option<Vec<(u32, Entry)>> =
            (from + 1..=to).map(|index| Some((index, *self.log.get(index)?))).collect();
        let Some(entries) = entries.filter(|entries| !entries.is_empty()) else {
            return cx.reply(id, Answer::of(Status::Failed)); // it keeps no such entries
        };
        self.feeding = Some(Feeding { call: id, left: entries.len() as u32, failed: false });
        for (index, entry) in entries {
            let token = entry.written.0;
            let give = Ask::new(self.plan.peers[member as usize], GIVE, pack(epoch, entry.epoch, entry.key));
            let (version, bytes) = (entry.version, self.desk.engine.row_bytes);
            cx.ask(Ask { version, note: index, bytes, token, timeout: self.silence, ..give });
        }
    }

    /// An entry of the history that the next epoch begins with.
    pub(super) fn take_given(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (epoch, of_entry, key) = unpack(call.key);
        let (index, version, written) = (call.note, call.version, Stamp(call.token));
        if epoch < self.promised || self.leads || self.follow.is_copying() {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        self.promised = epoch;
        let committed = (written.time(cx.now()), false);
        let entry = Entry { key, version, previous: 0, epoch: of_entry, written };
        self.take_in_order(index, entry, committed, id, cx);
    }

    pub(super) fn on_given(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(feeding) = &mut self.feeding else { return };
        feeding.left -= 1;
        feeding.failed |= reply.status != Status::Ok;
        if feeding.left > 0 {
            return;
        }
        let Feeding { call, failed, .. } = *feeding;
        self.feeding = None;
        cx.reply(call, Answer::of(if failed { Status::Failed } else { Status::Ok }));
    }
}
