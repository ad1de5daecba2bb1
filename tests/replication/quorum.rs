//! Quorums: what R + W against N says about stale reads.

use crate::common::script::holds;
use crate::common::{World, exponential, keys, poisson, span, text};
use proptest::prelude::*;
use scalelab::audit::AuditReport;
use scalelab::catalog::Value;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::SECOND;
use scalelab::kernel::{Control, NodeId, Simulation};
use scalelab::random::keys::Keys;

/// Node 0 routes, the copies follow.
fn world(n: i64, r: i64, w: i64, latency: f64, seed: u64) -> Simulation {
    let mut world = World::default();
    let database = world.add(
        "database",
        "db",
        vec![
            ("read", exponential(0.002)),
            ("write", exponential(0.004)),
            ("replicas", Value::Whole(n - 1)),
            ("replication", Value::Text("quorum".into())),
            ("r", Value::Whole(r)),
            ("w", Value::Whole(w)),
            ("heartbeat", span(0.2)),
            ("down_after", span(1.0)),
        ],
    );
    if latency > 0.0 {
        world.link(&database, &database, vec![("latency", exponential(latency))]);
    }
    let settings = vec![
        ("to", database),
        ("rate", poisson(400.0)),
        ("users", Value::Whole(20)),
        ("writes", Value::Share(0.4)),
        ("keys", keys(Keys::uniform(10).unwrap())),
        ("timeout", span(3.0)),
    ];
    world.add("traffic", "users", settings);
    world.build(seed, 0)
}

fn report(simulation: &mut Simulation, seconds: u64) -> AuditReport {
    simulation.run_until(seconds * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    simulation.audit().report()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn overlapping_quorums_read_what_was_written(
        n in 2..6i64, r in 1..6i64, w in 1..6i64, latency in 0.001..0.01f64, seed in 0..1000u64
    ) {
        let (r, w) = (r.min(n), w.min(n));
        let report = report(&mut world(n, r, w, latency, seed), 10);
        prop_assert!(report.reads_count > 1000);
        prop_assert_eq!(report.lost_writes_count, 0);
        if r + w > n {
            prop_assert_eq!(report.stale_reads_count, 0);
        } else if r == 1 && w == 1 {
            // With more answers a read may well meet a copy that has the write; with one of each it must miss it now and then.
            prop_assert!(report.stale_reads_count > 0, "R + W = {} of {}", r + w, n);
        }
    }
}

/// The coordinator is a machine among the copies: all are asked to write and `w` answers are waited for, `r` are asked to read and all of
/// those are waited for, each there and back over the link within the database (Bailis et al., PBS: W, A, R, S). Two exponential ways of
/// mean m are an Erlang time, and work has no weight here: the means of its order statistics follow by integration of their tails.
#[test]
fn quorums_wait_for_as_many_ways_as_they_want() {
    let first_of_three = [0.962_96, 1.824_07, 3.212_96];
    let last_of_as_many = [2.0, 2.75, 3.212_96];
    for (writes, means) in [(1.0, first_of_three), (0.0, last_of_as_many)] {
        for (wanted, mean) in (1..).zip(means) {
            let measured = mean_wait(wanted, writes, 0.02);
            assert!(
                (measured / mean - 1.0).abs() < 0.02,
                "{wanted} of 3, writes {writes}: {measured}, {mean}"
            );
        }
    }
}

/// Mean latency in mean ways.
fn mean_wait(wanted: i64, writes: f64, way: f64) -> f64 {
    let mut world = World::default();
    let settings = vec![
        ("read", span(1e-6)),
        ("write", span(1e-6)),
        ("replicas", Value::Whole(2)),
        ("replication", Value::Text("quorum".into())),
        ("r", Value::Whole(wanted)),
        ("w", Value::Whole(wanted)),
    ];
    let database = world.add("database", "db", settings);
    world.link(&database, &database, vec![("latency", exponential(way))]);
    let users = vec![("to", database), ("rate", poisson(500.0)), ("writes", Value::Share(writes))];
    world.add("traffic", "users", users);
    let mut simulation = world.build(1, 0);
    simulation.run_until(60 * SECOND);
    let readings = simulation.readings(NodeId(simulation.nodes() as u16 - 1), true);
    let Some(Reading::Histogram(latency)) = readings.get("latency") else { panic!("{readings:?}") };
    latency.mean().expect("some") / 1e9 / way
}

/// A copy that was down gets what it missed, and a quorum serves without it.
#[test]
fn a_dead_copy_is_handed_what_it_missed() {
    let mut simulation = world(3, 2, 2, 0.0, 1);
    simulation.run_until(3 * SECOND);
    simulation.control(NodeId(2), Control::new(Control::CRASH_PROCESS, 0));
    simulation.run_until(6 * SECOND);
    let failed = simulation.book().close(simulation.requests(), 6 * SECOND)[1].failed;
    assert!(failed < 5, "two of three are enough: {failed}");
    let hints = |simulation: &Simulation| match simulation.readings(NodeId(0), false).get("hints") {
        Some(Reading::Gauge(hints)) => *hints,
        other => panic!("{other:?}"),
    };
    assert_eq!(hints(&simulation), 10.0, "one for each row");
    simulation.control(NodeId(2), Control::new(Control::RECOVER, 0));
    simulation.run_until(8 * SECOND);
    assert_eq!(hints(&simulation), 0.0);
    // Now the other two die one after the other: what the first has is read with the second.
    simulation.control(NodeId(3), Control::new(Control::CRASH_PROCESS, 0));
    let report = report(&mut simulation, 12);
    assert_eq!((report.stale_reads_count, report.lost_writes_count), (0, 0));
}

/// One of three copies is silent from 30 s on: what is asked of it before it counts as dead fails or waits, nothing after that; and it gets
/// what it missed when it is back.
#[test]
fn a_silent_copy_is_waited_for_once() {
    let script = |r: u8, timeout: &str, claims: &str| {
        format!(
            r#"experiment("quorum").replications(3).duration(90.s).world(|p| {{
                let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, replication: "quorum", r: {r}, w: 2,
                    down_after: 3.s, heartbeat: 500.ms }});
                link(db, db, #{{ latency: 1.ms }});
                traffic("u", #{{ to: db, rate: constant(100.rps), writes: 30.percent, keys: uniform_keys(50), timeout: {timeout} }});
                at(30.s, "dies", || db.replica(0).crash("host")); at(70.s, "is back", || db.replica(0).recover());
            }}){claims};"#
        )
    };
    let most = ".expect(\"three seconds of ninety\", |r| r.availability > 0.96).expect(\"fresh\", |r| r.stale_reads == 0)";
    holds(&script(2, "2.s", most));
    let quick = ".expect(\"hardly any waits\", |r| r.read_latency_p95 < 100.ms).expect(\"all\", |r| r.availability > 0.999)";
    holds(&script(2, "20.s", quick));
    holds(&script(1, "20.s", ".expect(\"hardly any waits\", |r| r.read_latency_p95 < 100.ms)"));
}

/// TCP brings a question of before to a machine that is back, which resets it: by then the copy has answered newer ones, and is not dead. As many writes
/// fail as if only the process had died.
#[test]
fn a_copy_that_has_answered_is_not_dead_for_an_old_question() {
    let script = r#"experiment("back").vary("how", ["process", "host"]).replications(3).duration(11.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 2.ms, replicas: 1, replication: "quorum", w: 2, r: 1, heartbeat: 500.ms, down_after: 1.s });
        traffic("t", #{ to: db, rate: constant(20.rps), writes: 100.percent });
        at(3030.ms, "dies", || if p.how == "host" { db.replica(1).crash("host") } else { db.replica(1).crash() });
        at(5900.ms, "is back", || db.replica(1).recover());
    }).claim("alike", |all| all.where(#{ how: "host" }).requests_failed - all.where(#{ how: "process" }).requests_failed <= 1);"#;
    holds(script);
}

/// Rows there are at the start; traffic writes others as well.
const START: i64 = 20;

/// Cassandra's log: it goes to disk from time to time only, so rarely here that nothing is on disk before something dies.
fn in_memory(w: i64) -> Simulation {
    let mut world = World::default();
    let settings = vec![
        ("model", text("key_value")),
        ("rows", Value::Whole(START)),
        ("replicas", Value::Whole(2)),
        ("replication", text("quorum")),
        ("log", text("interval")),
        ("sync_every", span(1000.0)),
        ("r", Value::Whole(1)),
        ("w", Value::Whole(w)),
        ("heartbeat", span(0.2)),
        ("down_after", span(1.0)),
    ];
    let database = world.add("database", "db", settings);
    let settings = vec![
        ("to", database),
        ("rate", poisson(200.0)),
        ("writes", Value::Share(0.5)),
        ("keys", keys(Keys::uniform(60).unwrap())),
    ];
    world.add("traffic", "users", settings);
    let mut simulation = world.build(1, 0);
    simulation.run_until(5 * SECOND);
    simulation
}

fn stored(simulation: &Simulation, node: u16) -> i64 {
    match simulation.readings(NodeId(node), false).get("stored_rows") {
        Some(Reading::Gauge(rows)) => *rows as i64,
        other => panic!("{other:?}"),
    }
}

/// A host takes with it what its disk does not have: versions and new rows. The others have them, so nothing is lost; who reads
/// this copy alone sees old rows.
#[test]
fn a_host_that_dies_loses_what_its_disk_does_not_have() {
    for (crash, left) in [(Control::CRASH_HOST, START), (Control::CRASH_PROCESS, 60)] {
        let mut simulation = in_memory(3);
        assert_eq!(stored(&simulation, 2), 60);
        simulation.control(NodeId(2), Control::new(crash, 0));
        assert_eq!((stored(&simulation, 2), stored(&simulation, 3)), (left, 60));
        simulation.control(NodeId(2), Control::new(Control::RECOVER, 0));
        simulation.run_until(5 * SECOND + SECOND / 5);
        let report = simulation.audit().report();
        assert_eq!(report.lost_writes_count, 0);
        assert_eq!(report.stale_reads_count > 0, crash == Control::CRASH_HOST, "{report:?}");
    }
}

/// When all hosts die at a time, every acknowledged write that no disk has is lost; if one copy keeps it, none is.
#[test]
fn writes_are_lost_when_no_copy_has_them() {
    let mut simulation = in_memory(1);
    let acknowledged = simulation.audit().report().writes_acknowledged_count;
    assert!(acknowledged > 400);
    for (node, crash, lost) in
        [(1, Control::CRASH_HOST, 0), (2, Control::CRASH_HOST, 0), (3, Control::CRASH_HOST, acknowledged)]
    {
        simulation.control(NodeId(node), Control::new(crash, 0));
        assert_eq!(simulation.audit().report().lost_writes_count, lost, "node {node}");
    }
    let mut simulation = in_memory(1);
    for (node, crash) in [(1, Control::CRASH_HOST), (2, Control::CRASH_PROCESS), (3, Control::CRASH_HOST)] {
        simulation.control(NodeId(node), Control::new(crash, 0));
    }
    assert_eq!(simulation.audit().report().lost_writes_count, 0, "a system writes what a process had logged");
    // What one copy missed is owed to it, and not lost with the copies that had it.
    let mut simulation = in_memory(1);
    simulation.control(NodeId(3), Control::new(Control::CRASH_PROCESS, 0));
    simulation.run_until(8 * SECOND);
    for node in [1, 2] {
        simulation.control(NodeId(node), Control::new(Control::CRASH_HOST, 0));
    }
    let report = simulation.audit().report();
    assert!(report.writes_acknowledged_count > acknowledged + 200);
    assert_eq!(report.lost_writes_count, 0, "hints have them");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    /// What both copies have confirmed is on both disks, whatever the router that dies believed to owe them: on a lossy link it gives up
    /// writes that come all the same, and what came in between is not lost with the note of it.
    #[test]
    fn a_router_that_dies_loses_nothing_that_all_copies_have(loss in 0.02..0.1f64, load in 120.0..200.0f64, seed in 0..1000u64) {
        let mut world = World::default();
        let settings = vec![
            ("read", span(0.0006)),
            ("write", exponential(0.004)),
            ("replicas", Value::Whole(1)),
            ("replication", text("quorum")),
            ("r", Value::Whole(2)),
            ("w", Value::Whole(2)),
            ("heartbeat", span(0.15)),
            ("down_after", span(0.3)),
        ];
        let database = world.add("database", "db", settings);
        world.link(&database, &database, vec![("latency", span(0.003)), ("loss", Value::Share(loss))]);
        let settings = vec![
            ("to", database),
            ("rate", poisson(load)),
            ("writes", Value::Share(0.9)),
            ("keys", keys(Keys::uniform(5).unwrap())),
        ];
        world.add("traffic", "users", settings);
        let mut simulation = world.build(seed, 0);
        for second in 1..6 {
            simulation.run_until(second * SECOND);
            simulation.control(NodeId(0), Control::new(Control::CRASH_HOST, 0));
            simulation.control(NodeId(0), Control::new(Control::RECOVER, 0));
        }
        let report = report(&mut simulation, 8);
        prop_assert!(report.writes_acknowledged_count > 50, "{report:?}");
        prop_assert_eq!(report.lost_writes_count, 0);
    }
}
