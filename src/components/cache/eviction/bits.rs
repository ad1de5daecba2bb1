//! One bit for each slot, apart from everything else: for 100,000 items they are 12 KiB.

/// Bits by slot; those never set are off.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// Turns a bit on.
    #[inline]
    pub fn set(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize((word + 1).next_power_of_two(), 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    /// Turns a bit off; whether it was on.
    #[inline]
    pub fn take(&mut self, slot: u32) -> bool {
        let Some(word) = self.0.get_mut(slot as usize / 64) else { return false };
        let bit = 1 << (slot % 64);
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    /// Turns all off.
    pub fn clear(&mut self) {
        self.0.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_taken_once() {
        let mut bits = Bits::default();
        assert!(!bits.take(500));
        bits.set(500);
        bits.set(64);
        assert!(bits.take(500) && !bits.take(500) && !bits.take(65) && !bits.take(9_999));
        bits.clear();
        assert!(!bits.take(64));
    }
}
