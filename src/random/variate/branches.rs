//! A choice among weighted branches and a uniform number for the branch taken, out of a single uniform number.

use super::error::{VariateError, not_negative};

/// Weights as cumulative probabilities, ending with exactly 1; branches of weight zero are never taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Branches {
    upper: Vec<f64>,
}

impl Branches {
    /// From weights of zero or above, not all zero, in any scale.
    pub(super) fn new(
        parameter: &'static str,
        weights: impl IntoIterator<Item = f64>,
    ) -> Result<Self, VariateError> {
        let mut upper = Vec::new();
        let mut total = 0.0;
        for weight in weights {
            total += not_negative(parameter, weight)?;
            upper.push(total);
        }
        if upper.is_empty() {
            return Err(VariateError::Empty { parameter });
        }
        if !(total > 0.0 && total.is_finite()) {
            return Err(VariateError::NotPositive { parameter, value: total });
        }
        // All branches that end at the total end at exactly 1: `total / total` is 1, and a trailing zero weight stays empty.
        upper.iter_mut().for_each(|bound| *bound /= total);
        Ok(Self { upper })
    }

    /// The branch at `u`, and the place of `u` within it: again uniform in (0, 1), with as many bits less as the branch is rare.
    #[inline]
    pub(super) fn pick(&self, u: f64) -> (usize, f64) {
        // Few branches: a scan beats a binary search.
        let last = self.upper.len() - 1;
        let index = self.upper.iter().position(|&upper| u < upper).unwrap_or(last);
        let low = if index == 0 { 0.0 } else { self.upper[index - 1] };
        let within = (u - low) / (self.upper[index] - low);
        (index, within.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0))
    }

    /// The probability of each branch, in order; they sum to 1.
    pub(super) fn probabilities(&self) -> impl Iterator<Item = f64> {
        let lower = std::iter::once(0.0).chain(self.upper.iter().copied());
        self.upper.iter().zip(lower).map(|(&upper, lower)| upper - lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_picks_the_branch_and_the_place_in_it() {
        let branches = Branches::new("weights", [1.0, 0.0, 3.0, 0.0]).unwrap();
        assert_eq!(branches.pick(0.125), (0, 0.5));
        assert_eq!(branches.pick(0.25), (2, f64::EPSILON / 2.0));
        assert_eq!(branches.pick(0.625), (2, 0.5));
        assert_eq!(branches.pick(1.0 - f64::EPSILON / 2.0).0, 2);
        assert_eq!(branches.probabilities().collect::<Vec<_>>(), [0.25, 0.0, 0.75, 0.0]);
    }

    #[test]
    fn senseless_weights_are_refused() {
        let refused = |weights: &[f64]| Branches::new("weights", weights.iter().copied()).is_err();
        assert!(refused(&[]) && refused(&[0.0]) && refused(&[1.0, -0.5]) && refused(&[f64::NAN]));
        assert!(refused(&[f64::MAX, f64::MAX]));
    }
}
