//! What is known of real networks: default times to live, and how long a purge takes to be felt.

use super::limit::Rule;
use super::price::DOLLAR;
use crate::catalog::{Policy, Settings};
use crate::kernel::{SECOND, Time};
use crate::profiles;
use crate::random::variate::{Empirical, Variate};

/// The networks, for the catalog.
pub const PROFILES: &[Policy] = &[
    Policy {
        name: "cloudflare",
        about: "objects without a time to live of their own keep for 2 hours; half of all purges are felt at once and cost nothing, but their number is limited by `plan`; traffic is not metered",
        source: "cloudflare-docs edge-ttl.mdx (2026); purge times: cdnplanet.com/stats/cdn-purge-speed (616 measurements, stored copy, undated); limits: developers.cloudflare.com/cache/how-to/purge-cache (2026-07-29); not metered: ioriver.io, cost per GB for Cloudflare (stored copy, undated)",
        wrong_when: "",
    },
    profiles::CLOUDFRONT,
];

/// Plans of cloudflare, which limit how often one may purge.
pub const PLANS: &[Policy] = &[
    plan("free", "800 URLs per second; 5 other purges per minute, 25 at once"),
    plan("pro", "1,500 URLs per second; 5 other purges per second, 25 at once"),
    plan("business", "1,500 URLs per second; 10 other purges per second, 50 at once"),
    plan("enterprise", "3,000 URLs per second; 50 other purges per second, 500 at once"),
];

const fn plan(name: &'static str, about: &'static str) -> Policy {
    let source = "developers.cloudflare.com/cache/how-to/purge-cache (2026-07-29)";
    Policy { name, about, source, wrong_when: "" }
}

/// Whether a profile is cloudflare's.
pub fn is_cloudflare(choice: usize) -> bool {
    PROFILES[choice].name == "cloudflare"
}

/// Name of the plan that a network is on.
pub fn plan_of(settings: &Settings) -> &'static str {
    PLANS[settings.choice("plan")].name
}

/// Limits of purges: of single URLs, and of all others.
pub fn purge_limits(choice: usize, plan: &str) -> (Rule, Rule) {
    if !is_cloudflare(choice) {
        // Under way is what may not have been felt yet: the longest of the measured times (assumed).
        let time = 15 * SECOND;
        return (Rule::UnderWay { most: 3_000, time }, Rule::UnderWay { most: 15, time });
    }
    let (urls, size, per_s) = match plan {
        "free" => (800.0, 25.0, 5.0 / 60.0),
        "pro" => (1_500.0, 25.0, 5.0),
        "business" => (1_500.0, 50.0, 10.0),
        _ => (3_000.0, 500.0, 50.0),
    };
    (Rule::Bucket { size: urls, per_s: urls }, Rule::Bucket { size, per_s })
}

/// What a purge costs, in trillionths of a dollar, and how many are free in a month.
pub fn purge_price(choice: usize) -> (u64, u64) {
    if is_cloudflare(choice) { (0, 0) } else { (DOLLAR / 200, 1_000) }
}

/// Time to live of objects that say nothing.
pub fn ttl(choice: usize) -> Time {
    if is_cloudflare(choice) { 7_200 * SECOND } else { 86_400 * SECOND }
}

/// Time until a purge is felt at an edge: quantiles 25, 50, 90 and 99 % as measured, straight lines between them; the ends are those
/// of the measured quantiles.
pub fn purge_time(choice: usize) -> Variate {
    let seconds = if is_cloudflare(choice) { [0.0, 0.0, 1.0, 10.0] } else { [3.0, 4.0, 10.0, 15.0] };
    let [q25, q50, q90, q99] = seconds.map(|s| s * SECOND as f64);
    let points = vec![(0.0, q25), (0.25, q25), (0.5, q50), (0.9, q90), (0.99, q99), (1.0, q99)];
    Empirical::new(points).expect("quantiles rise").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purges_take_what_was_measured() {
        let at = |choice: usize, q: f64| purge_time(choice).at(q) / SECOND as f64;
        assert_eq!([at(0, 0.4), at(0, 0.9), at(0, 0.99)], [0.0, 1.0, 10.0]);
        assert_eq!([at(1, 0.25), at(1, 0.5), at(1, 0.9), at(1, 0.99)], [3.0, 4.0, 10.0, 15.0]);
        assert_eq!(ttl(1), 86_400 * SECOND);
    }
}
