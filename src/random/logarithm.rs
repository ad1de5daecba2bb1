//! The natural logarithm, without a division and the same bits on every machine.
//!
//! P. T. P. Tang, "Table-Driven Implementation of the Logarithm Function in IEEE Floating-Point Arithmetic", ACM TOMS 1990:
//! the mantissa is multiplied by a short reciprocal of its neighbourhood out of a table, which brings it next to 1, and a
//! polynomial does the rest. Only additions and multiplications of `f64`, which IEEE 754 rounds exactly.
//! About half the time of `libm::log`, and a simulation draws an exponential for nearly every event.

use std::f64::consts::LN_2;

const TABLE_BITS: u32 = 7;
/// The mantissas lie from this number, 0.6875, to twice it: so that 1 is well inside.
const LOWEST: u64 = 0x3FE6_0000_0000_0000;
const MANTISSA_BITS: u32 = 52;

/// A short reciprocal of a neighbourhood of mantissas, and minus its logarithm.
#[derive(Clone, Copy)]
struct Neighbourhood {
    reciprocal: f64,
    logarithm: f64,
}

static TABLE: [Neighbourhood; 1 << TABLE_BITS] = table();

const fn table() -> [Neighbourhood; 1 << TABLE_BITS] {
    let mut table = [Neighbourhood { reciprocal: 1.0, logarithm: 0.0 }; 1 << TABLE_BITS];
    let mut index = 0;
    while index < table.len() {
        let low = f64::from_bits(LOWEST + ((index as u64) << (MANTISSA_BITS - TABLE_BITS)));
        let high = f64::from_bits(LOWEST + ((index as u64 + 1) << (MANTISSA_BITS - TABLE_BITS)));
        // Next to 1 the reciprocal stays exactly 1, so that small logarithms keep all their digits.
        if low != 1.0 && high != 1.0 {
            let reciprocal = ((2048.0 / (low + high) + 0.5) as u64) as f64 / 1024.0;
            table[index] = Neighbourhood { reciprocal, logarithm: -series(reciprocal) };
        }
        index += 1;
    }
    table
}

/// `ln x = 2 artanh((x - 1) / (x + 1))` by its series, for the table.
pub(crate) const fn series(x: f64) -> f64 {
    let ratio = (x - 1.0) / (x + 1.0);
    let mut sum = 0.0;
    let mut odd = 41;
    while odd >= 1 {
        sum = sum * ratio * ratio + 1.0 / odd as f64;
        odd -= 2;
    }
    2.0 * ratio * sum
}

/// The natural logarithm of a positive, normal, finite number; other arguments give no sensible result.
///
/// Within 3e-16 of the truth or, where that is more, within 6e-14 of its size.
#[inline]
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "the logarithm of {x}");
    let above = x.to_bits().wrapping_sub(LOWEST);
    let exponent = (above as i64) >> MANTISSA_BITS;
    let index = (above >> (MANTISSA_BITS - TABLE_BITS)) as usize % TABLE.len();
    let mantissa = f64::from_bits(x.to_bits().wrapping_sub((exponent as u64) << MANTISSA_BITS));
    let Neighbourhood { reciprocal, logarithm } = TABLE[index];
    let r = mantissa * reciprocal - 1.0;
    let whole = exponent as f64 * LN_2 + logarithm;
    whole + (r + r * r * tail(r))
}

/// `(ln(1 + r) - r) / r^2` by Taylor's series; |r| is at most 1/128.
#[inline]
fn tail(r: f64) -> f64 {
    let square = r * r;
    let last = r / -8.0 + 1.0 / 7.0;
    let low = r * (1.0 / 3.0) - 0.5;
    let middle = r * (1.0 / 5.0) - 0.25;
    // Subtracted the other way round than the others, which changes no bit: else the compiler pairs it with one of them for vector
    // instructions, and spends more on the pairing than it saves.
    let high = 1.0 / 6.0 - r * last;
    low + square * (middle - square * high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_close(x: f64) -> bool {
        let (fast, exact) = (ln(x), libm::log(x));
        (fast - exact).abs() <= 3e-16_f64.max(6e-14 * exact.abs())
    }

    #[test]
    fn edges_of_all_neighbourhoods_are_right() {
        for index in 0..=TABLE.len() as u64 {
            let edge = LOWEST + (index << (MANTISSA_BITS - TABLE_BITS));
            for bits in [edge - 1, edge, edge + 1] {
                assert!(is_close(f64::from_bits(bits)), "{}", f64::from_bits(bits));
            }
        }
    }

    #[test]
    fn next_to_one_all_digits_are_kept() {
        for distance in [1e-3, 1e-6, 1e-9, 1e-12, f64::EPSILON] {
            for x in [1.0 - distance, 1.0 + distance] {
                assert!((ln(x) / libm::log(x) - 1.0).abs() < 1e-15, "{x}");
            }
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.5), -LN_2);
    }

    proptest! {
        #[test]
        fn agrees_with_libm(u in 1e-17..1.0_f64, exponent in -300..300_i32) {
            prop_assert!(is_close(u));
            let scaled = u * libm::pow(2.0, f64::from(exponent));
            prop_assert!(is_close(scaled));
        }
    }
}
