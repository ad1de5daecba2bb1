//! Where the item of a key is.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// "In no place, without a mark"; places and marks are smaller.
const NOWHERE: u32 = u32::MAX;
/// From here on: marks of keys that are in no place. Places are smaller.
const MARKED: u32 = 1 << 31;
/// Larger key spaces are hashed: a table of them would cost more memory than the items.
const DENSE_KEYS_AT_MOST: u64 = 1 << 28;

/// A place below 2^31 for each key that is there. A key that is gone may leave a mark, which an eviction policy understands: it
/// lies where the place was, so that whoever looks for the key has it at hand.
#[derive(Clone, Debug)]
pub enum Index {
    /// Small keys: a table. Grows to the largest key seen.
    Dense(Vec<u32>),
    /// Any keys. Never iterated; the hash is fixed.
    Hashed(HashMap<u64, u32, FixedState>),
}

impl Index {
    /// An empty index of keys in `0..keys`, or of any keys; `expected` is how many will be in it.
    pub fn new(keys: Option<u64>, expected: usize) -> Self {
        match keys {
            Some(keys) if keys <= DENSE_KEYS_AT_MOST => Index::Dense(vec![NOWHERE; keys as usize]),
            _ => Index::Hashed(HashMap::with_capacity_and_hasher(expected, FixedState::with_seed(0))),
        }
    }

    #[inline]
    fn entry(&self, key: u64) -> u32 {
        match self {
            Index::Dense(table) => table.get(key as usize).copied().unwrap_or(NOWHERE),
            Index::Hashed(map) => map.get(&key).copied().unwrap_or(NOWHERE),
        }
    }

    /// The place of a key.
    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        Some(self.entry(key)).filter(|place| *place < MARKED)
    }

    /// The mark of a key that is in no place.
    #[inline]
    pub fn mark(&self, key: u64) -> Option<u32> {
        Some(self.entry(key)).filter(|entry| (MARKED..NOWHERE).contains(entry)).map(|entry| entry - MARKED)
    }

    /// A key that is there leaves its place and a mark below 2^31 - 1.
    #[inline]
    pub fn leave_mark(&mut self, key: u64, mark: u32) {
        debug_assert!(mark < NOWHERE - MARKED);
        self.put(key, MARKED + mark);
    }

    /// Gives each mark another number, or none.
    pub fn renumber(&mut self, mut renumber: impl FnMut(u32) -> Option<u32>) {
        let mut anew = |entry: &mut u32| {
            if (MARKED..NOWHERE).contains(entry) {
                *entry = renumber(*entry - MARKED).map_or(NOWHERE, |mark| MARKED + mark);
            }
            *entry != NOWHERE
        };
        match self {
            Index::Dense(table) => table.iter_mut().for_each(|entry| _ = anew(entry)),
            // The order does not matter: each entry changes by itself.
            Index::Hashed(map) => map.retain(|_, entry| anew(entry)),
        }
    }

    /// Entries that a walk passes even if nothing is held.
    pub fn span(&self) -> usize {
        match self {
            Index::Dense(table) => table.len(),
            Index::Hashed(_) => 0,
        }
    }

    /// Gives a key its place.
    #[inline]
    pub fn set(&mut self, key: u64, place: u32) {
        debug_assert!(place < MARKED);
        self.put(key, place);
    }

    #[inline]
    fn put(&mut self, key: u64, entry: u32) {
        match self {
            Index::Dense(table) => {
                if key as usize >= table.len() {
                    table.resize((key as usize + 1).next_power_of_two(), NOWHERE);
                }
                table[key as usize] = entry;
            }
            Index::Hashed(map) => {
                map.insert(key, entry);
            }
        }
    }

    /// Forgets a key that is there.
    #[inline]
    pub fn remove(&mut self, key: u64) {
        match self {
            Index::Dense(table) => table[key as usize] = NOWHERE,
            Index::Hashed(map) => {
                map.remove(&key);
            }
        }
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        match self {
            Index::Dense(table) => table.fill(NOWHERE),
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
            index.renumber(|mark| (mark != 5).then(|| mark - 6));
            assert_eq!((index.mark(0), index.mark(1), index.find(2)), (None, Some(0), Some(9)));
            index.set(1, 7);
            assert_eq!((index.find(1), index.mark(1)), (Some(7), None));
        }
    }
}
