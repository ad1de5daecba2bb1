//! Whatever breaks: what a semantics promises holds, and every message is somewhere.

use crate::common::{exponential, text};
use crate::kafka::topic;
use crate::world::{Described, Fault, Settings, describe, faults, messages, suffer};
use proptest::prelude::*;
use scalelab::audit::MessageReport;
use scalelab::catalog::Value;
use scalelab::kernel::{SECOND, Simulation};

/// Long after the last time-out.
const END: u64 = 900 * SECOND;

fn run(described: &Described, faults: &[Fault], seed: u64) -> Simulation {
    let mut simulation = described.start(seed);
    suffer(described, faults, &mut simulation, END);
    simulation
}

/// Published = processed or dead or lost or in the broker.
fn assert_conserved(simulation: &Simulation) {
    let counts = messages(simulation);
    let accounted = counts.processed_count + counts.dead_count + counts.lost_count + counts.backlog_count;
    // A message whose producer never got the broker's word may be processed none the less; one that was sent again is one.
    assert!(accounted >= counts.published_count, "{counts:?}");
    assert!(accounted <= simulation.book().issued(), "{} issued, {counts:?}", simulation.book().issued());
}

fn consumers(count: i64, more: Settings) -> Settings {
    [vec![("service", exponential(0.01)), ("count", Value::Whole(count))], more].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Durable messages and manual acknowledgements: at least once, whatever crashes.
    #[test]
    fn rabbitmq_delivers_at_least_once(faults in faults(true), seed in 0..1000u64, prefetch in 1..40i64) {
        let described = describe(
            120.0,
            vec![("kind", text("rabbitmq"))],
            consumers(3, vec![("prefetch", Value::Whole(prefetch))]),
        );
        assert_all_processed(&described, &faults, seed)?;
    }

    /// One consumer, one thread: order within a key holds through every redelivery and every restart of the broker.
    #[test]
    fn rabbitmq_keeps_order_for_a_single_consumer(faults in faults(true), seed in 0..1000u64) {
        let described = describe(60.0, vec![("kind", text("rabbitmq"))], consumers(1, vec![]));
        let counts = messages(&run(&described, &faults, seed));
        prop_assert_eq!(counts.reordered_count, 0);
    }

    /// A message that nobody deletes comes back: at least once, whatever crashes.
    #[test]
    fn sqs_delivers_at_least_once(faults in faults(true), seed in 0..1000u64, hosts in 1..6i64, visibility in 1..20i64) {
        let visibility = Value::Duration(visibility as u64 * SECOND);
        let queue = vec![("kind", text("sqs")), ("hosts", Value::Whole(hosts)), ("visibility", visibility)];
        let described = describe(100.0, queue, consumers(3, long_polls()));
        assert_all_processed(&described, &faults, seed)?;
    }

    /// A FIFO queue keeps the order of a group even then: what is in flight closes it. Only who is not dead but slow (hung beyond
    /// the visibility time-out) can still do an old message after a newer one.
    #[test]
    fn sqs_fifo_keeps_order(faults in faults(true), seed in 0..1000u64) {
        let queue = vec![("kind", text("sqs")), ("fifo", Value::Flag(true))];
        let described = describe(60.0, queue, consumers(3, long_polls()));
        let counts = assert_all_processed(&described, &faults, seed)?;
        prop_assert_eq!(counts.reordered_count, 0);
    }

    /// All in sync have it before its producer is told: at least once, whatever crashes. Processes only: a host that dies with the
    /// last copy takes what was not flushed with it.
    #[test]
    fn kafka_delivers_at_least_once(faults in faults(true), seed in 0..1000u64, brokers in 1..4i64) {
        let faults: Vec<Fault> = faults.into_iter().map(process_only).collect();
        let described = describe(100.0, topic(brokers, brokers, "all", vec![]), consumers(3, vec![]));
        assert_all_processed(&described, &faults, seed)?;
    }

    /// Each partition is in order whoever leads it and whoever reads it. Only a member that is not dead but slow (hung beyond its session) can
    /// still do an old message after a newer one.
    #[test]
    fn kafka_keeps_order_within_a_key(faults in faults(true), seed in 0..1000u64, brokers in 1..4i64, members in 1..4i64) {
        let faults: Vec<Fault> = faults.into_iter().map(process_only).map(dead_not_slow).collect();
        let described = describe(100.0, topic(brokers, brokers, "all", vec![]), consumers(members, vec![]));
        let counts = assert_all_processed(&described, &faults, seed)?;
        prop_assert_eq!(counts.reordered_count, 0);
    }

    /// One worker, and a server that may crash: a stream is in order.
    #[test]
    fn redis_streams_keep_order_until_somebody_claims(faults in faults(true), seed in 0..1000u64) {
        let faults: Vec<Fault> = faults.into_iter().filter(|fault| fault.of_queue).collect();
        let queue = vec![("kind", text("redis_streams")), ("fsync", text("always"))];
        let described = describe(60.0, queue, consumers(1, vec![("batch", Value::Whole(10))]));
        let counts = messages(&run(&described, &faults, seed));
        prop_assert_eq!((counts.lost_count, counts.reordered_count), (0, 0));
    }

    /// Whatever is acknowledged and how: messages are processed, held or lost, and nothing vanishes from the books.
    #[test]
    fn kafka_conserves(faults in faults(true), seed in 0..1000u64, acks in 0..3usize, replicas in 1..4i64) {
        let described = describe(100.0, topic(3, replicas, ["0", "1", "all"][acks], vec![]), consumers(2, vec![("reset", text("earliest"))]));
        let simulation = run(&described, &faults, seed);
        assert_conserved(&simulation);
        prop_assert_eq!(simulation.digest(), run(&described, &faults, seed).digest());
    }

    /// With an append-only file on disk before every answer, and workers that claim: at least once.
    #[test]
    fn redis_streams_deliver_at_least_once(faults in faults(true), seed in 0..1000u64) {
        let queue = vec![("kind", text("redis_streams")), ("fsync", text("always"))];
        let claims = vec![("claim_after", Value::Duration(5 * SECOND)), ("batch", Value::Whole(10))];
        let described = describe(100.0, queue, consumers(3, claims));
        assert_all_processed(&described, &faults, seed)?;
    }
}

fn process_only(fault: Fault) -> Fault {
    if fault.of_queue && fault.kind == "host" { Fault { kind: "process", ..fault } } else { fault }
}

fn dead_not_slow(fault: Fault) -> Fault {
    if !fault.of_queue && fault.kind == "hang" { Fault { kind: "process", ..fault } } else { fault }
}

fn long_polls() -> Settings {
    vec![("wait", Value::Duration(20 * SECOND)), ("batch", Value::Whole(10))]
}

/// Nothing is lost and nothing is left; and the same seed gives the same events.
fn assert_all_processed(
    described: &Described,
    faults: &[Fault],
    seed: u64,
) -> Result<MessageReport, TestCaseError> {
    let simulation = run(described, faults, seed);
    let counts = messages(&simulation);
    prop_assert_eq!((counts.lost_count, counts.backlog_count), (0, 0));
    prop_assert!(counts.processed_count >= counts.published_count);
    assert_conserved(&simulation);
    prop_assert_eq!(simulation.digest(), run(described, faults, seed).digest());
    Ok(counts)
}
