//! What happened in a run, in order.

use super::result::EventRow;
use crate::components::Layout;
use crate::kernel::{JournalEntry, Simulation, seconds};

/// What the script did and who came and went (`noted`), and what components have told. Of one instant the cause stands first: what an autoscaler
/// decided before who comes or goes for it, what a script does before what comes of it.
pub(super) fn in_order(noted: Vec<EventRow>, layout: &Layout, simulation: &Simulation) -> Vec<EventRow> {
    let decides =
        |node| layout.home(node).is_some_and(|(group, _)| layout.groups[group].kind == "autoscaler");
    let (decided, told): (Vec<_>, Vec<_>) =
        simulation.journal().entries().iter().partition(|entry| decides(entry.node));
    let row = |entry: &JournalEntry| EventRow {
        t_s: seconds(entry.time),
        component: layout.name_of(entry.node),
        event: entry.event.into(),
        detail: entry.detail.clone(),
    };
    let mut events: Vec<EventRow> = decided.into_iter().map(row).chain(noted).collect();
    events.extend(told.into_iter().map(row));
    events.sort_by(|a, b| a.t_s.total_cmp(&b.t_s)); // stable
    events
}
