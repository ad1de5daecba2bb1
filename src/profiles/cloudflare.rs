//! Cloudflare's network: how long copies hold, how long purges take, how many it takes.

use super::Worth::{Note, Time};
use super::network::Network;
use super::{Figure, Profile, figure};
use crate::catalog::Policy;
use crate::kernel::SECOND;

/// What it is.
pub const NETWORK: Network = Network {
    profile: Profile {
        entry: Policy {
            name: "cloudflare",
            about: "objects without a time to live of their own keep for 2 hours, 404s for 3 minutes, errors not at all; half of all purges are felt at once and cost nothing, but their number is limited by `plan`; traffic is not metered",
            source: "cloudflare-docs edge-ttl.mdx (2026); purge times: cdnplanet.com/stats/cdn-purge-speed (616 measurements, stored copy, undated); limits: developers.cloudflare.com/cache/how-to/purge-cache (2026-07-29); not metered: ioriver.io, cost per GB for Cloudflare (stored copy, undated)",
            wrong_when: "",
        },
        model: "cdn",
        times: None,
        figures: FIGURES,
    },
    ttl_s: TTL_S,
    missing_ttl_s: MISSING_S,
    error_ttl_s: 0,
    stale_if_error: false,
    timeout_s: TIMEOUT_S,
    purge_s: [0.0, 0.0, 1.0, 10.0],
    purge_price: 0,
    free_purges: 0,
    places: None,
    free_gb: 0.0,
    free_requests: 0.0,
};

const TTL_S: u64 = 7_200;
const MISSING_S: u64 = 180;
const TIMEOUT_S: u64 = 120;

/// What a plan limits: single URLs per second; other purges at once, and per second.
pub const LIMITS: [(&str, f64, f64, f64); 4] = [
    ("free", 800.0, 25.0, 5.0 / 60.0),
    ("pro", 1_500.0, 25.0, 5.0),
    ("business", 1_500.0, 50.0, 10.0),
    ("enterprise", 3_000.0, 500.0, 50.0),
];

/// Its plans, for the catalog.
pub const PLANS: &[Policy] = &[
    plan("free", "800 URLs per second; 5 other purges per minute, 25 at once"),
    plan("pro", "1,500 URLs per second; 5 other purges per second, 25 at once"),
    plan("business", "1,500 URLs per second; 10 other purges per second, 50 at once"),
    plan("enterprise", "3,000 URLs per second; 50 other purges per second, 500 at once"),
];

const fn plan(name: &'static str, about: &'static str) -> Policy {
    Policy {
        name,
        about,
        source: "developers.cloudflare.com/cache/how-to/purge-cache (2026-07-29)",
        wrong_when: "",
    }
}

const EDGE_TTL: &str =
    "github.com/cloudflare/cloudflare-docs@0c50ffa: src/content/partials/cache/edge-ttl.mdx";

const FIGURES: &[Figure] = &[
    figure("ttl", Time(TTL_S * SECOND), EDGE_TTL, "2026"),
    figure("missing_ttl", Time(MISSING_S * SECOND), EDGE_TTL, "2026"),
    figure("error_ttl", Note("not kept: only 200, 206, 301, 302, 303, 404 and 410 are"), EDGE_TTL, "2026"),
    figure(
        "timeout",
        Time(TIMEOUT_S * SECOND),
        "developers.cloudflare.com/fundamentals/reference/connection-limits (proxy read timeout)",
        "read 2026-11",
    ),
    figure(
        "purge",
        Note("felt at once (50 %), after 1 s (90 %), 10 s (99 %)"),
        "www.cdnplanet.com/stats/cdn-purge-speed (616 measurements of 7 days)",
        "stored version",
    ),
];
