//! Distributions of durations, sizes and counts, sampled by inversion.
//!
//! [`Variate::at`] is the inverse of the distribution function: `at(0.99)` is the 99th percentile, and a uniform `u` makes a sample. It
//! never falls as `u` grows (except across the branches of [`Hyperexponential`] and [`Mixture`]), so two variants of a design that draw
//! different distributions with the same `u` are positively correlated, as common random numbers want it.
//!
//! One uniform per sample keeps draws by counter simple; the method is in L. Devroye, "Non-Uniform Random Variate Generation" (1986),
//! chapter II.2.

mod branches;
mod constant;
mod empirical;
mod erlang;
mod error;
mod exponential;
mod hyperexponential;
mod lognormal;
mod mixture;
mod normal;
mod pareto;
mod uniform;
mod weibull;

#[cfg(test)]
mod checks;

pub use constant::Constant;
pub use empirical::Empirical;
pub use erlang::Erlang;
pub use error::VariateError;
pub use exponential::Exponential;
pub use hyperexponential::Hyperexponential;
pub use lognormal::Lognormal;
pub use mixture::Mixture;
pub use normal::inverse_normal;
pub use pareto::Pareto;
pub use uniform::Uniform;
pub use weibull::Weibull;

use crate::random::mix::unit;

/// A distribution over the non-negative numbers, in whatever unit its parameters have.
///
/// Closed, so that sampling is a jump and not an indirect call; a new distribution is one file and one line per `match`.
/// The kind has a number of its own instead of hiding in the fields: it is looked at for every sample.
#[derive(Clone, Debug, PartialEq)]
#[repr(u32)]
pub enum Variate {
    /// Always the same value.
    Constant(Constant),
    /// Any value of an interval, all equally likely.
    Uniform(Uniform),
    /// Memoryless.
    Exponential(Exponential),
    /// The sum of several exponential stages: less variable than exponential.
    Erlang(Erlang),
    /// The exponential of a normal: right-skewed, as many measured latencies are.
    Lognormal(Lognormal),
    /// Stretched (shape below 1) or compressed exponential.
    Weibull(Weibull),
    /// A power-law tail.
    Pareto(Pareto),
    /// One of several exponentials: more variable than exponential.
    Hyperexponential(Hyperexponential),
    /// Straight lines between measured quantiles.
    Empirical(Empirical),
    /// One of several distributions.
    Mixture(Mixture),
}

impl Variate {
    /// Always this whole number of nanoseconds (or whatever the unit is).
    pub fn constant(value: u64) -> Self {
        Constant::new(value as f64).expect("a whole number is a value").into()
    }

    /// The inverse distribution function at `u`, a uniform number in the open interval (0, 1); never negative, possibly infinite for a very
    /// heavy tail.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        match self {
            Self::Exponential(variate) => variate.at(u),
            other => other.at_elsewhere(u),
        }
    }

    /// The other distributions, out of line so that the commonest one inlines well.
    #[inline(never)]
    fn at_elsewhere(&self, u: f64) -> f64 {
        match self {
            Self::Constant(variate) => variate.at(u),
            Self::Uniform(variate) => variate.at(u),
            Self::Exponential(variate) => variate.at(u),
            Self::Erlang(variate) => variate.at(u),
            Self::Lognormal(variate) => variate.at(u),
            Self::Weibull(variate) => variate.at(u),
            Self::Pareto(variate) => variate.at(u),
            Self::Hyperexponential(variate) => variate.at(u),
            Self::Empirical(variate) => variate.at(u),
            Self::Mixture(variate) => variate.at(u),
        }
    }

    /// A sample of a variate whose unit is the nanosecond: rounded to the nearest, at most `u64::MAX`.
    #[inline]
    pub fn sample_ns(&self, u: f64) -> u64 {
        rounded(self.at(u))
    }

    /// The sample that random bits make: that of `sample_ns(unit(bits))`, for exponential times with all 64 bits of the uniform.
    #[inline(always)]
    pub fn sample_ns_of(&self, bits: u64) -> u64 {
        match self {
            Self::Exponential(variate) => variate.ns_at_bits(bits),
            other => rounded(other.at_elsewhere(unit(bits))),
        }
    }

    /// [`Variate::sample_ns_of`] where it takes neither a call nor a branch that is ever taken: of exponential times that integers hold.
    #[inline(always)]
    pub fn exponential_ns_of(&self, bits: impl FnOnce() -> u64) -> Option<u64> {
        let Self::Exponential(variate) = self else { return None };
        Some(variate.times()?.at_bits(bits()))
    }

    /// The mean; infinite for a Pareto of shape 1 or less.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(variate) => variate.mean(),
            Self::Uniform(variate) => variate.mean(),
            Self::Exponential(variate) => variate.mean(),
            Self::Erlang(variate) => variate.mean(),
            Self::Lognormal(variate) => variate.mean(),
            Self::Weibull(variate) => variate.mean(),
            Self::Pareto(variate) => variate.mean(),
            Self::Hyperexponential(variate) => variate.mean(),
            Self::Empirical(variate) => variate.mean(),
            Self::Mixture(variate) => variate.mean(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Uniform(_) => "uniform",
            Self::Exponential(_) => "exponential",
            Self::Erlang(_) => "erlang",
            Self::Lognormal(_) => "lognormal",
            Self::Weibull(_) => "weibull",
            Self::Pareto(_) => "pareto",
            Self::Hyperexponential(_) => "hyperexponential",
            Self::Empirical(_) => "empirical",
            Self::Mixture(_) => "mixture",
        }
    }

    /// The variance, in the square of the unit; infinite for a Pareto of shape 2 or less.
    pub fn variance(&self) -> f64 {
        match self {
            Self::Constant(variate) => variate.variance(),
            Self::Uniform(variate) => variate.variance(),
            Self::Exponential(variate) => variate.variance(),
            Self::Erlang(variate) => variate.variance(),
            Self::Lognormal(variate) => variate.variance(),
            Self::Weibull(variate) => variate.variance(),
            Self::Pareto(variate) => variate.variance(),
            Self::Hyperexponential(variate) => variate.variance(),
            Self::Empirical(variate) => variate.variance(),
            Self::Mixture(variate) => variate.variance(),
        }
    }

    /// The same shape with every value multiplied by `factor`: to change the unit, or to slow a server down.
    ///
    /// # Panics
    ///
    /// If `factor` is not finite and positive: check what a user wrote before it comes here.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        assert!(factor.is_finite() && factor > 0.0, "a scale factor of {factor}");
        match self {
            Self::Constant(variate) => variate.scaled(factor).into(),
            Self::Uniform(variate) => variate.scaled(factor).into(),
            Self::Exponential(variate) => variate.scaled(factor).into(),
            Self::Erlang(variate) => variate.scaled(factor).into(),
            Self::Lognormal(variate) => variate.scaled(factor).into(),
            Self::Weibull(variate) => variate.scaled(factor).into(),
            Self::Pareto(variate) => variate.scaled(factor).into(),
            Self::Hyperexponential(variate) => variate.scaled(factor).into(),
            Self::Empirical(variate) => variate.scaled(factor).into(),
            Self::Mixture(variate) => variate.scaled(factor).into(),
        }
    }
}

#[inline]
fn rounded(value: f64) -> u64 {
    // Truncation after adding one half is cheaper than `round`, and signed conversion than unsigned; `as` saturates.
    let above = value + 0.5;
    if above < (1_u64 << 63) as f64 { above as i64 as u64 } else { beyond(above) }
}

#[cold]
fn beyond(value: f64) -> u64 {
    value as u64
}

/// `From` for each distribution, so that `Exponential::new(5.0)?.into()` is a [`Variate`].
macro_rules! from_distribution {
    ($($name:ident),*) => {$(
        impl From<$name> for Variate {
            fn from(distribution: $name) -> Self {
                Self::$name(distribution)
            }
        }
    )*};
}

from_distribution!(
    Constant,
    Uniform,
    Exponential,
    Erlang,
    Lognormal,
    Weibull,
    Pareto,
    Hyperexponential,
    Empirical,
    Mixture
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_make_the_sample_that_their_uniform_makes(bits: u64, mean in 1e-3..1e18_f64) {
            let uniform = Variate::from(Uniform::new(0.0, mean).unwrap());
            let exponential = Variate::from(Exponential::new(mean).unwrap());
            for bits in [bits, bits >> 52, !(bits >> 52)] {
                prop_assert_eq!(uniform.sample_ns_of(bits), uniform.sample_ns(unit(bits)));
            }
            // The uniform of `unit` has 53 bits: near 1 that is not enough to tell the difference.
            let (times, truth) = (exponential.sample_ns_of(bits >> 1), exponential.sample_ns(unit(bits >> 1)));
            let last_bits = mean * 2.0_f64.powi(-52) / (1.0 - unit(bits >> 1));
            prop_assert!((times as f64 - truth as f64).abs() <= 1.0 + last_bits + 1e-13 * mean);
        }
    }

    #[test]
    fn nanoseconds_are_rounded_and_saturate() {
        let constant = |value| Variate::from(Constant::new(value).unwrap());
        assert_eq!(constant(2.5).sample_ns(0.5), 3);
        assert_eq!(constant(2.4).sample_ns(0.5), 2);
        assert_eq!(constant(0.0).sample_ns(0.5), 0);
        assert_eq!(constant(1e30).sample_ns(0.5), u64::MAX);
        let pareto = Variate::from(Pareto::new(1.0, 0.001).unwrap());
        assert_eq!(pareto.sample_ns(0.999), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "a scale factor of")]
    fn a_senseless_factor_is_a_bug() {
        let _ = Variate::from(Constant::new(1.0).unwrap()).scaled(f64::NAN);
    }
}
