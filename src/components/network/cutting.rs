//! What a cut does to messages.

use super::Network;
use super::cuts::{Cut, Member};
use crate::kernel::transit::{End, HELD_UP, Message};
use crate::kernel::{NodeId, Time};
use crate::parts::verbs;

impl Network {
    /// A node with where it belongs.
    pub(super) fn member(&self, node: NodeId) -> Member {
        member(&self.group, &self.sides, node)
    }

    /// A cut is made, or healed.
    pub(super) fn say(&mut self, ends: (End, End), cut: bool) {
        let (group, sides) = (&self.group, &self.sides);
        self.cuts.say(ends, cut, |node| member(group, sides, node));
    }

    /// What stops a message, if anything is cut.
    #[inline]
    pub(super) fn stopped(&mut self, message: &Message) -> Option<Cut> {
        if self.cuts.is_empty() {
            return None;
        }
        let (from, to) = (self.member(message.from), self.member(message.to));
        self.cuts.between(from, to)
    }

    /// What becomes of a message whose way is cut: on a connection TCP keeps it.
    #[cold]
    pub(super) fn tries_again(&self, index: u32, message: &Message) -> Option<Time> {
        let link = index.checked_sub(1).map(|index| &self.links[index as usize]);
        let is_connected = link.is_some_and(|link| link.connection().is_some());
        let is_kept = is_connected && !verbs::is_datagram(message.verb) || verbs::is_of_stream(message.verb);
        is_kept.then_some(HELD_UP)
    }
}

fn member(groups: &[u16], sides: &[u16], node: NodeId) -> Member {
    Member { node, group: groups[node.index()], place: sides[node.index()] }
}
