//! A pool: slots that stay held while work goes on elsewhere (web workers, connections).
//!
//! Unlike a station's servers, a slot is given back when its holder says so, after calls to other nodes: a slow
//! database therefore uses up the web tier's workers. Waiting is first in, first out.

use crate::kernel::{Integral, Readings, Time};
use crate::stats::Histogram;
use std::collections::VecDeque;

/// What became of a wish for a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grant {
    /// Here is one.
    Now,
    /// In line; [`Pool::release`] will name the job.
    Later,
    /// The line is full.
    Never,
}

/// Slots and a waiting line.
#[derive(Clone, Debug)]
pub struct Pool {
    slots: u64,
    /// Most jobs that may wait; `None` = no bound.
    queue: Option<u64>,
    held: Integral,
    waiting: Integral,
    /// Who waits, and since when.
    line: VecDeque<(u32, Time)>,
    rejected: u64,
    wait: Histogram,
}

impl Pool {
    /// A pool of `slots` (`None` = no limit) with at most `queue` jobs waiting.
    pub fn new(slots: Option<u64>, queue: Option<u64>) -> Self {
        Pool {
            slots: slots.unwrap_or(u64::MAX),
            queue,
            held: Integral::default(),
            waiting: Integral::default(),
            line: VecDeque::new(),
            rejected: 0,
            wait: Histogram::new(),
        }
    }

    /// Asks for a slot on behalf of `job`.
    #[inline(always)]
    pub fn acquire(&mut self, job: u32, now: Time) -> Grant {
        // Without a limit there is nothing to count and nothing to give back.
        if self.is_limited() { self.acquire_counted(job, now) } else { Grant::Now }
    }

    #[inline(never)]
    fn acquire_counted(&mut self, job: u32, now: Time) -> Grant {
        if self.held.level() < self.slots {
            self.held.set(now, self.held.level() + 1);
            self.wait.record(0);
            return Grant::Now;
        }
        if self.queue.is_some_and(|most| self.line.len() as u64 >= most) {
            self.rejected += 1;
            return Grant::Never;
        }
        self.line.push_back((job, now));
        self.waiting.set(now, self.line.len() as u64);
        Grant::Later
    }

    /// Gives a slot back. It passes at once to the job that is returned, if one waits.
    #[inline(always)]
    pub fn release(&mut self, now: Time) -> Option<u32> {
        if self.is_limited() { self.release_counted(now) } else { None }
    }

    #[inline(never)]
    fn release_counted(&mut self, now: Time) -> Option<u32> {
        if let Some((job, since)) = self.line.pop_front() {
            self.wait.record(now - since);
            self.waiting.set(now, self.line.len() as u64);
            return Some(job);
        }
        self.held.set(now, self.held.level() - 1);
        None
    }

    /// Everybody is gone (a crash).
    pub fn clear(&mut self, now: Time) {
        self.line.clear();
        self.held.set(now, 0);
        self.waiting.set(now, 0);
    }

    /// Slots in use now; without a limit nobody counts.
    #[cfg(test)]
    fn in_use(&self) -> u64 {
        self.held.level()
    }

    #[inline(always)]
    fn is_limited(&self) -> bool {
        self.slots != u64::MAX
    }

    /// Tells slots in use, jobs waiting, how long they waited, and how many were turned away; nothing without a limit.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        if !self.is_limited() {
            return;
        }
        out.gauge("pool_slots", self.slots as f64);
        out.histogram("pool_wait", &self.wait);
        out.area("pool_held", self.held.area(now));
        out.area("pool_queue", self.waiting.area(now));
        out.maximum("pool_queue_len_max", self.waiting.largest() as f64);
        out.count("pool_rejected", self.rejected);
    }

    /// The largest values are counted anew.
    pub fn restart_maxima(&mut self) {
        self.held.restart_maximum();
        self.waiting.restart_maximum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_pass_from_hand_to_hand() {
        let mut pool = Pool::new(Some(2), Some(1));
        assert_eq!(pool.acquire(1, 0), Grant::Now);
        assert_eq!(pool.acquire(2, 0), Grant::Now);
        assert_eq!(pool.acquire(3, 5), Grant::Later);
        assert_eq!(pool.acquire(4, 6), Grant::Never);
        assert_eq!(pool.release(10), Some(3));
        assert_eq!(pool.in_use(), 2);
        assert_eq!(pool.release(10), None);
        assert_eq!(pool.in_use(), 1);
        let mut readings = Readings::new(false);
        pool.measure(10, &mut readings);
        assert_eq!(readings.count_of("pool_rejected"), 1);
        assert!((readings.area_of("pool_held") - 2e-8).abs() < 1e-12);
        assert!((readings.area_of("pool_queue") - 5e-9).abs() < 1e-12);
    }

    #[test]
    fn no_limit_never_waits() {
        let mut pool = Pool::new(None, None);
        assert!((0..1000).all(|job| pool.acquire(job, 0) == Grant::Now));
    }
}
