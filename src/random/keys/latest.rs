//! The newest keys are the hottest.

use super::error::KeysError;
use super::zipf::Zipf;

/// Zipf's law over recency: news, timelines, anything read mostly when fresh. YCSB's "latest" distribution (B. F. Cooper et al.,
/// "Benchmarking Cloud Serving Systems with YCSB", SoCC 2010; in its program `SkewedLatestGenerator`: the newest key less a Zipf number).
///
/// Who draws says which key is the newest: of traffic, every write inserts the next one. Unlike YCSB's the number of keys stays as it is:
/// the newest takes the place of the oldest, as in a table that keeps the last so many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latest {
    recency: Zipf,
}

impl Latest {
    /// Over the ranks `0..n_keys`, which are ages of insertion here, with an exponent of zero or above.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, or the exponent is negative or not finite.
    pub fn new(n_keys: u64, exponent: f64) -> Result<Self, KeysError> {
        Ok(Self { recency: Zipf::new(n_keys, exponent)? })
    }

    /// The number of keys.
    pub fn n_keys(&self) -> u64 {
        self.recency.n_keys()
    }

    /// The shares of the requests that so many of the newest keys get, the newest first.
    pub fn shares(&self, count: u64) -> Vec<f64> {
        self.recency.shares(count)
    }

    /// A rank as far below `newest` (modulo the number of keys: the oldest are overwritten) as Zipf's law says.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64, newest: u64) -> u64 {
        let n_keys = self.recency.n_keys();
        let newest = if newest < n_keys { newest } else { newest % n_keys };
        let age = self.recency.rank(next);
        if age <= newest { newest - age } else { newest + n_keys - age }
    }
}

#[cfg(test)]
mod tests {
    use crate::random::Stream;
    use crate::random::keys::{Keys, checks};

    #[test]
    fn the_last_key_is_the_hottest_by_default() {
        let keys = Keys::latest(30, 0.99).unwrap();
        checks::frequencies(&keys, |rank| libm::pow((30 - rank) as f64, -0.99));
    }

    #[test]
    fn the_peak_moves_with_the_newest() {
        let keys = Keys::latest(10, 1.2).unwrap();
        let zipf = Keys::zipf(10, 1.2).unwrap();
        let mut stream = Stream::named(1, 0, "latest");
        let mut other = stream.clone();
        for newest in 0..100 {
            let age = zipf.rank(&mut || other.uniform());
            let rank = keys.rank_at(&mut || stream.uniform(), newest);
            assert_eq!((rank + age) % 10, newest % 10);
        }
    }
}
