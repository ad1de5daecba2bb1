//! Acknowledgements of keys that are written often, for copies that lag behind by more than four versions.
//!
//! Each key keeps the times of its last four acknowledgements. From the first stale read on, of whatever key, more are kept of all keys: all acknowledgements of a while, and older ones thinned out so that neighbours differ by a part of their age. An age
//! is thus known to 1/64, for a few hundred entries per key; what was acknowledged before that moment, and keys for which there was no
//! room, have a lower bound (such reads are counted). Who never reads a copy pays nothing.

use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Acknowledgements kept in all: 64 MiB.
const KEPT_AT_MOST: usize = 1 << 22;
/// What a key takes beside its acknowledgements, in their number.
const KEY: usize = 8;
/// A key with so many is thinned out.
const THINNED_AT: usize = 4096;
/// So many of its newest are left alone.
const NEWEST: usize = 1024;
/// Older ones differ from their neighbours by more than this part of their age.
const PART: u64 = 64;

/// An acknowledgement: version and time, both rising.
type Acknowledged = (u32, u64);

/// What is known of a key from the moment on from which it is followed.
#[derive(Clone, Debug)]
struct Followed {
    /// The newest version acknowledged before.
    after: u32,
    acknowledged: Vec<Acknowledged>,
}

/// The keys. Never iterated; the hash is fixed.
#[derive(Clone, Debug)]
pub(super) struct Older {
    /// Whether keys are followed.
    follows: bool,
    keys: HashMap<u64, Followed, FixedState>,
    kept: usize,
    kept_at_most: usize,
}

impl Default for Older {
    fn default() -> Self {
        Older {
            follows: false,
            keys: HashMap::with_hasher(FixedState::with_seed(0)),
            kept: 0,
            kept_at_most: KEPT_AT_MOST,
        }
    }
}

impl Older {
    /// A version of a key is acknowledged, whose newest acknowledged version was `before`.
    #[inline]
    pub fn acknowledge(&mut self, key: u64, before: u32, version: u32, now_ns: u64) {
        if self.follows {
            self.keep(key, before, version, now_ns);
        }
    }

    fn keep(&mut self, key: u64, before: u32, version: u32, now_ns: u64) {
        let Followed { after, acknowledged: all } = match self.keys.entry(key) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(_) if self.kept + KEY >= self.kept_at_most => return,
            Entry::Vacant(free) => {
                self.kept += KEY;
                free.insert(Followed { after: before, acknowledged: Vec::new() })
            }
        };
        // A late acknowledgement of an older version outdates nothing that the newer one has not.
        if version <= all.last().map_or(*after, |last| last.0) {
            return;
        }
        all.push((version, now_ns));
        self.kept += 1;
        if all.len() >= THINNED_AT {
            let before = all.len();
            thin_out(all);
            self.kept -= before - all.len();
        }
        if self.kept > self.kept_at_most {
            self.forget(key);
        }
    }

    /// Bytes held, about.
    pub fn memory_bytes(&self) -> u64 {
        (self.kept * size_of::<Acknowledged>()) as u64
    }

    /// Versions of a key are lost: what was passed over for their sake may count now.
    #[inline]
    pub fn rollback(&mut self, key: u64) {
        if self.follows {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: u64) {
        self.kept -= self.keys.remove(&key).map_or(0, |followed| KEY + followed.acknowledged.len());
    }

    /// There are copies: a read was stale.
    #[inline]
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// A read of a key has returned a version that was outdated before all that its record knows. When; `None`: nobody knows.
    pub fn outdated_since(&self, key: u64, version: u32) -> Option<u64> {
        let followed = self.keys.get(&key).filter(|followed| version >= followed.after)?;
        let newer = followed.acknowledged.partition_point(|kept| kept.0 <= version);
        followed.acknowledged.get(newer).map(|kept| kept.1)
    }
}

/// Of old ones, leaves out those without whom the neighbours differ by no more than a part of their age.
fn thin_out(all: &mut Vec<Acknowledged>) {
    let now = all.last().map_or(0, |last| last.1);
    let old = all.len().saturating_sub(NEWEST);
    let mut newer = all[old].1;
    let mut kept = all.split_off(old);
    kept.reverse();
    for at in (0..old).rev() {
        let is_dense = at > 0 && newer - all[at - 1].1 <= (now - newer) / PART;
        if !is_dense {
            newer = all[at].1;
            kept.push(all[at]);
        }
    }
    kept.reverse();
    *all = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(before: u32, acknowledged: impl Iterator<Item = Acknowledged>) -> Older {
        let mut older = Older::default();
        older.acknowledge(7, 0, 1, 1);
        assert_eq!(older.outdated_since(7, 0), None, "nobody follows yet");
        older.follow();
        acknowledged.for_each(|(version, at)| older.acknowledge(7, before, version, at));
        older
    }

    #[test]
    fn the_first_newer_acknowledgement_counts() {
        let mut older = followed(4, [(5, 50), (7, 70), (6, 75), (9, 90)].into_iter());
        let since = [3, 4, 5, 6, 8, 9].map(|version| older.outdated_since(7, version));
        assert_eq!(
            since,
            [None, Some(50), Some(70), Some(70), Some(90), None],
            "from before 4 nothing is known"
        );
        older.rollback(7);
        assert_eq!((older.outdated_since(7, 5), older.kept), (None, 0));
    }

    #[test]
    fn ages_of_a_key_that_is_written_all_the_time_are_known_to_a_part() {
        let written = 1_000_000_u64;
        let older = followed(0, (1..=written).map(|n| (n as u32, 1000 * n)));
        assert!(older.kept <= THINNED_AT, "{}", older.kept);
        for behind in [1, 10, 1_000, 30_000, 500_000, 999_000] {
            let version = written - behind;
            let since = older.outdated_since(7, version as u32).expect("known");
            let (age, right) = (1000 * written - since, 1000 * (behind - 1));
            assert!(age <= right && right - age <= right / PART, "{age} instead of {right}");
        }
    }

    #[test]
    fn a_key_for_which_there_is_no_room_is_forgotten() {
        let mut older = Older { kept_at_most: 18, follows: true, ..Older::default() };
        (1..=11).for_each(|n| older.acknowledge(1, n - 1, n, u64::from(n)));
        assert_eq!((older.kept, older.keys.len()), (0, 0));
        older.acknowledge(1, 11, 12, 12);
        assert_eq!((older.outdated_since(1, 10), older.outdated_since(1, 11)), (None, Some(12)));
    }
}
