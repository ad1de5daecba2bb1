//! The keys of a shelf's items by their slots: four bytes each, and four more once there is one that needs them. Every eviction asks for a
//! key, and half the memory is twice as likely to be near.

use super::column::Column;
use crate::kernel::prefetch::prefetch;

/// Keys by slot.
#[derive(Clone, Debug)]
pub struct Keys {
    low: Vec<u32>,
    /// The upper halves.
    high: Column<u32>,
}

impl Keys {
    /// None yet; room for so many.
    pub fn new(expected: usize) -> Self {
        Keys { low: Vec::with_capacity(expected), high: Column::of(0) }
    }

    /// Number of slots.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.low.len()
    }

    /// The key in a slot will be asked for soon.
    #[inline(always)]
    pub fn foresee(&self, slot: u32) {
        prefetch(&self.low, slot as usize);
    }

    /// The lower half of the key in a slot; 0 if there is no such slot.
    #[inline(always)]
    pub fn likely(&self, slot: u32) -> u64 {
        self.low.get(slot as usize).copied().map_or(0, u64::from)
    }

    /// The key in a slot.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> u64 {
        u64::from(self.low[slot as usize]) | u64::from(self.high.get(slot)) << 32
    }

    /// Another key in a slot; the one that was there.
    #[inline(always)]
    pub fn swap(&mut self, slot: u32, key: u64) -> u64 {
        let low = std::mem::replace(&mut self.low[slot as usize], key as u32);
        u64::from(low) | u64::from(self.high.swap(slot, (key >> 32) as u32)) << 32
    }

    /// A key in the slot after the last.
    #[inline]
    pub fn push(&mut self, key: u64) {
        let slot = self.low.len() as u32;
        self.low.push(key as u32);
        self.high.set(slot, (key >> 32) as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_keys_and_narrow_ones_do_not_disturb_each_other() {
        let mut keys = Keys::new(2);
        let put = [7, u64::from(u32::MAX), 1 << 32, 9, u64::MAX, 0];
        put.iter().for_each(|key| keys.push(*key));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|slot| keys.get(slot)), put);
        assert_eq!((keys.swap(4, 8), keys.swap(0, 5 << 40)), (u64::MAX, 7));
        assert_eq!([0, 2, 4].map(|slot| keys.get(slot)), [5 << 40, 1 << 32, 8]);
    }
}
