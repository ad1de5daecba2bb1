//! Exact quantiles of small samples.

/// The `q`-quantile of a sample in any order, by linear interpolation between the order statistics.
///
/// Type 7 of R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 1996; the default of R and NumPy.
/// `q` is clamped to 0..=1. `None` if the sample is empty or anything is not a number.
pub fn quantile(sample: &[f64], q: f64) -> Option<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// As [`quantile`], of a sample that rises: for several quantiles of one sample.
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    // NaNs sort to the ends.
    let (first, last) = (sorted.first()?, sorted.last()?);
    if q.is_nan() || first.is_nan() || last.is_nan() {
        return None;
    }
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = sorted[place as usize];
    let share = place.fract();
    if share == 0.0 {
        // Not only faster: 0 times an infinite neighbour would be no number.
        return Some(below);
    }
    Some(below + share * (sorted[place as usize + 1] - below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_values_of_r() {
        // quantile(c(15, 20, 35, 40, 50), c(.05, .3, .4, .5, 1), type = 7)
        let sample = [35.0, 15.0, 50.0, 20.0, 40.0];
        for (q, expected) in [(0.05, 16.0), (0.3, 23.0), (0.4, 29.0), (0.5, 35.0), (1.0, 50.0)] {
            assert!((quantile(&sample, q).unwrap() - expected).abs() < 1e-12, "{q}");
        }
    }

    #[test]
    fn odd_input_is_no_accident() {
        assert_eq!(
            (quantile(&[], 0.5), quantile(&[1.0, f64::NAN], 0.5), quantile(&[1.0], f64::NAN)),
            (None, None, None)
        );
        assert_eq!(
            (quantile(&[7.0], 0.3), quantile(&[7.0, 8.0], -3.0), quantile(&[7.0, 8.0], 3.0)),
            (Some(7.0), Some(7.0), Some(8.0))
        );
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.0), Some(1.0));
    }

    proptest! {
        #[test]
        fn it_rises_and_stays_within_the_sample(sample in prop::collection::vec(-1e6_f64..1e6, 1..40), a in 0.0_f64..1.0, b in 0.0_f64..1.0) {
            let (low, high) = (quantile(&sample, a.min(b)).unwrap(), quantile(&sample, a.max(b)).unwrap());
            prop_assert!(low <= high + 1e-9);
            prop_assert_eq!(quantile(&sample, 0.0), sample.iter().copied().reduce(f64::min));
            prop_assert_eq!(quantile(&sample, 1.0), sample.iter().copied().reduce(f64::max));
        }
    }
}
