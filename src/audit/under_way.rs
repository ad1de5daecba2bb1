//! Rows of copies without a log that are being written, or that a router still owes to some copy, and what copies have of them. A router may not know:
//! an answer can be lost, and a write that it gave up may come all the same. Of other rows all copies have everything.

use super::Audit;
use std::collections::BTreeMap;

/// Such rows.
pub(super) type UnderWay = BTreeMap<u64, Row>;

/// What is known of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Writes that have not ended, and copies that are owed some.
    reasons: u32,
    /// The version that each copy has, as far as one has come to it since; else 0.
    has: Vec<u32>,
}

impl Audit {
    /// A write of a row begins, or a copy is owed one.
    pub fn begin_way(&mut self, key: u64) {
        self.under_way.entry(key).or_default().reasons += 1;
    }

    /// A write of a row has ended, or a copy is not owed any more.
    pub fn end_way(&mut self, key: u64) {
        let Some(row) = self.under_way.get_mut(&key) else { return };
        row.reasons -= 1;
        if row.reasons == 0 {
            self.under_way.remove(&key);
        }
    }

    /// The router has forgotten all.
    pub fn end_all_ways(&mut self) {
        self.under_way.clear();
    }

    /// A copy has a row in this version now, be it newer or older than what it had.
    #[inline]
    pub fn copy_has(&mut self, key: u64, version: u32, copy: u32) {
        if self.under_way.is_empty() {
            return;
        }
        let Some(row) = self.under_way.get_mut(&key) else { return };
        let copy = copy as usize;
        row.has.resize(row.has.len().max(copy + 1), 0);
        row.has[copy] = version;
    }

    /// The version of such a row that has come to a copy since; 0 if none.
    pub(super) fn had_since(&self, key: u64, copy: u32) -> u32 {
        self.under_way.get(&key).and_then(|row| row.has.get(copy as usize)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_followed_until_its_last_reason_ends() {
        let mut audit = Audit::new(10);
        audit.copy_has(3, 1, 0);
        assert_eq!(audit.had_since(3, 0), 0, "nobody writes it");
        audit.begin_way(3);
        audit.begin_way(3);
        audit.copy_has(3, 2, 1);
        audit.end_way(3);
        assert_eq!([0, 1, 2].map(|copy| audit.had_since(3, copy)), [0, 2, 0]);
        audit.copy_has(3, 1, 1);
        assert_eq!(audit.had_since(3, 1), 1, "its host has lost one");
        audit.end_way(3);
        assert_eq!(audit.had_since(3, 1), 0);
        audit.end_way(3); // of a router that had died since
    }
}
