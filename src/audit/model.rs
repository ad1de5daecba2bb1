//! A slow, obvious model of the truth: it keeps every write with its state, every answer and everything a session saw.

use super::{AuditReport, ReadCheck};

/// How many keys the model has.
pub(super) const KEYS: u64 = 3;

#[derive(Clone, Debug, Default)]
pub(super) struct Write {
    pub(super) acknowledged: bool,
    pub(super) durable: bool,
    pub(super) lost: bool,
}

/// Version v is `writes[v - 1]`. `answers` are the acknowledgements of versions not lost at that time, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    pub(super) writes: Vec<Write>,
    pub(super) answers: Vec<(u32, u64)>,
}

impl Key {
    pub(super) fn head(&self) -> u32 {
        self.writes.len() as u32
    }

    pub(super) fn is_lost(&self, version: u32) -> bool {
        version > 0 && self.writes[version as usize - 1].lost
    }

    pub(super) fn newest(&self, up_to: u32, holds: impl Fn(&Write) -> bool) -> u32 {
        (1..=up_to.min(self.head()))
            .rev()
            .find(|version| holds(&self.writes[*version as usize - 1]))
            .unwrap_or(0)
    }

    pub(super) fn floor_up_to(&self, version: u32) -> u32 {
        self.newest(version, |write| write.acknowledged && !write.lost)
    }

    /// The age, or its bound by the last four answers, if that is all that the audit claims to know.
    fn age(&self, version: u32, now_ns: u64, is_bound: bool) -> (u64, bool) {
        let first_newer =
            self.answers.iter().position(|(answered, _)| *answered > version && !self.is_lost(*answered));
        let first_newer = first_newer.expect("a stale read has a newer acknowledged version");
        let oldest_kept = self.answers.len().saturating_sub(4);
        assert!(!is_bound || first_newer < oldest_kept, "the last four tell");
        let known = if is_bound { oldest_kept } else { first_newer };
        (now_ns - self.answers[known].1, is_bound)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct OpenRead {
    pub(super) key: u64,
    pub(super) session: u32,
    pub(super) counted: bool,
    pub(super) floor: u32,
    pub(super) began_ns: u64,
}

/// (session, key, version, time) of what a session was told.
pub(super) type Told = (u32, u64, u32, u64);

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) keys: [Key; KEYS as usize],
    pub(super) acknowledged_to: Vec<Told>,
    pub(super) read_by: Vec<Told>,
    pub(super) counts: AuditReport,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            keys: Default::default(),
            acknowledged_to: Vec::new(),
            read_by: Vec::new(),
            counts: AuditReport::new(0),
        }
    }

    pub(super) fn rollback(&mut self, key: u64, surviving: u32) -> u64 {
        let mut lost = 0;
        for write in self.keys[key as usize].writes.iter_mut().skip(surviving as usize) {
            lost += u64::from(write.acknowledged && !write.lost);
            write.lost = true;
            write.durable = false;
        }
        self.counts.lost_writes_count += lost;
        lost
    }

    pub(super) fn acknowledge(&mut self, key: u64, version: u32, now_ns: u64, session: u32) {
        let state = &mut self.keys[key as usize];
        let write = &mut state.writes[version as usize - 1];
        if write.acknowledged {
            return;
        }
        write.acknowledged = true;
        self.counts.writes_acknowledged_count += 1;
        if write.lost {
            self.counts.lost_writes_count += 1;
            return;
        }
        state.answers.push((version, now_ns));
        self.acknowledged_to.push((session, key, version, now_ns));
    }

    /// Whether the session was told of a newer surviving version that `earlier` lets count.
    fn is_violated(
        &self,
        told: &[Told],
        read: &OpenRead,
        version: u32,
        earlier: impl Fn(&Told) -> bool,
    ) -> bool {
        let state = &self.keys[read.key as usize];
        read.session > 0
            && told.iter().any(|seen| {
                (seen.0, seen.1) == (read.session, read.key)
                    && seen.2 > version
                    && !state.is_lost(seen.2)
                    && earlier(seen)
            })
    }

    pub(super) fn finish_read(
        &mut self,
        read: &OpenRead,
        version: u32,
        now_ns: u64,
        is_bound: bool,
    ) -> ReadCheck {
        let state = &self.keys[read.key as usize];
        let floor = if state.is_lost(read.floor) { state.floor_up_to(read.floor) } else { read.floor };
        let stale = version < floor;
        let age = stale.then(|| state.age(version, now_ns, is_bound));
        let written = self.is_violated(&self.acknowledged_to, read, version, |seen| {
            seen.3 < read.began_ns || (seen.3 == read.began_ns && seen.2 <= read.floor)
        });
        let backwards = self.is_violated(&self.read_by, read, version, |seen| seen.3 <= read.began_ns);

        // The definitions without the audit's economies: nothing real is missed, a missed own write is a stale read.
        let really_stale = state
            .answers
            .iter()
            .any(|(answered, ns)| *ns < read.began_ns && *answered > version && !state.is_lost(*answered));
        let really_missed =
            self.is_violated(&self.acknowledged_to, read, version, |seen| seen.3 < read.began_ns);
        assert!(stale || !really_stale);
        assert!(really_stale || !stale || state.is_lost(read.floor));
        assert!(written || !really_missed);
        assert!(stale || !written);

        self.read_by.push((read.session, read.key, version, now_ns));
        if read.counted {
            self.counts.own_writes_read_at_once_count += u64::from(self.looks_at_once(read));
            self.count_read(age, written, backwards);
        }
        ReadCheck {
            stale,
            age_ns: age.map(|(ns, _)| ns),
            age_is_lower_bound: age.is_some_and(|(_, bound)| bound),
        }
    }

    /// Whether the session was told of the newest of its writes that survive at most a second before it read.
    fn looks_at_once(&self, read: &OpenRead) -> bool {
        let state = &self.keys[read.key as usize];
        let is_known = |seen: &&Told| {
            (seen.0, seen.1) == (read.session, read.key)
                && !state.is_lost(seen.2)
                && (seen.3 < read.began_ns || (seen.3 == read.began_ns && seen.2 <= read.floor))
        };
        let newest = self.acknowledged_to.iter().filter(is_known).max_by_key(|seen| seen.2);
        read.session > 0 && newest.is_some_and(|seen| read.began_ns - seen.3 <= 1_000_000_000)
    }

    fn count_read(&mut self, age: Option<(u64, bool)>, written: bool, backwards: bool) {
        self.counts.reads_count += 1;
        self.counts.read_your_writes_violations_count += u64::from(written);
        self.counts.monotonic_read_violations_count += u64::from(backwards);
        if let Some((ns, is_bound)) = age {
            self.counts.stale_reads_count += 1;
            self.counts.stale_age.record(ns);
            self.counts.lower_bound_count += u64::from(is_bound);
        }
    }
}
