//! A zone at Amazon Route 53: who answers, how health is checked, how long answers hold.

use super::Worth::{Choice, Count, Note, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;
use crate::kernel::SECOND;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "route53",
        about: "names served from anycast servers; answers by weight, latency, place or health",
        source: "Amazon Route 53 developer guide, 2023-06-15",
        wrong_when: "users must leave a dead region sooner than their resolvers and browsers forget its address",
    },
    model: "dns",
    times: None,
    figures: FIGURES,
};

const GUIDE: &str =
    "github.com/awsdocs/amazon-route53-docs@b5a28eb: dns-failover-determining-health-of-endpoints.md";

const FIGURES: &[Figure] = &[
    figure("check", Time(30 * SECOND), GUIDE, "2023-06-15"),
    figure("check (fast)", Time(10 * SECOND), GUIDE, "2023-06-15"),
    figure("check_timeout", Time(4 * SECOND), GUIDE, "2023-06-15"),
    figure(
        "fall",
        Count(3),
        "Route 53 API reference, HealthCheckConfig: FailureThreshold, default 3",
        "2026 (read 2026-11)",
    ),
    figure(
        "health",
        Note("healthy if more than 18 % of the checkers around the world say so; here one checker decides"),
        GUIDE,
        "2023-06-15",
    ),
    figure(
        "ttl of failover records",
        Note("60 s or less advised"),
        "github.com/awsdocs/amazon-route53-docs@b5a28eb: resource-record-sets-values-failover.md",
        "2023-06-15",
    ),
    figure(
        "soa_ttl",
        Time(900 * SECOND),
        "github.com/awsdocs/amazon-route53-docs@b5a28eb: SOA-NSrecords.md",
        "2023-06-15",
    ),
    figure(
        "ns_ttl",
        Time(172_800 * SECOND),
        "github.com/awsdocs/amazon-route53-docs@b5a28eb: MigratingSubdomain.md",
        "2023-06-15",
    ),
    figure(
        "change of a record",
        Note("at all name servers generally within 60 s; here at once"),
        "github.com/awsdocs/amazon-route53-docs@b5a28eb: CreatingNewSubdomain.md",
        "2023-06-15",
    ),
    figure(
        "policy",
        Choice("simple"),
        "github.com/awsdocs/amazon-route53-docs@b5a28eb: routing-policy.md",
        "2023-06-15",
    ),
];
