//! The door to the network: how long a message takes from node to node, or that it gets lost.

use super::event::NodeId;
use super::time::Time;
use crate::random::draw::DrawKey;

/// A message about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Size.
    pub bytes: u32,
    /// What it is about; tells messages of one request apart in its random draws.
    pub key: u64,
    /// Random numbers of the request it serves; `None` for background work.
    pub draw: Option<DrawKey>,
    /// Attempts of the request so far.
    pub attempt: u8,
    /// Whether it is an answer.
    pub returning: bool,
}

/// The network between the nodes.
pub trait Transit: Send {
    /// Time on the way; `None` if the message gets lost.
    fn transit(&mut self, message: &Message, now: Time) -> Option<Time>;
    /// Obeys a command from outside (a partition, a slow link); the arguments are the network's own.
    fn command(&mut self, _command: LinkCommand) {}
    /// An independent copy.
    fn fork(&self) -> Box<dyn Transit>;
}

/// What can be done to a link while the simulation runs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LinkCommand {
    /// Nothing passes between the two groups, in either direction.
    Cut(u16, u16),
    /// Everything passes again.
    Heal(u16, u16),
    /// Latency times this factor.
    Slow(u16, u16, f64),
}

/// Everything arrives at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instant;

impl Transit for Instant {
    fn transit(&mut self, _message: &Message, _now: Time) -> Option<Time> {
        Some(0)
    }
    fn fork(&self) -> Box<dyn Transit> {
        Box::new(*self)
    }
}
