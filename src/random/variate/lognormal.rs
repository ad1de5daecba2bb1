//! The lognormal distribution.

use super::error::{VariateError, not_negative, positive, within};
use super::normal::inverse_normal;

/// The 99 % quantile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The exponential of a normally distributed number: right-skewed, as many measured service times are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    median: f64,
    sigma: f64,
}

impl Lognormal {
    /// From the median (above zero) and `sigma`, the standard deviation of the logarithm (zero or above, no unit).
    ///
    /// # Errors
    ///
    /// If one of them is not finite, the median not positive or `sigma` negative.
    pub fn new(median: f64, sigma: f64) -> Result<Self, VariateError> {
        Ok(Self { median: positive("median", median)?, sigma: not_negative("sigma", sigma)? })
    }

    /// From mean and 99th percentile, both above zero.
    ///
    /// Of the two lognormals with these figures the less spread one is taken.
    ///
    /// # Errors
    ///
    /// If `p99` is below the mean or more than 14.96 times as large: no lognormal is like that.
    pub fn from_mean_p99(mean: f64, p99: f64) -> Result<Self, VariateError> {
        positive("mean", mean)?;
        // p99 / mean = exp(z sigma - sigma^2 / 2), which is largest at sigma = z.
        let largest = mean * libm::exp(NORMAL_P99 * NORMAL_P99 / 2.0);
        let ratio = within("p99", p99, mean, largest)? / mean;
        let root = NORMAL_P99 * NORMAL_P99 - 2.0 * libm::log(ratio);
        let sigma = (NORMAL_P99 - root.max(0.0).sqrt()).max(0.0);
        Self::new(mean * libm::exp(-sigma * sigma / 2.0), sigma)
    }

    /// From the mean (above zero) and the coefficient of variation (standard deviation / mean, zero or above).
    ///
    /// # Errors
    ///
    /// If one of them is not finite, the mean not positive or the coefficient negative.
    pub fn from_mean_cv(mean: f64, coefficient_of_variation: f64) -> Result<Self, VariateError> {
        positive("mean", mean)?;
        let cv = not_negative("coefficient of variation", coefficient_of_variation)?;
        let variance_of_log = libm::log1p(cv * cv);
        Self::new(mean * libm::exp(-variance_of_log / 2.0), variance_of_log.sqrt())
    }

    /// The inverse distribution function at a uniform `u`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        self.median * libm::exp(self.sigma * inverse_normal(u))
    }

    /// `median exp(sigma^2 / 2)`.
    pub fn mean(&self) -> f64 {
        self.median * libm::exp(self.sigma * self.sigma / 2.0)
    }

    /// `mean^2 (exp(sigma^2) - 1)`.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        mean * mean * libm::expm1(self.sigma * self.sigma)
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { median: self.median * factor, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        let variate = Lognormal::new(4.0, 0.6).unwrap();
        checks::moments(variate);
        checks::distribution(variate, |x| {
            0.5 * libm::erfc(-libm::log(x / 4.0) / 0.6 / std::f64::consts::SQRT_2)
        });
        checks::scaling(variate);
    }

    #[test]
    fn mean_and_p99_come_back() {
        for p99 in [10.0, 10.1, 25.0, 80.0, 149.0] {
            let variate = Lognormal::from_mean_p99(10.0, p99).unwrap();
            assert!((variate.mean() / 10.0 - 1.0).abs() < 1e-12);
            assert!((variate.at(0.99) / p99 - 1.0).abs() < 1e-9, "{p99}: {variate:?}");
        }
        assert!(
            Lognormal::from_mean_p99(10.0, 9.9).is_err() && Lognormal::from_mean_p99(10.0, 150.0).is_err()
        );
    }

    #[test]
    fn mean_and_coefficient_of_variation_come_back() {
        for cv in [0.0, 0.3, 1.0, 4.0] {
            let variate = Lognormal::from_mean_cv(10.0, cv).unwrap();
            assert!((variate.mean() - 10.0).abs() < 1e-12);
            assert!((variate.variance().sqrt() - 10.0 * cv).abs() < 1e-9);
        }
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Lognormal::new(1.0, 0.0).is_ok());
        assert!(Lognormal::new(0.0, 1.0).is_err() && Lognormal::new(1.0, -1.0).is_err());
        assert!(
            Lognormal::from_mean_cv(1.0, f64::NAN).is_err()
                && Lognormal::from_mean_p99(f64::NAN, 1.0).is_err()
        );
    }
}
