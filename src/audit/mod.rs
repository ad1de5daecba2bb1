//! The truth: which write each read should have seen, and which acknowledged writes are gone.
//!
//! # Model
//!
//! Keys are dense numbers `0..n`. The *authority* of a key (the database primary; the cache, for write-back) commits
//! writes to it; a write's *version* is its commit position, 1, 2, 3, ...; version 0 is the initial value. A version
//! number is never reused, so it names one write for ever. Four facts are kept of a version: committed, durable (survives
//! a crash of the authority; a prefix, as in a log, so a durable commit makes everything before it durable),
//! acknowledged (its client has the answer), lost (rolled back).
//!
//! * **Lost write**: acknowledged and absent from the surviving history, even if it would have been overwritten later.
//!   Counted when both have happened, whichever comes second.
//! * **Floor**: the newest version that is acknowledged and survives. A read stores it when it begins. After a rollback
//!   the floor falls back to the newest *surviving acknowledged* version; it rises again with the next acknowledgement.
//! * **Stale read**: it returns an older version than the floor it began with. If that floor was lost while the read was
//!   under way, the newest surviving version below it that is acknowledged when the read ends takes its place: nobody
//!   is blamed for not returning what no longer exists. (A version below the lost floor whose answer arrived while the
//!   read was under way thereby counts as earlier; the read does not carry enough to tell.)
//! * A read that returns a *lost* version (a cache may still hold it) is judged by its number like any other: it is stale
//!   as soon as a newer surviving version was acknowledged before the read began.
//! * **Age** of a stale read: the time since the first newer surviving version was acknowledged, which need not be the
//!   next version. Each key keeps its last four acknowledgements; beyond them the oldest kept time gives a lower bound.
//! * **Read your writes**: violated if the session had, before the read began (its version is not above the floor), the
//!   acknowledgement of a newer surviving version. Such a read is always stale too.
//! * **Monotonic reads**: violated if an earlier read of the session, in the order they finish, returned a newer version
//!   that survives.
//!
//! # Split brain
//!
//! A replicated log has epochs ([`Audit::commit_entry`], [`Audit::begin_epoch`]). When a replica is promoted with the first n
//! entries, the later ones are rolled back: what the deposed primary had not shipped is lost. If the deposed primary, not
//! knowing, goes on to commit (a later write of the loser's epoch), that write takes a number and is rolled back at once, to
//! the number before it. Exactly that version is then lost; the winner's versions on both sides stand; its
//! acknowledgement, when it comes, counts as a lost write and does not raise the floor.
//!
//! # Bounds
//!
//! Eight bytes per key, at most [`KEYS_MAX`] keys (others are only counted). A written key has a record of 80 bytes, plus
//! eight per write that was never answered and per rollback. From the first stale read on keys keep more times, 64 MiB
//! in all (`older.rs`). Session memory: [`SESSION_ENTRIES_MAX`]. Versions end at
//! 2^32 - 2, where further commits share the last number.

mod copies;
mod emptied;
mod histories;
pub mod messages;
mod older;
mod reads;
mod record;
mod report;
mod runs;
mod sessions;
mod under_way;
mod writes;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_test;

pub use messages::{MessageReport, Messages};
pub use report::{AuditReport, ReadCheck};

use record::Record;
use sessions::Sessions;

/// Keys at or beyond this number are not audited, only counted: a stray key must not take all memory (2 GiB here).
pub const KEYS_MAX: u64 = 1 << 28;

/// How many pairs of session and key are followed by default, and as many older versions of them: 7/8 of 2^22, where
/// the hash table would double. Full, it takes about 105 MB, the older versions 34 MB.
pub const SESSION_ENTRIES_MAX: usize = 3_670_016;

/// One less than the type holds, so that "the version after" never overflows.
const VERSION_MAX: u32 = u32::MAX - 1;

/// In the dense array: the newest surviving acknowledged version of the key.
const FLOOR: usize = 0;
/// In the dense array: the index of the key's record plus one, 0 for a key never written.
const RECORD: usize = 1;

/// The ground truth about every key of one simulation. A fork of a simulation clones it.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Arrays of integers, not structs: the allocator hands them out zeroed without touching a page.
    keys: Vec<[u32; 2]>,
    records: Vec<Record>,
    /// More acknowledgements of keys that are read far behind.
    older: older::Older,
    sessions: Sessions,
    counts: AuditReport,
    messages: Messages,
    /// One per replicated log, by its number.
    histories: Vec<histories::History>,
    /// Of copies without a log: what their disks do not have yet.
    undurable: copies::Undurable,
    /// Of copies that were replaced: rows that not all of them have.
    emptied: emptied::Emptied,
    /// Rows that are being written or owed, of copies without a log.
    under_way: under_way::UnderWay,
}

impl Audit {
    /// An audit of keys `0..keys`, none of them written; it grows by doubling when a key beyond is written.
    pub fn new(keys: u64) -> Self {
        Self::with_session_entries_max(keys, SESSION_ENTRIES_MAX)
    }

    /// The same with another bound on the session memory: at most `entries_max` pairs of session and key, and as many
    /// older versions. Beyond it, [`AuditReport::untracked_count`] counts.
    pub fn with_session_entries_max(keys: u64, entries_max: usize) -> Self {
        Self {
            keys: vec![[0, 0]; keys.min(KEYS_MAX) as usize],
            records: Vec::new(),
            older: older::Older::default(),
            sessions: Sessions::new(entries_max),
            counts: AuditReport::new(0),
            messages: Messages::default(),
            histories: Vec::new(),
            undurable: copies::Undurable::new(),
            emptied: emptied::Emptied::new(),
            under_way: under_way::UnderWay::new(),
        }
    }

    /// What a question about this key will look at: a list, and where in it. For who can have it fetched before.
    #[inline]
    pub fn looks_at(&self, key: u64) -> (&[[u32; 2]], usize) {
        (&self.keys, usize::try_from(key).unwrap_or(usize::MAX))
    }

    /// The newest version of the key that is acknowledged and survives: a read stores this when it begins.
    #[inline]
    pub fn floor(&self, key: u64) -> u32 {
        self.entry(key)[FLOOR]
    }

    /// The newest version ever committed to the key, lost or not; the next one is this plus one.
    #[inline]
    pub fn head(&self, key: u64) -> u32 {
        self.record(key).map_or(0, |record| record.head)
    }

    /// The newest version that survives, acknowledged or not: what the authority holds now.
    pub fn surviving_head(&self, key: u64) -> u32 {
        self.record(key).map_or(0, |record| record.surviving_at_or_below(record.head))
    }

    /// Whether a committed version has not been rolled back.
    pub fn survives(&self, key: u64, version: u32) -> bool {
        self.record(key).is_none_or(|record| record.surviving_at_or_below(version) == version)
    }

    /// The newest version that survives a crash of the authority: what to [`rollback`](Self::rollback) to when it dies.
    #[inline]
    pub fn durable(&self, key: u64) -> u32 {
        self.record(key).map_or(0, |record| record.durable)
    }

    /// The warm-up ends at `now_ns`: all counts restart, what is known of versions and sessions stays.
    pub fn count_from(&mut self, now_ns: u64) {
        self.counts = AuditReport::new(now_ns);
        self.messages.count_from(now_ns);
    }

    /// What became of messages.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// What became of messages, to add to it.
    #[inline]
    pub fn messages_mut(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// The counts so far.
    pub fn report(&self) -> AuditReport {
        self.counts.clone()
    }

    /// Bytes held by this audit, reserved places included. Walks all written keys: for reports, not for the loop.
    pub fn memory_bytes(&self) -> u64 {
        let keys = self.keys.capacity() * size_of::<[u32; 2]>();
        let records = self.records.capacity() * size_of::<Record>();
        let irregular: u64 = self.records.iter().map(Record::heap_bytes).sum();
        let older = self.older.memory_bytes();
        (size_of::<Self>() + keys + records) as u64 + irregular + older + self.sessions.memory_bytes()
    }

    #[inline]
    fn entry(&self, key: u64) -> [u32; 2] {
        // A key beyond `usize` is beyond the array as well.
        let index = usize::try_from(key).unwrap_or(usize::MAX);
        self.keys.get(index).copied().unwrap_or_default()
    }

    #[inline]
    fn record_index(&self, key: u64) -> Option<usize> {
        (self.entry(key)[RECORD] as usize).checked_sub(1)
    }

    #[inline]
    fn record(&self, key: u64) -> Option<&Record> {
        self.record_index(key).map(|index| &self.records[index])
    }

    #[inline]
    fn record_for_write(&mut self, key: u64) -> Option<&mut Record> {
        let index = match self.record_index(key) {
            Some(index) => index,
            None => self.begin_record(key)?,
        };
        Some(&mut self.records[index])
    }

    #[cold]
    fn begin_record(&mut self, key: u64) -> Option<usize> {
        if key >= KEYS_MAX {
            return None;
        }
        let index = key as usize;
        if index >= self.keys.len() {
            let doubled = (2 * self.keys.len()).min(KEYS_MAX as usize).max(index + 1);
            self.keys.reserve_exact(doubled - self.keys.len());
            self.keys.resize(doubled, [0, 0]);
        }
        self.records.push(Record::default());
        self.keys[index][RECORD] = self.records.len() as u32;
        Some(self.records.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{KEY, read, written};
    use super::*;

    #[test]
    fn a_key_never_written_is_at_version_0_and_never_stale() {
        let mut audit = Audit::new(10);
        assert_eq!((audit.floor(3), audit.head(3), audit.durable(3), audit.rollback(3, 0)), (0, 0, 0, 0));
        assert_eq!(audit.finish_read(3, 0, 0, (5, 5), 1, true), ReadCheck::default());
        assert_eq!(audit.report().reads_count, 1);
    }

    #[test]
    fn a_warm_up_leaves_knowledge_and_no_counts() {
        let mut audit = written(3);
        read(&mut audit, 1, 40, 3);
        audit.count_from(50);
        assert_eq!(audit.report(), AuditReport::new(50));
        assert_eq!(read(&mut audit, 0, 60, 3).age_ns, Some(50));
        assert_eq!(audit.report().monotonic_read_violations_count, 1);
        assert_eq!(audit.rollback(KEY, 0), 3);
    }

    #[test]
    fn a_fork_goes_its_own_way() {
        let mut audit = written(3);
        let mut fork = audit.clone();
        fork.rollback(KEY, 1);
        assert_eq!((fork.floor(KEY), audit.floor(KEY)), (1, 3));
        assert_eq!((audit.rollback(KEY, 1), audit.report()), (2, fork.report()));
    }

    #[test]
    fn keys_grow_by_doubling_up_to_the_bound_and_beyond_it_are_only_counted() {
        let mut audit = Audit::new(0);
        assert_eq!((audit.floor(99), audit.head(u64::MAX)), (0, 0));
        audit.commit(0);
        audit.commit(99);
        audit.commit(100);
        assert_eq!(audit.keys.len(), 200);
        assert_eq!(audit.commit(u64::MAX), 0);
        audit.acknowledge(u64::MAX, 0, 10, 1);
        audit.persist(KEYS_MAX, 1);
        assert_eq!(audit.finish_read(KEYS_MAX, 0, 0, (10, 10), 1, true), ReadCheck::default());
        let report = audit.report();
        assert_eq!(
            (report.out_of_range_count, report.reads_count, report.writes_acknowledged_count),
            (2, 1, 1)
        );
    }

    #[test]
    fn ten_million_keys_take_nine_bytes_each_at_most_until_written() {
        const KEYS: u64 = 10_000_000;
        const WRITTEN: u64 = 100_000;
        let mut audit = Audit::new(KEYS);
        let unwritten_bytes = audit.memory_bytes();
        assert!(unwritten_bytes <= 9 * KEYS, "{unwritten_bytes} bytes");
        for key in 0..WRITTEN {
            let version = audit.commit(key * 97);
            audit.acknowledge(key * 97, version, 1, 0);
        }
        let record_bytes = (audit.memory_bytes() - unwritten_bytes) / WRITTEN;
        assert!(record_bytes <= 2 * 80, "{record_bytes} bytes per written key, reserved places included");
    }
}
