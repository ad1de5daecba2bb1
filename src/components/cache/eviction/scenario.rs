//! Short stories for the tests of policies: keys are wanted one after the other; what is missing is put in.

use super::super::shelf::{Item, Shelf, ShelfPlan};
use super::by_name;
use crate::kernel::{NEVER, SECOND};

pub struct Scenario {
    shelf: Box<dyn Shelf>,
    seen: Vec<u64>,
    now: u64,
}

impl Scenario {
    /// An empty cache with room for so many items.
    pub fn of(policy: &str, items: u64) -> Self {
        let plan = ShelfPlan { items: Some(items), bytes: None, keys: None, overhead: 0 };
        Scenario { shelf: by_name(policy, &plan).expect("a policy"), seen: Vec::new(), now: 0 }
    }

    /// Wants keys, one a second.
    pub fn want(&mut self, keys: &[u64]) {
        for &key in keys {
            self.now += SECOND;
            self.seen.push(key);
            if self.shelf.get(key, self.now).is_none() {
                self.shelf.put(Item { key, version: 0, bytes: 1, expires: NEVER }, self.now);
            }
        }
    }

    /// The keys that are there, in order; asked of a copy, so that asking is no use.
    pub fn keys(&self) -> Vec<u64> {
        let mut keys = self.seen.clone();
        keys.sort_unstable();
        keys.dedup();
        let mut copy = self.shelf.fork();
        keys.retain(|key| copy.get(*key, self.now).is_some());
        keys
    }

    /// Empties the cache.
    pub fn clear(&mut self) {
        self.shelf.clear();
        self.seen.clear();
    }
}
