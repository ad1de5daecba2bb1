//! Exponential times in whole nanoseconds, straight from random bits, in integers only.
//!
//! A simulation draws one for nearly every event, and the event cannot be put into the calendar before: what counts is how many
//! operations wait for each other. In integers there is no conversion, and half as many in a row as with `f64`; and the same bits come out
//! on every machine.
//!
//! The logarithm is table-driven (P. T. P. Tang, ACM TOMS 1990): the mantissa times a short reciprocal of its neighbourhood is next
//! to 1, and a short series does the rest.

use crate::random::logarithm::series;

const TABLE_BITS: u32 = 8;
/// The reciprocals are between 1 and 2, in units of 2^-15.
const RECIPROCAL_BITS: u32 = 15;
/// Of the mantissa's 64 bits so many are used, so that the distance from 1 fits into a signed word.
const MANTISSA_BITS: u32 = 56;
/// Logarithms are kept in units of 2^-58: the largest, of 2^-64, is 44.4.
const LOGARITHM_BITS: u32 = 58;
/// Units of the distance from 1.
const DISTANCE_BITS: u32 = MANTISSA_BITS + RECIPROCAL_BITS;

/// ln 2; the digits are those of 2^64 ln 2.
const LN_2: u64 = ((0xB172_17F7_D1CF_79AB_u64 >> (63 - LOGARITHM_BITS)) + 1) >> 1;

#[derive(Clone, Copy)]
struct Neighbourhood {
    reciprocal: u64,
    /// The reciprocal's logarithm.
    logarithm: u64,
}

static TABLE: [Neighbourhood; 1 << TABLE_BITS] = table();

const fn table() -> [Neighbourhood; 1 << TABLE_BITS] {
    let one = (1_u64 << RECIPROCAL_BITS) as f64;
    let mut table = [Neighbourhood { reciprocal: 1 << RECIPROCAL_BITS, logarithm: 0 }; 1 << TABLE_BITS];
    let mut index = 0;
    // Next to 1 the reciprocal stays exactly 1, so that small logarithms keep all their digits.
    while index + 1 < table.len() {
        let middle = 0.5 + (index as f64 + 0.5) / (2 << TABLE_BITS) as f64;
        let reciprocal = (one / middle + 0.5) as u64;
        let logarithm = series(reciprocal as f64 / one) * (1_u64 << LOGARITHM_BITS) as f64;
        table[index] = Neighbourhood { reciprocal, logarithm: (logarithm + 0.5) as u64 };
        index += 1;
    }
    table
}

/// The upper half of a product of signed words.
#[inline(always)]
const fn upper(a: i64, b: i64) -> i64 {
    ((a as i128 * b as i128) >> 64) as i64
}

/// `-ln(w / 2^64)` for a word `w` above 0, in units of 2^-58; within 1e-14 of the truth.
#[inline(always)]
fn minus_ln(word: u64) -> u64 {
    let zeros = word.leading_zeros();
    let mantissa = word << zeros; // w = 2^-zeros x, x in 0.5..1
    let index = (mantissa >> (63 - TABLE_BITS)) as usize % TABLE.len();
    let Neighbourhood { reciprocal, logarithm } = TABLE[index];
    // The product is 1 + t, and the 1 falls out of the word.
    let t = (mantissa >> (64 - MANTISSA_BITS)).wrapping_mul(reciprocal) as i64; // units of 2^-71
    // ln(1 + t) = t - t^2 (1/2 - t/3 + t^2/4) + ...; |t| is at most 2^-9, so that the next term is at most 6e-15.
    const THIRD: i64 = ((1_i64 << 55) as f64 / 3.0) as i64;
    let square = upper(t, t); // units of 2^-78
    let bracket = (1_i64 << 61) - upper(t, THIRD) + (square >> 18); // units of 2^-62
    let rest = upper(square, bracket) >> 18;
    let whole = (u64::from(zeros) * LN_2 + logarithm) as i64;
    (whole - (t >> (DISTANCE_BITS - LOGARITHM_BITS)) + rest) as u64
}

/// Exponentially distributed times of one mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialNs {
    /// The mean, in units of 2^-(shift + 6) ns, its upper bit set.
    mean: u64,
    shift: u32,
    /// Half a nanosecond in the units of the result before it is shifted.
    half: u64,
}

impl ExponentialNs {
    /// With this mean in ns; `None` unless it is from 1 ns to 9 years, where integers hold the result.
    pub fn new(mean_ns: f64) -> Option<Self> {
        if !(1.0..(1_u64 << 57) as f64).contains(&mean_ns) {
            return None;
        }
        let exponent = ((mean_ns.to_bits() >> 52) & 0x7FF) as u32 - 1023; // 0..57: the mean is normal and at least 1
        let mantissa = (mean_ns.to_bits() << 11) | (1 << 63);
        let shift = LOGARITHM_BITS - 1 - exponent;
        Some(ExponentialNs { mean: mantissa, shift, half: (1 << shift) >> 1 })
    }

    /// The time that random bits make, rounded to the nearest; it does not fall as the bits grow.
    #[inline(always)]
    pub fn at_bits(&self, bits: u64) -> u64 {
        // 1 - u for u = bits / 2^64; never 0.
        let logarithm = minus_ln(!bits | 1);
        let product = ((u128::from(logarithm) * u128::from(self.mean)) >> 64) as u64;
        (product + self.half) >> self.shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `-ln((!bits | 1) / 2^64)`, near 1 by the distance from it.
    fn exact(bits: u64) -> f64 {
        let word = !bits | 1;
        if word >> 63 == 1 {
            return -libm::log1p(-((!word) as f64 + 1.0) / 2.0_f64.powi(64));
        }
        64.0 * std::f64::consts::LN_2 - libm::log(word as f64)
    }

    fn is_close(mean: f64, bits: u64) -> bool {
        let sample = ExponentialNs::new(mean).unwrap().at_bits(bits) as f64;
        let truth = mean * exact(bits);
        (sample - truth).abs() <= 0.501 + 1.5e-14 * mean + 4e-16 * truth
    }

    proptest! {
        #[test]
        fn times_are_those_of_the_logarithm(bits: u64, zeros in 0..64_u32, mean in 0.0..39.0_f64) {
            let mean = libm::exp(mean); // 1 ns to 2.7 years
            for bits in [bits, !(bits >> zeros), bits >> zeros] {
                prop_assert!(is_close(mean, bits), "{mean} {bits:x}");
            }
        }

        #[test]
        fn more_bits_make_no_shorter_time(bits: u64, step in 1..u64::MAX, mean in 1.0..1e15_f64) {
            let times = ExponentialNs::new(mean).unwrap();
            let more = bits.saturating_add(step >> (step % 64));
            prop_assert!(times.at_bits(more) >= times.at_bits(bits));
        }
    }

    #[test]
    fn edges_of_all_neighbourhoods_are_right() {
        for index in 0..=1 << TABLE_BITS {
            let edge = (1_u64 << 63).wrapping_add(index << (63 - TABLE_BITS));
            for word in [edge.wrapping_sub(1), edge, edge.wrapping_add(1)] {
                assert!(is_close(1e15, !word), "{word:x}");
            }
        }
    }

    #[test]
    fn the_smallest_and_largest_bits_make_the_extremes() {
        let second = ExponentialNs::new(1e9).unwrap();
        assert_eq!(second.at_bits(0), 0);
        assert_eq!(second.at_bits(u64::MAX), 44_361_419_556); // 64 ln 2
    }

    #[test]
    fn other_means_are_not_for_integers() {
        for mean in [0.0, 0.99, -5.0, 1.5e17, f64::NAN, f64::INFINITY] {
            assert_eq!(ExponentialNs::new(mean), None, "{mean}");
        }
        assert!(ExponentialNs::new(1.0).is_some() && ExponentialNs::new(1.4e17).is_some());
    }
}
