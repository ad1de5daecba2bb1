//! Key-value in memory, one thread, an append-only file flushed each second, asynchronous replicas.

use super::Worth::{Choice, Count, Note, Time};
use super::{Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "redis",
        about: "key-value in memory, one thread, an append-only file flushed each second, asynchronous replicas",
        source: "redis.io documentation, 2026-08-21",
        wrong_when: "the data does not fit in memory, or no acknowledged write may be lost",
    },
    model: "key_value",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "storage",
        Choice("memory"),
        "github.com/redis/docs@63f31f699: what Redis is: an in-memory data structure store",
        "2026-08-21",
    ),
    figure(
        "cores",
        Count(1),
        "github.com/redis/docs@63f31f699: optimization/latency: mostly single threaded",
        "2026-08-21",
    ),
    figure(
        "statement_time",
        Time(5_550),
        "github.com/redis/docs@63f31f699: optimization/benchmarks: SET by 50 clients without pipelining, 180,180 per second on one thread",
        "2026-08-21",
    ),
    figure(
        "log",
        Choice("interval"),
        "github.com/redis/docs@63f31f699: management/persistence: appendfsync everysec (the append-only file itself is off by default)",
        "2026-08-21",
    ),
    figure(
        "sync_every",
        Time(1_000_000_000),
        "github.com/redis/docs@63f31f699: management/persistence: appendfsync everysec",
        "2026-08-21",
    ),
    figure(
        "connections",
        Count(10_000),
        "github.com/redis/redis@4f8cdc2a1 redis.conf: maxclients 10000",
        "2024-10-18",
    ),
    figure(
        "how it replicates",
        Note("asynchronous; WAIT does not make it strong"),
        "github.com/redis/docs@63f31f699: management/replication",
        "2026-08-21",
    ),
    figure(
        "replication",
        Choice("async"),
        "github.com/redis/docs@63f31f699: management/replication",
        "2026-08-21",
    ),
];
