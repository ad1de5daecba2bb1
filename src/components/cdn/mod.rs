//! Edges near users, which keep copies of what an origin serves.

use super::website::{self, Plan};
use super::{ComponentKind, Site};
use crate::catalog::{Settings, Value};
use crate::kernel::{Component, Control, NodeId};

mod age;
mod counts;
mod edge;
mod entry;
mod failing;
mod fetches;
mod limit;
mod mistakes;
mod negative;
mod origins;
mod price;
mod profile;
mod purge;
mod purging;
mod url;

pub use price::{MONTH, first_tier_of, free_purges, plan_with_fee, rebate};

/// Edges of a content delivery network: one for each of its regions.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes, check: mistakes::check, build, grow: None };

fn nodes(settings: &Settings) -> u64 {
    settings.texts("region").len().max(1) as u64
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    site.group().nodes().map(|node| Box::new(edge::Edge::new(site, node)) as Box<dyn Component>).collect()
}

/// What `cdn.invalidate(..)` does, to whom; or what is wrong with its arguments.
pub fn invalidate(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    let purge = purge::parse(site, arguments)?;
    Ok(site.group().members().map(|node| (node, purge.control())).collect())
}

/// The site that is the origin, if it is one.
fn plan(site: &Site<'_>) -> Option<Plan> {
    website::behind(site.layout, site.index).map(|origin| Plan::new(&site.of(origin)))
}

/// How the URLs of its objects are written.
fn urls(site: &Site<'_>) -> url::Urls {
    match (plan(site), site.settings().count("folders")) {
        (Some(plan), _) => url::Urls::Site(Box::new(plan)),
        (None, Some(folders)) => url::Urls::Folders(folders),
        (None, None) => url::Urls::Plain,
    }
}

/// A table of so many keys takes no more memory than hashing each item does (12 bytes, at a load of seven eighths at most).
const KEYS_PER_ITEM: u64 = 4;

/// The number of keys, if a table of them at each edge pays. (The objects of a website have keys of their own, which lie anywhere.)
fn dense_keys(site: &Site<'_>) -> Option<u64> {
    let items = site.settings().count("items").filter(|_| plan(site).is_none())?;
    site.layout.keys().filter(|keys| *keys <= items.saturating_mul(KEYS_PER_ITEM))
}
