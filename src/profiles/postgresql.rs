//! Relational: a heap of rows, B-tree indexes, write-ahead log flushed at each commit, streaming replicas.

use super::Worth::{Bytes, Choice, Count, Note, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "postgresql",
        about: "relational: a heap of rows, B-tree indexes, write-ahead log flushed at each commit, streaming replicas",
        source: "PostgreSQL 15 manual",
        wrong_when: "the application holds more connections than there are processors for: put a pool before it",
    },
    model: "relational",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(8 << 10),
        "PostgreSQL 15 manual, 73.6 Database Page Layout: usually 8 kB",
        "2022-10",
    ),
    figure(
        "buffer",
        Bytes(128 << 20),
        "PostgreSQL 15 manual, 20.4.1: shared_buffers, default 128 MB",
        "2022-10",
    ),
    figure(
        "log",
        Choice("commit"),
        "PostgreSQL 15 manual, 20.5.1: fsync and synchronous_commit, default on",
        "2022-10",
    ),
    figure(
        "connections",
        Count(100),
        "PostgreSQL 15 manual, 20.3.1: max_connections, default 100",
        "2022-10",
    ),
    figure(
        "statement_time",
        Time(34_000),
        "pgbench select-only, scale 25, one client: median of run averages 0.034 ms, AzurePublicDataset@b469a11, D8s_v5",
        "2023-05 to 2024-09",
    ),
    figure(
        "how it replicates",
        Note("asynchronous streaming; synchronous_standby_names is empty by default"),
        "PostgreSQL 15 manual, 20.6.2",
        "2022-10",
    ),
    figure(
        "out of memory",
        Note("pgbench select-only, scale 2500, one client: 0.315 ms, 25 clients: 2.343 ms"),
        "AzurePublicDataset@b469a11 vm-noise-data",
        "2023-05 to 2024-09",
    ),
    figure(
        "replication",
        Choice("async"),
        "PostgreSQL 15 manual, 20.6.2: synchronous_standby_names is empty by default",
        "2022-10",
    ),
];
