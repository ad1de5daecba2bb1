//! A message queue: one broker room, four semantics. Messages are real: each has a number, a key, a place in a line or a log;
//! what is lost, doubled or overtaken comes out of crashes, time-outs and races, and the audit counts it.

use super::{ComponentKind, Site};
use crate::catalog::{Policy, Settings};
use crate::kernel::{Component, NodeId};

pub mod connections;
mod dead_letters;
mod entry;
pub mod kafka;
pub mod message;
pub mod needs;
mod numbered;
mod patience;
pub mod polls;
pub mod publisher;
mod rabbitmq;
mod redis_streams;
mod sqs;
mod work;

pub(super) use entry::check_alone;

/// Messages between producers and consumers.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: entry::nodes, check: entry::check, build, grow: None };

/// The semantics: one line each.
pub const SEMANTICS: &[Policy] = &[rabbitmq::ENTRY, kafka::ENTRY, sqs::ENTRY, redis_streams::ENTRY];

/// Makes the nodes of a queue.
type Builder = fn(&Site<'_>) -> Vec<Box<dyn Component>>;

/// Their constructors, in the same order.
const BUILDERS: &[Builder] = &[rabbitmq::build, kafka::build, sqs::build, redis_streams::build];

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    BUILDERS[site.settings().choice("kind")](site)
}

/// Name of a queue's semantics.
pub fn semantics(settings: &Settings) -> &'static str {
    SEMANTICS[settings.choice("kind")].name
}

/// Nodes of a queue that take messages from producers.
pub fn brokers(site: &Site<'_>) -> Vec<NodeId> {
    let nodes = site.group().nodes();
    match semantics(site.settings()) {
        "kafka" => nodes.take(kafka::brokers(site.settings()) as usize).collect(),
        _ => nodes.collect(),
    }
}

/// Whether the n-th node is one that holds messages, and not the controller.
pub fn works(settings: &Settings, n: u64) -> bool {
    semantics(settings) != "kafka" || n < kafka::brokers(settings)
}

/// Number of lines or logs that a producer has to choose from.
fn partitions(site: &Site<'_>) -> u64 {
    if semantics(site.settings()) == "kafka" { kafka::partitions(site.settings()) } else { 1 }
}

/// Whether producers do not wait for the broker's word.
fn is_fire_and_forget(settings: &Settings) -> bool {
    semantics(settings) == "kafka" && kafka::is_fire_and_forget(settings)
}
