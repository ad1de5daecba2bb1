//! What was stale, lost or not to be had.

use super::Better::{Higher, Lower};
use super::{Metric, count, metric, ratio};
use crate::kernel::milliseconds;

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "availability_ratio",
        Higher,
        "share of requests that were answered successfully; one without an answer at the end counts as those ended, on average, that had waited as long (as none, if nobody had)",
        |f| f.all.endings().answered_share(),
    )
    .share_of("requests_total_count"),
    metric(
        "slo_ratio",
        Higher,
        "share of requests that were answered successfully within the time of .slo(..), to 1/256 of it; those without an answer at the end as in availability; empty without .slo(..)",
        |f| f.all.endings().share_within(f.slo?),
    )
    .share_of("requests_total_count"),
    metric(
        "stale_reads_count",
        Lower,
        "reads that returned an older version than was acknowledged before they began and still survives (what is lost counts once, as a lost write)",
        |f| count(f.audit.stale_reads_count),
    ),
    metric("stale_ratio", Lower, "share of all reads that were stale", |f| {
        ratio(f.audit.stale_reads_count, f.audit.reads_count)
    }),
    metric(
        "stale_age_p99_ms",
        Lower,
        "99 % of stale reads were out of date for less than this, to 1/64; warned of where some are known by a lower bound only",
        |f| f.audit.stale_age.quantile(0.99).map(milliseconds),
    )
    .percentile(0.99, |f| f.audit.stale_age.count()),
    metric("lost_writes_count", Lower, "acknowledged writes that did not survive", |f| {
        count(f.audit.lost_writes_count)
    }),
    metric(
        "read_your_writes_violations_count",
        Lower,
        "reads that missed their own user's earlier write, unless that was lost; empty without `users`",
        |f| f.knows_users.then_some(f.audit.read_your_writes_violations_count as f64),
    ),
    metric(
        "monotonic_read_violations_count",
        Lower,
        "reads older than what the same user had already seen, unless that was lost; empty without `users`",
        |f| f.knows_users.then_some(f.audit.monotonic_read_violations_count as f64),
    ),
    metric(
        "write_unavailable_s",
        Lower,
        "whole seconds in which writes were wanted and none succeeded",
        |f| f.write_outage_s.map(|seconds| seconds as f64),
    ),
    metric(
        "shard_skew_ratio",
        Lower,
        "statements of the busiest shard over the mean of all shards: 1 if they are even; between two reshardings each time with its own shards",
        |f| f.shard_skew,
    ),
    metric("single_shard_ratio", Higher, "share of reads that one shard could answer", |f| {
        ratio(f.routed.0.saturating_sub(f.routed.1), f.routed.0)
    }),
    metric(
        "write_amplification_ratio",
        Lower,
        "writes that databases of several shards have done (copies of rows among them) over the writes of clients that succeeded",
        |f| f.shard_skew.and(ratio(f.sharded_writes, f.writes.succeeded)),
    ),
    metric("sessions_lost_count", Lower, "users who had to log in again", |f| {
        f.sessions_lost.map(|lost| lost as f64)
    }),
];
