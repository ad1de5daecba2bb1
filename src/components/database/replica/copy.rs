//! A new member is built by copying: piece by piece from the primary, which goes on serving and pays for every row it reads.
//!
//! The log is shipped from the position at which the copy began; rows come with their versions, and the newer one
//! stays. Rows that were never written are counted and not sent, unless work is counted: then they are on the disk like the
//! others, the source reads the pages of each piece, and the receiver's structures are built from what comes.

use super::follow::Follow;
use super::member::{COPY_ON, Member};
use super::wire::{COPY, ROW, pack};
use crate::kernel::{Answer, Ask, CallId, Ctx, Reply, Status, Time, Timer};
use std::collections::BTreeSet;

/// A copy under way, at its receiver.
#[derive(Clone, Debug)]
pub(super) struct Copying {
    /// Keys below this one are here.
    cursor: u64,
    /// Numbers the pieces asked for: rows of an earlier attempt do not count.
    attempt: u32,
    /// Written rows of the piece under way that have come, and how many there are, once that is known.
    rows: (u32, Option<u32>),
    /// When the piece was asked for.
    since: Time,
    /// Whether a primary has told us to begin.
    begun: bool,
    /// Up to when its rows showed everything before they were gone.
    pub(super) fresh_at: Time,
    /// Written rows that had come before, for other copies.
    before: u64,
    /// Rows erased since: a piece read before must not bring them back. If they are written again, the log does.
    pub(super) erased: BTreeSet<u64>,
}

impl Copying {
    /// A copy from the start, perhaps after one that did not come to its end.
    fn after(follow: &Follow, begun: bool) -> Self {
        let earlier = follow.copying.as_ref();
        Copying {
            cursor: 0,
            attempt: earlier.map_or(0, |copying| copying.attempt + 1),
            rows: (0, None),
            since: 0,
            begun,
            fresh_at: earlier.map_or(follow.fresh_at, |copying| copying.fresh_at),
            before: follow.copied,
            erased: BTreeSet::new(),
        }
    }
}

impl Follow {
    /// It begins from the start when a primary says so; without a copy under way only if the machine is `empty`.
    pub(super) fn stop_copying(&mut self, empty: bool) {
        if empty || self.copying.is_some() {
            self.copying = Some(Copying::after(self, false));
        }
    }
}

impl Member {
    /// The next piece of a copy is asked for at `at`.
    pub(super) fn copy_at(&mut self, at: Time, attempt: u32, cx: &mut Ctx<'_>) {
        cx.timer_at(at.max(cx.now()), Timer { tag: COPY_ON, data: u64::from(attempt) });
    }

    /// A new machine with an empty disk stands here.
    pub(super) fn begin_empty(&mut self, cx: &mut Ctx<'_>) {
        if self.leads {
            self.step_down(cx);
        }
        self.plan.pieces.tell_emptied(&self.rows, self.own as u32, self.plan.peers.len(), cx);
        self.rows.clear();
        self.desk.empty();
        self.log.restart(0, 0);
        self.forget_queue(0, cx);
        self.follow.stop_copying(true);
        cx.tell("replaced", "an empty machine waits for a copy");
    }

    /// A primary says: forget what you have, a copy begins at this entry.
    pub(super) fn begin_copy(&mut self, index: u32, epoch: u32, cx: &mut Ctx<'_>) {
        self.rows.clear();
        self.desk.empty();
        self.log.restart(index, epoch);
        self.forget_queue(index, cx);
        self.follow.copying = Some(Copying::after(&self.follow, true));
        cx.tell("copy begins", format!("of {} rows", self.plan.pieces.rows()));
        self.ask_piece(cx);
    }

    fn ask_piece(&mut self, cx: &mut Ctx<'_>) {
        let (primary, now) = (self.plan.peers[self.primary], cx.now());
        let Some(copying) = &mut self.follow.copying else { return };
        copying.since = now;
        copying.rows = (0, None);
        let ask = Ask::new(primary, COPY, pack(self.epoch, 0, copying.cursor));
        let timeout = Some(cx.timeout_class(self.plan.pieces.patience(self.plan.down_after)));
        cx.ask(Ask { note: copying.attempt, timeout, ..ask });
    }

    /// The source: a piece is read like any statement, through a connection.
    pub(super) fn begin_piece(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if !self.may_lead(cx.now()) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        let keys = self.plan.pieces.keys(cx.call(id).key & 0xFFFF_FFFF);
        let (count, work) = (keys.end - keys.start, self.plan.pieces.work(keys, &self.rows));
        if !self.desk.take_copy(id, count, work, &self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    /// Rows are read for another shard, so many as the call says: work as for rows of a copy. None: one that was read along with others.
    pub(super) fn begin_fetch(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if !self.may_lead(cx.now()) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        let rows = u64::from(cx.call(id).version);
        if rows == 0 {
            return self.desk.give(id, &self.rows, cx);
        }
        if !self.desk.take_copy(id, 1, rows * self.plan.copy_row, &self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    /// The source has read a piece: its written rows are on their way.
    pub(super) fn copy_piece(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (cursor, attempt, to) = (call.key & 0xFFFF_FFFF, call.note, call.caller);
        let mut sent = 0;
        for key in self.plan.pieces.keys(cursor) {
            if self.desk.has(key, &self.rows) {
                let version = self.rows.get(key);
                sent += 1;
                let row = Ask::new(to, ROW, key);
                cx.ask(Ask { version, note: attempt, bytes: self.desk.engine.row_bytes, ..row });
            }
        }
        cx.reply(id, Answer::ok(sent, 0));
    }

    /// A row of a copy.
    pub(super) fn take_row(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (key, version, attempt) = (call.key, call.version, call.note);
        cx.reply(id, Answer::ok(version, 0));
        let Some(copying) = self.follow.copying.as_mut().filter(|copying| copying.attempt == attempt) else {
            return;
        };
        copying.rows.0 += 1;
        self.follow.copied += 1;
        if !copying.erased.contains(&key) {
            self.desk.correct(key, true);
            if version > self.rows.get(key) {
                self.rows.set(key, version, cx.now());
            }
        }
        self.end_piece_if_complete(cx);
    }

    /// The source tells how many rows the piece had; or it does not answer, and the piece is asked for again.
    pub(super) fn on_piece(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (now, down_after) = (cx.now(), self.plan.down_after);
        let Some(copying) = self.follow.copying.as_mut().filter(|copying| copying.attempt == reply.note)
        else {
            return;
        };
        if reply.status == Status::Ok {
            copying.rows.1 = Some(reply.version);
            let attempt = copying.attempt;
            self.copy_at(now.saturating_add(down_after), attempt, cx); // in case a row gets lost
            self.end_piece_if_complete(cx);
        } else if copying.begun {
            let attempt = copying.attempt;
            self.copy_at(now.saturating_add(self.plan.heartbeat), attempt, cx);
        }
    }

    fn end_piece_if_complete(&mut self, cx: &mut Ctx<'_>) {
        let Some(copying) = &mut self.follow.copying else { return };
        if copying.rows.1 != Some(copying.rows.0) {
            return;
        }
        let piece = self.plan.pieces.keys(copying.cursor);
        copying.cursor = piece.end;
        copying.attempt += 1;
        let (attempt, due) = (copying.attempt, copying.since.saturating_add(self.plan.pieces.pause(piece)));
        if due > cx.now() { self.copy_at(due, attempt, cx) } else { self.copy_on(attempt, cx) }
    }

    /// Time for the next piece, or for the same one again, if that is still the one under way.
    pub(super) fn copy_on(&mut self, attempt: u32, cx: &mut Ctx<'_>) {
        let Some(copying) = self.follow.copying.as_mut().filter(|copying| copying.attempt == attempt) else {
            return;
        };
        if !copying.begun {
            return;
        }
        if self.plan.pieces.are_over(copying.cursor) {
            let came = self.follow.copied - copying.before;
            self.follow.copying = None;
            self.plan.pieces.tell_filled(&self.rows, self.own as u32, self.plan.peers.len(), cx);
            return cx.tell("copy ends", format!("{came} written rows came"));
        }
        copying.attempt += 1;
        self.ask_piece(cx);
    }
}
