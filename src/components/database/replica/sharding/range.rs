//! Each shard has a range of the shard key. Range queries stay on one shard; keys that grow all go to the last one.
//!
//! When their number changes, all ranges are cut anew to the same length, and each shard gets the one that holds most of what it has: with twice as many
//! each range is split, and one half goes to a new shard, as tablets and regions are split (Bigtable 5.2; HBase).

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::SLOTS;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) const ENTRY: Policy = Policy {
    name: "range",
    about: "each shard has a range of the shard key; with another number of shards all ranges are cut anew, and each shard keeps what it can of its own (twice as many: half of each moves)",
    source: "Chang et al., Bigtable, OSDI 2006; DeWitt & Gray 1992",
    wrong_when: "new keys are larger than all others (times, counters): the last shard gets all writes",
};

pub(super) const SCHEME: Scheme = Scheme {
    in_order: true,
    owners: |shards, before| {
        let named = before.map_or_else(|| (0..shards).collect(), |before| names(shards, before));
        (0..SLOTS).map(|slot| named[range_of(slot, shards)]).collect()
    },
};

fn range_of(slot: u16, shards: u16) -> usize {
    (u32::from(slot) * u32::from(shards) / u32::from(SLOTS)) as usize
}

/// Which shard gets each of so many ranges: those that share most come first, of equal ones the lower range; shards that have nothing take what is left.
fn names(shards: u16, before: &[u16]) -> Vec<u16> {
    let mut shared: BTreeMap<(usize, u16), u32> = BTreeMap::new();
    for (slot, owner) in (0..SLOTS).zip(before).filter(|(_, owner)| **owner < shards) {
        *shared.entry((range_of(slot, shards), *owner)).or_default() += 1;
    }
    let mut pairs: Vec<((usize, u16), u32)> = shared.into_iter().collect();
    pairs.sort_by_key(|(_, slots)| Reverse(*slots));
    let mut named: Vec<Option<u16>> = vec![None; usize::from(shards)];
    for ((range, shard), _) in pairs {
        if named[range].is_none() && !named.contains(&Some(shard)) {
            named[range] = Some(shard);
        }
    }
    let taken = named.clone();
    let mut free = (0..shards).filter(|shard| !taken.contains(&Some(*shard)));
    named.into_iter().map(|shard| shard.or_else(|| free.next()).expect("as many as ranges")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_split_and_put_together_again() {
        let four = (SCHEME.owners)(4, None);
        let eight = (SCHEME.owners)(8, Some(&four));
        let of = |owners: &[u16], ranges: usize| -> Vec<u16> {
            owners.iter().step_by(usize::from(SLOTS) / ranges).copied().collect()
        };
        assert_eq!(of(&eight, 8), [0, 4, 1, 5, 2, 6, 3, 7]);
        assert_eq!(of(&(SCHEME.owners)(4, Some(&eight)), 4), [0, 1, 2, 3]);
        assert_eq!(of(&(SCHEME.owners)(2, Some(&four)), 2), [0, 1]);
        assert_eq!((SCHEME.owners)(1, Some(&four)), vec![0; usize::from(SLOTS)]);
    }
}
