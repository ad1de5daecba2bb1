//! Estimates: a metric replication by replication, and what can be computed from it before it is judged.
//!
//! Arithmetic is done within each replication, so that an interval of the outcome is one of paired values (Law, Simulation
//! Modeling and Analysis, 5th ed. 2015, 10.2): of a difference as of a ratio. A ratio's mean is the mean of the replications' ratios.

use super::compare::CONFIDENCE;
use super::metric::METRICS;
use super::result::RunResult;
use crate::stats::{Interval, mean_interval};
use std::sync::Arc;

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantity {
    /// Time.
    Duration,
    /// So many per second.
    Rate,
    /// A part of a whole.
    Share,
    /// Bytes.
    Size,
    /// Anything else: counts, dollars, ratios.
    Number,
}

/// The unit of an estimate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unit {
    /// What it counts.
    pub quantity: Quantity,
    /// How many seconds, per second, bytes or things one is.
    pub scale: f64,
}

impl Unit {
    /// A plain number.
    pub const NUMBER: Unit = Unit { quantity: Quantity::Number, scale: 1.0 };

    /// The unit that a column's name ends with.
    pub fn of(column: &str) -> Self {
        let (quantity, scale) = match column {
            _ if column.ends_with("_ms") => (Quantity::Duration, 1e-3),
            _ if column.ends_with("_per_s") => (Quantity::Rate, 1.0),
            _ if column.ends_with("_s") => (Quantity::Duration, 1.0),
            _ if column.ends_with("_ratio") => (Quantity::Share, 1.0),
            _ if column.ends_with("_bytes") => (Quantity::Size, 1.0),
            _ => return Unit::NUMBER,
        };
        Unit { quantity, scale }
    }

    /// How a number of the other unit becomes one of this; `None`: they count different things. A share is a number.
    fn from(self, other: Unit) -> Option<f64> {
        let plain = |quantity| if quantity == Quantity::Share { Quantity::Number } else { quantity };
        (plain(self.quantity) == plain(other.quantity)).then_some(other.scale / self.scale)
    }
}

/// Ratios that may be more than 1: of a part to a mean, of more work to less, of moves of which a key makes several.
const BEYOND_ONE: [&str; 3] = ["shard_skew_ratio", "write_amplification_ratio", "moved_keys_ratio"];

/// The variant that an estimate is of, and its levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Whose {
    /// Its name.
    pub label: String,
    /// (factor, level).
    pub levels: Vec<(String, String)>,
}

/// Estimate of a metric: its value in each replication, by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The metric's column, or what was computed from it: `latency_p50_ms * 2`.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// (replication, value).
    pub samples: Vec<(u64, f64)>,
    /// The variant, if several could be meant.
    pub whose: Option<Arc<Whose>>,
    /// Replications in which what is timed was not over at the end: longer than anybody has seen.
    pub unended: usize,
    /// Whether it is the less the longer that takes.
    pub turned: bool,
    /// Replications without such a figure, though others have it.
    pub unmeasured: usize,
    /// If it is a share, as it was measured: of how many, in all replications.
    pub of: Option<f64>,
    /// If it is about answers: the share of requests that had none yet when the runs ended.
    pub open: f64,
    /// The phase that it is of, if not of all that was measured.
    pub within: Option<Arc<str>>,
}

/// Why two estimates cannot be put together.
#[derive(Clone, Debug, PartialEq)]
pub enum Unlike {
    /// They count different things.
    Units,
    /// The divisor is 0 in this replication.
    Zero(u64),
}

impl Estimate {
    /// A metric as it was measured.
    pub fn measured(column: &str, samples: Vec<(u64, f64)>) -> Self {
        Estimate {
            metric: column.into(),
            unit: Unit::of(column),
            samples,
            whose: None,
            unended: 0,
            turned: false,
            unmeasured: 0,
            of: None,
            open: 0.0,
            within: None,
        }
    }

    /// Its metric, and the phase.
    pub fn name(&self) -> String {
        let within = self.within.iter().map(|phase| format!(" in \"{phase}\""));
        std::iter::once(self.metric.clone()).chain(within).collect()
    }

    /// A metric of some runs as it was measured.
    pub fn of_runs<'a>(metric: usize, runs: impl Iterator<Item = &'a RunResult>) -> Self {
        let whole = METRICS[metric].share_of.map(index_of);
        let (mut samples, mut unended, mut unmeasured, mut of) = (Vec::new(), 0, 0, whole.map(|_| 0.0));
        let runs: Vec<&RunResult> = runs.collect();
        let open = open_share(METRICS[metric].column, runs.iter().copied());
        for run in runs {
            match run.metrics[metric] {
                Some(value) => samples.push((run.replication, value)),
                None if never_ended(metric, run) => unended += 1,
                None => unmeasured += 1,
            }
            of = of.zip(whole).map(|(sum, column)| sum + run.metrics[column].unwrap_or(0.0));
        }
        let column = METRICS[metric].column;
        Estimate { unended, unmeasured, of, open, ..Estimate::measured(column, samples) }
    }

    /// Whether it is a share, as it was measured, and this is what no share can be. What was computed from it (`* 100`) may be more.
    pub fn is_beyond(&self, limit: f64) -> bool {
        self.is_at_most_1() && limit > 1.0
    }

    /// Whether it is a part of a whole, as it was measured.
    pub fn is_at_most_1(&self) -> bool {
        let is_share = self.unit.quantity == Quantity::Share && !self.metric.contains(' ');
        is_share && !BEYOND_ONE.contains(&self.metric.as_str())
    }

    /// Whether it is as it was measured: all figures count something, or how long or how much of it.
    pub fn is_at_least_0(&self) -> bool {
        !self.metric.contains(' ')
    }

    pub(super) fn values(&self) -> Vec<f64> {
        self.samples.iter().map(|(_, value)| *value).collect()
    }

    /// Mean over the replications.
    pub fn mean(&self) -> Option<f64> {
        let values = self.values();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Interval of the mean; `None` under two replications.
    pub fn interval(&self) -> Option<Interval> {
        mean_interval(&self.values(), CONFIDENCE)
    }

    /// Each value changed, and how messages call the outcome.
    pub fn each(&self, change: impl Fn(f64) -> f64, metric: String) -> Self {
        let samples = self.samples.iter().map(|(r, value)| (*r, change(*value))).collect();
        Estimate { metric, samples, of: None, ..self.clone() }
    }

    /// What is left of a whole: `1 - availability`. A share that was the same in every replication stays one of as many cases.
    pub fn left_of(&self, whole: f64, metric: String) -> Self {
        let of = self.of.filter(|_| whole == 1.0 && self.unit.quantity == Quantity::Share);
        Estimate { of, turned: true, ..self.each(|value| whole - value, metric) }
    }

    /// How messages call it inside a larger term.
    pub fn term(&self) -> String {
        if self.metric.contains(' ') { format!("({})", self.metric) } else { self.metric.clone() }
    }

    /// The same in another unit.
    pub(super) fn in_unit(&self, unit: Unit) -> Result<Self, Unlike> {
        let factor = unit.from(self.unit).ok_or(Unlike::Units)?;
        let same = self.each(|value| value * factor, self.metric.clone());
        Ok(Estimate { unit, of: self.of, ..same })
    }

    /// Sum, or with a `sign` of -1 difference, of two estimates.
    ///
    /// # Errors
    ///
    /// They count different things.
    pub fn plus(&self, sign: f64, other: &Estimate) -> Result<Self, Unlike> {
        let other = other.in_unit(self.unit)?;
        let operator = if sign < 0.0 { "-" } else { "+" };
        Ok(self.with(&other, |a, b| a + sign * b, operator, self.unit))
    }

    /// Ratio of two estimates: a number.
    ///
    /// # Errors
    ///
    /// The divisor is 0 in a replication.
    pub fn over(&self, other: &Estimate) -> Result<Self, Unlike> {
        if let Some((replication, _)) = other.samples.iter().find(|(_, value)| *value == 0.0) {
            return Err(Unlike::Zero(*replication));
        }
        let same = other.in_unit(self.unit);
        Ok(self.with(&same.unwrap_or_else(|_| other.clone()), |a, b| a / b, "/", Unit::NUMBER))
    }

    fn with(&self, other: &Estimate, both: impl Fn(f64, f64) -> f64, operator: &str, unit: Unit) -> Self {
        let partner = |(replication, value): &(u64, f64)| {
            let found = other.samples.iter().find(|(theirs, _)| theirs == replication);
            found.map(|(_, theirs)| (*replication, both(*value, *theirs)))
        };
        Estimate {
            metric: format!("{} {operator} {}", self.term(), other.term()),
            unit,
            samples: self.samples.iter().filter_map(partner).collect(),
            whose: together(self.whose.as_ref(), other.whose.as_ref()),
            unended: self.unended.max(other.unended),
            turned: self.turned || other.turned || (operator != "+" && other.unended > 0),
            unmeasured: self.unmeasured.max(other.unmeasured),
            of: None,
            open: self.open.max(other.open),
            within: self.within.clone().filter(|within| other.within.as_ref() == Some(within)),
        }
    }
}

/// The share of requests that had no answer when runs ended, if a figure is about answers.
pub fn open_share<'a>(column: &str, runs: impl Iterator<Item = &'a RunResult>) -> f64 {
    let [open, total] = ["requests_in_flight_end_count", "requests_total_count"].map(index_of);
    let of = |run: &RunResult, metric: usize| run.metrics[metric].unwrap_or(0.0);
    let (waiting, requests) = runs
        .fold((0.0, 0.0), |(waiting, requests), run| (waiting + of(run, open), requests + of(run, total)));
    let is_of_answers = is_share_answered(column) || column.contains("latency");
    if is_of_answers && requests > 0.0 { waiting / requests } else { 0.0 }
}

/// Whether it is a share of requests that are answered: who waits for ever lowers it.
pub(super) fn is_share_answered(metric: &str) -> bool {
    metric.contains("availability") || metric.contains("slo_ratio")
}

/// Whether a metric is empty because what it times was not over when the run ended.
fn never_ended(metric: usize, run: &RunResult) -> bool {
    METRICS[metric].ends_of.is_some_and(|of| run.metrics[index_of(of)].is_some())
}

fn index_of(column: &str) -> usize {
    METRICS.iter().position(|metric| metric.column == column).expect("a column")
}

/// The variants of two estimates as one: levels in which they agree stay.
fn together(a: Option<&Arc<Whose>>, b: Option<&Arc<Whose>>) -> Option<Arc<Whose>> {
    let (a, b) = (a?, b?);
    if a == b {
        return Some(a.clone());
    }
    let both = |a: &str, b: &str| if a == b { a.to_string() } else { format!("{a} and {b}") };
    let level = |(factor, own): &(String, String)| {
        let theirs = b.levels.iter().find(|(name, _)| name == factor);
        (factor.clone(), theirs.map_or_else(|| own.clone(), |(_, theirs)| both(own, theirs)))
    };
    Some(Arc::new(Whose { label: both(&a.label, &b.label), levels: a.levels.iter().map(level).collect() }))
}

/// Estimates of two selections of variants, matched one to one so that the two of a pair agree in every factor that neither
/// selection holds at one level; `None` if there is no such matching, and when there is nothing to match.
pub fn like_with_like<'a>(a: &'a [Estimate], b: &'a [Estimate]) -> Option<Vec<(&'a Estimate, &'a Estimate)>> {
    let first = a.first()?.whose.as_ref()?;
    let held = |side: &[Estimate], factor: usize| {
        let level = |estimate: &Estimate| Some(estimate.whose.as_ref()?.levels.get(factor)?.1.clone());
        side.iter().all(|estimate| level(estimate) == level(&side[0]))
    };
    let is_same = |estimate: &&Estimate| {
        let names = |whose: &Whose| whose.levels.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        estimate.whose.as_ref().is_some_and(|whose| names(whose) == names(first))
    };
    if b.is_empty() || a.len() != b.len() || !a.iter().chain(b).all(|estimate| is_same(&estimate)) {
        return None;
    }
    let free: Vec<usize> = (0..first.levels.len()).filter(|f| !held(a, *f) && !held(b, *f)).collect();
    let key = |estimate: &Estimate| {
        let whose = estimate.whose.as_ref().expect("just looked at");
        free.iter().map(|factor| whose.levels[*factor].1.clone()).collect::<Vec<_>>()
    };
    let partner = |own: &'a Estimate| {
        let mut fitting = b.iter().filter(|other| key(other) == key(own));
        let alone = a.iter().filter(|other| key(other) == key(own)).count() == 1;
        fitting.next().filter(|_| alone && fitting.next().is_none()).map(|other| (own, other))
    };
    a.iter().map(partner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Sense, Standing};

    fn of(column: &str, values: &[f64]) -> Estimate {
        Estimate::measured(column, values.iter().enumerate().map(|(r, v)| (r as u64, *v)).collect())
    }

    fn variant(levels: &[(&str, &str)]) -> Estimate {
        let levels: Vec<_> = levels.iter().map(|(f, l)| (f.to_string(), l.to_string())).collect();
        let label = levels.iter().map(|(f, l)| format!("{f}={l}")).collect::<Vec<_>>().join(";");
        Estimate { whose: Some(Arc::new(Whose { label, levels })), ..of("latency_p50_ms", &[1.0]) }
    }

    fn labels(pairs: Option<Vec<(&Estimate, &Estimate)>>) -> Option<Vec<String>> {
        let label = |estimate: &Estimate| estimate.whose.as_ref().unwrap().label.clone();
        pairs.map(|pairs| pairs.iter().map(|(a, b)| format!("{} ~ {}", label(a), label(b))).collect())
    }

    #[test]
    fn what_is_left_of_a_whole_is_a_share_of_as_many_cases() {
        let all = Estimate { of: Some(500.0), ..of("availability_ratio", &[1.0, 1.0]) };
        let errors = all.left_of(1.0, "1 - availability_ratio".into());
        assert_eq!((errors.values(), errors.of), (vec![0.0, 0.0], Some(500.0)));
        assert_eq!(errors.against(Sense::Less, 0.001).standing, Standing::Undecided, "0.6 % may be");
        assert_eq!(errors.against(Sense::Less, 0.01).standing, Standing::Holds);
        let endless = Estimate { unended: 1, ..of("write_unavailable_s", &[2.0]) };
        let left = endless.left_of(10.0, "10 s - write_unavailable_s".into());
        assert_eq!((left.values(), left.unended), (vec![8.0], 1));
        for sense in [Sense::Less, Sense::More] {
            assert_eq!(
                left.against(sense, 0.0).standing,
                Standing::Undecided,
                "what has no end leaves nobody knows what"
            );
        }
    }

    #[test]
    fn terms_are_computed_within_each_replication() {
        let (a, b) = (of("latency_p50_ms", &[10.0, 20.0]), of("latency_p99_ms", &[12.0, 25.0]));
        let difference = b.plus(-1.0, &a).unwrap();
        assert_eq!(difference.values(), [2.0, 5.0]);
        assert_eq!(difference.metric, "latency_p99_ms - latency_p50_ms");
        assert_eq!(difference.over(&a).unwrap().metric, "(latency_p99_ms - latency_p50_ms) / latency_p50_ms");
        assert_eq!(b.over(&a).unwrap().values(), [1.2, 1.25]);
        assert_eq!(b.over(&a).unwrap().unit, Unit::NUMBER);
    }

    #[test]
    fn units_are_converted_or_refused() {
        let (ms, s) = (of("latency_p50_ms", &[500.0]), of("write_unavailable_s", &[2.0]));
        assert_eq!(ms.plus(1.0, &s).unwrap().values(), [2500.0]);
        assert_eq!(s.over(&ms).unwrap().values(), [4.0]);
        assert_eq!(ms.plus(1.0, &of("throughput_per_s", &[1.0])), Err(Unlike::Units));
        assert_eq!(ms.over(&of("lost_writes_count", &[0.0])), Err(Unlike::Zero(0)));
    }

    #[test]
    fn like_is_matched_with_like() {
        let side = |rate| ["1", "2"].map(|cores| variant(&[("cores", cores), ("rate", rate)]));
        let (low, high) = (side("50"), side("90"));
        let expected = ["cores=1;rate=90 ~ cores=1;rate=50", "cores=2;rate=90 ~ cores=2;rate=50"];
        assert_eq!(labels(like_with_like(&high, &low)).unwrap(), expected);
        assert_eq!(labels(like_with_like(&high, &low[..1])), None, "one of them has no partner");
        let all = [low.clone(), high.clone()].concat();
        assert_eq!(labels(like_with_like(&all, &low)), None, "two have the same partner");
        assert_eq!(
            labels(like_with_like(&high[..1], &low[1..])).unwrap(),
            ["cores=1;rate=90 ~ cores=2;rate=50"]
        );
    }

    #[test]
    fn what_changes_together_with_the_held_factor_is_no_difference_of_its_own() {
        let side =
            |size, price| ["1", "2"].map(|r| variant(&[("size", size), ("price", price), ("rate", r)]));
        assert_eq!(labels(like_with_like(&side("10", "3"), &side("20", "6"))).unwrap().len(), 2);
    }
}
