//! The Weibull distribution.

use super::error::{VariateError, positive};

/// A power of an exponential: shape 1 is exponential, above 1 wears out (times to failure), below 1 has a long tail.
///
/// W. Weibull, "A Statistical Distribution Function of Wide Applicability", Journal of Applied Mechanics 1951.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    scale: f64,
    shape: f64,
}

impl Weibull {
    /// The distribution whose 63.2 % quantile is `scale`; `shape` (no unit) is the steepness. Both above zero.
    ///
    /// # Errors
    ///
    /// If one of them is not finite and positive.
    pub fn new(scale: f64, shape: f64) -> Result<Self, VariateError> {
        Ok(Self { scale: positive("scale", scale)?, shape: positive("shape", shape)? })
    }

    /// The inverse distribution function at a uniform `u`: `scale (-ln(1 - u))^(1 / shape)`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        // The logarithm of the power: a third of the time of `pow`.
        self.scale * libm::exp(libm::log(-libm::log(1.0 - u)) / self.shape)
    }

    /// `scale Gamma(1 + 1 / shape)`.
    pub fn mean(&self) -> f64 {
        self.scale * libm::tgamma(1.0 + 1.0 / self.shape)
    }

    /// `scale^2 (Gamma(1 + 2 / shape) - Gamma(1 + 1 / shape)^2)`; infinite where that is beyond the range of `f64`.
    pub fn variance(&self) -> f64 {
        let first = libm::tgamma(1.0 + 1.0 / self.shape);
        let second = libm::tgamma(1.0 + 2.0 / self.shape);
        if second.is_infinite() { second } else { self.scale * self.scale * (second - first * first) }
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { scale: self.scale * factor, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        for shape in [0.7, 1.0, 3.0] {
            let variate = Weibull::new(2.0, shape).unwrap();
            checks::moments(variate);
            checks::distribution(variate, |x| 1.0 - libm::exp(-libm::pow(x / 2.0, shape)));
            checks::scaling(variate);
        }
    }

    #[test]
    fn shape_one_is_exponential() {
        let variate = Weibull::new(3.0, 1.0).unwrap();
        assert!((variate.mean() - 3.0).abs() < 1e-12 && (variate.variance() - 9.0).abs() < 1e-12);
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(
            [0.0, -1.0, f64::NAN]
                .iter()
                .all(|&bad| Weibull::new(bad, 1.0).is_err() && Weibull::new(1.0, bad).is_err())
        );
    }
}
