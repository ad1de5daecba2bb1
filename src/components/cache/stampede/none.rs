//! Everybody who misses loads.
//!
//! When a popular item expires, all who want it before the first of them has brought it back load it too: at 1,000 look-ups a
//! second and a load of 50 ms, fifty loads of the same row.

use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "none",
    about: "everybody who misses loads",
    source: "plain look-aside; what it costs: Nishtala et al., NSDI 2013, 3.2.1 (thundering herds)",
    wrong_when: "items are popular, or slow to load: all who miss at the same time load the same",
};
