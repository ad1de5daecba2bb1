//! The metrics: one column of summary.csv each, and the names that scripts use for them.

mod geo;
mod messages;
mod near;
mod requests;
mod steps;
mod tiers;
mod truth;

use super::facts::Facts;
use crate::audit::MessageReport;
use crate::catalog::{did_you_mean, meant};
use crate::kernel::book::ClassBook;

/// Which direction is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// It says nothing about quality.
    Neither,
}

/// How many measurements a run has of something.
type Count = fn(&Facts) -> u64;

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its column, with its unit.
    pub column: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// One line about it.
    pub about: &'static str,
    /// Its value; `None` = not measured.
    pub value: fn(&Facts) -> Option<f64>,
    /// If it is a percentile: which (0 to 1), and of how many measurements.
    pub percentile: Option<(f64, Count)>,
    /// If it times what may not be over at the end of a run, and is empty then: a column that tells whether there was anything to time.
    pub ends_of: Option<&'static str>,
    /// If it is a share: a column that counts of how many.
    pub share_of: Option<&'static str>,
}

impl Metric {
    /// The same as a percentile of so many measurements.
    const fn percentile(self, q: f64, count: fn(&Facts) -> u64) -> Metric {
        Metric { percentile: Some((q, count)), ..self }
    }

    /// The same as what may not be over at the end, where this column is not empty.
    const fn ends_of(self, column: &'static str) -> Metric {
        Metric { ends_of: Some(column), ..self }
    }

    /// The same as a share of what this column counts.
    const fn share_of(self, column: &'static str) -> Metric {
        Metric { share_of: Some(column), ..self }
    }
}

type Get = fn(&Facts) -> Option<f64>;

const fn metric(column: &'static str, better: Better, about: &'static str, value: Get) -> Metric {
    Metric { column, better, about, value, percentile: None, ends_of: None, share_of: None }
}

macro_rules! latency {
    ($column:literal, $book:ident, $about:literal, p($q:literal)) => {
        metric($column, Lower, $about, |facts| p($q)(&facts.$book).map(|ns: f64| ns / 1e6))
            .percentile($q, |facts| facts.$book.latency.count())
    };
    ($column:literal, $book:ident, $about:literal, $get:expr) => {
        metric($column, Lower, $about, |facts| $get(&facts.$book).map(|ns: f64| ns / 1e6))
    };
}

use latency;

fn mean(book: &ClassBook) -> Option<f64> {
    book.latency.mean()
}

fn p(q: f64) -> impl Fn(&ClassBook) -> Option<f64> {
    move |book| book.latency.quantile(q).map(|ns| ns as f64)
}

fn max(book: &ClassBook) -> Option<f64> {
    book.latency.max().map(|ns| ns as f64)
}

fn of_messages(facts: &Facts, get: fn(&MessageReport) -> Option<f64>) -> Option<f64> {
    facts.messages.as_ref().and_then(get)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn count(value: u64) -> Option<f64> {
    Some(value as f64)
}

/// The columns by subject, in their order.
const SUBJECTS: &[&[Metric]] = &[
    requests::METRICS,
    steps::METRICS,
    geo::METRICS,
    truth::METRICS,
    tiers::METRICS,
    near::METRICS,
    messages::METRICS,
    REST,
];

const REST: &[Metric] = &[
    metric(
        "cost_per_hour",
        Better::Lower,
        "US dollars per hour, as far as prices are known: nodes (`price_per_hour`), what a cdn sends to users, its requests and purges, and what a web, website or load_balancer with an `egress_price` sends to clients; traffic between regions and zones is not in it",
        |f| f.cost_per_hour,
    ),
    metric("events_count", Better::Neither, "events that the simulation handled", |f| count(f.events)),
];

const COUNT: usize = {
    let (mut subject, mut count) = (0, 0);
    while subject < SUBJECTS.len() {
        count += SUBJECTS[subject].len();
        subject += 1;
    }
    count
};

static ALL: [Metric; COUNT] = {
    let mut all = [REST[0]; COUNT];
    let (mut subject, mut at) = (0, 0);
    while subject < SUBJECTS.len() {
        let mut of_subject = 0;
        while of_subject < SUBJECTS[subject].len() {
            all[at] = SUBJECTS[subject][of_subject];
            of_subject += 1;
            at += 1;
        }
        subject += 1;
    }
    all
};

/// All metrics, in the order of the columns.
pub static METRICS: &[Metric] = &ALL;

/// Units that a script may leave out of a metric's name.
const UNITS: [&str; 6] = ["_ms", "_per_s", "_s", "_count", "_ratio", "_bytes"];

/// A column without its unit.
pub(super) fn short(column: &str) -> &str {
    UNITS.iter().find_map(|unit| column.strip_suffix(unit)).unwrap_or(column)
}

/// The metric of this name: a column, or a column without its unit. The error is a hint.
pub fn find_metric(name: &str) -> Result<usize, Option<String>> {
    let exact = METRICS.iter().position(|metric| metric.column == name);
    let found = exact.or_else(|| METRICS.iter().position(|metric| short(metric.column) == name));
    found.ok_or_else(|| {
        let shorts = METRICS.iter().map(|metric| short(metric.column));
        if name.contains(".of(") {
            let script = ".expect(\"..\", |r| r.of(\"db\").utilization < 50.percent)";
            return Some(format!("here are metrics of the whole; a figure of a component is compared in the script: {script}"));
        }
        if meant::is_of_components(name) {
            let one = "r.of(\"its name\").utilization, .queue_len_mean, .wait_p99 and others";
            return Some(format!("figures of a component are {one}, in a check of the script"));
        }
        if ["error_rate", "error_ratio", "failure_rate"].contains(&name) {
            return Some(
                "availability is the opposite: an error rate below 1 % is `availability > 99.percent`".into(),
            );
        }
        let both = METRICS.iter().flat_map(|metric| [metric.column, short(metric.column)]);
        meant::metric(name, both)
            .or_else(|| crate::catalog::closest(name, shorts.clone()))
            .map(|close| format!("did you mean `{close}`?"))
            .or_else(|| did_you_mean(name, shorts.filter(|s| s.contains(name))))
            .or_else(|| Some("`scalelab list metrics` shows them all; a component has its own: r.of(\"its name\").utilization".into()))
    })
}

/// The names that scripts use.
pub fn metric_names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|metric| short(metric.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_find_a_metric() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert_eq!(find_metric(metric.column), Ok(at));
            assert_eq!(find_metric(short(metric.column)), Ok(at), "{}", metric.column);
        }
    }

    #[test]
    fn every_metric_says_what_it_is() {
        assert!(METRICS.iter().all(|metric| metric.about.len() > 10));
    }

    #[test]
    fn unknown_names_are_met_with_a_guess() {
        assert_eq!(find_metric("latency_p9").unwrap_err().unwrap(), "did you mean `latency_p90`?");
        assert!(find_metric("colour").unwrap_err().unwrap().contains("list metrics"));
    }
}
