//! What a run is too short for: percentiles of too few measurements, heaps of messages that are not gone at its end.

use super::design::Plan;
use super::facts::Facts;
use super::metric::METRICS;

/// Measurements that should lie beyond a percentile: the success-failure condition, under which counts, and so the ranks of an interval,
/// are nearly normal (Diez, Cetinkaya-Rundel, Barr, OpenIntro Statistics, 4th ed. 2019, section 6.1). With fewer the percentile of a run
/// is too low on average, and no number of replications mends that: with k beyond it by about a 2k-th of the mean time
/// behind it, against an error of a root of k-th.
const BEYOND: f64 = 10.0;

/// What is said of percentiles that checks look at, if a run has too few measurements for them.
pub(super) fn scarce(plan: &Plan, facts: &Facts) -> Vec<String> {
    let percentiles = plan.judged.iter().filter_map(|metric| {
        let (q, count) = METRICS[*metric].percentile?;
        doubt(METRICS[*metric].column, q, count(facts))
    });
    percentiles.collect()
}

/// Of so many in which nothing happened up to 3.6 % may be otherwise (Clopper and Pearson, Biometrika 26, 1934).
const FEW: u64 = 100;

/// Says so if a check asks whether users see their own writes, and hardly any look at once, when a replica or a copy may be behind.
pub(super) fn seldom_reread(plan: &Plan, facts: &Facts) -> Option<String> {
    const COLUMN: &str = "read_your_writes_violations_count";
    let is_judged = plan.judged.iter().any(|metric| METRICS[*metric].column == COLUMN);
    let (audit, at_once) = (&facts.audit, facts.audit.own_writes_read_at_once_count);
    let is_empty = audit.read_your_writes_violations_count == 0 && audit.writes_acknowledged_count > 0;
    (is_judged && is_empty && facts.knows_users && at_once < FEW).then(|| {
        format!(
            "{COLUMN} says little: {at_once} of {} reads were of what the same user had written within the second before; a trace with a column `client` tells who reads what, or let few users share few keys",
            audit.reads_count
        )
    })
}

/// Says so if messages have not been dealt with at the end: nobody knows how long that takes.
pub(super) fn undrained(facts: &Facts) -> Option<String> {
    let messages = facts.messages.as_ref()?;
    let text = "more messages waited at the end than ever in the latter half of the warm-up: queue_drain_s is empty, and message_age_p99_ms counts them with \
                what they had waited so far";
    messages.drain_ns.is_none().then(|| text.to_string())
}

fn doubt(column: &str, q: f64, count: u64) -> Option<String> {
    let beyond = count as f64 * (1.0 - q);
    // Nothing measured is no percentile; a whole number stays one.
    if count == 0 || beyond >= BEYOND - 1e-6 {
        return None;
    }
    let least = (BEYOND / (1.0 - q) - 1e-6).ceil();
    Some(format!(
        "{column} rests on too few measurements: {count} in a run, so that {beyond:.1} lie beyond it; with fewer than {BEYOND} ({least} in \
         all) its interval is too narrow. Measure for longer: more replications do not help"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use crate::stats::{Histogram, mean_interval};

    #[test]
    fn ten_beyond_are_enough() {
        for (q, enough) in [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1_000), (0.999, 10_000)] {
            assert_eq!(doubt("x", q, enough), None, "{q}");
            assert_eq!(doubt("x", q, 0), None, "{q}");
            let text = doubt("x", q, enough - 1).unwrap();
            assert!(text.contains(&format!("({enough} in all)")), "{text}");
        }
    }

    /// The share of intervals over five replications that hold the true percentile of exponential times.
    fn coverage(q: f64, count: usize) -> f64 {
        let truth = -libm::log(1.0 - q) * 1e6;
        let trials = 2_000;
        let holds = |trial: u64| {
            let percentile = |replication: u64| {
                let mut stream = Stream::named(trial, replication, "coverage");
                let mut histogram = Histogram::new();
                (0..count).for_each(|_| histogram.record((-libm::log(stream.uniform()) * 1e6) as u64));
                histogram.quantile(q).unwrap() as f64
            };
            let found: Vec<f64> = (0..5).map(percentile).collect();
            let interval = mean_interval(&found, 0.95).unwrap();
            interval.low() <= truth && truth <= interval.high()
        };
        (0..trials).filter(|trial| holds(*trial)).count() as f64 / trials as f64
    }

    /// What the rule is for: measured, not believed.
    #[test]
    fn intervals_hold_what_they_should_from_there_on() {
        let (enough, few) = (coverage(0.99, 1_000), coverage(0.99, 100));
        assert!(enough > 0.93, "{enough}");
        assert!(few < 0.90, "{few}");
    }
}
