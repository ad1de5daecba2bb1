//! Little's law (Little 1961) for queues: present over time = number that came x mean time there, exactly from empty to empty.

use crate::common::run::assert_little_from_empty_to_empty;
use crate::common::{exponential, seed, text};
use crate::kafka::topic;
use crate::world::{Described, Fault, Settings, TRAFFIC_ENDS, describe, faults, report, suffer};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::{SECOND, Simulation};

/// Long after the last message.
const END: u64 = 900 * SECOND;

#[test]
fn little_holds_for_messages() {
    let described = describe(150.0, vec![("kind", text("rabbitmq"))], workers(2, 0.01));
    let mut simulation = described.start(seed());
    simulation.run_until(4 * TRAFFIC_ENDS);
    assert!(report(&simulation).processed_count > 1000);
    assert_little_for_messages(&simulation);
}

fn workers(count: i64, service: f64) -> Settings {
    vec![("service", exponential(service)), ("count", Value::Whole(count))]
}

fn queue(kind: &'static str) -> Settings {
    match kind {
        "kafka" => topic(2, 2, "all", Vec::new()),
        "sqs" => vec![("kind", text(kind)), ("hosts", Value::Whole(4))],
        _ => vec![("kind", text(kind))],
    }
}

/// Messages in the broker, known to the audit by another way than the ages that consumers report.
fn assert_little_for_messages(simulation: &Simulation) {
    let counts = report(simulation);
    assert_eq!(
        (counts.backlog_count, counts.lost_count, counts.dead_count),
        (0, 0, 0),
        "not from empty to empty"
    );
    let present = simulation.audit().messages().backlog_area(simulation.now()) as f64;
    let ages = counts.age.mean().expect("ages") * counts.processed_count as f64;
    assert!((present / ages - 1.0).abs() < 1e-9, "{present} {ages}");
}

fn end(described: &Described, faults: &[Fault], seed: u64) -> Simulation {
    let mut simulation = described.start(seed);
    suffer(described, faults, &mut simulation, END);
    simulation
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the semantics, however many consumers, busy or idle: the messages, and the jobs at every consumer's own station.
    #[test]
    fn little_holds_in_random_worlds(
        kind in proptest::sample::select(&["rabbitmq", "kafka", "sqs", "redis_streams"][..]),
        rate in 20.0..200.0f64,
        service in 0.001..0.02f64,
        count in 1..4i64,
        seed in 0..1000u64,
    ) {
        let mut settings = workers(count, service);
        if kind == "sqs" {
            settings.push(("wait", Value::Duration(20 * SECOND)));
        }
        let described = describe(rate, queue(kind), settings);
        let simulation = end(&described, &[], seed);
        assert_little_for_messages(&simulation);
        assert!(assert_little_from_empty_to_empty(&simulation) > 0, "no station was looked at");
    }

    /// What waits out a crash of its broker or of its consumer waits on: a message is present until it has been processed.
    #[test]
    fn little_holds_for_messages_through_crashes(faults in faults(true), seed in 0..1000u64, count in 1..4i64) {
        let described = describe(100.0, queue("rabbitmq"), workers(count, 0.01));
        assert_little_for_messages(&end(&described, &faults, seed));
    }
}
