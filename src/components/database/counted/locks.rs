//! Locks on rows: writers of one row follow each other, each holding the row until its commit.

use crate::kernel::{Readings, Time};
use crate::stats::Histogram;
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// Rows that are being written, and who waits for them. As many as there are connections, so bounded by them.
#[derive(Clone, Debug)]
pub struct Locks {
    /// Statements waiting for each locked row, and since when. Never iterated; the hash is fixed.
    rows: HashMap<u64, VecDeque<(u32, Time)>, FixedState>,
    waited: u64,
    wait: Histogram,
}

impl Default for Locks {
    fn default() -> Self {
        let rows = HashMap::with_hasher(FixedState::with_seed(2));
        Locks { rows, waited: 0, wait: Histogram::new() }
    }
}

impl Locks {
    /// A statement wants to write a row: true if it may at once; else [`Locks::release`] will name it.
    pub fn acquire(&mut self, row: u64, statement: u32, now: Time) -> bool {
        match self.rows.get_mut(&row) {
            Some(line) => {
                line.push_back((statement, now));
                self.waited += 1;
                false
            }
            None => {
                self.rows.insert(row, VecDeque::new());
                true
            }
        }
    }

    /// The row is free; the statement that has it now, if one waited.
    pub fn release(&mut self, row: u64, now: Time) -> Option<u32> {
        let line = self.rows.get_mut(&row).expect("a writer holds its row");
        let next = line.pop_front();
        match next {
            Some((statement, since)) => {
                self.wait.record(now - since);
                Some(statement)
            }
            None => {
                self.rows.remove(&row);
                None
            }
        }
    }

    /// Everybody is gone (a crash).
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Tells how many writers had to wait, and how long.
    pub fn measure(&self, out: &mut Readings) {
        out.count("lock_waits", self.waited);
        out.histogram("lock_wait", &self.wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_of_one_row_follow_each_other() {
        let mut locks = Locks::default();
        assert!(locks.acquire(7, 1, 0));
        assert!(locks.acquire(8, 2, 0), "another row");
        assert!(!locks.acquire(7, 3, 5));
        assert!(!locks.acquire(7, 4, 6));
        assert_eq!(locks.release(7, 10), Some(3));
        assert_eq!(locks.release(7, 20), Some(4));
        assert_eq!(locks.release(7, 30), None);
        assert!(locks.acquire(7, 5, 31), "free again");
        assert_eq!(locks.waited, 2);
        assert_eq!(locks.wait.max().map(|longest| longest >= 14), Some(true));
    }
}
