//! A cache: items in memory under keys, beside a store or in front of it.

use super::{ComponentKind, Site};
use crate::catalog::Problems;
use crate::components::site::Group;
use crate::kernel::Component;
use crate::parts::plan::{Step, WritePlan};

mod dirty;
mod entry;
pub mod eviction;
mod node;
pub mod shelf;

/// Items in memory.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check, build, grow: None };

fn check(site: &Site<'_>, problems: &mut Problems) {
    entry::check(site, problems);
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(node::Node::new(site))]
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
