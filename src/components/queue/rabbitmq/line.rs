//! The line of a queue: ready messages in the order of their positions.

use super::super::message::Message;
use crate::kernel::{NEVER, Time};
use std::collections::{BTreeMap, VecDeque};

/// A message and what its queue knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// The message.
    pub message: Message,
    /// Its place in the line, given when it was published.
    pub position: u64,
    /// From then on it survives a restart of the broker.
    pub durable_at: Time,
    /// From then on nobody gets it any more, once it has come to the head.
    pub expires: Time,
    /// How often it was handed to a consumer.
    pub deliveries: u32,
}

/// Ready messages. One that was handed out and comes back takes its old position: that is before all that were never handed
/// out, so the two kinds need no merging.
#[derive(Clone, Debug, Default)]
pub struct Line {
    returned: BTreeMap<u64, Stored>,
    fresh: VecDeque<Stored>,
    next_position: u64,
}

impl Line {
    /// Messages ready.
    pub fn len(&self) -> usize {
        self.returned.len() + self.fresh.len()
    }

    /// Takes a new message in, behind all others.
    #[inline]
    pub fn publish(&mut self, message: Message, durable_at: Time, expires: Time) {
        let position = self.next_position;
        self.next_position += 1;
        self.fresh.push_back(Stored { message, position, durable_at, expires, deliveries: 0 });
    }

    /// The head.
    #[inline]
    pub fn head(&self) -> Option<&Stored> {
        self.returned.first_key_value().map(|(_, stored)| stored).or_else(|| self.fresh.front())
    }

    /// Takes the head off.
    #[inline]
    pub fn pop(&mut self) -> Option<Stored> {
        if self.returned.is_empty() {
            return self.fresh.pop_front();
        }
        self.returned.pop_first().map(|(_, stored)| stored)
    }

    /// A message comes back to its old position.
    pub fn requeue(&mut self, stored: Stored) {
        debug_assert!(self.fresh.front().is_none_or(|fresh| stored.position < fresh.position));
        self.returned.insert(stored.position, stored);
    }

    /// When the head has expired; [`NEVER`] if there is none.
    pub fn head_expires(&self) -> Time {
        self.head().map_or(NEVER, |stored| stored.expires)
    }

    /// A restart: what is not durable at `now` is gone and returned here.
    pub fn restart(&mut self, now: Time) -> Vec<Stored> {
        let stays = |stored: &Stored| stored.durable_at <= now;
        let all: Vec<Stored> =
            std::mem::take(&mut self.returned).into_values().chain(std::mem::take(&mut self.fresh)).collect();
        let (stay, gone): (Vec<Stored>, Vec<Stored>) = all.into_iter().partition(stays);
        self.fresh = stay.into();
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(messages: u32) -> Line {
        let mut line = Line::default();
        (1..=messages).for_each(|id| line.publish(Message { id, key: 0, bytes: 0 }, u64::from(id), NEVER));
        line
    }

    fn ids(line: &mut Line) -> Vec<u32> {
        std::iter::from_fn(|| line.pop()).map(|stored| stored.message.id).collect()
    }

    #[test]
    fn what_comes_back_takes_its_old_position() {
        let mut line = line(6);
        let out: Vec<Stored> = (0..4).map(|_| line.pop().unwrap()).collect();
        for index in [2, 0, 3] {
            line.requeue(out[index]);
        }
        assert_eq!(line.len(), 5);
        assert_eq!(line.head().unwrap().message.id, 1);
        assert_eq!(ids(&mut line), [1, 3, 4, 5, 6]);
    }

    #[test]
    fn a_restart_keeps_what_is_durable_in_order() {
        let mut line = line(5);
        let first = line.pop().unwrap();
        line.requeue(first);
        let gone: Vec<u32> = line.restart(3).iter().map(|stored| stored.message.id).collect();
        assert_eq!((gone, ids(&mut line)), (vec![4, 5], vec![1, 2, 3]));
    }
}
