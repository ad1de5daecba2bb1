//! One key after the other.

use super::error::{self, KeysError};

/// Keys in order, over and over: scans, crawls, and the worst case of least-recently-used caches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    n_keys: u64,
}

impl Sequential {
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

    /// The rank of the request with this number. No state: request 4711 asks for the same key in every variant.
    #[inline]
    pub fn rank(&self, request: u64) -> u64 {
        request % self.n_keys
    }
}

#[cfg(test)]
mod tests {
    use crate::random::Keys;

    #[test]
    fn keys_come_in_order_and_begin_again() {
        let keys = Keys::sequential(3).unwrap();
        let ranks: Vec<u64> = (0..7).map(|request| keys.rank_at(&mut || 0.5, request)).collect();
        assert_eq!(ranks, [0, 1, 2, 0, 1, 2, 0]);
    }
}
