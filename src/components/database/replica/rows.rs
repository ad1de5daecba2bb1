//! The rows of a node: versions by key, and what they were a moment ago. What was never written is at version 0 and takes no room.

use super::wire::{ERASE, MIRROR};
use crate::components::database::past::Past;
use crate::kernel::Time;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Any constant: the table is never iterated, so the seed shows nowhere.
const SEED: u64 = 0x0da7_aba5;

#[derive(Clone, Debug)]
enum Kept {
    /// The node has all keys: an array, 4 bytes each, and the number of those that were written.
    All(Vec<u32>, u64),
    /// It has a part of them, scattered: a table of those that were written, 9 bytes each at a load of 7/16 to 7/8.
    Some(HashMap<u32, u32, FixedState>),
}

/// Versions by key.
#[derive(Clone, Debug)]
pub struct Rows {
    kept: Kept,
    past: Past,
    /// The latest resharding that has brought a row here.
    resharding: u32,
}

impl Rows {
    /// No row was written yet; `scattered` if the node has a part of the keys only.
    pub fn new(scattered: bool) -> Self {
        let kept = match scattered {
            true => Kept::Some(HashMap::with_hasher(FixedState::with_seed(SEED))),
            false => Kept::All(Vec::new(), 0),
        };
        Rows { kept, past: Past::default(), resharding: 0 }
    }

    /// Whether a message of a resharding comes too late: an erasure of an earlier one may be about a row that has come back with a later one
    /// (what is sent to a silent machine arrives when that is back).
    pub fn comes_too_late(&mut self, verb: u16, resharding: u32) -> bool {
        if verb == MIRROR {
            self.resharding = self.resharding.max(resharding);
        }
        verb == ERASE && resharding < self.resharding
    }

    /// The version of a row.
    #[inline]
    pub fn get(&self, key: u64) -> u32 {
        match &self.kept {
            Kept::All(rows, _) => rows.get(key as usize).copied().unwrap_or(0),
            Kept::Some(rows) => rows.get(&(key as u32)).copied().unwrap_or(0),
        }
    }

    /// A statement that reads will take so long (see [`Past::expect`]).
    #[inline]
    pub fn expect(&mut self, length: Time) {
        self.past.expect(length);
    }

    /// The version of a row that a statement sees, which began at a time that is asked for only if the row has changed lately.
    #[inline]
    pub fn seen(&self, key: u64, begun: impl Fn() -> Time) -> u32 {
        self.past.seen(key, self.get(key), begun)
    }

    /// A row changes; version 0 means that it was never written.
    pub fn set(&mut self, key: u64, version: u32, now: Time) {
        self.past.changes(key, self.get(key), now);
        match &mut self.kept {
            Kept::All(rows, written) => {
                let index = key as usize;
                if index >= rows.len() {
                    rows.resize((index + 1).next_power_of_two(), 0);
                }
                *written = *written + u64::from(version > 0) - u64::from(rows[index] > 0);
                rows[index] = version;
            }
            Kept::Some(rows) if version == 0 => {
                rows.remove(&(key as u32));
            }
            Kept::Some(rows) => {
                rows.insert(key as u32, version);
            }
        }
    }

    /// How many rows have been written.
    pub fn written(&self) -> u64 {
        match &self.kept {
            Kept::All(_, written) => *written,
            Kept::Some(rows) => rows.len() as u64,
        }
    }

    /// All gone.
    pub fn clear(&mut self) {
        match &mut self.kept {
            Kept::All(rows, written) => {
                rows.clear();
                *written = 0;
            }
            Kept::Some(rows) => rows.clear(),
        }
        self.past.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ways_keep_the_same(writes in prop::collection::vec((0u64..50, 0u32..9), 0..80)) {
            let (mut all, mut some) = (Rows::new(false), Rows::new(true));
            for (key, version) in writes {
                all.set(key, version, 0);
                some.set(key, version, 0);
            }
            prop_assert_eq!(all.written(), some.written());
            prop_assert!((0..60).all(|key| all.get(key) == some.get(key)));
        }
    }

    #[test]
    fn a_statement_sees_what_was_there_when_it_began() {
        for mut rows in [Rows::new(false), Rows::new(true)] {
            rows.expect(10);
            rows.set(3, 7, 100);
            rows.set(3, 8, 105);
            assert_eq!([99, 100, 104, 105].map(|begun| rows.seen(3, || begun)), [0, 7, 7, 8]);
            assert_eq!((rows.seen(4, || unreachable!()), rows.get(3)), (0, 8));
            rows.clear();
            assert_eq!(rows.seen(3, || 99), 0);
        }
    }
}
