//! Reads go to the replicas in turn; one that is further behind than `max_lag` sends them to the primary.
//!
//! A replica goes by what it has been told (`Member::staleness`): one that has all it heard of is not behind because nobody writes. What its primary does while
//! it is silent it cannot know; after two heartbeats it counts that as well, so that a cut shows so late.

use super::{Reads, in_turn};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "lag_bounded",
    about: "the replicas in turn, but only if they are at most `max_lag` behind; else the primary. A replica is as far behind as the first write that it lacks is old, or the last message of its primary was under way; after two heartbeats without one, all the time since it had everything",
    source: "MongoDB 6.0 manual, maxStalenessSeconds; Azure Cosmos DB, bounded staleness",
    wrong_when: "all replicas fall behind at once: the primary gets all reads when it is busiest",
};

pub(super) const READS: Reads =
    Reads { pick: in_turn, carries_position: false, bounds_lag: true, measures: false };
