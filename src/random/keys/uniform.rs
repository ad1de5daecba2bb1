//! All keys alike.

use super::error::{self, KeysError};

/// All keys alike: the worst case of a cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    n_keys: u64,
}

impl Uniform {
    /// Over the ranks `0..n_keys`.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53.
    pub fn new(n_keys: u64) -> Result<Self, KeysError> {
        Ok(Self { n_keys: error::count(n_keys)? })
    }

    /// The number of keys.
    pub fn n_keys(&self) -> u64 {
        self.n_keys
    }

    /// A rank, from one uniform number.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64) -> u64 {
        place(next(), self.n_keys)
    }
}

/// The place of a uniform number among `n` equal parts, `0..n`.
#[inline]
pub(super) fn place(u: f64, n: u64) -> u64 {
    // The product may round up to `n` where `n` is near 2^53.
    ((u * n as f64) as u64).min(n - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keys::{Keys, checks};

    #[test]
    fn ranks_are_even() {
        checks::frequencies(&Keys::uniform(50).unwrap(), |_| 1.0);
    }

    #[test]
    fn places_are_parts_of_equal_width() {
        assert_eq!((place(0.249, 4), place(0.25, 4), place(0.999, 4)), (0, 1, 3));
        assert_eq!(place(1.0 - f64::EPSILON / 2.0, 1 << 53), (1 << 53) - 1);
    }
}
