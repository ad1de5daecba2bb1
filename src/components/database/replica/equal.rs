//! A copy of the rows of a shard where nobody leads: it answers reads, and keeps the newest version that it is given.

use super::desk::{Desk, Done, Statement};
use super::member::REPLACE;
use super::refill::{FILL_ON, Filling, RefillPlan};
use super::rows::Rows;
use super::wire::{COPY, ROW, is_read};
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Reply, Status, Time, Timer};

/// A write that the disk does not have: the row, its version and the one before.
#[derive(Clone, Copy, Debug)]
struct Write {
    key: u64,
    version: u32,
    before: u32,
}

/// A copy of the rows of a shard.
#[derive(Clone)]
pub struct Copy {
    pub(super) desk: Desk,
    pub(super) rows: Rows,
    /// Its place among the copies of its shard.
    pub(super) own: u32,
    pub(super) refill: RefillPlan,
    /// Where it is, if it is new and empty.
    pub(super) filling: Option<Box<Filling>>,
    /// Rows that have come to fill it.
    pub(super) filled: u64,
    /// What the disk does not have yet, where the log goes there from time to time. The second part is on its way.
    unsynced: Vec<Write>,
    syncing: Vec<Write>,
    reads: u64,
    writes: u64,
}

impl Copy {
    /// An empty copy, the `own`-th of its shard.
    pub fn new(own: u32, desk: Desk, rows: Rows, refill: RefillPlan) -> Self {
        Copy {
            desk,
            rows,
            own,
            refill,
            filling: None,
            filled: 0,
            unsynced: Vec::new(),
            syncing: Vec::new(),
            reads: 0,
            writes: 0,
        }
    }

    /// All rows are gone.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.desk.empty();
        self.unsynced.clear();
        self.syncing.clear();
    }

    #[inline]
    fn on_done(&mut self, done: Done, cx: &mut Ctx<'_>) {
        match done {
            Done::Statement(statement) => {
                self.execute(statement, cx);
                self.desk.end(statement, &self.rows, cx);
            }
            Done::SyncBegins => self.syncing = std::mem::take(&mut self.unsynced),
            Done::Synced => keep(&mut self.syncing, cx),
            Done::Applied(_) | Done::Kept(_) => debug_assert!(false, "there is no log to ship"),
        }
    }

    fn execute(&mut self, statement: Statement, cx: &mut Ctx<'_>) {
        let id = statement.call;
        let call = cx.call(id);
        let (verb, key, version, request) = (call.verb, call.key, call.version, call.request);
        if verb == COPY {
            return self.send_piece(id, cx);
        }
        if is_read(verb) {
            self.reads += 1;
            let bytes = statement.bytes.unwrap_or_else(|| self.desk.engine.bytes(request, cx));
            return cx.reply(id, Answer::ok(self.desk.seen(statement, key, cx, &self.rows), bytes));
        }
        self.writes += 1;
        let before = self.rows.get(key);
        if version > before {
            self.rows.set(key, version, cx.now()); // the last writer wins
            if !self.desk.wrote(cx) {
                self.unsynced.push(Write { key, version, before });
            }
        } else if self.desk.syncs_later() && version < before {
            cx.audit().lose_copy(key, version, self.own); // it was overwritten here before it came
        }
        cx.audit().fill_copy(key, self.rows.get(key), self.own, self.refill.peers.len() as u32);
        let counts = if self.filling.is_some() { Status::Missing } else { Status::Ok };
        cx.reply(id, Answer { version, ..Answer::of(counts) });
    }

    fn take_statement(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if self.filling.is_some() && is_read(cx.call(id).verb) {
            return cx.reply(id, Answer::of(Status::Moved)); // others have what it lacks
        }
        if !self.desk.take(id, &mut self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }
}

impl Copy {
    /// The host is gone: versions that only its memory held are too. Nobody is told; a read that asks others as well repairs it.
    fn lose_unsynced(&mut self, cx: &mut Ctx<'_>) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let syncing = std::mem::take(&mut self.syncing);
        for Write { key, version, before } in syncing.into_iter().chain(unsynced).rev() {
            self.rows.set(key, before, cx.now());
            self.desk.undo(key, &self.rows);
            cx.audit().copy_has(key, before, self.own);
            cx.audit().lose_copy(key, version, self.own);
        }
    }
}

/// These are on disk.
fn keep(writes: &mut Vec<Write>, cx: &mut Ctx<'_>) {
    writes.drain(..).for_each(|write| cx.audit().keep_copy(write.key, write.version));
}

impl Component for Copy {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            COPY => self.begin_piece(id, cx),
            ROW => self.take_row(id, cx),
            _ => self.take_statement(id, cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.verb == COPY {
            self.on_piece(&reply, cx);
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == FILL_ON {
            return self.fill_on(timer.data, cx);
        }
        let mut done = self.desk.on_timer(timer, &self.rows, cx);
        while let Some(what) = done {
            self.on_done(what, cx);
            done = self.desk.more(cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.desk.on_control(control, &self.rows, cx); // the rows are on disk
        match control.verb {
            Control::CRASH_HOST => self.lose_unsynced(cx),
            Control::RECOVER if control.arg == 1 => {
                keep(&mut self.unsynced, cx); // a process that died: its system had what was logged
                keep(&mut self.syncing, cx);
                self.fill_again(cx);
            }
            REPLACE => self.begin_empty(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.desk.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
        if self.filled > 0 {
            out.count("copied_rows", self.filled);
        }
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.desk.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
