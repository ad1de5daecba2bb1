//! Quorum: no primary. A write goes to all N copies and is done when W have it; a read asks R copies and believes the newest. With
//! R + W > N the two sets share a copy, and a read sees every write that was done before it began; with less it may not.
//! (The nodes are in `leaderless`; this mode has no log.)

use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "quorum",
    about: "no primary: W of N copies make a write, R make a read, the newest version wins; the dead get what they missed later, unless the router dies that owes it to them",
    source: "Gifford 1979; DeCandia et al., Dynamo, SOSP 2007",
    wrong_when: "two writers of one row must both be heard: the last one wins",
};
