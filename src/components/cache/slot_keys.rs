//! Which keys each slot may have (Redis: slot to keys).

use super::cluster::slot;
use crate::parts::ring::SLOTS;

/// The keys put in, by slot. Evicted and expired ones stay in the lists until these have doubled, and are then swept out: that
/// costs a constant time per key on average, and nothing need be told of evictions.
#[derive(Clone, Default)]
pub(super) struct SlotKeys {
    slots: Vec<List>,
}

#[derive(Clone, Default)]
struct List {
    keys: Vec<u64>,
    /// Swept at this length.
    sweep_at: usize,
}

/// Lists are not swept below this length.
const SHORT: usize = 16;

impl SlotKeys {
    /// A key was put in that was not there; `is_there` tells of others.
    pub fn add(&mut self, key: u64, is_there: impl Fn(u64) -> bool) {
        if self.slots.is_empty() {
            self.slots = vec![List::default(); usize::from(SLOTS)];
        }
        let list = &mut self.slots[usize::from(slot(key))];
        list.keys.push(key);
        if list.keys.len() > list.sweep_at.max(SHORT) {
            list.sweep(is_there);
        }
    }

    /// The keys of a slot that are there, in order.
    pub fn of(&mut self, slot: u16, is_there: impl Fn(u64) -> bool) -> Vec<u64> {
        let Some(list) = self.slots.get_mut(usize::from(slot)) else { return Vec::new() };
        list.sweep(is_there);
        list.keys.clone()
    }

    /// The keys that a slot may have; it has none from now on.
    pub fn take(&mut self, slot: u16) -> Vec<u64> {
        self.slots.get_mut(usize::from(slot)).map(std::mem::take).unwrap_or_default().keys
    }
}

impl List {
    fn sweep(&mut self, is_there: impl Fn(u64) -> bool) {
        self.keys.retain(|key| is_there(*key));
        self.keys.sort_unstable();
        self.keys.dedup();
        self.sweep_at = 2 * self.keys.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_what_is_there_and_do_not_grow_with_what_was() {
        let mut keys = SlotKeys::default();
        for _ in 0..10_000 {
            keys.add(7, |key| key == 7);
        }
        let list = &keys.slots[usize::from(slot(7))].keys;
        assert!(list.len() <= SHORT + 1, "{}", list.len());
        assert_eq!(keys.of(slot(7), |_| true), [7]);
        assert!(keys.of(slot(7), |_| false).is_empty());
        keys.add(7, |_| true);
        assert_eq!((keys.take(slot(7)), keys.take(slot(7))), (vec![7], Vec::new()));
    }
}
