//! A reader and its group: the connection to the coordinator, over which it joins, gives signs of life, commits, and asks where to begin.
//!
//! While it waits for its share a reader says nothing over that connection (AbstractCoordinator of the Java client 3.9: the heartbeat thread stands
//! still until a member has joined). If the coordinator's machine dies with the question in its hands nobody tells the reader: it gives up when the
//! longest time is over that a sharing may take, and 5 s.

use super::{BACKOFF, Phase, REJOIN, REQUEST_TIMEOUT, Reader};
use crate::components::queue::connections::Line;
use crate::components::queue::kafka::Place;
use crate::kernel::{Ask, Ctx, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer};
use crate::parts::verbs::{COMMIT, HEARTBEAT, JOIN, OFFSET, SUBSCRIBE};

/// socket.connection.setup.timeout.ms (ConsumerConfig: 10 s).
const CONNECT_TIMEOUT: Time = 10 * SECOND;
/// JOIN_GROUP_TIMEOUT_LAPSE (AbstractCoordinator: 5 s).
const JOIN_LAPSE: Time = 5 * SECOND;

/// How long it waits for answers.
#[derive(Clone, Copy, Debug)]
struct Patience {
    connect: TimeoutClass,
    usual: TimeoutClass,
    join: TimeoutClass,
}

/// The coordinator and the connection to it.
#[derive(Clone, Debug)]
pub(super) struct Coordinator {
    pub node: NodeId,
    line: Line,
    /// When the present connection was the next one to be opened.
    since: Time,
    /// The longest time that a sharing may take.
    rebalance: Time,
    patience: Option<Patience>,
}

impl Coordinator {
    pub fn new(node: NodeId, rebalance: Time) -> Self {
        Coordinator { node, line: Line::default(), since: 0, rebalance, patience: None }
    }

    /// The reader begins, or begins anew: it has no connection.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let join = self.rebalance.saturating_add(JOIN_LAPSE).max(REQUEST_TIMEOUT);
        self.patience = Some(Patience {
            connect: cx.timeout_class(CONNECT_TIMEOUT),
            usual: cx.timeout_class(REQUEST_TIMEOUT),
            join: cx.timeout_class(join),
        });
        self.renew(cx.now());
    }

    fn renew(&mut self, now: Time) {
        self.line.renew();
        self.since = now;
    }

    fn ask(&self, verb: u16, key: u64) -> Ask {
        let timeout = self.patience.map(|patience| match verb {
            SUBSCRIBE => patience.connect,
            JOIN => patience.join,
            _ => patience.usual,
        });
        // TCP tries to open a connection again and again, too: that the machine is back is heard as a reset, and the next attempt succeeds.
        let connected = self.line.open || verb == SUBSCRIBE;
        Ask { timeout, connected, token: self.line.word().0, ..Ask::new(self.node, verb, key) }
    }

    /// What an answer tells of the connection; one to a question of an earlier one tells nothing.
    pub fn hear(&mut self, reply: &Reply, now: Time) {
        if reply.asked < self.since {
            return;
        }
        match reply.status {
            Status::Reset | Status::TimedOut => self.renew(now),
            _ => self.line.open = true,
        }
    }
}

impl Reader {
    /// Joins the group, or tells it that it leaves; without a connection it opens one first.
    pub(super) fn join(&mut self, cx: &mut Ctx<'_>) {
        self.phase = if self.leaves { Phase::Left } else { Phase::Joining };
        let (verb, version) = match self.coordinator.line.open {
            true => (JOIN, u32::from(self.leaves)),
            false => (SUBSCRIBE, 0),
        };
        let ask = self.coordinator.ask(verb, u64::from(self.id));
        cx.ask(Ask { version, note: self.id, ..ask });
    }

    /// Whether it has had enough in hand for so long without asking for more that its own heartbeat thread takes it for stuck.
    pub(super) fn is_overdue(&self, now: Time) -> bool {
        !self.is_idle() && now.saturating_sub(self.polled) > self.coordinator.rebalance
    }

    /// It leaves the group, and joins anew when it asks for more ("consumer poll timeout has expired", AbstractCoordinator of the Java client 3.9).
    pub(super) fn give_up(&mut self, cx: &mut Ctx<'_>) {
        let ask = self.coordinator.ask(JOIN, u64::from(self.id));
        cx.ask(Ask { version: 1, note: self.id, ..ask });
        self.begin_anew(cx);
    }

    /// The connection is open, or is not.
    pub(super) fn connected(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        match (self.phase, reply.status) {
            (Phase::Joining | Phase::Left, Status::Ok) => self.join(cx),
            (Phase::Joining, _) => self.join_again(cx),
            _ => {}
        }
    }

    pub(super) fn join_again(&self, cx: &mut Ctx<'_>) {
        cx.timer_in(BACKOFF, Timer { tag: REJOIN, data: u64::from(self.id) });
    }

    pub(super) fn commit(&mut self, place: Place, cx: &mut Ctx<'_>) {
        self.commits += 1;
        let ask = self.coordinator.ask(COMMIT, place.to_key());
        cx.ask(Ask { version: self.generation, note: self.id, ..ask });
    }

    pub(super) fn ask_offset(&self, partition: u16, cx: &mut Ctx<'_>) {
        let ask = self.coordinator.ask(OFFSET, Place::new(partition, 0).to_key());
        cx.ask(Ask { note: self.generation, ..ask });
    }

    pub(super) fn give_sign(&self, cx: &mut Ctx<'_>) {
        let key = u64::from(self.id) << 32 | u64::from(self.generation);
        cx.ask(Ask { note: self.generation, ..self.coordinator.ask(HEARTBEAT, key) });
    }

    /// The group says where it stands.
    pub(super) fn stand(&mut self, status: Status, cx: &mut Ctx<'_>) {
        match status {
            Status::Failed => self.revoke(cx),
            Status::Missing => self.begin_anew(cx), // given up by the others, who have its partitions
            _ => {}
        }
    }
}
