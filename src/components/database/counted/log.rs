//! The log of a node: commits wait here until it is durable, several of them for one fsync.

use crate::catalog::{Kind, Param, Policy, Preset};
use crate::kernel::{Control, Ctx, Readings, Time, Timer};
use crate::parts::station::{Job, Station, StationPlan};
use std::collections::VecDeque;

/// When a commit is durable.
pub const LOGS: &[Policy] = &[
    Policy {
        name: "commit",
        about: "a write is answered when the log that holds it is on disk",
        source: "Gray and Reuter, Transaction Processing 1993; MySQL innodb_flush_log_at_trx_commit=1, PostgreSQL fsync=on",
        wrong_when: "losing the last moments is cheaper than waiting for the disk",
    },
    Policy {
        name: "interval",
        about: "a write is answered at once; a thread looks each `sync_every` whether something is to go to disk",
        source: "Redis appendfsync everysec; Cassandra commitlog_sync periodic",
        wrong_when: "an acknowledged write must survive the crash of its host",
    },
];

/// The setting that says so.
pub const LOG: Param = Param {
    name: "log",
    kind: Kind::Choice(LOGS),
    preset: Preset::Choice("commit"),
    about: "counted work: when a commit is durable (a crash of the process loses nothing: the system has what was logged, and it is synced when the process starts again, as PostgreSQL's SyncDataDirectory does; if the machine dies before, it is gone)",
};

/// A device that makes one batch durable at a time.
///
/// Group commit (DeWitt et al., SIGMOD 1984): whoever commits while an fsync is under way shares the next one.
#[derive(Clone, Debug)]
pub struct Log {
    fsync: Time,
    shares: bool,
    device: Station,
    /// Commits of the fsync under way.
    syncing: Vec<u32>,
    waiting: VecDeque<u32>,
    fsyncs: u64,
    commits: u64,
}

impl Log {
    /// A log whose device takes `fsync` for a batch; if it does not share, a batch is one commit. `tag` is the device's.
    pub fn new(fsync: Time, shares: bool, tag: u16) -> Self {
        let device = Station::new(StationPlan { servers: 1, queue: None, discipline: 0 }, tag);
        Log { fsync, shares, device, syncing: Vec::new(), waiting: VecDeque::new(), fsyncs: 0, commits: 0 }
    }

    /// A statement commits; [`Log::on_timer`] will name it when it is durable.
    pub fn append(&mut self, statement: u32, cx: &mut Ctx<'_>) {
        self.waiting.push_back(statement);
        if self.syncing.is_empty() {
            self.sync(cx);
        }
    }

    fn sync(&mut self, cx: &mut Ctx<'_>) {
        let batch = if self.shares { self.waiting.len() } else { self.waiting.len().min(1) };
        if batch > 0 {
            self.syncing.extend(self.waiting.drain(..batch));
            self.device.arrive(Job::new(0, self.fsync), cx);
        }
    }

    /// The statements that have become durable, if the timer says so; the next batch is on its way.
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Vec<u32> {
        if self.device.on_timer(timer, cx).is_none() {
            return Vec::new();
        }
        let durable = std::mem::take(&mut self.syncing);
        self.fsyncs += 1;
        self.commits += durable.len() as u64;
        self.sync(cx);
        durable
    }

    /// Crash: what waits is lost. Otherwise the device is slow, hangs or goes on.
    pub fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.device.on_control(control, cx);
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.syncing.clear();
            self.waiting.clear();
        }
    }

    /// Tells fsyncs, commits, and how busy the device was.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        out.count("fsyncs", self.fsyncs);
        out.count("commits", self.commits);
        let mut device = Readings::new(false);
        self.device.measure(now, &mut device);
        out.area("log_busy", device.area_of("busy"));
    }
}
