//! Reads go to the replicas in turn, however far they are behind.

use super::{Reads, in_turn};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "any",
    about: "the replicas in turn, however far behind",
    source: "Amazon Aurora User Guide, reader endpoint; MongoDB read preference \"secondaryPreferred\"",
    wrong_when: "users must see what they have just written",
};

pub(super) const READS: Reads =
    Reads { pick: in_turn, carries_position: false, bounds_lag: false, measures: false };
