//! What a producer knows of its brokers.

use super::super::publisher::partition_of;
use crate::kernel::{NodeId, Reply, Status};

/// Whom a producer takes for the leader of each partition. It may be out of date; brokers' answers put it right.
#[derive(Clone, Debug)]
pub struct Leaders {
    brokers: Vec<NodeId>,
    /// One entry if there are no partitions.
    leaders: Vec<NodeId>,
}

impl Leaders {
    /// At the beginning everybody knows the preferred leaders.
    pub fn new(brokers: Vec<NodeId>, partitions: usize) -> Self {
        let leaders = (0..partitions).map(|partition| brokers[partition % brokers.len()]).collect();
        Leaders { brokers, leaders }
    }

    /// Number of partitions.
    pub fn partitions(&self) -> usize {
        self.leaders.len()
    }

    /// The partition of a key.
    #[inline]
    pub fn partition(&self, key: u64) -> usize {
        if self.leaders.len() == 1 { 0 } else { partition_of(key, self.leaders.len() as u64) as usize }
    }

    /// Who leads the partition of this key.
    #[inline]
    pub fn of_key(&self, key: u64) -> NodeId {
        self.leaders[self.partition(key)]
    }

    /// Learns from an answer that is not what was wanted. The broker to ask again at once, if the one asked only knew where to go.
    #[cold]
    pub fn learn(&mut self, reply: &Reply) -> Option<NodeId> {
        let partition = self.partition(reply.key);
        match reply.status {
            Status::Moved => {
                self.leaders[partition] = reply.redirect;
                Some(reply.redirect)
            }
            // Another broker may know who leads now. One that has no copy of the partition never does.
            Status::Reset | Status::TimedOut | Status::Failed if self.leaders[partition] == reply.callee => {
                self.leaders[partition] = self.after(reply.callee);
                None
            }
            _ => None,
        }
    }

    /// A broker does not answer: others may lead what it led.
    #[cold]
    pub fn leave(&mut self, broker: NodeId) {
        let next = self.after(broker);
        self.leaders.iter_mut().filter(|leader| **leader == broker).for_each(|leader| *leader = next);
    }

    fn after(&self, broker: NodeId) -> NodeId {
        let at = self.brokers.iter().position(|other| *other == broker).unwrap_or(0);
        self.brokers[(at + 1) % self.brokers.len()]
    }
}
