//! Mean and variance of observations, in one pass.

/// Count, mean, variance and extremes of single observations, without keeping them.
///
/// B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", Technometrics 1962: no catastrophic
/// cancellation even where the mean is large beside the spread. Feed finite values only; a NaN spoils mean and variance.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl Tally {
    /// An empty tally.
    pub const fn new() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Adds one observation, in any unit.
    #[inline]
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// How many observations were added.
    #[inline]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` without observations.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The sample variance (divisor `count - 1`), in the square of the unit; `None` under two observations.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// The sample standard deviation, the root of [`variance`](Self::variance); `None` under two observations.
    pub fn sd(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// The smallest observation; `None` without observations.
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest observation; `None` without observations.
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// Adds everything `other` has seen.
    ///
    /// T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for Computing the Sample Variance", The American Statistician 1983.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        let (mine, theirs) = (self.count as f64, other.count as f64);
        let delta = other.mean - self.mean;
        self.count += other.count;
        self.mean += delta * theirs / (mine + theirs);
        self.squares += other.squares + delta * delta * mine * theirs / (mine + theirs);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally_of(values: &[f64]) -> Tally {
        let mut tally = Tally::new();
        values.iter().for_each(|&value| tally.push(value));
        tally
    }

    #[test]
    fn a_known_sample() {
        let tally = tally_of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((tally.count(), tally.mean()), (8, Some(5.0)));
        assert!((tally.variance().unwrap() - 32.0 / 7.0).abs() < 1e-12);
        assert_eq!((tally.min(), tally.max()), (Some(2.0), Some(9.0)));
    }

    #[test]
    fn too_few_observations_give_nothing() {
        assert_eq!((Tally::new().mean(), Tally::new().min()), (None, None));
        assert_eq!((tally_of(&[3.0]).mean(), tally_of(&[3.0]).sd()), (Some(3.0), None));
    }

    #[test]
    fn a_large_mean_does_not_cancel_the_spread() {
        let tally = tally_of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert!((tally.variance().unwrap() - 30.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn merging_is_pushing_everything(
            first in prop::collection::vec(-1e3_f64..1e3, 0..50),
            second in prop::collection::vec(-1e3_f64..1e3, 0..50),
        ) {
            let mut merged = tally_of(&first);
            merged.merge(&tally_of(&second));
            let whole = tally_of(&[first, second].concat());
            prop_assert_eq!((merged.count(), merged.min(), merged.max()), (whole.count(), whole.min(), whole.max()));
            prop_assert!((merged.mean - whole.mean).abs() < 1e-9);
            prop_assert!((merged.squares - whole.squares).abs() < 1e-6 * (1.0 + whole.squares));
        }
    }
}
