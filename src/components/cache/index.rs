//! Where the item of a key is.

use super::dense::{Dense, MARKED, NOWHERE};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Larger key spaces are hashed: a table of them would cost more memory than the items.
pub const DENSE_KEYS_AT_MOST: u64 = 1 << 28;

/// A place below 2^31 for each key that is there. A key that is gone may leave a mark, which an eviction policy understands: it
/// lies where the place was, so that whoever looks for the key has it at hand.
#[derive(Clone, Debug)]
pub enum Index {
    /// Small keys: a table.
    Dense(Dense),
    /// Any keys: places, and from [`MARKED`] up marks. Never iterated; the hash is fixed.
    Hashed(HashMap<u64, u32, FixedState>),
}

// Out of line: hashing is long, and would drag the short way along into what is too long to be inlined.

#[inline(never)]
fn hashed(map: &HashMap<u64, u32, FixedState>, key: u64) -> u32 {
    map.get(&key).copied().unwrap_or(NOWHERE)
}

#[inline(never)]
fn set_hashed(map: &mut HashMap<u64, u32, FixedState>, key: u64, entry: u32) {
    map.insert(key, entry);
}

#[inline(never)]
fn remove_hashed(map: &mut HashMap<u64, u32, FixedState>, key: u64) {
    map.remove(&key);
}

impl Index {
    /// An empty index of keys in `0..keys`, or of any keys; `expected` is how many will be in it.
    pub fn new(keys: Option<u64>, expected: usize) -> Self {
        match keys {
            Some(keys) if keys <= DENSE_KEYS_AT_MOST => Index::Dense(Dense::new(keys as usize)),
            _ => Index::Hashed(HashMap::with_capacity_and_hasher(expected, FixedState::with_seed(0))),
        }
    }

    /// The place of a key.
    #[inline(always)]
    pub fn find(&self, key: u64) -> Option<u32> {
        match self {
            Index::Dense(table) => table.place(key),
            Index::Hashed(map) => Some(hashed(map, key)).filter(|place| *place < MARKED),
        }
    }

    /// The key will be looked for soon. (A hashed one lies where only its map can tell.)
    #[inline]
    pub fn foresee(&self, key: u64) {
        if let Index::Dense(table) = self {
            table.foresee(key);
        }
    }

    /// What is kept under a key will change soon.
    #[inline(always)]
    pub fn foresee_entry(&self, key: u64) {
        if let Index::Dense(table) = self {
            table.foresee_entry(key);
        }
    }

    /// The mark of a key that is in no place.
    #[inline]
    pub fn mark(&self, key: u64) -> Option<u32> {
        match self {
            Index::Dense(table) => table.mark(key),
            Index::Hashed(map) => {
                let marked = Some(hashed(map, key)).filter(|entry| (MARKED..NOWHERE).contains(entry));
                marked.map(|entry| entry - MARKED)
            }
        }
    }

    /// A key that is there leaves its place and a mark below 2^31 - 1.
    #[inline]
    pub fn leave_mark(&mut self, key: u64, mark: u32) {
        debug_assert!(mark < NOWHERE - MARKED);
        match self {
            Index::Dense(table) => table.set_mark(key, mark),
            Index::Hashed(map) => set_hashed(map, key, MARKED + mark),
        }
    }

    /// Forgets a key that has this mark; whether it had.
    #[inline]
    pub fn forget_mark(&mut self, key: u64, mark: u32) -> bool {
        match self {
            Index::Dense(table) => table.forget_mark(key, mark),
            Index::Hashed(map) => {
                let has = hashed(map, key) == MARKED + mark;
                if has {
                    remove_hashed(map, key);
                }
                has
            }
        }
    }

    /// Gives a key its place.
    #[inline(always)]
    pub fn set(&mut self, key: u64, place: u32) {
        debug_assert!(place < MARKED);
        match self {
            Index::Dense(table) => table.set_place(key, place),
            Index::Hashed(map) => set_hashed(map, key, place),
        }
    }

    /// Forgets a key that is there.
    #[inline(always)]
    pub fn remove(&mut self, key: u64) {
        match self {
            Index::Dense(table) => table.remove(key),
            Index::Hashed(map) => remove_hashed(map, key),
        }
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        match self {
            Index::Dense(table) => table.clear(),
            Index::Hashed(map) => map.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_find_what_was_set() {
        for mut index in [Index::new(Some(4), 4), Index::new(None, 4)] {
            index.set(3, 7);
            index.set(900, 8);
            assert_eq!((index.find(3), index.find(900), index.find(5)), (Some(7), Some(8), None));
            index.remove(3);
            assert_eq!(index.find(3), None);
            index.clear();
            assert_eq!(index.find(900), None);
        }
    }

    #[test]
    fn marks_are_no_places() {
        for mut index in [Index::new(Some(4), 4), Index::new(None, 4)] {
            (0..3).for_each(|key| index.set(key, 9));
            index.leave_mark(0, 5);
            index.leave_mark(1, 6);
            assert_eq!(
                (index.find(0), index.mark(0), index.mark(2), index.mark(3)),
                (None, Some(5), None, None)
            );
            assert!(!index.forget_mark(0, 6) && index.forget_mark(0, 5) && !index.forget_mark(0, 5));
            assert_eq!((index.mark(0), index.mark(1), index.find(2)), (None, Some(6), Some(9)));
            index.set(1, 7);
            assert_eq!((index.find(1), index.mark(1)), (Some(7), None));
        }
    }
}
