//! The continuous uniform distribution.

use super::error::{VariateError, finite, not_negative};

/// Any value between two limits, all equally likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// Values from `low` (zero or above) to `high` (not below `low`).
    ///
    /// # Errors
    ///
    /// If a limit is not finite, `low` is negative, or `high` is below `low`.
    pub fn new(low: f64, high: f64) -> Result<Self, VariateError> {
        not_negative("low", low)?;
        if finite("high", high)? < low {
            return Err(VariateError::OutOfRange { parameter: "high", value: high, low, high: f64::MAX });
        }
        Ok(Self { low, high })
    }

    /// The inverse distribution function at a uniform `u`.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        self.low + (self.high - self.low) * u
    }

    /// The middle.
    pub fn mean(&self) -> f64 {
        self.low + (self.high - self.low) / 2.0
    }

    /// A twelfth of the square of the width.
    pub fn variance(&self) -> f64 {
        let width = self.high - self.low;
        width * width / 12.0
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        let variate = Uniform::new(2.0, 5.0).unwrap();
        checks::moments(variate);
        checks::distribution(variate, |x| (x - 2.0) / 3.0);
        checks::scaling(variate);
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Uniform::new(2.0, 2.0).is_ok());
        assert!(Uniform::new(2.0, 1.0).is_err() && Uniform::new(-1.0, 1.0).is_err());
        assert!(Uniform::new(f64::NAN, 1.0).is_err() && Uniform::new(0.0, f64::INFINITY).is_err());
    }
}
