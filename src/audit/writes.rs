//! The life of a write: committed, made durable, acknowledged, or lost.

use super::record::Acknowledged;
use super::{Audit, FLOOR, KEYS_MAX, VERSION_MAX};

impl Audit {
    /// Commits a write that is durable at once, with everything before it. Returns its version; 0 for a key that is
    /// not audited (see [`KEYS_MAX`]).
    #[inline]
    pub fn commit(&mut self, key: u64) -> u32 {
        self.commit_next(key, true)
    }

    /// Commits a write that is so far only in its authority's memory (write-back). Returns its version, as
    /// [`commit`](Self::commit) does.
    #[inline]
    pub fn commit_volatile(&mut self, key: u64) -> u32 {
        self.commit_next(key, false)
    }

    #[inline]
    fn commit_next(&mut self, key: u64, is_durable: bool) -> u32 {
        let Some(record) = self.record_for_write(key) else {
            return 0;
        };
        record.head = VERSION_MAX.min(record.head + 1);
        if is_durable {
            record.durable = record.head;
        }
        record.head
    }

    /// Everything up to `version` now survives a crash of the authority. A version that was rolled back stays lost:
    /// who rolls back while a flush is under way must count in what will still arrive.
    #[inline]
    pub fn persist(&mut self, key: u64, version: u32) {
        if let Some(index) = self.record_index(key) {
            self.records[index].persist(version);
        }
    }

    /// The surviving history of the key ends at `surviving`: all later versions committed so far are gone for ever.
    /// Returns how many acknowledged writes this loses and counts them; a lost version acknowledged later counts then.
    /// May go below what is durable (a failover to a replica that lags).
    pub fn rollback(&mut self, key: u64, surviving: u32) -> u64 {
        let Some(index) = self.record_index(key) else {
            return 0;
        };
        let record = &mut self.records[index];
        let lost = record.rollback(surviving);
        let floor = &mut self.keys[key as usize][FLOOR];
        if *floor > surviving {
            *floor = record.truth_at_or_below(surviving);
        }
        self.older.rollback(key);
        self.counts.lost_writes_count += lost;
        lost
    }

    /// This version never reaches the authority, though its client may have been promised that it would; its neighbours stay what they are.
    /// Nothing happens if it is durable already.
    pub fn lose(&mut self, key: u64, version: u32) {
        if self.durable(key) < version {
            self.undo(key, version);
        }
    }

    /// This version is gone, durable or not, and its neighbours stay what they are. Returns how many acknowledged writes (0 or 1) that
    /// loses, and counts them.
    pub(super) fn undo(&mut self, key: u64, version: u32) -> u64 {
        let Some(index) = self.record_index(key) else { return 0 };
        let record = &mut self.records[index];
        let lost = u64::from(record.lose(version));
        let floor = &mut self.keys[key as usize][FLOOR];
        *floor = record.standing_floor(*floor);
        self.older.rollback(key);
        self.counts.lost_writes_count += lost;
        lost
    }

    /// The client of a write got its answer at `now_ns`. `version` is what [`commit`](Self::commit) returned; `session`
    /// 0 means none. The same version acknowledged again changes nothing.
    #[inline(never)]
    pub fn acknowledge(&mut self, key: u64, version: u32, now_ns: u64, session: u32) {
        let Some(index) = self.record_index(key) else {
            self.acknowledge_unknown(key);
            return;
        };
        let record = &mut self.records[index];
        debug_assert!(
            (1..=record.head).contains(&version),
            "acknowledged version {version} was never committed"
        );
        let before = record.newest_acknowledged();
        let acknowledged = record.acknowledge(version, now_ns);
        let mut is_tracked = true;
        if acknowledged == Acknowledged::Survives {
            let floor = &mut self.keys[key as usize][FLOOR];
            *floor = version.max(*floor);
            self.older.acknowledge(key, before, version, now_ns);
            is_tracked = session == 0 || self.sessions.acknowledge(session, key, version, now_ns);
        }
        self.counts.add_acknowledged(acknowledged, is_tracked);
    }

    #[cold]
    fn acknowledge_unknown(&mut self, key: u64) {
        debug_assert!(key >= KEYS_MAX, "acknowledged a write of key {key}, which was never written");
        self.counts.writes_acknowledged_count += 1;
        self.counts.out_of_range_count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::ReadCheck;
    use super::super::fixture::{KEY, read, written};
    use super::*;

    #[test]
    fn versions_are_commit_positions_and_the_floor_follows_acknowledgements_only() {
        let mut audit = Audit::new(10);
        assert_eq!((audit.commit(KEY), audit.commit(KEY), audit.head(KEY), audit.floor(KEY)), (1, 2, 2, 0));
        audit.acknowledge(KEY, 2, 10, 0);
        audit.acknowledge(KEY, 1, 20, 0);
        assert_eq!(audit.floor(KEY), 2);
        assert_eq!(audit.report().writes_acknowledged_count, 2);
    }

    #[test]
    fn a_crash_of_write_back_loses_what_was_acknowledged_and_not_persisted() {
        let mut audit = Audit::new(10);
        for now_ns in 1..=5 {
            let version = audit.commit_volatile(KEY);
            audit.acknowledge(KEY, version, now_ns, 0);
        }
        audit.persist(KEY, 2);
        assert_eq!(audit.durable(KEY), 2);
        assert_eq!(audit.rollback(KEY, audit.durable(KEY)), 3);
        assert_eq!(
            (audit.report().lost_writes_count, audit.floor(KEY), audit.surviving_head(KEY)),
            (3, 2, 2)
        );
        assert_eq!((audit.head(KEY), audit.commit_volatile(KEY), audit.surviving_head(KEY)), (5, 6, 6));
    }

    #[test]
    fn versions_up_to_the_surviving_one_are_not_lost_and_none_is_lost_twice() {
        let mut audit = written(5);
        assert_eq!(audit.rollback(KEY, 3), 2);
        assert_eq!(audit.rollback(KEY, 3), 0);
        let version = audit.commit(KEY);
        audit.acknowledge(KEY, version, 60, 0);
        assert_eq!(audit.rollback(KEY, 2), 2);
        assert_eq!(audit.report().lost_writes_count, 4);
    }

    #[test]
    fn a_promise_that_is_not_kept_is_one_lost_write_and_none_of_its_neighbours() {
        let mut audit = Audit::new(10);
        let promised: Vec<u32> = (0..3).map(|_| audit.commit_volatile(KEY)).collect();
        promised.iter().for_each(|version| audit.acknowledge(KEY, *version, 10, 0));
        audit.lose(KEY, promised[1]);
        audit.lose(KEY, promised[1]);
        assert_eq!((audit.report().lost_writes_count, audit.floor(KEY)), (1, promised[2]));
        assert!(!audit.survives(KEY, promised[1]) && audit.survives(KEY, promised[0]));
        audit.lose(KEY, promised[2]);
        assert_eq!((audit.report().lost_writes_count, audit.floor(KEY)), (2, promised[0]));
        audit.persist(KEY, promised[0]);
        audit.lose(KEY, promised[0]);
        assert_eq!(audit.report().lost_writes_count, 2, "it is stored");
    }

    #[test]
    fn an_unacknowledged_write_is_lost_only_when_its_late_answer_arrives_and_then_once() {
        let mut audit = written(1);
        let version = audit.commit_volatile(KEY);
        assert_eq!(audit.rollback(KEY, 1), 0);
        audit.acknowledge(KEY, version, 50, 3);
        audit.acknowledge(KEY, version, 51, 3);
        let report = audit.report();
        assert_eq!((report.lost_writes_count, report.writes_acknowledged_count, audit.floor(KEY)), (1, 2, 1));
        assert_eq!(read(&mut audit, 1, 60, 3), ReadCheck::default());
    }

    #[test]
    fn a_durable_commit_makes_what_is_before_it_durable_and_a_lost_version_cannot_be_persisted() {
        let mut audit = Audit::new(10);
        audit.commit_volatile(KEY);
        audit.commit(KEY);
        assert_eq!(audit.durable(KEY), 2);
        audit.commit_volatile(KEY);
        audit.rollback(KEY, 1);
        audit.persist(KEY, 3);
        assert_eq!(audit.durable(KEY), 1);
    }

    #[test]
    fn the_deposed_primary_of_a_split_brain_loses_its_writes_one_by_one() {
        let mut audit = written(1);
        let loser = audit.commit_volatile(KEY);
        audit.rollback(KEY, loser - 1);
        let winner = audit.commit(KEY);
        audit.acknowledge(KEY, winner, 20, 0);
        audit.acknowledge(KEY, loser, 30, 0);
        assert_eq!((audit.report().lost_writes_count, audit.floor(KEY)), (1, winner));
        assert_eq!(read(&mut audit, loser, 50, 0).age_ns, Some(30));
    }
}
