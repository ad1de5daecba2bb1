//! Relational: blocks of rows, B-tree indexes, redo log flushed at each commit, standbys by Data Guard.

use super::Worth::{Bytes, Choice, Note};
use super::{ASSUMED, Figure, Profile, figure};
use crate::catalog::Policy;

/// What it is.
pub const PROFILE: Profile = Profile {
    entry: Policy {
        name: "oracle",
        about: "relational: blocks of rows, B-tree indexes, redo log flushed at each commit, standbys by Data Guard",
        source: "Oracle Database 19c Reference and Concepts",
        wrong_when: "your licence pays by processor",
    },
    model: "relational",
    times: None,
    figures: FIGURES,
};

const FIGURES: &[Figure] = &[
    figure(
        "page",
        Bytes(8 << 10),
        "Oracle Database Reference 11g Release 2, E24448-01: DB_BLOCK_SIZE, default 8192 (docs.oracle.com, cd/E24693_01)",
        "2011, read 2026-11",
    ),
    figure("buffer", Bytes(128 << 20), ASSUMED, "no default: sized by SGA_TARGET"),
    figure(
        "log",
        Choice("commit"),
        "Oracle Database Reference 10g: COMMIT_WRITE: unless said otherwise, commit records are on disk before control returns; 21c: COMMIT_WAIT has no default value",
        "2021, read 2026-11",
    ),
    figure(
        "how it replicates",
        Note("none; Data Guard in maximum performance mode is asynchronous"),
        "Oracle Data Guard 19c Concepts and Administration, ch. 3",
        "2019",
    ),
    figure(
        "replication",
        Choice("async"),
        "Oracle Data Guard 19c Concepts and Administration, ch. 3: maximum performance is the default protection mode",
        "2019",
    ),
];
