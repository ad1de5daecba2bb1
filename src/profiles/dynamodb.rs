//! Key-value service: items hashed over partitions, three copies each, writes to a majority.

use super::Worth::{Bytes, Choice, Count, Note};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "dynamodb",
        about: "key-value service: items hashed over partitions, three copies each, writes to a majority",
        source: "Elhemali et al., Amazon DynamoDB, USENIX ATC 2022; Developer Guide 2023",
        wrong_when: "items are joined, or one key is asked more than its partition may answer",
    },
    model: "key_value",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "storage",
        Choice("disk"),
        "Elhemali et al., USENIX ATC 2022, section 3: storage nodes with B-tree and write-ahead log",
        "2022-07",
    ),
    figure(
        "log",
        Choice("commit"),
        "Elhemali et al., USENIX ATC 2022, section 3: acknowledged when a quorum has persisted the log record",
        "2022-07",
    ),
    figure("buffer", Bytes(128 << 20), ASSUMED, "not published"),
    figure("connections", Count(1_000), ASSUMED, "not published: limits are per partition"),
    figure(
        "response time",
        Note("1 to 9 ms: single-digit milliseconds"),
        "github.com/awsdocs/amazon-dynamodb-developer-guide@8229480: DAX.md",
        "2023-06-15",
    ),
    figure(
        "partition limits",
        Note(
            "not modelled: 3000 read units and 1000 write units per second, above which a partition refuses; here its queue grows",
        ),
        "github.com/awsdocs/amazon-dynamodb-developer-guide@8229480: bp-partition-key-design.md",
        "2023-06-15",
    ),
    figure(
        "how it replicates",
        Note(
            "three copies, a leader by Multi-Paxos, two acknowledge; reads eventually consistent by default",
        ),
        "Elhemali et al., USENIX ATC 2022",
        "2022-07",
    ),
    figure(
        "replication",
        Choice("majority"),
        "Elhemali et al., USENIX ATC 2022, section 3: a leader by Multi-Paxos for each group of replicas, a quorum persists",
        "2022-07",
    ),
    figure(
        "reads",
        Choice("any"),
        "Elhemali et al., USENIX ATC 2022, section 3: any replica answers eventually consistent reads, which are the default",
        "2022-07",
    ),
];
