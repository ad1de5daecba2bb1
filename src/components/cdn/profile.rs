//! What edges do because of the network that they belong to.

use super::limit::Rule;
use crate::catalog::Settings;
use crate::kernel::{NEVER, SECOND, Time};
use crate::profiles::network::Network;
use crate::profiles::{NETWORKS, cloudflare};
use crate::random::variate::{Empirical, Variate};

pub use cloudflare::PLANS;

/// The networks, for the catalog.
pub const PROFILES: &[crate::catalog::Policy] = crate::profiles::NETWORK_ENTRIES;

/// What is known of the network that settings name.
pub fn of(settings: &Settings) -> &'static Network {
    NETWORKS[settings.choice("profile")]
}

/// Name of the plan that a network is on.
pub fn plan_of(settings: &Settings) -> &'static str {
    PLANS[settings.choice("plan")].name
}

/// Limits of purges: of single URLs, and of all others.
pub fn purge_limits(network: &Network, plan: &str) -> (Rule, Rule) {
    if network.profile.entry.name != "cloudflare" {
        // Under way is what may not have been felt yet: the longest of the measured times (assumed).
        let time = 15 * SECOND;
        return (Rule::UnderWay { most: 3_000, time }, Rule::UnderWay { most: 15, time });
    }
    let limits = cloudflare::LIMITS.into_iter().find(|(name, ..)| *name == plan);
    let (_, urls, size, per_s) = limits.expect("each plan has limits");
    (Rule::Bucket { size: urls, per_s: urls }, Rule::Bucket { size, per_s })
}

/// Time until a purge is felt at an edge: quantiles 25, 50, 90 and 99 % as measured, straight lines between them; the ends are those
/// of the measured quantiles.
pub fn purge_time(network: &Network) -> Variate {
    let [q25, q50, q90, q99] = network.purge_s.map(|s| s * SECOND as f64);
    let points = vec![(0.0, q25), (0.25, q25), (0.5, q50), (0.9, q90), (0.99, q99), (1.0, q99)];
    Empirical::new(points).expect("quantiles rise").into()
}

/// How long past its end a copy is given out if the origin fails.
pub fn stale_if_error(settings: &Settings) -> Time {
    let of_network = if of(settings).stale_if_error { NEVER } else { 0 };
    settings.duration("stale_if_error").unwrap_or(of_network)
}

/// How long an edge waits for its origin.
pub fn timeout(settings: &Settings) -> Time {
    settings.duration("timeout").unwrap_or(of(settings).timeout_s * SECOND)
}

/// How long answers are kept: copies, that there is no such thing, errors (0: not at all).
pub fn lives(settings: &Settings) -> [Time; 3] {
    let network = of(settings);
    let life = |name: &str, preset_s: u64| settings.duration(name).unwrap_or(preset_s * SECOND);
    [
        life("ttl", network.ttl_s),
        life("missing_ttl", network.missing_ttl_s),
        life("error_ttl", network.error_ttl_s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purges_take_what_was_measured() {
        let at = |n: usize, q: f64| purge_time(NETWORKS[n]).at(q) / SECOND as f64;
        assert_eq!([at(0, 0.4), at(0, 0.9), at(0, 0.99)], [0.0, 1.0, 10.0]);
        assert_eq!([at(1, 0.25), at(1, 0.5), at(1, 0.9), at(1, 0.99)], [3.0, 4.0, 10.0, 15.0]);
    }
}
