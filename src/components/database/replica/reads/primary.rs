//! Reads go to the primary: never stale, and replicas are there for its death only.
//!
//! One that a coordinator has deposed answers as the replica that it is from then on, until the router hears of the new primary: as a MySQL
//! server that its manager demotes, which is made read-only (MySQL Shell manual, setPrimaryInstance; MySQL 8.0 Reference Manual, read_only:
//! it refuses updates, no reads). (A leader that its members have deposed sends readers on: `majority`.)

use super::Reads;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "primary",
    about: "the primary answers reads as well",
    source: "MongoDB 6.0 manual, read preference \"primary\" (its default)",
    wrong_when: "there are more reads than one node can answer; or no read may be stale while a demoted primary, now read-only, is still asked: for a moment, or as long as callers in a region are cut off from the coordinator (take replication \"majority\")",
};

pub(super) const READS: Reads =
    Reads { pick: |_, primary, _| primary, carries_position: false, bounds_lag: false, measures: false };
