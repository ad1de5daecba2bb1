//! The verdict on a finished read.

use super::record::Record;
use super::sessions::{SessionCheck, Span};
use super::{Audit, KEYS_MAX, ReadCheck};

impl Audit {
    /// A read that began, at the first of two times in ns, with `floor`, has returned `version` at the second. `session` 0 means none. What
    /// the session saw is remembered in any case; only a `counted` read enters the report.
    #[inline(always)]
    pub fn finish_read(
        &mut self,
        key: u64,
        floor: u32,
        version: u32,
        (began_ns, now_ns): (u64, u64),
        session: u32,
        counted: bool,
    ) -> ReadCheck {
        let Some(index) = self.record_index(key) else {
            self.counts.reads_count += u64::from(counted);
            self.counts.out_of_range_count += u64::from(counted && key >= KEYS_MAX);
            return ReadCheck::default();
        };
        self.judge_read(index, (key, version), Span { floor, began_ns, ended_ns: now_ns }, session, counted)
    }

    /// A read of a key that has been written. Out of line: the keys of most reads have not.
    #[inline(never)]
    fn judge_read(
        &mut self,
        index: usize,
        (key, version): (u64, u32),
        span: Span,
        session: u32,
        counted: bool,
    ) -> ReadCheck {
        let (record, floor, now_ns) = (&self.records[index], span.floor, span.ended_ns);
        debug_assert!(version <= record.head, "read version {version}, which was never committed");
        let mut check = check_read(record, floor, version, now_ns);
        if check.stale {
            self.older.follow();
        }
        if check.age_is_lower_bound
            && let Some(since_ns) = self.older.outdated_since(key, version)
        {
            check.age_ns = Some(now_ns.saturating_sub(since_ns));
            check.age_is_lower_bound = false;
        }
        let session_check = match session {
            0 => SessionCheck::default(),
            _ => self.sessions.read(session, key, span, version, record.lost()),
        };
        if counted {
            self.counts.add_read(check, session_check);
        }
        check
    }
}

#[inline]
fn check_read(record: &Record, floor: u32, version: u32, now_ns: u64) -> ReadCheck {
    // Asked in this order a fresh read, the usual case, never looks for what was lost.
    if version >= floor || version >= record.standing_floor(floor) {
        return ReadCheck::default();
    }
    let outdated = record.outdated_since_ns(version);
    ReadCheck {
        stale: true,
        age_ns: outdated.map(|(since_ns, _)| now_ns.saturating_sub(since_ns)),
        age_is_lower_bound: outdated.is_some_and(|(_, is_bound)| is_bound),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{KEY, read, written};
    use super::*;

    #[test]
    fn a_read_is_stale_against_what_was_acknowledged_before_it_began() {
        let mut audit = written(1);
        let floor = audit.floor(KEY);
        let version = audit.commit(KEY);
        audit.acknowledge(KEY, version, 20, 0);
        assert!(!audit.finish_read(KEY, floor, 1, (20, 25), 0, true).stale);
        let check = read(&mut audit, 1, 26, 0);
        assert_eq!(check, ReadCheck { stale: true, age_ns: Some(6), age_is_lower_bound: false });
        let report = audit.report();
        assert_eq!((report.reads_count, report.stale_reads_count, report.stale_age.count()), (2, 1, 1));
    }

    #[test]
    fn a_read_of_a_write_not_yet_acknowledged_is_fresh() {
        let mut audit = written(1);
        let version = audit.commit(KEY);
        assert!(!read(&mut audit, version, 30, 0).stale);
    }

    #[test]
    fn an_age_beyond_the_last_four_is_a_flagged_and_counted_lower_bound() {
        let mut audit = written(6);
        assert_eq!(
            read(&mut audit, 2, 100, 0),
            ReadCheck { stale: true, age_ns: Some(70), age_is_lower_bound: false }
        );
        assert_eq!(
            read(&mut audit, 1, 100, 0),
            ReadCheck { stale: true, age_ns: Some(70), age_is_lower_bound: true }
        );
        assert_eq!(audit.report().lower_bound_count, 1);
    }

    #[test]
    fn after_the_first_bound_ages_of_that_key_are_known_however_far_behind() {
        let mut audit = written(6);
        assert!(read(&mut audit, 1, 100, 0).age_is_lower_bound);
        for _ in 0..50 {
            let version = audit.commit(KEY);
            audit.acknowledge(KEY, version, 100 + u64::from(version), 0);
        }
        let check = read(&mut audit, 10, 1_000, 0);
        assert_eq!(check, ReadCheck { stale: true, age_ns: Some(889), age_is_lower_bound: false });
        assert!(read(&mut audit, 2, 1_000, 0).age_is_lower_bound, "from before it was followed");
    }

    #[test]
    fn a_floor_lost_during_a_read_falls_back_to_the_newest_surviving_acknowledged_version() {
        let mut audit = written(5);
        let floor = audit.floor(KEY);
        audit.rollback(KEY, 3);
        assert_eq!(audit.floor(KEY), 3);
        assert!(!audit.finish_read(KEY, floor, 3, (90, 100), 0, true).stale);
        let check = audit.finish_read(KEY, floor, 2, (90, 100), 0, true);
        assert_eq!(check, ReadCheck { stale: true, age_ns: Some(70), age_is_lower_bound: false });
    }

    #[test]
    fn a_read_of_a_lost_version_is_stale_once_a_newer_write_is_acknowledged() {
        let mut audit = written(5);
        audit.rollback(KEY, 3);
        assert!(!read(&mut audit, 5, 100, 0).stale);
        let version = audit.commit(KEY);
        audit.acknowledge(KEY, version, 110, 0);
        assert_eq!(read(&mut audit, 5, 150, 0).age_ns, Some(40));
    }

    #[test]
    fn a_session_must_read_its_own_acknowledged_writes() {
        let mut audit = written(1);
        let before = audit.floor(KEY);
        let version = audit.commit(KEY);
        audit.acknowledge(KEY, version, 20, 3);
        audit.finish_read(KEY, before, 1, (15, 30), 3, true);
        assert_eq!(audit.report().read_your_writes_violations_count, 0, "the read began before the answer");
        read(&mut audit, 1, 30, 4);
        read(&mut audit, 1, 30, 0);
        assert_eq!(audit.report().read_your_writes_violations_count, 0, "not their write");
        assert!(read(&mut audit, 1, 30, 3).stale);
        assert_eq!(audit.report().read_your_writes_violations_count, 1);
        assert_eq!(audit.report().monotonic_read_violations_count, 0);
        read(&mut audit, 2, 20 + 1_000_000_000, 3);
        read(&mut audit, 2, 21 + 1_000_000_000, 3);
        assert_eq!(audit.report().own_writes_read_at_once_count, 2, "at 30, and a second after the answer");
    }

    /// Version 2 is somebody else's and answered first; 3 is answered while both reads are under way, and the second ends first.
    #[test]
    fn what_a_session_learns_while_it_reads_breaks_no_promise() {
        let mut audit = written(1);
        let [own, others] = [audit.commit(KEY), audit.commit(KEY)];
        audit.acknowledge(KEY, others, 20, 4);
        let floor = audit.floor(KEY);
        audit.acknowledge(KEY, own, 35, 3);
        audit.finish_read(KEY, floor, others, (31, 40), 3, true);
        audit.finish_read(KEY, floor, 1, (30, 50), 3, true);
        let counts = |audit: &Audit| {
            let report = audit.report();
            (report.read_your_writes_violations_count, report.monotonic_read_violations_count)
        };
        assert_eq!(counts(&audit), (0, 0));
        audit.finish_read(KEY, floor, 1, (45, 60), 3, true);
        assert_eq!(counts(&audit), (1, 1), "it had been told of 2 and had read 3");
    }

    #[test]
    fn a_session_must_not_read_backwards_even_among_unacknowledged_versions() {
        let mut audit = written(1);
        let version = audit.commit(KEY);
        read(&mut audit, version, 20, 3);
        assert!(!read(&mut audit, 1, 30, 3).stale);
        read(&mut audit, 1, 30, 4);
        let report = audit.report();
        assert_eq!(
            (report.monotonic_read_violations_count, report.read_your_writes_violations_count),
            (1, 0)
        );
    }

    #[test]
    fn a_rollback_takes_back_what_a_session_may_expect_down_to_what_survives() {
        let mut audit = written(2);
        for version in [2, 1] {
            let next = audit.commit(KEY);
            audit.acknowledge(KEY, next, 30, 3);
            read(&mut audit, version, 40, 5);
        }
        assert_eq!(audit.report().monotonic_read_violations_count, 1);
        audit.rollback(KEY, 3);
        read(&mut audit, 3, 50, 3);
        assert_eq!(audit.report().read_your_writes_violations_count, 0, "version 4 is gone");
        read(&mut audit, 2, 50, 3);
        assert_eq!(audit.report().read_your_writes_violations_count, 1, "version 3 is not");
    }

    #[test]
    fn a_read_that_is_not_counted_is_judged_and_remembered() {
        let mut audit = written(3);
        assert!(audit.finish_read(KEY, 3, 2, (40, 40), 3, false).stale);
        assert_eq!(audit.report().reads_count + audit.report().stale_reads_count, 0);
        read(&mut audit, 1, 50, 3);
        assert_eq!(audit.report().monotonic_read_violations_count, 1);
    }
}
