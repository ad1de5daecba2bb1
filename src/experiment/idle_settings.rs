//! Settings that cannot make a difference beside others.

use crate::components::site::Group;

/// How the warning begins.
pub(super) const IDLE_DISCIPLINE: &str = "no order to choose";

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
