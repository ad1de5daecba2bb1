//! Reshardings that are not over when the run is: what they cost goes on, and what they bring is not there.

use crate::components::site::Group;
use crate::kernel::{Simulation, Time, seconds};

/// Says so of a database that is still being resharded at the end.
pub(super) fn still_resharding(group: &Group, simulation: &Simulation, end: Time) -> Option<String> {
    let told = simulation.journal().entries().iter().rev();
    let mut told = told.filter(|entry| group.nodes().any(|node| node == entry.node));
    let mut why = "";
    let last = told.find(|entry| {
        if entry.event == "reshard refused" {
            why = " (shards have no room for those that move to them)";
        }
        matches!(entry.event, "reshard begins" | "reshard ends")
    })?;
    (last.event == "reshard begins").then(|| {
        format!(
            "the resharding of {} that began at {} s was not over at the end of the run ({} s): rows are still being moved{why}, and each write of one is made twice",
            group.name,
            seconds(last.time),
            seconds(end)
        )
    })
}
