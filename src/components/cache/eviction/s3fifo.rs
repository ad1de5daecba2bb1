//! S3-FIFO: three plain queues. New items wait in a small one; what is wanted twice there moves to the main one, the
//! rest is evicted soon and remembered as a ghost. What returns from the ghosts goes straight to the main queue, which is a
//! CLOCK with a count up to three.
//!
//! Most items of a web cache are never wanted again: they pass through a tenth of the room. The wrong choice when
//! items are wanted exactly twice with others in between: the second wish comes after their eviction.
//!
//! As libCacheSim builds it: the small queue has 10 % of the room, ghosts 90 %, an item that moves starts at zero
//! again, and until the first eviction a full small queue sends what is new to the main one. One thing is ours: what is not
//! smaller than the small queue goes to the main one, where libCacheSim does not keep it at all.

use super::super::index::Index;
use super::counts::Counts;
use super::marks::Marks;
use super::queue::{Places, Queue};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "s3fifo",
    about: "new items prove themselves in a small queue before they enter the main one",
    source: "Yang, Zhang, Qiu, Yue & Rashmi, FIFO queues are all you need for cache eviction, SOSP 2023",
    wrong_when: "items wanted exactly twice, with many others in between",
};

const SMALL_SHARE: f64 = 0.1;
const GHOST_SHARE: f64 = 0.9;
/// Wanted so often in the small queue, an item moves to the main one.
const PROVEN: u8 = 2;

/// The queues, and of each slot how often it was wanted (three times at most) and where it is.
#[derive(Clone)]
pub struct S3Fifo {
    small: Queue,
    main: Queue,
    places: Places,
    /// How often each is wanted; flagged are those in the main queue.
    wanted: Counts,
    ghosts: Marks,
    /// Weight of what `evict` has just named, if its key is to be remembered.
    leaves: Option<u64>,
    small_weight: u64,
    main_weight: u64,
    small_capacity: u64,
    main_capacity: u64,
    has_evicted: bool,
    returns: bool,
    /// A key whose item will soon be asked whether it stays.
    next: u64,
}

impl S3Fifo {
    #[inline(always)]
    fn enter_main(&mut self, slot: u32, weight: u64) {
        self.wanted.begin(slot, true);
        self.main.push(slot, &mut self.places);
        self.main_weight += weight;
    }

    /// The main queue is empty, though it was its turn.
    #[cold]
    #[inline(never)]
    fn evict_last(&mut self, view: View<'_>) -> u32 {
        let proven = self.evict_small(view);
        proven.or_else(|| self.evict_main(view)).expect("an item")
    }

    /// Moves what has proven itself until one has not; `None` if all have.
    #[inline(always)]
    fn evict_small(&mut self, view: View<'_>) -> Option<u32> {
        while let Some(slot) = self.small.pop() {
            self.next = view.foresee(&self.small);
            let weight = view.weight(slot);
            self.small_weight -= weight;
            if self.wanted.get(slot) < PROVEN {
                self.leaves = Some(weight);
                return Some(slot);
            }
            self.enter_main(slot, weight);
        }
        None
    }

    #[inline(always)]
    fn evict_main(&mut self, view: View<'_>) -> Option<u32> {
        while let Some(slot) = self.main.pop() {
            self.next = view.foresee(&self.main);
            let count = self.wanted.get(slot);
            if count == 0 {
                self.main_weight -= view.weight(slot);
                return Some(slot);
            }
            self.wanted.lower(slot);
            self.main.push(slot, &mut self.places);
        }
        None
    }
}

impl Eviction for S3Fifo {
    const MARKS: bool = true;

    fn new(plan: &Plan) -> Self {
        let small_capacity = plan.share(SMALL_SHARE);
        S3Fifo {
            small: Queue::default(),
            main: Queue::default(),
            places: Places::default(),
            wanted: Counts::default(),
            ghosts: Marks::new(plan.share(GHOST_SHARE), plan.each(), plan.keys),
            leaves: None,
            small_weight: 0,
            main_weight: 0,
            small_capacity,
            main_capacity: plan.capacity - small_capacity,
            has_evicted: false,
            returns: false,
            next: 0,
        }
    }
    #[inline]
    fn returns(&mut self, mark: u32) {
        self.ghosts.take(mark);
        self.returns = true;
    }
    #[inline(always)]
    fn insert(&mut self, slot: u32, view: View<'_>) {
        let weight = view.weight(slot);
        let small_is_full = self.small_weight >= self.small_capacity;
        let too_heavy = weight > self.small_capacity;
        let returns = std::mem::take(&mut self.returns);
        if returns || too_heavy || (small_is_full && !self.has_evicted) {
            return self.enter_main(slot, weight);
        }
        self.wanted.begin(slot, false);
        self.small.push(slot, &mut self.places);
        self.small_weight += weight;
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        self.wanted.add(slot);
    }
    #[inline(always)]
    fn evict(&mut self, view: View<'_>) -> u32 {
        self.has_evicted = true;
        let from_small = self.main_weight <= self.main_capacity;
        let small = if from_small { self.evict_small(view) } else { None };
        small.or_else(|| self.evict_main(view)).unwrap_or_else(|| self.evict_last(view))
    }
    #[inline(always)]
    fn leave(&mut self, key: u64, index: &mut Index) {
        index.foresee_entry(self.next);
        match self.leaves.take() {
            Some(weight) => self.ghosts.push(key, weight, index),
            None => index.remove(key),
        }
    }
    fn remove(&mut self, slot: u32, view: View<'_>) {
        self.places.learn(&[&self.small, &self.main]);
        if self.wanted.is_flagged(slot) {
            self.main.remove(slot, &mut self.places);
            self.main_weight -= view.weight(slot);
        } else {
            self.small.remove(slot, &mut self.places);
            self.small_weight -= view.weight(slot);
        }
    }
    fn reweighed(&mut self, slot: u32, old: u64, new: u64) {
        let weight =
            if self.wanted.is_flagged(slot) { &mut self.main_weight } else { &mut self.small_weight };
        *weight = *weight - old + new;
    }
    fn clear(&mut self) {
        self.small.clear();
        self.main.clear();
        self.ghosts.clear();
        (self.small_weight, self.main_weight) = (0, 0);
        self.has_evicted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn what_is_wanted_once_passes_through_the_small_queue() {
        let mut cache = Scenario::of("s3fifo", 20);
        cache.want(&(0..20).collect::<Vec<_>>());
        for pass in 0..50 {
            cache.want(&[100 + pass]);
        }
        assert!((2..20).all(|key| cache.keys().contains(&key)), "what came in first fills the main queue");
    }

    #[test]
    fn what_returns_from_the_ghosts_goes_to_the_main_queue() {
        let mut cache = Scenario::of("s3fifo", 20);
        cache.want(&(0..20).collect::<Vec<_>>());
        cache.want(&[30, 31, 32]);
        assert!(!cache.keys().contains(&0));
        cache.want(&[0]);
        cache.want(&(40..80).collect::<Vec<_>>());
        assert!(cache.keys().contains(&0), "it outlives what is wanted once");
    }
}
