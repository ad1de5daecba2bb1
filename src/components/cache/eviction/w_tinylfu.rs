//! W-TinyLFU: new items enter a small window of 1 %, an LRU; what falls out of it may enter the main room only if it was
//! wanted more often lately than what would have to go for it. The main room is a segmented LRU, 80 % of it protected.
//!
//! Frequency is remembered for items that are not there too, in a small sketch that forgets. The policy of Caffeine. The wrong choice
//! when recency is all that counts: new items have 1 % of the room to prove themselves.

use super::list::{Links, List, NIL};
use super::sketch::Sketch;
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "w_tinylfu",
    about: "what leaves a small window must have been wanted more often than what it would replace",
    source: "Einziger, Friedman & Manes, TinyLFU: a highly efficient cache admission policy, ACM TOS 2017",
    wrong_when: "recency is all that counts: new items have 1 % of the room to prove themselves",
};

const WINDOW_SHARE: f64 = 0.01;
const PROTECTED_SHARE: f64 = 0.8;

const WINDOW: usize = 0;
const PROBATION: usize = 1;
const PROTECTED: usize = 2;

/// Three LRU lists and the sketch.
#[derive(Clone)]
pub struct WTinyLfu {
    lists: [List; 3],
    weights: [u64; 3],
    links: Links,
    /// The list of each slot.
    place: Vec<u8>,
    sketch: Sketch,
    items: u64,
    window_capacity: u64,
    protected_capacity: u64,
    incoming: u64,
}

impl WTinyLfu {
    fn push(&mut self, slot: u32, list: usize, weight: u64) {
        self.place[slot as usize] = list as u8;
        self.weights[list] += weight;
        self.lists[list].push(slot, &mut self.links);
    }

    fn unlink(&mut self, slot: u32, weight: u64) -> usize {
        let list = usize::from(self.place[slot as usize]);
        self.weights[list] -= weight;
        self.lists[list].unlink(slot, &mut self.links);
        list
    }

    fn shift(&mut self, slot: u32, list: usize, view: View<'_>) {
        let weight = view.weight(slot);
        self.unlink(slot, weight);
        self.push(slot, list, weight);
    }

    fn take(&mut self, slot: u32, view: View<'_>) -> u32 {
        self.unlink(slot, view.weight(slot));
        self.items -= 1;
        slot
    }

    /// Who goes first in the main room.
    fn victim(&self) -> u32 {
        match self.lists[PROBATION].tail() {
            NIL => self.lists[PROTECTED].tail(),
            slot => slot,
        }
    }

    /// The oldest of the window against the next to go of the main room: the one wanted less goes.
    fn duel(&mut self, candidate: u32, victim: u32, view: View<'_>) -> u32 {
        let wanted = |slot| self.sketch.estimate(view.key(slot));
        if wanted(candidate) > wanted(victim) {
            self.shift(candidate, PROBATION, view);
            return self.take(victim, view);
        }
        self.take(candidate, view)
    }
}

impl Eviction for WTinyLfu {
    fn new(plan: &Plan) -> Self {
        let window_capacity = plan.share(WINDOW_SHARE).max(1);
        let main = (plan.capacity - window_capacity) as f64;
        WTinyLfu {
            lists: [List::default(); 3],
            weights: [0; 3],
            links: Links::with_capacity(plan.expected),
            place: Vec::with_capacity(plan.expected),
            sketch: Sketch::new(plan.expected as u64),
            items: 0,
            window_capacity,
            protected_capacity: (main * PROTECTED_SHARE) as u64,
            incoming: 0,
        }
    }
    fn expect(&mut self, key: u64, weight: u64) {
        self.incoming = weight;
        self.sketch.count(key);
    }
    fn insert(&mut self, slot: u32, view: View<'_>) {
        if slot as usize >= self.place.len() {
            self.place.resize(slot as usize + 1, 0);
        }
        self.items += 1;
        if self.items > self.sketch.items() {
            // Bounded in bytes, it holds more items than expected: a larger sketch begins from nothing, as in Caffeine.
            self.sketch = Sketch::new(2 * self.items);
        }
        self.push(slot, WINDOW, view.weight(slot));
        while self.weights[WINDOW] > self.window_capacity && self.lists[WINDOW].tail() != slot {
            self.shift(self.lists[WINDOW].tail(), PROBATION, view);
        }
    }
    fn hit(&mut self, slot: u32, view: View<'_>) {
        self.sketch.count(view.key(slot));
        let list = usize::from(self.place[slot as usize]);
        if list != PROBATION {
            return self.lists[list].refresh(slot, &mut self.links);
        }
        self.shift(slot, PROTECTED, view);
        while self.weights[PROTECTED] > self.protected_capacity {
            self.shift(self.lists[PROTECTED].tail(), PROBATION, view);
        }
    }
    fn evict(&mut self, view: View<'_>) -> u32 {
        let overflows = self.weights[WINDOW] + self.incoming > self.window_capacity;
        match (self.lists[WINDOW].tail(), self.victim()) {
            (candidate, NIL) => self.take(candidate, view),
            (candidate, victim) if overflows && candidate != NIL => self.duel(candidate, victim, view),
            (_, victim) => self.take(victim, view),
        }
    }
    fn remove(&mut self, slot: u32, view: View<'_>) {
        self.take(slot, view);
    }
    fn reweighed(&mut self, slot: u32, old: u64, new: u64) {
        let weight = &mut self.weights[usize::from(self.place[slot as usize])];
        *weight = *weight - old + new;
    }
    fn grows(&mut self, by: u64) {
        self.incoming = by;
    }
    fn clear(&mut self) {
        self.lists = [List::default(); 3];
        self.weights = [0; 3];
        self.items = 0;
        self.sketch.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn newcomers_must_be_wanted_more_than_what_they_replace() {
        let mut cache = Scenario::of("w_tinylfu", 5);
        cache.want(&[1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
        cache.want(&[100, 101, 102, 103, 104, 105, 106]);
        assert_eq!(cache.keys(), [1, 2, 3, 4, 106], "a scan stays in the window");
        cache.want(&[200, 300, 200, 300, 200, 300, 200, 300, 200, 300]);
        assert!(cache.keys().contains(&200), "wanted more often than the least of the others");
    }
}
