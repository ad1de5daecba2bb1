//! A cache: items in memory under keys, beside a store or in front of it.

use super::{ComponentKind, Site};
use crate::catalog::{Problems, Settings, Value};
use crate::components::site::Group;
use crate::kernel::{Component, Control, NodeId};
use crate::parts::plan::{Access, Flights, Route, Step, WritePlan};

mod beside;
mod cluster;
mod column;
mod coordinator;
mod dense;
mod dirty;
mod entry;
pub mod eviction;
mod expiry;
mod fills;
mod group;
mod index;
mod inline;
mod keys;
mod keys_moved;
mod look_up;
mod mistakes;
mod needs;
pub use needs::BOUND;
mod node;
mod only_copy;
mod proxy;
mod rack;
mod recent;
mod refresh;
pub mod shelf;
mod slot_keys;
mod stampede;
mod store;
mod transfer;

/// Removes the key that is its argument.
const INVALIDATE: u16 = Control::FIRST_OWN;
/// The argument that means all keys.
const ALL_KEYS: u64 = u64::MAX;

/// Items in memory.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: group::nodes, check, build, grow: Some(grow) };

fn check(site: &Site<'_>, problems: &mut Problems) {
    mistakes::check(site, problems);
    group::check(site, problems);
}

/// What is wrong with its settings, whatever it is for.
pub(super) fn check_alone(settings: &Settings, problems: &mut Problems) {
    mistakes::check_alone(settings, problems);
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let keys_moved = keys_moved::KeysMoved::of(site);
    let node = |keys| Box::new(node::Node::new(site, keys, keys_moved.clone())) as Box<dyn Component>;
    let aide = |_| match group::is_cluster(site.settings()) {
        true => Box::new(coordinator::Coordinator::new(site)) as Box<dyn Component>,
        false => Box::new(proxy::Proxy::new(site)),
    };
    group::preloaded(site).into_iter().map(node).chain(site.group().aides().map(aide)).collect()
}

/// A node that joins is empty.
fn grow(site: &Site<'_>) -> Box<dyn Component> {
    Box::new(node::Node::new(site, Vec::new(), keys_moved::KeysMoved::of(site)))
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

/// What those who read through this cache do so that not all of them load: by the cache's setting `stampede`.
pub fn share_loads(site: &Site<'_>, access: &mut Access) {
    match stampede(site) {
        "coalesce" => access.flights = Some(Flights::default()),
        "lock" => access.poll = site.settings().duration("poll"),
        _ => {}
    }
}

/// What is loaded anew before it expires.
fn refresh(site: &Site<'_>) -> Option<refresh::Refresh> {
    let (share, ttl) = (site.settings().share("refresh_ahead")?, site.settings().duration("ttl")?);
    (!site.is_disabled("refresh_ahead")).then(|| refresh::Refresh::new(share, ttl))
}

fn stampede(site: &Site<'_>) -> &'static str {
    let choice = if site.is_disabled("stampede") { 0 } else { site.settings().choice("stampede") };
    stampede::POLICIES[choice].name
}

/// What the cache does against late fills and writes.
fn fills(site: &Site<'_>) -> fills::Fills {
    let choice = if site.is_disabled("fills") { 0 } else { site.settings().choice("fills") };
    fills::Fills::of(choice)
}

/// What `cache.invalidate(..)` does, to whom; or what is wrong with its arguments.
pub fn invalidate(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    let key = match arguments {
        [Value::Text(all)] if all == "all" => ALL_KEYS,
        [Value::Whole(key)] if *key >= 0 => *key as u64,
        _ => return Err("`invalidate` takes a key or \"all\"".into()),
    };
    Ok(site.group().members().map(|node| (node, Control::new(INVALIDATE, key))).collect())
}
