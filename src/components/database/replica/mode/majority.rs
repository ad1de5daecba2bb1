//! Majority: the members elect their leader themselves, and a write is done when more than half of them keep it. There is no
//! coordinator whose word is needed. (The nodes are in `majority`; what they say to each other is Raft.)

use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "majority",
    about: "the members elect a leader for each term; a write is done when a majority keeps it, and survives while a majority lives",
    source: "Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (Raft), USENIX ATC 2014",
    wrong_when: "writes must go on with half of the members away, or members are far apart and writes must be fast",
};
