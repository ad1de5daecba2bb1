//! What can be wrong with the parameters of a popularity law.

use thiserror::Error;

/// The largest number of keys: beyond, `f64` does not tell neighbours apart.
pub(super) const MOST_KEYS: u64 = 1 << 53;

/// A parameter of a popularity law that makes no sense. The texts are meant to be shown to users.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum KeysError {
    /// No keys, or more than 2^53.
    #[error("the number of keys must be between 1 and 2^53, not {0}")]
    Count(u64),
    /// A negative, infinite or missing exponent.
    #[error("exponent must be zero or above, not {0}")]
    Exponent(f64),
    /// A share that is not within 0..=1.
    #[error("{parameter} must be between 0 and 1, not {value}")]
    Share {
        /// Name of the parameter.
        parameter: &'static str,
        /// The offending value.
        value: f64,
    },
    /// A working set that is empty or larger than all the keys.
    #[error("the working set must be between 1 and all {n_keys} keys, not {size}")]
    WorkingSet {
        /// The offending size.
        size: u64,
        /// How many keys there are.
        n_keys: u64,
    },
    /// A key that is left before it is wanted.
    #[error("how long a key stays in the working set must be more than zero")]
    Stay,
}

/// Passes a possible number of keys.
pub(super) fn count(n_keys: u64) -> Result<u64, KeysError> {
    if (1..=MOST_KEYS).contains(&n_keys) { Ok(n_keys) } else { Err(KeysError::Count(n_keys)) }
}

/// Passes a finite exponent of zero or above.
pub(super) fn exponent(value: f64) -> Result<f64, KeysError> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(KeysError::Exponent(value)) }
}

/// Passes a share from 0 to 1.
pub(super) fn share(parameter: &'static str, value: f64) -> Result<f64, KeysError> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(KeysError::Share { parameter, value }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_where_they_should_be() {
        assert!(
            count(1).is_ok()
                && count(MOST_KEYS).is_ok()
                && count(0).is_err()
                && count(MOST_KEYS + 1).is_err()
        );
        assert!(
            exponent(0.0).is_ok() && [-0.1, f64::NAN, f64::INFINITY].iter().all(|&x| exponent(x).is_err())
        );
        assert!(share("x", 1.0).is_ok() && [-0.1, 1.1, f64::NAN].iter().all(|&x| share("x", x).is_err()));
    }
}
