//! Lines whose next job is known only when a server falls free: the waiting job with the smallest key.

use super::{Areas, Frame, Job, Served};
use crate::kernel::{Ctx, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Order of a waiting job, from its number in order of arrival and its priority; unique, smallest first.
pub(super) type Key = fn(sequence: u64, priority: u8) -> u128;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    key: u128,
    job: u64,
    work: Time,
    arrived: Time,
}

#[derive(Clone, Copy, Debug)]
struct Serving {
    job: u64,
    arrived: Time,
    start: Time,
    /// Work left at `resumed`.
    left: Time,
    resumed: Time,
}

#[derive(Clone, Debug)]
pub(super) struct Ordered {
    key: Key,
    sequence: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
    serving: Vec<Serving>,
    areas: Areas,
}

impl Ordered {
    pub fn new(key: Key) -> Self {
        Ordered { key, sequence: 0, waiting: BinaryHeap::new(), serving: Vec::new(), areas: Areas::default() }
    }

    #[inline(never)]
    pub fn arrive(&mut self, frame: &mut Frame, job: Job, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let key = (self.key)(self.sequence, job.priority);
        self.sequence += 1;
        let new = Waiting { key, job: job.id, work: job.work, arrived: now };
        if self.serving.len() < frame.servers as usize {
            self.begin(frame, new, cx);
            return true;
        }
        if frame.turns_away(self.waiting.len() as u64) {
            return false;
        }
        self.waiting.push(Reverse(new));
        frame.longest_queue = frame.longest_queue.max(self.waiting.len() as u64);
        self.areas.waiting.set(now, self.waiting.len() as u64);
        true
    }

    fn begin(&mut self, frame: &Frame, next: Waiting, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Waiting { job, work, arrived, .. } = next;
        self.serving.push(Serving { job, arrived, start: now, left: work, resumed: now });
        self.areas.busy.set(now, self.serving.len() as u64);
        if frame.speed > 0.0 {
            cx.timer_in(frame.duration(work), frame.timer(job));
        }
    }

    #[inline(never)]
    pub fn on_timer(&mut self, frame: &mut Frame, job: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        let now = cx.now();
        let at = self.serving.iter().position(|serving| serving.job == job)?;
        let done = self.serving.remove(at);
        frame.finish(Served { wait: done.start - done.arrived, service: now - done.start });
        self.areas.busy.set(now, self.serving.len() as u64);
        if let Some(Reverse(next)) = self.waiting.pop() {
            self.areas.waiting.set(now, self.waiting.len() as u64);
            self.begin(frame, next, cx);
        }
        Some(job)
    }

    pub fn set_speed(&mut self, frame: &mut Frame, speed: f64, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let old = std::mem::replace(&mut frame.speed, speed);
        frame.next_epoch();
        for serving in &mut self.serving {
            let done = ((now - serving.resumed) as f64 * old) as Time;
            serving.left = serving.left.saturating_sub(done);
            serving.resumed = now;
            if speed > 0.0 {
                cx.timer_in(frame.duration(serving.left), frame.timer(serving.job));
            }
        }
    }

    pub fn clear(&mut self, now: Time) {
        self.waiting.clear();
        self.serving.clear();
        self.areas.busy.set(now, 0);
        self.areas.waiting.set(now, 0);
    }

    pub fn areas(&self, now: Time) -> (f64, f64) {
        (self.areas.busy.area(now), self.areas.waiting.area(now))
    }
}
