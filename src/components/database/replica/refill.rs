//! How an empty copy is filled where nobody leads: piece by piece from other copies, which pay for every row they read.
//!
//! As in Cassandra (manual 4.1, "Replacing a dead node": the new one streams the ranges of the old one from the other replicas, then a full
//! repair is run, since the one that a range came from may itself have missed writes). Both are one here: each piece is read at
//! N - W + 1 copies, so that one of them has any write that W copies have confirmed, and the newest version of a row stays. While fewer than
//! that answer, the piece is asked for again; copies that are being filled themselves have nothing to give and are not counted, so that of
//! several copies replaced together what the rest has is copied. What no copy has any more, the audit counts as lost (`audit::emptied`).
//!
//! Until it has all, a copy answers no reads. It takes writes, and these do not count towards W (CASSANDRA-20993; in the releases before,
//! a write waits for it in addition to W others).

use super::equal::Copy;
use super::pieces::Pieces;
use super::wire::{COPY, ROW};
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, Status, Time, TimeoutClass, Timer};

/// The next piece is due, or the same one again.
pub(super) const FILL_ON: u16 = 3;

/// What copies know of each other.
#[derive(Clone, Debug)]
pub struct RefillPlan {
    /// The copies of the shard, in order.
    pub peers: Vec<NodeId>,
    /// Copies that a piece is read at: N - W + 1, of those that there are.
    pub sources: usize,
    /// The pieces of the shard.
    pub pieces: Pieces,
    /// How long to wait for a piece before it is asked for again.
    pub timeout: Time,
}

/// Another copy, as far as the piece under way goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Idle,
    /// Asked; so many rows have come.
    Asked(u32),
    /// It has read so many rows, and so many have come.
    Told(u32, u32),
    Done,
    /// It is being filled itself.
    Empty,
    Silent,
}

/// The filling of a copy.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    /// Keys below this one are here.
    cursor: u64,
    /// Numbers the questions: what comes late does not count.
    attempt: u32,
    /// When the piece was first asked for.
    since: Time,
    /// By place among the copies.
    sources: Vec<Source>,
}

impl Copy {
    /// A new machine with an empty disk stands here.
    pub(super) fn begin_empty(&mut self, cx: &mut Ctx<'_>) {
        self.refill.pieces.tell_emptied(&self.rows, self.own, self.refill.peers.len(), cx);
        self.clear();
        let attempt = self.filling.as_ref().map_or(0, |filling| filling.attempt + 1);
        let sources = vec![Source::Idle; self.refill.peers.len()];
        self.filling = Some(Box::new(Filling { cursor: 0, attempt, since: cx.now(), sources }));
        cx.tell("replaced", "an empty machine is filled from the other copies");
        self.ask_piece(cx);
    }

    /// Back from a crash: what has come is on disk, and the filling goes on where it was.
    pub(super) fn fill_again(&mut self, cx: &mut Ctx<'_>) {
        if self.filling.is_some() {
            self.ask_piece(cx);
        }
    }

    /// Asks for the piece anew, from as many copies as it takes.
    fn ask_piece(&mut self, cx: &mut Ctx<'_>) {
        let (now, timeout) = (cx.now(), self.refill.timeout);
        let Some(filling) = &mut self.filling else { return };
        filling.attempt += 1;
        filling.since = now;
        filling.sources.fill(Source::Idle);
        cx.timer_in(timeout, Timer { tag: FILL_ON, data: u64::from(filling.attempt) });
        self.ask_sources(cx);
        self.end_piece_if_complete(cx);
    }

    /// Asks further copies until enough are at it, beginning with the next one, so that copies do not all ask the first.
    fn ask_sources(&mut self, cx: &mut Ctx<'_>) {
        let class = self.silence(cx);
        let (own, count) = (self.own as usize, self.refill.peers.len());
        let wanted = self.wanted();
        let Some(filling) = &mut self.filling else { return };
        for at in (1..count).map(|step| (own + step) % count) {
            let at_it =
                |source: &&Source| matches!(source, Source::Asked(_) | Source::Told(..) | Source::Done);
            if filling.sources.iter().filter(at_it).count() >= wanted {
                return;
            }
            if filling.sources[at] == Source::Idle {
                filling.sources[at] = Source::Asked(0);
                let ask = Ask::new(self.refill.peers[at], COPY, filling.cursor);
                cx.ask(Ask { note: filling.attempt, timeout: Some(class), ..ask });
            }
        }
    }

    /// Copies that the piece has to be read at: all that are not empty, at most `sources`.
    fn wanted(&self) -> usize {
        let Some(filling) = &self.filling else { return 0 };
        let empty = filling.sources.iter().filter(|source| **source == Source::Empty).count();
        self.refill.sources.min(filling.sources.len() - 1 - empty)
    }

    /// As the source: a piece is read like any statement, through a connection.
    pub(super) fn begin_piece(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if self.filling.is_some() {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        let keys = self.refill.pieces.keys(cx.call(id).key);
        let (count, work) = (keys.end - keys.start, self.refill.pieces.work(keys, &self.rows));
        if !self.desk.take_copy(id, count, work, &self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    /// As the source: a piece has been read, its rows are on their way.
    pub(super) fn send_piece(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if self.filling.is_some() {
            return cx.reply(id, Answer::of(Status::Moved)); // it has been replaced since it was asked
        }
        let call = cx.call(id);
        let (cursor, attempt, to) = (call.key, call.note, call.caller);
        let mut sent = 0;
        for key in self.refill.pieces.keys(cursor) {
            if self.desk.has(key, &self.rows) {
                sent += 1;
                let row = Ask::new(to, ROW, key);
                let (version, bytes) = (self.rows.get(key), self.desk.engine.row_bytes);
                cx.ask(Ask { version, note: attempt, bytes, ..row });
            }
        }
        cx.reply(id, Answer::ok(sent, 0));
    }

    fn source(&mut self, node: NodeId, attempt: u32) -> Option<&mut Source> {
        let at = self.refill.peers.iter().position(|peer| *peer == node)?;
        let filling = self.filling.as_mut().filter(|filling| filling.attempt == attempt)?;
        Some(&mut filling.sources[at])
    }

    /// A row of a piece: the newest version stays.
    pub(super) fn take_row(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (key, version, attempt, from) = (call.key, call.version, call.note, call.caller);
        cx.reply(id, Answer::ok(version, 0));
        let Some(source) = self.source(from, attempt) else { return };
        *source = match *source {
            Source::Asked(came) => Source::Asked(came + 1),
            Source::Told(count, came) => Source::Told(count, came + 1),
            other => other,
        };
        self.filled += 1;
        self.desk.correct(key, true);
        if version > self.rows.get(key) {
            self.rows.set(key, version, cx.now());
        }
        self.end_piece_if_complete(cx);
    }

    /// A source has read the piece, or has not: then another one is asked.
    pub(super) fn on_piece(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(source) = self.source(reply.callee, reply.note) else { return };
        *source = match (reply.status, *source) {
            (Status::Ok, Source::Asked(came)) => Source::Told(reply.version, came),
            (Status::Moved, _) => Source::Empty,
            _ => Source::Silent,
        };
        self.ask_sources(cx);
        self.end_piece_if_complete(cx);
    }

    fn end_piece_if_complete(&mut self, cx: &mut Ctx<'_>) {
        let wanted = self.wanted();
        let Some(filling) = &mut self.filling else { return };
        for source in &mut filling.sources {
            if matches!(*source, Source::Told(count, came) if count == came) {
                *source = Source::Done;
            }
        }
        if filling.sources.iter().filter(|source| **source == Source::Done).count() < wanted {
            return;
        }
        let piece = self.refill.pieces.keys(filling.cursor);
        let pause = self.refill.pieces.pause(piece.clone());
        filling.cursor = piece.end;
        filling.attempt += 1;
        let due = Timer { tag: FILL_ON, data: u64::from(filling.attempt) };
        let next = filling.since.saturating_add(pause).max(cx.now());
        for key in piece {
            cx.audit().fill_copy(key, self.rows.get(key), self.own, self.refill.peers.len() as u32);
        }
        cx.timer_at(next, due);
    }

    /// Time for the next piece, or for the same one again if not enough has come.
    pub(super) fn fill_on(&mut self, attempt: u64, cx: &mut Ctx<'_>) {
        let Some(filling) = self.filling.as_ref().filter(|filling| u64::from(filling.attempt) == attempt)
        else {
            return;
        };
        if self.refill.pieces.are_over(filling.cursor) {
            self.filling = None;
            return cx.tell("copy ends", format!("{} rows came", self.filled));
        }
        self.ask_piece(cx);
    }

    fn silence(&mut self, cx: &mut Ctx<'_>) -> TimeoutClass {
        cx.timeout_class(self.refill.timeout)
    }
}
