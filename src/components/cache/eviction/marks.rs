//! Keys that have been evicted lately, known by the marks that they left in the shelf's index, where their place was: whoever finds
//! that a key is not there knows at once whether it is one of these. The index knows no others: what is forgotten loses its mark.

use super::super::index::Index;
use super::key_ring::KeyRing;
use super::ring::Ring;

/// So many holes never matter.
const HOLES_ALLOWED: usize = 64;
/// So many keys ahead of the one that is forgotten, memory is fetched.
const AHEAD: u32 = 4;
/// Marks are the lowest bits of positions: a ring has fewer cells.
const AROUND: u32 = (1 << 30) - 1;

/// Keys in the order in which they were evicted, bounded in weight: at the bound the oldest is forgotten. A key that has come back leaves a
/// hole, which is known by the index: the key has no mark there, or that of a later eviction.
#[derive(Clone, Debug)]
pub struct Marks {
    /// The oldest first. The mark of each is its position.
    keys: KeyRing,
    /// Their weights, at the same positions; none if all weigh the same.
    weights: Ring<u32>,
    /// What each weighs, if all weigh the same.
    each: Option<u64>,
    /// Keys lie in `0..most_keys`, if that is known.
    most_keys: Option<u64>,
    live: usize,
    weight: u64,
    capacity: u64,
}

impl Marks {
    /// None yet. `each`: what each weighs, if all weigh the same; `keys`: how many there can be, if that is known.
    pub fn new(capacity: u64, each: Option<u64>, keys: Option<u64>) -> Self {
        Marks {
            most_keys: keys,
            keys: KeyRing::new(keys),
            weights: Ring::default(),
            each,
            live: 0,
            weight: 0,
            capacity,
        }
    }

    /// A key that has a place in the index leaves it, and a mark; none if it is heavier than all of the room, or than 4 GiB.
    #[inline(always)]
    pub fn push(&mut self, key: u64, weight: u64, index: &mut Index) {
        if weight > self.capacity || weight > u64::from(u32::MAX) {
            return index.remove(key);
        }
        while self.weight + weight > self.capacity {
            self.pop(index);
        }
        if self.keys.len() > 2 * self.live + HOLES_ALLOWED {
            self.move_up(index);
        }
        self.put(key, weight, index);
        self.live += 1;
        self.weight += weight;
    }

    #[inline(always)]
    fn put(&mut self, key: u64, weight: u64, index: &mut Index) {
        if self.each.is_none() {
            self.weights.push(weight as u32);
        }
        index.leave_mark(key, self.keys.push(key) & AROUND);
    }

    /// The oldest, whether or not it is a hole: its mark, its key, its weight.
    #[inline(always)]
    fn oldest(&mut self) -> Option<(u32, u64, u64)> {
        let mark = self.keys.front() & AROUND;
        let key = self.keys.pop()?;
        let weight = self.each.or_else(|| self.weights.pop().map(u64::from))?;
        Some((mark, key, weight))
    }

    #[inline(always)]
    fn pop(&mut self, index: &mut Index) {
        if let Some(key) = self.keys.ahead(AHEAD) {
            index.foresee_entry(key);
        }
        while let Some((mark, key, weight)) = self.oldest() {
            if index.forget_mark(key, mark) {
                self.live -= 1;
                self.weight -= weight;
                return;
            }
        }
    }

    /// The key that left this mark comes back, and is no longer one of these; the index has its place from now on.
    #[inline(always)]
    pub fn take(&mut self, mark: u32) {
        self.weight -= self.each.unwrap_or_else(|| u64::from(*self.weights.at_mut(mark)));
        self.live -= 1;
    }

    #[cold]
    #[inline(never)]
    fn move_up(&mut self, index: &mut Index) {
        let mut old = std::mem::replace(self, Marks::new(self.capacity, self.each, self.most_keys));
        while let Some((mark, key, weight)) = old.oldest() {
            if index.mark(key) == Some(mark) {
                self.put(key, weight, index);
            }
        }
        (self.live, self.weight) = (old.live, old.weight);
    }

    /// Forgets all; the index does so itself.
    pub fn clear(&mut self) {
        *self = Marks::new(self.capacity, self.each, self.most_keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evict(marks: &mut Marks, index: &mut Index, key: u64, weight: u64) {
        index.set(key, 0);
        marks.push(key, weight, index);
    }

    fn come_back(marks: &mut Marks, index: &mut Index, key: u64) -> bool {
        let mark = index.mark(key);
        mark.into_iter().for_each(|mark| marks.take(mark));
        index.set(key, 0);
        index.remove(key);
        mark.is_some()
    }

    #[test]
    fn the_oldest_is_forgotten_at_the_bound() {
        for keys in [Some(10), None] {
            let (mut marks, mut index) = (Marks::new(3, None, keys), Index::new(keys, 4));
            (0..4).for_each(|key| evict(&mut marks, &mut index, key, 1));
            assert!(!come_back(&mut marks, &mut index, 0), "forgotten");
            assert!(come_back(&mut marks, &mut index, 2) && !come_back(&mut marks, &mut index, 2));
            evict(&mut marks, &mut index, 5, 2);
            evict(&mut marks, &mut index, 6, 4);
            assert_eq!(
                (index.mark(6), index.find(6), marks.weight),
                (None, None, 3),
                "heavier than all the room"
            );
            let known = [1, 3, 5].map(|key| come_back(&mut marks, &mut index, key));
            assert_eq!(known, [false, true, true]);
        }
    }

    proptest! {
        /// Against a list: evictions, some of which come back, with numbers that go round.
        #[test]
        fn it_knows_what_a_list_knows(
            steps in proptest::collection::vec((0_u64..30, 1_u64..4, any::<bool>()), 1..400),
            capacity in 1_u64..20,
        ) {
            for (keys, each) in [(Some(30), None), (None, None), (Some(30), Some(1)), (None, Some(1))] {
                let (mut marks, mut index) = (Marks::new(capacity, each, keys), Index::new(keys, 4));
                marks.keys.begin_at(AROUND - 5);
                marks.weights.begin_at(AROUND - 5);
                let mut list: Vec<(u64, u64)> = Vec::new();
                for &(key, weight, back) in &steps {
                    let weight = each.unwrap_or(weight);
                    let known = list.iter().position(|left| left.0 == key);
                    prop_assert_eq!(index.mark(key).is_some(), known.is_some());
                    if back || known.is_some() {
                        prop_assert_eq!(come_back(&mut marks, &mut index, key), known.is_some());
                        known.map(|at| list.remove(at));
                        continue;
                    }
                    evict(&mut marks, &mut index, key, weight);
                    if weight <= capacity {
                        list.push((key, weight));
                        while list.iter().map(|left| left.1).sum::<u64>() > capacity {
                            list.remove(0);
                        }
                    }
                    prop_assert!(marks.keys.len() <= 2 * marks.live + HOLES_ALLOWED + 1);
                }
            }
        }
    }
}
