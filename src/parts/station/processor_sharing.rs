//! Processor sharing: all jobs at once, each with an equal part of the servers (Kleinrock 1967).
//!
//! The limit of time slicing on a CPU. Mean times do not depend on the spread of service times. The wrong
//! choice for devices that finish one thing before the next (a disk, a single-threaded event loop).

use super::{Areas, Frame, Job, Served};
use crate::catalog::Policy;
use crate::kernel::{Ctx, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "processor_sharing",
    about: "all jobs at once, each with an equal part of the servers",
    source: "Kleinrock, Time-shared systems, 1967",
    wrong_when: "the device finishes one thing before the next",
};

/// Work is counted in 2^-16 ns of attained service, so that a part of a server needs no fractions of bits.
const SCALE: f64 = 65_536.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sharer {
    /// Attained service per job at which this one is done.
    finish: u128,
    sequence: u64,
    job: u64,
    arrived: Time,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ProcessorSharing {
    jobs: BinaryHeap<Reverse<Sharer>>,
    /// Service that a job present since the beginning would have attained.
    attained: u128,
    updated: Time,
    sequence: u64,
    /// Number of the timer that counts.
    version: u64,
    areas: Areas,
}

impl ProcessorSharing {
    /// Scaled service per nanosecond that each job gets.
    fn rate(&self, frame: &Frame) -> f64 {
        let jobs = self.jobs.len().max(1) as f64;
        SCALE * frame.speed * (f64::from(frame.servers) / jobs).min(1.0)
    }

    fn advance(&mut self, frame: &Frame, now: Time) {
        self.attained += ((now - self.updated) as f64 * self.rate(frame)) as u128;
        self.updated = now;
    }

    /// The next departure is computed anew: somebody came, left, or the speed changed.
    fn plan(&mut self, frame: &Frame, cx: &mut Ctx<'_>) {
        self.version += 1;
        let rate = self.rate(frame);
        if let Some(Reverse(next)) = self.jobs.peek()
            && rate > 0.0
        {
            let left = next.finish.saturating_sub(self.attained) as f64;
            let span = libm::ceil(left / rate) as Time;
            cx.timer_in(span, frame.timer(self.version));
        }
    }

    fn note(&mut self, frame: &Frame, now: Time) {
        let jobs = self.jobs.len() as u64;
        let servers = u64::from(frame.servers);
        self.areas.busy.set(now, jobs.min(servers));
        self.areas.waiting.set(now, self.in_line(frame));
    }

    /// Jobs beyond those that have a server to themselves.
    pub fn in_line(&self, frame: &Frame) -> u64 {
        (self.jobs.len() as u64).saturating_sub(u64::from(frame.servers))
    }

    #[inline(never)]
    pub fn arrive(&mut self, frame: &mut Frame, job: Job, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let beyond = (self.jobs.len() as u64 + 1).saturating_sub(u64::from(frame.servers));
        if beyond > 0 && frame.turns_away(beyond - 1) {
            return false;
        }
        frame.longest_queue = frame.longest_queue.max(beyond);
        self.advance(frame, now);
        let finish = self.attained + u128::from(job.work) * SCALE as u128;
        self.sequence += 1;
        let (sequence, job) = (self.sequence, job.id);
        self.jobs.push(Reverse(Sharer { finish, sequence, job, arrived: now }));
        self.note(frame, now);
        self.plan(frame, cx);
        true
    }

    #[inline(never)]
    pub fn on_timer(&mut self, frame: &mut Frame, version: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        if version != self.version {
            return None;
        }
        let now = cx.now();
        self.advance(frame, now);
        let Reverse(done) = self.jobs.pop()?;
        frame.last = (done.job, done.arrived);
        frame.finish(Served { job: done.job, wait: 0, service: now - done.arrived });
        self.note(frame, now);
        self.plan(frame, cx);
        Some(done.job)
    }

    pub fn set_speed(&mut self, frame: &mut Frame, speed: f64, cx: &mut Ctx<'_>) {
        self.advance(frame, cx.now());
        frame.speed = speed;
        self.plan(frame, cx);
    }

    pub fn clear(&mut self, now: Time) {
        self.jobs.clear();
        self.version += 1;
        self.updated = now;
        self.areas.busy.set(now, 0);
        self.areas.waiting.set(now, 0);
    }

    pub fn areas(&self, now: Time) -> (f64, f64) {
        (self.areas.busy.area(now), self.areas.waiting.area(now))
    }
}
