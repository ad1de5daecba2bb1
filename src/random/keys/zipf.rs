//! Zipf's law, exactly, in constant time and without tables.

use super::error::{self, KeysError};
use super::uniform::place;

/// The key of rank k is asked for in proportion to `1 / (k + 1)^exponent`.
///
/// W. Hoermann, G. Derflinger, "Rejection-Inversion to Generate Variates from Monotone Discrete Distributions", ACM TOMACS 1996: exact for
/// every exponent and any number of keys, 1.0 to 1.3 uniform numbers a rank. (YCSB's method, J. Gray et al. 1994, is an approximation and fails at
/// exponent 1.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    n_keys: u64,
    exponent: f64,
    law: Law,
    /// H(n + 1/2), where the inversion ends.
    h_last: f64,
    /// H(3/2) - 1 - H(n + 1/2): from there to where it begins.
    h_span: f64,
    /// A value at most this far below its rank needs no further test.
    sure: f64,
}

/// The integral of `x^-exponent` from 1, and its inverse.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    /// Exponent 0: plain uniform, no inversion at all.
    Even,
    /// Exponent 1: the logarithm, at half the cost of the other exponents.
    Reciprocal,
    /// `(x^power - 1) / power` with `power = 1 - exponent`. Written with expm1 and log1p, it loses no digits near exponent 1.
    Power { power: f64 },
}

impl Law {
    fn new(exponent: f64) -> Self {
        let power = 1.0 - exponent;
        if exponent == 0.0 {
            Self::Even
        } else if power == 0.0 {
            Self::Reciprocal
        } else {
            Self::Power { power }
        }
    }

    #[inline]
    fn integral(self, x: f64) -> f64 {
        match self {
            Self::Even => x - 1.0,
            Self::Reciprocal => libm::log(x),
            Self::Power { power } => libm::expm1(power * libm::log(x)) / power,
        }
    }

    #[inline]
    fn inverse(self, h: f64) -> f64 {
        match self {
            Self::Even => h + 1.0,
            Self::Reciprocal => libm::exp(h),
            // The product may be rounded to below -1, which stands for infinity: large exponents, last rank.
            Self::Power { power } => libm::exp(libm::log1p((power * h).max(-1.0)) / power),
        }
    }

    /// `x^-exponent`
    #[inline]
    fn density(self, x: f64, exponent: f64) -> f64 {
        match self {
            Self::Even => 1.0,
            Self::Reciprocal => 1.0 / x,
            Self::Power { .. } => libm::exp(-exponent * libm::log(x)),
        }
    }
}

impl Zipf {
    /// Over the ranks `0..n_keys`, with an exponent of zero (all alike) or above.
    ///
    /// # Errors
    ///
    /// If there is no key or more than 2^53, or the exponent is negative or not finite.
    pub fn new(n_keys: u64, exponent: f64) -> Result<Self, KeysError> {
        let n_keys = error::count(n_keys)?;
        let exponent = error::exponent(exponent)?;
        let law = Law::new(exponent);
        let h_last = law.integral(n_keys as f64 + 0.5);
        let h_span = law.integral(1.5) - 1.0 - h_last;
        let sure = 2.0 - law.inverse(law.integral(2.5) - law.density(2.0, exponent));
        Ok(Self { n_keys, exponent, law, h_last, h_span, sure })
    }

    /// The number of keys.
    pub fn n_keys(&self) -> u64 {
        self.n_keys
    }

    /// The shares of the requests that so many ranks get, from 0 on. Beyond the first hundred keys their sum is taken for the integral (midpoint rule).
    pub fn shares(&self, count: u64) -> Vec<f64> {
        let weight = |key: u64| self.law.density(key as f64, self.exponent);
        let head = self.n_keys.min(100);
        let tail = self.law.integral(self.n_keys as f64 + 0.5) - self.law.integral(head as f64 + 0.5);
        let all = (1..=head).map(weight).sum::<f64>() + tail;
        (1..=count.min(self.n_keys)).map(|key| weight(key) / all).collect()
    }

    /// A rank, from one uniform number per attempt.
    #[inline]
    pub fn rank(&self, next: &mut impl FnMut() -> f64) -> u64 {
        if self.law == Law::Even || self.n_keys == 1 {
            return place(next(), self.n_keys);
        }
        loop {
            let h = self.h_last + next() * self.h_span;
            let x = self.law.inverse(h);
            // The paper counts ranks from 1. `as` saturates where x is infinite.
            let rank = ((x + 0.5) as u64).clamp(1, self.n_keys);
            let k = rank as f64;
            if k - x <= self.sure || h >= self.law.integral(k + 0.5) - self.law.density(k, self.exponent) {
                return rank - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::random::keys::{Keys, checks};

    #[test]
    fn frequencies_follow_the_law_for_every_exponent() {
        for exponent in [0.0, 0.3, 0.5, 0.99, 0.9999, 0.99991, 1.0 - 1e-9, 1.0, 1.0 + 1e-12, 1.5, 2.5, 6.0] {
            for n_keys in [2, 3, 100, 5_000] {
                let keys = Keys::zipf(n_keys, exponent).unwrap();
                checks::frequencies(&keys, |rank| libm::pow((rank + 1) as f64, -exponent));
            }
        }
    }

    #[test]
    fn a_huge_keyspace_has_the_right_head() {
        // P(rank 0) = 1 / H(10^9), the harmonic number being ln n + Euler's constant.
        let keys = Zipf::new(1_000_000_000, 1.0).unwrap();
        let mut stream = Stream::named(5, 0, "zipf");
        let hits = (0..200_000).filter(|_| keys.rank(&mut || stream.uniform()) == 0).count() as f64;
        let p = 1.0 / (libm::log(1e9) + 0.577_215_664_901_532_9);
        assert!((hits / 2e5 - p).abs() < 4.0 * (p * (1.0 - p) / 2e5).sqrt(), "{hits}");
    }

    #[test]
    fn few_uniforms_are_enough() {
        for exponent in [0.2, 0.99, 1.0, 3.0] {
            let keys = Zipf::new(100_000, exponent).unwrap();
            let mut stream = Stream::named(5, 0, "zipf");
            let mut uniforms = 0;
            for _ in 0..20_000 {
                keys.rank(&mut || {
                    uniforms += 1;
                    stream.uniform()
                });
            }
            assert!(uniforms < 26_000, "exponent {exponent}: {uniforms}");
        }
    }
}
