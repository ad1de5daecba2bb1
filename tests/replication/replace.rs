//! Copies of a database without a primary that are replaced by empty machines.

use crate::common::{World, exponential, keys, poisson, span, text};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::components::database::replica::REPLACE;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation};
use scalelab::random::keys::Keys;

const ROWS: u64 = 500;

/// Node 0 routes, the copies follow: so many, of which so many make a write; reads ask one.
fn world(copies: i64, w: i64, seed: u64, more: Vec<(&'static str, Value)>) -> Simulation {
    let mut world = World::default();
    let mut settings = vec![
        ("read", span(0.001)),
        ("write", span(0.001)),
        ("replicas", Value::Whole(copies - 1)),
        ("replication", text("quorum")),
        ("r", Value::Whole(1)),
        ("w", Value::Whole(w)),
        ("heartbeat", span(0.2)),
        ("down_after", span(1.0)),
    ];
    settings.extend(more);
    let database = world.add("database", "db", settings);
    world.link(&database, &database, vec![("latency", exponential(0.002))]);
    let settings = vec![
        ("to", database),
        ("rate", poisson(400.0)),
        ("users", Value::Whole(20)),
        ("writes", Value::Share(0.4)),
        ("keys", keys(Keys::uniform(ROWS).unwrap())),
        ("timeout", span(3.0)),
    ];
    world.add("traffic", "users", settings);
    world.build(seed, 0)
}

fn run(simulation: &mut Simulation, span: u64) {
    let until = simulation.now() + span;
    simulation.run_until(until);
    simulation.check_conservation().expect("nothing vanishes");
}

fn control(simulation: &mut Simulation, node: u16, verb: u16) {
    simulation.control(NodeId(node), Control::new(verb, 0));
}

fn count(simulation: &Simulation, node: u16, metric: &str) -> u64 {
    match simulation.readings(NodeId(node), false).get(metric) {
        Some(Reading::Count(count)) => *count,
        _ => 0,
    }
}

/// When the last copy came to its end.
fn is_filled(simulation: &Simulation) -> bool {
    let entries = simulation.journal().entries();
    let told = |event: &str| entries.iter().filter(|entry| entry.event == event).count();
    told("replaced") > 0 && told("replaced") == told("copy ends")
}

/// From now on one copy alone answers: how many of its answers are not the newest that a client was told of.
fn stale_reads_of(simulation: &mut Simulation, copy: u16, copies: u16) -> (u64, u64) {
    for other in (1..=copies).filter(|other| *other != copy) {
        control(simulation, other, Control::CRASH_PROCESS);
    }
    run(simulation, SECOND);
    let before = (simulation.audit().report().stale_reads_count, count(simulation, copy, "reads"));
    run(simulation, 4 * SECOND);
    let after = (simulation.audit().report().stale_reads_count, count(simulation, copy, "reads"));
    (after.0 - before.0, after.1 - before.1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    /// Copies miss writes, and the router forgets what it owes them. Whoever is replaced then has in the end the newest version of each
    /// row that a quorum has confirmed.
    #[test]
    fn a_new_copy_has_what_a_quorum_has(
        copies in 3..6_u16,
        missed in prop::collection::vec((1..6_u16, 100..600_u64), 0..4),
        replaced in 1..6_u16,
        dies in prop::option::of((1..6_u16, 0..400_u64)),
        dies_itself in prop::option::of(0..20_u64),
        seed in 0..1000_u64,
    ) {
        let replaced = (replaced - 1) % copies + 1;
        let w = i64::from(copies / 2 + 1);
        let mut simulation = world(i64::from(copies), w, seed, Vec::new());
        run(&mut simulation, 3 * SECOND);
        for (copy, span) in missed {
            let copy = (copy - 1) % copies + 1;
            control(&mut simulation, copy, Control::CRASH_PROCESS);
            run(&mut simulation, span * MILLISECOND);
            for node in [0, copy] {
                control(&mut simulation, node, Control::CRASH_PROCESS);
                control(&mut simulation, node, Control::RECOVER);
            }
        }
        run(&mut simulation, 20 * MILLISECOND);
        control(&mut simulation, replaced, REPLACE);
        if let Some(after) = dies_itself {
            run(&mut simulation, after * MILLISECOND);
            control(&mut simulation, replaced, Control::CRASH_PROCESS);
            run(&mut simulation, 300 * MILLISECOND);
            control(&mut simulation, replaced, Control::RECOVER);
        }
        let other = dies.map(|(copy, _)| (copy - 1) % copies + 1).filter(|copy| *copy != replaced);
        if let (Some(copy), Some((_, span))) = (other, dies) {
            control(&mut simulation, copy, Control::CRASH_PROCESS);
            run(&mut simulation, span * MILLISECOND);
            control(&mut simulation, copy, Control::RECOVER);
        }
        run(&mut simulation, 4 * SECOND);
        prop_assert!(is_filled(&simulation));
        prop_assert_eq!(simulation.audit().report().lost_writes_count, 0);
        let (stale, reads) = stale_reads_of(&mut simulation, replaced, copies);
        prop_assert!(reads > 300, "{}", reads);
        prop_assert_eq!(stale, 0);
    }
}

/// While it is filled a copy answers no read, takes writes, and does not count as one that has them.
#[test]
fn a_copy_that_is_being_filled_does_not_count() {
    for (w, fail) in [(2, false), (3, true)] {
        // A piece takes its source two seconds, twice the time after which a silent member counts as dead.
        let mut simulation = world(3, w, 1, vec![("copy_row", span(0.002))]);
        run(&mut simulation, 3 * SECOND);
        let seen = |simulation: &Simulation| {
            let failed = simulation.book().close(simulation.requests(), simulation.now())[1].failed;
            (count(simulation, 2, "reads"), count(simulation, 2, "writes"), failed)
        };
        control(&mut simulation, 2, REPLACE);
        let before = seen(&simulation);
        run(&mut simulation, 850 * MILLISECOND);
        let after = seen(&simulation);
        assert_eq!((after.0, after.1 > before.1 + 80), (before.0, true), "{before:?} {after:?}");
        assert_eq!((after.2 > before.2 + 80, after.2 > before.2), (fail, fail), "{before:?} {after:?}");
        run(&mut simulation, 4 * SECOND);
        assert!(is_filled(&simulation) && count(&simulation, 2, "reads") > after.0);
    }
}

/// Sources pay for what they read: with one connection each, they serve nobody else meanwhile.
#[test]
fn copying_costs_the_sources() {
    let served = |copy_row: f64| {
        let more = vec![("copy_row", span(copy_row)), ("connections", Value::Whole(1))];
        let mut simulation = world(3, 2, 1, more);
        run(&mut simulation, 3 * SECOND);
        control(&mut simulation, 2, REPLACE);
        let before = count(&simulation, 1, "reads") + count(&simulation, 3, "reads");
        run(&mut simulation, 850 * MILLISECOND);
        let served = count(&simulation, 1, "reads") + count(&simulation, 3, "reads") - before;
        run(&mut simulation, 5 * SECOND);
        assert!(is_filled(&simulation));
        assert!(count(&simulation, 2, "copied_rows") > ROWS, "from two sources");
        served
    };
    // (500 rows take 0.9 s.)
    let (free, dear) = (served(1e-9), served(0.0018));
    assert!(free > 80 && dear < 20, "{free} {dear}");
}

/// What only replaced copies had is lost, and the audit says so.
#[test]
fn rows_are_lost_with_their_last_copy() {
    for (together, lost) in [(2, false), (3, true)] {
        let mut simulation = world(3, 1, 1, Vec::new());
        run(&mut simulation, 3 * SECOND);
        let acknowledged = simulation.audit().report().writes_acknowledged_count;
        (1..=together).for_each(|copy| control(&mut simulation, copy, REPLACE));
        let report = simulation.audit().report();
        assert_eq!(report.lost_writes_count > acknowledged * 9 / 10, lost, "{report:?}");
        run(&mut simulation, 4 * SECOND);
        assert!(is_filled(&simulation));
        if !lost {
            assert_eq!(simulation.audit().report().lost_writes_count, 0);
            // One after the other, each filled by those before it.
            for copy in [3, 2, 1] {
                control(&mut simulation, copy, REPLACE);
                run(&mut simulation, 4 * SECOND);
            }
            assert_eq!(simulation.audit().report().lost_writes_count, 0);
        }
    }
}

/// Where work is counted, the structures of a new copy are built from what comes: it has the rows of the start and all that came since, and
/// its sources read pages for it.
#[test]
fn a_new_copy_has_all_rows_where_work_is_counted() {
    for log in ["commit", "interval"] {
        let mut world = World::default();
        let settings = vec![
            ("model", text("relational")),
            ("rows", Value::Whole(2_000)),
            ("page", Value::Bytes(1024)),
            ("buffer", Value::Bytes(16 << 10)),
            ("log", text(log)),
            ("replicas", Value::Whole(2)),
            ("replication", text("quorum")),
        ];
        let database = world.add("database", "db", settings);
        let settings = vec![
            ("to", database),
            ("rate", poisson(200.0)),
            ("writes", Value::Share(0.5)),
            ("keys", keys(Keys::uniform(2_500).unwrap())),
        ];
        world.add("traffic", "users", settings);
        let mut simulation = world.build(1, 0);
        run(&mut simulation, 5 * SECOND);
        let stored =
            |simulation: &Simulation, node| match simulation.readings(NodeId(node), false).get("stored_rows")
            {
                Some(Reading::Gauge(rows)) => *rows as u64,
                other => panic!("{other:?}"),
            };
        let pages = count(&simulation, 1, "pages_read");
        control(&mut simulation, 2, REPLACE);
        assert_eq!(stored(&simulation, 2), 0);
        run(&mut simulation, 5 * SECOND);
        assert!(is_filled(&simulation));
        let rows = [1, 2, 3].map(|node| stored(&simulation, node));
        assert!(rows[0] > 2_000 && rows == [rows[0]; 3], "{log}: {rows:?}");
        assert!(count(&simulation, 1, "pages_read") > pages + 2_000, "{log}");
        assert_eq!(simulation.audit().report().lost_writes_count, 0);
    }
}
