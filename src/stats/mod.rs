//! Statistics: what a run measures (tally, level, histogram) and what may be concluded from several runs
//! (quantiles, intervals, warm-up, batch means).
//!
//! Everything here is plain data: `Clone`, mergeable where that makes sense, without time, files or randomness of its own.

pub mod batch;
mod counters;
pub mod endings;
pub mod histogram;
pub mod interval;
pub mod level;
pub mod quantile;
pub mod tally;
pub mod warmup;

pub use batch::{batch_means, lag1_autocorrelation};
pub use endings::Endings;
pub use histogram::Histogram;
pub use interval::{
    Interval, half_width, mean_interval, paired_difference, relative_difference, student_t_quantile,
};
pub use level::Level;
pub use quantile::{quantile, quantile_of_sorted};
pub use tally::Tally;
pub use warmup::{MSER_FEWEST, mser5};
