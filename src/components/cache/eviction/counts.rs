//! A count from 0 to 3 and a flag for each slot, in one byte: for 100,000 items they are 100 KiB, which stay in the processor's second cache.

/// Where counts end.
const MOST: u8 = 3;
/// The flag, above the count.
const FLAG: u8 = 4;

/// Counts and flags by slot; those never set are 0 and off.
#[derive(Clone, Debug, Default)]
pub struct Counts(Vec<u8>);

impl Counts {
    /// The count of a slot.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> u8 {
        self.0.get(slot as usize).map_or(0, |state| state & MOST)
    }

    /// Whether the flag of a slot is on.
    #[inline(always)]
    pub fn is_flagged(&self, slot: u32) -> bool {
        self.0.get(slot as usize).is_some_and(|state| state & FLAG != 0)
    }

    /// A slot's count is 0, and its flag as told.
    #[inline(always)]
    pub fn begin(&mut self, slot: u32, flag: bool) {
        let begun = u8::from(flag) * FLAG;
        match self.0.get_mut(slot as usize) {
            Some(state) => *state = begun,
            None => self.begin_new(slot, begun),
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_new(&mut self, slot: u32, begun: u8) {
        self.0.resize((slot as usize + 1).next_power_of_two(), 0);
        self.0[slot as usize] = begun;
    }

    /// One more, of a slot that has begun; at most three. There is no branch: the processor would have to guess, and wait for the count
    /// to see whether it was right.
    #[inline(always)]
    pub fn add(&mut self, slot: u32) {
        let state = &mut self.0[slot as usize];
        *state += u8::from(*state & MOST != MOST);
    }

    /// One less, of a slot whose count is not 0.
    #[inline(always)]
    pub fn lower(&mut self, slot: u32) {
        self.0[slot as usize] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_end_at_three_and_leave_the_flag_alone() {
        let mut counts = Counts::default();
        assert_eq!((counts.get(70), counts.is_flagged(70)), (0, false), "never set");
        for (slot, flag) in [(7, true), (8, false)] {
            counts.begin(slot, flag);
            let seen: Vec<u8> = (0..5)
                .map(|_| {
                    counts.add(slot);
                    counts.get(slot)
                })
                .collect();
            assert_eq!((seen, counts.is_flagged(slot)), (vec![1, 2, 3, 3, 3], flag));
            counts.lower(slot);
            assert_eq!((counts.get(slot), counts.is_flagged(slot)), (2, flag));
        }
        counts.begin(7, false);
        assert_eq!((counts.get(7), counts.is_flagged(7), counts.get(8)), (0, false, 2));
    }
}
