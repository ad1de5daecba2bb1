//! Experiments: variants of a design, replications of each, and what can be said about their differences.

mod basis;
mod compare;
mod component;
mod cost;
mod design;
mod doubts;
mod drive;
mod estimate;
mod facts;
mod figures;
mod judge;
mod look;
mod measures;
mod metric;
mod needs;
mod nodes;
mod rehearse;
mod result;
mod runner;
mod scarce;
mod series;
mod terms;
mod totals;

pub use crate::stats::Interval;
pub use compare::{Comparison, Verdict, compare};
pub use component::{COLUMNS, Column, figure, find_column};
pub use design::{Asked, Level, Plan, Timing, Variant};
pub use doubts::{UNASKED, UNMEASURED, UNREAD, UNSETTLED, only_if_always, only_if_partly};
pub use drive::{Built, Director, drive};
pub use estimate::{Estimate, Quantity, Unit, Unlike, Whose, like_with_like};
pub use figures::{FIGURES, Told, is_named};
pub use judge::{Judgement, Sense, Standing, short};
pub use look::View;
pub use metric::{Better, METRICS, Metric, find_metric, metric_names};
pub use result::{CheckRow, ComponentRow, EventRow, Measured, RunResult, SeriesRow};
pub use runner::{Builder, Outcome, Progress, Sink, Workshop, check, run};
