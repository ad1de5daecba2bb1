//! The ways that calls of clients take: which groups they are sent on to.

use super::{Layout, dns, load_balancer};

/// The groups that a group tells clients to send their calls to; none if it is no name, router or address.
pub fn told(layout: &Layout, group: usize) -> Vec<usize> {
    let of = &layout.groups[group];
    match of.kind {
        "dns" => layout.groups[dns::final_zone(layout, group)].settings.groups("to"),
        "geo_router" | "anycast" => of.settings.groups("to"),
        _ => Vec::new(),
    }
}

/// The groups that a group sends calls of clients on to, or tells clients to send them to; none if it answers itself.
pub fn next(layout: &Layout, group: usize) -> Vec<usize> {
    let of = &layout.groups[group];
    match of.kind {
        "dns" | "geo_router" | "anycast" => told(layout, group),
        "load_balancer" => load_balancer::all_groups(&of.settings),
        "cdn" => ["of", "secondary"].iter().filter_map(|name| of.settings.group(name)).collect(),
        _ => Vec::new(),
    }
}

/// Whether calls that are sent to the first group may come to the second.
pub fn lead(layout: &Layout, from: usize, to: usize) -> bool {
    from == to || next(layout, from).into_iter().any(|on| lead(layout, on, to))
}

/// Whether writes that are sent to the first group may come to the second: a balancer may send them elsewhere than reads.
pub fn lead_writes(layout: &Layout, from: usize, to: usize) -> bool {
    let own = &layout.groups[from];
    let elsewhere = if own.kind == "load_balancer" { own.settings.groups("writes_to") } else { Vec::new() };
    let on = if elsewhere.is_empty() { next(layout, from) } else { elsewhere };
    from == to || on.into_iter().any(|on| lead_writes(layout, on, to))
}

/// The groups that calls sent to a group end at, each once, in the order of the settings.
pub fn ends(layout: &Layout, group: usize) -> Vec<usize> {
    let on = next(layout, group);
    if on.is_empty() {
        return vec![group];
    }
    let mut ends = Vec::new();
    for end in on.into_iter().flat_map(|to| self::ends(layout, to)) {
        if !ends.contains(&end) {
            ends.push(end);
        }
    }
    ends
}
