//! The door to the network: how long a message takes from node to node, or that it gets lost.

use super::call::{Call, CallId, Calls};
use super::event::NodeId;
use super::request::{RequestId, Requests};
use super::time::Time;

/// A message about to be sent.
///
/// The order of the fields is fixed: it is another one than that of its call, which has often just been written (two words read as one would
/// wait for the processor's store buffer), and what is narrower than a word does not begin one (it would be read as a word).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Message {
    /// The request it serves, whose random numbers it uses.
    pub request: RequestId,
    /// What it is about; tells messages of one request apart in its random draws.
    pub key: u64,
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Size.
    pub bytes: u32,
    /// The call that the asker was serving when it asked.
    pub parent: CallId,
    /// Whether it is an answer.
    pub returning: bool,
    /// How often the caller had asked the same before, or what it answers.
    pub again: u8,
    /// What is asked: opaque to the kernel.
    pub verb: u16,
    /// When it is sent.
    pub now: Time,
}

impl Message {
    /// The question of a call, or its answer, sent at `now`.
    #[inline(always)]
    pub fn of(call: &Call, (from, to): (NodeId, NodeId), returning: bool, now: Time) -> Self {
        let Call { bytes, key, request, parent, verb, .. } = *call;
        Message { from, to, bytes, key, request, parent, verb, returning, now, again: call.again() }
    }
}

/// Instead of a time on the way: the way is cut, and the connection will try again until it is not.
pub const HELD_UP: Time = Time::MAX;

/// A time too long to arrive is as good as lost.
pub const LOST: Time = Time::MAX / 2;

/// The network between the nodes.
pub trait Transit: Send {
    /// Time on the way of a call's question, or of its answer (`returning`), where there is nothing but a delay: [`LOST`] or more if it
    /// does not arrive, [`HELD_UP`] if there is more to it, so that [`Transit::transit`] must be asked. Apart from that since nearly all
    /// messages are of this kind, and many.
    fn delay(
        &mut self,
        _ends: (NodeId, NodeId),
        _call: &Call,
        _returning: bool,
        _requests: &Requests,
    ) -> Time {
        HELD_UP
    }
    /// Time on the way, or [`HELD_UP`]; `None` if the message gets lost. Most messages need no random number, so that only links that do
    /// look the request up in `requests`; what the network knows about where its time went is noted there. In `calls` it finds for whom
    /// the message is sent.
    fn transit(&mut self, message: &Message, requests: &mut Requests, calls: &Calls) -> Option<Time>;
    /// When a message is sent again, from now on, having been sent first at `sent`; `None`: it was given up before. If it opens a connection
    /// ([`Transit::opens`]), time that its request has spent on that meanwhile is noted there.
    fn again(
        &mut self,
        message: &Message,
        _sent: Time,
        _opens: bool,
        _requests: &mut Requests,
    ) -> Option<Time> {
        Some(message.now)
    }
    /// A question of `message.now` has met a machine that is silent: what its request has noted for opening a connection is taken back. Whether it is sent again until that is back.
    fn keeps_trying(&mut self, _message: &Message, _requests: &mut Requests) -> bool {
        true
    }
    /// Whether a question that was sent first at `sent` waits for a connection of its own, not being on one that was open.
    fn opens(&self, _message: &Message, _sent: Time, _requests: &Requests) -> bool {
        false
    }
    /// Whether a question of `message.now` that is given up at `now` still waits for its connection to be opened, and is never sent. What its
    /// request has noted for opening one that has not been spent until then is taken back.
    fn gives_up_connecting(&mut self, _message: &Message, _now: Time, _requests: &mut Requests) -> bool {
        false
    }
    /// Whether messages of this node can take any time at all. Asked when the node is placed and after each command; between
    /// two nodes without links the network is not asked.
    fn has_link(&self, _node: NodeId) -> bool {
        true
    }
    /// A new node, of this group.
    fn place(&mut self, _node: NodeId, _group: u16) {}
    /// Obeys a command from outside (a partition, a slow link); the arguments are the network's own.
    fn command(&mut self, _command: LinkCommand) {}
    /// Whether anybody is cut off from anybody.
    fn is_cut(&self) -> bool {
        false
    }
    /// Between whom a cut has never stopped a message.
    fn idle_cuts(&self) -> Vec<(End, End)> {
        Vec::new()
    }
    /// Where a node is, for those who are cut off from each other by places; 0 = nowhere in particular.
    fn place_of(&self, _node: NodeId) -> u16 {
        0
    }
    /// Whether a node is cut off from all that is at a place.
    fn is_cut_off(&self, _node: NodeId, _place: u16) -> bool {
        false
    }
    /// Whether anything was ever sent over the link between two groups; true without one.
    fn has_carried(&self, _a: u16, _b: u16) -> bool {
        true
    }
    /// A node is back after a crash: nobody has a connection to it any more.
    fn restart(&mut self, _node: NodeId, _now: Time) {}
    /// An independent copy.
    fn fork(&self) -> Box<dyn Transit>;
}

/// One end of a link: a node, or all that a group has, or that is at a place, when a message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// This node.
    Node(NodeId),
    /// Every node of this group, those that join later too.
    Group(u16),
    /// Every node at this place but those of users.
    Place(u16),
}

/// What can be done to a link while the simulation runs. Of what is said of two nodes, alone or with their groups, the last counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LinkCommand {
    /// Nothing passes between the two ends, in either direction.
    Cut(End, End),
    /// Everything passes again between all that is at the two ends.
    Heal(End, End),
    /// Latency between two groups times this factor.
    Slow(u16, u16, f64),
}

/// Everything arrives at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instant;

impl Transit for Instant {
    fn transit(&mut self, _message: &Message, _requests: &mut Requests, _calls: &Calls) -> Option<Time> {
        Some(0)
    }
    fn has_link(&self, _node: NodeId) -> bool {
        false
    }
    fn fork(&self) -> Box<dyn Transit> {
        Box::new(*self)
    }
}
