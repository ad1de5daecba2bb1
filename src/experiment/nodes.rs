//! The nodes of a run over its measured part.

use super::cost::{per_hour, presence};
use super::design::Timing;
use super::result::ComponentRow;
use super::series::{Change, component_rows, known};
use crate::components::Layout;
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, Simulation, Time, seconds};

/// The rows of all nodes. `births`: when those came that were not there from the start.
pub(super) fn rows(
    layout: &Layout,
    simulation: &Simulation,
    births: &[(NodeId, Time)],
    earlier: &[Readings],
    later: &[Readings],
    timing: &Timing,
) -> Vec<ComponentRow> {
    let (begin, end) = (timing.warmup, timing.end());
    let rows_of = |node: usize| {
        let id = NodeId(node as u16);
        let (group, n) = layout.home(id).expect("every node has a group");
        let group = &layout.groups[group];
        let born = births.iter().find(|(newborn, _)| *newborn == id).map_or(0, |(_, time)| *time);
        let length = seconds(end - born.max(begin).min(end));
        let change = Change { earlier: known(earlier, node), later: &later[node], length };
        let mut rows = component_rows(&group.node_name(n), group.kind, &change);
        let present = presence(born, left(simulation, id), (begin, end));
        rows[0].cost_per_hour = per_hour(group, n, present, &change, seconds(timing.duration));
        rows
    };
    (0..later.len()).flat_map(rows_of).collect()
}

/// When a node left its group.
fn left(simulation: &Simulation, node: NodeId) -> Option<Time> {
    let mut changes = simulation.memberships().iter();
    changes.find(|change| !change.joined && change.node == node).map(|change| change.time)
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
