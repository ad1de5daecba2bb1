//! The laws of replication, over random schedules of crashes, hangs and partitions under load.

use crate::world::{Setup, Stage};
use proptest::prelude::*;
use scalelab::kernel::Time;
use scalelab::kernel::time::{MILLISECOND, SECOND, from_seconds};
use scalelab::model::Role;

/// Something that happens to a member.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub at: Time,
    pub member: u64,
    pub other: u64,
    pub what: usize,
}

const WHAT: [&str; 8] = ["crash", "crash", "recover", "recover", "hang", "partition", "heal", "cut"];
pub const MEMBERS: u16 = 3;

pub fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = (500..9_000u64, 0..3u64, 0..3u64, 0..WHAT.len());
    let fault =
        fault.prop_map(|(ms, member, other, what)| Fault { at: ms * MILLISECOND, member, other, what });
    proptest::collection::vec(fault, 0..10).prop_map(|mut faults| {
        faults.sort_by_key(|fault| fault.at);
        faults
    })
}

pub fn strike(stage: &mut Stage, fault: &Fault) {
    let role = Role::Replica(fault.member);
    match WHAT[fault.what] {
        "cut" if fault.member != fault.other => stage.between(role, Role::Replica(fault.other), "partition"),
        "cut" => stage.between(role, Role::Router, "partition"),
        action => stage.act(role, action, Vec::new()),
    }
}

/// Everything works again.
pub fn mend(stage: &mut Stage) {
    for member in 0..u64::from(MEMBERS) {
        stage.act(Role::Replica(member), "heal", Vec::new());
        stage.between(Role::Replica(member), Role::Router, "heal");
        stage.act(Role::Replica(member), "recover", Vec::new());
    }
}

/// No two members lead the same epoch, at no time.
pub fn check_leaders(stage: &Stage) {
    let mut epochs: Vec<u64> = stage.primaries(MEMBERS).iter().map(|(_, epoch)| *epoch).collect();
    epochs.sort_unstable();
    assert!(epochs.windows(2).all(|pair| pair[0] < pair[1]), "two leaders of one epoch: {epochs:?}");
}

/// Runs a schedule, mends everything, and lets it come to rest.
pub fn run(setup: &Setup, faults: &[Fault], seed: u64) -> Stage {
    let mut stage = setup.stage(seed);
    for fault in faults {
        stage.run(fault.at);
        strike(&mut stage, fault);
        check_leaders(&stage);
    }
    for tenth in 90..300 {
        if tenth == 120 {
            mend(&mut stage);
        }
        stage.run(tenth * SECOND / 10);
        check_leaders(&stage);
    }
    stage
}

pub fn setup(replication: &'static str) -> impl Strategy<Value = Setup> {
    let times = (0.0005..0.003, 0.0005..0.003);
    (0.0..0.05, times, 2..60u64, 0.1..0.9).prop_map(move |(delay, (write, apply), keys, writes)| Setup {
        replication,
        delay,
        times: (0.001, write, apply),
        keys,
        writes,
        rate: 100.0,
        ..Setup::default()
    })
}

/// After everything was mended one member leads, and the others have what it has.
pub fn check_rest(stage: &Stage) {
    let primaries = stage.primaries(MEMBERS);
    assert_eq!(primaries.len(), 1, "{primaries:?}");
    let ends: Vec<f64> = (0..MEMBERS).map(|n| stage.gauge(n, "log_end").unwrap()).collect();
    assert!(ends.iter().all(|end| (end - ends[0]).abs() < 20.0), "{ends:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The tail, and nothing but the tail: as many as were committed in the last one-way delay.
    #[test]
    fn asynchronous_failover_loses_exactly_the_last_delay(
        delay in 0.001..0.3f64, at in 3_000..6_000u64, rate in 50.0..800.0f64, seed in 0..1000u64
    ) {
        let setup = Setup { delay, rate, writes: 1.0, ..Setup::default() };
        let crash = at * MILLISECOND;
        let mut stage = setup.stage(seed);
        stage.run(crash - from_seconds(delay));
        let arrived = stage.gauge(0, "log_end").unwrap();
        stage.run(crash);
        let committed = stage.gauge(0, "log_end").unwrap();
        stage.act(Role::Primary, "crash", Vec::new());
        stage.run(crash + 4 * SECOND);
        let lost = stage.simulation.audit().report().lost_writes_count;
        prop_assert_eq!(lost as f64, committed - arrived);
    }

    #[test]
    fn synchronous_commits_survive_whatever_happens(
        setup in prop_oneof![setup("sync"), setup("remote_apply"), setup("shared_storage")], faults in faults(), seed in 0..1000u64
    ) {
        let stage = run(&setup, &faults, seed);
        let report = stage.simulation.audit().report();
        prop_assert_eq!(report.lost_writes_count, 0);
        if setup.replication == "remote_apply" {
            prop_assert_eq!(report.stale_reads_count, 0);
        }
        check_rest(&stage);
    }

    /// One crash of the primary, whatever the replicas have just been through: a replica that confirmed lives.
    #[test]
    fn semi_synchronous_loses_nothing_while_a_confirmed_copy_lives(
        setup in setup("semi_sync"), at in 2_000..8_000u64, seed in 0..1000u64
    ) {
        let crash = Fault { at: at * MILLISECOND, member: 0, other: 0, what: 0 };
        let stage = run(&setup, &[crash], seed);
        prop_assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
        check_rest(&stage);
    }

    /// Any number of crashes, one after the other: while whoever comes back has the time to catch up, a copy of what was confirmed lives.
    #[test]
    fn semi_synchronous_loses_nothing_while_members_die_one_at_a_time(
        setup in setup("semi_sync"),
        crashes in proptest::collection::vec((0..3u64, 100..3_000u64, 4_000..8_000u64), 1..4),
        seed in 0..1000u64
    ) {
        let mut stage = setup.stage(seed);
        let mut now = 2 * SECOND;
        stage.run(now);
        for (member, down, rest) in crashes {
            stage.act(Role::Replica(member), "crash", Vec::new());
            now += down * MILLISECOND;
            stage.run(now);
            stage.act(Role::Replica(member), "recover", Vec::new());
            now += rest * MILLISECOND;
            stage.run(now);
        }
        prop_assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
        check_leaders(&stage);
    }

    #[test]
    fn asynchronous_members_agree_again_after_whatever_happens(
        setup in setup("async"), faults in faults(), fencing in any::<bool>(), seed in 0..1000u64
    ) {
        let setup = Setup { fencing, ..setup };
        let stage = run(&setup, &faults, seed);
        check_rest(&stage);
        let again = run(&setup, &faults, seed);
        prop_assert_eq!(stage.simulation.digest(), again.simulation.digest());
    }

    /// A machine that comes back empty is copied; when it leads, no read misses a row.
    #[test]
    fn a_rebuilt_replica_equals_its_source(
        setup in setup("sync"), at in 2_000..6_000u64, log in 200..600i64, seed in 0..1000u64
    ) {
        let setup = Setup { reads: "primary", keys: 3000, log_entries: log, rate: 300.0, ..setup };
        let mut stage = setup.stage(seed);
        stage.run(at * MILLISECOND);
        stage.act(Role::Replica(1), "crash", Vec::new());
        stage.run(at * MILLISECOND + SECOND);
        stage.act(Role::Replica(1), "replace", Vec::new());
        stage.run(12 * SECOND);
        stage.act(Role::Replica(1), "promote", Vec::new());
        stage.run(20 * SECOND);
        prop_assert_eq!(stage.primaries(MEMBERS), [(1, 2)]);
        let report = stage.simulation.audit().report();
        prop_assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
    }
}

/// A member that comes back with an end of an older epoch gives up that end and no more: if the primary dies before it has sent what
/// follows, the writes before the end are still there.
#[test]
fn what_agrees_is_not_taken_back() {
    let times = (0.001, 0.0005, 0.0005);
    let (delay, keys, writes, rate) = (0.048, 2, 0.1, 100.0);
    let setup = Setup { replication: "async", delay, times, keys, writes, rate, ..Setup::default() };
    for step in 0..60 {
        let mut stage = setup.stage(35);
        let mut both = 0.0;
        let faults =
            [(500, 2, "crash"), (740, 0, "crash"), (6848, 0, "recover"), (7_000 + 8 * step, 1, "crash")];
        for (ms, member, action) in faults {
            stage.run(ms * MILLISECOND);
            if ms == 740 {
                both = stage.gauge(1, "log_end").unwrap();
            }
            stage.act(Role::Replica(member), action, Vec::new());
        }
        stage.run(8 * SECOND);
        let left = stage.gauge(0, "log_end").unwrap();
        assert!(left >= both, "step {step}: {left} entries left of {both} that both had");
    }
}
