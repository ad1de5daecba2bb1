//! Messages that a broker pushes (RabbitMQ): a connection, its signs of life, deliveries in order.

use super::entry::acks_before;
use super::source::Incoming;
use super::worker::FIRST_SOURCE_TAG;
use crate::components::Site;
use crate::components::queue::message::Message;
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer};
use crate::parts::verbs::{CANCEL, DELIVER, HEARTBEAT, SUBSCRIBE, WATCH};
use std::collections::BTreeMap;

const BEAT: u16 = FIRST_SOURCE_TAG;
const RECONNECT: u16 = FIRST_SOURCE_TAG + 1;

/// Pause before a new connection (5 s: networkRecoveryInterval of RabbitMQ's Java client), and patience with it.
const RECOVERY: Time = 5 * SECOND;

/// The consumer's end of a connection.
#[derive(Clone)]
pub struct Push {
    broker: NodeId,
    prefetch: u64,
    auto_ack: bool,
    heartbeat: Time,
    patience: Option<(TimeoutClass, TimeoutClass)>,
    /// Breaks when the broker's process does.
    watch: CallId,
    connected: bool,
    /// Number of the connection: what comes of an earlier one is nothing to this one.
    connection: u32,
    /// What was said over the connection may not have arrived: it has given a sign of life, and waits for the answer.
    doubts: bool,
    /// It wants nothing more.
    left: bool,
    /// Sequence number of the next delivery: a connection does not reorder, whatever the network does to single messages.
    next: u32,
    early: BTreeMap<u32, Incoming>,
}

impl Push {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let queue = settings.group("of").expect("required");
        Push {
            broker: site.layout.first(queue),
            prefetch: settings.count("prefetch").unwrap_or(0),
            auto_ack: acks_before(settings),
            heartbeat: site.of(queue).settings().duration("heartbeat").expect("preset"),
            patience: None,
            watch: CallId::NONE,
            connected: false,
            connection: 0,
            doubts: false,
            left: false,
            next: 0,
            early: BTreeMap::new(),
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.patience = Some((cx.timeout_class(RECOVERY), cx.timeout_class(self.heartbeat)));
        self.connect(cx);
    }

    fn connect(&mut self, cx: &mut Ctx<'_>) {
        (self.connected, self.doubts) = (false, false);
        self.connection = self.connection.wrapping_add(1);
        self.next = 0;
        self.early.clear();
        if !self.watch.is_none() {
            cx.abandon(std::mem::replace(&mut self.watch, CallId::NONE));
        }
        let version = u32::from(self.auto_ack);
        let timeout = self.patience.map(|(connect, _)| connect);
        cx.ask(Ask { version, timeout, ..self.question(SUBSCRIBE, self.prefetch) });
    }

    /// Something said over the present connection.
    fn question(&self, verb: u16, key: u64) -> Ask {
        let (note, token) = (self.connection, self.connection);
        Ask { note, token, connected: self.connected, ..Ask::new(self.broker, verb, key) }
    }

    /// No more deliveries; the connection stays for the acknowledgements.
    pub fn leave(&mut self, cx: &mut Ctx<'_>) {
        self.left = true;
        cx.ask(self.question(CANCEL, 0));
    }

    pub fn on_call(&mut self, call: CallId, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        let &crate::kernel::Call { verb, key, version: id, bytes, note, token, .. } = cx.call(call);
        if verb == WATCH && token == self.connection {
            return; // never answered: it breaks when the consumer does
        }
        debug_assert!(matches!(verb, DELIVER | WATCH), "nothing else comes to a consumer");
        if token != self.connection || !cx.is_awaited(call) {
            return cx.reply(call, Answer::of(Status::Reset)); // of a connection that is over
        }
        let incoming = Incoming { message: Message { id, key, bytes }, receipt: call.to_bits() };
        if note != self.next {
            self.early.insert(note, incoming);
            return;
        }
        self.receive(incoming, got, cx);
        while let Some(incoming) = self.early.remove(&self.next) {
            self.receive(incoming, got, cx);
        }
    }

    #[inline]
    fn receive(&mut self, incoming: Incoming, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        self.next = self.next.wrapping_add(1);
        if self.auto_ack {
            cx.reply(CallId::from_bits(incoming.receipt), Answer::ok(0, 0));
        }
        got.push(incoming);
    }

    pub fn on_reply(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.note != self.connection {
            return;
        }
        match (reply.verb, reply.status) {
            (SUBSCRIBE, Status::Ok) => {
                self.connected = true;
                self.watch = cx.ask(self.question(WATCH, 0));
                let first = cx.phase(self.heartbeat / 2, 0);
                cx.timer_in(first, Timer { tag: BEAT, data: u64::from(self.connection) });
            }
            (HEARTBEAT, Status::Ok) => self.doubts = false,
            (CANCEL, _) => {}
            (HEARTBEAT | WATCH, _) if !self.connected => {} // known already
            _ if self.left => {}
            _ => {
                self.connected = false;
                cx.timer_in(RECOVERY, Timer { tag: RECONNECT, data: 0 });
            }
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == RECONNECT {
            return self.connect(cx);
        }
        if self.connected && timer.data == u64::from(self.connection) {
            self.give_sign(cx);
            cx.timer_in(self.heartbeat / 2, timer);
        }
    }

    fn give_sign(&self, cx: &mut Ctx<'_>) {
        let timeout = self.patience.map(|(_, heartbeat)| heartbeat);
        cx.ask(Ask { timeout, ..self.question(HEARTBEAT, 0) });
    }

    /// Nobody hears what is said of this delivery: its connection is over, or its broker's machine is silent. TCP finds out which.
    #[cold]
    fn doubt(&mut self, cx: &mut Ctx<'_>) {
        if self.connected && !std::mem::replace(&mut self.doubts, true) {
            self.give_sign(cx);
        }
    }

    /// The answer to the delivery is the acknowledgement. If the connection is over nobody hears it, and a machine that has been started again
    /// answers it with a reset.
    #[inline]
    pub fn settle(&mut self, done: &Incoming, well: bool, cx: &mut Ctx<'_>) {
        if !self.auto_ack {
            let (call, answer) = (
                CallId::from_bits(done.receipt),
                if well { Answer::ok(0, 0) } else { Answer::of(Status::Failed) },
            );
            if !cx.is_awaited(call) {
                self.doubt(cx);
            }
            cx.reply(call, answer);
        }
    }
}
