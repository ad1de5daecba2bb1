//! Time to first byte, split by step: what a client sees of the way of its answer.

use crate::components::steps::{STEPS, Step};
use crate::kernel::{Readings, Request, Time};
use crate::stats::Histogram;

/// Times of each step, of the waiting between them, and until the first byte.
#[derive(Clone, Debug, Default)]
pub(super) struct StepTimes {
    steps: [Histogram; STEPS.len()],
    wait: Histogram,
    first_byte: Histogram,
    /// Some request had a step to tell of: where none ever has, nothing is recorded.
    any: bool,
}

impl StepTimes {
    /// A request has its answer at `now`.
    #[inline]
    pub fn note(&mut self, request: &Request, now: Time) {
        self.any |= request.steps != [0; STEPS.len()];
        if self.any {
            self.record(request, now - request.intended);
        }
    }

    #[inline(never)]
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

    pub fn measure(&self, out: &mut Readings) {
        if !self.any {
            return;
        }
        let names = ["lookup", "connect", "tls", "transfer"];
        names.into_iter().zip(&self.steps).for_each(|(name, times)| out.histogram(name, times));
        out.histogram("server_wait", &self.wait);
        out.histogram("first_byte", &self.first_byte);
    }
}
