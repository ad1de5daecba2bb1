//! One value for each slot. As long as all are the same it is kept once, and no memory is touched for it: items without a TTL, of one size,
//! never written, are found without a look at what nobody could tell apart.

use crate::kernel::prefetch::prefetch;

/// A value for each slot.
#[derive(Clone, Debug)]
pub struct Column<T> {
    /// What all have that are not in `each`.
    same: T,
    /// By slot; empty as long as all are the same.
    each: Vec<T>,
}

impl<T: Copy + PartialEq> Column<T> {
    /// All slots have this value.
    pub fn of(same: T) -> Self {
        Column { same, each: Vec::new() }
    }

    /// The value of a slot. Where all are the same the processor does not wait for the number of the slot, which is what comes
    /// out of memory late.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> T {
        if self.each.is_empty() {
            return self.same;
        }
        self.each.get(slot as usize).copied().unwrap_or(self.same)
    }

    /// The value of a slot will be asked for soon.
    #[inline(always)]
    pub fn foresee(&self, slot: u32) {
        prefetch(&self.each, slot as usize);
    }

    /// Another value for a slot.
    #[inline(always)]
    pub fn set(&mut self, slot: u32, value: T) {
        match self.each.get_mut(slot as usize) {
            Some(kept) => *kept = value,
            None if value == self.same => {}
            None => self.set_other(slot, value),
        }
    }

    /// Another value for a slot; the one that it had.
    #[inline(always)]
    pub fn swap(&mut self, slot: u32, value: T) -> T {
        let old = self.get(slot);
        self.set(slot, value);
        old
    }

    #[cold]
    #[inline(never)]
    fn set_other(&mut self, slot: u32, value: T) {
        self.each.resize((slot as usize + 1).next_power_of_two(), self.same);
        self.each[slot as usize] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against one value for each slot.
        #[test]
        fn it_is_a_table(steps in proptest::collection::vec((0_u32..20, 0_u8..3), 0..60)) {
            let (mut column, mut table) = (Column::of(0), vec![0; 20]);
            for (slot, value) in steps {
                let old = std::mem::replace(&mut table[slot as usize], value);
                prop_assert_eq!(column.swap(slot, value), old);
                let all: Vec<u8> = (0..20).map(|slot| column.get(slot)).collect();
                prop_assert_eq!(&all, &table);
            }
        }
    }

    #[test]
    fn what_all_have_in_common_takes_no_memory() {
        let mut column = Column::of(7);
        (0..1000).for_each(|slot| column.set(slot, 7));
        assert!(column.each.is_empty());
        column.set(500, 8);
        assert_eq!((column.get(499), column.get(500), column.get(5000)), (7, 8, 7));
    }
}
