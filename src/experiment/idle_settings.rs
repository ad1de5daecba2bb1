//! Settings that cannot make a difference beside others.

use crate::components::site::Group;
use crate::kernel::Simulation;

/// How the warning of a discipline begins.
pub(super) const IDLE_DISCIPLINE: &str = "no order to choose";
/// How that of a queue does.
pub(super) const UNPUBLISHED: &str = "nothing was published to";

/// Says so if a queue had no message in all the run: everything that is told of messages is empty then.
pub(super) fn unpublished(group: &Group, simulation: &Simulation) -> Option<String> {
    let silent = || group.nodes().all(|node| simulation.readings(node, false).count_of("calls") == 0);
    (group.kind == "queue" && silent()).then(|| {
        format!(
            "{UNPUBLISHED} {}: servers that have it in `publishes` do so for writes (`writes:` of the traffic), unless `on_read` says more",
            group.name
        )
    })
}

/// Says so if a discipline was chosen for processors at which nobody can wait.
pub(super) fn discipline(group: &Group) -> Option<String> {
    let settings = &group.settings;
    if group.kind != "web" || !settings.is_given("discipline") {
        return None;
    }
    let (workers, cores) = (settings.count("concurrency")?, settings.count("cores")?);
    (workers <= cores).then(|| {
        format!(
            "{IDLE_DISCIPLINE} at {}: its `discipline` is that of the cores, and with a `concurrency` of {workers} nobody waits for one; who \
             waits for a worker is served in order",
            group.name
        )
    })
}
