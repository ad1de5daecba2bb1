//! A web tier: servers that run a plan of steps for each request - own work, reads, writes.

use super::{ComponentKind, Site};
use crate::kernel::{Component, Time};

mod entry;
mod server;

/// Servers that run a plan of steps.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: entry::nodes, check: entry::check, build, grow: Some(grow) };

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let server = server::Server::new(site);
    site.group().nodes().map(|_| Box::new(server.clone()) as Box<dyn Component>).collect()
}

fn grow(site: &Site<'_>) -> Box<dyn Component> {
    Box::new(server::Server::new(site))
}

/// One step of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Cpu,
    Read,
    Write,
    Publish,
}

/// A time-out length that becomes a class when the simulation starts.
type Length = Option<Time>;
