//! Users that have waited so long that nobody would believe it.

use super::doubts::gives_up;
use crate::components::site::Group;
use crate::kernel::{Simulation, Time};

/// Whoever has waited for this part of the run at its end waits as good as for ever.
const PART: Time = 10;

/// Says so if half the users of a closed load, or more, wait at the end, and have for long: what would answer them has died in silence, and they
/// send nothing more. Throughput falls, while latency and availability, which are of answers, look well.
pub(super) fn left_waiting(group: &Group, simulation: &Simulation, end: Time) -> Option<String> {
    if group.kind != "traffic" || group.settings.is_given("rate") || gives_up(group) {
        return None;
    }
    let users = group.settings.count("users")?;
    let is_ours = |client| group.nodes().any(|node| node == client);
    let waits = |intended: Time| intended < end - end / PART;
    let open = simulation.requests().iter().map(|(_, request)| request);
    let waiting = open.filter(|request| is_ours(request.client) && waits(request.intended)).count() as u64;
    (2 * waiting >= users).then(|| {
        format!(
            "half the users of {0} or more wait at the end, for a tenth of the run at least, and never give up: they send nothing more; give {0} a `timeout`",
            group.name
        )
    })
}
