//! Random: any item goes.
//!
//! Needs no order at all, and under independent requests does exactly as well as FIFO. Never the worst choice: a loop larger than
//! the cache, where LRU and FIFO find nothing, is partly found. The wrong choice whenever recency or frequency says anything.

use super::bag::Bag;
use super::{Eviction, Plan, View};
use crate::catalog::Policy;
use crate::random::Stream;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "random",
    about: "any item goes",
    source: "Belady 1966; Gelenbe, A unified approach to the evaluation of a class of replacement algorithms, 1973",
    wrong_when: "recency or frequency says anything about what is wanted next",
};

/// The items, and the numbers that choose among them.
#[derive(Clone)]
pub struct Random {
    bag: Bag,
    stream: Stream,
}

impl Eviction for Random {
    fn new(_plan: &Plan) -> Self {
        Random { bag: Bag::default(), stream: super::unnamed() }
    }
    fn draw_from(&mut self, stream: Stream) {
        self.stream = stream;
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        self.bag.insert(slot);
    }
    #[inline]
    fn hit(&mut self, _slot: u32, _view: View<'_>) {}
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        let slot = self.bag.draw(&mut self.stream);
        self.bag.remove(slot);
        slot
    }
    #[inline]
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        self.bag.remove(slot);
    }
    fn clear(&mut self) {
        self.bag.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn every_item_goes_as_often() {
        let mut cache = Scenario::of("random", 4);
        let mut lives = [0_u32; 4];
        for round in 0..4_000 {
            let keys: Vec<u64> = (0..4).map(|at| 5 * round + at).collect();
            cache.clear();
            cache.want(&keys);
            cache.want(&[5 * round + 4]);
            let gone = keys.iter().position(|key| !cache.keys().contains(key)).expect("one went");
            lives[gone] += 1;
        }
        assert!(lives.iter().all(|times| (880..1120).contains(times)), "{lives:?}");
    }
}
