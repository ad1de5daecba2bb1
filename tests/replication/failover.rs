//! What a failover costs, counted by hand.

use crate::common::{span, text};
use crate::world::{Setup, Stage};
use scalelab::kernel::Control;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::model::Role;

/// Asynchronous: writes acknowledged within the last one-way delay are lost, no others.
#[test]
fn asynchronous_failover_loses_what_was_on_its_way() {
    let mut lost = Vec::new();
    for delay in [0.002, 0.02, 0.2] {
        let setup = Setup { delay, writes: 1.0, rate: 500.0, ..Setup::default() };
        let mut stage = setup.stage(1);
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "crash", Vec::new());
        stage.run(12 * SECOND);
        let report = stage.simulation.audit().report();
        lost.push(report.lost_writes_count as f64);
        assert_eq!(stage.primaries(3), [(1, 2)], "one replica leads");
        let expected = 500.0 * delay;
        let spread = 4.0 * expected.sqrt() + 1.0;
        assert!((report.lost_writes_count as f64 - expected).abs() < spread, "{delay}: {lost:?}");
    }
    assert!(lost[2] > 50.0, "{lost:?}");
}

#[test]
fn the_others_lose_nothing() {
    for replication in ["semi_sync", "sync", "remote_apply", "shared_storage"] {
        let setup = Setup { replication, writes: 1.0, delay: 0.02, rate: 500.0, ..Setup::default() };
        let mut stage = setup.stage(1);
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "crash", Vec::new());
        stage.run(12 * SECOND);
        let report = stage.simulation.audit().report();
        assert_eq!(report.lost_writes_count, 0, "{replication}");
        assert_eq!(stage.primaries(3), [(1, 2)], "{replication}");
        assert!(
            report.writes_acknowledged_count > 500 * 9,
            "{replication}: {}",
            report.writes_acknowledged_count
        );
    }
}

/// Writes fail from the crash until the promotion: the silence, the election, and what is applied before.
#[test]
fn seconds_without_writes_are_those_of_the_detection() {
    let mut stage = Setup { writes: 1.0, ..Setup::default() }.stage(1);
    stage.run(5 * SECOND);
    stage.act(Role::Primary, "crash", Vec::new());
    stage.run(5 * SECOND + 800 * MILLISECOND);
    assert!(stage.primaries(3).is_empty(), "nobody yet");
    stage.run(6 * SECOND + 300 * MILLISECOND);
    assert_eq!(stage.primaries(3), [(1, 2)]);
}

/// The silence begins with the first question that is not answered (Redis Sentinel), which comes within a heartbeat of the crash, at
/// another moment in each replication.
#[test]
fn a_dead_member_is_found_out_from_down_after_to_a_heartbeat_later() {
    let found_out = |seed| {
        let mut stage = Setup { delay: 0.001, ..Setup::default() }.stage(seed);
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "crash", vec![text("host")]);
        stage.run(8 * SECOND);
        let mut told = stage.simulation.journal().entries().iter();
        told.find(|entry| entry.event == "down").expect("found out").time - 5 * SECOND
    };
    let took: Vec<u64> = (1..21).map(found_out).collect();
    assert!(took.iter().all(|took| (998..=1_200).contains(&(took / MILLISECOND))), "{took:?}");
    let early = took.iter().filter(|took| **took < SECOND + 100 * MILLISECOND).count();
    assert!((3..=17).contains(&early), "{took:?}");
}

/// With the only replica dead, synchronous commits hang; asynchronous ones do not.
#[test]
fn without_a_standby_synchronous_commits_hang() {
    for (replication, hangs) in
        [("async", false), ("semi_sync", true), ("sync", true), ("remote_apply", true)]
    {
        let setup = Setup { replication, replicas: 1, writes: 1.0, reads: "primary", ..Setup::default() };
        let mut stage = setup.stage(1);
        stage.run(5 * SECOND);
        stage.act(Role::Replica(1), "crash", Vec::new());
        stage.run(8 * SECOND);
        let before = stage.simulation.audit().report().writes_acknowledged_count;
        stage.run(12 * SECOND);
        let during = stage.simulation.audit().report().writes_acknowledged_count - before;
        assert_eq!(during == 0, hangs, "{replication}: {during}");
        stage.act(Role::Replica(1), "recover", Vec::new());
        stage.run(15 * SECOND);
        let after = stage.simulation.audit().report().writes_acknowledged_count - before - during;
        assert!(after > 200, "{replication}: {after} after the replica is back");
    }
}

/// The old primary comes back as a replica and takes back what nobody else has.
#[test]
fn an_old_primary_is_rewound() {
    let mut stage = Setup { delay: 0.1, writes: 1.0, ..Setup::default() }.stage(1);
    stage.run(5 * SECOND);
    stage.act(Role::Primary, "crash", Vec::new());
    stage.run(8 * SECOND);
    stage.act(Role::Replica(0), "recover", Vec::new());
    stage.run(12 * SECOND);
    assert_eq!(stage.primaries(3), [(1, 2)]);
    assert!(stage.gauge(0, "lag_entries").unwrap() < 60.0);
    assert!(stage.simulation.audit().report().lost_writes_count > 5);
}

/// Cut off from everybody but its callers, and unfenced, a deposed primary goes on: split brain. Fenced, it stops.
#[test]
fn a_deposed_primary_is_fenced_or_brings_split_brain() {
    let outcome = |fencing| {
        let mut stage = Setup { fencing, writes: 1.0, ..Setup::default() }.stage(1);
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "partition", Vec::new());
        stage.between(Role::Router, Role::Coordinator, "partition");
        stage.run(9 * SECOND);
        let both = stage.primaries(3);
        assert_eq!(both, [(0, 1), (1, 2)], "two think themselves primary");
        let acknowledged = stage.simulation.audit().report().writes_acknowledged_count;
        stage.run(12 * SECOND);
        let more = stage.simulation.audit().report().writes_acknowledged_count - acknowledged;
        stage.act(Role::Replica(0), "heal", Vec::new());
        stage.between(Role::Router, Role::Coordinator, "heal");
        stage.run(16 * SECOND);
        assert_eq!(stage.primaries(3), [(1, 2)], "the newer epoch wins");
        (more, stage.simulation.audit().report().lost_writes_count)
    };
    let (more, lost) = outcome(true);
    assert_eq!(more, 0, "a fenced primary acknowledges nothing");
    assert!(lost < 100 * 2, "only what it acknowledged before its lease ran out: {lost}");
    let (more, lost) = outcome(false);
    assert!(more > 500, "an unfenced one goes on: {more}");
    assert!(lost > 1000, "and all that is lost: {lost}");
}

/// Who hears of the coordinator every heartbeat, as early or late as messages are, is never fenced: not with the shortest `down_after` that is
/// allowed either.
#[test]
fn a_healthy_primary_is_not_fenced() {
    let more = vec![("down_after", span(0.4))];
    let mut stage = Setup { delay: 0.02, overtakes: true, writes: 1.0, more, ..Setup::default() }.stage(1);
    stage.run(60 * SECOND);
    assert_eq!(stage.primaries(3), [(0, 1)], "the first of the first epoch");
    let simulation = &stage.simulation;
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    let lost: u64 = classes.iter().map(|class| class.failed + class.rejected + class.timed_out).sum();
    assert_eq!(lost, 0);
}

/// A planned switch hands everything over.
#[test]
fn a_planned_switch_loses_nothing() {
    let mut stage = Setup { writes: 1.0, delay: 0.05, ..Setup::default() }.stage(1);
    stage.run(5 * SECOND);
    stage.act(Role::Replica(2), "promote", Vec::new());
    stage.run(8 * SECOND);
    assert_eq!(stage.primaries(3), [(2, 2)]);
    assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
    stage.act(Role::Primary, "promote", Vec::new()); // of the primary itself: nothing happens, and that is told
    stage.run(10 * SECOND);
    assert_eq!(stage.primaries(3), [(2, 2)]);
    let told = stage.simulation.journal().entries().iter().any(|entry| entry.event == "promotion ignored");
    assert!(told);
}

/// A new machine is filled by copying while the primary serves.
#[test]
fn a_replaced_replica_is_copied_and_equals_its_source() {
    let mut stage = Setup { writes: 0.8, keys: 5000, rate: 400.0, ..Setup::default() }.stage(1);
    stage.run(5 * SECOND);
    stage.act(Role::Replica(1), "crash", vec![text("host")]);
    stage.run(7 * SECOND);
    stage.act(Role::Replica(1), "replace", Vec::new());
    stage.run(12 * SECOND);
    assert!(stage.simulation.readings(stage.member(1), false).count_of("copied_rows") > 500);
    assert!(stage.gauge(1, "lag_entries").unwrap() < 10.0);
    // It may lead now: what it lacks would be lost.
    stage.act(Role::Replica(1), "promote", Vec::new());
    stage.run(20 * SECOND);
    assert_eq!(stage.primaries(3), [(1, 2)]);
    let report = stage.simulation.audit().report();
    assert_eq!(report.lost_writes_count, 0);
}

/// A piece of a thousand rows takes this source 1.5 s, longer than it takes to count as dead: it is waited for all the same.
#[test]
fn a_slow_source_is_waited_for() {
    let more = vec![("copy_row", span(0.0015))];
    let mut stage = Setup { writes: 0.2, keys: 3000, rate: 20.0, more, ..Setup::default() }.stage(1);
    stage.run(5 * SECOND);
    stage.act(Role::Replica(1), "replace", Vec::new());
    stage.run(25 * SECOND);
    assert!(stage.gauge(1, "lag_entries").unwrap() < 10.0);
    assert!(stage.simulation.journal().entries().iter().any(|entry| entry.event == "copy ends"));
}

/// A replica that comes back after a long outage tells its primary so and gets what it lacks, whatever the primary waits for; also if
/// another leads by then.
#[test]
fn a_replica_that_is_back_catches_up_at_once() {
    for (step, fails_over) in (0..8).flat_map(|step| [(step, false), (step, true)]) {
        let setup = Setup { writes: 1.0, times: (0.001, 0.001, 0.0005), rate: 300.0, ..Setup::default() };
        let mut stage = setup.stage(1);
        stage.run(5 * SECOND);
        stage.act(Role::Replica(1), "crash", vec![text("host")]);
        stage.run(6 * SECOND);
        if fails_over {
            stage.act(Role::Primary, "crash", vec![text("host")]);
        }
        let back = 10 * SECOND + step * 130 * MILLISECOND;
        stage.run(back);
        stage.act(Role::Replica(1), "recover", Vec::new());
        // The coordinator tells who leads with its next heartbeat but one.
        stage.run(back + if fails_over { 500 } else { 150 } * MILLISECOND);
        let ends = [if fails_over { 2 } else { 0 }, 1].map(|n| stage.gauge(n, "log_end").unwrap());
        assert!(ends[0] - ends[1] < 10.0 && ends[1] > 1_000.0, "{step} {fails_over}: {ends:?}");
    }
}

/// Redis with an append-only file that goes to disk each second: a machine that is started again before anybody has counted it dead is the primary still,
/// with what its disk has, and its replicas, which have more, follow it.
#[test]
fn a_primary_that_is_back_before_it_counts_as_dead_leads_on() {
    let more = vec![("log", text("interval")), ("sync_every", span(1.0)), ("down_after", span(3.0))];
    let setup =
        Setup { model: Some(("key_value", 50)), reads: "primary", writes: 1.0, more, ..Setup::default() };
    let mut stage = setup.stage(1);
    stage.run(5 * SECOND + 700 * MILLISECOND);
    stage.act(Role::Primary, "crash", vec![text("host")]);
    stage.run(6 * SECOND + 500 * MILLISECOND);
    stage.act(Role::Primary, "recover", Vec::new());
    stage.run(15 * SECOND);
    assert_eq!(stage.primaries(3), [(0, 2)]);
    let lost = stage.simulation.audit().report().lost_writes_count;
    assert!((50..=200).contains(&lost), "what was written since the last flush: {lost}");
    let told = |event| stage.simulation.journal().entries().iter().any(|entry| entry.event == event);
    assert!(told("promoted") && !told("down"));
    let ends = [0, 1, 2].map(|member| stage.gauge(member, "log_end").expect("a log"));
    assert!(ends.iter().all(|end| (end - ends[0]).abs() < 10.0), "{ends:?}");
}

/// A deposed primary cannot lead again if its log is kept less far than it would have to be taken back: nobody leads until another one is back. With a log
/// that is long enough it does, without what ceased to count.
#[test]
fn a_log_that_is_too_short_to_be_taken_back_keeps_its_member_from_leading() {
    for (log_entries, leads) in [(100, vec![]), (2_000, vec![(0, 3)])] {
        let setup = Setup { replicas: 1, writes: 1.0, rate: 500.0, log_entries, ..Setup::default() };
        let mut stage = setup.stage(1);
        let (first, second) = (stage.member(0), stage.member(1));
        let control = |stage: &mut Stage, node, verb| stage.simulation.control(node, Control::new(verb, 0));
        stage.run(3 * SECOND);
        control(&mut stage, second, Control::CRASH_PROCESS);
        stage.run(4 * SECOND); // some 500 writes that the second one never gets
        control(&mut stage, first, Control::CRASH_PROCESS);
        control(&mut stage, second, Control::RECOVER);
        stage.run(7 * SECOND);
        assert_eq!(stage.primaries(2), [(1, 2)], "{log_entries}");
        control(&mut stage, second, Control::CRASH_PROCESS);
        stage.run(9 * SECOND);
        control(&mut stage, first, Control::RECOVER);
        stage.run(12 * SECOND);
        assert_eq!(stage.primaries(2), leads, "{log_entries}");
        let told = |event: &str| {
            stage.simulation.journal().entries().iter().filter(|entry| entry.event == event).count()
        };
        assert_eq!(told("not promoted"), usize::from(leads.is_empty()));
        control(&mut stage, second, Control::RECOVER);
        stage.run(16 * SECOND);
        assert_eq!(stage.primaries(2).len(), 1, "{log_entries}");
        assert_eq!(stage.gauge(0, "rows"), stage.gauge(1, "rows"), "{log_entries}: one of them was copied");
    }
}
