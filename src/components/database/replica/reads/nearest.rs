//! Reads go to the member, replica or primary, whose answers have been coming fastest; each is tried once first.

use super::Reads;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "nearest",
    about: "the member whose answers have been coming fastest (smoothed as in RFC 6298)",
    source: "MongoDB 6.0 manual, read preference \"nearest\"",
    wrong_when: "all members are equally far: one of them gets all the load",
};

pub(super) const READS: Reads = Reads {
    pick: |members, primary, _| {
        let up = (0..members.len()).filter(|at| members[*at].up);
        up.min_by_key(|at| members[*at].answers_in).unwrap_or(primary)
    },
    carries_position: false,
    bounds_lag: false,
};
