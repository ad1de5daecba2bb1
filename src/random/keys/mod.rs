//! Which key a request asks for.
//!
//! [`Keys`] draws a *popularity rank*: 0 is the hottest key. [`Keyspace`] turns ranks into scrambled ids, so that hot keys are not
//! neighbours, and [`attribute`] gives every id its fixed user, tenant, country and so on without a table.

mod error;
mod hotspot;
mod keyspace;
mod latest;
mod sequential;
mod uniform;
mod working_set;
mod zipf;

#[cfg(test)]
mod checks;

pub use error::KeysError;
pub use hotspot::Hotspot;
pub use keyspace::{Keyspace, attribute};
pub use latest::Latest;
pub use sequential::Sequential;
pub use uniform::Uniform;
pub use working_set::WorkingSet;
pub use zipf::Zipf;

/// A popularity law over the ranks `0..n`. Plain data, cheap to clone, the same numbers from the same uniforms.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// All keys alike.
    Uniform(Uniform),
    /// The key of rank k is asked for in proportion to `1 / (k + 1)^exponent`.
    Zipf(Zipf),
    /// A share of the keys takes a share of the requests.
    Hotspot(Hotspot),
    /// The newest keys are the hottest.
    Latest(Latest),
    /// One key after the other.
    Sequential(Sequential),
    /// A few keys for a while, and then others.
    WorkingSet(WorkingSet),
}

impl Keys {
    /// All of `n_keys` keys alike.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53.
    pub fn uniform(n_keys: u64) -> Result<Self, KeysError> {
        Uniform::new(n_keys).map(Self::Uniform)
    }

    /// Zipf's law with an exponent of zero or above; 0.99 is the default of YCSB.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, or the exponent is negative or not finite.
    pub fn zipf(n_keys: u64, exponent: f64) -> Result<Self, KeysError> {
        Zipf::new(n_keys, exponent).map(Self::Zipf)
    }

    /// A share of the keys (the lowest ranks) gets a share of the requests; shares from 0 to 1.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, or a share is not within 0..=1.
    pub fn hotspot(n_keys: u64, share_of_keys: f64, share_of_requests: f64) -> Result<Self, KeysError> {
        Hotspot::new(n_keys, share_of_keys, share_of_requests).map(Self::Hotspot)
    }

    /// Zipf's law over recency: the newest key is the hottest.
    ///
    /// # Errors
    ///
    /// As for [`Keys::zipf`].
    pub fn latest(n_keys: u64, exponent: f64) -> Result<Self, KeysError> {
        Latest::new(n_keys, exponent).map(Self::Latest)
    }

    /// Keys 0, 1, 2, ... and from the beginning again.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53.
    pub fn sequential(n_keys: u64) -> Result<Self, KeysError> {
        Sequential::new(n_keys).map(Self::Sequential)
    }

    /// A working set that moves on: of `n_keys` keys, `size` are wanted at a time, each for `stay_ns` nanoseconds.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, the set is empty or larger than the keys, or the stay is zero.
    pub fn working_set(n_keys: u64, size: u64, stay_ns: u64) -> Result<Self, KeysError> {
        WorkingSet::new(n_keys, size, stay_ns).map(Self::WorkingSet)
    }

    /// How many keys there are; ranks are below.
    pub fn n_keys(&self) -> u64 {
        match self {
            Self::Uniform(keys) => keys.n_keys(),
            Self::Zipf(keys) => keys.n_keys(),
            Self::Hotspot(keys) => keys.n_keys(),
            Self::Latest(keys) => keys.n_keys(),
            Self::Sequential(keys) => keys.n_keys(),
            Self::WorkingSet(keys) => keys.n_keys(),
        }
    }

    /// The rank that is wanted most at the start if `nth` is 0, the next one if it is 1; `nth` is below `n_keys`.
    pub fn most_wanted(&self, nth: u64) -> u64 {
        match self {
            Self::Latest(keys) => keys.n_keys() - 1 - nth,
            Self::Hotspot(keys) => keys.most_wanted(nth),
            _ => nth,
        }
    }

    /// The shares of requests, from 0 to 1, that so many of the keys that are wanted most get at the start, in their order.
    pub fn shares(&self, count: u64) -> Vec<f64> {
        let each = |share: &dyn Fn(u64) -> f64| (0..count.min(self.n_keys())).map(share).collect();
        match self {
            Self::Zipf(keys) => keys.shares(count),
            Self::Latest(keys) => keys.shares(count),
            Self::Hotspot(keys) => each(&|nth| keys.share_of(nth)),
            Self::WorkingSet(keys) => each(&|rank| keys.share_of(rank)),
            Self::Uniform(_) | Self::Sequential(_) => each(&|_| 1.0 / self.n_keys() as f64),
        }
    }

    /// A rank in `0..n_keys`; `next` gives uniform numbers in (0, 1), mostly one, sometimes a few more.
    ///
    /// Enough for laws that do not change with time. For [`Keys::Latest`] the newest key is taken to be the last one, and
    /// [`Keys::Sequential`] and [`Keys::WorkingSet`] stay where they begin: use [`rank_at`](Self::rank_at) where these may occur.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64) -> u64 {
        match self {
            Self::Latest(keys) => keys.rank(next, keys.n_keys() - 1),
            other => other.rank_at(next, 0),
        }
    }

    /// A rank in `0..n_keys` at a moment: `newest` is the number of the key inserted last for [`Keys::Latest`], and the number of the request
    /// for [`Keys::Sequential`] (both taken modulo the number of keys), and nanoseconds since the start for [`Keys::WorkingSet`]. The other
    /// laws ignore it.
    #[inline]
    pub fn rank_at(&self, next: &mut impl FnMut() -> f64, newest: u64) -> u64 {
        match self {
            Self::Zipf(keys) => keys.rank(next),
            Self::Uniform(keys) => keys.rank(next),
            Self::Hotspot(keys) => keys.rank(next),
            Self::Latest(keys) => keys.rank(next, newest),
            Self::Sequential(keys) => keys.rank(newest),
            Self::WorkingSet(keys) => keys.rank(next, newest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use proptest::prelude::*;

    fn any_keys() -> impl Strategy<Value = Keys> {
        let size = prop_oneof![1_u64..5, 1_u64..1_000_000, 1_u64..=1 << 53];
        (size, 0.0_f64..12.0, 0.0_f64..=1.0, 0.0_f64..=1.0, 0..6).prop_map(
            |(n, exponent, keys, requests, law)| {
                let keys = match law {
                    0 => Keys::uniform(n),
                    1 => Keys::zipf(n, exponent),
                    2 => Keys::hotspot(n, keys, requests),
                    3 => Keys::latest(n, exponent),
                    4 => Keys::working_set(
                        n,
                        ((n as f64 * keys) as u64).clamp(1, n),
                        1 + (requests * 1e12) as u64,
                    ),
                    _ => Keys::sequential(n),
                };
                keys.unwrap()
            },
        )
    }

    proptest! {
        #[test]
        fn ranks_are_below_the_number_of_keys(keys in any_keys(), seed in any::<u64>(), newest in any::<u64>()) {
            let mut stream = Stream::named(seed, 0, "keys");
            for _ in 0..50 {
                prop_assert!(keys.rank(&mut || stream.uniform()) < keys.n_keys());
                prop_assert!(keys.rank_at(&mut || stream.uniform(), newest) < keys.n_keys());
            }
        }
    }

    #[test]
    fn what_is_wanted_most_is_drawn_most() {
        for law in [
            Keys::zipf(40, 0.9),
            Keys::latest(40, 0.9),
            Keys::hotspot(40, 0.25, 0.9),
            Keys::hotspot(40, 0.75, 0.1),
            Keys::working_set(40, 10, 1_000),
        ] {
            let keys = law.unwrap();
            let mut stream = Stream::named(3, 0, "keys");
            let mut drawn = [0; 40];
            (0..20_000).for_each(|_| drawn[keys.rank(&mut || stream.uniform()) as usize] += 1);
            let of = |places: std::ops::Range<u64>| -> u32 {
                places.map(|nth| drawn[keys.most_wanted(nth) as usize]).sum()
            };
            assert!(of(0..10) > 2 * of(30..40), "{keys:?}: {drawn:?}");
            assert_eq!(of(0..40), 20_000, "each once");
            let shares = keys.shares(50);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{keys:?}");
            let drawn: f64 = f64::from(of(0..10)) / 20_000.0;
            assert!((shares[..10].iter().sum::<f64>() - drawn).abs() < 0.015, "{keys:?}");
        }
    }

    #[test]
    fn the_ends_of_the_uniform_numbers_are_harmless() {
        let ends = [f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0];
        for n in [1, 2, 1 << 53] {
            for keys in [
                Keys::uniform(n),
                Keys::zipf(n, 0.7),
                Keys::zipf(n, 1.0),
                Keys::zipf(n, 3.0),
                Keys::hotspot(n, 0.2, 0.8),
                Keys::working_set(n, n.min(2), 1),
            ] {
                for end in ends {
                    // The end first, then ordinary numbers, in case it is rejected.
                    let mut numbers =
                        std::iter::once(end).chain((1..).map(|step| f64::from(step) * 0.37 % 1.0));
                    assert!(keys.as_ref().unwrap().rank(&mut || numbers.next().unwrap()) < n);
                }
            }
        }
    }
}
