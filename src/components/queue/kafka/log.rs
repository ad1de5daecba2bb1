//! The log of a partition as one broker has it.

use super::super::message::Message;
use super::segments::{Full, Segments};
use crate::kernel::prefetch::prefetch;
use crate::kernel::{CallId, Time};
use crate::random::mix::mix64;
use std::collections::VecDeque;

/// One record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The message.
    pub message: Message,
    /// Epoch of the leader that took it in.
    pub epoch: u32,
    /// When it was written here.
    pub at: Time,
    /// When its leader took it in (see [`stamp`](super::segments::stamp)); copies keep it.
    pub stamp: u32,
    /// Which sending of the message brought it (see [`sending`]).
    pub sending: u16,
}

/// What tells the sendings of one message apart: a server sends it anew for each call that it serves, and whatever it then sends again by itself is
/// the same sending. (16 bits of a hash: of the few sendings of a message two are alike once in 65,536 times.) A client's is one, 0.
pub fn sending(parent: CallId) -> u16 {
    if parent.is_none() { 0 } else { (mix64(parent.to_bits()) >> 48) as u16 }
}

/// Records with consecutive offsets.
#[derive(Clone, Debug)]
pub struct Log {
    entries: VecDeque<Entry>,
    start: u64,
    segments: Segments,
}

impl Log {
    /// An empty log.
    pub fn new(full: Full) -> Self {
        Log { entries: VecDeque::new(), start: 0, segments: Segments::new(full) }
    }

    /// Offset of the first record.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Offset of the next record.
    #[inline]
    pub fn end(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    /// Epoch of the last record; 0 if there is none.
    pub fn last_epoch(&self) -> u32 {
        self.entries.back().map_or(0, |entry| entry.epoch)
    }

    /// Writes a record and returns its offset.
    #[inline]
    pub fn append(&mut self, entry: Entry) -> u64 {
        let offset = self.end();
        self.segments.append(offset, entry.message.bytes, entry.stamp);
        self.entries.push_back(entry);
        // Between two records of this log others are written to all the other logs.
        let (whole, wrapped) = self.entries.as_slices();
        let newest = if wrapped.is_empty() { whole } else { wrapped };
        prefetch(newest, newest.len());
        offset
    }

    /// The records from an offset on.
    pub fn from(&self, offset: u64) -> impl Iterator<Item = &Entry> {
        self.entries.range(self.index(offset)..)
    }

    fn index(&self, offset: u64) -> usize {
        (offset.saturating_sub(self.start) as usize).min(self.entries.len())
    }

    /// Where the records of an epoch and of those before it end.
    pub fn end_of_epoch(&self, epoch: u32) -> u64 {
        self.start + self.entries.partition_point(|entry| entry.epoch <= epoch) as u64
    }

    /// Epoch of the record before an offset, if it is there.
    fn epoch_before(&self, offset: u64) -> Option<u32> {
        let index = offset.checked_sub(self.start + 1)?;
        self.entries.get(index as usize).map(|entry| entry.epoch)
    }

    /// Whether a record with this offset, written in an epoch with this low byte, is here. (What was deleted here has left the log then; what
    /// else was written before the start, by a leader that had not heard of it, never was here.)
    pub fn has(&self, offset: u64, epoch: u8) -> bool {
        self.epoch_before(offset + 1).is_some_and(|own| own as u8 == epoch)
    }

    /// Where the log of a consumer that goes on from an offset, after a record of an epoch with this low byte, is no more the same as this one: behind
    /// what was written up to that epoch. `None` if it is the same as far as can be told.
    pub fn parts_from(&self, offset: u64, epoch: u8) -> Option<u64> {
        if epoch == 0 || offset <= self.start || self.has(offset - 1, epoch) {
            return None;
        }
        let last = self.last_epoch();
        let full = last.wrapping_sub(u32::from((last as u8).wrapping_sub(epoch)));
        Some(self.end_of_epoch(full).min(offset))
    }

    /// `None` if a follower that ends at `offset` with a record of `epoch` has the same records. Else what it is to do (KIP-101, KIP-279:
    /// truncation by leader epochs): to strike out what is behind that offset, and behind the epoch that ends there. If it is so old
    /// that nothing fits on, it begins anew at the offset.
    pub fn disagrees(&self, offset: u64, epoch: u32) -> Option<(u64, u32)> {
        if offset < self.start {
            return Some((self.start, u32::MAX));
        }
        let same = |own| epoch == 0 || own == epoch;
        if offset <= self.end() && self.epoch_before(offset).is_none_or(same) {
            return None;
        }
        let agreed = if epoch == 0 { self.end() } else { self.end_of_epoch(epoch).min(offset) };
        Some((agreed, self.epoch_before(agreed).unwrap_or(0)))
    }

    /// Strikes out the records from an offset on.
    pub fn truncate(&mut self, offset: u64) -> Vec<Entry> {
        let struck = self.entries.split_off(self.index(offset));
        if !struck.is_empty() {
            let (entries, first) = (&self.entries, self.start);
            let bytes = |entry: &Entry| u64::from(entry.message.bytes);
            self.segments.truncate(offset, |from| entries.range((from - first) as usize..).map(bytes).sum());
        }
        struck.into()
    }

    /// Forgets everything and begins anew at an offset.
    pub fn restart(&mut self, offset: u64) {
        self.entries.clear();
        self.segments.clear();
        self.start = offset;
    }

    /// Deletes the records before an offset.
    pub fn trim(&mut self, offset: u64) -> Vec<Entry> {
        let gone: Vec<Entry> = self.entries.drain(..self.index(offset)).collect();
        self.start += gone.len() as u64;
        self.segments.trim(self.start);
        if self.entries.is_empty() {
            self.segments.clear();
        }
        gone
    }

    /// Up to where whole segments are older than a stamp, and before the high watermark.
    pub fn expired(&self, before: u32, high_watermark: u64) -> u64 {
        let newest = |end: u64| self.entries[(end - 1 - self.start) as usize].stamp;
        self.segments.expired(before, high_watermark, self.end(), newest).unwrap_or(self.start)
    }

    /// Offset of the first record written after a time.
    pub fn after(&self, time: Time) -> u64 {
        self.start + self.entries.partition_point(|entry| entry.at <= time) as u64
    }

    /// Whether a message was written since a time by this sending of it; newest first, for a producer that tries again.
    pub fn find_since(&self, (id, sending): (u32, u16), time: Time) -> Option<u64> {
        let recent = self.entries.iter().rev().take_while(|entry| entry.at >= time);
        let back =
            recent.map(|entry| (entry.message.id, entry.sending)).position(|other| other == (id, sending))?;
        Some(self.end() - 1 - back as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Full = Full { bytes: 100, age_ms: 10 };

    fn log(epochs: &[u32]) -> Log {
        let mut log = Log::new(FULL);
        for (id, epoch) in (1..).zip(epochs) {
            let message = Message { id, key: 0, bytes: 0 };
            log.append(Entry { message, epoch: *epoch, at: u64::from(id), stamp: 0, sending: 0 });
        }
        log
    }

    #[test]
    fn offsets_survive_trimming() {
        let mut log = log(&[1; 5]);
        assert_eq!(log.trim(2).len(), 2);
        assert_eq!((log.start(), log.end()), (2, 5));
        assert_eq!(log.from(3).map(|entry| entry.message.id).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(log.truncate(4).len(), 1);
        assert_eq!((log.end(), log.after(3)), (4, 3));
    }

    #[test]
    fn a_follower_is_cut_where_the_epochs_part() {
        let leader = log(&[1, 1, 3, 3]);
        assert_eq!(leader.end_of_epoch(2), 2);
        assert_eq!(leader.disagrees(2, 1), None);
        assert_eq!(leader.disagrees(4, 3), None);
        assert_eq!(leader.disagrees(3, 1), Some((2, 1)), "it has more of epoch 1 than the leader ever had");
        assert_eq!(leader.disagrees(5, 2), Some((2, 1)), "an epoch that the leader never heard of");
        assert_eq!(leader.disagrees(2, 4), Some((2, 1)), "as many records, but others");
        assert_eq!(leader.disagrees(9, 3), Some((4, 3)));
        assert_eq!(
            (leader.disagrees(3, 0), leader.disagrees(9, 0)),
            (None, Some((4, 3))),
            "it has deleted all"
        );
        assert!(leader.has(1, 1) && !leader.has(1, 2) && leader.has(2, 3) && !leader.has(4, 3));
    }

    #[test]
    fn a_reader_of_what_was_struck_out_goes_on_where_the_logs_part() {
        let mut log = log(&[255, 255, 256, 257, 257]);
        assert_eq!(
            [(2, 255), (5, 1), (3, 0), (0, 9)].map(|(offset, epoch)| log.parts_from(offset, epoch)),
            [None; 4]
        );
        assert_eq!(log.parts_from(4, 255), Some(2), "two more of epoch 255 that are gone");
        assert_eq!(log.parts_from(9, 1), Some(5), "it is shorter");
        log.trim(3);
        assert_eq!((log.parts_from(3, 255), log.parts_from(4, 255)), (None, Some(3)));
    }

    #[test]
    fn a_follower_behind_the_start_begins_there() {
        let mut leader = log(&[1; 5]);
        leader.trim(3);
        assert_eq!(leader.disagrees(2, 1), Some((3, u32::MAX)));
        assert_eq!(leader.disagrees(3, 7), None, "nothing before it can be compared, or matters");
        assert!(!leader.has(0, 9) && !leader.has(0, 1) && leader.has(3, 1));
    }

    #[test]
    fn a_repeated_message_is_found_among_the_recent_ones() {
        let log = log(&[1; 5]);
        assert_eq!(log.find_since((4, 0), 3), Some(3));
        assert_eq!(log.find_since((2, 0), 3), None);
        assert_eq!(log.find_since((4, 1), 3), None, "another sending of it");
    }
    proptest::proptest! {
        /// Against a list of records with their offsets.
        #[test]
        fn it_does_what_a_plain_list_does(steps in proptest::collection::vec((0..6u8, 0..12u64), 1..200)) {
            let mut log = Log::new(FULL);
            let mut list: Vec<(u64, Entry)> = Vec::new();
            let (mut end, mut epoch) = (0u64, 1u32);
            for (now, (what, number)) in (1u64..).zip(steps) {
                let start = list.first().map_or(end, |(offset, _)| *offset);
                let offset = start + number.min(end - start);
                match what {
                    0 | 1 => {
                        let message = Message { id: now as u32, key: number, bytes: 7 * number as u32 };
                        let entry = Entry { message, epoch, at: now, stamp: now as u32, sending: 0 };
                        proptest::prop_assert_eq!(log.append(entry), end);
                        list.push((end, entry));
                        end += 1;
                    }
                    2 => epoch += 1,
                    3 => {
                        let gone: Vec<Entry> = list.iter().filter(|row| row.0 >= offset).map(|row| row.1).collect();
                        list.retain(|row| row.0 < offset);
                        end = offset;
                        proptest::prop_assert_eq!(log.truncate(offset), gone);
                    }
                    4 => {
                        let gone: Vec<Entry> = list.iter().filter(|row| row.0 < offset).map(|row| row.1).collect();
                        list.retain(|row| row.0 >= offset);
                        proptest::prop_assert_eq!(log.trim(offset), gone);
                    }
                    _ if number == 0 => {
                        end += 3;
                        list.clear();
                        log.restart(end);
                    }
                    _ => {}
                }
                let from: Vec<Entry> = list.iter().filter(|row| row.0 >= offset).map(|row| row.1).collect();
                proptest::prop_assert_eq!(log.from(offset).copied().collect::<Vec<_>>(), from);
                let first = |wanted: &dyn Fn(&Entry) -> bool| {
                    list.iter().find(|row| wanted(&row.1)).map_or(end, |row| row.0)
                };
                let (asked, time) = (epoch.saturating_sub(number as u32 % 3), now.saturating_sub(number));
                proptest::prop_assert_eq!(log.end_of_epoch(asked), first(&|entry| entry.epoch > asked));
                proptest::prop_assert_eq!(log.after(time), first(&|entry| entry.at > time));
                let known = list.iter().find(|row| u64::from(row.1.message.id) == time).map(|row| row.0);
                proptest::prop_assert_eq!(log.find_since((time as u32, 0), time), known);
                proptest::prop_assert_eq!(log.end(), end);
            }
        }

        /// Against a list that knows of each record whether it begins a segment.
        #[test]
        fn whole_segments_expire(steps in proptest::collection::vec((0..7u8, 0..12u64), 1..200)) {
            let mut log = Log::new(FULL);
            // Offset, stamp, and of its segment: since when it is there, how large it is with this record, its number.
            let mut list: Vec<(u64, u32, u32, u64, u32)> = Vec::new();
            let (mut end, mut now, mut segments) = (0u64, 0u32, 0);
            for (what, number) in steps {
                let start = list.first().map_or(end, |row| row.0);
                let offset = start + number.min(end - start);
                match what {
                    0..3 => {
                        let bytes = 7 * number;
                        let fits = |row: &&(u64, u32, u32, u64, u32)| {
                            row.3 + bytes <= FULL.bytes && now - row.2 <= FULL.age_ms
                        };
                        let last = list.last().filter(fits).copied();
                        segments += u32::from(last.is_none());
                        let (since, before, segment) =
                            last.map_or((now, 0, segments), |row| (row.2, row.3, row.4));
                        list.push((end, now, since, before + bytes, segment));
                        let message = Message { id: 1, key: 0, bytes: bytes as u32 };
                        log.append(Entry { message, epoch: 1, at: 0, stamp: now, sending: 0 });
                        end += 1;
                    }
                    3 => now += number as u32,
                    4 if number > 9 => {
                        log.truncate(offset);
                        list.retain(|row| row.0 < offset);
                        end = offset;
                    }
                    _ => {
                        let before = now.saturating_sub(number as u32);
                        let most = end.saturating_sub(u64::from(what == 5));
                        let is_last = |at: usize| list.get(at + 1).is_none_or(|next| next.4 != list[at].4);
                        let ends = (0..list.len()).filter(|at| is_last(*at));
                        let old = ends.take_while(|at| list[*at].0 < most && list[*at].1 < before).last();
                        let expected = old.map_or(start, |at| list[at].0 + 1);
                        proptest::prop_assert_eq!(log.expired(before, most), expected);
                        log.trim(expected);
                        list.retain(|row| row.0 >= expected);
                    }
                }
                proptest::prop_assert_eq!((log.start(), log.end()), (list.first().map_or(end, |row| row.0), end));
            }
        }
    }
}
