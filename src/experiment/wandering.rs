//! Latencies that rise and fall so slowly that a run holds few independent measurements, however many requests it has.
//!
//! In a busy queue those who come after each other wait for the same work. What a run's mean is worth is told by means of batches (R. W.
//! Conway, "Some Tactical Problems in Digital Simulation", Management Science 1963): so many independent requests would have a mean that varies
//! as little.

use super::design::Plan;
use super::facts::Facts;
use super::metric::METRICS;
use crate::stats::{Tally, batch_means};

/// Stretches that a run is divided into.
const BATCHES: usize = 10;
/// Fewer independent measurements than this are too few for a mean, and with less than one of them beyond it for a percentile. (Measured: half a
/// minute of M/M/1 at 0.9, 180 a second, is worth some 40; intervals of its p99 over five replications held the truth in 57 of 100 cases, those of
/// its mean in 90.)
const FEWEST: f64 = 10.0;
const BEYOND: f64 = 1.0;

/// What is said of latencies that checks look at. `latencies` are the means of the windows, warm-up included.
pub(super) fn wandering(plan: &Plan, facts: &Facts, latencies: &[f64]) -> Vec<String> {
    let begin =
        (facts.warmup as f64 / (facts.warmup + facts.measured) as f64 * latencies.len() as f64) as usize;
    let latency = &facts.all.latency;
    let worth = latency.variance().and_then(|one| worth(&latencies[begin..], one, latency.count()));
    let Some(worth) = worth else { return Vec::new() };
    let told = plan.judged.iter().filter_map(|metric| {
        let metric = &METRICS[*metric];
        let needed = metric.percentile.map_or(FEWEST, |(q, _)| (BEYOND / (1.0 - q)).max(FEWEST));
        (metric.column.contains("latency") && worth < needed).then(|| doubt(metric.column, worth, needed))
    });
    told.collect()
}

/// So many independent requests would tell as much as these means of windows of `count` requests, one of which varies by `variance`; `None` if there
/// is too little to tell.
fn worth(latencies: &[f64], variance: f64, count: u64) -> Option<f64> {
    let mut means = Tally::new();
    if latencies.len() < 2 * BATCHES {
        return None;
    }
    batch_means(latencies, BATCHES).into_iter().for_each(|mean| means.push(mean));
    let of_mean = means.variance()? / BATCHES as f64;
    (of_mean > 0.0).then(|| (variance / of_mean).min(count as f64))
}

fn doubt(column: &str, worth: f64, needed: f64) -> String {
    format!(
        "{column} rests on too little: latencies rise and fall so slowly that a run is worth about {worth:.0} independent requests, and {needed:.0} are \
         needed; its interval is too narrow. Measure for longer: more replications do not help"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// A hundred windows of a hundred exponential times each; and the same under a load that rises and falls five times.
    #[test]
    fn what_comes_and_goes_together_is_worth_little() {
        let mut stream = Stream::named(3, 0, "latencies");
        let mut window = |level: f64| {
            let sum: f64 = (0..100).map(|_| -level * libm::log(stream.uniform())).sum();
            sum / 100.0
        };
        let alone: Vec<f64> = (0..100).map(|_| window(1.0)).collect();
        let level = |n: f64| 1.0 + 0.9 * libm::sin(n / 100.0 * 5.0 * core::f64::consts::TAU + 0.3);
        let together: Vec<f64> = (0..100).map(|n| window(level(f64::from(n)))).collect();
        let (alone, together) = (worth(&alone, 1.0, 10_000).unwrap(), worth(&together, 1.8, 10_000).unwrap());
        assert!((3_000.0..=10_000.0).contains(&alone), "{alone}");
        assert!(together < 200.0, "{together}");
        assert_eq!(worth(&[1.0; 19], 1.0, 100), None);
        assert_eq!(worth(&[1.0; 100], 1.0, 100), None, "nothing varies");
    }
}
