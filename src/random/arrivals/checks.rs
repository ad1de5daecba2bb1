//! How the tests count arrivals.

use super::Arrivals;
use crate::random::Stream;

const SECOND: u64 = 1_000_000_000;

/// The arrivals of one replication within `from_ns..to_ns`.
pub(super) fn count_in(arrivals: &Arrivals, replication: u64, from_ns: u64, to_ns: u64) -> u32 {
    let (mut arrivals, mut stream) = (arrivals.clone(), Stream::named(3, replication, "arrivals checks"));
    let (mut now, mut count) = (0, 0);
    while let Some(time) = arrivals.next(now, &mut stream).filter(|&time| time < to_ns) {
        count += u32::from(time >= from_ns);
        now = time;
    }
    count
}

/// The arrivals of one long replication in each of `windows` windows of `width_ns`.
pub(super) fn counts(arrivals: &Arrivals, windows: usize, width_ns: u64) -> Vec<u32> {
    let (mut arrivals, mut stream) = (arrivals.clone(), Stream::named(3, 0, "arrivals checks"));
    let mut counts = vec![0; windows];
    let mut now = 0;
    while let Some(time) = arrivals.next(now, &mut stream) {
        let Some(count) = counts.get_mut((time / width_ns) as usize) else {
            break;
        };
        *count += 1;
        now = time;
    }
    counts
}

/// The sample variance.
pub(super) fn variance(counts: &[u32]) -> f64 {
    let mean = counts.iter().sum::<u32>() as f64 / counts.len() as f64;
    counts.iter().map(|&count| (f64::from(count) - mean).powi(2)).sum::<f64>() / (counts.len() - 1) as f64
}

/// The mean of the counts is within four standard errors of the expected one.
pub(super) fn mean_is(counts: &[u32], expected: f64, variance: f64) {
    let mean = counts.iter().sum::<u32>() as f64 / counts.len() as f64;
    let error = (variance / counts.len() as f64).sqrt();
    assert!((mean - expected).abs() < 4.0 * error, "mean {mean}, not {expected} +- {error}");
}

/// Over many replications, each second has its expected number of arrivals with the variance of Poisson's law, and `mean_rate` says so.
pub(super) fn windows(arrivals: &Arrivals, expected: &[f64]) {
    const REPLICATIONS: u64 = 2_000;
    for (second, &mean) in (0..).zip(expected) {
        let count = |replication| count_in(arrivals, replication, second * SECOND, (second + 1) * SECOND);
        let counts: Vec<u32> = (0..REPLICATIONS).map(count).collect();
        if mean == 0.0 {
            assert!(counts.iter().all(|&count| count == 0), "arrivals in second {second}");
            continue;
        }
        mean_is(&counts, mean, mean);
        let error = ((mean + 2.0 * mean * mean) / REPLICATIONS as f64).sqrt();
        assert!(
            (variance(&counts) - mean).abs() < 4.0 * error,
            "second {second}: variance {}",
            variance(&counts)
        );
    }
    let total: f64 = expected.iter().sum();
    let duration = expected.len() as u64;
    assert!((arrivals.mean_rate(duration * SECOND) - total / duration as f64).abs() < 1e-9);
}
