//! What became of requests, and how long they took.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, count, latency, max, mean, metric, p};
use crate::kernel::seconds;

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric("sim_duration_s", Neither, "simulated time that counts", |f| Some(seconds(f.measured))),
    metric("warmup_s", Neither, "simulated time before it, which does not count", |f| {
        Some(seconds(f.warmup))
    }),
    metric("requests_total_count", Neither, "requests that clients wanted, retries not counted", |f| {
        count(f.all.total())
    }),
    metric("requests_failed_count", Lower, "requests answered with an error", |f| count(f.all.failed)),
    metric("requests_rejected_count", Lower, "requests turned away because a queue or limit was full", |f| {
        count(f.all.rejected)
    }),
    metric("requests_timed_out_count", Lower, "requests whose client stopped waiting", |f| {
        count(f.all.timed_out)
    }),
    metric(
        "requests_in_flight_end_count",
        Lower,
        "requests without an answer at the end; they enter the latencies as lower bounds",
        |f| count(f.all.in_flight),
    ),
    metric(
        "throughput_per_s",
        Higher,
        "requests answered successfully per second of the measured part, also those wanted before it",
        |f| Some(f.completed as f64 / seconds(f.measured)).filter(|rate| rate.is_finite()),
    ),
    latency!(
        "latency_mean_ms",
        all,
        "mean latency of requests, from when each was meant to start (timed out or still open: the time waited; errors are left out)",
        mean
    ),
    latency!(
        "latency_p50_ms",
        all,
        "half of requests took no longer; those that timed out or are still open count with the time they waited, those that failed or were rejected not at all",
        p(0.5)
    ),
    latency!(
        "latency_p90_ms",
        all,
        "90 % of requests took no longer; those that timed out or are still open count with the time they waited, those that failed or were rejected not at all",
        p(0.9)
    ),
    latency!(
        "latency_p95_ms",
        all,
        "95 % of requests took no longer; those that timed out or are still open count with the time they waited, those that failed or were rejected not at all",
        p(0.95)
    ),
    latency!(
        "latency_p99_ms",
        all,
        "99 % of requests took no longer; those that timed out or are still open count with the time they waited, those that failed or were rejected not at all",
        p(0.99)
    ),
    latency!(
        "latency_p999_ms",
        all,
        "99.9 % of requests took no longer; those that timed out or are still open count with the time they waited, those that failed or were rejected not at all",
        p(0.999)
    ),
    latency!("latency_max_ms", all, "longest latency of requests", max),
    latency!(
        "read_latency_mean_ms",
        reads,
        "mean latency of reading requests, from when each was meant to start (timed out or still open: the time waited; errors are left out)",
        mean
    ),
    latency!(
        "read_latency_p50_ms",
        reads,
        "half of reads took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.5)
    ),
    latency!(
        "read_latency_p90_ms",
        reads,
        "90 % of reads took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.9)
    ),
    latency!(
        "read_latency_p95_ms",
        reads,
        "95 % of reads took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.95)
    ),
    latency!(
        "read_latency_p99_ms",
        reads,
        "99 % of reads took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.99)
    ),
    latency!(
        "read_latency_p999_ms",
        reads,
        "99.9 % of reads took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.999)
    ),
    latency!("read_latency_max_ms", reads, "longest latency of reading requests", max),
    latency!(
        "write_latency_mean_ms",
        writes,
        "mean latency of writing requests, from when each was meant to start (timed out or still open: the time waited; errors are left out)",
        mean
    ),
    latency!(
        "write_latency_p50_ms",
        writes,
        "half of writes took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.5)
    ),
    latency!(
        "write_latency_p90_ms",
        writes,
        "90 % of writes took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.9)
    ),
    latency!(
        "write_latency_p95_ms",
        writes,
        "95 % of writes took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.95)
    ),
    latency!(
        "write_latency_p99_ms",
        writes,
        "99 % of writes took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.99)
    ),
    latency!(
        "write_latency_p999_ms",
        writes,
        "99.9 % of writes took no longer (timed out or still open: the time waited; errors are left out)",
        p(0.999)
    ),
    latency!("write_latency_max_ms", writes, "longest latency of writing requests", max),
];
