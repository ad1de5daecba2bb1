//! Documents in WiredTiger B-trees, journal flushed for majority writes, replica sets that elect their primary.

use super::Worth::{Bytes, Choice, Note, Share, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "mongodb",
        about: "documents in WiredTiger B-trees, journal flushed for majority writes, replica sets that elect their primary",
        source: "MongoDB manual 8.0",
        wrong_when: "data is shared by many owners, so that embedding means copies",
    },
    model: "document",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(32 << 10),
        "source.wiredtiger.com 2.9.1, Page and overflow key/value sizes: leaf_page_max, default 32 KB",
        "2016, read 2026-11",
    ),
    figure(
        "buffer",
        Bytes(256 << 20),
        "MongoDB manual 3.4, cacheSizeGB: the larger of 50 % of RAM minus 1 GB and 256 MB (as quoted, read 2026-11); this is the least",
        "2016",
    ),
    figure(
        "log",
        Choice("commit"),
        "MongoDB manual 8.0: writeConcernMajorityJournalDefault true, default write concern majority",
        "2024-10",
    ),
    figure(
        "elections",
        Note("at most 12 s median with default settings; election timeout 10 s, heartbeat 2 s"),
        "github.com/mongodb/docs@b8b4c54, fact-election-latency",
        "stored version",
    ),
    figure(
        "how it replicates",
        Note("replica set, write concern majority"),
        "MongoDB manual 8.0, Default MongoDB Write Concern (since 5.0)",
        "2024-10",
    ),
    figure(
        "replication",
        Choice("majority"),
        "MongoDB manual 8.0, Default MongoDB Write Concern (since 5.0); replica sets elect their primary",
        "2024-10",
    ),
    figure(
        "heartbeat",
        Time(2_000_000_000),
        "github.com/mongodb/docs@b8b4c54, fact-election-latency: heartbeats every 2 s",
        "stored version",
    ),
    figure(
        "down_after",
        Time(10_000_000_000),
        "github.com/mongodb/docs@b8b4c54, fact-election-latency: electionTimeoutMillis 10 s",
        "stored version",
    ),
    figure(
        "election_spread",
        Share(0.15),
        "github.com/mongodb/mongo@8f1f561, repl_server_parameters.idl: replElectionTimeoutOffsetLimitFraction 0.15",
        "read 2026-11",
    ),
];
