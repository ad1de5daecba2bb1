//! What can happen: a small closed set, copied by value.

use super::call::CallId;
use super::time::Time;

/// Index of a node (a placed component) in its simulation; never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u16);

impl NodeId {
    /// "Nobody": the caller of nothing, the answerer of an unanswered call.
    pub const NONE: NodeId = NodeId(u16::MAX);

    /// The node's place in the simulation's table.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A timer that a component set for itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timer {
    /// Which of the component's timers it is. The low byte is free for the component; a station that
    /// the component owns keeps its epoch in the high byte.
    pub tag: u16,
    /// The component's own note: a call, a job, a user.
    pub data: u64,
}

/// One entry of the calendar, apart from its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A call reaches its callee, this node: said here, where it is known before the call is looked at.
    Deliver(CallId, NodeId),
    /// The answer to a call reaches its caller, this node.
    Answer(CallId, NodeId),
    /// A component's timer goes off, if the component has not crashed since (`epoch`).
    Timer {
        /// The node's epoch when the timer was set.
        epoch: u16,
        /// Who set it.
        node: NodeId,
        /// See [`Timer::tag`].
        tag: u16,
        /// See [`Timer::data`].
        data: u64,
    },
    /// The oldest time-out of one length is due.
    Expiry(u32),
    /// The caller of a call has waited long enough.
    Overdue(CallId),
    /// A group gets another member.
    Grow(u16),
    /// A node leaves its group.
    Retire(NodeId),
    /// A node's pause of this number is over.
    Wake(NodeId, u32),
    /// What came to a node while it hung comes to it now.
    Release(NodeId),
    /// What a call asks comes once more, over a connection that its callee, this node, knows nothing of.
    Stray(CallId, NodeId),
}

impl Event {
    pub(super) const DELIVER: u64 = 1;
    pub(super) const ANSWER: u64 = 2;
    pub(super) const TIMER: u64 = 3;
    pub(super) const OVERDUE: u64 = 5;
    const GROW: u64 = 6;
    const RETIRE: u64 = 7;
    const WAKE: u64 = 8;
    const RELEASE: u64 = 9;
    pub(super) const STRAY: u64 = 10;

    /// Number of the event's kind, for the digest.
    #[inline(always)]
    pub fn kind(&self) -> u64 {
        match self {
            Event::Deliver(..) => Event::DELIVER,
            Event::Answer(..) => Event::ANSWER,
            Event::Timer { .. } => Event::TIMER,
            Event::Expiry(_) => 4,
            Event::Overdue(_) => Event::OVERDUE,
            Event::Grow(_) => Event::GROW,
            Event::Retire(_) => Event::RETIRE,
            Event::Wake(..) => Event::WAKE,
            Event::Release(_) => Event::RELEASE,
            Event::Stray(..) => Event::STRAY,
        }
    }
}

/// An event in two words, as the calendar keeps it. Written and read as whole words it stays in registers on its way; the
/// enum, written in pieces and copied as a whole, waited for the processor's store buffer several times per event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packed {
    /// Kind in the low byte; from bit 16 up, 16 bits each, epoch, tag and node of a timer, and the node of a delivery or an answer in the same
    /// place: at the top, since it is read first and most often.
    head: u64,
    data: u64,
}

/// The first word of a timer but for its tag: kind, epoch and node, which are the same for all timers of a node's life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp(u64);

impl Stamp {
    pub(super) fn new(node: NodeId, epoch: u16) -> Self {
        Stamp(Packed::from(Event::Timer { epoch, node, tag: 0, data: 0 }).head)
    }
}

impl Packed {
    /// A timer.
    #[inline(always)]
    pub(super) fn of_timer(Stamp(head): Stamp, Timer { tag, data }: Timer) -> Self {
        Packed { head: head | (u64::from(tag) << 32), data }
    }

    /// No event: no kind is 0.
    pub(super) const NOTHING: Packed = Packed { head: 0, data: 0 };

    /// Whether this is [`Packed::NOTHING`].
    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        self.head == 0
    }

    /// Its two words, for who keeps them apart; [`Packed::of_words`] puts them together again.
    #[inline(always)]
    pub(super) fn words(self) -> (u64, u64) {
        (self.head, self.data)
    }

    #[inline(always)]
    pub(super) fn of_words((head, data): (u64, u64)) -> Self {
        Packed { head, data }
    }

    /// Makes nothing of it, by its first word alone: both would be written as one and read as two.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.head = 0;
    }

    /// Number of the event's kind.
    #[inline(always)]
    pub(super) fn kind(self) -> u64 {
        self.head & 0xFF
    }

    /// The call that a delivery or an answer is about.
    #[inline(always)]
    pub(super) fn call(self) -> CallId {
        CallId::from_bits(self.data)
    }

    /// Whom a delivery, an answer or a timer comes to.
    #[inline(always)]
    pub(super) fn node(self) -> NodeId {
        NodeId((self.head >> 48) as u16)
    }

    /// The epoch of a timer's node when the timer was set.
    #[inline(always)]
    pub(super) fn epoch(self) -> u16 {
        (self.head >> 16) as u16
    }

    /// The timer as its owner knows it.
    #[inline(always)]
    pub(super) fn timer(self) -> Timer {
        Timer { tag: (self.head >> 32) as u16, data: self.data }
    }
}

impl From<Event> for Packed {
    #[inline(always)]
    fn from(event: Event) -> Self {
        let head = event.kind();
        match event {
            Event::Deliver(id, node) | Event::Answer(id, node) | Event::Stray(id, node) => {
                Packed { head: head | (u64::from(node.0) << 48), data: id.to_bits() }
            }
            Event::Overdue(id) => Packed { head, data: id.to_bits() },
            Event::Expiry(line) => Packed { head, data: u64::from(line) },
            Event::Grow(group) => Packed { head, data: u64::from(group) },
            Event::Retire(node) | Event::Release(node) => Packed { head, data: u64::from(node.0) },
            Event::Wake(node, pause) => Packed { head, data: (u64::from(pause) << 16) | u64::from(node.0) },
            Event::Timer { epoch, node, tag, data } => {
                let head =
                    head | (u64::from(epoch) << 16) | (u64::from(tag) << 32) | (u64::from(node.0) << 48);
                Packed { head, data }
            }
        }
    }
}

impl From<Packed> for Event {
    #[inline(always)]
    fn from(Packed { head, data }: Packed) -> Self {
        match head as u8 {
            1 => Event::Deliver(CallId::from_bits(data), NodeId((head >> 48) as u16)),
            2 => Event::Answer(CallId::from_bits(data), NodeId((head >> 48) as u16)),
            3 => Event::Timer {
                epoch: (head >> 16) as u16,
                node: NodeId((head >> 48) as u16),
                tag: (head >> 32) as u16,
                data,
            },
            4 => Event::Expiry(data as u32),
            6 => Event::Grow(data as u16),
            7 => Event::Retire(NodeId(data as u16)),
            8 => Event::Wake(NodeId(data as u16), (data >> 16) as u32),
            9 => Event::Release(NodeId(data as u16)),
            10 => Event::Stray(CallId::from_bits(data), NodeId((head >> 48) as u16)),
            _ => Event::Overdue(CallId::from_bits(data)),
        }
    }
}

/// An event with its time. Among equal times the calendar keeps the order in which they were pushed, so that no
/// sequence number need travel along.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// When it happens.
    pub time: Time,
    /// What happens.
    pub event: Packed,
}

// The calendar moves entries around all day.
const _: () = assert!(size_of::<Packed>() == 16);
const _: () = assert!(size_of::<Entry>() == 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let id = CallId::new(7, u32::MAX);
        let timer = Event::Timer { epoch: 0xFEDC, node: NodeId(0xBA98), tag: 0x7654, data: u64::MAX };
        let membership = [
            Event::Grow(u16::MAX),
            Event::Retire(NodeId(7)),
            Event::Wake(NodeId(9), u32::MAX),
            Event::Release(NodeId(3)),
        ];
        let calls = [Event::Deliver(id, NodeId(0xBA98)), Event::Answer(id, NodeId(5)), Event::Overdue(id)];
        for event in calls.into_iter().chain(membership).chain([Event::Expiry(9), timer]) {
            assert_eq!(Event::from(Packed::from(event)), event);
        }
    }
}
