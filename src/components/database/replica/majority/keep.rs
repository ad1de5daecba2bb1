//! What is on a member's disk, where that takes time: only that is answered for.

use super::voter::Voter;
use crate::kernel::{Answer, CallId, Ctx, Status};

/// Stands for a vote where numbers of entries stand.
pub(super) const VOTE_KEPT: u32 = u32::MAX;

impl Voter {
    /// The entries of a batch, the last one `last`, are answered for when they are on disk.
    pub(super) fn keep_batch(&mut self, last: u32, id: CallId, cx: &mut Ctx<'_>) {
        if last <= self.durable || self.desk.keep(last, cx) {
            self.durable = self.durable.max(last);
            return cx.reply(id, Answer::ok(last, 0));
        }
        self.follow.keeping.push((last, id));
    }

    /// A leader's own entry that no statement has brought to disk.
    pub(super) fn keep_own(&mut self, index: u32, cx: &mut Ctx<'_>) {
        if self.desk.keep(index, cx) {
            self.durable = index;
        }
    }

    /// The statement that an entry comes from has waited for the disk already; those before it may not have.
    pub(super) fn worked_on(&mut self, index: u32, cx: &mut Ctx<'_>) {
        if self.durable + 1 == index {
            self.durable = index;
        } else {
            self.keep_own(index, cx);
        }
    }

    /// Entries up to `index`, or a vote, are on disk.
    pub(super) fn on_kept(&mut self, index: u32, cx: &mut Ctx<'_>) {
        if index == VOTE_KEPT {
            if let Some((call, answer)) = self.follow.votes.pop_front() {
                cx.reply(call, answer);
            }
            return;
        }
        self.durable = self.durable.max(index);
        let durable = self.durable;
        let (kept, keeping) =
            std::mem::take(&mut self.follow.keeping).into_iter().partition(|(last, _)| *last <= durable);
        self.follow.keeping = keeping;
        for (last, call) in kept as Vec<(u32, CallId)> {
            cx.reply(call, Answer::ok(last, 0));
        }
        if self.leads {
            return self.advance(cx);
        }
        let (commit, asked) = self.follow.heard;
        self.hear_commit(commit, asked, cx);
    }

    /// Entries from `index` on conflict with the leader's: they go, and who waits for their disk is told.
    pub(super) fn drop_from(&mut self, index: u32, cx: &mut Ctx<'_>) {
        self.cut(index - 1);
        self.drop_keeping(cx);
        let end = self.log.end();
        if self.durable < end {
            self.keep_own(end, cx); // nobody waits for it, but it must come to disk
        }
    }

    fn cut(&mut self, end: u32) {
        while self.log.end() > end
            && let Some(entry) = self.log.pop()
        {
            self.desk.undo(entry.key, &self.rows);
        }
        self.durable = self.durable.min(end);
    }

    /// Batches that were on their way to disk do not count.
    pub(super) fn drop_keeping(&mut self, cx: &mut Ctx<'_>) {
        self.desk.stop_keeping();
        for (_, call) in std::mem::take(&mut self.follow.keeping) {
            cx.reply(call, Answer::of(Status::Failed));
        }
    }

    /// The crash of a host takes the entries that its disk does not have; a process leaves them to its system, which writes them.
    pub(super) fn lose_undurable(&mut self, of_host: bool) {
        if of_host {
            // (What a leader shows, a majority of others may keep before its own disk does.)
            self.cut(self.durable.max(self.follow.applied));
        }
    }
}
