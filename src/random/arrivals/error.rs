//! What can be wrong with the parameters of an arrival process.

use thiserror::Error;

/// The highest rate: one arrival per nanosecond.
pub const HIGHEST_RATE: f64 = 1e9;
/// The lowest rate of a process that has only one: an arrival in thirty years.
pub const LOWEST_RATE: f64 = 1e-9;

/// A parameter of an arrival process that makes no sense. The texts are meant to be shown to users.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ArrivalsError {
    /// A rate that is not a number, negative, or beyond one per nanosecond (or too near zero where zero makes no sense).
    #[error("rate must be between {low} and {HIGHEST_RATE} per second, not {rate}")]
    Rate {
        /// The offending rate per second.
        rate: f64,
        /// The lowest rate allowed here.
        low: f64,
    },
    /// A list without elements.
    #[error("{parameter} must not be empty")]
    Empty {
        /// Name of the parameter.
        parameter: &'static str,
    },
    /// A point in time before the one listed before it.
    #[error("times must not go back, but point {index} does")]
    TimeGoesBack {
        /// Position of the point, counted from 0.
        index: usize,
    },
    /// A state that lasts for no time.
    #[error("the mean sojourn of state {index} must be above zero")]
    Sojourn {
        /// Position of the state, counted from 0.
        index: usize,
    },
    /// Only silent states.
    #[error("at least one state must have a rate above zero")]
    NoArrivals,
}

/// Passes a rate of a process that has no other.
pub(super) fn single_rate(rate: f64) -> Result<f64, ArrivalsError> {
    rate_from(LOWEST_RATE, rate)
}

/// Passes a rate among others, which may be zero.
pub(super) fn one_of_the_rates(rate: f64) -> Result<f64, ArrivalsError> {
    rate_from(0.0, rate)
}

fn rate_from(low: f64, rate: f64) -> Result<f64, ArrivalsError> {
    if (low..=HIGHEST_RATE).contains(&rate) { Ok(rate) } else { Err(ArrivalsError::Rate { rate, low }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_they_should_be() {
        assert!(one_of_the_rates(0.0).is_ok() && single_rate(0.0).is_err() && single_rate(1e-9).is_ok());
        assert!(
            [-1.0, f64::NAN, 1.1e9]
                .iter()
                .all(|&rate| one_of_the_rates(rate).is_err() && single_rate(rate).is_err())
        );
        assert_eq!(
            single_rate(-1.0).unwrap_err().to_string(),
            "rate must be between 0.000000001 and 1000000000 per second, not -1"
        );
    }
}
