//! Figures over time and events in the text format of OpenMetrics 1.0, as `promtool tsdb create-blocks-from openmetrics` reads it.
//!
//! promtool takes what it should refuse and drops samples without a word (out of order, twice in a millisecond), so that order and
//! times are made sure of here. A figure is a gauge: the mean of the window that ends at its time, as in timeseries.csv.

use super::results::{Results, Row};
use super::{ExportError, Instant};
use crate::experiment::FIGURES;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// One kind of figure, under the name that it has in Prometheus.
#[derive(Debug, PartialEq)]
pub(super) struct Family {
    /// With its base unit.
    pub name: String,
    /// The unit, if it ends the name.
    unit: Option<&'static str>,
    /// How many of timeseries.csv make one of them.
    parts: f64,
    /// What it tells.
    pub about: &'static str,
}

impl Family {
    /// A metric of timeseries.csv in Prometheus's words: base units, and no ending that belongs to histograms.
    pub(super) fn of(metric: &str) -> Self {
        let about =
            FIGURES.iter().find(|figure| figure.name == metric).map_or_else(|| request(metric), |f| f.about);
        let family =
            |name: String, unit, parts| Family { name: format!("scalelab_{name}"), unit, parts, about };
        if let Some(stem) = metric.strip_suffix("_ms") {
            family(format!("{stem}_seconds"), Some("seconds"), 1e3)
        } else if let Some(stem) = metric.strip_suffix("_per_s") {
            family(format!("{stem}_per_second"), None, 1.0)
        } else if metric.ends_with("_ratio") {
            family(metric.into(), Some("ratio"), 1.0)
        } else {
            family(metric.strip_suffix("_count").unwrap_or(metric).into(), None, 1.0)
        }
    }
}

/// What the figures of the requests as a whole tell.
fn request(metric: &str) -> &'static str {
    match metric {
        "throughput_per_s" => "requests that succeeded",
        "latency_p50_ms" => "half of the requests took no longer",
        "latency_p99_ms" => "99 % of the requests took no longer",
        _ => "",
    }
}

/// A value of a series.
struct Sample {
    series: u32,
    at: Instant,
    value: f64,
}

/// All samples, by metric.
pub(super) struct Samples {
    /// Labels of each series, as they stand between the braces.
    labels: Vec<String>,
    metrics: BTreeMap<String, Vec<Sample>>,
    events: BTreeSet<(String, Instant)>,
    /// The last of all times.
    pub until: Instant,
}

impl Samples {
    /// Reads timeseries.csv and events.csv.
    pub fn read(results: &Results, epoch: Instant) -> Result<Self, ExportError> {
        let experiment = &results.manifest.experiment;
        let (mut numbers, mut labels) = (BTreeMap::new(), Vec::new());
        let mut metrics: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
        let mut until = epoch;
        results.rows("timeseries.csv", |row| {
            let Some(value) = row.number("value")? else { return Ok(()) };
            let mut own = run_labels(experiment, row)?;
            put_label(&mut own, "component", row.text("component")?);
            let next = labels.len() as u32;
            let series = *numbers.entry(own.clone()).or_insert(next);
            if series == next {
                labels.push(own);
            }
            let at = epoch.after(row.time()?)?;
            until = until.max(at);
            let metric = row.text("metric")?;
            if !metrics.contains_key(metric) {
                metrics.insert(metric.into(), Vec::new());
            }
            metrics.get_mut(metric).expect("just made").push(Sample { series, at, value });
            Ok(())
        })?;
        let mut events = BTreeSet::new();
        results.rows("events.csv", |row| {
            let mut own = run_labels(experiment, row)?;
            for name in ["component", "event", "detail"] {
                put_label(&mut own, name, row.text(name)?);
            }
            events.insert((own, epoch.after(row.time()?)?));
            Ok(())
        })?;
        metrics.values_mut().for_each(|samples| samples.sort_by_key(|sample| (sample.series, sample.at)));
        let same = |pair: &[Sample]| (pair[0].series, pair[0].at) == (pair[1].series, pair[1].at);
        if metrics.values().any(|samples| samples.windows(2).any(same)) {
            return Err(ExportError::TooFine);
        }
        Ok(Samples { labels, metrics, events, until })
    }

    /// All kinds of figures, by name.
    pub fn families(&self) -> Vec<Family> {
        self.metrics.keys().map(|metric| Family::of(metric)).collect()
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.metrics.values().map(Vec::len).sum::<usize>() + self.events.len()
    }

    /// How many kinds of figures they belong to.
    pub fn kinds(&self) -> usize {
        self.metrics.len() + usize::from(!self.events.is_empty())
    }

    /// Writes all of it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (metric, samples) in &self.metrics {
            let family = Family::of(metric);
            head(out, &family)?;
            for Sample { series, at, value } in samples {
                let (name, labels) = (&family.name, &self.labels[*series as usize]);
                writeln!(out, "{name}{{{labels}}} {} {}", value / family.parts, at.unix_seconds())?;
            }
        }
        if !self.events.is_empty() {
            let about = "what happened: 1 when it did";
            head(out, &Family { name: EVENT.into(), unit: None, parts: 1.0, about })?;
        }
        for (labels, at) in &self.events {
            writeln!(out, "{EVENT}{{{labels}}} 1 {}", at.unix_seconds())?;
        }
        writeln!(out, "# EOF")
    }
}

/// The metric of events.
pub(super) const EVENT: &str = "scalelab_event";

fn head(out: &mut dyn Write, family: &Family) -> io::Result<()> {
    let Family { name, unit, about, .. } = family;
    writeln!(out, "# TYPE {name} gauge")?;
    if let Some(unit) = unit {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    if about.is_empty() { Ok(()) } else { writeln!(out, "# HELP {name} {}", escaped(about)) }
}

fn run_labels(experiment: &str, row: &Row<'_>) -> Result<String, ExportError> {
    let mut labels = String::new();
    put_label(&mut labels, "experiment", experiment);
    put_label(&mut labels, "variant", row.text("variant")?);
    put_label(&mut labels, "replication", row.text("replication")?);
    Ok(labels)
}

/// A label behind others; an empty one is as good as none.
fn put_label(labels: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let comma = if labels.is_empty() { "" } else { "," };
        *labels += &format!("{comma}{name}=\"{}\"", escaped(value));
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_base_units() {
        let named = |metric: &str| Family::of(metric).name;
        assert_eq!(named("latency_p99_ms"), "scalelab_latency_p99_seconds");
        assert_eq!(named("errors_per_s"), "scalelab_errors_per_second");
        assert_eq!(named("items_count"), "scalelab_items");
        assert_eq!(named("queue_len_mean"), "scalelab_queue_len_mean");
        for figure in FIGURES.iter().map(|figure| figure.name).chain(["latency_p50_ms"]) {
            let family = Family::of(figure);
            assert!(!family.about.is_empty(), "{figure}");
            assert!(family.unit.is_none_or(|unit| family.name.ends_with(unit)), "{figure}");
        }
    }

    #[test]
    fn no_two_figures_get_the_same_name() {
        let names: BTreeSet<_> = FIGURES.iter().map(|f| Family::of(f.name).name).collect();
        assert_eq!(names.len(), FIGURES.len());
    }

    #[test]
    fn labels_are_escaped_and_empty_ones_left_out() {
        let mut labels = String::new();
        put_label(&mut labels, "component", "");
        put_label(&mut labels, "event", "note");
        put_label(&mut labels, "detail", "a \"b\" \\ c\nd");
        assert_eq!(labels, r#"event="note",detail="a \"b\" \\ c\nd""#);
    }
}
