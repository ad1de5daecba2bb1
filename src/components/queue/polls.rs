//! Consumers that ask for messages, and wait at the broker while there are none.

use super::message::Message;
use crate::kernel::{Answer, CallId, Ctx, Item, NodeId, ParcelId};
use std::collections::VecDeque;

/// A consumer that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// Its call.
    pub call: CallId,
    /// Who it is.
    pub consumer: NodeId,
    /// Most messages it takes.
    pub most: usize,
}

/// Those who wait, first come first served, and the parcels in which they get what they asked for.
#[derive(Clone, Debug, Default)]
pub struct Polls {
    line: VecDeque<Waiting>,
    parcels: Vec<(NodeId, u16, ParcelId)>,
}

/// A message as it lies in a parcel, with the broker's note on it.
pub fn packed(message: Message, receipt: u64) -> Item {
    [message.key, receipt, u64::from(message.id) | u64::from(message.bytes) << 32]
}

/// The inverse of [`packed`].
pub fn unpacked([key, receipt, rest]: Item) -> (Message, u64) {
    (Message { id: rest as u32, key, bytes: (rest >> 32) as u32 }, receipt)
}

impl Polls {
    /// A consumer waits. Its owner sees to its patience (`patience.rs`), and calls [`Polls::give_up`] when that is over.
    pub fn wait_on(&mut self, waiting: Waiting) {
        self.line.push_back(waiting);
    }

    /// The next who waits and is still there.
    pub fn next(&mut self, cx: &mut Ctx<'_>) -> Option<Waiting> {
        while let Some(waiting) = self.line.pop_front() {
            if cx.is_awaited(waiting.call) {
                return Some(waiting);
            }
            cx.reply(waiting.call, Answer::ok(0, 0)); // nobody hears it
        }
        None
    }

    /// It turned out that there is nothing for it: it goes on waiting, in front.
    pub fn keep(&mut self, waiting: Waiting) {
        self.line.push_front(waiting);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// The patience of a call is over: it gets nothing.
    pub fn give_up(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        if let Some(index) = self.line.iter().position(|waiting| waiting.call == call) {
            let waiting = self.line.remove(index).expect("just found");
            if cx.is_awaited(call) {
                self.answer(&waiting, std::iter::empty(), cx);
            } else {
                cx.reply(call, Answer::ok(0, 0)); // nobody hears it; the parcel may be on its way to who asked anew
            }
        }
    }

    /// Answers a consumer with messages.
    pub fn answer(&mut self, to: &Waiting, items: impl Iterator<Item = Item>, cx: &mut Ctx<'_>) {
        let verb = cx.call(to.call).verb;
        let known = self.parcels.iter().find(|(node, kind, _)| (*node, *kind) == (to.consumer, verb));
        let parcel = known.map(|(_, _, parcel)| *parcel).unwrap_or_else(|| {
            let parcel = cx.open_parcel();
            self.parcels.push((to.consumer, verb, parcel));
            parcel
        });
        let contents = cx.parcel_mut(parcel);
        contents.clear();
        contents.extend(items);
        let bytes = contents.iter().map(|item| item[2] >> 32).sum::<u64>();
        cx.reply(to.call, Answer::ok(parcel.0, bytes.min(u64::from(u32::MAX)) as u32));
    }

    /// A crash: nobody waits any more.
    pub fn clear(&mut self) {
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_out_of_a_parcel_as_it_went_in() {
        let message = Message { id: u32::MAX, key: 1 << 60, bytes: 77 };
        assert_eq!(unpacked(packed(message, 5)), (message, 5));
    }
}
