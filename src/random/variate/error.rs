//! What can be wrong with the parameters of a distribution.

use thiserror::Error;

/// A parameter of a distribution that makes no sense. The texts are meant to be shown to users.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum VariateError {
    /// Not a finite number.
    #[error("{parameter} must be a finite number, not {value}")]
    NotFinite {
        /// Name of the parameter.
        parameter: &'static str,
        /// The offending value.
        value: f64,
    },
    /// Zero or negative where only positive numbers make sense.
    #[error("{parameter} must be above zero, not {value}")]
    NotPositive {
        /// Name of the parameter.
        parameter: &'static str,
        /// The offending value.
        value: f64,
    },
    /// Below zero where zero is still possible.
    #[error("{parameter} must not be negative, but is {value}")]
    Negative {
        /// Name of the parameter.
        parameter: &'static str,
        /// The offending value.
        value: f64,
    },
    /// Outside the range in which the distribution exists or can be computed.
    #[error("{parameter} must be between {low} and {high}, not {value}")]
    OutOfRange {
        /// Name of the parameter.
        parameter: &'static str,
        /// The offending value.
        value: f64,
        /// The smallest value allowed.
        low: f64,
        /// The largest value allowed.
        high: f64,
    },
    /// A list without elements.
    #[error("{parameter} must not be empty")]
    Empty {
        /// Name of the parameter.
        parameter: &'static str,
    },
    /// A list that must rise from element to element but does not.
    #[error("{parameter} must rise, but element {index} does not")]
    NotRising {
        /// Name of the parameter.
        parameter: &'static str,
        /// Position of the first element that is out of order, counted from 0.
        index: usize,
    },
    /// Mixtures of mixtures beyond the limit.
    #[error("mixtures may be nested {limit} deep at most")]
    TooDeep {
        /// The deepest nesting allowed.
        limit: u32,
    },
}

/// Passes a finite number.
pub(super) fn finite(parameter: &'static str, value: f64) -> Result<f64, VariateError> {
    if value.is_finite() { Ok(value) } else { Err(VariateError::NotFinite { parameter, value }) }
}

/// Passes a finite number above zero.
pub(super) fn positive(parameter: &'static str, value: f64) -> Result<f64, VariateError> {
    if finite(parameter, value)? > 0.0 {
        Ok(value)
    } else {
        Err(VariateError::NotPositive { parameter, value })
    }
}

/// Passes a finite number that is zero or above.
pub(super) fn not_negative(parameter: &'static str, value: f64) -> Result<f64, VariateError> {
    if finite(parameter, value)? >= 0.0 {
        Ok(value)
    } else {
        Err(VariateError::Negative { parameter, value })
    }
}

/// Passes a number from `low` to `high`, both included.
pub(super) fn within(parameter: &'static str, value: f64, low: f64, high: f64) -> Result<f64, VariateError> {
    if (low..=high).contains(&finite(parameter, value)?) {
        Ok(value)
    } else {
        Err(VariateError::OutOfRange { parameter, value, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_they_should_be() {
        assert!(positive("x", f64::MIN_POSITIVE).is_ok() && positive("x", 0.0).is_err());
        assert!(not_negative("x", 0.0).is_ok() && not_negative("x", -1e-300).is_err());
        assert!(within("x", 1.0, 0.0, 1.0).is_ok() && within("x", 1.1, 0.0, 1.0).is_err());
        for check in [finite, positive, not_negative] {
            assert!(check("x", f64::NAN).is_err() && check("x", f64::INFINITY).is_err());
        }
        assert!(within("x", f64::NAN, 0.0, 1.0).is_err());
    }

    #[test]
    fn messages_name_parameter_and_value() {
        let error = positive("mean", -2.0).unwrap_err();
        assert_eq!(error.to_string(), "mean must be above zero, not -2");
    }
}
