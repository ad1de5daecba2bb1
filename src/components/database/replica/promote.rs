//! How the coordinator makes a member the primary, or takes that from it.

use super::member::Member;
use super::wire::unpack;
use crate::kernel::{Answer, CallId, Ctx, NodeId, Status};

/// A promotion under way: what has been received must be applied first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promotion {
    pub epoch: u32,
    pub call: CallId,
    /// The members that count, as bits.
    pub members: u32,
}

impl Member {
    /// Who is primary, and which members count.
    pub(super) fn take_view(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (epoch, ..) = unpack(call.key);
        let (members, primary) = (call.version, call.note as usize);
        if epoch > self.epoch {
            if self.leads {
                self.step_down(cx);
            }
            (self.epoch, self.primary) = (epoch, primary);
            self.send_waiting_on(cx);
            self.tell_back(self.plan.peers[primary], 1, cx);
        }
        if epoch == self.epoch && self.leads {
            self.count_members(members, cx);
            self.release(cx);
        }
        cx.reply(id, Answer::ok(self.log.end(), 0));
    }

    fn set_members(&mut self, members: u32) {
        for (at, link) in self.lead.links.iter_mut().enumerate() {
            link.standing.counts = members & (1 << at) != 0 && at != self.own;
        }
    }

    /// Who counts from now on. Whoever is back is waited for: it is asked at once how far it is, whatever was asked of it while it was cut off.
    fn count_members(&mut self, members: u32, cx: &mut Ctx<'_>) {
        let before: Vec<bool> = self.lead.links.iter().map(|link| link.standing.counts).collect();
        self.set_members(members);
        for at in (0..before.len()).filter(|at| !before[*at]) {
            if self.lead.links[at].standing.counts {
                self.ask_anew(at, cx);
            }
        }
    }

    /// Before an election: from now on no entries of older epochs are taken. The answer is the own position; the epoch of the last
    /// entry travels in `redirect`, which has the right size.
    pub(super) fn answer_position(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (epoch, ..) = unpack(cx.call(id).key);
        self.promised = self.promised.max(epoch);
        if self.leads && self.epoch < epoch {
            self.step_down(cx);
        }
        let end = self.log.end();
        let redirect = NodeId(self.log.epoch_at(end).unwrap_or(0) as u16);
        let status = if self.follow.is_copying() { Status::Missing } else { Status::Ok };
        cx.reply(id, Answer { version: end, redirect, ..Answer::of(status) });
    }

    /// This member shall be primary of a new epoch, which begins behind the entry told. (One whose log is of a dead branch further back than it
    /// is kept cannot: it needs a copy, as PostgreSQL does where `pg_rewind` misses WAL.)
    pub(super) fn take_promotion(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (epoch, ..) = unpack(call.key);
        let (start, members) = (call.version, call.note);
        if epoch < self.promised || epoch <= self.epoch || self.follow.is_copying() || start > self.log.end()
        {
            return cx.reply(id, Answer::of(Status::Failed));
        }
        if start < self.log.base() {
            return cx.reply(id, Answer::of(Status::Missing)); // what it would have to take back is not kept
        }
        self.promised = epoch;
        self.rewind(start, cx);
        self.promotion = Some(Promotion { epoch, call: id, members });
        self.open_if_ready(cx);
    }

    /// Opens as the primary when all that was received shows.
    pub(super) fn open_if_ready(&mut self, cx: &mut Ctx<'_>) {
        let Some(Promotion { epoch, call, members }) = self.promotion else { return };
        if self.follow.applied < self.log.end() {
            return;
        }
        self.promotion = None;
        let start = self.log.end();
        let lost = cx.audit().begin_epoch(self.plan.log, epoch, start);
        (self.epoch, self.primary, self.leads) = (epoch, self.own, true);
        self.follow.is_back = false;
        self.lead.clear();
        self.set_members(members);
        cx.tell(
            "promoted",
            format!("epoch {epoch} begins behind entry {start}; {lost} acknowledged writes are lost"),
        );
        cx.reply(call, Answer::ok(start, 0));
        for (_, read) in std::mem::take(&mut self.follow.waiting) {
            self.begin(read, cx); // it has what survives
        }
        self.beat_replicas(cx);
    }
}
