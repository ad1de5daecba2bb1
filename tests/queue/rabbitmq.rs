//! The rules of RabbitMQ, as measured on RabbitMQ 3.10.8 (reference, point 6).

use crate::common::{exponential, seed, span, text};
use crate::world::{TRAFFIC_ENDS, describe, describe_with, messages};
use scalelab::catalog::Value;
use scalelab::kernel::{MILLISECOND, SECOND};
use scalelab::model::Target;

const RABBIT: fn() -> (&'static str, Value) = || ("kind", text("rabbitmq"));

/// After a crash what was prefetched is back at its old position: a single consumer sees every key in order.
#[test]
fn what_a_dead_consumer_had_is_back_in_its_old_position() {
    let described = describe(
        100.0,
        vec![RABBIT()],
        vec![("service", exponential(0.008)), ("prefetch", Value::Whole(50))],
    );
    let mut simulation = described.start(seed());
    let worker = Target::Group(described.consumers);
    for at in [3, 5, 8] {
        simulation.run_until(at * SECOND);
        described.order(&mut simulation, worker, "crash", Vec::new());
        simulation.run_until(at * SECOND + 900 * MILLISECOND);
        described.order(&mut simulation, worker, "recover", Vec::new());
    }
    simulation.run_until(3 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    let redelivered = described.count(&simulation, described.node(described.queue, 0), "redelivered");
    assert!(redelivered > 3, "{redelivered} came back");
    assert_eq!((counts.reordered_count, counts.lost_count), (0, 0));
    assert_eq!(counts.processed_count, counts.published_count);
}
