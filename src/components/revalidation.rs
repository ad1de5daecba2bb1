//! "Send it only if it has changed": what holders of copies say, and who understands it (RFC 9110, 13.1.2 and 15.4.5).

use super::database::{counted, replica::Shape};
use super::{Layout, cache, dns, load_balancer};

/// What a client says that holds a copy of this version: send a body only if there is another (`If-None-Match`). 0 in a
/// question says that it holds none.
pub const fn if_none_match(version: u32) -> u32 {
    version.saturating_add(1)
}

/// Whether all who may answer questions to this group understand the question and send no body if nothing has changed.
///
/// Databases of several nodes and those of a data model do not: what comes with a question means something else to them.
/// Nor do caches of several nodes, or without a store.
pub fn is_understood(layout: &Layout, group: usize) -> bool {
    let of = &layout.groups[group];
    let settings = &of.settings;
    if let Some(behind) = behind(layout, group) {
        return !behind.is_empty() && behind.iter().all(|to| is_understood(layout, *to));
    }
    match of.kind {
        "cdn" => has_validators(layout, group),
        "website" => true,
        "web" => settings.flag("etag"),
        "database" => Shape::of(settings).is_single() && !counted::is_counted(settings),
        "cache" => {
            let plain = of.count == 1 && of.aides.1 == 0;
            plain && settings.is_given("of") && cache::store_beside(of).is_none()
        }
        _ => false,
    }
}

/// Those to whom a name, a router or a balancer passes on what it is asked; `None` for a group that answers itself.
fn behind(layout: &Layout, group: usize) -> Option<Vec<usize>> {
    let of = &layout.groups[group];
    match of.kind {
        "load_balancer" => Some(load_balancer::readers(&of.settings)),
        "geo_router" | "anycast" => Some(of.settings.groups("to")),
        "dns" => Some(layout.groups[dns::final_zone(layout, group)].settings.groups("to")),
        _ => None,
    }
}

/// Whether what comes from this group says by what it can be told from an older copy (an ETag). Edges pass on what their origin says, and
/// can compare only that.
pub fn has_validators(layout: &Layout, group: usize) -> bool {
    let of = &layout.groups[group];
    let origins = || ["of", "secondary"].into_iter().filter_map(|name| of.settings.group(name)).collect();
    let asked = behind(layout, group).or_else(|| (of.kind == "cdn").then(origins));
    match asked {
        Some(groups) => groups.iter().all(|to| has_validators(layout, *to)),
        None => of.kind != "web" || of.settings.flag("etag"),
    }
}

/// Whether somebody in this world holds copies and may ask about them.
pub fn is_asked(layout: &Layout) -> bool {
    let switched_off = layout.disabled.iter().any(|name| name == "revalidation");
    let holds = |group: &super::Group| group.kind == "cdn" || group.settings.is_given("browser_slots");
    !switched_off && layout.groups.iter().any(holds)
}
