//! ARC: two LRU lists, for what was wanted once (T1) and more often (T2), and two of ghosts (B1, B2). Each return of a
//! ghost moves the border p between them towards the list that would have kept it.
//!
//! It tunes itself between recency and frequency, and a scan fills T1 only. The wrong choice when speed matters (every hit moves
//! an item) and for loops larger than the cache. p is a real number, as in libCacheSim and unlike in many copies.

use super::ghost::Ghost;
use super::list::{Links, List, NIL};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "arc",
    about: "two LRU lists, wanted once and more often; ghosts move the border between them",
    source: "Megiddo & Modha, ARC: a self-tuning, low overhead replacement cache, FAST 2003",
    wrong_when: "loops larger than the cache; when each hit must be cheap",
};

/// Where the item came from that comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Nowhere,
    GhostsOfOnce,
    GhostsOfOften,
    /// It is there and grows.
    Here,
}

/// A list with its weight.
#[derive(Clone, Default)]
struct Part {
    list: List,
    weight: u64,
}

/// T1, T2, B1, B2 and p.
#[derive(Clone)]
pub struct Arc {
    once: Part,
    often: Part,
    links: Links,
    is_often: Vec<bool>,
    ghosts_of_once: Ghost,
    ghosts_of_often: Ghost,
    /// What T1 should weigh.
    target: f64,
    capacity: u64,
    from: From,
    incoming: u64,
}

impl Part {
    #[inline]
    fn push(&mut self, slot: u32, weight: u64, links: &mut Links) {
        self.list.push(slot, links);
        self.weight += weight;
    }

    #[inline]
    fn unlink(&mut self, slot: u32, weight: u64, links: &mut Links) {
        self.list.unlink(slot, links);
        self.weight -= weight;
    }

    fn is_empty(&self) -> bool {
        self.list.tail() == NIL
    }

    fn pop(&mut self, view: View<'_>, links: &mut Links) -> u32 {
        let slot = self.list.tail();
        self.unlink(slot, view.weight(slot), links);
        slot
    }
}

impl Arc {
    /// REPLACE of the paper: T1 gives way if it weighs more than its target.
    fn replace(&mut self, view: View<'_>) -> u32 {
        let weight = self.once.weight as f64;
        let over = weight > self.target || (weight == self.target && self.from == From::GhostsOfOften);
        if (over && !self.once.is_empty()) || self.often.is_empty() {
            let slot = self.once.pop(view, &mut self.links);
            self.ghosts_of_once.push(view.key(slot), view.weight(slot));
            return slot;
        }
        let slot = self.often.pop(view, &mut self.links);
        self.ghosts_of_often.push(view.key(slot), view.weight(slot));
        slot
    }

    /// Case IV of the paper: the item is not known at all; ghosts make room too.
    fn evict_for_unknown(&mut self, view: View<'_>) -> u32 {
        let first = self.once.weight + self.ghosts_of_once.weight();
        if first + self.incoming > self.capacity {
            if self.ghosts_of_once.is_empty() && !self.once.is_empty() {
                return self.once.pop(view, &mut self.links);
            }
            self.ghosts_of_once.pop();
        } else if first + self.often.weight + self.ghosts_of_often.weight() >= self.capacity.saturating_mul(2)
        {
            self.ghosts_of_often.pop();
        }
        self.replace(view)
    }
}

impl Eviction for Arc {
    fn new(plan: &Plan) -> Self {
        // The cases above bound the ghosts; items of unlike weights could pass them by little, so that bound is theirs too.
        let ghosts = || Ghost::new(plan.keys, plan.capacity);
        Arc {
            once: Part::default(),
            often: Part::default(),
            links: Links::with_capacity(plan.expected),
            is_often: Vec::with_capacity(plan.expected),
            ghosts_of_once: ghosts(),
            ghosts_of_often: ghosts(),
            target: 0.0,
            capacity: plan.capacity,
            from: From::Nowhere,
            incoming: 0,
        }
    }
    fn expect(&mut self, key: u64, weight: u64) {
        self.incoming = weight;
        let (once, often) = (self.ghosts_of_once.weight() as f64, self.ghosts_of_often.weight() as f64);
        self.from = if self.ghosts_of_once.take(key) {
            self.target = (self.target + (often / once).max(1.0)).min(self.capacity as f64);
            From::GhostsOfOnce
        } else if self.ghosts_of_often.take(key) {
            self.target = (self.target - (once / often).max(1.0)).max(0.0);
            From::GhostsOfOften
        } else {
            From::Nowhere
        };
    }
    fn insert(&mut self, slot: u32, view: View<'_>) {
        if slot as usize >= self.is_often.len() {
            self.is_often.resize(slot as usize + 1, false);
        }
        let is_often = self.from != From::Nowhere;
        self.is_often[slot as usize] = is_often;
        let part = if is_often { &mut self.often } else { &mut self.once };
        part.push(slot, view.weight(slot), &mut self.links);
    }
    #[inline]
    fn hit(&mut self, slot: u32, view: View<'_>) {
        if self.is_often[slot as usize] {
            return self.often.list.refresh(slot, &mut self.links);
        }
        let weight = view.weight(slot);
        self.is_often[slot as usize] = true;
        self.once.unlink(slot, weight, &mut self.links);
        self.often.push(slot, weight, &mut self.links);
    }
    fn evict(&mut self, view: View<'_>) -> u32 {
        match self.from {
            From::Nowhere => self.evict_for_unknown(view),
            _ => self.replace(view),
        }
    }
    fn remove(&mut self, slot: u32, view: View<'_>) {
        let part = if self.is_often[slot as usize] { &mut self.often } else { &mut self.once };
        part.unlink(slot, view.weight(slot), &mut self.links);
    }
    fn reweighed(&mut self, slot: u32, old: u64, new: u64) {
        let part = if self.is_often[slot as usize] { &mut self.often } else { &mut self.once };
        part.weight = part.weight - old + new;
    }
    fn grows(&mut self, by: u64) {
        (self.from, self.incoming) = (From::Here, by);
    }
    fn clear(&mut self) {
        (self.once, self.often) = (Part::default(), Part::default());
        self.ghosts_of_once.clear();
        self.ghosts_of_often.clear();
        self.target = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;

    #[test]
    fn a_scan_leaves_what_is_wanted_often_alone() {
        let mut cache = Scenario::of("arc", 4);
        cache.want(&[1, 2, 1, 2]);
        cache.want(&(100..150).collect::<Vec<_>>());
        assert_eq!(cache.keys()[..2], [1, 2]);
    }

    #[test]
    fn returns_of_what_was_wanted_once_make_room_for_recency() {
        let mut cache = Scenario::of("arc", 4);
        cache.want(&[1, 2, 1, 2, 3, 4, 5]);
        assert_eq!(cache.keys(), [1, 2, 4, 5], "3 is a ghost of T1");
        cache.want(&[3, 6]);
        assert!(!cache.keys().contains(&1), "p is 1 now: T2 gives way");
    }
}
