//! Last in, first out, without pre-emption.
//!
//! Under overload it serves some requests fast while the oldest time out, where FIFO serves all of them too
//! late (Facebook, "Fail at scale", ACM Queue 2015: adaptive LIFO). The wrong choice when every request must
//! be answered, since the unlucky ones starve.

use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "lifo",
    about: "the newest waiting job is served next, without pre-emption",
    source: "Maurer, Fail at scale, ACM Queue 13(8), 2015 (adaptive LIFO)",
    wrong_when: "every request must be answered: the oldest starve",
};

/// Later jobs first.
pub(super) fn key(sequence: u64, _priority: u8) -> u128 {
    u128::from(u64::MAX - sequence)
}
