//! A database of one node whose times are counted: rows with versions on a machine.

use super::machine::{Event, Machine, What};
use crate::components::database::model::Question;
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Reply, Status, Time, Timer};
use crate::parts::verbs::{FLUSH, WRITE};

#[derive(Clone)]
pub(super) struct Node {
    machine: Machine,
    rows: Rows,
    /// Rows that it has room for.
    capacity: Option<u64>,
    /// Writes that the disk does not have yet, and those of the fsync under way (log "interval").
    unsynced: Vec<(u64, u32)>,
    syncing: Vec<(u64, u32)>,
    reads: u64,
    writes: u64,
}

/// The version of every row; rows beyond the end are at version 0.
#[derive(Clone, Default)]
struct Rows(Vec<u32>);

impl Rows {
    fn version(&self, key: u64) -> u32 {
        self.0.get(key as usize).copied().unwrap_or(0)
    }

    fn set_version(&mut self, key: u64, version: u32) {
        let index = key as usize;
        if index >= self.0.len() {
            self.0.resize((index + 1).next_power_of_two(), 0);
        }
        self.0[index] = version;
    }
}

impl Node {
    pub fn new(machine: Machine, capacity: Option<u64>) -> Self {
        Node {
            machine,
            capacity,
            rows: Rows::default(),
            unsynced: Vec::new(),
            syncing: Vec::new(),
            reads: 0,
            writes: 0,
        }
    }

    /// Takes what the machine has to tell.
    fn take_events(&mut self, cx: &mut Ctx<'_>) {
        while let Some(event) = self.machine.next_event() {
            match event {
                Event::Done(place) => self.finish(place, cx),
                Event::Failed(place) => self.end(place, Answer::of(Status::Failed), cx),
                Event::SyncBegins => self.syncing = std::mem::take(&mut self.unsynced),
                Event::Synced => {
                    for (key, version) in std::mem::take(&mut self.syncing) {
                        cx.audit().persist(key, version);
                    }
                }
                Event::Applied(_) | Event::Kept(_) => debug_assert!(false, "nobody ships to a single node"),
            }
        }
    }

    /// The statement takes effect and is answered.
    fn finish(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let (call, key, bytes, seen) = self.machine.statement(place, cx);
        let answer = match cx.call(call).verb {
            FLUSH | WRITE if self.lacks_room(key) => {
                self.machine.undo(key, &|key| self.rows.version(key));
                Answer::of(Status::Rejected)
            }
            FLUSH => self.flush(call, key, cx),
            WRITE => self.change(key, cx),
            _ => {
                self.reads += 1;
                Answer::ok(seen, bytes)
            }
        };
        self.end(place, answer, cx);
    }

    fn lacks_room(&self, key: u64) -> bool {
        self.capacity.is_some_and(|most| self.machine.lacks_room(key, most, &|key| self.rows.version(key)))
    }

    fn end(&mut self, place: u32, answer: Answer, cx: &mut Ctx<'_>) {
        cx.reply(self.machine.call(place), answer);
        self.machine.end(place, &|key| self.rows.version(key), cx);
    }

    fn change(&mut self, key: u64, cx: &mut Ctx<'_>) -> Answer {
        let version = match self.machine.syncs_later() {
            false => cx.audit().commit(key),
            true => cx.audit().commit_volatile(key),
        };
        self.keep(key, version, cx);
        Answer::ok(version, 0)
    }

    /// A version that was written in a cache, unless it was given up for lost.
    fn flush(&mut self, call: CallId, key: u64, cx: &mut Ctx<'_>) -> Answer {
        let version = cx.call(call).version;
        if cx.audit().survives(key, version) {
            if !self.machine.syncs_later() {
                cx.audit().persist(key, version);
            }
            let newest = version.max(self.rows.version(key));
            self.keep(key, newest, cx);
        }
        Answer::ok(version, 0)
    }

    fn keep(&mut self, key: u64, version: u32, cx: &mut Ctx<'_>) {
        self.writes += 1;
        self.rows.set_version(key, version);
        if self.machine.syncs_later() {
            self.machine.logged(cx);
            self.unsynced.push((key, version));
        }
    }

    /// The host is gone: writes that only its memory held are too.
    fn lose_unsynced(&mut self, cx: &mut Ctx<'_>) {
        let unsynced = std::mem::take(&mut self.unsynced);
        for (key, _) in std::mem::take(&mut self.syncing).into_iter().chain(unsynced) {
            let durable = cx.audit().durable(key);
            cx.audit().rollback(key, durable);
            self.rows.set_version(key, durable);
            self.machine.undo(key, &|key| self.rows.version(key));
        }
    }

    /// The process is there again, on the same host: what it had logged the system has kept, and it is synced first of all.
    fn sync_at_start(&mut self, cx: &mut Ctx<'_>) {
        let unsynced = std::mem::take(&mut self.unsynced);
        for (key, version) in std::mem::take(&mut self.syncing).into_iter().chain(unsynced) {
            cx.audit().persist(key, version);
        }
    }
}

/// What a verb asks of the machine.
fn what(verb: u16) -> What {
    match Question::of_verb(verb) {
        Some(question) => What::Ask(question),
        None => What::Write,
    }
}

impl Component for Node {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key) = (call.verb, call.key);
        debug_assert!(
            matches!(verb, WRITE | FLUSH) || Question::of_verb(verb).is_some(),
            "a database takes no verb {verb}"
        );
        if !self.machine.begin(id, key, what(verb), &|key| self.rows.version(key), cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.machine.on_reply(&reply, &|key| self.rows.version(key), cx);
        self.take_events(cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        self.machine.on_timer(timer, &|key| self.rows.version(key), cx);
        self.take_events(cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.machine.undo_all(&|key| self.rows.version(key));
        }
        self.machine.on_control(control, cx);
        match control.verb {
            Control::CRASH_HOST => self.lose_unsynced(cx),
            Control::RECOVER if control.arg == 1 => self.sync_at_start(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.machine.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.machine.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
