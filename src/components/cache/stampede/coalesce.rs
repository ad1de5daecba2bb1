//! One load of a key at a time in each process; who comes meanwhile waits for it and shares its outcome.
//!
//! The process is the caller beside a cache (so there are as many loads as servers), or the cache in front of its store
//! (one). A failed load fails for all who share it. Who joins late may get a value that was loaded before its own look-up,
//! older than a write that was acknowledged in between; unless leases or versions are in use: then only those share a load whose
//! misses showed the same token, and no old value comes of it. While the cache is silent or dead there are no tokens, and all
//! share. The mechanism is in `parts::plan::flights`.

use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "coalesce",
    about: "one load of a key at a time in each process, the others wait for it",
    source: "groupcache and golang.org/x/sync/singleflight (Fitzpatrick 2013)",
    wrong_when: "there are many processes: each of them loads once",
};
