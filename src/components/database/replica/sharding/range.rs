//! Each shard has a range of the shard key. Range queries stay on one shard; keys that grow all go to the last one.

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::SLOTS;

pub(super) const ENTRY: Policy = Policy {
    name: "range",
    about: "each shard has a range of the shard key",
    source: "Chang et al., Bigtable, OSDI 2006; DeWitt & Gray 1992",
    wrong_when: "new keys are larger than all others (times, counters): the last shard gets all writes",
};

pub(super) const SCHEME: Scheme = Scheme {
    in_order: true,
    owners: |shards, _| {
        (0..SLOTS).map(|slot| (u32::from(slot) * u32::from(shards) / u32::from(SLOTS)) as u16).collect()
    },
};
