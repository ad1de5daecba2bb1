//! The audit against the slow, obvious model, over random schedules.

use super::model::{KEYS, Model, OpenRead, Write};
use super::{Audit, AuditReport};
use crate::stats::Histogram;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Commit { key: u64, durable: bool },
    Persist { key: u64, back: u32 },
    Rollback { key: u64, back: u32 },
    Acknowledge { key: u64, back: u32, session: u32 },
    Begin { key: u64, session: u32, counted: bool },
    Finish { which: usize, back: u32 },
    CountFrom,
}

/// How far behind the newest version: mostly a little, sometimes anywhere.
fn back() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0_u32..4, 2 => 0_u32..12, 1 => 0_u32..60]
}

fn step() -> impl Strategy<Value = Step> {
    let session = 0_u32..4;
    prop_oneof![
        40 => (0..KEYS, any::<bool>()).prop_map(|(key, durable)| Step::Commit { key, durable }),
        6 => (0..KEYS, back()).prop_map(|(key, back)| Step::Persist { key, back }),
        6 => (0..KEYS, back()).prop_map(|(key, back)| Step::Rollback { key, back }),
        60 => (0..KEYS, back(), session.clone())
            .prop_map(|(key, back, session)| Step::Acknowledge { key, back, session }),
        50 => (0..KEYS, session, prop::bool::weighted(0.8))
            .prop_map(|(key, session, counted)| Step::Begin { key, session, counted }),
        50 => (any::<usize>(), back()).prop_map(|(which, back)| Step::Finish { which, back }),
        1 => Just(Step::CountFrom),
    ]
}

/// Both, step by step, with the same questions after each step.
struct Pair {
    audit: Audit,
    model: Model,
    open: Vec<OpenRead>,
    now_ns: u64,
}

impl Pair {
    fn new(entries_max: usize) -> Self {
        let audit = Audit::with_session_entries_max(1, entries_max);
        Self { audit, model: Model::new(), open: Vec::new(), now_ns: 0 }
    }

    fn version(&self, key: u64, back: u32) -> u32 {
        self.model.keys[key as usize].head().saturating_sub(back)
    }

    fn take(&mut self, step: &Step) {
        self.now_ns += 100;
        match *step {
            Step::Commit { key, durable } => self.commit(key, durable),
            Step::Persist { key, back } => self.persist(key, self.version(key, back)),
            Step::Rollback { key, back } => {
                let surviving = self.version(key, back);
                assert_eq!(self.audit.rollback(key, surviving), self.model.rollback(key, surviving));
            }
            Step::Acknowledge { key, back, session } => {
                let version = self.version(key, back);
                if version > 0 {
                    self.audit.acknowledge(key, version, self.now_ns, session);
                    self.model.acknowledge(key, version, self.now_ns, session);
                }
            }
            Step::Begin { key, session, counted } => {
                let floor = self.audit.floor(key);
                self.open.push(OpenRead { key, session, counted, floor, began_ns: self.now_ns });
            }
            Step::Finish { which, back } => self.finish(which, back),
            Step::CountFrom => {
                self.audit.count_from(self.now_ns);
                self.model.counts = AuditReport::new(self.now_ns);
            }
        }
    }

    fn commit(&mut self, key: u64, durable: bool) {
        let version = if durable { self.audit.commit(key) } else { self.audit.commit_volatile(key) };
        let state = &mut self.model.keys[key as usize];
        state.writes.push(Write::default());
        assert_eq!(version, state.head());
        if durable {
            self.persist_in_model(key, version);
        }
    }

    fn persist(&mut self, key: u64, version: u32) {
        self.audit.persist(key, version);
        self.persist_in_model(key, version);
    }

    fn persist_in_model(&mut self, key: u64, version: u32) {
        let writes = &mut self.model.keys[key as usize].writes;
        writes[..version as usize]
            .iter_mut()
            .filter(|write| !write.lost)
            .for_each(|write| write.durable = true);
    }

    fn finish(&mut self, which: usize, back: u32) {
        if self.open.is_empty() {
            return;
        }
        let read = self.open.swap_remove(which % self.open.len());
        let version = self.version(read.key, back);
        let check = self.audit.finish_read(
            read.key,
            read.floor,
            version,
            (read.began_ns, self.now_ns),
            read.session,
            read.counted,
        );
        let right = self.model.finish_read(&read, version, self.now_ns, check.age_is_lower_bound);
        assert_eq!(check, right);
    }

    fn assert_same_state(&self) {
        for (key, state) in (0..).zip(&self.model.keys) {
            assert_eq!(self.audit.head(key), state.head());
            assert_eq!(self.audit.floor(key), state.floor_up_to(u32::MAX));
            assert_eq!(self.audit.surviving_head(key), state.newest(u32::MAX, |write| !write.lost));
            assert_eq!(self.audit.durable(key), state.newest(u32::MAX, |write| write.durable));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_audit_agrees_with_the_model(steps in prop::collection::vec(step(), 0..300)) {
        let mut pair = Pair::new(1_000_000);
        for step in &steps {
            pair.take(step);
            pair.assert_same_state();
        }
        prop_assert_eq!(pair.audit.report(), pair.model.counts);
    }

    #[test]
    fn a_full_session_memory_admits_what_it_may_have_missed(
        steps in prop::collection::vec(step(), 0..300),
        entries_max in 0_usize..8,
    ) {
        let mut pair = Pair::new(entries_max);
        for step in &steps {
            pair.take(step);
        }
        let (told, truth) = (pair.audit.report(), pair.model.counts);
        for (told_count, true_count) in [
            (told.read_your_writes_violations_count, truth.read_your_writes_violations_count),
            (told.monotonic_read_violations_count, truth.monotonic_read_violations_count),
        ] {
            prop_assert!(told_count <= true_count && true_count <= told_count + told.untracked_count);
        }
        prop_assert_eq!(told.stale_age, truth.stale_age);
    }
}

#[test]
fn the_schedules_reach_every_count() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut ages = Histogram::new();
    let mut bounds_count = 0;
    let (mut lost, mut missed, mut backwards, mut untracked) = (0, 0, 0, 0);
    for _ in 0..200 {
        let steps =
            prop::collection::vec(step(), 300).new_tree(&mut runner).expect("steps can be drawn").current();
        let mut pair = Pair::new(3);
        steps.iter().for_each(|step| pair.take(step));
        let report = pair.audit.report();
        ages.merge(&report.stale_age);
        bounds_count += report.lower_bound_count;
        lost += report.lost_writes_count;
        missed += report.read_your_writes_violations_count;
        backwards += report.monotonic_read_violations_count;
        untracked += report.untracked_count;
    }
    let exact_count = ages.count() - bounds_count;
    let least = [exact_count, bounds_count, lost, missed, backwards, untracked].into_iter().min();
    assert!(
        least > Some(100),
        "exact {exact_count} bounds {bounds_count} lost {lost} {missed} {backwards} {untracked}"
    );
}
