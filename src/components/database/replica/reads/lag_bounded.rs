//! Reads go to the replicas in turn; one that may be further behind than `max_lag` sends them to the primary.

use super::{Reads, in_turn};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "lag_bounded",
    about: "the replicas in turn, but only if they know that they are less than `max_lag` behind: an entry or a heartbeat of the primary that is no older has come; else the primary",
    source: "MongoDB 6.0 manual, maxStalenessSeconds; Azure Cosmos DB, bounded staleness",
    wrong_when: "all replicas fall behind at once: the primary gets all reads when it is busiest",
};

pub(super) const READS: Reads =
    Reads { pick: in_turn, carries_position: false, bounds_lag: true, measures: false };
