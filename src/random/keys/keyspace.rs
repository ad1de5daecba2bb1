//! From popularity ranks to ids that show nothing of them.

use crate::random::mix::{GOLDEN, combine, mix64};

/// Rounds of the Feistel network. Three make a pseudorandom permutation (M. Luby, C. Rackoff, 1988) from good round functions; ours are
/// cheap, hence one more.
const ROUNDS: usize = 4;

/// A bijection between popularity ranks and ids, both `0..size`, so that hot keys are spread over shards, pages and slots.
///
/// A small Feistel network over the next power of two, repeated until the result is below `size`: J. Black, P. Rogaway, "Ciphers with
/// Arbitrary Finite Domains", CT-RSA 2002 (cycle walking). No table, the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    size: u64,
    left_bits: u32,
    left_mask: u64,
    right_mask: u64,
    /// `None` leaves ranks as they are.
    round_keys: Option<[u64; ROUNDS]>,
}

impl Keyspace {
    /// Ids `0..size` in an order that `scramble_seed` fixes. A size of 0 is taken as 1.
    pub fn new(size: u64, scramble_seed: u64) -> Self {
        let round_keys = std::array::from_fn(|round| combine(scramble_seed, round as u64));
        Self {
            round_keys: Some(round_keys),
            ..Self::in_order(size)
        }
    }

    /// Ids `0..size` that equal the ranks: hot keys are neighbours. A size of 0 is taken as 1.
    pub fn in_order(size: u64) -> Self {
        let size = size.max(1);
        // At least one bit on each side.
        let bits = (u64::BITS - (size - 1).leading_zeros()).max(2);
        let left_bits = bits / 2;
        let mask = |bits: u32| (1_u64 << bits) - 1;
        Self {
            size,
            left_bits,
            left_mask: mask(left_bits),
            right_mask: mask(bits - left_bits),
            round_keys: None,
        }
    }

    /// The number of keys, at least 1.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The id of a rank; both are below `size`.
    #[inline]
    pub fn id(&self, rank: u64) -> u64 {
        debug_assert!(
            rank < self.size,
            "rank {rank} in a keyspace of {}",
            self.size
        );
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

    /// The left half is above the right one, which may be a bit wider; rounds change the halves in turn.
    #[inline]
    fn forward(&self, word: u64, keys: &[u64; ROUNDS]) -> u64 {
        let (mut right, mut left) = (word >> self.left_bits, word & self.left_mask);
        for pair in keys.as_chunks::<2>().0 {
            left ^= shuffle(right, pair[0]) & self.left_mask;
            right ^= shuffle(left, pair[1]) & self.right_mask;
        }
        (right << self.left_bits) | left
    }

    /// The rounds of `forward`, last first: each is its own inverse.
    #[inline]
    fn backward(&self, word: u64, keys: &[u64; ROUNDS]) -> u64 {
        let (mut right, mut left) = (word >> self.left_bits, word & self.left_mask);
        for pair in keys.as_chunks::<2>().0.iter().rev() {
            right ^= shuffle(left, pair[1]) & self.right_mask;
            left ^= shuffle(right, pair[0]) & self.left_mask;
        }
        (right << self.left_bits) | left
    }
}

/// The round function: one multiplication, of which the well-mixed high half is used.
#[inline]
fn shuffle(half: u64, key: u64) -> u64 {
    (half ^ key).wrapping_mul(GOLDEN) >> 32
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
        counts
            .iter()
            .map(|&n| (f64::from(n) - mean).powi(2) / mean)
            .sum()
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
        let keyspace = Keyspace::new(100_000, 1);
        let near = (1..100_000)
            .filter(|&rank| keyspace.id(rank).abs_diff(keyspace.id(rank - 1)) <= 50)
            .count();
        // By chance, one in a thousand.
        assert!((60..=140).contains(&near), "{near}");
        let seeds = (0..1_000)
            .filter(|&rank| Keyspace::new(100_000, 2).id(rank) == keyspace.id(rank))
            .count();
        assert!(seeds < 5, "{seeds}");
    }

    #[test]
    fn in_order_changes_nothing() {
        let keyspace = Keyspace::in_order(10);
        assert!((0..10).all(|rank| keyspace.id(rank) == rank && keyspace.rank_of(rank) == rank));
        assert_eq!(
            (Keyspace::new(0, 1).size(), Keyspace::new(0, 1).id(0)),
            (1, 0)
        );
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
