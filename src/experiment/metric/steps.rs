//! Where the time of a request went: names, connections, the first byte.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, metric};

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric("lookup_mean_ms", Lower, "mean time of a request until its client had the address", |f| {
        f.totals.mean_ms("lookup")
    }),
    metric("lookup_p99_ms", Lower, "99 % of requests had their address within this", |f| {
        f.totals.quantile_ms("lookup", 0.99)
    })
    .percentile(0.99, |f| f.totals.times("lookup")),
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
    )
    .percentile(0.5, |f| f.totals.times("first_byte")),
    metric(
        "first_byte_p99_ms",
        Lower,
        "99 % of the answered requests had their first byte within this",
        |f| f.totals.quantile_ms("first_byte", 0.99),
    )
    .percentile(0.99, |f| f.totals.times("first_byte")),
];
