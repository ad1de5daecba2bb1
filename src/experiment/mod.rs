//! Experiments: variants of a design, replications of each, and what can be said about their differences.

mod compare;
mod component;
mod cost;
mod design;
mod doubts;
mod drive;
mod facts;
mod judge;
mod metric;
mod nodes;
mod rehearse;
mod result;
mod runner;
mod series;
mod totals;

pub use crate::stats::Interval;
pub use compare::{Comparison, Verdict, compare};
pub use component::{COLUMNS, figure, find_column};
pub use design::{Level, Plan, Timing, Variant};
pub use doubts::{UNASKED, UNPRICED};
pub use drive::{Built, Director, View, drive};
pub use judge::{Estimate, Judgement, Sense, Standing, short};
pub use metric::{Better, METRICS, Metric, find_metric, metric_names};
pub use result::{CheckRow, ComponentRow, EventRow, RunResult, SeriesRow};
pub use runner::{Builder, Outcome, Progress, Sink, Workshop, check, run};
pub use series::FIGURES;
