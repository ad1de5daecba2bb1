//! What browsers and edges spare the origin, pages that do not fit their assets, purges, and what it costs.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, metric};
use crate::experiment::facts::Facts;

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "answered_browser_ratio",
        Higher,
        "share of answers (pages, assets, objects) that came from the user's browser",
        |f| f.totals.share("answered_browser", "answered_anywhere"),
    ),
    metric(
        "answered_edge_ratio",
        Higher,
        "share of answers (pages, assets, objects) that came from an edge of a CDN",
        |f| f.totals.share("answered_edge", "answered_anywhere"),
    ),
    metric(
        "answered_cache_ratio",
        Higher,
        "share of answers (pages, assets, objects) that came from a cache server",
        |f| f.totals.share("answered_cache", "answered_anywhere"),
    ),
    metric(
        "answered_origin_ratio",
        Lower,
        "share of answers (pages, assets, objects) that came from a server or database",
        |f| f.totals.share("answered_origin", "answered_anywhere"),
    ),
    metric(
        "browser_revalidated_count",
        Neither,
        "copies in browsers that were asked about and still good (304: no body was sent)",
        |f| told(f, "browser_revalidated"),
    ),
    metric("cdn_revalidated_count", Neither, "copies at edges that the origin found still good", |f| {
        told(f, "cdn_revalidated")
    }),
    metric(
        "cdn_negative_hits_count",
        Neither,
        "answers of edges with a 404 or error that they had kept",
        |f| told(f, "cdn_negative_hits"),
    ),
    metric(
        "origin_failovers_count",
        Neither,
        "questions of edges that went to their secondary origin",
        |f| told(f, "origin_failovers"),
    ),
    metric("origin_bytes", Lower, "bytes that edges got from their origin", |f| told(f, "origin_bytes")),
    metric("pages_count", Neither, "visits to a website answered in full", |f| told(f, "pages")),
    metric(
        "broken_pages_count",
        Lower,
        "pages with an asset missing or of another version than the page was made for",
        |f| told(f, "broken_pages"),
    ),
    metric("broken_ratio", Lower, "share of pages that are broken", |f| {
        f.totals.share("broken_pages", "pages")
    }),
    metric("pages_old_asset_count", Lower, "pages that got an asset older than they were made for", |f| {
        told(f, "pages_old_asset")
    }),
    metric("pages_new_asset_count", Lower, "pages that got an asset newer than they were made for", |f| {
        told(f, "pages_new_asset")
    }),
    metric("pages_missing_asset_count", Lower, "pages that name an asset which is gone", |f| {
        told(f, "pages_missing_asset")
    }),
    metric("old_assets_ratio", Lower, "share of assets older than their page was made for", |f| {
        f.totals.share("old_assets", "assets")
    }),
    metric("purges_count", Neither, "purges that the CDN took", |f| told(f, "purges")),
    metric("purges_refused_count", Lower, "purges that the CDN turned away (429)", |f| {
        told(f, "purges_refused")
    }),
    metric("purged_copies_count", Neither, "copies that purges removed from edges", |f| {
        told(f, "purged_copies")
    }),
    metric("purge_time_p50_ms", Lower, "half of purges were felt at an edge sooner", |f| {
        f.totals.quantile_ms("purge_time", 0.5)
    })
    .percentile(0.5, |f| f.totals.times("purge_time")),
    metric("purge_time_p99_ms", Lower, "99 % of purges were felt at an edge sooner", |f| {
        f.totals.quantile_ms("purge_time", 0.99)
    })
    .percentile(0.99, |f| f.totals.times("purge_time")),
];

fn told(facts: &Facts, name: &str) -> Option<f64> {
    facts.totals.count(name).map(|count| count as f64)
}
