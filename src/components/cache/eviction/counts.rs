//! A count from 0 to 3 for each slot, in two bits: for 100,000 items they are 25 KiB, which stay in the processor's nearest cache.

/// Where counts end.
pub const MOST: u64 = 3;

/// Counts by slot; those never set are 0.
#[derive(Clone, Debug, Default)]
pub struct Counts(Vec<u64>);

const PER_WORD: usize = 32;

impl Counts {
    #[inline(always)]
    fn bits(slot: u32) -> (usize, u32) {
        (slot as usize / PER_WORD, slot % PER_WORD as u32 * 2)
    }

    /// The count of a slot.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> u64 {
        let (word, shift) = Self::bits(slot);
        self.0.get(word).map_or(0, |word| (word >> shift) & MOST)
    }

    /// Sets the count of a slot.
    #[inline(always)]
    pub fn set(&mut self, slot: u32, count: u64) {
        let (word, shift) = Self::bits(slot);
        if word >= self.0.len() {
            self.0.resize((word + 1).next_power_of_two(), 0);
        }
        self.0[word] = self.0[word] & !(MOST << shift) | (count << shift);
    }

    /// One more, of a slot whose count was set; at most [`MOST`]. There is no branch: the processor would have to guess, and
    /// wait for the count to see whether it was right.
    #[inline(always)]
    pub fn add(&mut self, slot: u32) {
        let (word, shift) = Self::bits(slot);
        let word = &mut self.0[word];
        let full = *word >> shift & (*word >> shift >> 1) & 1;
        *word += (full ^ 1) << shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_do_not_disturb_each_other() {
        let mut counts = Counts::default();
        for slot in 0..100_u32 {
            counts.set(slot, u64::from(slot) % 4);
        }
        for slot in (0..100_u32).step_by(3) {
            counts.add(slot);
        }
        for slot in 0..100_u32 {
            let added = u64::from(slot.is_multiple_of(3));
            assert_eq!(counts.get(slot), (u64::from(slot) % 4 + added).min(MOST), "slot {slot}");
        }
        assert_eq!(counts.get(10_000), 0);
    }
}
