//! Replicas that apply less than is written: who reads there sees ever older rows, and no latency tells of it.

use crate::components::site::Group;
use crate::kernel::readings::Reading;
use crate::kernel::{MILLISECOND, NodeId, Readings, Simulation, Time, seconds, time_text};

/// From which busy share on appliers do not keep up but by luck.
const FULL: f64 = 0.95;

/// Behind by less, a replica may have met a burst.
const BEHIND: Time = 100 * MILLISECOND;

/// Says so of the replica of a database that is furthest behind, if its appliers have been busy ever since the start.
pub(super) fn behind(group: &Group, simulation: &Simulation, end: Time) -> Option<String> {
    let late =
        group.nodes().filter_map(|node| lag(&simulation.readings(node, false), end).map(|lag| (lag, node)));
    let (lag, node) = late.max_by_key(|(lag, node)| (*lag, std::cmp::Reverse(*node)))?;
    let name = name(group, node);
    Some(format!(
        "a replica falls behind: the appliers of {name} were busy all the time, and it was {} late at the end; it applies less than is written: more `appliers`, a \
         shorter `apply`, or shards",
        time_text(lag)
    ))
}

fn name(group: &Group, node: NodeId) -> String {
    group.place_of(node).map_or_else(|| group.name.clone(), |n| group.node_name(n))
}

/// How far a replica is behind, if it does not keep up.
fn lag(readings: &Readings, end: Time) -> Option<Time> {
    let gauge = |metric| match readings.get(metric) {
        Some(Reading::Gauge(value)) => Some(*value),
        _ => None,
    };
    let (appliers, lag) = (gauge("appliers")?, gauge("replica_lag")? as Time);
    let busy = readings.area_of("applier_busy") / (appliers * seconds(end));
    (busy > FULL && lag >= BEHIND).then_some(lag)
}
