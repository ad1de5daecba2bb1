//! A database node whose times are counted: each statement runs on the model's structures, then takes a connection, processor
//! time, page reads and, for a write, the row's lock and a place in the log.

use super::locks::Locks;
use super::log::Log;
use super::store::{Effort, Store};
use crate::components::database::model::Question;
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Reply, Status, Time, Timer};
use crate::parts::pool::{Grant, Pool};
use crate::parts::processor::Processor;
use crate::parts::station::{Job, Station};
use crate::parts::verbs::{FLUSH, WRITE};

/// Tags of timers.
pub(super) const CPU: u16 = 0;
pub(super) const DISK: u16 = 1;
pub(super) const LOG: u16 = 2;
const SYNC: u16 = 3;

/// How a node is made.
#[derive(Clone)]
pub(super) struct Parts {
    pub connections: Pool,
    pub processor: Processor,
    pub disk: Station,
    pub store: Store,
    pub log: Log,
    /// The log goes to disk this often instead of at each commit.
    pub sync_every: Option<Time>,
}

#[derive(Clone)]
pub(super) struct Node {
    parts: Parts,
    locks: Locks,
    statements: Vec<Statement>,
    free: Vec<u32>,
    /// The version of every row; rows beyond the end are at version 0.
    rows: Vec<u32>,
    /// Writes that the disk does not have yet, and those of the fsync under way (log "interval").
    unsynced: Vec<(u64, u32)>,
    syncing: Vec<(u64, u32)>,
    reads: u64,
    writes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Statement {
    call: CallId,
    key: u64,
    verb: u16,
    effort: Effort,
}

/// Number of no statement: the periodic flush of the log.
const FLUSH_OF_LOG: u32 = u32::MAX;

impl Node {
    pub fn new(parts: Parts) -> Self {
        Node {
            parts,
            locks: Locks::default(),
            statements: Vec::new(),
            free: Vec::new(),
            rows: Vec::new(),
            unsynced: Vec::new(),
            syncing: Vec::new(),
            reads: 0,
            writes: 0,
        }
    }

    fn version(&self, key: u64) -> u32 {
        self.rows.get(key as usize).copied().unwrap_or(0)
    }

    fn set_version(&mut self, key: u64, version: u32) {
        let index = key as usize;
        if index >= self.rows.len() {
            self.rows.resize((index + 1).next_power_of_two(), 0);
        }
        self.rows[index] = version;
    }

    fn place(&mut self, statement: Statement) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.statements[place as usize] = statement;
                place
            }
            None => {
                self.statements.push(statement);
                self.statements.len() as u32 - 1
            }
        }
    }

    /// The statement has its connection: a writer needs the row as well.
    fn begin(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let Statement { key, verb, .. } = self.statements[place as usize];
        if changes(verb) && !self.locks.acquire(key, place, cx.now()) {
            return;
        }
        self.work(place, cx);
    }

    /// Carries the statement out on the structures; its time follows from what that touched.
    fn work(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let Statement { key, verb, .. } = self.statements[place as usize];
        let rows = &self.rows;
        let versions = |id: u64| rows.get(id as usize).copied().unwrap_or(0);
        let effort = match Question::of_verb(verb) {
            Some(question) => self.parts.store.ask(question, key, &versions),
            None => self.parts.store.write(key),
        };
        self.statements[place as usize].effort = effort;
        let call = self.statements[place as usize].call;
        self.parts.processor.take(place, effort.cpu, call, cx);
    }

    /// The processor is done with it: pages that were not in memory are read.
    fn read_pages(&mut self, place: u32, cx: &mut Ctx<'_>) {
        match self.statements[place as usize].effort.disk {
            0 => self.commit(place, cx),
            disk => {
                self.parts.disk.arrive(Job::new(u64::from(place), disk), cx);
            }
        }
    }

    fn commit(&mut self, place: u32, cx: &mut Ctx<'_>) {
        if changes(self.statements[place as usize].verb) && self.parts.sync_every.is_none() {
            return self.parts.log.append(place, cx);
        }
        self.finish(place, cx);
    }

    /// The statement takes effect and is answered; its row and its connection pass on.
    fn finish(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let Statement { call, key, verb, effort } = self.statements[place as usize];
        let answer = match verb {
            FLUSH => self.flush(call, key, cx),
            WRITE => self.change(key, cx),
            _ => {
                self.reads += 1;
                Answer::ok(self.version(key), effort.found.bytes.min(u64::from(u32::MAX)) as u32)
            }
        };
        self.end(place, answer, cx);
    }

    fn end(&mut self, place: u32, answer: Answer, cx: &mut Ctx<'_>) {
        let Statement { call, key, verb, .. } = self.statements[place as usize];
        cx.reply(call, answer);
        self.free.push(place);
        if changes(verb)
            && let Some(next) = self.locks.release(key, cx.now())
        {
            self.work(next, cx);
        }
        if let Some(next) = self.parts.connections.release(cx.now()) {
            self.begin(next, cx);
        }
    }

    fn change(&mut self, key: u64, cx: &mut Ctx<'_>) -> Answer {
        let version = match self.parts.sync_every {
            None => cx.audit().commit(key),
            Some(_) => cx.audit().commit_volatile(key),
        };
        self.keep(key, version, cx);
        Answer::ok(version, 0)
    }

    /// A version that was written in a cache. If the cache has died meanwhile, the transaction is rolled back.
    fn flush(&mut self, call: CallId, key: u64, cx: &mut Ctx<'_>) -> Answer {
        let version = cx.call(call).version;
        if cx.audit().survives(key, version) {
            if self.parts.sync_every.is_none() {
                cx.audit().persist(key, version);
            }
            let newest = version.max(self.version(key));
            self.keep(key, newest, cx);
        }
        Answer::ok(version, 0)
    }

    fn keep(&mut self, key: u64, version: u32, cx: &mut Ctx<'_>) {
        self.writes += 1;
        self.set_version(key, version);
        if let Some(period) = self.parts.sync_every {
            if self.unsynced.is_empty() && self.syncing.is_empty() {
                cx.timer_in(period, Timer { tag: SYNC, data: 0 });
            }
            self.unsynced.push((key, version));
        }
    }

    /// The periodic flush begins with what there is.
    fn sync(&mut self, cx: &mut Ctx<'_>) {
        self.syncing = std::mem::take(&mut self.unsynced);
        self.parts.log.append(FLUSH_OF_LOG, cx);
    }

    fn synced(&mut self, cx: &mut Ctx<'_>) {
        for (key, version) in std::mem::take(&mut self.syncing) {
            cx.audit().persist(key, version);
        }
        if let (false, Some(period)) = (self.unsynced.is_empty(), self.parts.sync_every) {
            cx.timer_in(period, Timer { tag: SYNC, data: 0 });
        }
    }

    /// The host is gone: writes that only its memory held are too.
    fn lose_unsynced(&mut self, cx: &mut Ctx<'_>) {
        let unsynced = std::mem::take(&mut self.unsynced);
        for (key, _) in std::mem::take(&mut self.syncing).into_iter().chain(unsynced) {
            let durable = cx.audit().durable(key);
            cx.audit().rollback(key, durable);
            self.set_version(key, durable);
        }
    }

    /// The process is gone. What it had logged the system still has, and writes in its own time; what a host held is lost.
    fn crash(&mut self, of_host: bool, cx: &mut Ctx<'_>) {
        self.parts.connections.clear(cx.now());
        self.locks.clear();
        self.statements.clear();
        self.free.clear();
        self.parts.store.crash();
        if of_host {
            return self.lose_unsynced(cx);
        }
        let unsynced = std::mem::take(&mut self.unsynced);
        for (key, version) in std::mem::take(&mut self.syncing).into_iter().chain(unsynced) {
            cx.audit().persist(key, version);
        }
    }
}

/// Whether a verb changes a row.
fn changes(verb: u16) -> bool {
    matches!(verb, WRITE | FLUSH)
}

impl Component for Node {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key) = (call.verb, call.key);
        debug_assert!(changes(verb) || Question::of_verb(verb).is_some(), "a database takes no verb {verb}");
        let effort = Effort { found: Default::default(), cpu: 0, disk: 0 };
        let place = self.place(Statement { call: id, key, verb, effort });
        match self.parts.connections.acquire(place, cx.now()) {
            Grant::Now => self.begin(place, cx),
            Grant::Later => {}
            Grant::Never => {
                self.free.push(place);
                cx.reply(id, Answer::of(Status::Rejected));
            }
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.status {
            Status::Ok => self.read_pages(reply.note, cx),
            // The machine under it is gone, or turns work away.
            _ => self.end(reply.note, Answer::of(Status::Failed), cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == SYNC {
            return self.sync(cx);
        }
        if let Some(place) = self.parts.processor.on_timer(timer, cx) {
            self.read_pages(place, cx);
        } else if let Some(place) = self.parts.disk.on_timer(timer, cx) {
            self.commit(place as u32, cx);
        } else {
            for place in self.parts.log.on_timer(timer, cx) {
                if place == FLUSH_OF_LOG { self.synced(cx) } else { self.finish(place, cx) }
            }
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.parts.processor.on_control(control, cx);
        self.parts.disk.on_control(control, cx);
        self.parts.log.on_control(control, cx);
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.crash(control.verb == Control::CRASH_HOST, cx);
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.parts.processor.measure(now, out);
        self.parts.connections.measure(now, out);
        self.parts.store.measure(out);
        self.parts.log.measure(now, out);
        self.locks.measure(out);
        let mut disk = Readings::new(false);
        self.parts.disk.measure(now, &mut disk);
        out.area("disk_busy", disk.area_of("busy"));
        out.gauge("disks", f64::from(self.parts.disk.servers()));
        out.count("reads", self.reads);
        out.count("writes", self.writes);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.parts.processor.restart_maxima();
        self.parts.connections.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
