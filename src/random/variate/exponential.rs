//! The exponential distribution.

use super::error::{VariateError, positive};
use crate::random::logarithm::ln;

/// Memoryless: how long is still to wait does not depend on how long one has waited. Gaps between independent arrivals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    mean: f64,
}

impl Exponential {
    /// The distribution with this mean, above zero.
    ///
    /// # Errors
    ///
    /// If the mean is not finite and positive.
    pub fn new(mean: f64) -> Result<Self, VariateError> {
        Ok(Self { mean: positive("mean", mean)? })
    }

    /// The inverse distribution function at a uniform `u`: `-mean ln(1 - u)`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        // `1 - u` is exact for the uniforms of `mix::unit`; `ln(u)` would save the subtraction but turn the order round.
        -self.mean * ln(1.0 - u)
    }

    /// The same as `at(unit(bits))`, to the bit, for random bits. `1 - unit(bits)` is `unit(!bits)`, and to scale it to below 1 is to lower
    /// its exponent: the logarithm has to wait for neither a subtraction nor a multiplication.
    #[inline]
    pub(super) fn at_bits(&self, bits: u64) -> f64 {
        let odd = ((!bits >> 11) | 1) as f64;
        -self.mean * ln(f64::from_bits(odd.to_bits() - (53 << 52)))
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
        Self { mean: self.mean * factor }
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
