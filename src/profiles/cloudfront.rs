//! Amazon CloudFront: how long copies hold, how long purges take, how it treats its origin, what it bills.

use super::Worth::{Count, Note, Time};
use super::network::{Network, PlacePrice};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;
use crate::kernel::SECOND;

/// What it is.
pub const NETWORK: Network = Network {
    profile: Profile {
        entry: Policy {
            name: "cloudfront",
            about: "objects without a time to live of their own keep for a day, 404s and errors for 10 s; half of all purges are felt after 4 s; 1,000 paths a month are free, then $0.005 each, a wildcard or tag counts as one; $0.085 to $0.120 per GB by region (first 10 TB of a month) and $0.0100 to $0.0220 per 10,000 requests",
            source: "CloudFront developer guide, Expiration.md (2023-06-15); purge times: cdnplanet.com, as above; PayingForInvalidation and InvalidationLimits (stored copies, undated); How AWS Pricing Works, CloudFront; aws.amazon.com/cloudfront/pricing (stored copies, undated)",
            wrong_when: "",
        },
        model: "cdn",
        times: None,
        figures: FIGURES,
    },
    ttl_s: TTL_S,
    missing_ttl_s: ERROR_S,
    error_ttl_s: ERROR_S,
    stale_if_error: true,
    timeout_s: TIMEOUT_S,
    purge_s: [3.0, 4.0, 10.0, 15.0],
    purge_price: 5,
    free_purges: 1_000,
    places: Some(PLACES),
    free_gb: 1_000.0,
    free_requests: 10e6,
};

const TTL_S: u64 = 86_400;
/// "Error Caching Minimum TTL".
const ERROR_S: u64 = 10;
const TIMEOUT_S: u64 = 30;

const fn place(regions: &'static [&'static str], per_gb: [u64; 7], requests: u64) -> PlacePrice {
    PlacePrice { regions, per_gb, requests }
}

/// Data transfer out to the internet: aws.amazon.com/cloudfront/pricing, pay as you go (stored copy, undated). HTTPS requests: price
/// book "CloudFront HTTP/S List Pricing" for CloudHealth (2026-03-26), which an AWS bill's rows of the same usage types confirm.
const PLACES: &[PlacePrice] = &[
    place(&["us-", "ca-", "mx-"], [85, 80, 60, 40, 30, 25, 20], 100),
    place(&["eu-", "il-"], [85, 80, 60, 40, 30, 25, 20], 120),
    place(&["af-", "me-"], [110, 105, 90, 80, 60, 50, 40], 120),
    place(&["sa-"], [110, 105, 90, 80, 60, 50, 40], 220),
    place(&["ap-northeast-1", "ap-northeast-3"], [114, 89, 86, 84, 80, 70, 60], 120),
    place(&["ap-southeast-2", "ap-southeast-4", "ap-southeast-6"], [114, 98, 94, 92, 90, 85, 80], 125),
    place(&["ap-south-"], [109, 85, 82, 80, 78, 75, 72], 120),
    place(&["ap-"], [120, 100, 95, 90, 80, 70, 60], 120),
];

const SPECIFY: &str =
    "github.com/awsdocs/amazon-cloudfront-developer-guide@1c964d4: distribution-web-values-specify.md";
const ERRORS: &str =
    "github.com/awsdocs/amazon-cloudfront-developer-guide@1c964d4: GeneratingCustomErrorResponses.md";
const FAILOVER: &str = "docs.aws.amazon.com/AmazonCloudFront: high_availability_origin_failover, RequestAndResponseBehaviorOriginGroups";
const PRICING: &str = "aws.amazon.com/cloudfront/pricing";

const FIGURES: &[Figure] = &[
    figure(
        "ttl",
        Time(TTL_S * SECOND),
        "github.com/awsdocs/amazon-cloudfront-developer-guide@1c964d4: Expiration.md",
        "2023-06-15",
    ),
    figure("missing_ttl", Time(ERROR_S * SECOND), ERRORS, "2023-06-15"),
    figure("error_ttl", Time(ERROR_S * SECOND), ERRORS, "2023-06-15"),
    figure(
        "stale_if_error",
        Note("while the origin fails or is silent it goes on giving out what it has, past its end too"),
        "docs.aws.amazon.com/AmazonCloudFront: HTTPStatusCodes.html (an origin that does not respond; 5xx and an object in the cache)",
        "read 2026-11",
    ),
    figure(
        "purge",
        Note("felt after 3 s (25 %), 4 s (50 %), 10 s (90 %), 15 s (99 %)"),
        "www.cdnplanet.com/stats/cdn-purge-speed (616 measurements of 7 days)",
        "stored version",
    ),
    figure("origin connection attempts", Count(3), SPECIFY, "2023-06-15"),
    figure("origin connection timeout", Time(10 * SECOND), SPECIFY, "2023-06-15"),
    figure("timeout", Time(TIMEOUT_S * SECOND), SPECIFY, "2023-06-15"),
    figure(
        "origin failover",
        Note(
            "to the secondary on chosen status codes, on refused connections and time-outs; GET, HEAD and OPTIONS only",
        ),
        FAILOVER,
        "stored version",
    ),
    figure(
        "free tier",
        Note("1 TB sent, 10,000,000 requests and 1,000 paths purged a month, without end"),
        PRICING,
        "stored version",
    ),
    figure(
        "requests",
        Note(
            "per 10,000 (HTTPS): $0.0100 US, $0.0120 Europe and most of Asia, $0.0125 Australia, $0.0220 South America",
        ),
        "price book \"CloudFront HTTP/S List Pricing\" for CloudHealth; rows of an AWS bill",
        "2026-03-26",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::network::TIERS_GB;

    /// Gigabyte by gigabyte.
    fn slowly(place: &PlacePrice, gigabytes: u64, free: u64) -> f64 {
        let price = |nth: u64| {
            let mut end = 0.0;
            let tier = TIERS_GB.iter().position(|size| {
                end += size;
                (nth as f64) < end
            });
            place.per_gb[tier.expect("the last has no end")] as f64 / 1e3
        };
        (0..gigabytes.saturating_sub(free)).map(price).sum()
    }

    #[test]
    fn a_months_bill_is_that_of_its_gigabytes_one_by_one() {
        for place in PLACES {
            for (gigabytes, free) in
                [(0, 0), (900, 1_000), (5_000, 0), (11_000, 1_000), (60_000, 500), (700_000, 0)]
            {
                let (quick, slow) =
                    (place.month(gigabytes as f64, free as f64), slowly(place, gigabytes, free));
                assert!((quick - slow).abs() < 1e-6 * slow.max(1.0), "{gigabytes} {free}: {quick} {slow}");
            }
        }
    }

    #[test]
    fn prices_fall_with_the_tiers() {
        assert!(PLACES.iter().all(|place| place.per_gb.is_sorted_by(|one, next| one > next)));
    }
}
