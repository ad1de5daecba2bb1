//! A cache: items in memory under keys, beside a store or in front of it.

use super::{ComponentKind, Site};
use crate::catalog::{Problems, Settings};
use crate::components::site::Group;
use crate::kernel::Component;
use crate::parts::plan::{Route, Step, WritePlan};

mod cluster;
mod coordinator;
mod dirty;
mod entry;
pub mod eviction;
mod expiry;
mod group;
mod index;
mod keys_moved;
mod node;
mod proxy;
pub mod shelf;
mod slot_keys;
mod transfer;

/// Items in memory.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: group::nodes, check, build, grow: Some(grow) };

fn check(site: &Site<'_>, problems: &mut Problems) {
    entry::check(site, problems);
    group::check(site, problems);
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let node = |keys| Box::new(node::Node::new(site, keys)) as Box<dyn Component>;
    let aide = |_| match group::is_cluster(site.settings()) {
        true => Box::new(coordinator::Coordinator::new(site)) as Box<dyn Component>,
        false => Box::new(proxy::Proxy::new(site)),
    };
    group::preloaded(site).into_iter().map(node).chain(site.group().aides().map(aide)).collect()
}

/// A node that joins is empty.
fn grow(site: &Site<'_>) -> Box<dyn Component> {
    Box::new(node::Node::new(site, Vec::new()))
}

/// Who serves a cache beside the nodes that hold its items.
pub(super) fn aides(settings: &Settings) -> (&'static str, u64) {
    group::aides(settings)
}

/// Who of a cache is asked about a key.
pub fn route(site: &Site<'_>) -> Route {
    group::route(site)
}

/// The policy of eviction by its index; a test may have every item thrown out at random instead.
fn eviction_of(site: &Site<'_>) -> usize {
    match site.is_disabled("eviction") {
        true => eviction::POLICIES.iter().position(|policy| policy.name == "random").expect("registered"),
        false => site.settings().choice("eviction"),
    }
}

/// The write strategy of a cache; `aside` if it says nothing.
pub fn write_plan(site: &Site<'_>) -> WritePlan {
    let mut plan = entry::write_plan(site.settings()).expect("checked");
    if site.is_disabled("invalidation") {
        plan.steps.retain(|step| {
            !matches!(step, Step::Invalidate) && (plan.flush_after.is_some() || *step != Step::Cache)
        });
    }
    if site.is_disabled("write_back") && plan.flush_after.take().is_some() {
        plan.steps = vec![Step::Store, Step::Cache, Step::Ack];
    }
    plan
}

/// The store of a cache whose callers talk to both; `None` if the cache stands in front of its store, or if
/// the group is no cache.
pub fn store_beside(group: &Group) -> Option<usize> {
    let aside = group.kind == "cache" && !entry::is_inline(&group.settings);
    if aside { group.settings.group("of") } else { None }
}
