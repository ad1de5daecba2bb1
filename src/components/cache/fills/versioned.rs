//! Versions: an older one never takes the place of a newer one, nor of one that a newer one has removed.
//!
//! Comparing with the item is not enough: after a delete there is none, and a late fill would bring the old value back. So a
//! write leaves a *tombstone*, its version. Tombstones are bounded in number; what happens to a fill that comes after its
//! tombstone has been forgotten? The cache counts the writes that come to it; a miss gives out the count, a fill brings it
//! back, and a fill that missed before the newest forgotten write is dropped. Memory is bounded and no old value ever
//! passes; the price is a load more after a flood of writes. What a crash takes counts as forgotten: numbers go on in the next life.

use super::super::recent::Recent;
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "versioned",
    about: "values carry their version: an older one never replaces a newer, nor one that a newer has removed, though a replica that is behind has just told it; who missed before the cache lost its memory brings nothing in (misses are numbered)",
    source: "Bronson et al., TAO: Facebook's Distributed Data Store, USENIX ATC 2013, 6.1 (version numbers)",
    wrong_when: "the store gives its rows no versions; rows whose last write a failover lost are not cached until they are written again",
};

/// What is known of the last write of a key.
#[derive(Clone, Copy, Debug)]
struct Tombstone {
    /// Newest version written.
    version: u32,
    /// Number of the last write.
    count: u32,
    /// Number of the last removal that did not tell a version: whatever was loaded for a miss before it is out.
    unversioned: u32,
}

/// The tombstones, and what was forgotten.
#[derive(Clone, Debug)]
pub struct Tombstones {
    tombstones: Recent<Tombstone>,
    /// Writes that came so far; starts at 1, since 0 is no token.
    count: u32,
    /// Number of the newest write whose tombstone is gone.
    forgotten: u32,
    /// Misses of keys without tombstones show the count rounded down to this, so that misses of one key close to each other
    /// show the same (they share a load) though other keys are written.
    step: u32,
}

impl Tombstones {
    /// At most `most` tombstones.
    pub(super) fn new(most: usize) -> Self {
        let step = (most / 2).clamp(1, 1 << 30) as u32;
        Tombstones { tombstones: Recent::new(most), count: 1, forgotten: 0, step }
    }

    pub(super) fn missed(&self, key: u64) -> u32 {
        match self.tombstones.get(key) {
            Some(tombstone) => tombstone.count,
            None => (self.count - self.count % self.step).max(self.forgotten).max(1),
        }
    }

    /// `None`: removed by hand, or by a writer who does not know the version yet.
    pub(super) fn written(&mut self, key: u64, version: Option<u32>) {
        self.count = self.count.checked_add(1).expect("four billion writes at one node");
        let count = self.count;
        let old = self.tombstones.get(key).unwrap_or(Tombstone { version: 0, count, unversioned: 0 });
        let tombstone = Tombstone {
            version: old.version.max(version.unwrap_or(0)),
            count,
            unversioned: if version.is_none() { count } else { old.unversioned },
        };
        let forgotten = self.tombstones.insert(key, tombstone);
        self.forgotten = forgotten.map_or(self.forgotten, |oldest| oldest.count.max(self.forgotten));
    }

    /// Whether a written version may be put in, where `holds` says whether there is an item it is not older than. Once
    /// something has been forgotten (a crash, too many tombstones), a write that is late may be older than one that nobody here
    /// remembers: then it replaces what is there, and what is not there is left to the next reader.
    pub(super) fn takes_write(&self, key: u64, version: u32, holds: bool) -> bool {
        let newest = self.tombstones.get(key).is_none_or(|tombstone| version >= tombstone.version);
        newest && (self.forgotten == 0 || holds)
    }

    pub(super) fn takes_fill(&self, key: u64, version: u32, token: u32) -> bool {
        match self.tombstones.get(key) {
            // (However late it was loaded: a replica may be behind. What a failover has lost waits here for the next write.)
            Some(Tombstone { version: newest, unversioned, .. }) => version >= newest && token >= unversioned,
            None => token >= self.forgotten,
        }
    }

    /// All fills under way are too late.
    pub(super) fn forget_all(&mut self) {
        self.count += 1;
        self.forgotten = self.count;
        self.tombstones.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_delete_keeps_older_fills_out() {
        let mut tombstones = Tombstones::new(10);
        let token = tombstones.missed(7);
        assert!(tombstones.takes_fill(7, 0, token));
        tombstones.written(7, Some(5));
        assert!(!tombstones.takes_fill(7, 4, token));
        assert!(tombstones.takes_fill(7, 5, token), "loaded after the write, though missed before");
        let after = tombstones.missed(7);
        assert!(
            !tombstones.takes_fill(7, 4, after),
            "missed after the write, and loaded from a replica that lacks it"
        );
        assert!(!tombstones.takes_write(7, 4, false) && tombstones.takes_write(7, 5, false));
        tombstones.forget_all();
        assert!(!tombstones.takes_write(7, 4, false), "it may be older than what was forgotten");
        assert!(tombstones.takes_write(7, 6, true));
    }

    #[test]
    fn by_hand_only_misses_afterwards_count() {
        let mut tombstones = Tombstones::new(10);
        let before = tombstones.missed(7);
        tombstones.written(7, None);
        assert!(!tombstones.takes_fill(7, 9, before));
        assert!(tombstones.takes_fill(7, 9, tombstones.missed(7)));
        assert!(tombstones.takes_write(7, 1, false), "who writes knows what he writes");
        let before = tombstones.missed(8);
        tombstones.forget_all();
        assert!(!tombstones.takes_fill(8, 9, before));
        assert!(tombstones.takes_fill(8, 9, tombstones.missed(8)));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Commit(u64),
        Announce(u64),
        Miss(u64),
        Load(usize),
        Fill(usize),
        ForgetAll,
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = 0_u64..6;
        prop_oneof![
            6 => key.clone().prop_map(Step::Commit),
            6 => key.clone().prop_map(Step::Announce),
            6 => key.prop_map(Step::Miss),
            5 => any::<usize>().prop_map(Step::Load),
            5 => any::<usize>().prop_map(Step::Fill),
            1 => Just(Step::ForgetAll),
        ]
    }

    proptest! {
        /// However few tombstones there are: no fill below a version that has been announced passes.
        #[test]
        fn no_fill_below_an_announced_write_passes(
            most in 1_usize..4,
            versions in any::<bool>(),
            steps in prop::collection::vec(step(), 0..300),
        ) {
            let mut tombstones = Tombstones::new(most);
            let mut heads = [0_u32; 6];
            let mut announced = [0_u32; 6];
            // (key, token, loaded version)
            let mut readers: Vec<(u64, u32, Option<u32>)> = Vec::new();
            for step in steps {
                match step {
                    Step::Commit(key) => heads[key as usize] += 1,
                    Step::Announce(key) => {
                        announced[key as usize] = heads[key as usize];
                        tombstones.written(key, versions.then_some(heads[key as usize]));
                    }
                    Step::Miss(key) => readers.push((key, tombstones.missed(key), None)),
                    Step::Load(which) if !readers.is_empty() => {
                        let at = which % readers.len();
                        let (key, _, loaded) = &mut readers[at];
                        loaded.get_or_insert(heads[*key as usize]);
                    }
                    Step::Fill(which) if !readers.is_empty() => {
                        let at = which % readers.len();
                        if let (key, token, Some(version)) = readers[at] {
                            readers.swap_remove(at);
                            let passes = tombstones.takes_fill(key, version, token);
                            prop_assert!(!passes || version >= announced[key as usize]);
                        }
                    }
                    Step::ForgetAll => tombstones.forget_all(),
                    _ => {}
                }
            }
        }
    }
}
