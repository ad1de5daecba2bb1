//! What is known about one key that has been written.

use super::runs::{self, Run};

/// How many acknowledgements per key keep their time.
pub(super) const KEPT: usize = 4;

/// One written key: how far it is committed, what was acknowledged, what was lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Newest version ever committed; the next one is this plus one, also after a rollback.
    pub(super) head: u32,
    /// Newest version that survives a crash of the authority. Never a lost one.
    pub(super) durable: u32,
    /// The newest run of acknowledged versions; older runs are in `irregular`.
    acknowledged: Run,
    /// Newest surviving version whose acknowledgement has left the kept four; 0 if none.
    discarded: u32,
    /// The last four acknowledgements, oldest first. Version 0: an empty place, or one whose version was lost since.
    /// A lost one keeps its time, which still bounds the times of all that were discarded before it.
    kept_versions: [u32; KEPT],
    kept_ns: [u64; KEPT],
    /// Absent for a key whose writes were all acknowledged in order and never rolled back: nearly every key.
    irregular: Option<Box<Irregular>>,
}

#[derive(Clone, Debug, Default)]
struct Irregular {
    acknowledged: Vec<Run>,
    lost: Vec<Run>,
}

/// What an acknowledgement turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// The version survives so far.
    Survives,
    /// The version had been rolled back before its answer arrived.
    Lost,
    /// This version was acknowledged before.
    Repeated,
}

impl Record {
    /// The versions that were rolled back.
    #[inline]
    pub(super) fn lost(&self) -> &[Run] {
        self.irregular.as_ref().map_or(&[], |irregular| &irregular.lost)
    }

    /// The newest version, acknowledged or not, that survives and is not above `version`.
    #[inline]
    pub(super) fn surviving_at_or_below(&self, version: u32) -> u32 {
        runs::covering(self.lost(), version).map_or(version, |run| run.first - 1)
    }

    /// Makes everything up to `version` durable, as far as it survives.
    pub(super) fn persist(&mut self, version: u32) {
        let surviving = self.surviving_at_or_below(version.min(self.head));
        self.durable = self.durable.max(surviving);
    }

    /// Notes the acknowledgement of `version` (1..=head).
    #[inline]
    pub(super) fn acknowledge(&mut self, version: u32, now_ns: u64) -> Acknowledged {
        if !self.insert_acknowledged(version) {
            return Acknowledged::Repeated;
        }
        if runs::contains(self.lost(), version) {
            return Acknowledged::Lost;
        }
        self.discarded = self.discarded.max(self.kept_versions[0]);
        self.kept_versions.copy_within(1.., 0);
        self.kept_ns.copy_within(1.., 0);
        self.kept_versions[KEPT - 1] = version;
        self.kept_ns[KEPT - 1] = now_ns;
        Acknowledged::Survives
    }

    #[inline]
    fn insert_acknowledged(&mut self, version: u32) -> bool {
        // In order, nothing missing: the case that must be fast. An empty run ends at 0, so version 1 begins it.
        if version == self.acknowledged.last + 1 {
            self.acknowledged.last = version;
            self.acknowledged.first = self.acknowledged.first.max(1);
            return true;
        }
        self.insert_out_of_order(version)
    }

    #[cold]
    fn insert_out_of_order(&mut self, version: u32) -> bool {
        let newest = self.acknowledged;
        if (newest.first..=newest.last).contains(&version) && newest.last > 0 {
            return false;
        }
        let older = &mut self.irregular.get_or_insert_default().acknowledged;
        if version > newest.last {
            if newest.last > 0 {
                older.push(newest);
            }
            self.acknowledged = Run { first: version, last: version };
            return true;
        }
        if version + 1 < newest.first {
            return runs::insert(older, version);
        }
        let joined = older.pop_if(|run| run.last + 1 == version);
        self.acknowledged.first = joined.map_or(version, |run| run.first);
        true
    }

    fn acknowledged_at_or_below(&self, version: u32) -> u32 {
        let newest = self.acknowledged;
        if newest.first <= version {
            return version.min(newest.last);
        }
        let older = self.irregular.as_ref();
        older.map_or(0, |irregular| runs::newest_at_or_below(&irregular.acknowledged, version))
    }

    fn acknowledged_between(&self, first: u32, last: u32) -> u64 {
        let newest = runs::count_between(&[self.acknowledged], first, last);
        let older = self.irregular.as_ref();
        newest + older.map_or(0, |irregular| runs::count_between(&irregular.acknowledged, first, last))
    }

    /// The newest version ever acknowledged, lost or not.
    pub(super) fn newest_acknowledged(&self) -> u32 {
        self.acknowledged.last
    }

    /// The newest version that is acknowledged, survives and is not above `version`; 0 if there is none.
    pub(super) fn truth_at_or_below(&self, version: u32) -> u32 {
        let mut version = self.acknowledged_at_or_below(version);
        while let Some(run) = runs::covering(self.lost(), version) {
            version = self.acknowledged_at_or_below(run.first - 1);
        }
        version
    }

    /// The floor a read began with, as it stands now: itself, or what is left of it after a rollback.
    #[inline]
    pub(super) fn standing_floor(&self, floor: u32) -> u32 {
        if runs::contains(self.lost(), floor) { self.truth_at_or_below(floor) } else { floor }
    }

    /// Ends the surviving history at `surviving`; returns how many acknowledged writes that loses.
    pub(super) fn rollback(&mut self, surviving: u32) -> u64 {
        if surviving >= self.head {
            return 0;
        }
        let first = surviving + 1;
        let lost_now = self.surviving_acknowledged_from(first);
        let head = self.head;
        runs::insert_suffix(&mut self.irregular.get_or_insert_default().lost, first, head);
        self.durable = self.durable.min(self.surviving_at_or_below(surviving));
        self.forget_kept_from(first);
        lost_now
    }

    /// Takes one version out of the surviving history, and none of its neighbours; whether an acknowledged write is lost by that.
    pub(super) fn lose(&mut self, version: u32) -> bool {
        let was_acknowledged = self.acknowledged_at_or_below(version) == version;
        if !runs::insert(&mut self.irregular.get_or_insert_default().lost, version) {
            return false;
        }
        self.durable = self.surviving_at_or_below(self.durable);
        for kept in self.kept_versions.iter_mut().filter(|kept| **kept == version) {
            *kept = 0;
        }
        if self.discarded == version {
            self.discarded = self.newest_discarded_below(version);
        }
        was_acknowledged
    }

    fn surviving_acknowledged_from(&self, first: u32) -> u64 {
        let lost_before = self.lost().iter().rev().take_while(|run| run.last >= first);
        let acknowledged_lost =
            lost_before.map(|run| self.acknowledged_between(run.first.max(first), run.last));
        self.acknowledged_between(first, self.head) - acknowledged_lost.sum::<u64>()
    }

    fn forget_kept_from(&mut self, first: u32) {
        for version in &mut self.kept_versions {
            if *version >= first {
                *version = 0;
            }
        }
        if self.discarded >= first {
            self.discarded = self.newest_discarded_below(first);
        }
    }

    fn newest_discarded_below(&self, version: u32) -> u32 {
        let mut version = self.truth_at_or_below(version - 1);
        while version > 0 && self.kept_versions.contains(&version) {
            version = self.truth_at_or_below(version - 1);
        }
        version
    }

    /// When the first acknowledged version newer than `version` was acknowledged, and whether that is only the latest
    /// possible time because its own is no longer kept. `None` if no newer version is acknowledged.
    pub(super) fn outdated_since_ns(&self, version: u32) -> Option<(u64, bool)> {
        if self.discarded > version {
            // Something is discarded only when all places were taken, so the first place holds a time.
            return Some((self.kept_ns[0], true));
        }
        let newer = self.kept_versions.iter().position(|kept| *kept > version)?;
        Some((self.kept_ns[newer], false))
    }

    /// Bytes this record holds on the heap.
    pub(super) fn heap_bytes(&self) -> u64 {
        self.irregular.as_ref().map_or(0, |irregular| {
            let runs = irregular.acknowledged.capacity() + irregular.lost.capacity();
            (size_of::<Irregular>() + runs * size_of::<Run>()) as u64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(head: u32, acknowledged: &[u32]) -> Record {
        let mut record = Record { head, ..Record::default() };
        for (index, version) in acknowledged.iter().enumerate() {
            record.acknowledge(*version, 10 * (index as u64 + 1));
        }
        record
    }

    #[test]
    fn a_record_stays_small() {
        assert!(size_of::<Record>() <= 80);
    }

    #[test]
    fn acknowledgements_in_order_need_no_heap() {
        assert_eq!(record(100, &(1..=100).collect::<Vec<_>>()).heap_bytes(), 0);
    }

    #[test]
    fn holes_close_when_late_acknowledgements_arrive() {
        let mut late = record(6, &[2, 5, 3, 6]);
        assert_eq!(late.acknowledged_between(1, 6), 4);
        assert_eq!(late.acknowledged_at_or_below(4), 3);
        assert_eq!(late.acknowledge(4, 50), Acknowledged::Survives);
        assert_eq!(late.acknowledge(1, 60), Acknowledged::Survives);
        assert_eq!(late.acknowledged, Run { first: 1, last: 6 });
        assert_eq!(late.acknowledge(3, 70), Acknowledged::Repeated);
    }

    #[test]
    fn the_age_is_exact_within_four_and_a_bound_beyond() {
        let five = record(5, &[1, 2, 3, 4, 5]);
        assert_eq!(five.outdated_since_ns(1), Some((20, false)));
        assert_eq!(five.outdated_since_ns(0), Some((20, true)));
        assert_eq!(five.outdated_since_ns(5), None);
    }

    #[test]
    fn the_first_acknowledged_newer_version_counts_not_the_next_one() {
        let swapped = record(3, &[1, 3, 2]);
        assert_eq!(swapped.outdated_since_ns(1), Some((20, false)));
        assert_eq!(swapped.outdated_since_ns(2), Some((20, false)));
    }

    #[test]
    fn after_a_rollback_the_bound_still_rests_on_a_kept_time() {
        let mut nine = record(9, &(1..=9).collect::<Vec<_>>());
        assert_eq!(nine.rollback(3), 6);
        assert_eq!(nine.truth_at_or_below(9), 3);
        assert_eq!(nine.outdated_since_ns(2), Some((60, true)));
        assert_eq!(nine.outdated_since_ns(3), None);
    }
}
