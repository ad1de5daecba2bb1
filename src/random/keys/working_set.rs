//! A few keys are wanted for a while, and then others.

use super::error::{self, KeysError};
use super::uniform::place;

/// A working set that moves on: `size` keys are wanted at a time, all alike; each comes in, is wanted for `stay`, and is left for the next.
/// So it is with sessions: visitors come and go evenly, and who has gone is not asked about. A set of constant size that drifts is the
/// simplest of the locality sets of P. J. Denning, "The working set model for program behavior", CACM 11(5), 1968; neither bursts of
/// arrivals nor favourites within the set are in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkingSet {
    n_keys: u64,
    size: u64,
    stay_ns: u64,
}

impl WorkingSet {
    /// Of `n_keys` keys, `size` (1 to `n_keys`) at a time, each for `stay_ns` nanoseconds (1 or more). After `n_keys / size` stays the
    /// first keys come again.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, the set is empty or larger than the keys, or the stay is zero.
    pub fn new(n_keys: u64, size: u64, stay_ns: u64) -> Result<Self, KeysError> {
        let n_keys = error::count(n_keys)?;
        if !(1..=n_keys).contains(&size) {
            return Err(KeysError::WorkingSet { size, n_keys });
        }
        if stay_ns == 0 {
            return Err(KeysError::Stay);
        }
        Ok(Self { n_keys, size, stay_ns })
    }

    /// The number of keys.
    pub fn n_keys(&self) -> u64 {
        self.n_keys
    }

    /// The rank that has been in the set for longest `now_ns` after the start. Keys change one by one, a stay divided by `size` apart.
    #[inline]
    fn oldest(&self, now_ns: u64) -> u64 {
        let gone = u128::from(now_ns) * u128::from(self.size) / u128::from(self.stay_ns);
        (gone % u128::from(self.n_keys)) as u64
    }

    /// The share of the requests that a rank gets at the start.
    pub fn share_of(&self, rank: u64) -> f64 {
        if rank < self.size { 1.0 / self.size as f64 } else { 0.0 }
    }

    /// A rank that is wanted `now_ns` nanoseconds after the start.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64, now_ns: u64) -> u64 {
        let rank = self.oldest(now_ns) + place(next(), self.size);
        if rank < self.n_keys { rank } else { rank - self.n_keys }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keys::{Keys, checks};
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn all_of_the_set_are_wanted_alike_at_the_start_and_later() {
        let keys = Keys::working_set(100, 20, 60 * SECOND).unwrap();
        checks::frequencies(&keys, |rank| f64::from(u8::from(rank < 20)));
        // A stay and a half later all have left once, and half of their successors.
        checks::frequencies_at(&keys, 90 * SECOND, |rank| f64::from(u8::from((30..50).contains(&rank))));
        // The set lies across the end of the keys.
        checks::frequencies_at(&keys, 270 * SECOND, |rank| f64::from(u8::from(!(10..90).contains(&rank))));
    }

    /// The ranks that can be drawn.
    fn set(keys: &WorkingSet, now: u64) -> Vec<u64> {
        (0..keys.size).map(|n| keys.rank(&mut || (n as f64 + 0.5) / keys.size as f64, now)).collect()
    }

    proptest! {
        /// After a part of a stay, that part of the set has been replaced; after a whole one, everything.
        #[test]
        fn a_share_of_the_set_has_moved_on(size in 1..200u64, stay in 1..600u64, start in 0..5000u64, part in 0.0..1.5f64) {
            let keys = WorkingSet::new(1000, size, stay * SECOND).unwrap();
            let start = start * SECOND;
            let before = set(&keys, start);
            let after = set(&keys, start + (part * (stay * SECOND) as f64) as u64);
            prop_assert_eq!(before.len(), size as usize);
            let moved = after.iter().filter(|rank| !before.contains(rank)).count() as f64;
            prop_assert!((moved - part.min(1.0) * size as f64).abs() <= 1.0, "{} of {} in {} stays", moved, size, part);
        }
    }

    #[test]
    fn limits_are_where_they_should_be() {
        assert!(WorkingSet::new(10, 10, 1).is_ok());
        assert_eq!(WorkingSet::new(10, 11, 1), Err(KeysError::WorkingSet { size: 11, n_keys: 10 }));
        assert!(WorkingSet::new(10, 0, 1).is_err() && WorkingSet::new(0, 0, 1).is_err());
        assert_eq!(WorkingSet::new(10, 5, 0), Err(KeysError::Stay));
    }
}
