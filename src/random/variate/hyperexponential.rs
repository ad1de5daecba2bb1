//! The hyperexponential distribution.

use super::branches::Branches;
use super::error::{VariateError, positive, within};
use crate::random::logarithm::ln;

/// How far the probabilities may be from a sum of 1: room for rounded percentages, not for a forgotten branch.
const SUM_TOLERANCE: f64 = 1e-6;

/// One of several exponentials, chosen at random: more variable than an exponential. Mixes of cheap and dear requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperexponential {
    branches: Branches,
    means: Vec<f64>,
}

impl Hyperexponential {
    /// From pairs of (probability, mean). Probabilities sum to 1 (within a millionth), means are above zero.
    ///
    /// # Errors
    ///
    /// If there is no pair, a number is senseless, or the probabilities do not sum to 1.
    pub fn new(pairs: Vec<(f64, f64)>) -> Result<Self, VariateError> {
        let branches = Branches::new("probability", pairs.iter().map(|pair| pair.0))?;
        let sum = pairs.iter().map(|pair| pair.0).sum();
        within("sum of the probabilities", sum, 1.0 - SUM_TOLERANCE, 1.0 + SUM_TOLERANCE)?;
        let means: Result<Vec<f64>, _> = pairs.iter().map(|pair| positive("mean", pair.1)).collect();
        Ok(Self { branches, means: means? })
    }

    /// A sample from one uniform `u`, which picks the branch and, rescaled, the value. Rising in `u` within each branch only.
    #[inline]
    pub fn at(&self, u: f64) -> f64 {
        let (index, within) = self.branches.pick(u);
        -self.means[index] * ln(1.0 - within)
    }

    /// The mean over all branches.
    pub fn mean(&self) -> f64 {
        self.branches.probabilities().zip(&self.means).map(|(p, mean)| p * mean).sum()
    }

    /// The variance over all branches.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        let second: f64 =
            self.branches.probabilities().zip(&self.means).map(|(p, mean)| 2.0 * p * mean * mean).sum();
        second - mean * mean
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        let means = self.means.iter().map(|mean| mean * factor).collect();
        Self { branches: self.branches.clone(), means }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        let variate = Hyperexponential::new(vec![(0.9, 1.0), (0.1, 20.0)]).unwrap();
        checks::moments(variate.clone());
        checks::distribution(variate.clone(), |x| 1.0 - 0.9 * libm::exp(-x) - 0.1 * libm::exp(-x / 20.0));
        checks::scaling(variate);
    }

    #[test]
    fn senseless_parameters_are_refused() {
        let refused = |pairs: &[(f64, f64)]| Hyperexponential::new(pairs.to_vec()).is_err();
        assert!(
            refused(&[])
                && refused(&[(0.5, 1.0)])
                && refused(&[(1.0, 0.0)])
                && refused(&[(0.5, 1.0), (0.6, 1.0)])
        );
        assert!(refused(&[(1.0, f64::NAN)]) && refused(&[(-0.5, 1.0), (1.5, 1.0)]));
    }
}
