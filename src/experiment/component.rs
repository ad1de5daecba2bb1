//! The figures of one component, as components.csv shows them and as scripts ask for them: `r.of("shoppers").stale_ratio`.

use super::metric::short;
use super::result::{ComponentRow, RunResult};
use crate::catalog::did_you_mean;
use crate::components::KINDS;

type Get = fn(&ComponentRow) -> Option<f64>;

/// A column of components.csv.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub about: &'static str,
    get: Get,
}

const fn column(name: &'static str, about: &'static str, get: Get) -> Column {
    Column { name, about, get }
}

/// Those that hold numbers.
pub const COLUMNS: &[Column] = &[
    column(
        "utilization_ratio",
        "busy share of its processors (of its workers, connections or appliers in their own row)",
        |row| row.utilization_ratio,
    ),
    column(
        "queue_len_mean",
        "jobs that waited for its processors, on average; of a component with several nodes, at one of them",
        |row| row.queue_len_mean,
    ),
    column("queue_len_max", "the most that waited at a time", |row| row.queue_len_max),
    column(
        "arrivals_count",
        "what came to it: requests of a traffic, web tier or website, calls of a balancer, proxy or router, messages of a queue or consumers; for others jobs of their processors. `arrivals_per_s` counts the same over time",
        |row| row.arrivals_count.map(|count| count as f64),
    ),
    column(
        "completions_count",
        "how many of the arrivals it has answered, with errors or without (consumers: processed, those that failed not among them; a traffic: requests that are over, those that it gave up among them); empty where that is not counted",
        |row| row.completions_count.map(|count| count as f64),
    ),
    column(
        "errors_count",
        "errors answered and arrivals turned away (a traffic: its requests that failed, were turned away or were given up). `errors_per_s` counts the same over time",
        |row| row.errors_count.map(|count| count as f64),
    ),
    column(
        "wait_p99_ms",
        "99 % of its processors' jobs waited less; a request may be several jobs, or none: `jobs_per_s` counts them",
        |row| row.wait_p99_ms,
    ),
    column("service_p99_ms", "99 % of its processors' jobs took less, without the waiting", |row| {
        row.service_p99_ms
    }),
    column(
        "hit_ratio",
        "share of look-ups that were answered and found a fresh copy (a database: of pages that were in memory); the summary counts those that a dead cache left unanswered as misses",
        |row| row.hit_ratio,
    ),
    column("cost_per_hour", "in US dollars, as far as prices are known", |row| row.cost_per_hour),
    column("reads_count", "a traffic's reads, or those done by a store", |row| {
        row.reads_count.map(|count| count as f64)
    }),
    column("stale_reads_count", "a traffic's reads that were stale", |row| {
        row.stale_reads_count.map(|count| count as f64)
    }),
    column("stale_ratio", "share of a traffic's reads that were stale", |row| row.stale_ratio),
    column("stale_age_p99_ms", "99 % of a traffic's stale reads were out of date for less", |row| {
        row.stale_age_p99_ms
    }),
    column(
        "latency_p50_ms",
        "half of a traffic's requests took no longer: those that were answered, and, as long as they waited, those that timed out or were open at the end",
        |row| row.latency_p50_ms,
    ),
    column("latency_p99_ms", "99 % of them took no longer", |row| row.latency_p99_ms),
    column(
        "availability_ratio",
        "share of a traffic's requests that were answered successfully, as in the summary",
        |row| row.availability_ratio,
    ),
    column("slo_ratio", "share of them within the time of .slo(..), as in the summary", |row| row.slo_ratio),
];

/// What only users see.
const OF_TRAFFICS: [&str; 4] = ["latency_p50_ms", "latency_p99_ms", "availability_ratio", "slo_ratio"];

/// What can be asked of a component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// A column of components.csv, by number.
    Column(usize),
    /// A measure of measures.csv that adds up over nodes: its name.
    Measure(&'static str),
}

impl Figure {
    /// Whether components of a kind may tell it. (What else they tell depends on how they are set up.)
    pub fn is_of(self, kind: &str) -> bool {
        match self {
            Figure::Column(column) => kind == "traffic" || !OF_TRAFFICS.contains(&COLUMNS[column].name),
            Figure::Measure(name) => {
                let own = crate::components::kind(kind).map_or(&[][..], |kind| kind.entry.measures);
                own.iter().any(|measure| measure.name == name)
            }
        }
    }

    /// The kinds of components that tell it.
    pub fn kinds(self) -> Vec<&'static str> {
        KINDS.iter().map(|kind| kind.entry.name).filter(|kind| self.is_of(kind)).collect()
    }

    /// The name of its column or measure.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Column(column) => COLUMNS[column].name,
            Figure::Measure(name) => name,
        }
    }
}

/// The measures of all components that add up over their nodes.
fn measures() -> impl Iterator<Item = &'static str> {
    let all = KINDS.iter().flat_map(|kind| kind.entry.measures).map(|measure| measure.name);
    all.filter(|name| !name.ends_with("_ratio"))
}

/// The figure of this name, with or without its unit: a column, or else a measure. The error is a hint.
pub fn find_figure(name: &str) -> Result<Figure, Option<String>> {
    let measure = measures().find(|measure| *measure == name || short_of(measure) == name);
    match (find_column(name), measure) {
        (Ok(column), _) => Ok(Figure::Column(column)),
        (Err(_), Some(measure)) => Ok(Figure::Measure(measure)),
        (Err(hint), None) => {
            let close = crate::catalog::closest(name, measures().map(short_of));
            let hint = hint.filter(|hint| hint.starts_with("did you")).or(hint_of(name, close));
            Err(hint)
        }
    }
}

fn hint_of(name: &str, close: Option<&str>) -> Option<String> {
    if let Some(close) = close {
        return Some(format!("did you mean `{close}`?"));
    }
    let columns = did_you_mean(name, COLUMNS.iter().map(|column| short(column.name)))?;
    Some(format!("{columns}; and what `scalelab explain` says a component measures"))
}

/// A measure without its unit.
fn short_of(measure: &str) -> &str {
    measure.strip_suffix("_count").unwrap_or(measure)
}

/// The column of this name, with or without its unit. The error is a hint.
pub fn find_column(name: &str) -> Result<usize, Option<String>> {
    let names = || COLUMNS.iter().map(|column| column.name);
    let exact = names().position(|column| column == name);
    let found = exact.or_else(|| names().position(|column| short(column) == name));
    found.ok_or_else(|| {
        let close = crate::catalog::closest(name, names()).map(short);
        close
            .map(|close| format!("did you mean `{close}`?"))
            .or_else(|| did_you_mean(name, names().map(short)))
    })
}

/// A figure of a component in one run. The error names the components that there are.
pub fn figure(run: &RunResult, component: &str, figure: Figure) -> Result<Option<f64>, Vec<String>> {
    match figure {
        Figure::Column(column) => of_column(run, component, column),
        Figure::Measure(name) => {
            let told =
                |row: &ComponentRow| row.measures.iter().find(|own| own.measure == name).map(|own| own.value);
            let values: Vec<f64> = rows_of(run, component)?.into_iter().filter_map(told).collect();
            Ok((!values.is_empty()).then(|| values.iter().sum()))
        }
    }
}

/// The rows of a component: pools have rows of their own, named after their node.
fn rows_of<'a>(run: &'a RunResult, component: &str) -> Result<Vec<&'a ComponentRow>, Vec<String>> {
    let is_of_group = |row: &ComponentRow| {
        let rest = row.component.strip_prefix(component).and_then(|rest| rest.strip_prefix('/'));
        row.kind != "pool" && rest.is_some()
    };
    let is_node = |row: &&ComponentRow| row.component == component || is_of_group(row);
    let rows: Vec<&ComponentRow> = run.components.iter().filter(is_node).collect();
    match rows.is_empty() {
        true => Err(run.components.iter().map(|row| row.component.clone()).collect()),
        false => Ok(rows),
    }
}

/// A column of a component in one run: of its nodes, counts and costs add up, the largest of largest values stands, shares of look-ups and
/// reads are of what all did together, and others are averaged. What comes to a group comes to its front (router, proxy) first, and
/// counts there alone.
fn of_column(run: &RunResult, component: &str, column: usize) -> Result<Option<f64>, Vec<String>> {
    let Column { name, get, .. } = &COLUMNS[column];
    let rows = rows_of(run, component)?;
    let is_told_by_front = |row: &&ComponentRow| row.is_front && get(row).is_some();
    let at_front = matches!(*name, "arrivals_count" | "completions_count" | "errors_count");
    let only_front = at_front && rows.iter().any(is_told_by_front);
    let rows = rows.into_iter().filter(|row| !only_front || row.is_front);
    let weight = |row: &ComponentRow| match *name {
        "utilization_ratio" | "queue_len_mean" => row.capacity.unwrap_or(1.0),
        "hit_ratio" => row.look_ups_count.map_or(1.0, |count| count as f64),
        "stale_ratio" => row.reads_count.map_or(1.0, |count| count as f64),
        _ => 1.0,
    };
    let parts: Vec<(f64, f64)> = rows.filter_map(|row| get(row).map(|value| (value, weight(row)))).collect();
    let all: f64 = parts.iter().map(|(_, weight)| weight).sum();
    let values: Vec<f64> = parts.iter().map(|(value, _)| *value).collect();
    if all <= 0.0 {
        return Ok(None);
    }
    let sum: f64 = values.iter().sum();
    Ok(Some(match *name {
        _ if name.ends_with("_count") || *name == "cost_per_hour" => sum,
        _ if name.ends_with("_max") || name.contains("_p99_") => {
            values.iter().copied().fold(f64::MIN, f64::max)
        }
        _ => parts.iter().map(|(value, weight)| value * weight).sum::<f64>() / all,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::result::Measured;
    use super::*;

    fn run() -> RunResult {
        let row = |name: &str, count, ratio| ComponentRow {
            component: name.into(),
            arrivals_count: Some(count),
            utilization_ratio: Some(ratio),
            ..ComponentRow::default()
        };
        let components = vec![row("web/0", 3, 0.2), row("web/1", 4, 0.4), row("db/shard 0/primary", 1, 0.1)];
        let pool = ComponentRow { kind: "pool".into(), ..row("web/0 workers", 9, 0.9) };
        let caches = [(0.5, 300), (0.1, 100)].map(|(hit_ratio, look_ups)| ComponentRow {
            component: "cache/0".into(),
            hit_ratio: Some(hit_ratio),
            look_ups_count: Some(look_ups),
            measures: vec![Measured { measure: "evictions_count".into(), value: look_ups as f64 / 80.0 }],
            ..ComponentRow::default()
        });
        let components = components.into_iter().chain([pool]).chain(caches).collect();
        RunResult { components, ..RunResult::default() }
    }

    #[test]
    fn a_group_is_its_nodes_and_nothing_else() {
        let of = |name: &str, column: &str| figure(&run(), name, find_figure(column).unwrap());
        assert_eq!(of("web", "arrivals"), Ok(Some(7.0)));
        assert!((of("web", "utilization_ratio").unwrap().unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(of("web/1", "arrivals_count"), Ok(Some(4.0)));
        assert_eq!((of("db", "stale_ratio"), of("db", "arrivals")), (Ok(None), Ok(Some(1.0))));
        assert_eq!(of("cache", "hit"), Ok(Some(0.4)));
        assert_eq!((of("cache", "evictions"), of("web", "evictions")), (Ok(Some(5.0)), Ok(None)));
        assert!(of("we", "arrivals").unwrap_err().contains(&"web/1".to_string()));
    }

    #[test]
    fn unknown_columns_are_met_with_a_guess() {
        assert_eq!(find_figure("stale_ratios").unwrap_err().unwrap(), "did you mean `stale`?");
        assert_eq!(find_figure("evicitons").unwrap_err().unwrap(), "did you mean `evictions`?");
        assert_eq!(find_figure("waits_count"), Ok(Figure::Measure("waits_count")));
    }
}
