//! The producer's side: which broker a message goes to.

use super::message;
use crate::components::Site;
use crate::kernel::{Ctx, NodeId, Reply, Status};
use crate::random::mix::mix64;

/// Partition of a key: a fixed hash (Kafka's default partitioner takes murmur2 of the key).
#[inline]
pub fn partition_of(key: u64, partitions: u64) -> u64 {
    mix64(key) % partitions
}

/// What a producer knows of its brokers. It may be out of date; their answers put it right.
#[derive(Clone, Debug)]
pub struct Publisher {
    brokers: Vec<NodeId>,
    /// Whom it takes for the leader of each partition; one entry if there are no partitions.
    leaders: Vec<NodeId>,
    /// The producer does not wait for the broker's word, and takes every message for published: the queue's number.
    forgets: Option<u16>,
}

impl Publisher {
    /// A producer for the queue with this index in the world.
    pub fn new(site: &Site<'_>, queue: usize) -> Self {
        let brokers = super::brokers(&site.of(queue));
        let partitions = super::partitions(&site.of(queue)) as usize;
        let leaders = (0..partitions).map(|partition| brokers[partition % brokers.len()]).collect();
        let forgets =
            super::is_fire_and_forget(site.of(queue).settings()).then(|| message::ordinal(&site.of(queue)));
        Publisher { brokers, leaders, forgets }
    }

    #[inline]
    fn partition(&self, key: u64) -> usize {
        if self.leaders.len() == 1 { 0 } else { partition_of(key, self.leaders.len() as u64) as usize }
    }

    /// Where a message of this key goes.
    #[inline]
    pub fn broker(&self, key: u64) -> NodeId {
        self.leaders[self.partition(key)]
    }

    /// Learns from an answer. The broker to ask again at once, if the one asked only knew where to go.
    pub fn learn(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> Option<NodeId> {
        let elsewhere = if reply.status == Status::Ok { None } else { self.learn_of_trouble(reply) };
        let Some(queue) = self.forgets.filter(|_| reply.status != Status::Ok) else { return elsewhere };
        // Nobody hears of the error, and the message is gone.
        let now = cx.now();
        cx.audit().messages_mut().vanish(queue, reply.key, now);
        reply.status = Status::Ok;
        None
    }

    #[cold]
    fn learn_of_trouble(&mut self, reply: &Reply) -> Option<NodeId> {
        let partition = self.partition(reply.key);
        match reply.status {
            Status::Moved => {
                self.leaders[partition] = reply.redirect;
                Some(reply.redirect)
            }
            // Another broker may know who leads now.
            Status::Reset | Status::TimedOut if self.leaders[partition] == reply.callee => {
                let at = self.brokers.iter().position(|broker| *broker == reply.callee).unwrap_or(0);
                self.leaders[partition] = self.brokers[(at + 1) % self.brokers.len()];
                None
            }
            _ => None,
        }
    }
}
