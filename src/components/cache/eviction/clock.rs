//! CLOCK, also called second chance: the oldest item goes, unless it was wanted since it was last looked at; then it
//! goes to the end of the queue as if it were new.
//!
//! Nearly as good as LRU, but a hit sets one bit instead of moving the item, which is why operating systems and
//! databases use it. New items start without their bit (as in libCacheSim). The wrong choice for scans, like LRU.

use super::bits::Bits;
use super::queue::{Places, Queue};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "clock",
    about: "the oldest item goes, unless it was wanted since it was last looked at",
    source: "Corbato, A paging experiment with the Multics system, 1968; bit off at insertion as in libCacheSim",
    wrong_when: "scans, and loops a little larger than the cache",
};

/// The queue, and who was wanted.
#[derive(Clone)]
pub struct Clock {
    order: Queue,
    places: Places,
    wanted: Bits,
}

impl Eviction for Clock {
    fn new(_plan: &Plan) -> Self {
        Clock { order: Queue::default(), places: Places::default(), wanted: Bits::default() }
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        self.order.push(slot, &mut self.places);
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        self.wanted.set(slot);
    }
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        loop {
            let slot = self.order.pop().expect("an item");
            if !self.wanted.take(slot) {
                return slot;
            }
            self.order.push(slot, &mut self.places);
        }
    }
    #[inline]
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        self.wanted.take(slot);
        self.order.remove(slot, &mut self.places);
    }
    fn clear(&mut self) {
        self.order.clear();
        self.wanted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn what_was_wanted_gets_a_second_chance_and_only_one() {
        let mut cache = Scenario::of("clock", 3);
        cache.want(&[1, 2, 3, 1]);
        cache.want(&[4]);
        assert_eq!(cache.keys(), [1, 3, 4], "1 was wanted and went behind 3; 2 went");
        cache.want(&[5, 6]);
        assert_eq!(cache.keys(), [4, 5, 6], "3 and then 1, whose bit is off now");
    }
}
