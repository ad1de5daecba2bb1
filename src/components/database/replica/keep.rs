//! What of a replica's log is on its disk, and how its end is taken back.

use super::follow::Received;
use super::log::ERASED;
use super::member::Member;
use super::wire::{BACK, pack};
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, Status, Time};

impl Member {
    /// Back from a crash it tells its primary so, as a replica opens its connection when it starts (MySQL 8.0 Reference Manual,
    /// skip_replica_start; PostgreSQL 15 manual, ch. 27.2, Log-Shipping Standby Servers). If another leads meanwhile, the old one or the coordinator says who.
    pub(super) fn tell_back(&self, to: NodeId, tries: u32, cx: &mut Ctx<'_>) {
        if self.follow.is_back && to != self.plan.peers[self.own] && to != NodeId::NONE {
            let back = Ask::new(to, BACK, pack(self.epoch, 0, 0));
            cx.ask(Ask { note: tries, timeout: self.silence, ..back });
        }
    }

    pub(super) fn on_told_back(&self, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.status == Status::Moved && reply.note == 0 && reply.redirect != reply.callee {
            self.tell_back(reply.redirect, 1, cx);
        }
    }

    /// An entry is sent twice. If it is not on disk yet, nobody waits for the first call any more: this one is answered instead.
    pub(super) fn take_again(&mut self, index: u32, id: CallId, cx: &mut Ctx<'_>) {
        let applied = self.follow.applied;
        let place = index.checked_sub(applied + 1).map(|place| place as usize);
        match place.and_then(|place| self.follow.queue.get_mut(place)).filter(|received| !received.kept) {
            Some(received) => {
                let first = std::mem::replace(&mut received.call, id);
                if !first.is_none() {
                    cx.reply(first, Answer::of(Status::Failed));
                }
            }
            None => cx.reply(id, Answer::ok(applied, 0)),
        }
    }

    /// Entries that the primary may count on.
    pub(super) fn received(&self) -> u32 {
        let end = self.log.end();
        if self.desk.waits_for_disk() { self.durable.min(end) } else { end }
    }

    /// An entry is on disk, and those before it: the primary may count on that.
    pub(super) fn on_kept(&mut self, index: u32, cx: &mut Ctx<'_>) {
        self.durable = self.durable.max(index);
        let applied = self.follow.applied;
        let unkept = self.follow.queue.iter_mut().take(index.saturating_sub(applied) as usize);
        for received in unkept.filter(|received| !received.kept) {
            received.kept = true;
            if !self.plan.mode.answers_when_applied && !received.call.is_none() {
                cx.reply(std::mem::replace(&mut received.call, CallId::NONE), Answer::ok(applied, 0));
            }
        }
        self.show_applied(cx);
    }

    /// The crash of a host takes the entries that its disk does not have; a process leaves them to its system, and syncs them when it is back.
    pub(super) fn lose_undurable(&mut self, of_host: bool, now: Time) {
        while of_host && self.log.end() > self.durable {
            self.take_back_last(now);
        }
        self.follow.heard_end = self.follow.heard_end.min(self.log.end());
        self.flushing = self.log.end();
        let missing = (self.log.end() - self.follow.applied) as usize;
        self.follow.queue.truncate(missing);
    }

    /// Takes back everything behind entry `index`.
    pub(super) fn rewind(&mut self, index: u32, cx: &mut Ctx<'_>) {
        if self.log.end() <= index {
            return;
        }
        while self.log.end() > index {
            if let Some(received) = self.take_back_last(cx.now()) {
                cx.reply(received.call, Answer::of(Status::Moved));
            }
        }
        self.follow.heard_end = index;
        (self.durable, self.flushing) = (self.durable.min(index), self.flushing.min(index));
        self.restart_applier(cx);
    }

    /// Takes the last entry off the log, and out of the rows if it shows; else it waited to be applied.
    fn take_back_last(&mut self, now: Time) -> Option<Received> {
        let (at, entry) = (self.log.end(), self.log.pop().expect("what may be taken back is kept"));
        let shows = at <= self.follow.applied;
        if shows {
            if entry.row().is_some() {
                self.rows.set(entry.key, entry.previous, now);
            }
            self.follow.applied = at - 1;
        }
        match entry.version {
            ERASED if shows => self.desk.correct(entry.key, true),
            _ => self.desk.undo(entry.key, &self.rows),
        }
        if shows { None } else { self.follow.queue.pop_back() }
    }

    /// The appliers forget what they were at and begin with the entries that are still there.
    pub(super) fn restart_applier(&mut self, cx: &mut Ctx<'_>) {
        self.desk.stop_applying(cx);
        self.desk.stop_keeping();
        for (index, received) in (self.follow.applied + 1..).zip(&mut self.follow.queue) {
            received.done = false;
            if !received.kept {
                self.desk.keep(index, cx);
            }
        }
        self.apply_again(cx);
    }
}
