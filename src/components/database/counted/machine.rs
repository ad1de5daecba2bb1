//! What carries statements out where work is counted: connections, row locks, processor, disk and log of one machine, and the
//! data on it.
//!
//! Whoever owns a machine (a database of one node, a member of a replicated one) hands it statements, takes its [`Event`]s, gives
//! a statement its effect when it is `Done`, and then calls [`Machine::end`]: until then the statement holds its connection and,
//! if it writes, its row. What a replica applies goes through the same processor and disk as what it reads, on appliers of its own.

pub use super::task::{Apply, Event, What};

use super::flush::{FLUSH_OF_LOG, Flush};
use super::locks::Locks;
use super::log::Log;
use super::store::{Effort, Store};
use crate::components::database::model::{Question, Versions};
use crate::kernel::{CallId, Control, Ctx, Readings, Reply, Status, Time, Timer};
use crate::parts::pool::{Grant, Pool};
use crate::parts::processor::Processor;
use crate::parts::station::{Job, Station};
use std::collections::VecDeque;

/// Tags of timers: above those of the owners.
pub const CPU: u16 = 8;
/// Pages being read.
pub const DISK: u16 = 9;
/// The log being made durable.
pub const LOG: u16 = 10;
/// The log is to be made durable, if that is done from time to time.
pub const SYNC: u16 = 11;

/// How a machine is made.
#[derive(Clone)]
pub struct Parts {
    /// Statements at a time.
    pub connections: Pool,
    /// Entries of another's log applied at a time.
    pub appliers: Pool,
    /// Computes.
    pub processor: Processor,
    /// Reads pages.
    pub disk: Station,
    /// The data; a storage node that keeps a log only has none.
    pub store: Option<Store>,
    /// Makes commits durable.
    pub log: Log,
    /// The log goes to disk this often instead of at each commit.
    pub sync_every: Option<Time>,
    /// Whether commits wait for the own log: with shared storage they wait for that of others.
    pub logs: bool,
    /// Whether entries of another's log wait for this disk (a test can switch that off).
    pub keeps: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    call: CallId,
    /// The row, or the first one of a piece.
    pub(super) key: u64,
    pub(super) what: What,
    effort: Effort,
    /// Version of the row when the work began: what a statement that reads sees (see `past.rs`).
    seen: u32,
    /// Of what is applied or kept: its number in the log, and when that was a valid one.
    index: u32,
    generation: u32,
}

impl Task {
    /// Whether it is a write that its structures know of.
    pub(super) fn brings_row(&self) -> bool {
        matches!(self.what, What::Write | What::Apply(Apply::Write)) && self.effort.cpu > 0
    }
}

/// A machine.
#[derive(Clone)]
pub struct Machine {
    /// What it is made of.
    pub parts: Parts,
    locks: Locks,
    pub(super) tasks: Vec<Task>,
    free: Vec<u32>,
    pub(super) events: VecDeque<Event>,
    /// Entries handed over before the log was last cut off are told apart by these: those being applied, those being kept.
    applying: u32,
    keeping: u32,
    pub(super) flush: Flush,
}

impl Machine {
    /// A machine at rest.
    pub fn new(parts: Parts) -> Self {
        Machine {
            parts,
            locks: Locks::default(),
            tasks: Vec::new(),
            free: Vec::new(),
            events: VecDeque::new(),
            applying: 0,
            keeping: 0,
            flush: Flush::default(),
        }
    }

    /// A machine whose commits wait for the logs of others, if `shared`.
    pub fn without_log(mut self, shared: bool) -> Self {
        self.parts.logs = !shared;
        self
    }

    /// Whether the log goes to disk from time to time only.
    pub fn syncs_later(&self) -> bool {
        self.parts.sync_every.is_some()
    }

    /// Whether what is logged counts only when it is on disk.
    pub fn logs_at_once(&self) -> bool {
        self.parts.logs && !self.syncs_later()
    }

    /// Whether an entry of another's log counts only when it is on this disk.
    pub fn keeps_at_once(&self) -> bool {
        self.logs_at_once() && self.parts.keeps
    }

    /// The call of a statement that is done, its row, the size of what it found, and the version that it saw. A row weighs what its
    /// request says (a trace does); work and pages are those of the schema's rows all the same.
    pub fn statement(&self, place: u32, cx: &Ctx<'_>) -> (CallId, u64, u32, u32) {
        let Task { call, key, what, effort, seen, .. } = self.tasks[place as usize];
        let found = effort.found.bytes.min(u64::from(u32::MAX)) as u32;
        let is_row = what == What::Ask(Question::Point) && found > 0;
        let told =
            if is_row { cx.request(cx.call(call).request).map_or(0, |request| request.bytes) } else { 0 };
        (call, key, if told > 0 { told } else { found }, seen)
    }

    /// The call of a statement.
    pub fn call(&self, place: u32) -> CallId {
        self.tasks[place as usize].call
    }

    /// What has happened and was not taken yet.
    #[inline]
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn place(&mut self, call: CallId, key: u64, what: What, index: u32) -> u32 {
        let generation = if what == What::Keep { self.keeping } else { self.applying };
        let task = Task { call, key, what, effort: Effort::default(), seen: 0, index, generation };
        match self.free.pop() {
            Some(place) => {
                self.tasks[place as usize] = task;
                place
            }
            None => {
                self.tasks.push(task);
                self.tasks.len() as u32 - 1
            }
        }
    }

    fn set_free(&mut self, place: u32) {
        self.tasks[place as usize].what = What::Keep; // what is at work is told from what is not
        self.free.push(place);
    }

    /// A statement comes; false if too many wait for a connection. A piece of a copy does not need one: it must come through where all are
    /// held by writes that wait for whoever is copied (PostgreSQL 12: max_wal_senders are apart from max_connections).
    pub fn begin(
        &mut self,
        call: CallId,
        key: u64,
        what: What,
        versions: Versions<'_>,
        cx: &mut Ctx<'_>,
    ) -> bool {
        let place = self.place(call, key, what, 0);
        if let What::Piece(_) = what {
            self.work(place, versions, cx);
            return true;
        }
        match self.parts.connections.acquire(place, cx.now()) {
            Grant::Now => self.lock(place, versions, cx),
            Grant::Later => {}
            Grant::Never => {
                self.set_free(place);
                return false;
            }
        }
        true
    }

    /// The statement has its connection: a writer needs the row as well.
    fn lock(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let Task { key, what, .. } = self.tasks[place as usize];
        if what.changes() && !self.locks.acquire(key, place, cx.now()) {
            return;
        }
        self.work(place, versions, cx);
    }

    /// Carries the statement out on the structures; its time follows from what that touched.
    fn work(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let Task { key, what, call, .. } = self.tasks[place as usize];
        let store = self.parts.store.as_mut();
        let effort = store.map_or(Effort::default(), |store| match what {
            What::Ask(question) => store.ask(question, key, versions),
            What::Write | What::Apply(Apply::Write) => store.write(key),
            What::Remove | What::Apply(Apply::Remove) => store.find(key),
            What::Piece(count) => store.read_rows(key..key + count, versions),
            What::Apply(Apply::Cached) => store.renew(key),
            What::Apply(Apply::Nothing) | What::Keep => Effort::default(),
        });
        let task = &mut self.tasks[place as usize];
        (task.effort, task.seen) = (effort, versions(key));
        self.parts.processor.take(place, effort.cpu, call, cx);
    }

    /// The processor is done with it: pages that were not in memory are read.
    fn read_pages(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        match self.tasks[place as usize].effort.disk {
            0 => self.worked(place, versions, cx),
            disk => {
                self.parts.disk.arrive(Job::new(u64::from(place), disk), cx);
            }
        }
    }

    /// Pages are here: a writer commits, others are done.
    fn worked(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let what = self.tasks[place as usize].what;
        if matches!(what, What::Apply(_)) {
            return self.applied(place, versions, cx);
        }
        if what.changes() && self.logs_at_once() {
            return self.parts.log.append(place, cx);
        }
        self.events.push_back(Event::Done(place));
    }

    /// The statement has had its effect: its row and its connection pass on.
    pub fn end(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let Task { key, what, .. } = self.tasks[place as usize];
        self.set_free(place);
        if what.changes()
            && let Some(next) = self.locks.release(key, cx.now())
        {
            self.work(next, versions, cx);
        }
        if let What::Piece(_) = what {
            return;
        }
        if let Some(next) = self.parts.connections.release(cx.now()) {
            self.lock(next, versions, cx);
        }
    }

    /// Entry `index` of another's log is to be applied, when an applier is free.
    pub fn apply(&mut self, index: u32, key: u64, how: Apply, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let place = self.place(CallId::NONE, key, What::Apply(how), index);
        if self.parts.appliers.acquire(place, cx.now()) == Grant::Now {
            self.work(place, versions, cx);
        }
    }

    fn applied(&mut self, place: u32, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        let Task { index, generation, .. } = self.tasks[place as usize];
        self.set_free(place);
        if generation == self.applying {
            self.events.push_back(Event::Applied(index));
        }
        while let Some(next) = self.parts.appliers.release(cx.now()) {
            if self.tasks[next as usize].generation == self.applying {
                return self.work(next, versions, cx);
            }
            self.set_free(next); // the log was cut off meanwhile
        }
    }

    /// Entry `index` of another's log has come (the largest number: something else that must be on disk). True if it counts as kept at once; else an event tells when it is.
    pub fn keep(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        if !self.keeps_at_once() {
            self.logged(cx);
            return true;
        }
        let place = self.place(CallId::NONE, 0, What::Keep, index);
        self.parts.log.append(place, cx);
        false
    }

    /// What was being applied is not waited for any more.
    pub fn forget_applied(&mut self) {
        self.applying += 1;
    }

    /// What was being kept is not waited for any more.
    pub fn forget_kept(&mut self) {
        self.keeping += 1;
    }

    /// Something is durable.
    fn durable(&mut self, place: u32, cx: &mut Ctx<'_>) {
        if place == FLUSH_OF_LOG {
            return self.synced(cx);
        }
        let Task { what, index, generation, .. } = self.tasks[place as usize];
        if what != What::Keep {
            return self.events.push_back(Event::Done(place));
        }
        self.set_free(place);
        if generation == self.keeping || index == u32::MAX {
            self.events.push_back(Event::Kept(index));
        }
    }

    /// One of its timers, perhaps.
    pub fn on_timer(&mut self, timer: Timer, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        if timer.tag == SYNC {
            return self.sync(cx);
        }
        if let Some(place) = self.parts.processor.on_timer(timer, cx) {
            self.read_pages(place, versions, cx);
        } else if let Some(place) = self.parts.disk.on_timer(timer, cx) {
            self.worked(place as u32, versions, cx);
        } else {
            for place in self.parts.log.on_timer(timer, cx) {
                self.durable(place, cx);
            }
        }
    }

    /// The host under it has computed, or is gone, or turns work away.
    pub fn on_reply(&mut self, reply: &Reply, versions: Versions<'_>, cx: &mut Ctx<'_>) {
        match reply.status {
            Status::Ok => self.read_pages(reply.note, versions, cx),
            _ => self.events.push_back(Event::Failed(reply.note)),
        }
    }

    /// Crash, hang, speed. A crash empties its memory: the buffer pool too.
    pub fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.parts.processor.on_control(control, cx);
        self.parts.disk.on_control(control, cx);
        self.parts.log.on_control(control, cx);
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.crash(cx);
        }
    }

    fn crash(&mut self, cx: &mut Ctx<'_>) {
        self.parts.connections.clear(cx.now());
        self.parts.appliers.clear(cx.now());
        self.locks.clear();
        self.tasks.clear();
        self.free.clear();
        self.events.clear();
        self.flush = Flush::default(); // its thread begins anew
        if let Some(store) = &mut self.parts.store {
            store.crash();
        }
    }

    /// Tells what its parts did.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        self.parts.processor.measure(now, out);
        self.parts.connections.measure(now, out);
        if let Some(store) = &self.parts.store {
            store.measure(out);
        }
        self.parts.log.measure(now, out);
        self.locks.measure(out);
        let mut disk = Readings::new(false);
        self.parts.disk.measure(now, &mut disk);
        out.area("disk_busy", disk.area_of("busy"));
        out.gauge("disks", f64::from(self.parts.disk.servers()));
    }

    /// The longest queues are counted anew.
    pub fn restart_maxima(&mut self) {
        self.parts.processor.restart_maxima();
        self.parts.connections.restart_maxima();
        self.parts.appliers.restart_maxima();
    }
}
