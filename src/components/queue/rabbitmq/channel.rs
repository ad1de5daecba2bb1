//! A channel: what was pushed to one consumer and is not acknowledged.

use super::line::Stored;
use crate::kernel::{CallId, NodeId, Time};
use std::collections::VecDeque;

/// A message on its way to a consumer, or in its hands.
#[derive(Clone, Copy, Debug)]
pub struct Unacked {
    /// The message.
    pub stored: Stored,
    /// The call that carries it; its answer is the acknowledgement.
    pub call: CallId,
}

/// The connection to one consumer.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The consumer.
    pub node: NodeId,
    /// Number of the connection among the consumer's.
    pub connection: u32,
    /// Most unacknowledged messages; 0 = no limit.
    pub prefetch: u32,
    /// Messages count as acknowledged when they are sent.
    pub auto_ack: bool,
    /// A question that is never answered: it breaks when the consumer's process dies.
    pub watch: CallId,
    /// Whether it still stands.
    pub open: bool,
    /// It wants nothing more.
    pub cancelled: bool,
    /// Last sign of life.
    pub heard: Time,
    /// Whether it is in the line of channels that want messages.
    pub in_turn: bool,
    /// By sequence number, the first of them that of the front.
    unacked: VecDeque<Option<Unacked>>,
    first: u32,
    count: u32,
}

impl Channel {
    /// A new connection.
    pub fn new((node, connection): (NodeId, u32), prefetch: u32, auto_ack: bool, now: Time) -> Self {
        Channel {
            node,
            connection,
            prefetch,
            auto_ack,
            watch: CallId::NONE,
            open: true,
            cancelled: false,
            heard: now,
            in_turn: false,
            unacked: VecDeque::new(),
            first: 0,
            count: 0,
        }
    }

    /// Whether it takes one more message.
    #[inline]
    pub fn wants(&self) -> bool {
        // Who acknowledges by taking has no prefetch limit: there is nothing to count.
        self.open && !self.cancelled && (self.auto_ack || self.prefetch == 0 || self.count < self.prefetch)
    }

    /// Messages handed out and not acknowledged.
    pub fn unacked(&self) -> u32 {
        self.count
    }

    /// The sequence number of the next message.
    #[inline]
    pub fn next_sequence(&self) -> u32 {
        self.first.wrapping_add(self.unacked.len() as u32)
    }

    /// A message has been sent.
    #[inline]
    pub fn send(&mut self, stored: Stored, call: CallId) {
        self.unacked.push_back(Some(Unacked { stored, call }));
        self.count += 1;
    }

    /// The message of this sequence number is answered for.
    #[inline]
    pub fn take(&mut self, sequence: u32) -> Option<Stored> {
        let index = sequence.wrapping_sub(self.first) as usize;
        let taken = self.unacked.get_mut(index)?.take()?;
        self.count -= 1;
        while let Some(None) = self.unacked.front() {
            self.unacked.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        Some(taken.stored)
    }

    /// The connection is over: what was not acknowledged.
    pub fn close(&mut self) -> Vec<Unacked> {
        self.open = false;
        self.first = self.next_sequence();
        self.count = 0;
        std::mem::take(&mut self.unacked).into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::Message;
    use super::*;
    use crate::kernel::NEVER;

    fn stored(id: u32) -> Stored {
        let message = Message { id, key: 0, bytes: 0 };
        Stored { message, position: u64::from(id), durable_at: 0, expires: NEVER, deliveries: 1 }
    }

    #[test]
    fn prefetch_counts_what_is_unacknowledged() {
        let mut channel = Channel::new((NodeId(0), 1), 2, false, 0);
        for id in 0..2 {
            assert!(channel.wants());
            assert_eq!(channel.next_sequence(), id);
            channel.send(stored(id), CallId::NONE);
        }
        assert!(!channel.wants());
        assert_eq!(channel.take(1).unwrap().message.id, 1);
        assert!(channel.wants());
        assert!(channel.take(1).is_none(), "answered already");
        assert_eq!(channel.close().len(), 1);
        assert!(!channel.wants());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut channel = Channel::new((NodeId(0), 1), 0, false, 0);
        (0..1000).for_each(|id| channel.send(stored(id), CallId::NONE));
        assert!(channel.wants());
        assert_eq!(channel.unacked(), 1000);
    }
}
