//! Where the time of a request went: names, connections, the first byte.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, metric};
use crate::experiment::facts::Facts;
use crate::kernel::milliseconds;

fn mean(f: &Facts, step: &str) -> Option<f64> {
    f.totals.step(step)?.mean().map(|ns| ns / 1e6)
}

fn quantile(f: &Facts, step: &str, q: f64) -> Option<f64> {
    f.totals.step(step)?.quantile(q).map(milliseconds)
}

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric("lookup_mean_ms", Lower, "mean time of a request until its client had the address", |f| {
        mean(f, "lookup")
    }),
    metric("lookup_p99_ms", Lower, "99 % of requests had their address within this", |f| {
        quantile(f, "lookup", 0.99)
    })
    .percentile(0.99, |f| f.totals.step("lookup").map_or(0, |times| times.count())),
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
        mean(f, "connect")
    }),
    metric("tls_mean_ms", Lower, "mean time of a request for making connections secret (TLS)", |f| {
        mean(f, "tls")
    }),
    metric(
        "wait_mean_ms",
        Lower,
        "mean time of a request on the wire and in servers, from sending to first byte; of a visit, as all steps, until its page has come",
        |f| mean(f, "server_wait"),
    ),
    metric(
        "transfer_mean_ms",
        Lower,
        "mean time of a request from the first byte of its answer to the last",
        |f| mean(f, "transfer"),
    ),
    metric("first_byte_mean_ms", Lower, "mean time until the first byte of the answer", |f| {
        mean(f, "first_byte")
    }),
    metric(
        "first_byte_p50_ms",
        Lower,
        "half of the answered requests had their first byte within this",
        |f| quantile(f, "first_byte", 0.5),
    )
    .percentile(0.5, |f| f.totals.step("first_byte").map_or(0, |times| times.count())),
    metric(
        "first_byte_p99_ms",
        Lower,
        "99 % of the answered requests had their first byte within this",
        |f| quantile(f, "first_byte", 0.99),
    )
    .percentile(0.99, |f| f.totals.step("first_byte").map_or(0, |times| times.count())),
];
