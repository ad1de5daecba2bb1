//! A site that is published anew: HTML pages that name the versions of their assets, as the origin of a CDN or alone.

use super::{ComponentKind, Layout, Site, ways};
use crate::catalog::Value;
use crate::kernel::{Component, Control, NodeId};

mod entry;
mod needs;
pub mod plan;
mod roll_out;
mod server;
pub mod versioning;

pub use needs::of_holders;
pub use plan::{Object, Plan};

/// A site of pages and assets.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check: entry::check, build, grow: None };

/// The next build of the site is published.
const PUBLISH: u16 = Control::FIRST_OWN;

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(server::Server::new(site))]
}

/// What `site.publish()` does, to whom; or what is wrong with its arguments.
pub fn publish(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    match arguments {
        [] => Ok(site.group().members().map(|node| (node, Control::new(PUBLISH, 0))).collect()),
        [Value::Duration(length)] if site.settings().count("machines") == Some(1) => {
            let name = &site.group().name;
            Err(format!(
                "\"{name}\" is one machine, which is new at once: give it `machines: 4` to roll a build out in {}",
                crate::kernel::time_text(*length)
            ))
        }
        [Value::Duration(length)] => {
            Ok(site.group().members().map(|node| (node, Control::new(PUBLISH, *length))).collect())
        }
        _ => Err("`publish` takes no arguments, or the time of a roll-out such as 2.minutes: builds are counted, and `changes` says what is new in each".into()),
    }
}

/// The site that is found behind a group: itself, or what the group leads to.
pub fn behind(layout: &Layout, group: usize) -> Option<usize> {
    if layout.groups[group].kind == KIND.entry.name {
        return Some(group);
    }
    ways::next(layout, group).into_iter().find_map(|to| behind(layout, to))
}
