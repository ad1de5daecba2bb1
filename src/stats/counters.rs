//! Many counters, nearly all of them small: two bytes each, and what does not fit is carried into a table beside them. A simulation counts
//! several times for every request, in a different place each time: a quarter of the memory is four times as likely to be near.

/// Bits that a counter has at hand.
const LOW_BITS: u32 = u16::BITS;

/// Counters that are looked at together to see whether they are empty.
const CHUNK: usize = 32;

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

    /// So many more in each as another set holds.
    pub fn absorb(&mut self, other: &Counters) {
        self.grow(other.len());
        other.filled().for_each(|(index, count)| self.add(index, count));
    }

    /// What is in each beyond what an earlier copy of it held, without empty ones at the end.
    pub fn beyond(&self, earlier: &Counters) -> Counters {
        if !self.carried.is_empty() {
            let beyond = |index| self.get(index).saturating_sub(earlier.get(index));
            let used = (0..self.len()).rev().find(|index| beyond(*index) > 0).map_or(0, |last| last + 1);
            return (0..used).map(beyond).collect();
        }
        let mut low = self.low.clone();
        for (count, earlier) in low.iter_mut().zip(&earlier.low) {
            *count = count.saturating_sub(*earlier);
        }
        let last = low.rchunks(CHUNK).take_while(|chunk| is_empty(chunk)).map(<[u16]>::len).sum::<usize>();
        low.truncate(low.len() - last);
        low.truncate(low.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1));
        Counters { low, carried: Vec::new() }
    }

    /// Those that hold something, with their indices: long stretches of a histogram are empty.
    pub fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        let chunks = self.low.chunks(CHUNK).zip((0..).step_by(CHUNK));
        let in_use = chunks.filter(|(chunk, _)| !self.carried.is_empty() || !is_empty(chunk));
        let indices = in_use.flat_map(|(chunk, first)| first..first + chunk.len());
        indices.map(|index| (index, self.get(index))).filter(|(_, count)| *count > 0)
    }

    /// No counters any more; the memory is kept.
    pub fn clear(&mut self) {
        self.low.clear();
        self.carried.clear();
    }
}

/// Looks at all of them, without a branch that would end the search early: the compiler looks at eight and more at a time.
fn is_empty(chunk: &[u16]) -> bool {
    chunk.iter().fold(0, |all, count| all | count) == 0
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
                prop_assert_eq!(all(&counters), words.clone());
                let filled = words.iter().copied().enumerate().filter(|(_, word)| *word > 0);
                prop_assert_eq!(counters.filled().collect::<Vec<_>>(), filled.collect::<Vec<_>>());
                prop_assert_eq!(&words.iter().copied().collect::<Counters>(), &counters);
            }
        }
    }

    fn all(counters: &Counters) -> Vec<u64> {
        (0..counters.len()).map(|index| counters.get(index)).collect()
    }

    /// Few counts among many counters, as in a histogram.
    fn sparse() -> impl Strategy<Value = Vec<u64>> {
        let count = prop_oneof![20 => Just(0), 2 => 1_u64..5, 1 => 0_u64..200_000];
        prop::collection::vec(count, 0..200)
    }

    proptest! {
        /// What came later is what is there beyond what was there, and both together are all.
        #[test]
        fn sums_and_differences(before in sparse(), after in sparse()) {
            let [mut counters, later] = [&before, &after].map(|words| words.iter().copied().collect::<Counters>());
            let earlier = counters.clone();
            counters.absorb(&later);
            let word = |words: &[u64], index| words.get(index).copied().unwrap_or(0);
            let sums = (0..before.len().max(after.len())).map(|index| word(&before, index) + word(&after, index));
            prop_assert_eq!(all(&counters), sums.collect::<Vec<u64>>());
            let used = after.iter().rposition(|word| *word > 0).map_or(0, |last| last + 1);
            prop_assert_eq!(counters.beyond(&earlier), after[..used].iter().copied().collect::<Counters>());
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
