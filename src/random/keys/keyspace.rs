//! From popularity ranks to ids that show nothing of them.

use crate::random::mix::{GOLDEN, combine, mix64};

/// Rounds of the Feistel network. M. Luby, C. Rackoff, "How to Construct Pseudorandom Permutations from Pseudorandom Functions" (1988), do with
/// three; but the hot ranks differ in few bits, and only with four do they spread evenly over ranges of ids.
const ROUNDS: usize = 4;

/// A bijection between popularity ranks and ids, both `0..size`, so that hot keys are spread over shards, pages and slots.
///
/// A small Feistel network with cycle walking: J. Black, P. Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002. One half is a
/// power of two (changed by exclusive or), the other any number (changed by addition modulo it), so that the domain is larger than
/// `size` by about its root only and a second walk is rare. No table, no division, the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    size: u64,
    low_bits: u32,
    low_mask: u64,
    /// The upper half is `0..high_count`, at most 2^32.
    high_count: u64,
    /// `None` leaves ranks as they are.
    round_keys: Option<[u64; ROUNDS]>,
}

impl Keyspace {
    /// Ids `0..size` in an order that `scramble_seed` fixes. A size of 0 is taken as 1.
    pub fn new(size: u64, scramble_seed: u64) -> Self {
        let round_keys = std::array::from_fn(|round| combine(scramble_seed, round as u64));
        Self { round_keys: Some(round_keys), ..Self::in_order(size) }
    }

    /// Ids `0..size` that equal the ranks: hot keys are neighbours. A size of 0 is taken as 1.
    pub fn in_order(size: u64) -> Self {
        let size = size.max(1);
        let low_bits = ((u64::BITS - (size - 1).leading_zeros()) / 2).max(1);
        let high_count = ((size - 1) >> low_bits) + 1;
        Self { size, low_bits, low_mask: (1 << low_bits) - 1, high_count, round_keys: None }
    }

    /// The number of keys, at least 1.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The id of a rank; both are below `size`.
    #[inline]
    pub fn id(&self, rank: u64) -> u64 {
        debug_assert!(rank < self.size, "rank {rank} in a keyspace of {}", self.size);
        let Some(keys) = &self.round_keys else {
            return rank;
        };
        let mut word = self.forward(rank, keys);
        while word >= self.size {
            word = self.forward(word, keys);
        }
        word
    }

    /// The rank of an id: the inverse of [`id`](Self::id).
    #[inline]
    pub fn rank_of(&self, id: u64) -> u64 {
        debug_assert!(id < self.size, "id {id} in a keyspace of {}", self.size);
        let Some(keys) = &self.round_keys else {
            return id;
        };
        let mut word = self.backward(id, keys);
        while word >= self.size {
            word = self.backward(word, keys);
        }
        word
    }

    #[inline]
    fn forward(&self, word: u64, keys: &[u64; ROUNDS]) -> u64 {
        let (mut high, mut low) = (word >> self.low_bits, word & self.low_mask);
        low ^= shuffle(high, keys[0]) & self.low_mask;
        high = self.up(high, shuffle(low, keys[1]));
        low ^= shuffle(high, keys[2]) & self.low_mask;
        high = self.up(high, shuffle(low, keys[3]));
        (high << self.low_bits) | low
    }

    /// The rounds of `forward` undone, last first.
    #[inline]
    fn backward(&self, word: u64, keys: &[u64; ROUNDS]) -> u64 {
        let (mut high, mut low) = (word >> self.low_bits, word & self.low_mask);
        high = self.down(high, shuffle(low, keys[3]));
        low ^= shuffle(high, keys[2]) & self.low_mask;
        high = self.down(high, shuffle(low, keys[1]));
        low ^= shuffle(high, keys[0]) & self.low_mask;
        (high << self.low_bits) | low
    }

    /// Adds 32 random bits, scaled to `0..high_count`, to the upper half, modulo `high_count`.
    #[inline]
    fn up(&self, high: u64, bits: u64) -> u64 {
        let sum = high + ((bits * self.high_count) >> 32);
        sum.min(sum.wrapping_sub(self.high_count))
    }

    /// Undoes `up`.
    #[inline]
    fn down(&self, high: u64, bits: u64) -> u64 {
        let difference = high.wrapping_sub((bits * self.high_count) >> 32);
        difference.min(difference.wrapping_add(self.high_count))
    }
}

/// The round function, 32 bits: the first two thirds of `mix64`. With a single multiplication, neighbours by rank stay neighbours by id two
/// to four times as often as by chance.
#[inline]
fn shuffle(half: u64, key: u64) -> u64 {
    let word = (half ^ key).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 32
}

/// A fixed attribute of an id, evenly spread over `0..n` (0 if `n` is 0): its user, tenant, country, size class. A pure function, so nothing
/// is stored; different `purpose`s are unrelated.
#[inline]
pub const fn attribute(id: u64, purpose: u64, n: u64) -> u64 {
    let bits = mix64(mix64(purpose.wrapping_add(GOLDEN)).wrapping_add(id.wrapping_mul(GOLDEN)));
    ((bits as u128 * n as u128) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_has_exactly_one_rank(size in 1_u64..3_000, seed in any::<u64>()) {
            let keyspace = Keyspace::new(size, seed);
            let mut seen = vec![false; size as usize];
            for rank in 0..size {
                let id = keyspace.id(rank);
                prop_assert!(!std::mem::replace(&mut seen[id as usize], true));
                prop_assert_eq!(keyspace.rank_of(id), rank);
            }
        }

        #[test]
        fn large_spaces_can_be_inverted(size in 1_u64.., seed in any::<u64>(), place in 0.0_f64..1.0) {
            let keyspace = Keyspace::new(size, seed);
            let rank = ((place * size as f64) as u64).min(size - 1);
            prop_assert!(keyspace.id(rank) < size);
            prop_assert_eq!(keyspace.rank_of(keyspace.id(rank)), rank);
        }
    }

    /// Chi-square of counts that should be equal.
    fn chi_square(counts: &[u32]) -> f64 {
        let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|&n| (f64::from(n) - mean).powi(2) / mean).sum()
    }

    #[test]
    fn hot_ranks_are_spread_over_the_space() {
        // The hottest 1,000 of each of 20 spaces, over 16 ranges; and by remainder, as modulo sharding sees them.
        for size in [50_000, 1_000_000, 10_000_000] {
            let (mut ranges, mut remainders) = ([0; 16], [0; 16]);
            for seed in 0..20 {
                let keyspace = Keyspace::new(size, seed);
                for rank in 0..1_000 {
                    let id = keyspace.id(rank);
                    ranges[(id * 16 / size) as usize] += 1;
                    remainders[(id % 16) as usize] += 1;
                }
            }
            // 0.999 quantile, 15 degrees of freedom
            assert!(chi_square(&ranges) < 37.7, "{size}: {ranges:?}");
            assert!(chi_square(&remainders) < 37.7, "{size}: {remainders:?}");
        }
    }

    #[test]
    fn neighbours_by_rank_are_not_neighbours_by_id() {
        for size in [10_000, 100_000, 1_234_567] {
            // By chance, one pair in a thousand.
            let reach = size / 2_000;
            let (mut near, mut joint) = (0, [0; 64]);
            for seed in 0..20 {
                let keyspace = Keyspace::new(size, seed);
                for rank in 1..5_000 {
                    let (id, next) = (keyspace.id(rank - 1), keyspace.id(rank));
                    near += u32::from(id.abs_diff(next) <= reach);
                    joint[(id % 8 * 8 + next * 8 / size) as usize] += 1;
                }
            }
            assert!((60..=140).contains(&near), "{size}: {near} of 100,000");
            assert!(chi_square(&joint) < 103.4, "{size}: {joint:?}"); // 0.999 quantile, 63 degrees of freedom
        }
    }

    #[test]
    fn the_seed_moves_every_rank_anywhere() {
        for size in [10, 100, 1_000] {
            let mut places = vec![0; 10];
            for seed in 0..10_000 {
                places[(Keyspace::new(size, seed).id(seed % 10) * 10 / size) as usize] += 1;
            }
            assert!(chi_square(&places) < 27.9, "{size}: {places:?}"); // 0.999 quantile, 9 degrees of freedom
        }
    }

    #[test]
    fn in_order_changes_nothing() {
        let keyspace = Keyspace::in_order(10);
        assert!((0..10).all(|rank| keyspace.id(rank) == rank && keyspace.rank_of(rank) == rank));
        assert_eq!((Keyspace::new(0, 1).size(), Keyspace::new(0, 1).id(0)), (1, 0));
    }

    #[test]
    fn attributes_are_even_and_unrelated() {
        let mut joint = [0; 50];
        for id in 0..100_000 {
            joint[(attribute(id, 1, 5) * 10 + attribute(id, 2, 10)) as usize] += 1;
        }
        assert!(chi_square(&joint) < 85.4, "{joint:?}"); // 0.999 quantile, 49 degrees of freedom
        assert_eq!((attribute(7, 1, 0), attribute(7, 1, 1)), (0, 0));
    }
}
