//! What a script wanted and a component did not do, which said why in events.csv alone.

use super::doubts::is_kafka;
use crate::catalog::Load;
use crate::components::Layout;
use crate::components::site::Group;
use crate::kernel::{NodeId, Simulation, Time, time_text};

/// Events by which components say that they do not do what they were told.
const IGNORED: [&str; 3] = ["promotion ignored", "reshard ignored", "not published"];

/// Says so of each, once for each reason.
pub(super) fn ignored(layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let mut said = Vec::new();
    let entries = simulation.journal().entries().iter();
    for entry in entries.filter(|entry| IGNORED.contains(&entry.event)) {
        let text =
            format!("{}: {} in {} (see events.csv)", entry.event, entry.detail, layout.name_of(entry.node));
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

/// Says so of each that was told to do something while it was down, and was not back by the end.
pub(super) fn unheard(layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let mut whom: Vec<NodeId> = simulation.unheard().collect();
    whom.dedup();
    let text = |node: NodeId| {
        let name = layout.name_of(node);
        format!(
            "what the script wanted of {name} while it was down was not done: it was not back by the end of the run"
        )
    };
    whom.into_iter().map(text).collect()
}

/// Says so if consumers of Kafka have no partition: one has one reader of a group, and the others wait for its end.
pub(super) fn without_partition(group: &Group, layout: &Layout) -> Option<String> {
    let queue = &layout.groups[group.settings.group("of").filter(|_| group.kind == "consumers")?];
    if !is_kafka(queue) {
        return None;
    }
    let (workers, partitions) = (group.members().count() as u64, queue.settings.count("partitions")?);
    (workers > partitions).then(|| {
        format!(
            "{} of {workers} workers of {} have nothing to do: {} has a partition for {partitions} of them; give it `partitions: {workers}`",
            workers - partitions,
            group.name,
            queue.name
        )
    })
}

/// From which share of requests on it is no accident that the server did not know the user's session.
const MANY: f64 = 0.1;

/// Says so if users are sent to servers that do not know them: each keeps its own sessions, and nothing sends users back.
pub(super) fn astray(group: &Group, simulation: &Simulation) -> Option<String> {
    if group.kind != "web" || group.settings.chosen("sessions") != "memory" || group.members().count() < 2 {
        return None;
    }
    let sum = |name| group.nodes().map(|node| simulation.readings(node, false).count_of(name)).sum::<u64>();
    let share = sum("sessions_astray") as f64 / sum("requests").max(1) as f64;
    (share > MANY).then(|| {
        format!(
            "many users of {0} come to a server that does not know them, and fail if the next one does not either: sessions are in one server's memory; \
             give the load_balancer before {0} `sticky: \"cookie\"`, or keep sessions in a store",
            group.name
        )
    })
}

/// Says so if the run ends while the rate of a traffic is still on its way to another: the script says more than was seen.
pub(super) fn cut_short(group: &Group, end: Time) -> Option<String> {
    let arrivals = match group.settings.load("rate")? {
        Load::Open(arrivals) => arrivals,
        Load::Trace(trace) => trace.arrivals.as_ref()?,
    };
    let (seen, meant) = arrivals.on_its_way(end)?;
    Some(format!(
        "the rate of {} is still on its way at the end: it has come to {seen:.4} of {meant} a second by {}; t = 0 is the start of the warm-up",
        group.name,
        time_text(end)
    ))
}
