//! Whom a server asks: the cache, the store behind it, other caches, a bus.

use super::entry;
use super::server::Server;
use crate::components::{Site, cache, invalidation_bus};
use crate::kernel::{Answer, Ctx, NodeId, Status};
use crate::parts::plan::{Access, CacheError, Progress, Route};

/// How the data of a target is reached: with a cache beside the store if the server runs the plan itself.
pub(super) fn access(site: &Site<'_>, target: usize) -> Access {
    let beside = cache::store_beside(&site.layout.groups[target]);
    let cache = beside.map(|_| route(&site.of(target)));
    let store = route(&site.of(beside.unwrap_or(target)));
    let on_cache_error = CacheError::of(site.settings().choice("on_cache_error"));
    let mut access = Access::new(cache, store, entry::plan(site, target), on_cache_error);
    if beside.is_some() {
        cache::share_loads(&site.of(target), &mut access);
        access.copies = copies(site);
    }
    access.looks_up_store = beside.is_none() && site.layout.groups[target].kind == "cache";
    access.bus = site.settings().group("announces").map(|bus| invalidation_bus::of(&site.of(bus)));
    access
}

/// The other caches that a write tells.
fn copies(site: &Site<'_>) -> Vec<NodeId> {
    let told = if site.is_disabled("invalidation") { Vec::new() } else { site.settings().groups("copies") };
    told.into_iter().map(|cache| site.layout.first(cache)).collect()
}

/// Who of a group is asked about a key.
fn route(target: &Site<'_>) -> Route {
    match target.group().kind {
        "cache" => cache::route(target),
        _ => Route::One(target.layout.first(target.index)),
    }
}

/// What a caller learns of trouble further down: an error, or that there was no room.
pub(super) fn to_caller(answer: Answer) -> Answer {
    match answer.status {
        Status::Reset | Status::TimedOut | Status::Moved => Answer::of(Status::Failed),
        _ => answer,
    }
}

impl Server {
    /// Tasks whose load another one has done go on.
    #[cold]
    pub(super) fn pass_on_landed(&mut self, cx: &mut Ctx<'_>) {
        while let Some((index, answer)) = self.reads.as_mut().and_then(Access::pop_landed) {
            self.go_on(index, Progress::Done(answer), cx);
        }
    }
}
