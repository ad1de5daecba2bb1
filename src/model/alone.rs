//! Components that cannot have more nodes, or other ones, while a world runs: whoever asks them knows one node, and would go on with that.

use crate::components::Layout;
use crate::components::site::Group;

/// Why a node that comes or goes would not be what the script means, and what to write instead.
pub(super) fn stays_as_it_is(layout: &Layout, group: usize) -> Option<(String, &'static str)> {
    let own = &layout.groups[group];
    let name = &own.name;
    let keeps = |other: &&Group| other.settings.group("session_store") == Some(group);
    if let Some(web) = layout.groups.iter().find(keeps) {
        let message = format!("sessions of \"{}\" are kept in one node, that of \"{name}\"", web.name);
        return Some((message, "leave the store as it is: crash() and recover() are those of one node"));
    }
    let copies = |other: &&Group| other.settings.groups("copies").contains(&group);
    if let Some(web) = layout.groups.iter().find(copies) {
        let message = format!("`copies` of \"{}\" tells one node of \"{name}\" what was written", web.name);
        return Some((message, "leave the cache as it is"));
    }
    let names = |other: &&Group| other.settings.names(group) && is_fixed(other.kind);
    let spreads =
        layout.groups.iter().any(|other| other.kind == "load_balancer" && other.settings.names(group));
    let asker =
        layout.groups.iter().find(names).filter(|_| ["web", "cache"].contains(&own.kind) && !spreads)?;
    let message = format!(
        "{} \"{}\" knows the servers that \"{name}\" begins with, and no others",
        asker.kind, asker.name
    );
    Some((message, "put a load_balancer before servers that come and go"))
}

/// Kinds that are given addresses once.
fn is_fixed(kind: &str) -> bool {
    ["traffic", "dns", "geo_router", "anycast", "cdn"].contains(&kind)
}
