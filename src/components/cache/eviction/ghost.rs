//! Keys that have been evicted lately: known, but without their data.

use super::super::index::Index;
use std::collections::VecDeque;

/// Weight of a hole: a key that has been taken out.
const HOLE: u64 = u64::MAX;
const HOLES_ALLOWED: usize = 64;
const POSITIONS: u32 = 1 << 30;

/// Keys in the order of their eviction, bounded in weight: at the bound the oldest is forgotten.
#[derive(Clone, Debug)]
pub struct Ghost {
    index: Index,
    /// The oldest first: key and weight.
    ring: VecDeque<(u64, u64)>,
    /// Position of the front of the ring.
    first: u32,
    live: usize,
    weight: u64,
    capacity: u64,
}

impl Ghost {
    /// Empty; keys lie in `0..keys`, if that is given.
    pub fn new(keys: Option<u64>, capacity: u64) -> Self {
        Ghost { index: Index::new(keys, 0), ring: VecDeque::new(), first: 0, live: 0, weight: 0, capacity }
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Weight of all keys known.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Remembers a key that is not known; what is heavier than all of it is not remembered.
    #[inline]
    pub fn push(&mut self, key: u64, weight: u64) {
        if weight > self.capacity {
            return;
        }
        while self.weight + weight > self.capacity {
            self.pop();
        }
        if self.ring.len() > 2 * self.live + HOLES_ALLOWED || self.first > POSITIONS {
            self.move_up();
        }
        self.index.set(key, self.first + self.ring.len() as u32);
        self.ring.push_back((key, weight));
        self.live += 1;
        self.weight += weight;
    }

    /// Forgets the oldest key, if there is one.
    #[inline]
    pub fn pop(&mut self) {
        while let Some((key, weight)) = self.ring.pop_front() {
            self.first += 1;
            if weight != HOLE {
                self.index.remove(key);
                self.live -= 1;
                self.weight -= weight;
                return;
            }
        }
    }

    /// Forgets a key; whether it was known.
    #[inline]
    pub fn take(&mut self, key: u64) -> bool {
        let Some(place) = self.index.find(key) else { return false };
        let entry = &mut self.ring[(place - self.first) as usize];
        self.weight -= entry.1;
        entry.1 = HOLE;
        self.live -= 1;
        self.index.remove(key);
        true
    }

    #[cold]
    fn move_up(&mut self) {
        self.ring.retain(|(_, weight)| *weight != HOLE);
        self.first = 0;
        for (at, (key, _)) in self.ring.iter().enumerate() {
            self.index.set(*key, at as u32);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.index.clear();
        self.ring.clear();
        (self.first, self.live, self.weight) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_at_the_bound() {
        let mut ghost = Ghost::new(None, 3);
        for key in [10, 11, 12, 13] {
            ghost.push(key, 1);
        }
        assert!(!ghost.take(10), "forgotten");
        assert!(ghost.take(12) && !ghost.take(12));
        ghost.push(14, 2);
        ghost.push(15, 4);
        assert_eq!(ghost.weight(), 3, "11 is forgotten, 15 is heavier than all of it");
        assert!(!ghost.take(11) && ghost.take(13) && ghost.take(14) && !ghost.take(15));
    }

    #[test]
    fn holes_do_not_pile_up() {
        let mut ghost = Ghost::new(Some(4), 100);
        ghost.push(0, 1);
        for _ in 0..10_000 {
            ghost.push(1, 1);
            assert!(ghost.take(1));
            assert!(ghost.ring.len() <= 2 + HOLES_ALLOWED + 1);
        }
        assert!(ghost.take(0) && ghost.is_empty());
        assert_eq!(ghost.weight(), 0);
    }
}
