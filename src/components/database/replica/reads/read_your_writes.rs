//! Reads go to the replicas in turn, and carry the position of the session's last write: a replica that is not there
//! yet lets the read wait.

use super::{Reads, in_turn};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "read_your_writes",
    about: "the replicas in turn; a replica waits until it has the session's last write, for as long as the reader does",
    source: "MySQL 8.0 Reference Manual, WAIT_FOR_EXECUTED_GTID_SET; Terry et al. 1994",
    wrong_when: "replicas lag by seconds: readers wait as long, or fail",
};

pub(super) const READS: Reads =
    Reads { pick: in_turn, carries_position: true, bounds_lag: false, measures: false };
