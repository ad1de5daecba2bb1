//! Whatever comes is put in, in the order in which it comes.
//!
//! This is `set` of Redis and memcached. A reader that has missed, loaded, and is slow on its way back puts an old
//! value over what a writer has removed or replaced meanwhile; it stays until it expires.

use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "plain",
    about: "whatever comes is put in: a late fill may bring an old value back until it expires",
    source: "`set` of memcached (Fitzpatrick 2003) and Redis; the race: Nishtala et al., NSDI 2013, 3.2.1 (stale sets)",
    wrong_when: "old values hurt, and writes come while others read the same keys",
};
