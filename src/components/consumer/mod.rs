//! Consumers: workers that take messages from a queue, process them, and say so.

use super::{ComponentKind, Site};
use crate::kernel::Component;

mod entry;
mod log;
mod poll;
mod push;
mod source;
mod worker;

pub use entry::acks_before;
pub use log::HEARTBEAT_INTERVAL;

/// Workers that take from a queue.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: entry::nodes, check: entry::check, build, grow: Some(grow) };

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let worker = worker::Worker::new(site);
    site.group().nodes().map(|_| Box::new(worker.clone()) as Box<dyn Component>).collect()
}

fn grow(site: &Site<'_>) -> Box<dyn Component> {
    Box::new(worker::Worker::new(site))
}
