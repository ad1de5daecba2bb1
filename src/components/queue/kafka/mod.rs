//! Apache Kafka: partitioned logs on several brokers, each led by one of them and copied by others; consumer groups that share the
//! partitions out among their members.
//!
//! The last node of the group is controller and group coordinator in one: it stands for a quorum (KRaft) and for the broker that
//! coordinates the group, and keeps what it knows through crashes, as they do.
//!
//! Idealised: a consumer goes on at its offset whatever leader it has. If a log lost its tail and grew beyond that offset again, it skips
//! what was written meanwhile, as clients did before KIP-320. With `acks: "0"` a producer has its answer when the leader has the message in
//! hand, not at once.

mod broker;
mod controller;
mod delivery;
mod follower;
mod group;
mod leader;
mod leaders;
mod log;
mod partition;
mod patience;
mod segments;
mod wire;

use crate::catalog::{Policy, Settings};
use crate::components::Site;
use crate::kernel::{Component, NodeId};
pub use broker::ENTRY;
pub use controller::BROKER_SESSION;
pub use delivery::Delivery;
pub use group::{member_id, range};
pub use leader::RECORDS_AT_MOST;
pub use leaders::Leaders;
use patience::recognised_for;
pub use patience::{DELIVERY_TIMEOUT, REQUEST_TIMEOUT, check, delivery_timeout, request_timeout};
pub use segments::{RETENTION_CHECK, SEGMENT, SEGMENT_AGE};
pub use wire::{Fetch, Place};

/// When a producer has its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acks {
    /// At once, whatever becomes of the message.
    None,
    /// When the leader has it.
    Leader,
    /// When all brokers in sync have it.
    All,
}

/// acks of a producer.
pub const ACKS: &[Policy] = &[
    Policy {
        name: "0",
        about: "the producer does not learn of errors (here its answer still takes the way to the leader and back)",
        source: "Kafka producer configs: acks=0",
        wrong_when: "anybody would miss a message",
    },
    Policy {
        name: "1",
        about: "the leader has it: lost if the leader dies before others have it, doubled if it is sent again (no idempotence)",
        source: "Kafka producer configs: acks=1, enable.idempotence",
        wrong_when: "an acknowledged message must survive its leader",
    },
    Policy {
        name: "all",
        about: "all brokers in sync have it; what a producer sends again by itself is recognised (idempotent producer), what its application sends again is not",
        source: "Kafka producer configs: acks=all and enable.idempotence, the defaults since 3.0",
        wrong_when: "latency matters more than a rare loss",
    },
];

impl Acks {
    fn of(settings: &Settings) -> Self {
        [Acks::None, Acks::Leader, Acks::All][settings.choice("acks")]
    }
}

/// Whether producers do not wait for the broker's word.
pub fn is_fire_and_forget(settings: &Settings) -> bool {
    Acks::of(settings) == Acks::None
}

/// Number of brokers, the controller not among them.
pub fn brokers(settings: &Settings) -> u64 {
    settings.count("brokers").expect("preset")
}

/// Number of partitions.
pub fn partitions(settings: &Settings) -> u64 {
    settings.count("partitions").expect("preset")
}

/// The node that is controller and group coordinator.
pub fn coordinator(site: &Site<'_>) -> NodeId {
    site.group().node(brokers(site.settings())).expect("one more than brokers")
}

/// Brokers that have a partition, the preferred leader first.
fn replicas(partition: u64, settings: &Settings) -> Vec<u16> {
    let (brokers, copies) = (brokers(settings), settings.count("replicas").expect("preset"));
    (0..copies.min(brokers)).map(|n| ((partition + n) % brokers) as u16).collect()
}

/// The brokers and their controller.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let brokers = (0..brokers(site.settings())).map(|n| broker::Broker::new(site, n as u16));
    let boxed = brokers.map(|broker| Box::new(broker) as Box<dyn Component>);
    boxed.chain([Box::new(controller::Controller::new(site)) as Box<dyn Component>]).collect()
}
