//! Keys that have been evicted lately, known by the marks that they left in the shelf's index: whoever finds that a key is not
//! there has its mark at hand, and forgetting the oldest touches no index.

use std::collections::VecDeque;

/// Weight of a hole: a mark that has been taken.
const HOLE: u32 = u32::MAX;
/// Fewer dead marks than this do not matter.
const DEAD_ALLOWED: usize = 64;
/// Marks are numbered anew before they reach this.
const MARKS: u32 = 1 << 30;

/// Marks in the order in which they were left, bounded in weight: at the bound the oldest is forgotten.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Weights, the oldest first. Its mark is the position, counted from `first`.
    ring: VecDeque<u32>,
    first: u32,
    live: usize,
    weight: u64,
    capacity: u64,
}

impl Marks {
    /// None yet.
    pub fn new(capacity: u64) -> Self {
        Marks { ring: VecDeque::new(), first: 0, live: 0, weight: 0, capacity }
    }

    /// A new mark; none for what is heavier than all of the room, or than 4 GiB.
    #[inline]
    pub fn push(&mut self, weight: u64) -> Option<u32> {
        let narrow =
            u32::try_from(weight).ok().filter(|narrow| weight <= self.capacity && *narrow != HOLE)?;
        while self.weight + weight > self.capacity {
            self.pop();
        }
        self.ring.push_back(narrow);
        self.live += 1;
        self.weight += weight;
        Some(self.first + self.ring.len() as u32 - 1)
    }

    #[inline]
    fn pop(&mut self) {
        while let Some(weight) = self.ring.pop_front() {
            self.first += 1;
            if weight != HOLE {
                self.live -= 1;
                self.weight -= u64::from(weight);
                return;
            }
        }
    }

    /// Forgets a mark; whether it was still known.
    #[inline]
    pub fn take(&mut self, mark: u32) -> bool {
        let Some(at) = mark.checked_sub(self.first) else { return false };
        let Some(weight) = self.ring.get_mut(at as usize).filter(|weight| **weight != HOLE) else {
            return false;
        };
        self.weight -= u64::from(*weight);
        *weight = HOLE;
        self.live -= 1;
        true
    }

    /// New numbers for all marks, if most of those left since the last time are dead, or numbers run out. The index, which holds the
    /// dead ones too, is then walked through, past `walk` entries beside the marks: this pays after as many marks.
    #[inline]
    pub fn numbers_anew(&mut self, walk: usize) -> Option<Renumber> {
        let allowed = 2 * (self.live + walk) + DEAD_ALLOWED;
        let few_are_dead = self.ring.len() <= allowed && self.first as usize <= allowed;
        (!few_are_dead || self.first > MARKS).then(|| self.renumber())
    }

    #[cold]
    fn renumber(&mut self) -> Renumber {
        let mut next = 0;
        let mut number = |weight: &u32| {
            let live = *weight != HOLE;
            next += u32::from(live);
            live.then(|| next - 1)
        };
        let numbers = self.ring.iter().map(&mut number).collect();
        let renumber = Renumber { first: self.first, numbers };
        self.ring.retain(|weight| *weight != HOLE);
        self.first = 0;
        renumber
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Marks::new(self.capacity);
    }
}

/// New numbers for marks.
pub struct Renumber {
    first: u32,
    numbers: Vec<Option<u32>>,
}

impl Renumber {
    /// The new number of a mark; `None` if it is dead.
    pub fn of(&self, mark: u32) -> Option<u32> {
        self.numbers.get(mark.checked_sub(self.first)? as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_at_the_bound() {
        let mut marks = Marks::new(3);
        let left: Vec<u32> = (0..4).filter_map(|_| marks.push(1)).collect();
        assert!(!marks.take(left[0]), "forgotten");
        assert!(marks.take(left[2]) && !marks.take(left[2]));
        let heavy = marks.push(2).expect("it fits");
        assert_eq!((marks.push(4), marks.weight), (None, 3));
        assert!(!marks.take(left[1]) && marks.take(left[3]) && marks.take(heavy));
    }

    #[test]
    fn dead_marks_do_not_pile_up_and_live_ones_are_known_by_their_new_numbers() {
        let mut marks = Marks::new(100);
        let mut oldest = marks.push(1).expect("it fits");
        for _ in 0..10_000 {
            let mark = marks.push(1).expect("it fits");
            assert!(marks.take(mark));
            if let Some(renumber) = marks.numbers_anew(4) {
                assert_eq!(renumber.of(mark), None);
                oldest = renumber.of(oldest).expect("it lives");
            }
            assert!(marks.ring.len() <= 2 * (1 + 4) + DEAD_ALLOWED + 1);
        }
        assert!(marks.take(oldest) && marks.live == 0 && marks.weight == 0);
    }
}
