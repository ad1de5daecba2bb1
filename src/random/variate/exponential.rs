//! The exponential distribution.

use super::error::{VariateError, positive};
use crate::random::exponential_ns::ExponentialNs;
use crate::random::logarithm::ln;
use crate::random::mix::unit;

/// Memoryless: how long is still to wait does not depend on how long one has waited. Gaps between independent arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    mean: f64,
    /// Its times, if the unit is the nanosecond and the mean such that integers hold them.
    times: Option<ExponentialNs>,
}

impl Exponential {
    /// The distribution with this mean, above zero.
    ///
    /// # Errors
    ///
    /// If the mean is not finite and positive.
    pub fn new(mean: f64) -> Result<Self, VariateError> {
        Ok(Self::of(positive("mean", mean)?))
    }

    fn of(mean: f64) -> Self {
        Self { mean, times: ExponentialNs::new(mean) }
    }

    /// The inverse distribution function at a uniform `u`: `-mean ln(1 - u)`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        // `1 - u` is exact for the uniforms of `mix::unit`; `ln(u)` would save the subtraction but turn the order round.
        -self.mean * ln(1.0 - u)
    }

    /// A time in whole nanoseconds out of random bits: `at(bits / 2^64)`, rounded.
    #[inline(always)]
    pub(super) fn ns_at_bits(&self, bits: u64) -> u64 {
        match &self.times {
            Some(times) => times.at_bits(bits),
            None => self.ns_beyond_integers(bits),
        }
    }

    /// Its times in integers, if those hold them.
    #[inline(always)]
    pub(super) fn times(&self) -> Option<&ExponentialNs> {
        self.times.as_ref()
    }

    #[cold]
    #[inline(never)]
    fn ns_beyond_integers(&self, bits: u64) -> u64 {
        super::rounded(self.at(unit(bits)))
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The square of the mean.
    pub fn variance(&self) -> f64 {
        self.mean * self.mean
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self::of(self.mean * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        let variate = Exponential::new(5.0).unwrap();
        checks::moments(variate);
        checks::distribution(variate, |x| 1.0 - libm::exp(-x / 5.0));
        checks::scaling(variate);
    }

    #[test]
    fn the_median_is_the_mean_times_ln_2() {
        assert!((Exponential::new(2.0).unwrap().at(0.5) - 2.0 * std::f64::consts::LN_2).abs() < 1e-15);
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].iter().all(|&mean| Exponential::new(mean).is_err()));
    }
}
