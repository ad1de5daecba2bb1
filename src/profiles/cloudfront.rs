//! Amazon CloudFront: how long copies hold, how long purges take, how it treats its origin.

use super::Worth::{Count, Note, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;
use crate::kernel::SECOND;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "cloudfront",
        about: "objects without a time to live of their own keep for a day; half of all purges are felt after 4 s; 1,000 paths a month are free, then $0.005 each, a wildcard or tag counts as one; $0.085 to $0.120 per GB by region (first 10 TB of a month)",
        source: "CloudFront developer guide, Expiration.md (2023-06-15); purge times: cdnplanet.com, as above; PayingForInvalidation and InvalidationLimits (stored copies, undated); How AWS Pricing Works, CloudFront; aws.amazon.com/cloudfront/pricing (stored copies, undated)",
        wrong_when: "",
    },
    model: "cdn",
    times: None,
    figures: FIGURES,
};

const SPECIFY: &str =
    "github.com/awsdocs/amazon-cloudfront-developer-guide@1c964d4: distribution-web-values-specify.md";

const FIGURES: &[Figure] = &[
    figure(
        "ttl",
        Time(86_400 * SECOND),
        "github.com/awsdocs/amazon-cloudfront-developer-guide@1c964d4: Expiration.md",
        "2023-06-15",
    ),
    figure(
        "purge",
        Note("felt after 3 s (25 %), 4 s (50 %), 10 s (90 %), 15 s (99 %)"),
        "www.cdnplanet.com/stats/cdn-purge-speed (616 measurements of 7 days)",
        "stored version",
    ),
    figure("origin connection attempts", Count(3), SPECIFY, "2023-06-15"),
    figure("origin connection timeout", Time(10 * SECOND), SPECIFY, "2023-06-15"),
    figure("origin response timeout", Time(30 * SECOND), SPECIFY, "2023-06-15"),
];
