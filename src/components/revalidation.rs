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
    let all = |groups: Vec<usize>| !groups.is_empty() && groups.iter().all(|to| is_understood(layout, *to));
    match of.kind {
        "cdn" | "website" => true,
        "web" => settings.flag("etag"),
        "load_balancer" => all(load_balancer::readers(settings)),
        "geo_router" | "anycast" => all(settings.groups("to")),
        "dns" => all(layout.groups[dns::final_zone(layout, group)].settings.groups("to")),
        "database" => Shape::of(settings).is_single() && !counted::is_counted(settings),
        "cache" => {
            let plain = of.count == 1 && of.aides.1 == 0;
            plain && settings.is_given("of") && cache::store_beside(of).is_none()
        }
        _ => false,
    }
}

/// Whether somebody in this world holds copies and may ask about them.
pub fn is_asked(layout: &Layout) -> bool {
    let switched_off = layout.disabled.iter().any(|name| name == "revalidation");
    let holds = |group: &super::Group| group.kind == "cdn" || group.settings.is_given("browser_slots");
    !switched_off && layout.groups.iter().any(holds)
}
