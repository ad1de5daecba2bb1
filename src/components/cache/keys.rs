//! The keys of a shelf's items by their slots: four bytes each, and four more once there is one that needs them. Every eviction asks for a
//! key, and half the memory is twice as likely to be near.

/// Keys by slot.
#[derive(Clone, Debug)]
pub struct Keys {
    low: Vec<u32>,
    /// The upper halves; empty as long as all are 0.
    high: Vec<u32>,
}

impl Keys {
    /// None yet; room for so many.
    pub fn new(expected: usize) -> Self {
        Keys { low: Vec::with_capacity(expected), high: Vec::new() }
    }

    /// The key in a slot.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> u64 {
        let high = self.high.get(slot as usize).copied().unwrap_or(0);
        u64::from(self.low[slot as usize]) | u64::from(high) << 32
    }

    /// Another key in a slot.
    #[inline(always)]
    pub fn set(&mut self, slot: u32, key: u64) {
        self.low[slot as usize] = key as u32;
        if key >> 32 != 0 || !self.high.is_empty() {
            self.set_high(slot, (key >> 32) as u32);
        }
    }

    /// Another key in a slot; the one that was there.
    #[inline(always)]
    pub fn swap(&mut self, slot: u32, key: u64) -> u64 {
        if key >> 32 != 0 || !self.high.is_empty() {
            return self.swap_wide(slot, key);
        }
        u64::from(std::mem::replace(&mut self.low[slot as usize], key as u32))
    }

    #[inline(never)]
    fn swap_wide(&mut self, slot: u32, key: u64) -> u64 {
        let old = self.get(slot);
        self.set(slot, key);
        old
    }

    /// A key in the slot after the last.
    #[inline]
    pub fn push(&mut self, key: u64) {
        self.low.push(0);
        self.set(self.low.len() as u32 - 1, key);
    }

    #[inline(never)]
    fn set_high(&mut self, slot: u32, high: u32) {
        if slot as usize >= self.high.len() {
            self.high.resize(self.low.capacity(), 0);
        }
        self.high[slot as usize] = high;
    }

    /// No slots any more.
    pub fn clear(&mut self) {
        self.low.clear();
        self.high.clear();
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
        keys.set(4, 8);
        keys.set(0, 5 << 40);
        assert_eq!([0, 2, 4].map(|slot| keys.get(slot)), [5 << 40, 1 << 32, 8]);
        keys.clear();
        keys.push(3);
        assert_eq!(keys.get(0), 3);
    }
}
