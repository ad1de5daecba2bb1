//! Time to first byte, split by step: what a client sees of the way of its answer.

use super::seen::Seen;
use crate::components::steps::{STEPLESS, STEPS, Step};
use crate::kernel::{Readings, Request, Time, rarely};
use crate::stats::Histogram;

/// Times of each step, of the waiting between them, and until the first byte.
#[derive(Clone, Debug, Default)]
pub(super) struct StepTimes {
    steps: [Histogram; STEPS.len()],
    wait: Histogram,
    first_byte: Histogram,
    /// Some request had a step to tell of: before one has, nothing is recorded that is not known otherwise.
    any: bool,
    /// What users saw tells more than this: a visit goes on behind its first byte.
    makes_visits: bool,
    /// Either: each request is recorded.
    records: bool,
}

impl StepTimes {
    /// Of a client that makes visits, or plain requests.
    pub fn new(makes_visits: bool) -> Self {
        StepTimes { makes_visits, records: makes_visits, ..StepTimes::default() }
    }

    /// A request has its answer at `now`; `seen` does not know of it yet.
    #[inline(always)]
    pub fn note(&mut self, request: &Request, now: Time, seen: &Seen) {
        if request.steps != [0; STEPS.len()] || self.records {
            rarely();
            self.note_steps(request, now, seen);
        }
    }

    #[inline(never)]
    fn note_steps(&mut self, request: &Request, now: Time, seen: &Seen) {
        if !self.any && request.steps != [0; STEPS.len()] {
            self.begin(seen);
        }
        self.record(request, now - request.intended);
    }

    /// Those before had no step: each took no time, and the wait all of it.
    #[cold]
    #[inline(never)]
    fn begin(&mut self, seen: &Seen) {
        (self.any, self.records) = (true, true);
        if self.makes_visits {
            return; // they are recorded
        }
        let before = seen.answered();
        self.steps.iter_mut().for_each(|times| times.record_n(0, before.count()));
        self.wait.merge(&before);
        self.first_byte.merge(&before);
    }

    fn record(&mut self, request: &Request, latency: Time) {
        let mut rest = latency;
        for (times, step) in self.steps.iter_mut().zip(STEPS) {
            let time = step.of(request);
            times.record(time);
            rest = rest.saturating_sub(time);
        }
        self.wait.record(rest);
        self.first_byte.record(latency.saturating_sub(Step::Transfer.of(request)));
    }

    pub fn measure(&self, seen: &Seen, out: &mut Readings) {
        match self.any {
            false if self.makes_visits => return out.histogram(STEPLESS, &self.first_byte),
            false if out.is_detailed() => return out.histogram(STEPLESS, &seen.answered()),
            false => return,
            true => {}
        }
        let names = ["lookup", "connect", "tls", "transfer"];
        names.into_iter().zip(&self.steps).for_each(|(name, times)| out.histogram(name, times));
        out.histogram("server_wait", &self.wait);
        out.histogram("first_byte", &self.first_byte);
    }
}
