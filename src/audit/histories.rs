//! Who belongs to which epoch: the order of the writes of a replicated log, and where each epoch cut it off.
//!
//! A log has one surviving history. The authority of the newest epoch appends to it; a new epoch begins at some entry, and
//! what the old authority had committed beyond is lost. An authority that does not know that it was deposed goes on
//! committing: such writes have versions of their own and are lost at once (split brain: both sides keep their
//! numbers, the loser's writes count as lost when their clients were told of them).
//!
//! Bound: [`ENTRIES_MAX`] entries per log behind the position that all members have confirmed; beyond it the oldest are
//! forgotten, and a failover that goes back further loses them uncounted.

use super::Audit;
use std::collections::VecDeque;

/// Entries per log that are kept until all members have them (16 bytes each: 256 MiB at most).
const ENTRIES_MAX: usize = 1 << 24;

/// One log: its epoch and the entries that not all members have confirmed yet.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    epoch: u32,
    /// Entries up to this one are everywhere, or forgotten.
    base: u32,
    tail: VecDeque<Committed>,
}

/// Key, version and epoch of an entry: 16 bytes. (Of a [`COPY`]: the version before.)
type Committed = (u64, u32, u32);

/// In the epoch of an entry that is a copy: what was written elsewhere. Its number is the version that the row had before, to which it
/// falls back.
const COPY: u32 = 1 << 31;
/// In the epoch of an entry whose row is at home in another log: what becomes of it here loses nothing.
const ELSEWHERE: u32 = 1 << 30;

impl History {
    fn end(&self) -> u32 {
        self.base + self.tail.len() as u32
    }
}

impl Audit {
    fn history(&mut self, log: u32) -> &mut History {
        let index = log as usize;
        if index >= self.histories.len() {
            self.histories.resize_with(index + 1, History::default);
        }
        &mut self.histories[index]
    }

    /// The authority of `epoch` commits a write as entry `index` of its log (1, 2, 3, ...). Returns the version. A write of a
    /// deposed authority gets a version too, and is lost at once.
    pub fn commit_entry(&mut self, log: u32, epoch: u32, index: u32, key: u64) -> u32 {
        let version = self.commit(key);
        self.append_entry(log, epoch, index, key, version);
        version
    }

    /// The same for a version that exists already (written in a cache, now stored), or for an entry without a write (0).
    pub fn append_entry(&mut self, log: u32, epoch: u32, index: u32, key: u64, version: u32) {
        let history = self.history(log);
        if epoch < history.epoch {
            if version > 0 && version == self.head(key) {
                self.rollback(key, version - 1);
            }
            return;
        }
        history.epoch = epoch;
        debug_assert_eq!(index, history.end() + 1, "entries of a log are committed in order");
        history.tail.push_back((key, version, epoch));
        if history.tail.len() > ENTRIES_MAX {
            history.tail.pop_front();
            history.base += 1;
        }
    }

    /// A copy of a row that is at home in another log; here it was at version `before`. Losing the copy loses nothing, unless the row moves
    /// here ([`rehome`](Self::rehome)).
    pub fn copy_entry(&mut self, log: u32, epoch: u32, index: u32, key: u64, before: u32) {
        self.append_entry(log, epoch, index, key, 0);
        let history = self.history(log);
        if epoch == history.epoch
            && let Some(last) = history.tail.back_mut()
        {
            *last = (key, before, epoch | COPY | ELSEWHERE);
        }
    }

    /// Rows have moved among these logs: from now on the log `home` of a row answers for it, and no other of them.
    pub fn rehome(&mut self, logs: &[u32], home: impl Fn(u64) -> u32) {
        for log in logs.iter().copied() {
            for (key, _, epoch) in &mut self.history(log).tail {
                *epoch = if home(*key) == log { *epoch & !ELSEWHERE } else { *epoch | ELSEWHERE };
            }
        }
    }

    /// A new authority begins `epoch` with the first `start` entries of the log: all later ones are gone. Returns how many
    /// acknowledged writes that loses.
    pub fn begin_epoch(&mut self, log: u32, epoch: u32, start: u32) -> u64 {
        let history = self.history(log);
        if epoch < history.epoch {
            return 0; // it hung while it was promoted, and another was meanwhile: what it commits is lost at once
        }
        debug_assert!(epoch > history.epoch, "an epoch begins once");
        history.epoch = epoch;
        let keep = start.saturating_sub(history.base) as usize;
        let lost = history.tail.split_off(keep.min(history.tail.len()));
        let roll = |(key, version, epoch): &Committed| match (epoch & ELSEWHERE, epoch & COPY, version) {
            (0, COPY, before) => self.rollback(*key, *before),
            // One by one: later versions may be of other logs (rows that are split among them), or still in a cache.
            (0, _, 1..) => self.undo(*key, *version),
            _ => 0,
        };
        lost.iter().rev().map(roll).sum()
    }

    /// A majority keeps entry `index`, which was written in `epoch`: that cannot be undone. Whoever is first to know it commits it with
    /// `version_of`; all who apply it later get the same version. (Of an entry forgotten by the bound above: the newest one.)
    ///
    /// # Panics
    /// If two members take different entries for number `index`: what elections exist to prevent.
    pub fn settle_entry(
        &mut self,
        log: u32,
        epoch: u32,
        index: u32,
        key: u64,
        version_of: impl FnOnce(&mut Audit) -> u32,
    ) -> u32 {
        let history = self.history(log);
        if index <= history.base {
            return self.surviving_head(key);
        }
        if index <= history.end() {
            let (known_key, version, known_epoch) = history.tail[(index - history.base - 1) as usize];
            assert_eq!((known_key, known_epoch), (key, epoch), "entry {index} of log {log} is not one entry");
            return version;
        }
        assert_eq!(index, history.end() + 1, "entries of a log are committed in order");
        let version = version_of(self);
        let history = self.history(log);
        history.epoch = history.epoch.max(epoch);
        history.tail.push_back((key, version, epoch));
        if history.tail.len() > ENTRIES_MAX {
            history.tail.pop_front();
            history.base += 1;
        }
        version
    }

    /// Every member has the first `confirmed` entries: no epoch can begin before them any more.
    pub fn confirm_entries(&mut self, log: u32, epoch: u32, confirmed: u32) {
        let history = self.history(log);
        if epoch == history.epoch && confirmed > history.base {
            let settled = (confirmed - history.base).min(history.tail.len() as u32);
            history.tail.drain(..settled as usize);
            history.base += settled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten acknowledged writes to two keys, entries 1 to 10 of log 3.
    fn ten() -> Audit {
        let mut audit = Audit::new(10);
        for index in 1..=10 {
            let key = u64::from(index % 2);
            let version = audit.commit_entry(3, 1, index, key);
            audit.acknowledge(key, version, u64::from(index), 0);
        }
        audit
    }

    #[test]
    fn who_is_promoted_too_late_begins_nothing() {
        let mut audit = ten();
        audit.begin_epoch(3, 3, 10);
        assert_eq!(audit.begin_epoch(3, 2, 5), 0);
        let late = audit.commit_entry(3, 2, 6, 0);
        assert!(!audit.survives(0, late), "of an epoch that is over");
        let version = audit.commit_entry(3, 3, 11, 0);
        assert!(audit.survives(0, version));
    }

    #[test]
    fn a_new_epoch_loses_exactly_the_tail() {
        let mut audit = ten();
        assert_eq!(audit.begin_epoch(3, 2, 7), 3);
        assert_eq!((audit.surviving_head(0), audit.surviving_head(1)), (3, 4));
        assert_eq!(audit.commit_entry(3, 2, 8, 0), 6, "numbers are not used twice");
        assert_eq!(audit.report().lost_writes_count, 3);
    }

    #[test]
    fn a_deposed_authority_loses_what_it_goes_on_committing() {
        let mut audit = ten();
        audit.begin_epoch(3, 2, 10);
        let loser = audit.commit_entry(3, 1, 11, 0);
        let winner = audit.commit_entry(3, 2, 11, 0);
        audit.acknowledge(0, loser, 50, 0);
        audit.acknowledge(0, winner, 51, 0);
        assert_eq!((audit.report().lost_writes_count, audit.floor(0)), (1, winner));
        assert!(!audit.survives(0, loser) && audit.survives(0, winner));
    }

    #[test]
    fn what_all_have_confirmed_is_forgotten_and_stays() {
        let mut audit = ten();
        audit.confirm_entries(3, 1, 6);
        assert_eq!((audit.histories[3].base, audit.histories[3].tail.len()), (6, 4));
        assert_eq!(audit.begin_epoch(3, 2, 8), 2);
        audit.confirm_entries(3, 1, 8);
        assert_eq!(audit.histories[3].base, 6, "the deposed have no say");
    }

    #[test]
    fn what_a_majority_keeps_has_one_version_whoever_applies_it() {
        let mut audit = Audit::new(10);
        let first = audit.settle_entry(3, 1, 1, 7, |audit| audit.commit(7));
        let again = audit.settle_entry(3, 1, 1, 7, |_| panic!("it is committed already"));
        assert_eq!((first, again, audit.head(7)), (1, 1, 1));
    }

    #[test]
    #[should_panic(expected = "is not one entry")]
    fn two_members_that_apply_different_entries_are_found_out() {
        let mut audit = Audit::new(10);
        audit.settle_entry(3, 1, 1, 7, |audit| audit.commit(7));
        audit.settle_entry(3, 2, 1, 7, |audit| audit.commit(7));
    }

    /// Rows 0 and 1 are copied to log 4; row 1 moves there.
    #[test]
    fn what_has_moved_is_lost_where_it_is_at_home() {
        let mut audit = ten();
        audit.copy_entry(4, 1, 1, 0, 0);
        audit.copy_entry(4, 1, 2, 1, 0);
        let mut early = audit.clone();
        assert_eq!(early.begin_epoch(4, 2, 0), 0, "both are still in log 3");
        audit.rehome(&[3, 4], |key| if key == 1 { 4 } else { 3 });
        let mut other = audit.clone();
        assert_eq!(audit.begin_epoch(3, 2, 7), 2, "entries 8 and 10 of row 0; entry 9 is of row 1");
        assert_eq!((audit.surviving_head(0), audit.surviving_head(1)), (3, 5));
        assert_eq!(other.begin_epoch(4, 2, 1), 5, "all that was written to row 1");
        assert_eq!((other.surviving_head(0), other.surviving_head(1)), (5, 0));
        other.rehome(&[3, 4], |_| 3);
        assert_eq!(other.begin_epoch(3, 2, 0), 5, "what is lost is not lost twice");
    }

    /// A row that is split: its writes go to either log.
    #[test]
    fn what_another_log_has_of_a_row_is_not_lost() {
        let mut audit = Audit::new(10);
        for index in 1..=10 {
            for log in [3, 4] {
                let version = audit.commit_entry(log, 1, index, 7);
                audit.acknowledge(7, version, u64::from(index), 0);
            }
        }
        assert_eq!(audit.begin_epoch(3, 2, 8), 2);
        assert_eq!((audit.surviving_head(7), audit.floor(7), audit.survives(7, 19)), (20, 20, false));
        assert_eq!(audit.begin_epoch(4, 2, 9), 1);
        assert_eq!((audit.surviving_head(7), audit.floor(7)), (18, 18));
    }

    #[test]
    fn logs_are_apart() {
        let mut audit = ten();
        let version = audit.commit_entry(5, 1, 1, 7);
        audit.acknowledge(7, version, 1, 0);
        assert_eq!(audit.begin_epoch(3, 2, 0), 10);
        assert!(audit.survives(7, version));
    }
}
