//! What one run leaves behind: plain data, in the order in which the CSVs show it.

use super::windows::Series;
use serde::{Deserialize, Serialize};

/// The result of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Index of the variant.
    pub variant: usize,
    /// Number of the replication, from 0.
    pub replication: u64,
    /// One value for each of [`METRICS`](super::METRICS); `None` = not measured.
    pub metrics: Vec<Option<f64>>,
    /// One row for each node.
    pub components: Vec<ComponentRow>,
    /// The same of each phase, in the order of the plan.
    #[serde(default)]
    pub phases: Vec<PhaseResult>,
    /// The run over time.
    pub series: Series,
    /// What happened.
    pub events: Vec<EventRow>,
    /// Events handled by the kernel.
    pub events_count: u64,
    /// Fingerprint of all events, as hexadecimal text (a 64-bit number would not survive a spreadsheet).
    pub digest: String,
    /// What the reader should know about this run.
    pub warnings: Vec<String>,
}

/// A part of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseResult {
    /// One value for each of [`METRICS`](super::METRICS); `None` = not measured, or not known of a part.
    pub metrics: Vec<Option<f64>>,
    /// One row for each node.
    pub components: Vec<ComponentRow>,
}

/// Something that a node has counted, or how it stood at the end: one of the measures of its component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Its name, as `explain` lists it.
    pub measure: String,
    /// How much.
    pub value: f64,
}

/// One node over the measured part of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComponentRow {
    /// Its name.
    pub component: String,
    /// Its kind.
    pub kind: String,
    /// Busy share of its servers.
    pub utilization_ratio: Option<f64>,
    /// Mean number of waiting jobs.
    pub queue_len_mean: Option<f64>,
    /// Largest number of waiting jobs.
    pub queue_len_max: Option<f64>,
    /// Requests, calls or jobs that came: each node counts in one of them.
    pub arrivals_count: Option<u64>,
    /// How many of them were answered; `None` where that is not counted.
    pub completions_count: Option<u64>,
    /// Errors answered and jobs turned away.
    pub errors_count: Option<u64>,
    /// 99 % of jobs waited less.
    pub wait_p99_ms: Option<f64>,
    /// 99 % of jobs were served in less.
    pub service_p99_ms: Option<f64>,
    /// Look-ups that found a fresh item.
    pub hit_ratio: Option<f64>,
    /// How many look-ups that share is of; no column, it weighs the nodes of a group.
    #[serde(default)]
    pub look_ups_count: Option<u64>,
    /// Whether what comes to its group comes to it first (see [`crate::components::is_front`]); no column.
    #[serde(default)]
    pub is_front: bool,
    /// Its processors, or workers, times the seconds in which they were there: to add up `utilization_ratio`; no column.
    #[serde(default)]
    pub capacity: Option<f64>,
    /// What it cost per hour of the measured part, in US dollars, as far as prices are known.
    #[serde(default)]
    pub cost_per_hour: Option<f64>,
    /// Reads of clients, or reads done by a store.
    #[serde(default)]
    pub reads_count: Option<u64>,
    /// Reads of clients that were stale (see `audit`).
    #[serde(default)]
    pub stale_reads_count: Option<u64>,
    /// Their share.
    #[serde(default)]
    pub stale_ratio: Option<f64>,
    /// 99 % of a traffic's stale reads were out of date for less.
    #[serde(default)]
    pub stale_age_p99_ms: Option<f64>,
    /// Half of a traffic's requests took no longer: as in the summary, those given up or still open count with the time they waited.
    #[serde(default)]
    pub latency_p50_ms: Option<f64>,
    /// 99 % of them took no longer.
    #[serde(default)]
    pub latency_p99_ms: Option<f64>,
    /// Share of a traffic's requests that were answered successfully: as in the summary.
    #[serde(default)]
    pub availability_ratio: Option<f64>,
    /// Share of them that were answered within the experiment's objective.
    #[serde(default)]
    pub slo_ratio: Option<f64>,
    /// What else it has counted: rows of measures.csv.
    #[serde(default)]
    pub measures: Vec<Measured>,
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// When.
    pub t_s: f64,
    /// To whom; empty for the world.
    pub component: String,
    /// What.
    pub event: String,
    /// The script's label or note.
    pub detail: String,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Its text.
    pub check: String,
    /// The variant; empty for a claim about all.
    pub variant: String,
    /// The measured value.
    pub value: Option<f64>,
    /// What it was compared with.
    pub limit: Option<f64>,
    /// Whether it holds: `None` = undecided, which counts as not passed.
    pub passed: Option<bool>,
    /// In words: what was found.
    pub detail: String,
}
