//! Compares variants: paired differences against the baseline, replication by replication.
//!
//! Replication r of every variant has the same random numbers (common random numbers), so that differences are
//! taken pair by pair, which removes what both share (Law, Simulation Modeling and Analysis, 5th ed. 2015, 10.2).

use super::metric::{Better, METRICS, Metric};
use super::result::RunResult;
use crate::stats::histogram::RESOLUTION;
use crate::stats::{Interval, mean_interval, paired_difference, relative_difference};

/// Confidence of all intervals.
pub const CONFIDENCE: f64 = 0.95;

/// What a comparison shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Better than the baseline.
    Better,
    /// Worse than the baseline.
    Worse,
    /// Different, where neither direction is good.
    Different,
    /// The interval of the difference holds 0, or it is one of percentiles that a histogram does not tell apart.
    NoDifferenceShown,
    /// This is the baseline.
    Baseline,
    /// Too few replications, or not measured.
    Undecided,
}

impl Verdict {
    /// As comparison.csv writes it.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Different => "different",
            Verdict::NoDifferenceShown => "no_difference_shown",
            Verdict::Baseline => "baseline",
            Verdict::Undecided => "",
        }
    }
}

/// One metric of one variant, compared with the baseline.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Index into [`METRICS`].
    pub metric: usize,
    /// The variant.
    pub variant: usize,
    /// Number of replications in which it was measured.
    pub n: u64,
    /// Mean over the replications.
    pub mean: Option<f64>,
    /// Standard deviation over the replications.
    pub sd: Option<f64>,
    /// Interval of the mean.
    pub interval: Option<Interval>,
    /// Interval of the paired difference to the baseline.
    pub difference: Option<Interval>,
    /// The difference in per cent of the baseline's mean.
    pub relative_pct: Option<f64>,
    /// The ends of the interval of that, where it has one.
    pub relative_ends: Option<[f64; 2]>,
    /// What it shows.
    pub verdict: Verdict,
}

/// The values of a metric in the replications of a variant.
pub fn samples(results: &[RunResult], metric: usize, variant: usize) -> Vec<(u64, f64)> {
    let of_variant = results.iter().filter(|result| result.variant == variant);
    of_variant.filter_map(|result| Some((result.replication, result.metrics[metric]?))).collect()
}

/// The values of two samples in the replications that both have.
pub fn pairs(a: &[(u64, f64)], b: &[(u64, f64)]) -> (Vec<f64>, Vec<f64>) {
    let partner = |(replication, value): &(u64, f64)| {
        b.iter().find(|(other, _)| other == replication).map(|(_, other)| (*value, *other))
    };
    a.iter().filter_map(partner).unzip()
}

/// All metrics of all variants, metric by metric, each compared with its own baseline.
pub fn compare(results: &[RunResult], baselines: &[usize]) -> Vec<Comparison> {
    let mut rows = Vec::new();
    for metric in 0..METRICS.len() {
        let all: Vec<_> = (0..baselines.len()).map(|variant| samples(results, metric, variant)).collect();
        let compared = |(variant, baseline): (usize, &usize)| {
            comparison(metric, variant, *baseline, &all[variant], &all[*baseline])
        };
        rows.extend(baselines.iter().enumerate().map(compared));
    }
    rows
}

fn comparison(
    metric: usize,
    variant: usize,
    baseline: usize,
    own: &[(u64, f64)],
    reference: &[(u64, f64)],
) -> Comparison {
    let values: Vec<f64> = own.iter().map(|(_, value)| *value).collect();
    let mut tally = crate::stats::Tally::new();
    values.iter().for_each(|value| tally.push(*value));
    let (a, b) = pairs(own, reference);
    let difference = if variant == baseline { None } else { paired_difference(&a, &b, CONFIDENCE) };
    let reference_mean = (!b.is_empty()).then(|| b.iter().sum::<f64>() / b.len() as f64);
    let relative = |difference: &Interval| {
        reference_mean.filter(|mean| *mean != 0.0).map(|mean| 100.0 * difference.mean / mean.abs())
    };
    Comparison {
        metric,
        variant,
        n: values.len() as u64,
        mean: tally.mean(),
        sd: tally.sd(),
        interval: mean_interval(&values, CONFIDENCE),
        relative_pct: difference.as_ref().and_then(relative),
        relative_ends: if variant == baseline { None } else { relative_difference(&a, &b, CONFIDENCE) }
            .map(|ends| ends.map(|end| 100.0 * end)),
        verdict: verdict(
            metric,
            variant == baseline,
            difference.as_ref().map(|d| (d, reference_mean.unwrap_or(0.0))),
        ),
        difference,
    }
}

/// Whether a difference of a metric is one of values that its measurement cannot tell apart: percentiles are read off a histogram.
pub fn is_unresolved(metric: &Metric, difference: f64, reference: f64) -> bool {
    metric.percentile.is_some() && difference != 0.0 && difference.abs() <= RESOLUTION * reference.abs()
}

/// What the difference to the baseline, whose mean stands beside it, shows.
fn verdict(metric: usize, is_baseline: bool, difference: Option<(&Interval, f64)>) -> Verdict {
    let Some((difference, reference)) = difference else {
        return if is_baseline { Verdict::Baseline } else { Verdict::Undecided };
    };
    if is_unresolved(&METRICS[metric], difference.mean, reference) {
        return Verdict::NoDifferenceShown;
    }
    let (less, more) = (difference.high() < 0.0, difference.low() > 0.0);
    match (METRICS[metric].better, less, more) {
        (_, false, false) => Verdict::NoDifferenceShown,
        (Better::Neither, ..) => Verdict::Different,
        (Better::Lower, true, _) | (Better::Higher, _, true) => Verdict::Better,
        _ => Verdict::Worse,
    }
}
