//! SIEVE: a hand moves from the oldest item to the newest; it spares and unmarks what was wanted, and evicts the first
//! that was not. It stays where it was.
//!
//! Unlike CLOCK, what is spared keeps its place, so new items are sieved soon and proven ones are left in peace. Made for the
//! web's skewed popularity. The wrong choice for scans and loops: it is not scan-resistant.

use super::bits::Bits;
use super::list::NIL;
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "sieve",
    about: "a hand passes from old to new, spares what was wanted and evicts the first that was not",
    source: "Zhang, Yang, Yue, Vigfusson & Rashmi, SIEVE is simpler than LRU, NSDI 2024",
    wrong_when: "scans and loops: what is wanted once more, but late, is gone",
};

/// So many holes never matter.
const HOLES_ALLOWED: usize = 64;

/// The order of insertion in one row, the oldest first. What is evicted leaves a hole; when more than half are
/// holes, all move up: no links are followed, and the hand reads memory in order.
#[derive(Clone)]
pub struct Sieve {
    row: Vec<u32>,
    /// Position of each slot in the row.
    places: Vec<u32>,
    wanted: Bits,
    hand: usize,
    live: usize,
}

impl Sieve {
    #[cold]
    fn move_up(&mut self) {
        let before = self.row[..self.hand].iter().filter(|slot| **slot != NIL).count();
        self.hand = before;
        self.row.retain(|slot| *slot != NIL);
        for (at, slot) in self.row.iter().enumerate() {
            self.places[*slot as usize] = at as u32;
        }
    }

    /// Behind the newest, the hand begins anew with the oldest: before anything newer comes in.
    #[inline]
    fn settle(&mut self) {
        while self.row.get(self.hand) == Some(&NIL) {
            self.hand += 1;
        }
        if self.hand == self.row.len() {
            self.hand = 0;
        }
    }
}

impl Eviction for Sieve {
    fn new(plan: &Plan) -> Self {
        let row = Vec::with_capacity(2 * plan.expected + HOLES_ALLOWED);
        Sieve { row, places: Vec::with_capacity(plan.expected), wanted: Bits::default(), hand: 0, live: 0 }
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        if self.row.len() > 2 * self.live + HOLES_ALLOWED {
            self.move_up();
        }
        if slot as usize >= self.places.len() {
            self.places.resize((slot as usize + 1).next_power_of_two(), 0);
        }
        self.places[slot as usize] = self.row.len() as u32;
        self.row.push(slot);
        self.live += 1;
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        self.wanted.set(slot);
    }
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        loop {
            let slot = self.row[self.hand];
            if slot != NIL && !self.wanted.take(slot) {
                self.row[self.hand] = NIL;
                self.live -= 1;
                self.settle();
                return slot;
            }
            self.hand += 1;
            if self.hand == self.row.len() {
                self.hand = 0;
            }
        }
    }
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        self.wanted.take(slot);
        self.row[self.places[slot as usize] as usize] = NIL;
        self.live -= 1;
        self.settle();
    }
    fn clear(&mut self) {
        self.row.clear();
        self.wanted.clear();
        (self.hand, self.live) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn the_hand_stays_and_survivors_keep_their_places() {
        let mut cache = Scenario::of("sieve", 4);
        cache.want(&[1, 2, 3, 4, 1, 2]);
        cache.want(&[5]);
        assert_eq!(cache.keys(), [1, 2, 4, 5], "1 and 2 spared, 3 evicted, the hand at 4");
        cache.want(&[6]);
        assert_eq!(cache.keys(), [1, 2, 5, 6], "not 1 and 2, though they are older and unmarked now");
        cache.want(&[7, 8, 9]);
        assert_eq!(cache.keys(), [1, 2, 8, 9], "5, 6, 7: the hand follows the newcomers");
    }

    #[test]
    fn the_hand_behind_the_newest_begins_with_the_oldest() {
        let mut cache = Scenario::of("sieve", 2);
        cache.want(&[1, 2, 1]);
        cache.want(&[3]);
        assert_eq!(cache.keys(), [1, 3], "2 was the newest");
        cache.want(&[4]);
        assert_eq!(cache.keys(), [3, 4], "1, not 3");
    }
}
