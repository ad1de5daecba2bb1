//! The metrics: one column of summary.csv each, and the names that scripts use for them.

use super::facts::Facts;
use crate::audit::MessageReport;
use crate::catalog::did_you_mean;
use crate::kernel::book::ClassBook;
use crate::kernel::{milliseconds, seconds};

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

/// A metric.
#[derive(Debug)]
pub struct Metric {
    /// Its column, with its unit.
    pub column: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// One line about it.
    pub about: &'static str,
    /// Its value; `None` = not measured.
    pub value: fn(&Facts) -> Option<f64>,
}

type Get = fn(&Facts) -> Option<f64>;

const fn metric(column: &'static str, better: Better, about: &'static str, value: Get) -> Metric {
    Metric { column, better, about, value }
}

const fn not_yet(column: &'static str, better: Better, about: &'static str) -> Metric {
    metric(column, better, about, |_| None)
}

macro_rules! latency {
    ($column:literal, $book:ident, $about:literal, $get:expr) => {
        metric($column, Better::Lower, $about, |facts| $get(&facts.$book).map(|ns: f64| ns / 1e6))
    };
}

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

use Better::{Higher, Lower, Neither};

/// All metrics, in the order of the columns.
pub static METRICS: &[Metric] = &[
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
    metric("throughput_per_s", Higher, "requests answered successfully per second", |f| {
        Some(f.all.succeeded as f64 / seconds(f.measured)).filter(|rate| rate.is_finite())
    }),
    latency!("latency_mean_ms", all, "mean latency of requests, from when each was meant to start", mean),
    latency!(
        "latency_p50_ms",
        all,
        "half of answered requests took no longer; those that timed out count with the time they waited",
        p(0.5)
    ),
    latency!(
        "latency_p90_ms",
        all,
        "90 % of answered requests took no longer; those that timed out count with the time they waited",
        p(0.9)
    ),
    latency!(
        "latency_p95_ms",
        all,
        "95 % of answered requests took no longer; those that timed out count with the time they waited",
        p(0.95)
    ),
    latency!(
        "latency_p99_ms",
        all,
        "99 % of answered requests took no longer; those that timed out count with the time they waited",
        p(0.99)
    ),
    latency!(
        "latency_p999_ms",
        all,
        "99.9 % of answered requests took no longer; those that timed out count with the time they waited",
        p(0.999)
    ),
    latency!("latency_max_ms", all, "longest latency of requests", max),
    latency!(
        "read_latency_mean_ms",
        reads,
        "mean latency of reading requests, from when each was meant to start",
        mean
    ),
    latency!(
        "read_latency_p50_ms",
        reads,
        "half of answered reads took no longer (timed out: the time waited)",
        p(0.5)
    ),
    latency!(
        "read_latency_p90_ms",
        reads,
        "90 % of answered reads took no longer (timed out: the time waited)",
        p(0.9)
    ),
    latency!(
        "read_latency_p95_ms",
        reads,
        "95 % of answered reads took no longer (timed out: the time waited)",
        p(0.95)
    ),
    latency!(
        "read_latency_p99_ms",
        reads,
        "99 % of answered reads took no longer (timed out: the time waited)",
        p(0.99)
    ),
    latency!(
        "read_latency_p999_ms",
        reads,
        "99.9 % of answered reads took no longer (timed out: the time waited)",
        p(0.999)
    ),
    latency!("read_latency_max_ms", reads, "longest latency of reading requests", max),
    latency!(
        "write_latency_mean_ms",
        writes,
        "mean latency of writing requests, from when each was meant to start",
        mean
    ),
    latency!(
        "write_latency_p50_ms",
        writes,
        "half of answered writes took no longer (timed out: the time waited)",
        p(0.5)
    ),
    latency!(
        "write_latency_p90_ms",
        writes,
        "90 % of answered writes took no longer (timed out: the time waited)",
        p(0.9)
    ),
    latency!(
        "write_latency_p95_ms",
        writes,
        "95 % of answered writes took no longer (timed out: the time waited)",
        p(0.95)
    ),
    latency!(
        "write_latency_p99_ms",
        writes,
        "99 % of answered writes took no longer (timed out: the time waited)",
        p(0.99)
    ),
    latency!(
        "write_latency_p999_ms",
        writes,
        "99.9 % of answered writes took no longer (timed out: the time waited)",
        p(0.999)
    ),
    latency!("write_latency_max_ms", writes, "longest latency of writing requests", max),
    metric("lookup_mean_ms", Lower, "mean time of a request until its client had the address", |f| {
        f.totals.mean_ms("lookup")
    }),
    metric("lookup_p99_ms", Lower, "99 % of requests had their address within this", |f| {
        f.totals.quantile_ms("lookup", 0.99)
    }),
    metric("lookups_browser_ratio", Neither, "share of look-ups of names that browsers answered", |f| {
        f.totals.share("lookups_browser", "lookups")
    }),
    metric("lookups_system_ratio", Neither, "share of look-ups that operating systems answered", |f| {
        f.totals.share("lookups_system", "lookups")
    }),
    metric("lookups_router_ratio", Neither, "share of look-ups that routers answered", |f| {
        f.totals.share("lookups_router", "lookups")
    }),
    metric("lookups_resolver_ratio", Neither, "share of look-ups that went to a resolver", |f| {
        f.totals.share("lookups_resolver", "lookups")
    }),
    metric(
        "resolver_hit_ratio",
        Higher,
        "share of questions to resolvers answered from their caches, fresh",
        |f| f.totals.share("resolver_hits", "resolver_lookups"),
    ),
    metric(
        "upstream_queries_count",
        Lower,
        "questions of resolvers to servers of root, TLD and zones",
        |f| f.totals.count("upstream_queries").map(|count| count as f64),
    ),
    metric(
        "old_address_ratio",
        Lower,
        "share of attempts that went to an address which its zone no longer holds",
        |f| f.totals.share("old_address", "sent_by_name"),
    ),
    metric("connect_mean_ms", Lower, "mean time of a request for opening connections (TCP)", |f| {
        f.totals.mean_ms("connect")
    }),
    metric("tls_mean_ms", Lower, "mean time of a request for making connections secret (TLS)", |f| {
        f.totals.mean_ms("tls")
    }),
    metric(
        "wait_mean_ms",
        Lower,
        "mean time of a request on the wire and in servers, from sending to first byte",
        |f| f.totals.mean_ms("server_wait"),
    ),
    metric(
        "transfer_mean_ms",
        Lower,
        "mean time of a request from the first byte of its answer to the last",
        |f| f.totals.mean_ms("transfer"),
    ),
    metric("first_byte_mean_ms", Lower, "mean time until the first byte of the answer", |f| {
        f.totals.mean_ms("first_byte")
    }),
    metric(
        "first_byte_p50_ms",
        Lower,
        "half of the answered requests had their first byte within this",
        |f| f.totals.quantile_ms("first_byte", 0.5),
    ),
    metric(
        "first_byte_p99_ms",
        Lower,
        "99 % of the answered requests had their first byte within this",
        |f| f.totals.quantile_ms("first_byte", 0.99),
    ),
    metric("availability_ratio", Higher, "share of finished requests that were answered successfully", |f| {
        ratio(f.all.succeeded, f.all.total() - f.all.in_flight)
    }),
    metric(
        "stale_reads_count",
        Lower,
        "reads that returned an older version than was acknowledged before they began",
        |f| count(f.audit.stale_reads_count),
    ),
    metric("stale_ratio", Lower, "share of all reads that were stale", |f| {
        ratio(f.audit.stale_reads_count, f.audit.reads_count)
    }),
    metric("stale_age_p99_ms", Lower, "99 % of stale reads were out of date for less than this", |f| {
        f.audit.stale_age.quantile(0.99).map(milliseconds)
    }),
    metric("lost_writes_count", Lower, "acknowledged writes that did not survive", |f| {
        count(f.audit.lost_writes_count)
    }),
    metric(
        "read_your_writes_violations_count",
        Lower,
        "reads that missed their own user's earlier write",
        |f| count(f.audit.read_your_writes_violations_count),
    ),
    metric(
        "monotonic_read_violations_count",
        Lower,
        "reads older than what the same user had already seen",
        |f| count(f.audit.monotonic_read_violations_count),
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
        "statements of the busiest shard over the mean of all shards: 1 if they are even",
        |f| f.shard_skew,
    ),
    metric("single_shard_ratio", Higher, "share of reads that one shard could answer", |f| {
        ratio(f.routed.0.saturating_sub(f.routed.1), f.routed.0)
    }),
    metric(
        "write_amplification_ratio",
        Lower,
        "writes in databases of several shards over the writes of clients",
        |f| f.shard_skew.and(ratio(f.writes.succeeded + f.mirrored, f.writes.succeeded)),
    ),
    metric("sessions_lost_count", Lower, "users who had to log in again", |f| {
        f.sessions_lost.map(|lost| lost as f64)
    }),
    not_yet(
        "browser_hit_ratio",
        Higher,
        "share of look-ups found fresh in browsers' caches (not measured yet: empty)",
    ),
    metric(
        "cdn_hit_ratio",
        Higher,
        "share of requests for what may be kept that edges answered with a fresh copy",
        |f| f.totals.share("cdn_hits", "cdn_lookups"),
    ),
    metric("cdn_byte_hit_ratio", Higher, "the same, by bytes", |f| {
        f.totals.share("cdn_hit_bytes", "cdn_bytes")
    }),
    metric(
        "cdn_stale_ratio",
        Lower,
        "share of requests for what may be kept answered with a copy past its end",
        |f| f.totals.share("cdn_stale", "cdn_lookups"),
    ),
    metric("origin_fetches_count", Lower, "questions of edges to their origin", |f| {
        f.totals.count("origin_fetches").map(|count| count as f64)
    }),
    metric("egress_bytes", Neither, "bytes that edges sent", |f| {
        f.totals.count("egress_bytes").map(|bytes| bytes as f64)
    }),
    metric("cache_hit_ratio", Higher, "share of look-ups found fresh in caches", |f| {
        ratio(f.look_ups.0, f.look_ups.0 + f.look_ups.1)
    }),
    metric(
        "pages_read_count",
        Lower,
        "pages that statements touched, in memory or not (counted work)",
        |f| f.statements.and_then(|work| count(work.pages)),
    ),
    metric("rows_read_count", Lower, "rows that statements looked at (counted work)", |f| {
        f.statements.and_then(|work| count(work.rows))
    }),
    metric("index_steps_count", Lower, "steps of statements through indexes (counted work)", |f| {
        f.statements.and_then(|work| count(work.steps))
    }),
    metric(
        "buffer_hit_ratio",
        Higher,
        "share of the pages touched that were in memory (counted work)",
        |f| f.statements.and_then(|work| ratio(work.buffer.0, work.buffer.0 + work.buffer.1)),
    ),
    metric("fsyncs_count", Lower, "times that logs were made durable (counted work)", |f| {
        f.statements.and_then(|work| count(work.fsyncs))
    }),
    metric("cache_misses_count", Lower, "look-ups in caches that found nothing fresh", |f| {
        (f.look_ups.0 + f.look_ups.1 > 0).then_some(f.look_ups.1 as f64)
    }),
    metric("keys_moved_count", Lower, "keys that changed places when nodes joined or left", |f| {
        count(f.keys_moved.0)
    }),
    metric("keys_moved_ratio", Lower, "their share of what the nodes held", |f| {
        ratio(f.keys_moved.0, f.keys_moved.1)
    }),
    metric("redirects_count", Lower, "callers that a node sent on to another", |f| count(f.redirects)),
    metric("retries_count", Lower, "further attempts of clients", |f| count(f.retries)),
    metric("late_replies_count", Lower, "replies for which nobody waited any more: wasted work", |f| {
        count(f.late)
    }),
    metric("messages_published_count", Neither, "messages that their broker has acknowledged", |f| {
        of_messages(f, |m| count(m.published_count))
    }),
    metric("messages_processed_count", Higher, "messages processed at least once", |f| {
        of_messages(f, |m| count(m.processed_count))
    }),
    metric("messages_duplicated_count", Lower, "effects of messages that had taken place before", |f| {
        of_messages(f, |m| count(m.duplicated_count))
    }),
    metric("messages_reordered_count", Lower, "messages processed after a later one of the same key", |f| {
        of_messages(f, |m| count(m.reordered_count))
    }),
    metric(
        "messages_lost_count",
        Lower,
        "messages acknowledged and gone: neither processed nor held nor dead-lettered",
        |f| of_messages(f, |m| count(m.lost_count)),
    ),
    metric("messages_dead_count", Lower, "messages set aside as dead letters", |f| {
        of_messages(f, |m| count(m.dead_count))
    }),
    metric(
        "message_age_p99_ms",
        Lower,
        "99 % of messages are processed so soon after they were published",
        |f| of_messages(f, |m| m.age.quantile(0.99).map(milliseconds)),
    ),
    metric("queue_backlog_end_count", Lower, "messages that wait or are in work at the end", |f| {
        of_messages(f, |m| count(m.backlog_count))
    }),
    metric(
        "queue_drain_s",
        Lower,
        "time from the largest backlog until it is back at its mean of the warm-up; empty if it is not, or never was above",
        |f| of_messages(f, |m| m.drain_ns.map(seconds)),
    ),
    not_yet("cost_per_hour", Lower, "what the components cost (not measured yet: empty)"),
    metric("events_count", Neither, "events that the simulation handled", |f| count(f.events)),
];

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
        crate::catalog::closest(name, shorts.clone())
            .map(|close| format!("did you mean `{close}`?"))
            .or_else(|| did_you_mean(name, shorts.filter(|s| s.contains(name))))
            .or_else(|| Some("`scalelab list metrics` shows them all".into()))
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
