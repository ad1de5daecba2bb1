//! A graph over a wide-column store: each vertex a row with its edges, hops by row key.

use super::Worth::{Bytes, Choice, Note, Time};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "janusgraph",
        about: "a graph over a wide-column store: each vertex a row with its edges, hops by row key",
        source: "docs.janusgraph.org, Data Model",
        wrong_when: "traversals are deep: each hop is a read of the storage backend",
    },
    model: "graph",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "structure",
        Note(
            "adjacency lists in rows of the backend; here a hop touches the list's page, there it first finds the row by key",
        ),
        "docs.janusgraph.org, advanced topics, Data Model",
        "2023",
    ),
    figure(
        "page",
        Bytes(16 << 10),
        "github.com/nyh/scylla@38b856e: Cassandra (the backend) lowered its default of chunk_length_in_kb from 64 to 16 in version 4",
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
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: commitlog_sync: periodic (backend Cassandra)",
        "stored version",
    ),
    figure(
        "sync_every",
        Time(10_000_000_000),
        "github.com/apache/cassandra@0021907 conf/cassandra.yaml: commitlog_sync_period: 10000ms (backend Cassandra)",
        "stored version",
    ),
    figure("replication", Note("that of the backend"), "docs.janusgraph.org, Storage Backends", "2023"),
];
