//! A router of clients: a service that tells each client which site to use, by the position that it sends or by its address.

use super::{ComponentKind, Site};
use crate::catalog::Settings;
use crate::kernel::Component;

mod entry;
mod router;

/// Tells clients where to go: one node at each of its regions.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes, check: entry::check, build, grow: None };

fn nodes(settings: &Settings) -> u64 {
    settings.texts("region").len().max(1) as u64
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    (0..site.group().count).map(|_| Box::new(router::Router::new(site)) as Box<dyn Component>).collect()
}
