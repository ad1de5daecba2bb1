//! Whatever breaks: what a semantics promises holds, and every message is somewhere.

use crate::common::{exponential, text};
use crate::world::{Described, Fault, Settings, describe, faults, messages, suffer};
use proptest::prelude::*;
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
    // A message whose producer never got the broker's word may be processed none the less.
    assert!(accounted >= counts.published_count, "{counts:?}");
    let unheard = accounted - counts.published_count;
    assert!(unheard <= simulation.book().issued() * 3, "{counts:?}");
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
        let simulation = run(&described, &faults, seed);
        let counts = messages(&simulation);
        prop_assert_eq!((counts.lost_count, counts.backlog_count), (0, 0));
        prop_assert!(counts.processed_count >= counts.published_count);
        assert_conserved(&simulation);
        let again = run(&described, &faults, seed);
        prop_assert_eq!(simulation.digest(), again.digest());
    }

    /// One consumer, one thread: order within a key holds through every redelivery.
    #[test]
    fn rabbitmq_keeps_order_for_a_single_consumer(faults in faults(false), seed in 0..1000u64) {
        let described = describe(60.0, vec![("kind", text("rabbitmq"))], consumers(1, vec![]));
        let counts = messages(&run(&described, &faults, seed));
        prop_assert_eq!(counts.reordered_count, 0);
    }
}
