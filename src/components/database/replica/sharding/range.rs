//! Each shard has a range of the shard key. Range queries stay on one shard; keys that grow all go to the last one.
//!
//! When their number changes, all ranges are cut anew to the same length, and as much as can be stays where it is: with twice as many
//! each range is split, and one half goes to a new shard, as tablets and regions are split (Bigtable 5.2; HBase).

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::SLOTS;

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

/// Which shard gets each of so many ranges: as much as can be stays where it is; shards that have nothing take what is left.
fn names(shards: u16, before: &[u16]) -> Vec<u16> {
    let mut named: Vec<Option<u16>> = vec![None; usize::from(shards)];
    for overlap in kept(&overlaps(shards, before)) {
        named[overlap.range] = Some(overlap.shard);
    }
    let taken = named.clone();
    let mut free = (0..shards).filter(|shard| !taken.contains(&Some(*shard)));
    named.into_iter().map(|shard| shard.or_else(|| free.next()).expect("as many as ranges")).collect()
}

/// What a range and a shard that stays have in common.
#[derive(Clone, Copy)]
struct Overlap {
    range: usize,
    shard: u16,
    slots: u32,
}

/// All of them, from left to right. (Each shard has one range, so each pair comes once.)
fn overlaps(shards: u16, before: &[u16]) -> Vec<Overlap> {
    let mut found: Vec<Overlap> = Vec::new();
    for (slot, shard) in (0..SLOTS).zip(before).filter(|(_, owner)| **owner < shards) {
        let range = range_of(slot, shards);
        match found.last_mut() {
            Some(last) if (last.range, last.shard) == (range, *shard) => last.slots += 1,
            _ => found.push(Overlap { range, shard: *shard, slots: 1 }),
        }
    }
    found
}

/// Of these, those with the most slots together, no range and no shard twice. Both lie in the same order, so that only neighbours among the chosen
/// can have one in common, and the best choice up to each is the best up to one before it, and that one. Of equal choices the one further left.
fn kept(overlaps: &[Overlap]) -> Vec<Overlap> {
    let apart = |a: &Overlap, b: &Overlap| a.range != b.range && a.shard != b.shard;
    let mut best: Vec<(u32, Option<usize>)> = Vec::with_capacity(overlaps.len());
    let first_of_most = |all: &[(u32, Option<usize>)], fits: &dyn Fn(usize) -> bool| {
        (0..all.len()).filter(|at| fits(*at)).rev().max_by_key(|at| all[*at].0)
    };
    for own in overlaps {
        let before = first_of_most(&best, &|at| apart(&overlaps[at], own));
        best.push((own.slots + before.map_or(0, |at| best[at].0), before));
    }
    let mut at = first_of_most(&best, &|_| true);
    let mut kept = Vec::new();
    while let Some(chosen) = at {
        kept.push(overlaps[chosen]);
        at = best[chosen].1;
    }
    kept
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
    /// Every way to give the ranges to shards, for small numbers.
    fn most_that_can_stay(shards: u16, before: &[u16]) -> usize {
        fn best(range: usize, shards: u16, taken: &mut Vec<u16>, before: &[u16]) -> usize {
            if range == usize::from(shards) {
                return 0;
            }
            let mut most = 0;
            for shard in 0..shards {
                if !taken.contains(&shard) {
                    taken.push(shard);
                    let here = (0..SLOTS)
                        .zip(before)
                        .filter(|(slot, owner)| range_of(*slot, shards) == range && **owner == shard);
                    most = most.max(here.count() + best(range + 1, shards, taken, before));
                    taken.pop();
                }
            }
            most
        }
        best(0, shards, &mut Vec::new(), before)
    }

    #[test]
    fn no_more_moves_than_must() {
        for (from, to) in [(4, 3), (3, 4), (5, 3), (2, 5), (5, 4), (4, 2)] {
            let before = (SCHEME.owners)(from, None);
            let after = (SCHEME.owners)(to, Some(&before));
            let stay = before.iter().zip(&after).filter(|(a, b)| a == b).count();
            assert_eq!(stay, most_that_can_stay(to, &before), "{from} to {to}");
            let again = (SCHEME.owners)(from, Some(&after));
            let stay = after.iter().zip(&again).filter(|(a, b)| a == b).count();
            assert_eq!(stay, most_that_can_stay(from, &after), "{from} to {to} and back");
        }
    }
}
