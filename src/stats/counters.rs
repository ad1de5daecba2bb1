//! Many counters, nearly all of them small: two bytes each, and what does not fit is carried into a table beside them. A simulation counts
//! several times for every request, in a different place each time: a quarter of the memory is four times as likely to be near.

/// Bits that a counter has at hand.
const LOW_BITS: u32 = u16::BITS;

/// Counters from 0 up, of 64 bits each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counters {
    /// The lowest bits of each.
    low: Vec<u16>,
    /// The others; empty until one has any, then as long as `low`, so that equal counts are equal values.
    carried: Vec<u64>,
}

impl Counters {
    pub const fn new() -> Self {
        Counters { low: Vec::new(), carried: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.low.len()
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.low.is_empty()
    }

    /// One more in a counter; false if there is no such counter.
    #[inline(always)]
    pub fn count(&mut self, index: usize) -> bool {
        let Some(low) = self.low.get_mut(index) else { return false };
        *low = low.wrapping_add(1);
        if *low == 0 {
            self.carry(index, 1);
        }
        true
    }

    /// So many more in a counter that there is.
    #[inline]
    pub fn add(&mut self, index: usize, n: u64) {
        let sum = u64::from(self.low[index]) + (n & u64::from(u16::MAX));
        self.low[index] = sum as u16;
        let carry = (n >> LOW_BITS) + (sum >> LOW_BITS);
        if carry > 0 {
            self.carry(index, carry);
        }
    }

    #[cold]
    #[inline(never)]
    fn carry(&mut self, index: usize, carry: u64) {
        self.carried.resize(self.low.len(), 0);
        self.carried[index] += carry;
    }

    /// A counter; 0 if there is no such counter.
    #[inline]
    pub fn get(&self, index: usize) -> u64 {
        let low = self.low.get(index).copied().unwrap_or(0);
        let carried = self.carried.get(index).copied().unwrap_or(0);
        carried << LOW_BITS | u64::from(low)
    }

    /// So many counters at least; new ones are 0.
    pub fn grow(&mut self, len: usize) {
        if len > self.low.len() {
            self.low.resize(len, 0);
            if !self.carried.is_empty() {
                self.carried.resize(len, 0);
            }
        }
    }

    /// All counters.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator {
        (0..self.low.len()).map(|index| self.get(index))
    }

    /// No counters any more; the memory is kept.
    pub fn clear(&mut self) {
        self.low.clear();
        self.carried.clear();
    }
}

impl FromIterator<u64> for Counters {
    fn from_iter<I: IntoIterator<Item = u64>>(counts: I) -> Self {
        let mut counters = Counters::new();
        for (index, count) in counts.into_iter().enumerate() {
            counters.grow(index + 1);
            counters.add(index, count);
        }
        counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a table of words.
        #[test]
        fn they_count_like_words(steps in prop::collection::vec((0_usize..5, prop::option::of(0_u64..200_000)), 0..60)) {
            let (mut counters, mut words) = (Counters::new(), Vec::new());
            for (index, step) in steps {
                match step {
                    Some(n) => {
                        counters.grow(index + 1);
                        words.resize(words.len().max(index + 1), 0);
                        counters.add(index, n);
                        words[index] += n;
                    }
                    None => {
                        prop_assert_eq!(counters.count(index), index < words.len());
                        words.iter_mut().skip(index).take(1).for_each(|word| *word += 1);
                    }
                }
                prop_assert_eq!(&counters.iter().collect::<Vec<u64>>(), &words);
                prop_assert_eq!(&words.iter().copied().collect::<Counters>(), &counters);
            }
        }
    }

    #[test]
    fn one_more_than_two_bytes_hold_is_carried() {
        let mut counters = Counters::new();
        counters.grow(2);
        (0..70_000).for_each(|_| assert!(counters.count(1)));
        assert_eq!((counters.get(0), counters.get(1), counters.get(2)), (0, 70_000, 0));
        counters.add(1, u64::MAX - 70_000);
        assert_eq!(counters.get(1), u64::MAX);
    }
}
