//! The constant.

use super::error::{VariateError, not_negative};

/// Always the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// A value of zero or above.
    ///
    /// # Errors
    ///
    /// If it is negative or not finite.
    pub fn new(value: f64) -> Result<Self, VariateError> {
        Ok(Self { value: not_negative("value", value)? })
    }

    /// The value, whatever the uniform.
    #[inline]
    pub fn at(&self, _u: f64) -> f64 {
        self.value
    }

    /// The value.
    pub fn mean(&self) -> f64 {
        self.value
    }

    /// Zero.
    pub fn variance(&self) -> f64 {
        0.0
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { value: self.value * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::Variate;

    #[test]
    fn it_is_constant() {
        let variate = Constant::new(3.0).unwrap();
        assert_eq!(
            (variate.at(0.01), variate.at(0.99), variate.mean(), variate.variance()),
            (3.0, 3.0, 3.0, 0.0)
        );
        assert_eq!(Variate::from(variate).scaled(2.0).at(0.5), 6.0);
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Constant::new(0.0).is_ok());
        assert!(Constant::new(-1.0).is_err() && Constant::new(f64::NAN).is_err());
    }
}
