//! Reads that must see what their session has written, at replicas that are behind: of rows copied to several shards, after a resharding, after a
//! failover, and while a replica is cut off. How far behind a replica counts as.

use crate::common::{World, keys, poisson, span, text};
use crate::world::{Setup, Stage};
use scalelab::catalog::{Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation, Time};
use scalelab::model::{Checked, Command, Moment, Role, Target, build, resolve};
use scalelab::random::keys::Keys;

/// Several shards, whose members are 200 ms from each other; some keys are wanted more than others.
fn sharded(more: Vec<(&'static str, Value)>, writes: f64) -> (Checked, Simulation) {
    let mut world = World::default();
    let work = vec![("read", span(0.001)), ("write", span(0.001)), ("replicas", Value::Whole(2))];
    let database = world.add("database", "db", work.into_iter().chain(more).collect());
    world.link(&database, &database, vec![("latency", span(0.2))]);
    let settings = vec![
        ("to", database),
        ("rate", poisson(200.0)),
        ("users", Value::Whole(15)),
        ("writes", Value::Share(writes)),
        ("keys", keys(Keys::zipf(400, 0.9).unwrap())),
        ("timeout", span(3.0)),
    ];
    world.add("traffic", "users", settings);
    let checked = world.check();
    let simulation = build(&checked, 1, 0);
    (checked, simulation)
}

fn reshard(checked: &Checked, simulation: &mut Simulation, shards: i64) {
    let arguments = vec![Value::Whole(shards)];
    let command =
        Command { target: Target::Group(0), action: "reshard".into(), arguments, place: Place::default() };
    for order in resolve(&checked.layout, &command, Moment::Run).expect("a valid command") {
        order.carry_out(simulation);
    }
}

/// When something of this name was first told.
fn told(simulation: &Simulation, event: &str) -> Option<Time> {
    simulation.journal().entries().iter().find(|entry| entry.event == event).map(|entry| entry.time)
}

#[test]
fn a_session_sees_its_writes_at_copies_of_a_row_in_other_shards() {
    let reads = ("reads", text("read_your_writes"));
    let (_, mut simulation) =
        sharded(vec![reads, ("shards", Value::Whole(3)), ("copied", Value::Whole(3))], 0.5);
    simulation.run_until(40 * SECOND);
    let report = simulation.audit().report();
    assert!(report.stale_reads_count > 300, "others may be late: {report:?}");
    assert_eq!(report.read_your_writes_violations_count, 0);
}

#[test]
fn a_session_sees_its_writes_when_their_rows_have_moved() {
    let reads = ("reads", text("read_your_writes"));
    let (checked, mut simulation) =
        sharded(vec![reads, ("shards", Value::Whole(3)), ("shards_max", Value::Whole(3))], 0.5);
    for (at, shards) in [(10, 1), (60, 3), (110, 2), (160, 3)] {
        simulation.run_until(at * SECOND);
        reshard(&checked, &mut simulation, shards);
    }
    simulation.run_until(200 * SECOND);
    assert!(told(&simulation, "reshard ends").is_some());
    assert_eq!(simulation.audit().report().read_your_writes_violations_count, 0);
}

/// Replica 2 is cut off for a while and is still behind when the primary dies: what has survived is on the new primary, and sessions wait for it.
#[test]
fn a_session_sees_its_writes_that_have_survived_a_failover() {
    for seed in 0..12 {
        let mut stage = Setup {
            reads: "read_your_writes",
            overtakes: true,
            writes: 0.3,
            more: vec![("heartbeat", span(0.5)), ("down_after", span(2.0))],
            ..Setup::default()
        }
        .stage(seed);
        stage.run(5 * SECOND);
        stage.between(Role::Primary, Role::Replica(2), "partition");
        stage.run(7 * SECOND);
        stage.act(Role::Primary, "crash", Vec::new());
        stage.run(15 * SECOND);
        assert_eq!(stage.primaries(3).len(), 1);
        let report = stage.simulation.audit().report();
        assert_eq!(report.read_your_writes_violations_count, 0, "seed {seed}: {report:?}");
    }
}

/// How far a session must see is told to it with the answers to its writes: a router that dies takes nothing of that away.
#[test]
fn a_session_sees_its_writes_although_the_router_has_died() {
    for seed in 0..6 {
        let setup = Setup { reads: "read_your_writes", overtakes: true, delay: 0.05, ..Setup::default() };
        let mut stage = setup.stage(seed);
        for second in 2..8 {
            stage.run(second * SECOND);
            stage.act(Role::Router, "crash", Vec::new());
            stage.act(Role::Router, "recover", Vec::new());
        }
        stage.run(10 * SECOND);
        let report = stage.simulation.audit().report();
        assert!(report.stale_reads_count > 50, "others' writes may be late: {report:?}");
        assert_eq!(report.read_your_writes_violations_count, 0, "seed {seed}: {report:?}");
    }
}

/// A replica that is cut off from its primary, not from its readers, lets these wait as long as they like: no error after `down_after`.
#[test]
fn readers_wait_for_a_replica_that_lives_as_long_as_they_like() {
    for replication in ["async", "sync", "majority"] {
        let replicas = if replication == "majority" { 2 } else { 1 };
        let mut stage =
            Setup { replication, replicas, reads: "read_your_writes", timeout: 20.0, ..Setup::default() }
                .stage(1);
        stage.run(5 * SECOND);
        stage.simulation.measure_from_now();
        stage.between(Role::Primary, Role::Replica(1), "partition");
        stage.run(8 * SECOND);
        stage.between(Role::Primary, Role::Replica(1), "heal");
        stage.run(20 * SECOND);
        let reads = &stage.simulation.book().close(stage.simulation.requests(), 20 * SECOND)[0];
        assert_eq!((reads.failed, reads.timed_out, reads.in_flight), (0, 0, 0), "{replication}");
        // (With "sync" nobody has the answer to a write that the replica lacks: nobody waits to read it.)
        let has_waited = reads.latency.max() > Some(1500 * MILLISECOND);
        assert_eq!(has_waited, replication != "sync", "{replication}: {:?}", reads.latency.max());
    }
}

fn reads_of(stage: &Stage, member: u16) -> u64 {
    match stage.simulation.readings(stage.member(member), false).get("reads") {
        Some(Reading::Count(reads)) => *reads,
        other => panic!("{other:?}"),
    }
}

/// Replicas are always as far behind as messages are on their way, however rarely somebody writes; a cut shows after two heartbeats.
#[test]
fn a_replica_is_as_far_behind_as_the_writes_that_it_lacks_are_old() {
    for (replication, max_lag, at_primary) in
        [("async", 0.06, false), ("async", 0.04, true), ("majority", 0.06, false), ("majority", 0.04, true)]
    {
        let mut stage = Setup {
            replication,
            reads: "lag_bounded",
            delay: 0.05,
            rate: 100.0,
            writes: 0.02,
            more: vec![("max_lag", span(max_lag)), ("heartbeat", span(1.0)), ("down_after", span(4.0))],
            ..Setup::default()
        }
        .stage(1);
        stage.run(30 * SECOND);
        let primary = reads_of(&stage, 0);
        let all: u64 = (0..3).map(|member| reads_of(&stage, member)).sum();
        // (A follower has an entry a round trip before it hears that it is committed.)
        let few = if replication == "async" { all / 50 } else { all / 4 };
        assert!(
            if at_primary { primary > all * 9 / 10 } else { primary < few },
            "{replication} {max_lag}: {primary} of {all}"
        );
        if !at_primary {
            stage.between(Role::Primary, Role::Replica(1), "partition");
            stage.run(33 * SECOND);
            let before = reads_of(&stage, 1);
            stage.run(34 * SECOND);
            assert_eq!(reads_of(&stage, 1), before, "{replication}");
        }
    }
}

/// The source reads one row of a resharding after another, as of any copy.
#[test]
fn a_resharding_takes_as_long_as_its_rows_take_one_by_one() {
    for replication in ["async", "majority"] {
        let more = vec![
            ("replication", text(replication)),
            ("shards_max", Value::Whole(2)),
            ("copy_row", span(0.05)),
            ("connections", Value::Whole(50)),
        ];
        let (checked, mut simulation) = sharded(more, 0.02);
        simulation.run_until(10 * SECOND);
        reshard(&checked, &mut simulation, 2);
        simulation.run_until(60 * SECOND);
        let [begins, ends] =
            ["reshard begins", "cut-over begins"].map(|event| told(&simulation, event).expect(event));
        let seconds = (ends - begins) as f64 / SECOND as f64;
        // (Half of 400 rows, and again those that were written where they could not be copied.)
        assert!((9.0..13.0).contains(&seconds), "{replication}: {seconds}");
    }
}

/// Shared storage loses no write either: parts of rows may lie in such shards.
#[test]
fn rows_may_be_split_over_shards_with_shared_storage() {
    let more = vec![
        ("replication", text("shared_storage")),
        ("shards", Value::Whole(4)),
        ("split", Value::Whole(2)),
        ("down_after", span(3.0)),
    ];
    let (checked, mut simulation) = sharded(more, 0.8);
    simulation.run_until(10 * SECOND);
    let first = checked.layout.first(0).0 + 2;
    simulation.control(NodeId(first), Control::new(Control::CRASH_HOST, 0));
    simulation.run_until(30 * SECOND);
    assert!(told(&simulation, "promoted").is_some());
    assert_eq!(simulation.audit().report().lost_writes_count, 0);
}
