//! Caches, edges and the work of databases.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, count, metric, ratio};

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "browser_hit_ratio",
        Higher,
        "share of look-ups in browsers' caches that found a copy which could be used without asking",
        |f| f.totals.share("browser_hits", "browser_lookups"),
    ),
    metric(
        "cdn_hit_ratio",
        Higher,
        "share of requests for what may be kept that edges answered with a fresh copy",
        |f| f.totals.share("cdn_hits", "cdn_lookups"),
    ),
    metric(
        "cdn_byte_hit_ratio",
        Higher,
        "share of the bytes of what may be kept that edges answered with a fresh copy",
        |f| f.totals.share("cdn_hit_bytes", "cdn_bytes"),
    ),
    metric(
        "cdn_stale_ratio",
        Lower,
        "share of requests for what may be kept answered with a copy past its end",
        // (What was asked before a part of the run began may be answered in it.)
        |f| f.totals.share("cdn_stale", "cdn_lookups").map(|share| share.min(1.0)),
    ),
    metric("origin_fetches_count", Lower, "questions of edges to their origin", |f| {
        f.totals.count("origin_fetches").map(|count| count as f64)
    }),
    metric(
        "egress_bytes",
        Neither,
        "bytes that edges sent to users, and those with an `egress_price` to clients",
        |f| f.totals.count("egress_bytes").map(|bytes| bytes as f64),
    ),
    metric(
        "cache_hit_ratio",
        Higher,
        "share of look-ups of data found fresh in caches; those that a dead cache does not answer are misses, those of sessions do not count",
        |f| ratio(f.look_ups.0, f.look_ups.0 + f.look_ups.1),
    ),
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
    metric(
        "cache_misses_count",
        Lower,
        "look-ups of data in caches that found nothing fresh or got no answer, and early loads (XFetch), whose callers wait as well",
        |f| (f.look_ups.0 + f.look_ups.1 > 0).then_some(f.look_ups.1 as f64),
    ),
    metric(
        "keys_moved_count",
        Lower,
        "keys that changed places when cache nodes joined or left, rows when a database's resharding cut over",
        |f| count(f.keys_moved.0),
    ),
    metric(
        "moved_keys_ratio",
        Lower,
        "keys or rows that moved, as a share of what the cache nodes, or the shards, held: of several changes all that moved by all that was held at each (`keys_moved_count` adds up what moved)",
        |f| ratio(f.keys_moved.0, f.keys_moved.1),
    ),
    metric("redirects_count", Lower, "callers that a node sent on to another", |f| count(f.redirects)),
    metric("retries_count", Lower, "further attempts of clients", |f| count(f.retries)),
    metric("late_replies_count", Lower, "replies for which nobody waited any more: wasted work", |f| {
        count(f.late)
    }),
];
