//! Documents in append-only B+trees, each write flushed, three copies with quorums of two.

use super::Worth::{Bytes, Choice, Note};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "couchdb",
        about: "documents in append-only B+trees, each write flushed, three copies with quorums of two",
        source: "docs.couchdb.org 3.5",
        wrong_when: "queries are ad hoc: views must be built before",
    },
    model: "document",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "log",
        Choice("commit"),
        "CouchDB 2.1 documentation, 3.2.1: delayed_commits = false, fsync before 201 Created",
        "2017",
    ),
    figure(
        "group_commit",
        Note("the database writer takes what waits as one batch"),
        "CouchDB 3.5 documentation, technical overview",
        "2025",
    ),
    figure(
        "page",
        Bytes(4 << 10),
        ASSUMED,
        "files are appended in blocks of 4 KiB; nodes of the tree have no fixed size",
    ),
    figure(
        "how it replicates",
        Note("n = 3 copies, q = 2 shards, read and write quorum 2"),
        "docs.couchdb.org 3.5.1, 3.3 Configuring Clustering",
        "2025",
    ),
    figure(
        "replication",
        Choice("quorum"),
        "docs.couchdb.org 3.5.1, cluster theory: half of the copies plus one make a read, and a write",
        "2025, read 2026-11",
    ),
];
