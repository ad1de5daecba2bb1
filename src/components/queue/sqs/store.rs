//! The messages of a queue, standard or FIFO.

use super::super::message::Message;
use super::fifo::Fifo;
use super::standard::Standard;
use crate::kernel::Time;

/// A message handed out.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// What deletes it.
    pub receipt: u64,
    /// How often it was handed out.
    pub receives: u32,
}

/// The messages.
#[derive(Clone)]
pub enum Store {
    /// Of a standard queue.
    Standard(Standard),
    /// Of a FIFO queue.
    Fifo(Box<Fifo>),
}

/// The same for both kinds.
macro_rules! both {
    ($self:expr, $store:ident => $what:expr) => {
        match $self {
            Store::Standard($store) => $what,
            Store::Fifo($store) => $what,
        }
    };
}

impl Store {
    /// An empty queue.
    pub fn new(fifo: bool, hosts: usize) -> Self {
        if fifo { Store::Fifo(Box::default()) } else { Store::Standard(Standard::new(hosts)) }
    }

    /// Takes a message in; a dead letter of another queue was `sent` there. False if it is refused as a duplicate.
    pub fn send(&mut self, message: Message, sent: Option<Time>, now: Time, random: u64) -> bool {
        match self {
            Store::Standard(store) => match sent {
                Some(sent) => store.inherit(message, sent, random),
                None => store.send(message, now, random),
            },
            // The age of a dead letter begins anew (AWS, the same chapter as for a standard queue).
            Store::Fifo(store) => {
                if store.is_duplicate(message.id, now) {
                    return false;
                }
                store.send(message, now);
            }
        }
        true
    }

    /// Hands out up to `most` messages, hidden until `until`; a standard queue asks so many hosts.
    pub fn receive(&mut self, most: usize, asked: usize, until: Time, random: u64) -> Vec<Received> {
        match self {
            Store::Standard(store) => store.receive(most, asked, until, random),
            Store::Fifo(store) => store.receive(most, until),
        }
    }

    /// A consumer is done with a message; the message if it is gone for good.
    pub fn delete(&mut self, receipt: u64) -> Option<Message> {
        both!(self, store => store.delete(receipt))
    }

    /// Time-outs that are over: their messages are visible again, but those received `most` times, which are returned, with
    /// when they were sent.
    pub fn reappear(&mut self, now: Time, most: u32) -> Vec<(Message, Time)> {
        both!(self, store => store.reappear(now, most))
    }

    /// When the next time-out of a message that is hidden is over.
    pub fn next_due(&mut self) -> Option<Time> {
        both!(self, store => store.next_due())
    }

    /// When the oldest message was sent.
    pub fn oldest(&self) -> Option<Time> {
        both!(self, store => store.oldest())
    }

    /// Takes out what was sent up to `until`.
    pub fn expire(&mut self, until: Time) -> Vec<Message> {
        both!(self, store => store.expire(until))
    }

    /// Messages kept, those that were handed out included.
    pub fn len(&self) -> usize {
        both!(self, store => store.len())
    }

    /// Messages handed out.
    pub fn in_flight(&self) -> usize {
        both!(self, store => store.in_flight())
    }

    /// A host goes away or comes back.
    pub fn set_host(&mut self, host: usize, up: bool) {
        if let Store::Standard(store) = self {
            store.set_host(host, up);
        }
    }
}
