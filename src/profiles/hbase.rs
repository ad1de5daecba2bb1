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
        Choice("interval"),
        "github.com/apache/phoenix pull 2434: hbase.wal.hsync, default false: hflush to the data nodes, no fsync",
        "read 2026-11",
    ),
    figure("sync_every", Time(1_000_000_000), ASSUMED, "data nodes write in their own time"),
    figure(
        "memory for cells",
        Note("128 MiB, then they are written out"),
        "github.com/apache/hbase@000e4d1 hbase-default.xml: hbase.hregion.memstore.flush.size 134217728",
        "stored version",
    ),
    figure(
        "failure detection",
        Note("ZooKeeper session of 90 s"),
        "github.com/apache/hbase@000e4d1 hbase-default.xml: zookeeper.session.timeout 90000",
        "stored version",
    ),
    figure(
        "replication",
        Note("one region server per row; HDFS keeps three copies of log and files"),
        "Apache HBase Reference Guide",
        "stored version",
    ),
];
