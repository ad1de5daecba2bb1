//! A share of the keys takes a share of the requests.

use super::error::{self, KeysError};
use super::uniform::place;

/// "80 % of the requests go to 20 % of the keys", even within both groups; YCSB's hotspot distribution (B. F. Cooper et al.,
/// "Benchmarking Cloud Serving Systems with YCSB", SoCC 2010).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hotspot {
    n_keys: u64,
    hot_keys: u64,
    share_of_requests: f64,
}

impl Hotspot {
    /// The lowest `share_of_keys` of the ranks (rounded, at least one key) get `share_of_requests`; both from 0 to 1.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, or a share is not within 0..=1.
    pub fn new(n_keys: u64, share_of_keys: f64, share_of_requests: f64) -> Result<Self, KeysError> {
        let n_keys = error::count(n_keys)?;
        let share_of_keys = error::share("share_of_keys", share_of_keys)?;
        let share_of_requests = error::share("share_of_requests", share_of_requests)?;
        let hot_keys = ((share_of_keys * n_keys as f64 + 0.5) as u64).clamp(1, n_keys);
        // Without cold keys, all requests go to the hot ones.
        let share_of_requests = if hot_keys == n_keys { 1.0 } else { share_of_requests };
        Ok(Self { n_keys, hot_keys, share_of_requests })
    }

    /// The number of keys.
    pub fn n_keys(&self) -> u64 {
        self.n_keys
    }

    /// The rank in this place of those that are wanted most. The "hot" keys may be the less wanted ones: 80 % of the keys may get 20 %.
    pub fn most_wanted(&self, nth: u64) -> u64 {
        let fair = self.hot_keys as f64 / self.n_keys as f64;
        let shift = if self.share_of_requests < fair { self.hot_keys } else { 0 };
        (nth + shift) % self.n_keys
    }

    /// The share of the requests that the key in this place of those that are wanted most gets.
    pub fn share_of(&self, nth: u64) -> f64 {
        let cold_keys = self.n_keys - self.hot_keys;
        match self.most_wanted(nth) < self.hot_keys {
            true => self.share_of_requests / self.hot_keys as f64,
            false => (1.0 - self.share_of_requests) / cold_keys as f64,
        }
    }

    /// A rank, from one uniform number: it decides on the group and, rescaled, on the place in it.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64) -> u64 {
        let u = next();
        if u < self.share_of_requests {
            return place(u / self.share_of_requests, self.hot_keys);
        }
        let within = (u - self.share_of_requests) / (1.0 - self.share_of_requests);
        self.hot_keys + place(within, self.n_keys - self.hot_keys)
    }
}

#[cfg(test)]
mod tests {
    use crate::random::keys::{Keys, checks};

    #[test]
    fn both_groups_get_their_share_evenly() {
        let keys = Keys::hotspot(40, 0.2, 0.8).unwrap();
        checks::frequencies(&keys, |rank| if rank < 8 { 0.8 / 8.0 } else { 0.2 / 32.0 });
    }

    #[test]
    fn extreme_shares_work() {
        let ranks = |share_of_keys, share_of_requests| {
            let keys = Keys::hotspot(10, share_of_keys, share_of_requests).unwrap();
            [0.001, 0.5, 0.999].map(|u| keys.rank(&mut || u))
        };
        assert_eq!(ranks(1.0, 0.0), [0, 5, 9]);
        assert_eq!(ranks(0.5, 1.0), [0, 2, 4]);
        assert_eq!(ranks(0.5, 0.0), [5, 7, 9]);
        assert_eq!(ranks(0.0, 1.0), [0, 0, 0]);
    }
}
