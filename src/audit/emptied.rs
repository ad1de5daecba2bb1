//! Rows of copies without a log that are not on all of them, since one was replaced by an empty machine, or missed a write and will not get it
//! any more: lost once no copy has them.
//!
//! Rows that are not here are on all copies, or owed to those that missed them.

use super::Audit;
use std::collections::BTreeMap;

/// For each such row who has what.
pub(super) type Emptied = BTreeMap<u64, Held>;

/// Which copies have a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Its newest version.
    newest: u32,
    /// The copies that have that, or are owed it, as bits.
    holders: u32,
    /// The newest version that any of the others has.
    rest: u32,
}

impl Audit {
    /// One of so many copies has lost these rows with its disk. Returns how many acknowledged writes that loses: those of rows that no
    /// copy has any more.
    pub fn empty_copy(&mut self, rows: &[u64], copy: u32, copies: u32) -> u64 {
        let mut lost = 0;
        for key in rows {
            self.copy_has(*key, 0, copy);
            lost += self.lacks(*key, 0, copy, copies);
        }
        lost
    }

    /// One of so many copies was owed these versions of a row by a router that has forgotten it; it may have got some all the same. Returns
    /// how many acknowledged writes that loses.
    pub fn forget_owed(&mut self, key: u64, (first, last): (u32, u32), copy: u32, copies: u32) -> u64 {
        let has = self.had_since(key, copy);
        let lacking = (first..=last).filter(|version| *version != has);
        let undurable: u64 = lacking.map(|version| self.lose_copy(key, version, copy)).sum();
        let is_newest = last == self.surviving_head(key) && has < last;
        undurable + if is_newest { self.lacks(key, has.max(first - 1), copy, copies) } else { 0 }
    }

    /// One of so many copies does not have the newest version of a row, but an older one.
    fn lacks(&mut self, key: u64, has: u32, copy: u32, copies: u32) -> u64 {
        let all = Held { newest: self.surviving_head(key), holders: (1 << copies) - 1, rest: 0 };
        let held = self.emptied.entry(key).or_insert(all);
        held.holders &= !(1 << copy);
        held.rest = held.rest.max(has);
        if held.holders > 0 {
            return 0;
        }
        let rest = held.rest;
        self.emptied.remove(&key);
        self.rollback(key, rest)
    }

    /// One of so many copies has a row in this version, perhaps again.
    #[inline]
    pub fn fill_copy(&mut self, key: u64, version: u32, copy: u32, copies: u32) {
        self.copy_has(key, version, copy);
        self.has_undurable(key, version, copy);
        if self.emptied.is_empty() {
            return;
        }
        let Some(held) = self.emptied.get_mut(&key) else { return };
        if version < held.newest {
            held.rest = held.rest.max(version);
            return;
        }
        held.holders |= 1 << copy;
        if held.holders == (1 << copies) - 1 {
            self.emptied.remove(&key);
        }
    }

    /// A new version of a row is on its way to all copies.
    #[inline]
    pub fn write_all(&mut self, key: u64) {
        if !self.emptied.is_empty() {
            self.emptied.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two acknowledged versions of rows 0 and 1.
    fn written() -> Audit {
        let mut audit = Audit::new(10);
        for key in [0, 1, 0, 1] {
            let version = audit.commit(key);
            audit.acknowledge(key, version, 1, 0);
        }
        audit
    }

    #[test]
    fn a_row_is_lost_with_its_last_copy() {
        let mut audit = written();
        assert_eq!([0, 1].map(|copy| audit.empty_copy(&[0, 1], copy, 3)), [0, 0]);
        audit.fill_copy(0, 2, 1, 3);
        audit.fill_copy(1, 1, 1, 3); // an older version is not what is missing
        assert_eq!(audit.empty_copy(&[0, 1], 2, 3), 1, "row 1: nobody has the newest; row 0: copy 1 has");
        assert_eq!((audit.surviving_head(0), audit.surviving_head(1)), (2, 1));
        assert_eq!(written().empty_copy(&[0], 0, 1), 2, "nobody has anything");
    }

    #[test]
    fn what_was_owed_and_is_forgotten_is_lost_with_the_copy_that_had_it() {
        for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
            let mut audit = written();
            let lost = order.map(|step| match step {
                2 => audit.empty_copy(&[0], 2, 3),
                copy => audit.forget_owed(0, (2, 2), copy, 3),
            });
            assert_eq!((lost.iter().sum::<u64>(), lost[2]), (1, 1), "the others have the version before");
            assert_eq!((audit.surviving_head(0), audit.surviving_head(1)), (1, 2));
        }
        let mut audit = written();
        audit.forget_owed(0, (1, 1), 0, 3); // it has had what came later
        assert!(audit.emptied.is_empty());
    }

    #[test]
    fn what_came_all_the_same_is_not_lost() {
        let mut audit = written();
        audit.begin_way(0);
        (0..2).for_each(|copy| audit.fill_copy(0, 2, copy, 2)); // and the answers were lost
        assert_eq!([0, 1].map(|copy| audit.forget_owed(0, (1, 2), copy, 2)), [0, 0]);
        assert!(audit.emptied.is_empty());
        audit.copy_has(0, 1, 0);
        assert_eq!([0, 1].map(|copy| audit.forget_owed(0, (1, 2), copy, 2)), [0, 0], "one has it");
        assert_eq!(audit.empty_copy(&[0], 1, 2), 1, "the other has 1");
    }

    #[test]
    fn what_disks_do_not_have_yet_is_lost_when_nobody_is_owed_it() {
        let mut audit = written();
        (1..=2).for_each(|version| audit.spread(0, version, 0b111));
        let owed = [1, 2].map(|copy| audit.forget_owed(0, (1, 2), copy, 3));
        assert_eq!(owed, [0, 0]);
        assert_eq!([2, 1].map(|version| audit.lose_copy(0, version, 0)), [1, 1]);
        assert_eq!(audit.surviving_head(0), 0);
    }

    #[test]
    fn what_all_have_again_or_get_anew_is_not_followed() {
        let mut audit = written();
        audit.empty_copy(&[0, 1], 0, 2);
        audit.fill_copy(0, 2, 0, 2);
        audit.commit(1);
        audit.write_all(1);
        assert!(audit.emptied.is_empty());
        assert_eq!(audit.empty_copy(&[0, 1], 1, 2), 0);
    }
}
