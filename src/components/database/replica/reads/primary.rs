//! Reads go to the primary: never stale, and replicas are there for its death only.
//!
//! One that a coordinator has deposed answers as the replica that it is from then on, until the router hears of the new primary: as a MySQL
//! server does that its manager has set read-only, which refuses writes alone. (A leader that its members have deposed sends
//! readers on: `majority`.)

use super::Reads;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "primary",
    about: "the primary answers reads as well",
    source: "MongoDB 6.0 manual, read preference \"primary\" (its default)",
    wrong_when: "there are more reads than one node can answer",
};

pub(super) const READS: Reads =
    Reads { pick: |_, primary, _| primary, carries_position: false, bounds_lag: false };
