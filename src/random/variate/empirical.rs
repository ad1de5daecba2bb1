//! A distribution given by measured quantiles.

use super::error::{VariateError, not_negative, within};

/// Straight lines between given quantiles: what a dashboard's p50, p90, p99 say, without a guess at the law behind them.
///
/// Below the first and above the last quantile given, the value is that of the point: give the quantiles 0 and 1 (minimum and maximum),
/// or the tail is cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    points: Vec<(f64, f64)>,
}

impl Empirical {
    /// From pairs of (quantile, value): quantiles within 0..=1 and rising, values zero or above and not falling.
    ///
    /// # Errors
    ///
    /// If there is no pair, a number is senseless, or the order is wrong.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, VariateError> {
        if points.is_empty() {
            return Err(VariateError::Empty { parameter: "points" });
        }
        for &(quantile, value) in &points {
            within("quantile", quantile, 0.0, 1.0)?;
            not_negative("value", value)?;
        }
        for (index, pair) in (1..).zip(points.windows(2)) {
            if pair[1].0 <= pair[0].0 {
                return Err(VariateError::NotRising { parameter: "quantiles", index });
            }
            if pair[1].1 < pair[0].1 {
                return Err(VariateError::NotRising { parameter: "values", index });
            }
        }
        Ok(Self { points })
    }

    /// The inverse distribution function at a uniform `u`.
    pub fn at(&self, u: f64) -> f64 {
        let above = self.points.partition_point(|point| point.0 <= u);
        if above == 0 {
            return self.points[0].1;
        }
        let (low_u, low) = self.points[above - 1];
        match self.points.get(above) {
            Some(&(high_u, high)) => low + (high - low) * ((u - low_u) / (high_u - low_u)),
            None => low,
        }
    }

    /// The exact mean of the piecewise linear law.
    pub fn mean(&self) -> f64 {
        self.integral(|low, high| (low + high) / 2.0)
    }

    /// The exact variance of the piecewise linear law.
    pub fn variance(&self) -> f64 {
        // Around the mean, not around zero: no cancellation.
        let mean = self.mean();
        self.integral(|low, high| {
            let (a, b) = (low - mean, high - mean);
            (a * a + a * b + b * b) / 3.0
        })
    }

    /// The sum over all pieces of their probability times `piece(low, high)`, the flat ends included.
    fn integral(&self, piece: impl Fn(f64, f64) -> f64) -> f64 {
        let (first, last) = (self.points[0], self.points[self.points.len() - 1]);
        let ends = first.0 * piece(first.1, first.1) + (1.0 - last.0) * piece(last.1, last.1);
        let inner: f64 =
            self.points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * piece(pair[0].1, pair[1].1)).sum();
        ends + inner
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { points: self.points.iter().map(|&(quantile, value)| (quantile, value * factor)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;

    #[test]
    fn samples_follow_the_distribution() {
        let variate = Empirical::new(vec![(0.0, 1.0), (0.5, 3.0), (1.0, 11.0)]).unwrap();
        checks::moments(variate.clone());
        checks::distribution(
            variate.clone(),
            |x| {
                if x < 3.0 { (x - 1.0) / 4.0 } else { 0.5 + (x - 3.0) / 16.0 }
            },
        );
        checks::scaling(variate);
    }

    #[test]
    fn the_ends_are_flat() {
        let variate = Empirical::new(vec![(0.25, 4.0), (0.75, 8.0)]).unwrap();
        assert_eq!(
            (variate.at(0.1), variate.at(0.25), variate.at(0.5), variate.at(0.9)),
            (4.0, 4.0, 6.0, 8.0)
        );
        checks::moments(variate);
        let atom = Empirical::new(vec![(0.5, 7.0)]).unwrap();
        assert_eq!((atom.at(0.2), atom.at(0.8), atom.mean(), atom.variance()), (7.0, 7.0, 7.0, 0.0));
    }

    #[test]
    fn senseless_parameters_are_refused() {
        let refused = |points: &[(f64, f64)]| Empirical::new(points.to_vec()).is_err();
        assert!(
            refused(&[]) && refused(&[(1.1, 0.0)]) && refused(&[(0.5, -1.0)]) && refused(&[(0.5, f64::NAN)])
        );
        assert!(refused(&[(0.5, 1.0), (0.5, 2.0)]) && refused(&[(0.5, 2.0), (0.6, 1.0)]));
    }
}
