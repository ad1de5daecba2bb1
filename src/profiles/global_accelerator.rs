//! AWS Global Accelerator: anycast addresses at the edges of one network, which brings clients to the nearest healthy region.

use super::Worth::{Count, Note, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;
use crate::kernel::SECOND;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "global_accelerator",
        about: "the edges of one network announce it and bring clients to the nearest healthy site: checked each 30 s, 3 failures; no route changes",
        source: "AWS Global Accelerator API reference, EndpointGroup (read 2026-11)",
        wrong_when: "sites are few and near: a name costs nothing",
    },
    model: "anycast",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "check",
        Time(30 * SECOND),
        "Global Accelerator API reference, EndpointGroup: HealthCheckIntervalSeconds 10 or 30, default 30",
        "2026 (read 2026-11)",
    ),
    figure(
        "fall",
        Count(3),
        "Global Accelerator API reference, EndpointGroup: ThresholdCount, default 3, either way",
        "2026 (read 2026-11)",
    ),
    figure(
        "no healthy site",
        Note("the nearest is used all the same (it fails open)"),
        "Global Accelerator developer guide: how failover works for unhealthy endpoints",
        "2026 (read 2026-11)",
    ),
    figure(
        "way from the edge",
        Note(
            "clients enter where they are and take the map's way to the region; the gain of the network over the internet is not modelled",
        ),
        super::ASSUMED,
        "",
    ),
];
