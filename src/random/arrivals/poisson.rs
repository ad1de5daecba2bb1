//! Arrivals of many independent clients.

use super::error::{self, ArrivalsError};
use crate::random::Stream;
use crate::random::variate::{Exponential, Variate};

/// Exponential gaps: the limit of many clients who know nothing of each other (C. Palm, 1943; A. Khinchin, 1955).
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    rate_per_s: f64,
    gap: Variate,
    /// The gap after the next one, drawn while nobody waits for it: a logarithm takes its time, and the next event cannot be put in its
    /// place before.
    ahead_ns: Option<u64>,
}

impl Poisson {
    /// With a rate per second.
    ///
    /// # Errors
    ///
    /// If the rate is not within 1e-9 to 1e9 per second.
    pub fn new(rate_per_s: f64) -> Result<Self, ArrivalsError> {
        let rate_per_s = error::single_rate(rate_per_s)?;
        Ok(Self {
            rate_per_s,
            gap: Exponential::new(1e9 / rate_per_s).expect("a rate within its bounds").into(),
            ahead_ns: None,
        })
    }

    /// The rate per second.
    pub fn rate_per_s(&self) -> f64 {
        self.rate_per_s
    }

    /// The time in ns of the next arrival after `now_ns`; `None` at the end of time. Draws one gap more than it has given.
    #[inline(always)]
    pub fn next(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        let gap = self.ahead_ns.unwrap_or_else(|| self.gap.sample_ns_of(stream.bits()));
        self.ahead_ns = Some(self.gap.sample_ns_of(stream.bits()));
        let due_ns = now_ns.saturating_add(gap);
        (due_ns < u64::MAX).then_some(due_ns)
    }
}

#[cfg(test)]
mod tests {
    use crate::random::arrivals::{Arrivals, checks};

    #[test]
    fn counts_have_the_mean_and_variance_of_poissons_law() {
        let counts = checks::counts(&Arrivals::poisson(50.0).unwrap(), 4_000, 1_000_000_000);
        checks::mean_is(&counts, 50.0, 50.0);
        // The variance of a sample variance of Poisson counts is (mu + 2 mu^2) / n.
        let dispersion = checks::variance(&counts) / 50.0;
        assert!((dispersion - 1.0).abs() < 4.0 * (2.02_f64 / 4_000.0).sqrt(), "{dispersion}");
    }

    #[test]
    fn no_single_count_stands_out() {
        // Ten per window: compare with Poisson's probabilities by chi-square, cells 4..=17 and the two ends.
        let counts = checks::counts(&Arrivals::poisson(10.0).unwrap(), 20_000, 1_000_000_000);
        let mut cells = [0.0; 16];
        counts.iter().for_each(|&count| cells[(count as usize).clamp(3, 18) - 3] += 1.0);
        let probability = |count: u32| {
            libm::exp(f64::from(count) * libm::log(10.0) - 10.0 - libm::lgamma(f64::from(count) + 1.0))
        };
        let mut expected = [0.0; 16];
        (0..60)
            .for_each(|count| expected[(count as usize).clamp(3, 18) - 3] += 20_000.0 * probability(count));
        let chi_square: f64 = cells.iter().zip(expected).map(|(seen, e)| (seen - e) * (seen - e) / e).sum();
        assert!(chi_square < 37.7, "{chi_square}"); // 0.999 quantile, 15 degrees of freedom
    }
}
