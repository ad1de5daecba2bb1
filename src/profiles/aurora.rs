//! Relational on shared storage: only the log travels, six copies in three zones, four acknowledge.

use super::Worth::{Bytes, Choice, Note};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "aurora",
        about: "relational on shared storage: only the log travels, six copies in three zones, four acknowledge",
        source: "Verbitski et al., Amazon Aurora, SIGMOD 2017",
        wrong_when: "one machine with a local disk is enough: a commit crosses the network",
    },
    model: "relational",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(16 << 10),
        ASSUMED,
        "that of InnoDB, of which it is a fork (Verbitski et al., SIGMOD 2017)",
    ),
    figure(
        "buffer",
        Bytes(128 << 20),
        ASSUMED,
        "sized as three quarters of the instance's memory: give `buffer`",
    ),
    figure(
        "log",
        Choice("commit"),
        "Verbitski et al., SIGMOD 2017: acknowledged when 4 of 6 storage nodes have the log record",
        "2017-05",
    ),
    figure(
        "replica lag",
        Note("usually much less than 100 ms"),
        "github.com/awsdocs/amazon-aurora-user-guide@7a931b4: Aurora.Replication.md",
        "2023-06-15",
    ),
    figure(
        "failover",
        Note("typically under 60 s, often under 30 s"),
        "github.com/awsdocs/amazon-aurora-user-guide@7a931b4: Concepts.AuroraHighAvailability.md",
        "2023-06-15",
    ),
    figure(
        "how it replicates",
        Note("shared storage, quorum 4 of 6; replicas read the same pages"),
        "Verbitski et al., SIGMOD 2017",
        "2017-05",
    ),
    figure(
        "replication",
        Choice("shared_storage"),
        "Verbitski et al., SIGMOD 2017: four of six storage nodes acknowledge",
        "2017-05",
    ),
];
