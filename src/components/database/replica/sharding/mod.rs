//! Which shard has a row: one file for each answer. All of them give slots to shards, and rows to slots; what differs is how.

mod consistent;
mod directory;
mod hash;
mod key;
mod range;

use crate::catalog::{Policy, Settings};
use crate::components::database::counted::entry::Plan;
use crate::parts::ring::SLOTS;
use crate::random::mix::mix64;
pub use key::{KEYS, KeyPart};

/// The policies, in the order in which scripts see them.
pub const SHARDING: &[Policy] = &[hash::ENTRY, range::ENTRY, directory::ENTRY, consistent::ENTRY];

/// As the settings say, by index in [`SHARDING`]; else as the profile does.
pub fn of(settings: &Settings) -> usize {
    let name = Plan::new(settings).choice("sharding", SHARDING);
    SHARDING.iter().position(|policy| policy.name == name).expect("profiles name policies that there are")
}

/// How a policy works.
#[derive(Clone, Copy, Debug)]
struct Scheme {
    /// Whether neighbouring values share a slot; else they are hashed.
    in_order: bool,
    /// The shard of each slot, among so many shards; `before` is what held until now.
    owners: fn(shards: u16, before: Option<&[u16]>) -> Vec<u16>,
}

/// A map from rows to shards.
#[derive(Clone, Debug)]
pub struct Map {
    scheme: Scheme,
    key: KeyPart,
    owners: Vec<u16>,
    shards: u16,
    /// Rows that have the last shard for themselves.
    dedicated: Vec<u64>,
}

impl Map {
    /// The map of a new database: policy by index, the shard key, and rows that get the last shard for themselves.
    pub fn new(choice: usize, key: KeyPart, shards: u16, dedicated: Vec<u64>) -> Self {
        let scheme = match SHARDING[choice].name {
            "range" => range::SCHEME,
            "directory" => directory::SCHEME,
            "consistent" => consistent::SCHEME,
            _ => hash::SCHEME,
        };
        let common = Self::common(shards, &dedicated);
        Map { scheme, key, owners: (scheme.owners)(common, None), shards, dedicated }
    }

    /// The shards that rows share: all but the one for dedicated rows, if there is more than one.
    fn common(shards: u16, dedicated: &[u64]) -> u16 {
        if dedicated.is_empty() || shards == 1 { shards } else { shards - 1 }
    }

    /// The shard of a row.
    #[inline]
    pub fn shard(&self, row: u64) -> usize {
        if self.shards == 1 {
            return 0;
        }
        if !self.dedicated.is_empty() && self.dedicated.contains(&row) {
            return usize::from(self.shards) - 1;
        }
        usize::from(self.owners[self.slot(row)])
    }

    #[inline]
    fn slot(&self, row: u64) -> usize {
        let value = self.key.of(row);
        if self.scheme.in_order {
            let slot = u128::from(value) * u128::from(SLOTS) / u128::from(self.key.values);
            return (slot as usize).min(usize::from(SLOTS) - 1);
        }
        (mix64(value) % u64::from(SLOTS)) as usize
    }

    /// Number of shards.
    pub fn shards(&self) -> u16 {
        self.shards
    }

    /// The shard key.
    pub fn key(&self) -> KeyPart {
        self.key
    }

    /// The map for another number of shards.
    pub fn with_shards(&self, shards: u16) -> Self {
        let common = Self::common(shards, &self.dedicated);
        Map { owners: (self.scheme.owners)(common, Some(&self.owners)), shards, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(name: &str, shards: u16) -> Map {
        let choice = SHARDING.iter().position(|policy| policy.name == name).unwrap();
        Map::new(choice, KeyPart::own(100_000), shards, Vec::new())
    }

    /// Share of 100,000 rows that another number of shards moves.
    fn moved(name: &str, from: u16, to: u16) -> f64 {
        let (old, new) = (map(name, from), map(name, from).with_shards(to));
        (0..100_000).filter(|row| old.shard(*row) != new.shard(*row)).count() as f64 / 1e5
    }

    #[test]
    fn a_fifth_shard_moves_most_rows_or_few() {
        assert!((moved("hash", 4, 5) - 0.8).abs() < 0.01, "all but one in five");
        assert!((moved("directory", 4, 5) - 0.2).abs() < 0.01, "the least there is");
        assert!((moved("consistent", 4, 5) - 0.2).abs() < 0.06);
        assert!(
            (moved("range", 4, 5) - 0.3).abs() < 0.05,
            "the borders shift, and the third range goes to the new one"
        );
        assert!((moved("range", 4, 8) - 0.5).abs() < 0.01, "each is split");
        assert!(
            (moved("range", 8, 4) - 0.75).abs() < 0.01,
            "four go, and two more have none of the new ranges"
        );
    }

    #[test]
    fn rows_are_spread_evenly() {
        for policy in SHARDING {
            let map = map(policy.name, 8);
            let mut rows = [0f64; 8];
            (0..100_000).for_each(|row| rows[map.shard(row)] += 8.0 / 1e5);
            let most = rows.iter().copied().fold(0.0, f64::max);
            assert!(
                most < if policy.name == "consistent" { 1.35 } else { 1.04 },
                "{}: {rows:?}",
                policy.name
            );
        }
    }

    #[test]
    fn ranges_keep_neighbours_together_and_dedicated_rows_are_alone() {
        let ranges = map("range", 4);
        assert!((1..100_000).all(|row| ranges.shard(row) >= ranges.shard(row - 1)));
        let alone = Map::new(0, KeyPart::own(1000), 4, vec![7, 9]);
        assert!((0..1000).all(|row| (alone.shard(row) == 3) == (row == 7 || row == 9)));
    }

    proptest! {
        #[test]
        fn every_row_has_a_shard(choice in 0..SHARDING.len(), shards in 1..40u16, to in 1..40u16, row in 0..100_000u64, alone in any::<bool>()) {
            let dedicated = if alone { vec![row, row + 1] } else { Vec::new() };
            let map = Map::new(choice, KeyPart::own(100_000), shards, dedicated);
            prop_assert!(map.shard(row) < usize::from(shards));
            prop_assert!(map.with_shards(to).shard(row) < usize::from(to));
        }
    }
}
