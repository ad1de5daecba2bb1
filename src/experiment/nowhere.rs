//! Components without a place beside others that have one: they are as near to all of these as if they stood beside each.

use crate::components::site::Group;
use crate::components::{Joined, Layout};

/// Kinds of components between which data travel; names, addresses and controllers are asked seldom, or stand with others.
const CARRY: [&str; 8] =
    ["traffic", "web", "load_balancer", "cache", "database", "queue", "consumers", "cdn"];

/// Says so of each component that is nowhere and exchanges messages with one that is somewhere, over no link that takes time.
pub(super) fn nowhere(layout: &Layout) -> Vec<String> {
    let lost = (0..layout.groups.len()).filter_map(|own| {
        let group = &layout.groups[own];
        let other = (0..layout.groups.len()).find(|other| is_amiss(layout, own, *other))?;
        let other = &layout.groups[other].name;
        Some(format!(
            "no distance between {} and {other}: {} is nowhere, and 0 ms from everywhere; give it a `region`, or a link",
            group.name, group.name
        ))
    });
    lost.collect()
}

fn is_amiss(layout: &Layout, own: usize, other: usize) -> bool {
    let (lost, placed) = (&layout.groups[own], &layout.groups[other]);
    let carries = |group: &Group| CARRY.contains(&group.kind) && group.settings.group("on").is_none();
    let talk = lost.settings.names(other) || placed.settings.names(own);
    let joins = |link: &Joined| [(own, other), (other, own)].contains(&(link.a, link.b)) && link.takes_time;
    talk && carries(lost)
        && carries(placed)
        && lost.places().is_empty()
        && !placed.places().is_empty()
        && !layout.links.iter().any(joins)
}
