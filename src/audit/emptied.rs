//! Rows of copies without a log that are not on all of them, since one was replaced by an empty machine: lost once no copy has them any more.
//!
//! Rows that are not here are on all copies, or owed to those that missed them. (A router that dies forgets what it owes; that is not
//! followed here.)

use super::Audit;
use std::collections::BTreeMap;

/// For each such row its version and the copies that have it, as bits.
pub(super) type Emptied = BTreeMap<u64, (u32, u32)>;

impl Audit {
    /// One of so many copies has lost these rows with its disk. Returns how many acknowledged writes that loses: those of rows that no
    /// copy has any more.
    pub fn empty_copy(&mut self, rows: &[u64], copy: u32, copies: u32) -> u64 {
        let mut lost = 0;
        for key in rows {
            let newest = (self.surviving_head(*key), (1 << copies) - 1);
            let (_, holders) = self.emptied.entry(*key).or_insert(newest);
            *holders &= !(1 << copy);
            if *holders == 0 {
                self.emptied.remove(key);
                lost += self.rollback(*key, 0);
            }
        }
        lost
    }

    /// One of so many copies has a row in this version again.
    #[inline]
    pub fn fill_copy(&mut self, key: u64, version: u32, copy: u32, copies: u32) {
        if self.emptied.is_empty() {
            return;
        }
        let Some((newest, holders)) = self.emptied.get_mut(&key) else { return };
        if version >= *newest {
            *holders |= 1 << copy;
            if *holders == (1 << copies) - 1 {
                self.emptied.remove(&key);
            }
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
        assert_eq!(audit.empty_copy(&[0, 1], 2, 3), 2, "row 1: nobody has it; row 0: copy 1 has");
        assert_eq!((audit.surviving_head(0), audit.surviving_head(1)), (2, 0));
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
