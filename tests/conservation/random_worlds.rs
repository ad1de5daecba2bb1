//! Random worlds under random faults.

use crate::world::{
    Described, END, END_OF_CLOSED, Fault, TRAFFIC_ENDS, WorldPlan, describe, faults, mend, strike, world_plan,
};
use proptest::prelude::*;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::seconds;
use scalelab::kernel::{NodeId, Simulation, Time};
use scalelab::model::build;

/// Runs with faults until `until`, checking what must hold at any time.
fn suffer(described: &Described, faults: &[Fault], simulation: &mut Simulation, until: Time) {
    for fault in
        faults.iter().filter(|fault| (simulation.now()..until).contains(&fault.at)).collect::<Vec<_>>()
    {
        simulation.run_until(fault.at);
        strike(described, fault, simulation);
        check_now(simulation);
    }
    simulation.run_until(until);
    check_now(simulation);
}

/// Books balance, and no station or pool has been busy for less than no time or longer than there was.
fn check_now(simulation: &Simulation) {
    simulation.check_conservation().expect("nothing vanishes");
    for node in 0..simulation.nodes() {
        let readings = simulation.readings(NodeId(node as u16), false);
        for (metric, reading) in readings.iter() {
            if let Reading::Area(area) = reading {
                assert!(*area >= 0.0, "node {node}: {metric} is {area}");
            }
        }
        if let Some(Reading::Gauge(servers)) = readings.get("servers") {
            let most = servers * seconds(simulation.now());
            assert!(readings.area_of("busy") <= most * (1.0 + 1e-9), "node {node} is busier than it can be");
        }
        let (arrived, done) = (readings.count_of("arrivals"), readings.count_of("completions"));
        assert!(done + readings.count_of("rejected") <= arrived, "node {node} completes more than came");
    }
}

/// A whole run, forked in the middle; both halves must end alike. Returns the one that ran through.
fn run(described: &Described, faults: &[Fault], seed: u64, end: Time) -> Simulation {
    let mut simulation = build(&described.checked, seed, 0);
    suffer(described, faults, &mut simulation, TRAFFIC_ENDS / 2);
    let mut copy = simulation.fork();
    for half in [&mut simulation, &mut copy] {
        suffer(described, faults, half, TRAFFIC_ENDS);
        mend(described, half);
        half.run_until(end);
        check_now(half);
    }
    assert_eq!(simulation.events(), copy.events(), "a copy goes another way");
    assert_eq!(simulation.digest(), copy.digest(), "a copy goes another way");
    assert_eq!(simulation.audit().report(), copy.audit().report());
    simulation
}

/// Everybody waits with a time-out, so that nothing is left when the traffic has ended.
fn check_rest(plan: &WorldPlan, described: &Described, simulation: &Simulation) {
    if plan.users.is_none() {
        assert_eq!(simulation.requests().len(), 0, "requests without an end");
        let open =
            simulation.calls().iter().map(|(_, call)| (call.caller, call.callee, call.verb, call.asked));
        let open: Vec<_> = open.collect();
        assert!(open.is_empty(), "{} calls without an end, the first: {:?}", open.len(), open[0]);
    }
    if let (Some(cache), None) = (described.cache, plan.users) {
        let readings = simulation.readings(described.checked.layout.first(cache), false);
        let dirty = readings.get("dirty_items").cloned();
        assert!(matches!(dirty, Some(Reading::Gauge(0.0))), "dirty data is never stored: {dirty:?}");
    }
}

fn check_truth(plan: &WorldPlan, faults: &[Fault], simulation: &Simulation) {
    let report = simulation.audit().report();
    let crashes = faults.iter().any(|fault| fault.action.starts_with("crash"));
    if !crashes || plan.cache.as_ref().is_none_or(|cache| cache.strategy != "back") {
        assert_eq!(report.lost_writes_count, 0, "only write-back loses data, and only in a crash");
    }
    assert!(report.lost_writes_count <= report.writes_acknowledged_count);
    assert!(report.read_your_writes_violations_count <= report.stale_reads_count);
    assert!(report.stale_reads_count <= report.reads_count);
    if plan.cache.is_none() {
        assert_eq!(report.stale_reads_count, 0, "one database is always up to date");
        if plan.users.is_some() {
            assert_eq!(report.monotonic_read_violations_count, 0, "one database never goes back");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_vanishes_and_all_comes_to_rest(plan in world_plan(), faults in faults(), seed in 0..1000u64) {
        let described = describe(&plan);
        let end = if plan.users.is_some() { END_OF_CLOSED } else { END };
        let simulation = run(&described, &faults, seed, end);
        check_rest(&plan, &described, &simulation);
        check_truth(&plan, &faults, &simulation);
        let again = run(&described, &faults, seed, end);
        prop_assert_eq!(simulation.digest(), again.digest());
        prop_assert!(simulation.book().issued() > 0);
    }
}
