//! A log-linear histogram of durations.
//!
//! Every octave is divided into 256 buckets of equal width, the layout of G. Tene's HdrHistogram (2012). A bucket is thus at most
//! 1/256 (0.4 %) of its lower edge wide. Within a bucket values are taken to lie evenly: the middle of it would be the same in all
//! replications of an experiment, with an interval of no width around a value that is not the true one.

use super::counters::Counters;

/// Buckets per octave, as a power of two.
const SUB_BITS: u32 = 8;
/// Buckets per octave.
const SUB_COUNT: u64 = 1 << SUB_BITS;

/// Width of a bucket as a share of its lower edge, at most: quantiles that differ by no more than this cannot be told apart.
pub const RESOLUTION: f64 = 1.0 / SUB_COUNT as f64;

/// Counts of `u64` values (nanoseconds, as a rule; any unit will do) in log-linear buckets.
///
/// A reported quantile is within 0.5 % of the exact one and exact below 512. Memory grows with the largest value only: 2 bytes a bucket
/// (10 once one has more than 65,535), 256 buckets an octave, 11 KiB for values up to a second in nanoseconds. Counts, sum, minimum and maximum are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Always ends with the highest bucket used, so that equal contents are equal values.
    buckets: Counters,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram. Allocates nothing before the first value.
    pub const fn new() -> Self {
        Self { buckets: Counters::new(), sum: 0, min: u64::MAX, max: 0 }
    }

    /// Records one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        let index = bucket_of(value);
        if !self.buckets.count(index) {
            return self.record_beyond(value);
        }
        // Nothing is kept that the buckets tell: a run records several values for every request.
        self.sum += u128::from(value);
        // Branches, since they are nearly never taken: no store. Two, since the compiler makes more of one with two conditions.
        if value < self.min {
            self.widen(value);
        }
        if value > self.max {
            self.widen(value);
        }
    }

    /// A new smallest or largest value. Cold, so that [`Histogram::record`] lies in one piece.
    #[cold]
    #[inline(never)]
    fn widen(&mut self, value: u64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The first value of a new largest bucket. Out of line, so that `record` stays small: happens a handful of times in a run.
    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Records the same value `n` times; `n == 0` changes nothing.
    #[inline]
    pub fn record_n(&mut self, value: u64, n: u64) {
        if n == 0 {
            return;
        }
        let index = bucket_of(value);
        self.buckets.grow(index + 1);
        self.buckets.add(index, n);
        self.sum += u128::from(value) * u128::from(n);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// How many values were recorded; counts the buckets.
    pub fn count(&self) -> u64 {
        self.buckets.filled().map(|(_, n)| n).sum()
    }

    /// Whether nothing was recorded.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The exact sum of the recorded values.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact mean of the recorded values; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The variance of the recorded values, in the square of their unit, to about 1 %: each counts as the middle of its bucket. `None` under two values.
    pub fn variance(&self) -> Option<f64> {
        let (mean, count) = (self.mean()?, self.count());
        let middle = |index| (low_edge(index) as f64 + high_edge(index) as f64) / 2.0;
        let square = |(index, n): (usize, u64)| {
            let away = middle(index).clamp(self.min as f64, self.max as f64) - mean;
            n as f64 * away * away
        };
        (count > 1).then(|| self.buckets.filled().map(square).sum::<f64>() / (count - 1) as f64)
    }

    /// The smallest recorded value, exactly; `None` if there is none.
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min)
    }

    /// The largest recorded value, exactly; `None` if there is none.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The `q`-quantile: the value of rank `ceil(q * count)`, known to within 0.5 %.
    ///
    /// `q` is clamped to `0..=1`; 0 gives [`min`](Self::min) and 1 gives [`max`](Self::max). `None` if the histogram is empty or `q` is
    /// not a number.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.is_empty() || q.is_nan() {
            return None;
        }
        if q <= 0.0 {
            return Some(self.min);
        }
        if q >= 1.0 {
            return Some(self.max);
        }
        let rank = rank_of(q, self.count());
        let mut before = 0;
        for (index, n) in self.buckets.filled() {
            if before + n >= rank {
                return Some(within(index, rank - before, n).clamp(self.min, self.max));
            }
            before += n;
        }
        Some(self.max)
    }

    /// Adds everything `other` recorded: the result is as if one histogram had recorded both.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.absorb(&other.buckets);
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// What was recorded after `earlier`, which must be an older copy of this histogram: the difference of the cumulative counts.
    ///
    /// Counts, sum and mean are exact. The extremes are edges of buckets (within 0.4 %) and never outside those of `self`.
    pub fn since(&self, earlier: &Self) -> Histogram {
        let buckets = self.buckets.beyond(&earlier.buckets);
        let Some((first, _)) = buckets.filled().next() else {
            return Self::new();
        };
        Self {
            sum: self.sum.saturating_sub(earlier.sum),
            min: low_edge(first).clamp(self.min, self.max),
            max: high_edge(buckets.len() - 1).clamp(self.min, self.max),
            buckets,
        }
    }

    /// How many buckets there are, up to that of the largest value.
    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// How many values lie in a bucket.
    pub(super) fn in_bucket(&self, at: usize) -> u64 {
        if at < self.buckets.len() { self.buckets.get(at) } else { 0 }
    }

    /// Which part of a bucket's values is at most `limit`: they are taken to lie evenly.
    pub(super) fn part_up_to(at: usize, limit: u64) -> f64 {
        let (low, high) = (low_edge(at), high_edge(at));
        match limit {
            _ if limit >= high => 1.0,
            _ if limit < low => 0.0,
            _ => (limit - low + 1) as f64 / (high - low + 1) as f64,
        }
    }

    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        let mut buckets = std::mem::replace(&mut self.buckets, Counters::new());
        buckets.clear();
        *self = Self { buckets, ..Self::new() };
    }
}

/// The rank `ceil(q * n)`, at least 1. The product is lowered by a few units in the last place first: `0.07 * 100.0` is a little more than
/// 7, but everybody means rank 7.
fn rank_of(q: f64, n: u64) -> u64 {
    let product = q * n as f64;
    let rank = (product - product * (2.0 * f64::EPSILON)).ceil() as u64;
    rank.clamp(1, n)
}

/// The bucket of a value: the identity below 512, then 256 buckets per octave.
#[inline]
fn bucket_of(value: u64) -> usize {
    let shift = (63 - SUB_BITS) - (value | SUB_COUNT).leading_zeros();
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

/// The binary exponent of the width of a bucket.
fn width_bits(index: usize) -> u32 {
    ((index >> SUB_BITS) as u32).saturating_sub(1)
}

/// The smallest value of a bucket.
fn low_edge(index: usize) -> u64 {
    let shift = width_bits(index);
    (index as u64 - (u64::from(shift) << SUB_BITS)) << shift
}

/// The largest value of a bucket.
fn high_edge(index: usize) -> u64 {
    low_edge(index) + ((1_u64 << width_bits(index)) - 1)
}

/// The value of this rank, from 1, among `n` that lie evenly in a bucket: in the middle of its part.
fn within(index: usize, rank: u64, n: u64) -> u64 {
    let part = u128::from(2 * rank - 1) << width_bits(index);
    low_edge(index) + (part / u128::from(2 * n)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn histogram_of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        histogram
    }

    /// Values spread evenly over the orders of magnitude, as durations are.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((0_u32..=63, any::<u64>()).prop_map(|(shift, bits)| bits >> shift), 1..300)
    }

    #[test]
    fn buckets_are_adjacent_and_end_with_the_largest_value() {
        let last = bucket_of(u64::MAX);
        assert_eq!(high_edge(last), u64::MAX);
        for index in 0..last {
            assert_eq!(high_edge(index) + 1, low_edge(index + 1));
            assert_eq!(bucket_of(low_edge(index)), index);
            assert_eq!(bucket_of(high_edge(index)), index);
        }
    }

    #[test]
    fn an_empty_histogram_knows_nothing() {
        let empty = Histogram::new();
        assert!(empty.is_empty());
        assert_eq!((empty.mean(), empty.min(), empty.max(), empty.quantile(0.5)), (None, None, None, None));
    }

    #[test]
    fn small_values_have_exact_quantiles() {
        let histogram = histogram_of(&(1..=100).collect::<Vec<_>>());
        for percent in 1..=100 {
            assert_eq!(histogram.quantile(percent as f64 / 100.0), Some(percent));
        }
        assert_eq!(histogram.mean(), Some(50.5));
        assert_eq!(histogram.quantile(f64::NAN), None);
    }

    #[test]
    fn quantiles_of_even_values_are_closer_than_a_bucket() {
        let histogram = histogram_of(&(1_000_000..2_000_000).step_by(7).collect::<Vec<_>>());
        for q in [0.1, 0.25, 0.501, 0.77, 0.99] {
            let exact = 1e6 + 1e6 * q;
            let error = histogram.quantile(q).unwrap() as f64 - exact;
            assert!(error.abs() < 20.0, "{error} at {q}: a bucket is about 4,000 wide");
        }
    }

    #[test]
    fn the_sum_does_not_overflow() {
        let mut histogram = Histogram::new();
        histogram.record_n(u64::MAX, 1 << 40);
        assert_eq!(histogram.mean(), Some(u64::MAX as f64));
        assert_eq!(histogram.quantile(0.5), Some(u64::MAX));
    }

    #[test]
    fn clear_and_zero_repetitions_leave_nothing() {
        let mut histogram = histogram_of(&[5, 1_000_000]);
        histogram.clear();
        histogram.record_n(7, 0);
        assert_eq!(histogram, Histogram::new());
    }

    proptest! {
        #[test]
        fn quantiles_are_within_half_a_percent(mut values in values(), q in 0.0_f64..=1.0) {
            let reported = histogram_of(&values).quantile(q).unwrap();
            values.sort_unstable();
            let exact = values[rank_of(q, values.len() as u64) as usize - 1];
            let error = reported.abs_diff(exact);
            prop_assert!(error as f64 <= 0.005 * exact as f64, "{reported} for {exact}");
        }

        #[test]
        fn merging_is_recording_everything(first in values(), second in values()) {
            let mut merged = histogram_of(&first);
            merged.merge(&histogram_of(&second));
            prop_assert_eq!(merged, histogram_of(&[first, second].concat()));
        }

        #[test]
        fn the_difference_is_what_came_later(first in values(), second in values()) {
            let earlier = histogram_of(&first);
            let later = histogram_of(&second);
            let mut all = earlier.clone();
            all.merge(&later);
            let difference = all.since(&earlier);
            prop_assert_eq!(&difference.buckets, &later.buckets);
            prop_assert_eq!((difference.count(), difference.sum), (later.count(), later.sum));
            let (low, high) = (difference.min().unwrap(), difference.max().unwrap());
            prop_assert!(low <= later.min && later.min - low <= later.min / 256);
            prop_assert!(high >= later.max && high - later.max <= later.max / 256);
            prop_assert!(all.since(&all).is_empty());
        }
    }
}
