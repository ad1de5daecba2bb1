//! The rows of a node: versions by key. What was never written is at version 0 and takes no room.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Any constant: the table is never iterated, so the seed shows nowhere.
const SEED: u64 = 0x0da7_aba5;

/// Versions by key.
#[derive(Clone, Debug)]
pub enum Rows {
    /// The node has all keys: an array, 4 bytes each, and the number of those that were written.
    All(Vec<u32>, u64),
    /// It has a part of them, scattered: a table of those that were written, 9 bytes each at a load of 7/16 to 7/8.
    Some(HashMap<u32, u32, FixedState>),
}

impl Rows {
    /// No row was written yet; `scattered` if the node has a part of the keys only.
    pub fn new(scattered: bool) -> Self {
        match scattered {
            true => Rows::Some(HashMap::with_hasher(FixedState::with_seed(SEED))),
            false => Rows::All(Vec::new(), 0),
        }
    }

    /// The version of a row.
    #[inline]
    pub fn get(&self, key: u64) -> u32 {
        match self {
            Rows::All(rows, _) => rows.get(key as usize).copied().unwrap_or(0),
            Rows::Some(rows) => rows.get(&(key as u32)).copied().unwrap_or(0),
        }
    }

    /// A row changes; version 0 means that it was never written.
    pub fn set(&mut self, key: u64, version: u32) {
        match self {
            Rows::All(rows, written) => {
                let index = key as usize;
                if index >= rows.len() {
                    rows.resize((index + 1).next_power_of_two(), 0);
                }
                *written = *written + u64::from(version > 0) - u64::from(rows[index] > 0);
                rows[index] = version;
            }
            Rows::Some(rows) if version == 0 => {
                rows.remove(&(key as u32));
            }
            Rows::Some(rows) => {
                rows.insert(key as u32, version);
            }
        }
    }

    /// How many rows have been written.
    pub fn written(&self) -> u64 {
        match self {
            Rows::All(_, written) => *written,
            Rows::Some(rows) => rows.len() as u64,
        }
    }

    /// All gone.
    pub fn clear(&mut self) {
        match self {
            Rows::All(rows, written) => {
                rows.clear();
                *written = 0;
            }
            Rows::Some(rows) => rows.clear(),
        }
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
                all.set(key, version);
                some.set(key, version);
            }
            prop_assert_eq!(all.written(), some.written());
            prop_assert!((0..60).all(|key| all.get(key) == some.get(key)));
        }
    }
}
