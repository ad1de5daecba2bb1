//! The log of a member: what was written, in order, with enough to take it back.

use crate::kernel::Time;
use std::collections::VecDeque;

/// One write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Which row.
    pub key: u64,
    /// Its version from now on; 0: an entry that writes nothing; [`ERASED`].
    pub version: u32,
    /// Its version before, once the entry has been applied here.
    pub previous: u32,
    /// The epoch whose primary wrote it.
    pub epoch: u32,
    /// When its primary wrote it, as logs tell (MySQL: original_commit_timestamp).
    pub written: Stamp,
}

/// A time in a word: tenths of a millisecond, which begin anew after five days.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stamp(pub u32);

impl Stamp {
    const TICK: Time = 100_000;

    /// Of this time.
    pub fn of(time: Time) -> Self {
        Stamp((time / Self::TICK) as u32)
    }

    /// The time that was stamped, to a tick, at most five days before `now`.
    pub fn time(self, now: Time) -> Time {
        let ticks = Self::of(now).0.wrapping_sub(self.0);
        (now / Self::TICK).saturating_sub(Time::from(ticks)) * Self::TICK
    }
}

/// Version of an entry that deletes its row: what has moved to another shard.
pub const ERASED: u32 = u32::MAX;

/// Version of an entry that brings a row which nobody has written yet, or whose writes are lost: what has moved here from another shard.
/// (Counted work only: elsewhere such rows take no room.)
pub const BORN: u32 = u32::MAX - 1;

impl Entry {
    /// What the row is afterwards: its version, 0 if it is gone. Nothing if the entry writes nothing.
    #[inline]
    pub fn row(&self) -> Option<u32> {
        match self.version {
            0 => None,
            ERASED | BORN => Some(0),
            version => Some(version),
        }
    }
}

/// Entries 1, 2, 3, ... of which the newest are kept.
#[derive(Clone, Debug)]
pub struct Log {
    /// Entries up to this one have been dropped.
    base: u32,
    /// Epoch of the last one dropped.
    base_epoch: u32,
    entries: VecDeque<Entry>,
    /// Most entries kept; who is further behind must be copied anew.
    kept: usize,
}

impl Log {
    /// An empty log that keeps so many entries.
    pub fn new(kept: usize) -> Self {
        Log { base: 0, base_epoch: 0, entries: VecDeque::new(), kept }
    }

    /// Number of the last entry; 0 if there is none.
    pub fn end(&self) -> u32 {
        self.base + self.entries.len() as u32
    }

    /// Number of the last entry that has been dropped.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// Adds an entry and gives its number. The oldest ones go if there are too many, up to entry `settled`: what does not show in the rows yet
    /// is needed, and what is not on disk yet may have to be taken back.
    pub fn push(&mut self, entry: Entry, settled: u32) -> u32 {
        self.trim(self.kept.saturating_sub(1), settled);
        self.entries.push_back(entry);
        self.end()
    }

    /// Drops the oldest entries that are more than `kept`, up to entry `settled`.
    pub fn trim(&mut self, kept: usize, settled: u32) {
        while self.entries.len() > kept
            && self.base < settled
            && let Some(dropped) = self.entries.pop_front()
        {
            self.base += 1;
            self.base_epoch = dropped.epoch;
        }
    }

    /// An entry that is kept.
    pub fn get(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index.checked_sub(self.base + 1)? as usize)
    }

    /// The same, to note what it replaced.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.entries.get_mut(index.checked_sub(self.base + 1)? as usize)
    }

    /// The epoch of an entry, as far back as it is known; entry 0 is of epoch 0.
    pub fn epoch_at(&self, index: u32) -> Option<u32> {
        if index == self.base {
            return Some(self.base_epoch);
        }
        self.get(index).map(|entry| entry.epoch)
    }

    /// The last entry of an epoch older than that of entry `index`: where two logs that differ there may still agree.
    pub fn before_epoch_of(&self, index: u32) -> u32 {
        let Some(epoch) = self.epoch_at(index) else { return self.base };
        let older = (self.base + 1..index).rev().find(|at| self.epoch_at(*at) != Some(epoch));
        older.unwrap_or(self.base)
    }

    /// The last entry up to `index` that is of this epoch or an older one; nothing if all that are kept are newer.
    pub fn last_of(&self, epoch: u32, index: u32) -> Option<u32> {
        let old_enough = |at: &u32| self.epoch_at(*at).is_some_and(|own| own <= epoch);
        (self.base..=index.min(self.end())).rev().find(old_enough)
    }

    /// Takes the last entry off.
    pub fn pop(&mut self) -> Option<Entry> {
        self.entries.pop_back()
    }

    /// Begins anew behind entry `base`, which was of `epoch`: the rows come as a copy.
    pub fn restart(&mut self, base: u32, epoch: u32) {
        self.entries.clear();
        (self.base, self.base_epoch) = (base, epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(epochs: &[u32], kept: usize) -> Log {
        let mut log = Log::new(kept);
        for epoch in epochs {
            let written = Stamp::default();
            log.push(Entry { key: 1, version: 1, previous: 0, epoch: *epoch, written }, u32::MAX);
        }
        log
    }

    #[test]
    fn a_stamp_tells_its_time_to_a_tick() {
        for (time, age) in
            [(0, 0), (1_234_567_890, 99_999), (1 << 50, 86_400_000_000_000), (5, 3_600_000_000_000)]
        {
            let told = Stamp::of(time).time(time + age);
            assert!(told <= time && time - told < 100_000, "{time} {age} {told}");
        }
    }

    #[test]
    fn old_entries_are_dropped_and_their_epoch_is_remembered() {
        let log = log(&[1, 1, 2, 2, 3], 3);
        assert_eq!((log.base(), log.end()), (2, 5));
        let epochs: Vec<Option<u32>> = (0..7).map(|at| log.epoch_at(at)).collect();
        assert_eq!(epochs, [None, None, Some(1), Some(2), Some(2), Some(3), None]);
    }

    #[test]
    fn two_logs_agree_at_most_before_the_epoch_in_which_they_differ() {
        let log = log(&[1, 1, 2, 2, 3], 10);
        assert_eq!((log.before_epoch_of(5), log.before_epoch_of(4), log.before_epoch_of(2)), (4, 2, 0));
        let newest = log.epoch_at(5).unwrap();
        assert_eq!(
            (log.last_of(newest, 9), log.last_of(newest - 1, 9), log.last_of(newest, 3)),
            (Some(5), Some(4), Some(3))
        );
    }
}
