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
/// Fewer independent measurements than this are too few for a mean, and at the highest of a hundred for a 99th percentile (measured: with one
/// beyond it intervals of five replications hold the truth in 80 to 90 % of cases, with a tenth of one in half of them).
const FEWEST: f64 = 10.0;
const BEYOND: f64 = 1.0;

/// What is said of latencies that checks look at. `latencies` are the means of the windows, warm-up included.
pub(super) fn wandering(plan: &Plan, facts: &Facts, latencies: &[f64]) -> Vec<String> {
    let begin =
        (facts.warmup as f64 / (facts.warmup + facts.measured) as f64 * latencies.len() as f64) as usize;
    let Some(worth) = worth(&latencies[begin..], facts) else { return Vec::new() };
    let told = plan.judged.iter().filter_map(|metric| {
        let metric = &METRICS[*metric];
        let needed = metric.percentile.map_or(FEWEST, |(q, _)| (BEYOND / (1.0 - q)).max(FEWEST));
        (metric.column.contains("latency") && worth < needed).then(|| doubt(metric.column, worth, needed))
    });
    told.collect()
}

/// So many independent requests would tell as much; `None` if there is too little to tell.
fn worth(latencies: &[f64], facts: &Facts) -> Option<f64> {
    let mut means = Tally::new();
    if latencies.len() < 2 * BATCHES {
        return None;
    }
    batch_means(latencies, BATCHES).into_iter().for_each(|mean| means.push(mean / 1e6));
    let of_one = facts.all.latency.variance()? / 1e12;
    let of_mean = means.variance()? / BATCHES as f64;
    (of_mean > 0.0).then(|| (of_one / of_mean).min(facts.all.latency.count() as f64))
}

fn doubt(column: &str, worth: f64, needed: f64) -> String {
    format!(
        "{column} rests on too little: latencies rise and fall so slowly that a run is worth about {worth:.0} independent requests, and {needed:.0} are \
         needed; its interval is too narrow. Measure for longer: more replications do not help"
    )
}
