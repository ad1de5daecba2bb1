//! Wide columns over HDFS: families in files of blocks, a write-ahead log on three data nodes.

use super::Worth::{Bytes, Choice, Note, Time};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "hbase",
        about: "wide columns over HDFS: families in files of blocks, a write-ahead log on three data nodes",
        source: "Apache HBase Reference Guide; hbase-default.xml",
        wrong_when: "single rows must be answered while a region server is being replaced",
    },
    model: "wide_column",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(64 << 10),
        "Cloudera Runtime 7.2.6, Using HBase blocksize: the default blocksize is 64 KB",
        "2020, read 2026-11",
    ),
    figure(
        "buffer",
        Bytes(400 << 20),
        ASSUMED,
        "hfile.block.cache.size is 0.4 of the heap (hbase-default.xml); the heap assumed: 1000 MB",
    ),
    figure(
        "log",
        Choice("commit"),
        "github.com/apache/phoenix pull 2434: hbase.wal.hsync, default false: a write is answered after hflush, when three data nodes have it, so that no host's crash takes it",
        "read 2026-11",
    ),
    figure(
        "time of the log",
        Note(
            "hflush reaches the memory of three data nodes, no disk: measure it, and give it as `fsync_time`",
        ),
        "github.com/apache/phoenix pull 2434: hbase.wal.hsync, default false",
        "read 2026-11",
    ),
    figure(
        "memory for cells",
        Note("128 MiB, then they are written out"),
        "github.com/apache/hbase@000e4d1 hbase-default.xml: hbase.hregion.memstore.flush.size 134217728",
        "stored version",
    ),
    figure(
        "down_after",
        Time(90_000_000_000),
        "github.com/apache/hbase@000e4d1 hbase-default.xml: zookeeper.session.timeout 90000",
        "stored version",
    ),
    figure(
        "replication",
        Choice("sync"),
        "Apache HBase Reference Guide: the log lies in HDFS, whose pipeline of data nodes acknowledges as one; who takes a region over replays it (here: replicas: 2 are the other two data nodes)",
        "stored version",
    ),
    figure(
        "how it replicates",
        Note("one region server per row; HDFS keeps three copies of log and files"),
        "Apache HBase Reference Guide",
        "stored version",
    ),
];
