//! Replications against an exact value: within 1.5 times their own half-width.

use super::seed;
use scalelab::stats::mean_interval;

/// An exact value and how far its estimate may be off.
#[derive(Clone, Debug)]
pub struct Exact {
    pub name: String,
    pub value: f64,
    /// Known error of the measurement, relative to the value.
    pub resolution: f64,
    /// Largest half-width, relative to the value, that counts as a measurement.
    pub precision: f64,
}

/// A mean or a ratio: measured exactly.
pub fn exact(name: &str, value: f64, precision: f64) -> Exact {
    Exact { name: name.into(), value, resolution: 0.0, precision }
}

/// A quantile: the histogram knows it to within 0.5 %.
pub fn quantile(name: &str, value: f64, precision: f64) -> Exact {
    Exact { resolution: 0.005, ..exact(name, value, precision) }
}

/// Checks that the means over replications agree with the exact values. `sample` gives one replication's values, in
/// the order of `exact`, for a seed and a replication number.
///
/// One value in about 200 lies outside 1.5 half-widths by chance; so what does is measured again, with other numbers
/// and three times as many. A bias is found all the more surely.
pub fn assert_agrees(label: &str, replications: u64, exact: &[Exact], sample: impl Fn(u64, u64) -> Vec<f64>) {
    let first = measure(replications, seed(), exact.len(), &sample);
    for (exact, samples) in exact.iter().zip(&first) {
        let interval = mean_interval(samples, 0.95).expect("replications");
        let relative = interval.half_width / exact.value;
        assert!(relative <= exact.precision, "{label}: {} is known to {relative:.4} only", exact.name);
    }
    if exact.iter().zip(&first).all(|(exact, samples)| is_near(exact, samples)) {
        return;
    }
    let second = measure(3 * replications, seed() + 1000, exact.len(), &sample);
    for ((exact, first), second) in exact.iter().zip(&first).zip(&second) {
        let fine = is_near(exact, first) || is_near(exact, second);
        let interval = mean_interval(second, 0.95);
        assert!(fine, "{label}: {} should be {} and is {interval:?}", exact.name, exact.value);
    }
}

/// Columns of samples: for each value one per replication.
fn measure(
    replications: u64,
    seed: u64,
    values: usize,
    sample: &impl Fn(u64, u64) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut columns = vec![Vec::new(); values];
    for replication in 0..replications {
        let row = sample(seed, replication);
        assert_eq!(row.len(), values);
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    columns
}

fn is_near(exact: &Exact, samples: &[f64]) -> bool {
    let interval = mean_interval(samples, 0.95).expect("replications");
    let allowed = 1.5 * interval.half_width + exact.resolution * exact.value + 1e-12;
    (interval.mean - exact.value).abs() <= allowed
}
