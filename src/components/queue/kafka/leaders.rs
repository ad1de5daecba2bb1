//! What a producer knows of its brokers.

use super::super::connections::Line;
use super::super::publisher::partition_of;
use crate::kernel::{NodeId, Reply, Status};

/// Whom a producer takes for the leader of each partition. It may be out of date; brokers' answers put it right.
#[derive(Clone, Debug)]
pub struct Leaders {
    brokers: Vec<NodeId>,
    /// The producer's connections to them.
    lines: Vec<Line>,
    /// Of each partition, with the newest epoch in which somebody was said to lead it; one entry if there are no partitions.
    leaders: Vec<(NodeId, u32)>,
}

impl Leaders {
    /// At the beginning everybody knows the preferred leaders.
    pub fn new(brokers: Vec<NodeId>, partitions: usize) -> Self {
        let leaders = (0..partitions).map(|partition| (brokers[partition % brokers.len()], 0)).collect();
        Leaders { lines: vec![Line::default(); brokers.len()], brokers, leaders }
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

    /// Who leads the partition of this key, and the connection to it.
    #[inline]
    pub fn of_key(&self, key: u64) -> (NodeId, Line) {
        let leader = self.leaders[self.partition(key)].0;
        (leader, self.lines[self.place_of(leader)])
    }

    #[inline]
    fn place_of(&self, broker: NodeId) -> usize {
        let place = broker.0.wrapping_sub(self.brokers[0].0) as usize; // they stand side by side
        if place < self.brokers.len() { place } else { 0 }
    }

    /// A broker has answered: the connection to it is open.
    #[inline]
    pub fn answers(&mut self, broker: NodeId) {
        let place = self.place_of(broker);
        self.lines[place].open = true;
    }

    /// Learns from an answer that is not what was wanted. The broker to ask again at once, if the one asked only knew where to go. Who knows
    /// less than others is not believed (as clients compare leader epochs, KIP-320): two brokers that name each other while the news
    /// travels would be asked in turn for ever.
    #[cold]
    pub fn learn(&mut self, reply: &Reply) -> Option<NodeId> {
        let partition = self.partition(reply.key);
        let (leader, epoch) = self.leaders[partition];
        match reply.status {
            Status::Moved if reply.version >= epoch => {
                self.leaders[partition] = (reply.redirect, reply.version);
                Some(reply.redirect)
            }
            // Another broker may know who leads now. One that has no copy of the partition never does.
            Status::Reset | Status::TimedOut | Status::Failed if leader == reply.callee => {
                self.leaders[partition].0 = self.after(reply.callee);
                None
            }
            _ => None,
        }
    }

    /// A crash of the producer: it has no connections.
    pub fn disconnect(&mut self) {
        self.lines.iter_mut().for_each(Line::renew);
    }

    /// A broker does not answer: the connection to it is closed, and others may lead what it led.
    #[cold]
    pub fn leave(&mut self, broker: NodeId) {
        let place = self.place_of(broker);
        self.lines[place].renew();
        let next = self.after(broker);
        self.leaders.iter_mut().filter(|leader| leader.0 == broker).for_each(|leader| leader.0 = next);
    }

    fn after(&self, broker: NodeId) -> NodeId {
        self.brokers[(self.place_of(broker) + 1) % self.brokers.len()]
    }
}
