//! A map with a bound: the oldest entry makes room.

use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// What is known of some keys, at most `most` of them.
#[derive(Clone, Debug)]
pub(super) struct Recent<V> {
    /// Looked up, never iterated.
    entries: HashMap<u64, (u64, V), FixedState>,
    /// Keys in the order of their entries; one whose number is not that of its entry has been replaced or removed.
    order: VecDeque<(u64, u64)>,
    number: u64,
    most: usize,
}

impl<V: Copy> Recent<V> {
    pub fn new(most: usize) -> Self {
        let entries = HashMap::with_hasher(FixedState::with_seed(0));
        Recent { entries, order: VecDeque::new(), number: 0, most }
    }

    pub fn get(&self, key: u64) -> Option<V> {
        if self.entries.is_empty() { None } else { self.entries.get(&key).map(|(_, value)| *value) }
    }

    /// Puts an entry in, now the youngest. Returns what the oldest held if that had to go.
    pub fn insert(&mut self, key: u64, value: V) -> Option<V> {
        self.number += 1;
        self.entries.insert(key, (self.number, value));
        self.order.push_back((key, self.number));
        let evicted = if self.entries.len() > self.most { self.pop_oldest() } else { None };
        // Removed and replaced entries leave their places in the order behind: swept when they are the most.
        if self.order.len() > 2 * self.entries.len() + 16 {
            let entries = &self.entries;
            self.order.retain(|(key, number)| entries.get(key).is_some_and(|entry| entry.0 == *number));
        }
        evicted
    }

    fn pop_oldest(&mut self) -> Option<V> {
        while let Some((key, number)) = self.order.pop_front() {
            if self.entries.get(&key).is_some_and(|entry| entry.0 == number) {
                return self.entries.remove(&key).map(|(_, value)| value);
            }
        }
        None
    }

    pub fn remove(&mut self, key: u64) -> Option<V> {
        if self.entries.is_empty() { None } else { self.entries.remove(&key).map(|(_, value)| value) }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain list, youngest last.
        #[test]
        fn the_oldest_makes_room(
            most in 1_usize..6,
            steps in prop::collection::vec((0_u64..10, any::<bool>()), 0..300),
        ) {
            let mut recent = Recent::new(most);
            let mut plain: Vec<(u64, usize)> = Vec::new();
            for (step, (key, inserts)) in steps.into_iter().enumerate() {
                let there = plain.iter().position(|entry| entry.0 == key);
                let old = there.map(|at| plain.remove(at).1);
                if inserts {
                    plain.push((key, step));
                    let evicted = (plain.len() > most).then(|| plain.remove(0).1);
                    prop_assert_eq!(recent.insert(key, step), evicted);
                } else {
                    prop_assert_eq!(recent.remove(key), old);
                }
                prop_assert_eq!(recent.len(), plain.len());
                prop_assert!(recent.order.len() <= 2 * most + 17);
                for (key, value) in &plain {
                    prop_assert_eq!(recent.get(*key), Some(*value));
                }
            }
        }
    }
}
