//! Least frequently used: what was wanted least often since it came in goes; of equals, the one that
//! reached its count first.
//!
//! Counts are forgotten at eviction (in-cache LFU). One list per count makes every operation O(1) but the search
//! for the lowest count, which starts where it ended (Shah, Mitra & Matani 2010). Good when popularity is
//! lasting. The wrong choice when it shifts: yesterday's favourites keep their counts and stay.

use super::list::{Links, List, NIL};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "lfu",
    about: "least frequently used goes, of equals the one that reached its count first",
    source: "Shah, Mitra & Matani, An O(1) algorithm for LFU, 2010; tie rule as in libCacheSim",
    wrong_when: "popularity shifts: yesterday's favourites stay",
};

/// Slots by how often they were wanted.
#[derive(Clone)]
pub struct Lfu {
    counts: Vec<u32>,
    /// The list of each count.
    lists: Vec<List>,
    links: Links,
    /// No item has a lower count.
    lowest: u32,
}

impl Lfu {
    #[inline]
    fn enter(&mut self, slot: u32, count: u32) {
        if count as usize >= self.lists.len() {
            self.lists.resize((count as usize + 1).next_power_of_two(), List::default());
        }
        self.counts[slot as usize] = count;
        self.lists[count as usize].push(slot, &mut self.links);
    }
}

impl Eviction for Lfu {
    fn new(plan: &Plan) -> Self {
        Lfu {
            counts: Vec::with_capacity(plan.expected),
            lists: vec![List::default(); 64],
            links: Links::with_capacity(plan.expected),
            lowest: 1,
        }
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        if slot as usize >= self.counts.len() {
            self.counts.resize(slot as usize + 1, 0);
        }
        self.lowest = 1;
        self.enter(slot, 1);
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        let count = self.counts[slot as usize];
        self.lists[count as usize].unlink(slot, &mut self.links);
        self.enter(slot, count + 1);
    }
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        while self.lists[self.lowest as usize].tail() == NIL {
            self.lowest += 1;
        }
        let list = &mut self.lists[self.lowest as usize];
        let slot = list.tail();
        list.unlink(slot, &mut self.links);
        slot
    }
    #[inline]
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        let count = self.counts[slot as usize];
        self.lists[count as usize].unlink(slot, &mut self.links);
    }
    fn clear(&mut self) {
        self.lists.fill(List::default());
        self.lowest = 1;
    }
}
