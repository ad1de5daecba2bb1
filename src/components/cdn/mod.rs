//! Edges near users, which keep copies of what an origin serves.

use super::{ComponentKind, Site};
use crate::catalog::{Settings, Value};
use crate::kernel::{Component, Control, NodeId};

mod edge;
mod entry;
mod fetches;
mod profile;

/// Edges of a content delivery network: one for each of its regions.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes, check: entry::check, build, grow: None };

/// Removes the copy of a key (`arg` less one), or all copies (0), once the command has reached the edge.
const INVALIDATE: u16 = Control::FIRST_OWN;

fn nodes(settings: &Settings) -> u64 {
    settings.texts("region").len().max(1) as u64
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    site.group().nodes().map(|node| Box::new(edge::Edge::new(site, node)) as Box<dyn Component>).collect()
}

/// What `cdn.invalidate(..)` does, to whom; or what is wrong with its arguments.
pub fn invalidate(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    let arg = match arguments {
        [] => 0,
        [Value::Text(all)] if all == "all" => 0,
        [Value::Whole(key)] if *key >= 0 => {
            let key = *key as u64;
            // A purge of what cannot exist is a slip of the pen; one of what no edge holds is not, and does nothing.
            if let Some(keys) = site.layout.keys().filter(|keys| key >= *keys) {
                return Err(format!("there is no key {key}: the traffic wants keys below {keys}"));
            }
            key + 1
        }
        _ => return Err("`invalidate` takes a key or \"all\"".into()),
    };
    Ok(site.group().members().map(|node| (node, Control::new(INVALIDATE, arg))).collect())
}
