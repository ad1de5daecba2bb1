//! Where clients were sent, and what a failing site cost them.

use super::Better::Lower;
use super::{Metric, metric};

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "misrouted_ratio",
        Lower,
        "share of attempts sent to another site (one that is down, too) than the nearest healthy one, seen from where the client is; where none is healthy, none is wrong",
        |f| f.totals.share("misrouted", "routed"),
    ),
    metric(
        "extra_rtt_mean_ms",
        Lower,
        "round-trip time that attempts at sites which were up took more than to the healthy site best for them (from where they come out), mean of all",
        |f| f.totals.mean_ms("extra_rtt"),
    ),
    metric(
        "extra_rtt_p99_ms",
        Lower,
        "99 % of attempts at sites which were up took no more than this longer than to the healthy site best for them",
        |f| f.totals.quantile_ms("extra_rtt", 0.99),
    )
    .percentile(0.99, |f| f.totals.times("extra_rtt")),
    metric("down_site_attempts_count", Lower, "attempts that were sent to a site which was down", |f| {
        f.totals.count("attempts_to_down_sites").map(|count| count as f64)
    }),
    metric(
        "down_site_s",
        Lower,
        "seconds in which attempts were sent to a site which was down (of several traffics: their sum)",
        |f| f.totals.count("down_site_seconds").map(|count| count as f64),
    ),
];
