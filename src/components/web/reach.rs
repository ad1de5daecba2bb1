//! How a server reaches data.

use super::entry;
use crate::components::{Site, cache};
use crate::parts::plan::{Access, CacheError, Route};

/// How the data of a target is reached: with a cache beside the store if the server runs the plan itself.
pub(super) fn access(site: &Site<'_>, target: usize) -> Access {
    let beside = cache::store_beside(&site.layout.groups[target]);
    Access {
        cache: beside.map(|_| route(&site.of(target))),
        store: route(&site.of(beside.unwrap_or(target))),
        plan: entry::plan(site, target),
        on_cache_error: CacheError::of(site.settings().choice("on_cache_error")),
        timeout: None,
    }
}

/// Who of a group is asked about a key.
fn route(target: &Site<'_>) -> Route {
    match target.group().kind {
        "cache" => cache::route(target),
        _ => Route::One(target.layout.first(target.index)),
    }
}
