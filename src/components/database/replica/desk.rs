//! Where a member's work is done: at stations with declared times, or on a machine whose work is counted.
//!
//! This is the only place that knows which. Router, replication, failover, elections, copies and the audit are the same code for
//! both: a member hands statements and entries over and is told when they are done. Declared: a statement takes the time that
//! `read` or `write` says, keeping an entry takes none, applying one takes `apply`. Counted ([`Machine`]): a statement takes
//! connection, row, processor, pages and log of this member, an entry is kept when this member's log is durable, and applying it is
//! the same work on this member's structures as it was on the primary's, beside the reads that it serves.

use super::engine::Engine;
use super::rows::Rows;
use super::wire::{COPY, ERASE, FETCH, MIRROR, is_read, part_question};
pub use crate::components::database::counted::machine::Apply;
use crate::components::database::counted::machine::{Event, Machine, What};
use crate::components::database::model::Question;
use crate::kernel::{Answer, CallId, Control, Ctx, Readings, Time, Timer};
use crate::parts::station::{Job, Station};
use crate::parts::verbs::{FLUSH, PUT, WRITE};

/// Statements and pieces of copies, where times are declared.
pub const SERVE: u16 = 0;
/// Entries being applied, where times are declared.
pub const APPLY: u16 = 1;

/// What has happened at the desk.
#[derive(Clone, Copy, Debug)]
pub enum Done {
    /// A statement takes effect now; then it has to be ended.
    Statement(Statement),
    /// This entry has been applied.
    Applied(u32),
    /// This entry of another's log is on disk.
    Kept(u32),
    /// What has been logged so far is on its way to the disk, where that is done from time to time.
    SyncBegins,
    /// It is there.
    Synced,
}

/// A statement that has been worked on.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Its call.
    pub call: CallId,
    /// Size of what it found, if that was counted.
    pub bytes: Option<u32>,
    /// Version of its row when the work began, if that was counted.
    seen: u32,
    place: u32,
}

/// A member's place of work.
#[derive(Clone)]
pub struct Desk {
    pub(super) engine: Engine,
    station: Station,
    applier: Station,
    machine: Option<Box<Machine>>,
    /// Its pages lie on disks that it shares with the others: entries change only what is in memory.
    shares_pages: bool,
}

impl Desk {
    /// Stations with declared times.
    pub fn declared(engine: Engine, station: Station, applier: Station) -> Self {
        Desk { engine, station, applier, machine: None, shares_pages: false }
    }

    /// The same with a machine that counts, if there is one.
    pub fn with(self, machine: Option<Machine>, shares_pages: bool) -> Self {
        Desk { machine: machine.map(Box::new), shares_pages, ..self }
    }

    /// Whether work is counted.
    #[inline]
    pub fn counts(&self) -> bool {
        self.machine.is_some()
    }

    /// Whether the log goes to disk from time to time only.
    pub fn syncs_later(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.syncs_later())
    }

    /// Whether an entry that has come counts only when its log is on disk.
    #[inline]
    pub fn waits_for_disk(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.keeps_at_once())
    }

    /// A statement comes into the line for a connection; false if the line is full.
    #[inline]
    pub fn take(&mut self, id: CallId, rows: &mut Rows, cx: &mut Ctx<'_>) -> bool {
        if self.machine.is_some() {
            return self.take_counted(id, 1, rows, cx);
        }
        let job = self.engine.job(id, cx);
        if is_read(cx.call(id).verb) {
            rows.expect(job.work);
        }
        self.station.arrive(job, cx)
    }

    /// A row that has been read along with others: it is there at once.
    pub fn give(&self, id: CallId, rows: &Rows, cx: &mut Ctx<'_>) {
        let (key, request) = (cx.call(id).key, cx.call(id).request);
        let bytes = self.engine.bytes(request, cx);
        cx.reply(id, Answer::ok(rows.get(key), bytes));
    }

    /// The same for rows that are read to be copied, `count` of them in `work` if that is declared.
    pub fn take_copy(&mut self, id: CallId, count: u64, work: Time, rows: &Rows, cx: &mut Ctx<'_>) -> bool {
        if self.machine.is_some() {
            return self.take_counted(id, count, rows, cx);
        }
        self.station.arrive_beside(Job { priority: 1, ..Job::new(id.to_bits(), work) }, cx)
    }

    #[inline(never)]
    fn take_counted(&mut self, id: CallId, count: u64, rows: &Rows, cx: &mut Ctx<'_>) -> bool {
        let Some(machine) = &mut self.machine else { return false };
        let (verb, key) = (cx.call(id).verb, cx.call(id).key);
        let (what, key) = match verb {
            COPY => (What::Piece(count), key & 0xFFFF_FFFF),
            ERASE => (What::Remove, key),
            WRITE | FLUSH | MIRROR | PUT => (What::Write, key),
            FETCH => (What::Ask(Question::Point), key),
            verb => (What::Ask(part_question(verb)), key),
        };
        machine.begin(id, key, what, &|key| rows.get(key), cx)
    }

    /// The version of its row that a statement that has been worked on brings back: that of when it began (see `past.rs`). A row that is
    /// read for another shard is brought as it is now: writes that come from now on follow it there.
    pub fn seen(&self, statement: Statement, key: u64, cx: &Ctx<'_>, rows: &Rows) -> u32 {
        if cx.call(statement.call).verb == FETCH {
            return rows.get(key);
        }
        match self.machine {
            Some(_) => statement.seen,
            None => rows.seen(key, || self.station.began(statement.call.to_bits())),
        }
    }

    /// A statement has had its effect, or none, and waits for nobody: its row and its connection pass on.
    #[inline]
    pub fn end(&mut self, statement: Statement, rows: &Rows, cx: &mut Ctx<'_>) {
        if let Some(machine) = &mut self.machine {
            return machine.end(statement.place, &|key| rows.get(key), cx);
        }
        self.station.let_go(cx);
    }

    /// Entry `index` is to be applied; it is about this row.
    pub fn apply(&mut self, index: u32, key: u64, how: Apply, rows: &Rows, cx: &mut Ctx<'_>) {
        let Some(machine) = &mut self.machine else {
            let work = self.engine.apply(cx);
            self.applier.arrive(Job::new(u64::from(index), work), cx);
            return;
        };
        let how = if self.shares_pages { Apply::Cached } else { how };
        machine.apply(index, key, how, &|key| rows.get(key), cx);
    }

    /// An entry of another's log has come. True if it counts as kept at once.
    #[inline]
    pub fn keep(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        self.machine.as_mut().is_none_or(|machine| machine.keep(index, cx))
    }

    /// An entry was written here, by a statement whose log is durable unless that is done from time to time only. True if
    /// nothing takes it from this disk any more.
    #[inline]
    pub fn wrote(&mut self, cx: &mut Ctx<'_>) -> bool {
        let Some(machine) = &mut self.machine else { return true };
        machine.logged(cx);
        !machine.syncs_later()
    }

    /// The appliers forget what they were at.
    pub fn stop_applying(&mut self, cx: &mut Ctx<'_>) {
        self.applier.on_control(Control::new(Control::CRASH_PROCESS, 0), cx);
        if let Some(machine) = &mut self.machine {
            machine.forget_applied();
        }
    }

    /// The log was cut off: what is on its way to the disk may not be valid any more.
    pub fn stop_keeping(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.forget_kept();
        }
    }

    /// A row is there from now on, or is not, at nobody's cost: what a copy brings, what a delete takes out when it shows.
    pub fn correct(&mut self, key: u64, is_there: bool) {
        if let Some(machine) = &mut self.machine {
            machine.correct(key, is_there);
        }
    }

    /// A write of this row came to nothing: a row that came with it is taken out again.
    pub fn undo(&mut self, key: u64, rows: &Rows) {
        if let Some(machine) = &mut self.machine {
            machine.undo(key, &|key| rows.get(key));
        }
    }

    /// Whether the row of a write that has been worked on would be one more than `most`.
    pub fn lacks_room(&self, key: u64, most: u64, rows: &Rows) -> bool {
        match &self.machine {
            Some(machine) => machine.lacks_room(key, most, &|key| rows.get(key)),
            None => rows.written() >= most && rows.get(key) == 0,
        }
    }

    /// An empty disk.
    pub fn empty(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.empty();
        }
    }

    /// Whether a copy of the rows has this one: where times are declared, what was never written takes no room.
    pub fn has(&mut self, key: u64, rows: &Rows) -> bool {
        match &mut self.machine {
            Some(machine) => machine.has(key),
            None => rows.get(key) > 0,
        }
    }

    /// One of its timers has gone off. What else has happened, [`Desk::more`] tells.
    #[inline]
    pub fn on_timer(&mut self, timer: Timer, rows: &Rows, cx: &mut Ctx<'_>) -> Option<Done> {
        if let Some(machine) = &mut self.machine {
            machine.on_timer(timer, &|key| rows.get(key), cx);
            return self.more(cx);
        }
        if Station::owns(timer, SERVE) {
            let call = CallId::from_bits(self.station.on_timer(timer, cx)?);
            return Some(Done::Statement(Statement { call, bytes: None, seen: 0, place: 0 }));
        }
        self.applier.on_timer(timer, cx).map(|job| Done::Applied(job as u32))
    }

    /// What else has happened.
    #[inline]
    pub fn more(&mut self, cx: &Ctx<'_>) -> Option<Done> {
        let machine = self.machine.as_mut()?;
        Some(match machine.next_event()? {
            Event::Done(place) | Event::Failed(place) => {
                let (call, _, bytes, seen) = machine.statement(place, cx);
                Done::Statement(Statement { call, bytes: Some(bytes), seen, place })
            }
            Event::Applied(index) => Done::Applied(index),
            Event::Kept(index) => Done::Kept(index),
            Event::SyncBegins => Done::SyncBegins,
            Event::Synced => Done::Synced,
        })
    }

    /// Whether a timer is one of the desk's.
    #[inline]
    pub fn owns(&self, timer: Timer) -> bool {
        let tag = timer.tag & 0xF; // what a station keeps in the other bits is its own
        if self.machine.is_some() { tag >= 8 } else { tag <= APPLY }
    }

    /// Crash, hang, speed.
    pub fn on_control(&mut self, control: Control, rows: &Rows, cx: &mut Ctx<'_>) {
        self.station.on_control(control, cx);
        self.applier.on_control(control, cx);
        if let Some(machine) = &mut self.machine {
            if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
                machine.undo_all(&|key| rows.get(key));
            }
            machine.on_control(control, cx);
        }
    }

    /// Tells what its parts did; its appliers, if it has ever applied anything.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        let mut appliers = out.apart();
        match &self.machine {
            Some(machine) => {
                machine.measure(now, out);
                out.gauge("stored_rows", machine.stored() as f64);
                machine.parts.appliers.measure(now, &mut appliers);
            }
            None => {
                self.station.measure(now, out);
                self.applier.measure(now, &mut appliers);
            }
        }
        if appliers.area_of("busy") + appliers.area_of("pool_held") > 0.0 {
            out.adopt(&appliers, APPLIERS);
        }
    }

    /// The longest queues are counted anew.
    pub fn restart_maxima(&mut self) {
        self.station.restart_maxima();
        self.applier.restart_maxima();
        if let Some(machine) = &mut self.machine {
            machine.restart_maxima();
        }
    }
}

/// What a station and a pool tell, and what it is called of appliers.
const APPLIERS: &[(&str, &str)] = &[
    ("servers", "appliers"),
    ("busy", "applier_busy"),
    ("queue", "applier_queue"),
    ("queue_len_max", "applier_queue_len_max"),
    ("wait", "applier_wait"),
    ("pool_slots", "appliers"),
    ("pool_held", "applier_busy"),
    ("pool_queue", "applier_queue"),
    ("pool_queue_len_max", "applier_queue_len_max"),
    ("pool_wait", "applier_wait"),
];
