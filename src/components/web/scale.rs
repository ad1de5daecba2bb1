//! Scaling up: faster processors, and more of them with less than their sum.
//!
//! The Universal Scalability Law: `n` processors do the work of `n / (1 + alpha (n - 1) + beta n (n - 1))`; alpha is the share
//! of work that only one can do at a time (contention), beta what it costs to keep each pair in step (coherency). N. J. Gunther, "A Simple
//! Capacity Model of Massively Parallel Transaction Systems", CMG 1993; "Guerrilla Capacity Planning", 2007. With beta above 0 there is a
//! number of processors, the root of (1 - alpha) / beta, beyond which more of them do less.

use crate::catalog::Settings;
use crate::kernel::Time;

/// How the work of a request is stretched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    alpha: f64,
    beta: f64,
    speed: f64,
    cores: u32,
    /// Jobs at the processors now.
    present: u32,
}

impl Scale {
    /// As the settings say; `None` if work takes as long as it is.
    pub fn new(settings: &Settings, cores: u32, disabled: bool) -> Option<Self> {
        let part = |name| if disabled { 0.0 } else { settings.share(name).expect("preset") };
        let (alpha, beta) = (part("contention"), part("coherency"));
        let speed = settings.number("speed").expect("preset");
        let plain = alpha == 0.0 && beta == 0.0 && speed == 1.0;
        (!plain).then_some(Scale { alpha, beta, speed, cores, present: 0 })
    }

    /// How much longer work takes on one of `n` busy processors.
    fn stretch(&self, n: u32) -> f64 {
        let n = f64::from(n);
        1.0 + self.alpha * (n - 1.0) + self.beta * n * (n - 1.0)
    }

    /// Time that the work of a job that comes now takes. One that must wait begins when all processors are busy.
    #[inline(never)]
    pub fn begin(&mut self, work: Time) -> Time {
        self.present += 1;
        let busy = self.present.min(self.cores);
        (work as f64 * self.stretch(busy) / self.speed) as Time
    }

    /// A job has gone, done or turned away.
    pub fn end(&mut self) {
        self.present -= 1;
    }

    /// All jobs are gone (a crash).
    pub fn clear(&mut self) {
        self.present = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_that_of_the_law() {
        let law = Scale { alpha: 0.05, beta: 0.001, speed: 1.0, cores: 64, present: 0 };
        for n in [1_u32, 2, 8, 30, 31, 32, 64] {
            let n_f = f64::from(n);
            let gunther = n_f / (1.0 + 0.05 * (n_f - 1.0) + 0.001 * n_f * (n_f - 1.0));
            assert!((n_f / law.stretch(n) - gunther).abs() < 1e-12);
        }
        let capacity = |n: u32| f64::from(n) / law.stretch(n);
        // The root of (1 - alpha) / beta = 30.8.
        assert!(capacity(31) > capacity(20) && capacity(31) > capacity(64));
    }

    #[test]
    fn a_lone_job_is_not_slowed_down_and_a_fast_processor_takes_less() {
        let mut scale = Scale { alpha: 0.5, beta: 0.0, speed: 2.0, cores: 2, present: 0 };
        assert_eq!(scale.begin(1000), 500);
        assert_eq!(scale.begin(1000), 750);
        assert_eq!(scale.begin(1000), 750, "no more than two work at a time");
        scale.end();
        scale.end();
        scale.end();
        assert_eq!(scale.begin(1000), 500);
    }
}
