//! Relational, InnoDB: a B+tree of rows, redo log flushed at each commit, asynchronous replicas.

use super::Worth::{Bytes, Choice, Count, Note};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "mysql",
        about: "relational, InnoDB: a B+tree of rows, redo log flushed at each commit, asynchronous replicas",
        source: "MySQL 8.4 Reference Manual; Facebook MySQL Tech Talk 2010: query response 4 ms (reads), 5 ms (writes)",
        wrong_when: "your rows fit in memory or your queries are not point reads: give `rows` and count, or measure your own",
    },
    model: "relational",
    times: Some((4_000_000, 5_000_000)),
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "read",
        Note("4 ms, unless work is counted (`rows` or `model` given)"),
        "Facebook MySQL Tech Talk, quoted at softwaring.blogfa.com/1389/08",
        "2010",
    ),
    figure(
        "write",
        Note("5 ms, unless work is counted"),
        "Facebook MySQL Tech Talk, quoted at softwaring.blogfa.com/1389/08",
        "2010",
    ),
    figure(
        "page",
        Bytes(16 << 10),
        "MySQL 8.4 Reference Manual, 17.14: innodb_page_size, default 16384",
        "2024",
    ),
    figure(
        "buffer",
        Bytes(128 << 20),
        "Amazon RDS User Guide, buffer pool in MySQL 8.4: 128 MB unless it is set or the server is a dedicated one",
        "2025, read 2026-11",
    ),
    figure(
        "log",
        Choice("commit"),
        "MySQL 8.4 Reference Manual, 17.14: innodb_flush_log_at_trx_commit, default 1",
        "2024",
    ),
    figure(
        "connections",
        Count(151),
        "MySQL 8.0 Reference Manual, Too many connections: max_connections, default 151",
        "2024, read 2026-11",
    ),
    figure(
        "how it replicates",
        Note("asynchronous; semisynchronous by plugin"),
        "MySQL 8.4 Reference Manual, ch. 19",
        "2024",
    ),
    figure(
        "structure",
        Note("rows lie in the leaves of the primary key; here they lie beside it, one page touch more"),
        "MySQL 8.4 Reference Manual, 17.6.2.1 Clustered and Secondary Indexes",
        "2024",
    ),
    figure(
        "replication",
        Choice("async"),
        "MySQL 8.4 Reference Manual, ch. 19: asynchronous by default; 9.4, Semisynchronous Replication Interface: rpl_semi_sync_source_enabled, default 0",
        "2024, read 2026-11",
    ),
];
