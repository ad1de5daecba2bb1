//! Confidence intervals of means over replications.

use super::tally::Tally;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A confidence interval around a mean, in the unit of the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean of the samples.
    pub mean: f64,
    /// Half the width of the interval, zero or above.
    pub half_width: f64,
    /// How many samples it rests on.
    pub n: u64,
}

impl Interval {
    /// The lower end.
    pub fn low(&self) -> f64 {
        self.mean - self.half_width
    }

    /// The upper end.
    pub fn high(&self) -> f64 {
        self.mean + self.half_width
    }
}

/// Up to here statrs is right to 1e-9. It loses digits beyond, is far off at 10^7 degrees and does not return at 10^9 (version 0.19.1).
const MOST_EXACT_DEGREES: u64 = 1_000;

/// The `p`-quantile of Student's t distribution ("The Probable Error of a Mean", Biometrika 1908) with `degrees` of freedom.
///
/// Not a number if `p` is not within the open interval (0, 1) or `degrees` is 0.
pub fn student_t_quantile(p: f64, degrees: u64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    if degrees > MOST_EXACT_DEGREES {
        return nearly_normal(p, degrees as f64);
    }
    StudentsT::new(0.0, 1.0, degrees as f64).map_or(f64::NAN, |law| law.inverse_cdf(p))
}

/// The t quantile as a series in `1 / degrees` around the normal one: M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions"
/// (1964), 26.7.5.
fn nearly_normal(p: f64, degrees: f64) -> f64 {
    let z = Normal::standard().inverse_cdf(p);
    let square = z * z;
    let first = (square + 1.0) * z / 4.0;
    let second = ((5.0 * square + 16.0) * square + 3.0) * z / 96.0;
    let third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) * z / 384.0;
    z + (first + (second + third / degrees) / degrees) / degrees
}

/// Half the width of the confidence interval of the mean of independent, about normal samples, as means of replications are.
///
/// `confidence` is a probability such as 0.95. `None` under two samples, or if it is not within the open interval (0, 1).
pub fn half_width(samples: &[f64], confidence: f64) -> Option<f64> {
    mean_interval(samples, confidence).map(|interval| interval.half_width)
}

/// The confidence interval of the mean; arguments and `None` as for [`half_width`].
pub fn mean_interval(samples: &[f64], confidence: f64) -> Option<Interval> {
    interval_of(samples.iter().copied(), confidence)
}

/// The confidence interval of the mean of `a - b`, pair by pair: with common random numbers much narrower than the two intervals apart.
///
/// Arguments and `None` as for [`half_width`].
///
/// # Panics
///
/// If the lengths differ: pairs belong to the same replication.
pub fn paired_difference(a: &[f64], b: &[f64], confidence: f64) -> Option<Interval> {
    assert_eq!(a.len(), b.len(), "paired samples of different lengths");
    interval_of(a.iter().zip(b).map(|(a, b)| a - b), confidence)
}

/// The confidence interval of the difference of the means of `a` and `b` as a part of the mean of `b`, pair by pair: E. C. Fieller, "Some
/// Problems in Interval Estimation", Journal of the Royal Statistical Society B 16 (1954). It leaves out 0 exactly if that of the
/// [`paired_difference`] does. `None` where that has none, and where the mean of `b` may be 0: then the ratio may be anything.
///
/// # Panics
///
/// If the lengths differ: pairs belong to the same replication.
pub fn relative_difference(a: &[f64], b: &[f64], confidence: f64) -> Option<[f64; 2]> {
    paired_difference(a, b, confidence)?;
    let n = b.len() as f64;
    let t = student_t_quantile(0.5 + confidence / 2.0, b.len() as u64 - 1);
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (above, below) = (mean(&differences), mean(b));
    // Products of means, less t squared times the covariance of these means.
    let less = |x: &[f64], y: &[f64]| {
        let (mx, my) = (mean(x), mean(y));
        let covariance = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / (n - 1.0);
        mx * my - t * t * covariance / n
    };
    let (square, product, rest) = (less(b, b), less(&differences, b), less(&differences, &differences));
    if square <= 0.0 || above.is_nan() {
        return None;
    }
    let root = (product * product - square * rest).max(0.0).sqrt();
    let ends = [(product - root) / square, (product + root) / square];
    Some(if below < 0.0 { [-ends[1], -ends[0]] } else { ends })
}

fn interval_of(samples: impl Iterator<Item = f64>, confidence: f64) -> Option<Interval> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let mut tally = Tally::new();
    samples.for_each(|sample| tally.push(sample));
    let (mean, sd, n) = (tally.mean()?, tally.sd()?, tally.count());
    let t = student_t_quantile(0.5 + confidence / 2.0, n - 1);
    Some(Interval { mean, half_width: t * sd / (n as f64).sqrt(), n })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{Rng, SeedableRng};

    #[test]
    fn the_table_of_t_quantiles() {
        // Rows of the usual table: degrees, 0.95, 0.975, 0.995.
        let table = [
            (1, 6.313752, 12.706205, 63.656741),
            (2, 2.919986, 4.302653, 9.924843),
            (4, 2.131847, 2.776445, 4.604095),
            (9, 1.833113, 2.262157, 3.249836),
            (30, 1.697261, 2.042272, 2.749996),
            (120, 1.657651, 1.979930, 2.617421),
        ];
        for (degrees, p95, p975, p995) in table {
            for (p, expected) in [(0.95, p95), (0.975, p975), (0.995, p995)] {
                let (upper, lower) = (student_t_quantile(p, degrees), student_t_quantile(1.0 - p, degrees));
                assert!((upper / expected - 1.0).abs() < 5e-7, "{degrees}, {p}: {upper}");
                assert!((upper + lower).abs() < 1e-6 * upper, "{degrees}, {p}: {lower}");
            }
        }
    }

    fn unit(rng: &mut Xoshiro256PlusPlus) -> f64 {
        ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Against the roots of the equation that defines it: where the interval of `a - (1 + theta) b` just holds 0.
    #[test]
    fn relative_differences_are_where_the_paired_test_turns() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        for n in [2, 3, 5, 10, 30] {
            let b: Vec<f64> = (0..n).map(|_| 10.0 + unit(&mut rng)).collect();
            let a: Vec<f64> = b.iter().map(|b| 2.0 * b + 5.0 * unit(&mut rng)).collect();
            let Some(ends) = relative_difference(&a, &b, 0.95) else { panic!("10 is not 0") };
            assert!(ends[0] < ends[1] && ends[0] > 0.0 || n == 2, "{n}: {ends:?}");
            for theta in ends {
                let scaled: Vec<f64> = b.iter().map(|b| (1.0 + theta) * b).collect();
                let turn = paired_difference(&a, &scaled, 0.95).unwrap();
                assert!((turn.mean.abs() - turn.half_width).abs() < 1e-9, "{n}, {theta}: {turn:?}");
            }
        }
        assert_eq!(relative_difference(&[1.0, 2.0], &[-1.0, 1.5], 0.95), None, "the divisor may be 0");
        assert_eq!(relative_difference(&[3.0, 3.0], &[2.0, 2.0], 0.95), Some([0.5, 0.5]));
        assert_eq!(relative_difference(&[1.0], &[2.0], 0.95), None);
    }

    /// Two independent samples of 5, 20,000 times: the interval holds the true ratio in 95 % of them.
    #[test]
    fn relative_differences_hold_the_true_ratio_as_often_as_they_say() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        let mut normal = |mean: f64, sd: f64| -> Vec<f64> {
            (0..5).map(|_| mean + sd * Normal::standard().inverse_cdf(unit(&mut rng))).collect()
        };
        let trials = 20_000;
        let holds = (0..trials).filter(|_| {
            let (a, b) = (normal(60.0, 0.5), normal(17.0, 1.0));
            let ends = relative_difference(&a, &b, 0.95).expect("far from 0");
            (ends[0]..=ends[1]).contains(&(60.0 / 17.0 - 1.0))
        });
        let share = holds.count() as f64 / f64::from(trials);
        assert!((share - 0.95).abs() < 0.006, "{share}");
    }

    #[test]
    fn one_degree_is_cauchy_and_many_are_normal() {
        for (p, normal) in
            [(0.9, 1.281_551_565_544_600_4), (0.975, 1.959_963_984_540_054), (0.9995, 3.290_526_731_491_926)]
        {
            let cauchy = libm::tan(std::f64::consts::PI * (p - 0.5));
            assert!((student_t_quantile(p, 1) / cauchy - 1.0).abs() < 1e-8, "{p}");
            for degrees in [1_000_000_000, u64::MAX] {
                assert!((student_t_quantile(p, degrees) / normal - 1.0).abs() < 1e-8, "{p}, {degrees}");
            }
        }
        assert_eq!(student_t_quantile(0.5, 7), 0.0);
    }

    #[test]
    fn the_series_takes_over_without_a_step() {
        for p in [0.001, 0.025, 0.4, 0.6, 0.9, 0.975, 0.999] {
            let exact = student_t_quantile(p, MOST_EXACT_DEGREES);
            let series = nearly_normal(p, MOST_EXACT_DEGREES as f64);
            assert!((series / exact - 1.0).abs() < 1e-9, "{p}: {series} for {exact}");
        }
    }

    #[test]
    fn impossible_questions_have_no_answer() {
        for p in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(student_t_quantile(p, 5).is_nan());
            assert_eq!(half_width(&[1.0, 2.0], p), None);
        }
        assert!(student_t_quantile(0.9, 0).is_nan());
        assert_eq!((half_width(&[], 0.95), half_width(&[3.0], 0.95)), (None, None));
    }

    #[test]
    fn a_known_interval() {
        // A. M. Law, "Simulation Modeling and Analysis", section 4.5: ten samples, 90 %: 1.34 +- 0.24.
        let samples = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09];
        let interval = mean_interval(&samples, 0.90).unwrap();
        assert!((interval.mean - 1.343).abs() < 1e-9 && interval.n == 10);
        assert!((interval.half_width - 0.24).abs() < 0.005, "{interval:?}");
        assert!((interval.high() - interval.low() - 2.0 * half_width(&samples, 0.90).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn equal_samples_leave_no_doubt() {
        assert_eq!(half_width(&[2.0, 2.0, 2.0], 0.95), Some(0.0));
    }

    #[test]
    fn pairs_are_subtracted_before_anything_else() {
        let interval = paired_difference(&[10.0, 20.0, 30.0], &[9.0, 18.0, 29.0], 0.95).unwrap();
        assert!((interval.mean - 4.0 / 3.0).abs() < 1e-12);
        assert!((interval.half_width - 4.302_653 / 3.0).abs() < 1e-6);
    }

    #[test]
    #[should_panic(expected = "paired samples of different lengths")]
    fn pairs_must_be_complete() {
        let _ = paired_difference(&[1.0, 2.0], &[1.0], 0.95);
    }

    #[test]
    fn the_interval_covers_the_truth_as_often_as_it_says() {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut uniform = || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut mean_of_twelve = || (0..12).map(|_| uniform()).sum::<f64>() / 12.0;
        let mut covered = 0;
        for _ in 0..2_000 {
            let samples: Vec<f64> = (0..8).map(|_| mean_of_twelve()).collect();
            let interval = mean_interval(&samples, 0.90).unwrap();
            covered += u32::from(interval.low() <= 0.5 && 0.5 <= interval.high());
        }
        assert!((1_740..=1_850).contains(&covered), "{covered} of 2,000");
    }
}
