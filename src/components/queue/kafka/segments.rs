//! A log is kept in segments: files that are deleted as a whole (Kafka 3.9, UnifiedLog and LogSegment; broker configs `log.segment.bytes`,
//! `log.roll.ms`, `log.retention.ms`, `log.retention.check.interval.ms`).
//!
//! A record begins a new segment if the present one has no room for it, or its first record is too old. At each check the oldest segments go whose
//! newest record is older than the retention, as far as they are on all brokers in sync. If that is all of them, the last one goes, too.
//!
//! Idealised: a record is as old as its leader says that took it in (here there is one clock); only leaders look, and followers delete what their
//! leader has; what is deleted is gone at once (`log.segment.delete.delay.ms` keeps the files for a minute more, unread).

use crate::catalog::{Kind, Param, Preset, Settings};
use crate::kernel::{MILLISECOND, SECOND, Time};
use std::collections::VecDeque;

/// log.segment.bytes.
pub const SEGMENT: Param = Param {
    name: "segment",
    kind: Kind::Bytes,
    preset: Preset::Absent("1 GiB (log.segment.bytes)"),
    about: "kafka: a partition's log is kept, and deleted, in pieces of this size (of what messages carry)",
};

/// log.roll.ms.
pub const SEGMENT_AGE: Param = Param {
    name: "segment_age",
    kind: Kind::Duration,
    preset: Preset::Duration(168 * 3600 * SECOND),
    about: "kafka: a piece whose first message is older gets no more (7 days: log.roll.hours)",
};

/// log.retention.check.interval.ms.
pub const RETENTION_CHECK: Param = Param {
    name: "retention_check",
    kind: Kind::Duration,
    preset: Preset::Duration(300 * SECOND),
    about: "kafka: how often it looks for pieces whose newest message is older than `retention` (5 min: log.retention.check.interval.ms)",
};

const SEGMENT_BYTES: u64 = 1 << 30;

/// Milliseconds since the start, as timestamps are counted; more than 49 days are 49 days.
pub fn stamp(time: Time) -> u32 {
    u32::try_from(time / MILLISECOND).unwrap_or(u32::MAX)
}

/// When a segment is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full {
    /// It has no room for more bytes than these.
    pub bytes: u64,
    /// Its first record may be so old, in milliseconds.
    pub age_ms: u32,
}

impl Full {
    /// Of a queue.
    pub fn new(settings: &Settings) -> Self {
        Full {
            bytes: settings.bytes(SEGMENT.name).unwrap_or(SEGMENT_BYTES),
            age_ms: stamp(settings.duration(SEGMENT_AGE.name).expect("preset")),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Offset of its first record.
    start: u64,
    bytes: u64,
    /// Stamp of its first record.
    since: u32,
}

/// The segments of a log; each ends where the next one begins.
#[derive(Clone, Debug)]
pub struct Segments {
    full: Full,
    all: VecDeque<Segment>,
}

impl Segments {
    /// None yet.
    pub fn new(full: Full) -> Self {
        Segments { full, all: VecDeque::new() }
    }

    /// A record of this size is written at an offset.
    #[inline]
    pub fn append(&mut self, offset: u64, bytes: u32, stamp: u32) {
        let bytes = u64::from(bytes);
        match self.all.back_mut() {
            Some(last) if !Self::is_full(self.full, last, bytes, stamp) => last.bytes += bytes,
            _ => self.all.push_back(Segment { start: offset, bytes, since: stamp }),
        }
    }

    fn is_full(full: Full, last: &Segment, bytes: u64, stamp: u32) -> bool {
        last.bytes + bytes > full.bytes || stamp.saturating_sub(last.since) > full.age_ms
    }

    /// What stood from an offset on is struck out; `bytes` tells how large what is left from an offset on is.
    pub fn truncate(&mut self, offset: u64, bytes: impl Fn(u64) -> u64) {
        while self.all.back().is_some_and(|last| last.start >= offset) {
            self.all.pop_back();
        }
        if let Some(last) = self.all.back_mut() {
            last.bytes = bytes(last.start);
        }
    }

    /// The log begins at an offset now.
    pub fn trim(&mut self, offset: u64) {
        while self.all.get(1).is_some_and(|second| second.start <= offset) {
            self.all.pop_front();
        }
        if let Some(first) = self.all.front_mut() {
            first.start = first.start.max(offset);
        }
    }

    /// Nothing is left.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// Up to which offset the oldest segments reach, as far as they end at or before `most`, whose newest record is older than `before`. `end` is
    /// that of the log, `newest` tells the stamp of the record before an offset.
    pub fn expired(&self, before: u32, most: u64, end: u64, newest: impl Fn(u64) -> u32) -> Option<u64> {
        let ends = self.all.iter().skip(1).map(|next| next.start).chain([end]);
        let ends = ends.take(self.all.len());
        ends.take_while(|end| *end <= most && newest(*end) < before).last()
    }
}
