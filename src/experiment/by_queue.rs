//! Writes that go by a queue: they are writes once a consumer has stored them, however long their user has had an answer.

use super::design::Plan;
use super::metric::METRICS;
use crate::components::Layout;
use crate::components::site::Group;

/// What the audit tells of writes, and what tells the same of those on their way.
const OF_WRITES: [(&str, &str); 5] = [
    ("lost_writes_count", "messages_lost_count"),
    ("stale_reads_count", "message_age_p99_ms"),
    ("stale_ratio", "message_age_p99_ms"),
    ("read_your_writes_violations_count", "message_age_p99_ms"),
    ("monotonic_read_violations_count", "message_age_p99_ms"),
];

/// Says so of what checks look at, if a web tier publishes what consumers write.
pub(super) fn by_queue(plan: &Plan, layout: &Layout) -> Vec<String> {
    let is_written =
        |queue: usize| layout.groups.iter().any(|group| writes_from(group).is_some_and(|of| of == queue));
    let publishes = |group: &Group| group.settings.group("publishes").filter(|_| group.kind == "web");
    let mut queues = layout.groups.iter().filter_map(publishes);
    let Some(queue) = queues.find(|queue| is_written(*queue)) else { return Vec::new() };
    let name = &layout.groups[queue].name;
    let judged = plan.judged.iter().map(|metric| METRICS[*metric].column);
    let told = judged.filter_map(|column| OF_WRITES.iter().find(|(own, _)| *own == column));
    let say = |(column, instead): &(&str, &str)| {
        format!(
            "{column} knows nothing of what waits in \"{name}\": a write that goes by a queue is one when a consumer has stored it, though its user has had an answer before; look at {instead} as well"
        )
    };
    told.map(say).collect()
}

/// The queue whose messages a group of consumers writes down.
fn writes_from(group: &Group) -> Option<usize> {
    let writes = group.kind == "consumers" && group.settings.group("writes").is_some();
    group.settings.group("of").filter(|_| writes)
}
