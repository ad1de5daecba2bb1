//! What the audit answers: the verdict on one read, and the counts of a run.

use super::record::Acknowledged;
use super::sessions::SessionCheck;
use crate::stats::Histogram;

/// The verdict on one finished read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCheck {
    /// The read returned an older version than was acknowledged, and still stands, when it began.
    pub stale: bool,
    /// How long the returned version had been outdated, in nanoseconds: the time since the first newer surviving
    /// version was acknowledged. `None` for a read that is not stale.
    pub age_ns: Option<u64>,
    /// The true age is at least `age_ns`: the acknowledgement that outdated the version is older than the last four.
    pub age_is_lower_bound: bool,
}

/// The counts of the measured part of a run (since [`count_from`](super::Audit::count_from), or since the start).
#[derive(Clone, Debug, PartialEq)]
pub struct AuditReport {
    /// When counting began, in nanoseconds.
    pub counted_from_ns: u64,
    /// Finished reads that were to be counted.
    pub reads_count: u64,
    /// Those that were stale.
    pub stale_reads_count: u64,
    /// Ages of the stale reads, in nanoseconds; an age known only by its lower bound enters as that bound.
    pub stale_age: Histogram,
    /// How many of the ages are lower bounds.
    pub lower_bound_count: u64,
    /// Writes acknowledged, each once, including those that were lost already when the answer arrived.
    pub writes_acknowledged_count: u64,
    /// Acknowledged writes found lost while counting. A write acknowledged during the warm-up and lost after it is
    /// in here and not in `writes_acknowledged_count`.
    pub lost_writes_count: u64,
    /// Reads that missed a write whose acknowledgement the same session had before the read began.
    pub read_your_writes_violations_count: u64,
    /// Reads of what the same session had been told it wrote at most a second before.
    pub own_writes_read_at_once_count: u64,
    /// Reads that returned an older version than an earlier read of the same session.
    pub monotonic_read_violations_count: u64,
    /// Acknowledgements and counted reads whose session could not be (fully) followed because the session memory
    /// was full. Each of the two violation counts is exact if this is 0, else too low by at most this number.
    pub untracked_count: u64,
    /// Acknowledgements and counted reads of keys at or beyond [`KEYS_MAX`](super::KEYS_MAX), which are not audited.
    pub out_of_range_count: u64,
}

impl Default for AuditReport {
    fn default() -> Self {
        Self::new(0)
    }
}

impl AuditReport {
    /// Nothing counted yet, beginning at `counted_from_ns`.
    pub fn new(counted_from_ns: u64) -> Self {
        Self {
            counted_from_ns,
            reads_count: 0,
            stale_reads_count: 0,
            stale_age: Histogram::new(),
            lower_bound_count: 0,
            writes_acknowledged_count: 0,
            lost_writes_count: 0,
            read_your_writes_violations_count: 0,
            own_writes_read_at_once_count: 0,
            monotonic_read_violations_count: 0,
            untracked_count: 0,
            out_of_range_count: 0,
        }
    }

    /// What two audits have counted in the same time.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.stale_age.merge(&other.stale_age);
        Self {
            counted_from_ns: self.counted_from_ns,
            reads_count: self.reads_count + other.reads_count,
            stale_reads_count: self.stale_reads_count + other.stale_reads_count,
            stale_age: self.stale_age,
            lower_bound_count: self.lower_bound_count + other.lower_bound_count,
            writes_acknowledged_count: self.writes_acknowledged_count + other.writes_acknowledged_count,
            lost_writes_count: self.lost_writes_count + other.lost_writes_count,
            read_your_writes_violations_count: self.read_your_writes_violations_count
                + other.read_your_writes_violations_count,
            own_writes_read_at_once_count: self.own_writes_read_at_once_count
                + other.own_writes_read_at_once_count,
            monotonic_read_violations_count: self.monotonic_read_violations_count
                + other.monotonic_read_violations_count,
            untracked_count: self.untracked_count + other.untracked_count,
            out_of_range_count: self.out_of_range_count + other.out_of_range_count,
        }
    }

    /// What was counted after `earlier`, which must be an older copy.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let own = |count: fn(&Self) -> u64| count(self).saturating_sub(count(earlier));
        Self {
            counted_from_ns: self.counted_from_ns,
            reads_count: own(|report| report.reads_count),
            stale_reads_count: own(|report| report.stale_reads_count),
            stale_age: self.stale_age.since(&earlier.stale_age),
            lower_bound_count: own(|report| report.lower_bound_count),
            writes_acknowledged_count: own(|report| report.writes_acknowledged_count),
            lost_writes_count: own(|report| report.lost_writes_count),
            read_your_writes_violations_count: own(|report| report.read_your_writes_violations_count),
            own_writes_read_at_once_count: own(|report| report.own_writes_read_at_once_count),
            monotonic_read_violations_count: own(|report| report.monotonic_read_violations_count),
            untracked_count: own(|report| report.untracked_count),
            out_of_range_count: own(|report| report.out_of_range_count),
        }
    }

    #[inline]
    pub(super) fn add_acknowledged(&mut self, acknowledged: Acknowledged, is_tracked: bool) {
        self.writes_acknowledged_count += u64::from(acknowledged != Acknowledged::Repeated);
        self.lost_writes_count += u64::from(acknowledged == Acknowledged::Lost);
        self.untracked_count += u64::from(!is_tracked);
    }

    #[inline]
    pub(super) fn add_read(&mut self, check: ReadCheck, session: SessionCheck) {
        self.reads_count += 1;
        self.read_your_writes_violations_count += u64::from(session.read_your_writes_violated);
        self.own_writes_read_at_once_count += u64::from(session.looks_at_once);
        self.monotonic_read_violations_count += u64::from(session.monotonic_reads_violated);
        self.untracked_count += u64::from(session.untracked);
        self.stale_reads_count += u64::from(check.stale);
        if let Some(age_ns) = check.age_ns {
            self.stale_age.record(age_ns);
            self.lower_bound_count += u64::from(check.age_is_lower_bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_two_data_sets_add_up() {
        let report = |n: u64| {
            let mut stale_age = Histogram::new();
            stale_age.record_n(n, n);
            AuditReport {
                counted_from_ns: 5,
                reads_count: n,
                stale_reads_count: 2 * n,
                stale_age,
                lower_bound_count: 3 * n,
                writes_acknowledged_count: 4 * n,
                lost_writes_count: 5 * n,
                read_your_writes_violations_count: 6 * n,
                own_writes_read_at_once_count: 10 * n,
                monotonic_read_violations_count: 7 * n,
                untracked_count: 8 * n,
                out_of_range_count: 9 * n,
            }
        };
        let mut both = report(1).and(report(2));
        assert_eq!((both.stale_age.count(), both.stale_age.max()), (3, Some(2)));
        both.stale_age = report(3).stale_age;
        assert_eq!(both, report(3));
        let later = report(1).and(report(2)).since(&report(1));
        assert_eq!((later.reads_count, later.lost_writes_count, later.stale_age.count()), (2, 10, 2));
    }
}
