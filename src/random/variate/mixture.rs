//! Mixtures of other distributions.

use super::Variate;
use super::branches::Branches;
use super::error::VariateError;

/// Mixtures within mixtures: deeper nesting is a mistake in a script, and unbounded nesting would overflow the stack.
const DEPTH_LIMIT: u32 = 8;

/// One of several distributions, chosen at random: fast path and slow path, small files and large ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    branches: Branches,
    parts: Vec<Variate>,
    depth: u32,
}

impl Mixture {
    /// From pairs of (weight, distribution). Weights are zero or above and need not sum to 1.
    ///
    /// # Errors
    ///
    /// If there is no pair, a weight is senseless, all are zero, or mixtures are nested more than 8 deep.
    pub fn new(pairs: Vec<(f64, Variate)>) -> Result<Self, VariateError> {
        let branches = Branches::new("weight", pairs.iter().map(|pair| pair.0))?;
        let parts: Vec<Variate> = pairs.into_iter().map(|pair| pair.1).collect();
        let depth = 1 + parts.iter().map(depth_of).max().unwrap_or(0);
        if depth > DEPTH_LIMIT {
            return Err(VariateError::TooDeep { limit: DEPTH_LIMIT });
        }
        Ok(Self { branches, parts, depth })
    }

    /// A sample from one uniform `u`, which picks the part and, rescaled, the value. Rising in `u` within each part only.
    pub fn at(&self, u: f64) -> f64 {
        let (index, within) = self.branches.pick(u);
        self.parts[index].at(within)
    }

    /// The weighted mean of the means.
    pub fn mean(&self) -> f64 {
        self.weighted(Variate::mean)
    }

    /// The variance within the parts plus the variance between them.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        if mean.is_infinite() {
            return f64::INFINITY;
        }
        self.weighted(|part| {
            let distance = part.mean() - mean;
            part.variance() + distance * distance
        })
    }

    /// The weighted mean of a figure; parts that are never taken do not count, not even infinite ones.
    fn weighted(&self, figure: impl Fn(&Variate) -> f64) -> f64 {
        let parts = self.branches.probabilities().zip(&self.parts);
        parts.filter(|&(p, _)| p > 0.0).map(|(p, part)| p * figure(part)).sum()
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        let parts = self.parts.iter().map(|part| part.scaled(factor)).collect();
        Self { branches: self.branches.clone(), parts, depth: self.depth }
    }
}

fn depth_of(variate: &Variate) -> u32 {
    match variate {
        Variate::Mixture(mixture) => mixture.depth,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::{Constant, Exponential, Pareto, Uniform, checks};

    fn two_parts() -> Mixture {
        let fast = Uniform::new(0.0, 1.0).unwrap().into();
        let slow = Exponential::new(4.0).unwrap().into();
        Mixture::new(vec![(3.0, fast), (1.0, slow)]).unwrap()
    }

    #[test]
    fn samples_follow_the_distribution() {
        checks::moments(two_parts());
        checks::distribution(two_parts(), |x| 0.75 * x.min(1.0) + 0.25 * (1.0 - libm::exp(-x / 4.0)));
        checks::scaling(two_parts());
    }

    #[test]
    fn infinite_moments_stay_infinite_and_unused_parts_do_not_count() {
        let mix = |weight, shape| {
            let heavy = Pareto::new(1.0, shape).unwrap().into();
            let mixture =
                Mixture::new(vec![(1.0, Constant::new(1.0).unwrap().into()), (weight, heavy)]).unwrap();
            (mixture.mean(), mixture.variance())
        };
        assert_eq!(mix(1.0, 0.5), (f64::INFINITY, f64::INFINITY));
        assert_eq!(mix(1.0, 2.0), (1.5, f64::INFINITY));
        assert_eq!(mix(0.0, 0.5), (1.0, 0.0));
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Mixture::new(vec![]).is_err());
        let constant = Variate::from(Constant::new(1.0).unwrap());
        assert!(Mixture::new(vec![(0.0, constant.clone())]).is_err());
        let mut nested = constant;
        let refused = (0..20).find_map(|_| match Mixture::new(vec![(1.0, nested.clone())]) {
            Ok(mixture) => {
                nested = mixture.into();
                None
            }
            Err(error) => Some(error),
        });
        assert_eq!(refused, Some(VariateError::TooDeep { limit: DEPTH_LIMIT }));
    }
}
