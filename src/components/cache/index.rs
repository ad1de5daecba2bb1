//! Where the item of a key is.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// "In no place"; places are smaller.
const NOWHERE: u32 = u32::MAX;
/// Larger key spaces are hashed: a table of them would cost more memory than the items.
const DENSE_KEYS_AT_MOST: u64 = 1 << 28;

/// A number below `u32::MAX` for each key that has one.
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

    /// The place of a key.
    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        match self {
            Index::Dense(table) => table.get(key as usize).copied().filter(|place| *place != NOWHERE),
            Index::Hashed(map) => map.get(&key).copied(),
        }
    }

    /// Gives a key its place.
    #[inline]
    pub fn set(&mut self, key: u64, place: u32) {
        debug_assert!(place != NOWHERE);
        match self {
            Index::Dense(table) => {
                if key as usize >= table.len() {
                    table.resize((key as usize + 1).next_power_of_two(), NOWHERE);
                }
                table[key as usize] = place;
            }
            Index::Hashed(map) => {
                map.insert(key, place);
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
}
