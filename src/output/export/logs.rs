//! Events as lines of a log, twice: as plain JSON, one object a line, which Loki, CloudWatch Logs and Azure Monitor take apart by
//! themselves, and as OTLP JSON (the file exporter's format of OpenTelemetry), which an OpenTelemetry Collector passes on to any of them.

use super::results::Results;
use super::{ExportError, Instant};
use crate::output::file;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;

/// Something that happened in a run.
struct Event {
    at: Instant,
    t_s: f64,
    variant: String,
    replication: u64,
    component: String,
    event: String,
    detail: String,
}

pub(super) fn write(
    results: &Results,
    dir: &Path,
    epoch: Instant,
) -> Result<Vec<(&'static str, String)>, ExportError> {
    let experiment = &results.manifest.experiment;
    let events = read(results, epoch)?;
    let lines = |of: fn(&str, &Event) -> serde_json::Result<String>| {
        let events = &events;
        move |out: &mut dyn Write| -> io::Result<()> {
            events.iter().try_for_each(|event| writeln!(out, "{}", of(experiment, event)?))
        }
    };
    file::write(&dir.join("events.jsonl"), lines(plain))?;
    file::write(&dir.join("events.otlp.jsonl"), lines(otlp))?;
    let count = events.len();
    Ok(vec![
        ("events.jsonl", format!("{count} events, a JSON object each")),
        ("events.otlp.jsonl", "the same as OpenTelemetry's collector reads them (OTLP JSON)".into()),
    ])
}

/// All events in order of time, as CloudWatch wants them.
fn read(results: &Results, epoch: Instant) -> Result<Vec<Event>, ExportError> {
    let mut events = Vec::new();
    results.rows("events.csv", |row| {
        let t_s = row.time()?;
        events.push(Event {
            at: epoch.after(t_s)?,
            t_s,
            variant: row.text("variant")?.into(),
            replication: row.number("replication")?.unwrap_or(0.0) as u64,
            component: row.text("component")?.into(),
            event: row.text("event")?.into(),
            detail: row.text("detail")?.into(),
        });
        Ok(())
    })?;
    events.sort_by(|a, b| a.t_s.total_cmp(&b.t_s)); // stable
    Ok(events)
}

impl Event {
    /// In words.
    fn message(&self) -> String {
        let parts = [self.event.as_str(), &self.component].map(str::trim).join(" ");
        let parts = parts.trim();
        if self.detail.is_empty() { parts.into() } else { format!("{parts}: {}", self.detail) }
    }
}

/// A line, in the order in which a person reads it.
#[derive(Serialize)]
struct Line<'e> {
    time: String,
    level: &'static str,
    message: String,
    event: &'e str,
    component: &'e str,
    detail: &'e str,
    experiment: &'e str,
    variant: &'e str,
    replication: u64,
    t_s: f64,
}

fn plain(experiment: &str, event: &Event) -> serde_json::Result<String> {
    serde_json::to_string(&Line {
        time: event.at.to_string(),
        level: "info",
        message: event.message(),
        event: &event.event,
        component: &event.component,
        detail: &event.detail,
        experiment,
        variant: &event.variant,
        replication: event.replication,
        t_s: event.t_s,
    })
}

/// Numbers of 64 bits are texts in OTLP's JSON.
fn otlp(experiment: &str, event: &Event) -> serde_json::Result<String> {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let nanos = format!("{}000000", event.at.millis());
    let service = if event.component.is_empty() { experiment } else { &event.component };
    let replication =
        json!({ "key": "scalelab.replication", "value": { "intValue": event.replication.to_string() } });
    let line = json!({ "resourceLogs": [{
        "resource": { "attributes": [
            text("service.name", service),
            text("scalelab.experiment", experiment),
            text("scalelab.variant", &event.variant),
            replication,
        ] },
        "scopeLogs": [{
            "scope": { "name": "scalelab", "version": env!("CARGO_PKG_VERSION") },
            "logRecords": [{
                "timeUnixNano": nanos,
                "observedTimeUnixNano": nanos,
                "severityNumber": 9,
                "severityText": "INFO",
                "eventName": event.event,
                "body": { "stringValue": event.message() },
                "attributes": [text("detail", &event.detail), json!({ "key": "t_s", "value": { "doubleValue": event.t_s } })],
            }],
        }],
    }] });
    serde_json::to_string(&line)
}
