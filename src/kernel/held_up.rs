//! Messages that a cut has held up, and that connections send again when it is healed.

use super::core::Core;
use super::event::{Event, NodeId, Packed};
use super::time::Time;
use super::transit::{HELD_UP, LinkCommand, Message};

/// A message on a connection whose way is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldUp {
    event: Packed,
    from: NodeId,
    to: NodeId,
    /// When it was sent first.
    sent: Time,
}

impl Core {
    /// Does something to the network.
    pub(super) fn link(&mut self, command: LinkCommand) {
        self.transit.command(command);
        for (index, node) in self.nodes.iter_mut().enumerate() {
            node.linked = self.transit.has_link(NodeId(index as u16));
        }
        if let LinkCommand::Heal(..) = command {
            self.send_again();
        }
    }

    /// The way of a message is cut.
    #[cold]
    pub(super) fn hold_up(&mut self, message: &Message, event: Packed) {
        self.held_up.push(HeldUp { event, from: message.from, to: message.to, sent: message.now });
    }

    /// A way may be free again: what is still wanted goes with the next transmission.
    #[cold]
    fn send_again(&mut self) {
        for held in std::mem::take(&mut self.held_up) {
            let Some(call) = self.calls.get(held.event.call()) else { continue };
            let message =
                Message::of(call, (held.from, held.to), held.event.kind() == Event::ANSWER, self.now);
            self.send_once_more(&message, held.event, held.sent);
        }
    }

    /// A message that was sent first at `sent` goes with its next transmission. What goes astray opens no connection, and needs as long as an
    /// answer of no size would.
    #[cold]
    pub(super) fn send_once_more(&mut self, message: &Message, event: Packed, sent: Time) {
        let is_stray = event.kind() == Event::STRAY;
        let opens = !is_stray && self.transit.opens(message, sent, &self.requests);
        let Some(at) = self.transit.again(message, sent, opens, &mut self.requests) else {
            return self.stop_moving(event.call());
        };
        let mut again = Message { now: at, ..*message };
        if is_stray {
            again = Message { from: message.to, to: message.from, returning: true, bytes: 0, ..again };
        }
        match self.transit.transit(&again, &mut self.requests, &self.calls) {
            Some(HELD_UP) => {
                self.held_up.push(HeldUp { event, from: message.from, to: message.to, sent });
            }
            Some(delay) => self.schedule(at.saturating_add(delay), event),
            None => self.stop_moving(event.call()),
        }
    }
}
