//! Named sequences of random numbers for ambient processes.

use crate::random::mix::{combine, hash_name, unit};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// A sequence of random numbers whose name alone, with seed and replication, fixes its numbers: not the order in which streams are
/// opened, not the thread, not the variant.
///
/// The generator is xoshiro256++ (D. Blackman, S. Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), which is the same on
/// every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl Stream {
    /// The stream of a name, such as `"web/3/gc"`, in one replication of an experiment with this seed.
    pub fn named(seed: u64, replication: u64, name: &str) -> Self {
        Self::of(seed, replication, hash_name(name))
    }

    /// The same, of a name that has been mixed into one word.
    pub fn of(seed: u64, replication: u64, name: u64) -> Self {
        let start = combine(combine(seed, replication), name);
        Self { generator: Xoshiro256PlusPlus::seed_from_u64(start) }
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// The next uniform number in the open interval (0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit(self.bits())
    }

    /// A uniform whole number in `0..n`, without bias; 0 if `n` is 0.
    ///
    /// D. Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 2019.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.bits()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_fixes_the_numbers() {
        let numbers = |seed, replication, name| {
            let mut stream = Stream::named(seed, replication, name);
            [stream.bits(), stream.bits(), stream.bits()]
        };
        assert_eq!(numbers(1, 2, "web/3/gc"), numbers(1, 2, "web/3/gc"));
        for other in [numbers(2, 1, "web/3/gc"), numbers(1, 3, "web/3/gc"), numbers(1, 2, "web/4/gc")] {
            assert!(numbers(1, 2, "web/3/gc").iter().zip(other).all(|(&a, b)| a != b));
        }
    }

    #[test]
    fn a_clone_continues_alike() {
        let mut stream = Stream::named(1, 0, "x");
        stream.bits();
        let mut copy = stream.clone();
        assert_eq!(stream.bits(), copy.bits());
    }

    #[test]
    fn below_is_even_over_its_range() {
        let mut stream = Stream::named(1, 0, "below");
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[stream.below(7) as usize] += 1);
        let chi_square: f64 = counts.iter().map(|&n| (f64::from(n) - 1e4).powi(2) / 1e4).sum();
        assert!(chi_square < 22.46, "{chi_square}"); // 0.999 quantile, 6 degrees of freedom
        assert_eq!((stream.below(0), stream.below(1)), (0, 0));
    }

    #[test]
    fn below_rejects_what_would_be_biased() {
        // With n = 3/4 of 2^64 every multiple of 3 is hit by two words and every other number by one.
        let n = 3 << 62;
        let mut stream = Stream::named(1, 0, "large");
        let multiples = (0..30_000).filter(|_| stream.below(n).is_multiple_of(3)).count() as f64;
        assert!((multiples - 1e4).abs() < 4.0 * (3e4 * 2.0 / 9.0_f64).sqrt(), "{multiples}");
    }
}
