//! What the disciplines of a station have in common: its speed, its timers, what is counted.

use super::{StationPlan, TAG_BITS};
use crate::kernel::{NEVER, Time, Timer};
use crate::stats::Histogram;
use std::collections::BTreeMap;

/// Times of one job, for the statistics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) job: u64,
    pub(super) wait: Time,
    pub(super) service: Time,
}

/// What the disciplines have in common.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) servers: u32,
    pub(super) queue: Option<u64>,
    /// Own tag and epoch.
    pub(super) tag: u16,
    pub(super) speed: f64,
    /// Speed to return to after a hang.
    pub(super) speed_before_hang: f64,
    pub(super) arrivals: u64,
    pub(super) rejected: u64,
    pub(super) completions: u64,
    pub(super) longest_queue: u64,
    pub(super) wait: Histogram,
    pub(super) service: Histogram,
    /// The job that was done last, and when it had come into service.
    pub(super) last: (u64, Time),
    /// Jobs that had waited at the door of the node, while it stood still, and for how long.
    pub(super) late: BTreeMap<u64, Time>,
    /// Sum of what those of them that have been served had waited there.
    pub(super) at_the_door: Time,
}

impl Frame {
    pub(super) fn new(plan: StationPlan, tag: u16) -> Self {
        Frame {
            servers: plan.servers,
            queue: plan.queue,
            tag,
            speed: 1.0,
            speed_before_hang: 1.0,
            arrivals: 0,
            rejected: 0,
            completions: 0,
            longest_queue: 0,
            wait: Histogram::new(),
            service: Histogram::new(),
            last: (0, 0),
            late: BTreeMap::new(),
            at_the_door: 0,
        }
    }

    #[inline(always)]
    pub(super) fn finish(&mut self, served: Served) {
        self.completions += 1;
        let before = if self.late.is_empty() { 0 } else { self.waited(served.job) };
        self.wait.record(served.wait + before);
        self.service.record(served.service);
    }

    /// How long a job waited at the door; asked once.
    #[cold]
    #[inline(never)]
    fn waited(&mut self, job: u64) -> Time {
        let waited = self.late.remove(&job).unwrap_or(0);
        self.at_the_door += waited;
        waited
    }

    /// Time that `work` takes at the present speed.
    #[inline]
    pub(super) fn duration(&self, work: Time) -> Time {
        if self.speed == 1.0 { work } else { self.stretched(work) }
    }

    /// Out of line: else the division is made for every job, to be thrown away.
    #[cold]
    #[inline(never)]
    fn stretched(&self, work: Time) -> Time {
        if self.speed == 0.0 { NEVER } else { (work as f64 / self.speed) as Time }
    }

    /// Whether a job that comes now is turned away, which counts it.
    #[inline]
    pub(super) fn turns_away(&mut self, waiting: u64) -> bool {
        let full = self.queue.is_some_and(|most| waiting >= most);
        if full {
            self.rejected += 1;
        }
        full
    }

    #[inline]
    pub(super) fn timer(&self, data: u64) -> Timer {
        Timer { tag: self.tag, data }
    }

    /// Timers set so far count no more.
    pub(super) fn next_epoch(&mut self) {
        self.tag = self.tag.wrapping_add(1 << TAG_BITS);
    }
}
