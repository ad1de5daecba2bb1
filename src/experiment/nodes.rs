//! The nodes of a run over its measured part.

use super::cost::per_hour;
use super::design::Timing;
use super::result::ComponentRow;
use super::series::{Change, component_rows, known};
use super::terms::Terms;
use crate::components::{Layout, is_front};
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, Simulation, Time, seconds};

/// The rows of all nodes.
pub(super) fn rows(
    layout: &Layout,
    terms: &Terms,
    earlier: &[Readings],
    later: &[Readings],
    timing: &Timing,
) -> Vec<ComponentRow> {
    let (span, measured) = ((timing.warmup, timing.end()), seconds(timing.duration));
    let rows_of = |node: usize| {
        let id = NodeId(node as u16);
        let (group, n) = layout.home(id).expect("every node has a group");
        let group = &layout.groups[group];
        let (length, present) = (terms.within(id, span), terms.working(id, span, &later[node]));
        let levels = terms.until_it_left(id, span, &later[node]);
        let change = Change { earlier: known(earlier, node), later: &later[node], levels, length, present };
        let mut rows = component_rows(&group.node_name(n), group.kind, &change);
        let there = if measured > 0.0 { length / measured } else { 0.0 };
        rows[0].is_front = is_front(group, n);
        rows[0].cost_per_hour = per_hour(group, n, there, &change, measured);
        rows
    };
    (0..later.len()).flat_map(rows_of).collect()
}

/// The largest value that any node tells.
pub fn maximum(readings: &[Readings], metric: &str) -> Option<f64> {
    let value = |readings: &Readings| match readings.get(metric) {
        Some(Reading::Maximum(value)) => Some(*value),
        _ => None,
    };
    readings.iter().filter_map(value).reduce(f64::max)
}

/// The readings of all nodes, in the order of their indices.
pub fn all_readings(simulation: &Simulation, detailed: bool) -> Vec<Readings> {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), detailed)).collect()
}

/// The readings at the end of the run: what users still wait for, having wanted it since `from`, enters with the time it has taken so far.
pub fn last_readings(simulation: &Simulation, from: Time) -> Vec<Readings> {
    let mut readings = all_readings(simulation, true);
    for (_, request) in simulation.requests().iter().filter(|(_, request)| request.intended >= from) {
        readings[request.client.index()].record("latency", simulation.now() - request.intended);
    }
    readings
}
