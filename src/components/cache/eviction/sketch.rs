//! How often keys were wanted lately, in little memory and not exactly.
//!
//! A count-min sketch (Cormode & Muthukrishnan 2005) of four rows with conservative update, behind a doorkeeper: the first wish
//! of a key only sets bits of a Bloom filter, so that the many keys wanted once leave the counters alone. After ten wishes per
//! item of the cache all counts are halved and the doorkeeper is emptied (Einziger, Friedman & Manes 2017).

use crate::random::mix::mix64;

const ROWS: usize = 4;
/// Counters end here: four bits would do.
const MOST: u8 = 15;
/// Wishes per item between two halvings.
const SAMPLE: u64 = 10;
/// Bits of the doorkeeper per item, for about ten keys per item at two bits each.
const DOOR_BITS: usize = 16;

/// Halving more often than after ten times so many wishes would leave nothing to compare.
const FEWEST: u64 = 16;
/// A small cache need not share counters among its keys.
const ROOM_AT_LEAST: u64 = 1024;

/// Counts of wishes by key.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// The rows, one after the other.
    counters: Vec<u8>,
    door: Vec<u64>,
    items: u64,
    wishes: u64,
}

impl Sketch {
    /// For a cache of so many items.
    pub fn new(items: u64) -> Self {
        let items = items.max(FEWEST);
        let room = items.next_power_of_two().max(ROOM_AT_LEAST) as usize;
        Sketch { counters: vec![0; 2 * room * ROWS], door: vec![0; room * DOOR_BITS / 64], items, wishes: 0 }
    }

    /// How many items it is made for.
    pub fn items(&self) -> u64 {
        self.items
    }

    fn cells(&self, hash: u64) -> [usize; ROWS] {
        let width = self.counters.len() / ROWS;
        let step = hash >> 32 | 1;
        std::array::from_fn(|row| {
            let column = hash.wrapping_add(step.wrapping_mul(row as u64)) as usize & (width - 1);
            row * width + column
        })
    }

    /// The two bits of a key: word and mask of each.
    fn door_bits(&self, hash: u64) -> [(usize, u64); 2] {
        [hash >> 7, hash >> 29].map(|bits| {
            let bit = bits as usize & (self.door.len() * 64 - 1);
            (bit / 64, 1 << (bit % 64))
        })
    }

    /// Counts a wish.
    pub fn count(&mut self, key: u64) {
        let hash = mix64(key);
        let bits = self.door_bits(hash);
        let known = bits.iter().all(|(word, mask)| self.door[*word] & mask != 0);
        if known {
            self.raise(hash);
        } else {
            bits.iter().for_each(|(word, mask)| self.door[*word] |= mask);
        }
        self.wishes += 1;
        if self.wishes >= SAMPLE * self.items {
            self.age();
        }
    }

    /// Raises only the lowest counters: the others are too high already.
    fn raise(&mut self, hash: u64) {
        let cells = self.cells(hash);
        let lowest = cells.iter().map(|cell| self.counters[*cell]).min().expect("rows");
        if lowest < MOST {
            for cell in cells.into_iter().filter(|cell| self.counters[*cell] == lowest).collect::<Vec<_>>() {
                self.counters[cell] = lowest + 1;
            }
        }
    }

    #[cold]
    fn age(&mut self) {
        self.counters.iter_mut().for_each(|counter| *counter /= 2);
        self.door.fill(0);
        self.wishes /= 2;
    }

    /// About how often a key was wanted lately; never too low by more than what ageing forgot.
    pub fn estimate(&self, key: u64) -> u8 {
        let hash = mix64(key);
        let counted = self.cells(hash).iter().map(|cell| self.counters[*cell]).min().expect("rows");
        let known = self.door_bits(hash).iter().all(|(word, mask)| self.door[*word] & mask != 0);
        counted + u8::from(known)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.counters.fill(0);
        self.door.fill(0);
        self.wishes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_too_low_and_seldom_too_high() {
        let mut sketch = Sketch::new(1024);
        let times = |key: u64| (key % 8) as usize;
        for key in 0..1024 {
            (0..times(key)).for_each(|_| sketch.count(key));
        }
        let mut wrong = 0;
        for key in 0..1024 {
            let estimate = usize::from(sketch.estimate(key));
            assert!(estimate >= times(key), "{key}");
            wrong += usize::from(estimate > times(key));
        }
        assert!(wrong < 60, "{wrong} of 1024 too high");
    }

    #[test]
    fn counts_are_halved_after_ten_wishes_per_item() {
        let mut sketch = Sketch::new(16);
        (0..20).for_each(|_| sketch.count(7));
        assert_eq!(sketch.estimate(7), MOST + 1);
        (0..140).for_each(|at| sketch.count(1_000 + at));
        assert!(sketch.estimate(7) <= MOST / 2 + 1, "{}", sketch.estimate(7));
        assert!(sketch.estimate(7) >= MOST / 2);
    }
}
