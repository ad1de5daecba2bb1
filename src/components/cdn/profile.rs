//! What is known of real networks: default times to live, and how long a purge takes to be felt.

use crate::catalog::Policy;
use crate::kernel::{SECOND, Time};
use crate::profiles;
use crate::random::variate::{Empirical, Variate};

/// The networks, for the catalog.
pub const PROFILES: &[Policy] = &[
    Policy {
        name: "cloudflare",
        about: "objects without a time to live of their own keep for 2 hours; half of all purges are felt at once",
        source: "cloudflare-docs edge-ttl.mdx (2026); purges: cdnplanet.com/stats/cdn-purge-speed (616 measurements)",
        wrong_when: "",
    },
    profiles::CLOUDFRONT,
];

/// Time to live of objects that say nothing.
pub fn ttl(choice: usize) -> Time {
    if PROFILES[choice].name == "cloudflare" { 7_200 * SECOND } else { 86_400 * SECOND }
}

/// Time until a purge is felt at an edge: quantiles 25, 50, 90 and 99 % as measured, straight lines between them; the ends are those
/// of the measured quantiles.
pub fn purge_time(choice: usize) -> Variate {
    let seconds =
        if PROFILES[choice].name == "cloudflare" { [0.0, 0.0, 1.0, 10.0] } else { [3.0, 4.0, 10.0, 15.0] };
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
