//! What rows were a moment ago. A statement that reads sees what was committed when it began, and nothing that was committed while it ran
//! (PostgreSQL 15, 13.2.1 "Read Committed Isolation Level"; MySQL 8.0, "Consistent Nonlocking Reads"): who is slow to read brings back
//! what may be old by then.

use crate::kernel::Time;
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

#[derive(Clone, Copy, Debug)]
struct Change {
    at: Time,
    key: u64,
    /// The version that the row had before.
    before: u32,
}

/// The latest changes of rows, as many as statements under way may have to look back over.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The oldest first.
    changes: VecDeque<Change>,
    /// When each row that is among them changed last. Never iterated; the hash is fixed.
    last: HashMap<u64, Time, FixedState>,
    /// The longest that a read is known to take.
    longest: Time,
}

impl Past {
    /// A read will take so long. Said before it begins: what it may miss is kept from then on. (If it takes more than twice as long, since
    /// its machine is slow or stands still, it may see what was committed in the first part of it.)
    #[inline]
    pub fn expect(&mut self, length: Time) {
        if length > self.longest {
            self.longest = length;
        }
    }

    /// A row that was at this version until now changes.
    pub fn changes(&mut self, key: u64, before: u32, now: Time) {
        if self.longest == 0 {
            return; // nobody has read: what begins from now on sees this
        }
        let horizon = now.saturating_sub(self.longest.saturating_mul(2));
        while let Some(change) = self.changes.front().copied().filter(|change| change.at < horizon) {
            self.changes.pop_front();
            if self.last.get(&change.key) == Some(&change.at) {
                self.last.remove(&change.key);
            }
        }
        self.last.insert(key, now);
        self.changes.push_back(Change { at: now, key, before });
    }

    /// The rows are gone, and what they were.
    pub fn forget(&mut self) {
        self.changes.clear();
        self.last.clear();
    }

    /// The version of a row that a statement sees, which began at a time that is asked for only if the row has changed lately; the row is
    /// at `version` now.
    #[inline(always)]
    pub fn seen(&self, key: u64, version: u32, begun: impl Fn() -> Time) -> u32 {
        match self.last.contains_key(&key) {
            true => self.before(key, version, begun()),
            false => version,
        }
    }

    #[cold]
    fn before(&self, key: u64, version: u32, begun: Time) -> u32 {
        let since = self.changes.iter().rev().take_while(|change| change.at > begun);
        since.filter(|change| change.key == key).last().map_or(version, |change| change.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against all that ever was.
        #[test]
        fn a_statement_sees_what_was_there_when_it_began(
            steps in prop::collection::vec((0_u64..4, 1_u64..50, prop::bool::ANY, 0_u64..100), 1..200),
        ) {
            let (mut past, mut now) = (Past::default(), 0);
            past.expect(100);
            let mut all: Vec<Vec<(Time, u32)>> = vec![vec![(0, 0)]; 4];
            for (key, later, writes, length) in steps {
                now += later;
                let versions = &mut all[key as usize];
                let newest = versions.last().unwrap().1;
                if writes {
                    past.changes(key, newest, now);
                    versions.push((now, newest + 1));
                } else {
                    let begun = now.saturating_sub(length);
                    let wanted = versions.iter().rev().find(|(at, _)| *at <= begun).unwrap().1;
                    prop_assert_eq!(past.seen(key, newest, || begun), wanted);
                }
                prop_assert!(past.changes.len() <= 201 && past.last.len() <= past.changes.len());
            }
        }
    }
}
