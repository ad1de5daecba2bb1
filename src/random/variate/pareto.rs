//! The Pareto distribution.

use super::error::{VariateError, positive};

/// A power-law tail: `P(X > x) = (scale / x)^shape` from `scale` on. File sizes, session lengths.
///
/// Shapes from 1 to 2 have a mean but no variance: averages of samples then settle very slowly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    scale: f64,
    shape: f64,
}

impl Pareto {
    /// The distribution with the smallest value `scale` and the tail exponent `shape` (no unit), both above zero.
    ///
    /// # Errors
    ///
    /// If one of them is not finite and positive.
    pub fn new(scale: f64, shape: f64) -> Result<Self, VariateError> {
        Ok(Self { scale: positive("scale", scale)?, shape: positive("shape", shape)? })
    }

    /// The inverse distribution function at a uniform `u`: `scale (1 - u)^(-1 / shape)`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        // The logarithm of the power: a third of the time of `pow`.
        self.scale * libm::exp(-libm::log(1.0 - u) / self.shape)
    }

    /// `scale shape / (shape - 1)`; infinite for a shape of 1 or less.
    pub fn mean(&self) -> f64 {
        if self.shape <= 1.0 { f64::INFINITY } else { self.scale * self.shape / (self.shape - 1.0) }
    }

    /// `scale^2 shape / ((shape - 1)^2 (shape - 2))`; infinite for a shape of 2 or less.
    pub fn variance(&self) -> f64 {
        if self.shape <= 2.0 {
            return f64::INFINITY;
        }
        let relative = self.scale / (self.shape - 1.0);
        relative * relative * self.shape / (self.shape - 2.0)
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
        let variate = Pareto::new(3.0, 10.0).unwrap();
        checks::moments(variate);
        checks::scaling(variate);
        for shape in [0.9, 1.5, 10.0] {
            let variate = Pareto::new(3.0, shape).unwrap();
            checks::distribution(variate, |x| 1.0 - libm::pow(3.0 / x, shape));
        }
    }

    #[test]
    fn heavy_tails_have_infinite_moments() {
        let moments = |shape| Pareto::new(1.0, shape).map(|p| (p.mean(), p.variance()));
        assert_eq!(moments(1.0), Ok((f64::INFINITY, f64::INFINITY)));
        assert_eq!(moments(2.0), Ok((2.0, f64::INFINITY)));
        assert_eq!(moments(3.0), Ok((1.5, 0.75)));
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(
            [0.0, -1.0, f64::NAN]
                .iter()
                .all(|&bad| Pareto::new(bad, 1.0).is_err() && Pareto::new(1.0, bad).is_err())
        );
    }
}
