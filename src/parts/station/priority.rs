//! Classes of urgency, first in, first out within a class, without pre-emption (Cobham 1954).
//!
//! The wrong choice when urgent work alone can fill the servers: the rest then never runs.

use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "priority",
    about: "urgent jobs first (0 before 1), first in, first out within a class, without pre-emption",
    source: "Cobham, Priority assignment in waiting line problems, 1954",
    wrong_when: "urgent work alone can fill the servers",
};

/// By class, then by arrival.
pub(super) fn key(sequence: u64, priority: u8) -> u128 {
    (u128::from(priority) << 64) | u128::from(sequence)
}
