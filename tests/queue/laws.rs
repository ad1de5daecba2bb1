//! Laws that hold for every queue.

use crate::common::{exponential, seed, text};
use crate::world::{TRAFFIC_ENDS, describe, report};
use scalelab::catalog::Value;

/// Little's law (Little 1961): messages present over time = messages x mean age. Exact from empty to empty.
#[test]
fn little_holds_for_messages() {
    let described = describe(
        150.0,
        vec![("kind", text("rabbitmq"))],
        vec![("service", exponential(0.01)), ("count", Value::Whole(2))],
    );
    let mut simulation = described.start(seed());
    simulation.run_until(4 * TRAFFIC_ENDS);
    let counts = report(&simulation);
    assert!(counts.backlog_count == 0 && counts.processed_count > 1000);
    let present = simulation.audit().messages().backlog_area(simulation.now()) as f64;
    let ages = counts.age.mean().expect("ages") * counts.processed_count as f64;
    assert!((present / ages - 1.0).abs() < 1e-9, "{present} {ages}");
}
