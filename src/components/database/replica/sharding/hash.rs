//! The hash of the shard key modulo the number of shards. Even, but another number of shards moves nearly all rows.

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::SLOTS;

pub(super) const ENTRY: Policy = Policy {
    name: "hash",
    about: "the hash of the shard key modulo the number of shards",
    source: "DeWitt & Gray 1992 (hash partitioning)",
    wrong_when: "shards will be added, or queries ask for ranges",
};

pub(super) const SCHEME: Scheme =
    Scheme { in_order: false, owners: |shards, _| (0..SLOTS).map(|slot| slot % shards).collect() };
