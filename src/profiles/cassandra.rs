//! Wide columns on a ring: commit log flushed periodically, any node coordinates, quorum by request.

use super::Worth::{Bytes, Choice, Count, Note, Time};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "cassandra",
        about: "wide columns on a ring: commit log flushed periodically, any node coordinates, quorum by request",
        source: "apache/cassandra cassandra.yaml; Lakshman and Malik, LADIS 2009",
        wrong_when: "rows are read before they are written, or joined",
    },
    model: "wide_column",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(16 << 10),
        "github.com/nyh/scylla@38b856e: Cassandra lowered its default of chunk_length_in_kb from 64 to 16 in version 4",
        "2022, read 2026-11",
    ),
    figure(
        "buffer",
        Bytes(512 << 20),
        ASSUMED,
        "the file cache of the operating system: as large as the memory that is left",
    ),
    figure(
        "log",
        Choice("interval"),
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: commitlog_sync: periodic",
        "stored version",
    ),
    figure(
        "sync_every",
        Time(10_000_000_000),
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: commitlog_sync_period: 10000ms",
        "stored version",
    ),
    figure(
        "disk_parallel",
        Count(32),
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: concurrent_reads: 32",
        "stored version",
    ),
    figure(
        "timeouts",
        Note("read 5 s, write 2 s to 10 s by version"),
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: read_request_timeout, write_request_timeout",
        "stored version",
    ),
    figure(
        "how it replicates",
        Note("N copies on the ring, consistency chosen by each request; hints, read repair, last write wins"),
        "Lakshman and Malik, Cassandra, LADIS 2009",
        "2009",
    ),
    figure(
        "replication",
        Choice("quorum"),
        "Lakshman and Malik, Cassandra, LADIS 2009: no primary, the last write wins",
        "2009",
    ),
    figure(
        "r",
        Count(1),
        "docs.datastax.com, C# driver 3.13: QueryOptions.DefaultConsistencyLevel is LocalOne",
        "read 2026-11",
    ),
    figure(
        "w",
        Count(1),
        "docs.datastax.com, C# driver 3.13: QueryOptions.DefaultConsistencyLevel is LocalOne",
        "read 2026-11",
    ),
    figure(
        "speculative_percentile",
        Count(99),
        "github.com/apache/cassandra@1c26710: PercentileSpeculativeRetryPolicy.NINETY_NINE_P, the default of speculative_retry ('99p')",
        "read 2026-11",
    ),
    figure(
        "sharding",
        Choice("consistent"),
        "Lakshman and Malik, Cassandra, LADIS 2009: consistent hashing",
        "2009",
    ),
];
