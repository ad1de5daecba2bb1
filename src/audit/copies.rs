//! Writes that copies keep without a log of their own, and that their disks do not have yet: lost once none of them has them any more.

use super::Audit;
use std::collections::BTreeMap;

/// Row and version of such a write: the copies that have it or will get it, as bits.
pub(super) type Undurable = BTreeMap<(u64, u32), u32>;

impl Audit {
    /// A version is on its way to these copies, whose disks get it later. (A copy that misses it is owed it: it counts.)
    pub fn spread(&mut self, key: u64, version: u32, copies: u32) {
        self.undurable.insert((key, version), copies);
    }

    /// A copy has this version after all: one that nobody had promised any more.
    #[inline]
    pub(super) fn has_undurable(&mut self, key: u64, version: u32, copy: u32) {
        if self.undurable.is_empty() {
            return;
        }
        if let Some(copies) = self.undurable.get_mut(&(key, version)) {
            *copies |= 1 << copy;
        }
    }

    /// A copy's disk has this version: nothing takes it away, and what is older has been overwritten.
    pub fn keep_copy(&mut self, key: u64, version: u32) {
        while let Some((at, _)) = self.undurable.range((key, 0)..=(key, version)).next() {
            let at = *at;
            self.undurable.remove(&at);
        }
    }

    /// A copy has lost this version with its host, or never takes it since it has a newer one. Returns how many acknowledged
    /// writes that loses: those that no copy has, unless a newer one lives somewhere.
    pub fn lose_copy(&mut self, key: u64, version: u32, copy: u32) -> u64 {
        let Some(copies) = self.undurable.get_mut(&(key, version)) else { return 0 };
        *copies &= !(1 << copy);
        let mut lost = 0;
        while let Some((at, 0)) = self.undurable.range((key, 0)..=(key, u32::MAX)).next_back() {
            let at = *at;
            self.undurable.remove(&at);
            lost += self.rollback(key, at.1 - 1);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three versions of row 0 on copies 0 and 1.
    fn three() -> Audit {
        let mut audit = Audit::new(10);
        for time in 1..=3 {
            let version = audit.commit(0);
            audit.acknowledge(0, version, time, 0);
            audit.spread(0, version, 0b11);
        }
        audit
    }

    #[test]
    fn what_no_copy_has_is_lost() {
        let mut audit = three();
        let lost: u64 = [3, 2, 1].map(|version| audit.lose_copy(0, version, 0)).iter().sum();
        assert_eq!((lost, audit.surviving_head(0)), (0, 3), "the other copy has all");
        let lost = [1, 3, 2].map(|version| audit.lose_copy(0, version, 1));
        assert_eq!((lost, audit.surviving_head(0)), ([0, 1, 2], 0), "1 was overwritten as long as 2 lived");
        assert!(audit.undurable.is_empty());
    }

    #[test]
    fn what_a_disk_has_is_not_lost() {
        let mut audit = three();
        audit.keep_copy(0, 2);
        let lost: u64 = (0..2)
            .flat_map(|copy| [3, 2, 1].map(|version| (copy, version)))
            .map(|(copy, version)| audit.lose_copy(0, version, copy))
            .sum();
        assert_eq!((lost, audit.surviving_head(0)), (1, 2));
    }
}
