//! 2Q: what is new waits in a FIFO of a quarter of the room (A1in) and is remembered for a while after that (A1out); only
//! what is wanted while it is remembered enters the main LRU (Am).
//!
//! A scan passes through the FIFO and leaves the LRU alone. The wrong choice when what is new is wanted again at once and
//! then never more, since the burst costs a quarter of the room. The full version of the paper, sizes as in libCacheSim.

use super::ghost::Ghost;
use super::list::{Links, List, NIL};
use super::queue::{Places, Queue};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "2q",
    about: "only what is wanted again after a while enters the LRU of lasting items",
    source: "Johnson & Shasha, 2Q: a low overhead high performance buffer management algorithm, VLDB 1994",
    wrong_when: "bursts on what is new, never wanted after",
};

const IN_SHARE: f64 = 0.25;
const OUT_SHARE: f64 = 0.5;

/// A1in, A1out and Am.
#[derive(Clone)]
pub struct TwoQ {
    fresh: Queue,
    places: Places,
    remembered: Ghost,
    lasting: List,
    links: Links,
    /// Whether the item in a slot is in Am.
    is_lasting: Vec<bool>,
    fresh_weight: u64,
    fresh_capacity: u64,
    returns: bool,
}

impl Eviction for TwoQ {
    fn new(plan: &Plan) -> Self {
        TwoQ {
            fresh: Queue::default(),
            places: Places::default(),
            remembered: Ghost::new(plan.keys, plan.share(OUT_SHARE)),
            lasting: List::default(),
            links: Links::with_capacity(plan.expected),
            is_lasting: Vec::with_capacity(plan.expected),
            fresh_weight: 0,
            fresh_capacity: plan.share(IN_SHARE),
            returns: false,
        }
    }
    #[inline]
    fn expect(&mut self, key: u64, _weight: u64) {
        self.returns = self.remembered.take(key);
    }
    #[inline]
    fn insert(&mut self, slot: u32, view: View<'_>) {
        if slot as usize >= self.is_lasting.len() {
            self.is_lasting.resize(slot as usize + 1, false);
        }
        self.is_lasting[slot as usize] = self.returns;
        if self.returns {
            return self.lasting.push(slot, &mut self.links);
        }
        self.fresh.push(slot, &mut self.places);
        self.fresh_weight += view.weight(slot);
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        if self.is_lasting[slot as usize] {
            self.lasting.refresh(slot, &mut self.links);
        }
    }
    #[inline]
    fn evict(&mut self, view: View<'_>) -> u32 {
        let oldest = self.lasting.tail();
        if oldest != NIL && self.fresh_weight <= self.fresh_capacity {
            self.lasting.unlink(oldest, &mut self.links);
            return oldest;
        }
        let slot = self.fresh.pop().expect("an item");
        let weight = view.weight(slot);
        self.fresh_weight -= weight;
        self.remembered.push(view.key(slot), weight);
        slot
    }
    fn remove(&mut self, slot: u32, view: View<'_>) {
        if self.is_lasting[slot as usize] {
            return self.lasting.unlink(slot, &mut self.links);
        }
        self.fresh.remove(slot, &mut self.places);
        self.fresh_weight -= view.weight(slot);
    }
    fn reweighed(&mut self, slot: u32, old: u64, new: u64) {
        if !self.is_lasting[slot as usize] {
            self.fresh_weight = self.fresh_weight - old + new;
        }
    }
    fn clear(&mut self) {
        self.fresh.clear();
        self.remembered.clear();
        self.lasting = List::default();
        self.fresh_weight = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn a_scan_leaves_the_lasting_items_alone() {
        let mut cache = Scenario::of("2q", 8);
        cache.want(&(0..9).collect::<Vec<_>>());
        assert!(!cache.keys().contains(&0));
        cache.want(&[0]);
        cache.want(&(100..200).collect::<Vec<_>>());
        assert!(cache.keys().contains(&0), "it was wanted while it was remembered");
        assert!(!cache.keys().contains(&8));
    }
}
