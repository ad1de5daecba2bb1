//! The producer's side: which broker a message goes to, and what becomes of it there.

use super::kafka::{self, Delivery, Leaders};
use super::message;
use crate::components::Site;
use crate::kernel::{Ask, CallId, Ctx, NodeId, Reply, RequestId, Status, Time, TimeoutClass, Timer};
use crate::parts::verbs::PUBLISH;
use crate::random::mix::mix64;

/// Partition of a key: a fixed hash (Kafka's default partitioner takes murmur2 of the key).
#[inline]
pub fn partition_of(key: u64, partitions: u64) -> u64 {
    mix64(key) % partitions
}

/// What follows from an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// It is the caller's answer.
    Over,
    /// The same is to be asked here.
    Elsewhere(NodeId),
    /// The producer tries again.
    UnderWay,
}

/// A producer: what it knows of its brokers, and how long it waits for them.
#[derive(Clone, Debug)]
pub struct Publisher {
    leaders: Leaders,
    /// Number of the queue.
    queue: u16,
    /// Numbers of the messages under way, by the caller's note: of those that a server sends, whose request may be over before they are through.
    numbers: Vec<u32>,
    /// The producer does not wait for the broker's word, and takes every message for published.
    forgets: bool,
    /// Such a producer has heard nothing of this broker since.
    silent: Option<(NodeId, Time)>,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    /// Kafka's producer tries again by itself, unless its owner has a patience of his own.
    delivery: Option<Box<Delivery>>,
}

impl Publisher {
    /// A producer for the queue with this index in the world. Timers with this tag are for [`Publisher::on_timer`].
    pub fn new(site: &Site<'_>, queue: usize, tag: u16) -> Self {
        let (patience, queue) = (site.settings().duration("timeout"), site.of(queue));
        let leaders = Leaders::new(super::brokers(&queue), super::partitions(&queue) as usize);
        // Without it (a test) they wait for ever.
        let is_kafka = super::semantics(queue.settings()) == "kafka" && !site.is_disabled("producer_retries");
        let forgets = super::is_fire_and_forget(queue.settings());
        let tries_again = is_kafka && patience.is_none() && !forgets;
        let usual = is_kafka.then(|| kafka::request_timeout(queue.settings()));
        let delivery = tries_again.then(|| Box::new(Delivery::new(&queue, leaders.partitions(), tag)));
        Publisher {
            leaders,
            queue: message::ordinal(&queue),
            numbers: Vec::new(),
            forgets,
            silent: None,
            timeout_length: patience.or(usual),
            timeout: None,
            delivery,
        }
    }

    /// The simulation begins.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
        if let Some(delivery) = &mut self.delivery {
            delivery.start(cx);
        }
    }

    /// Sends a message to the broker of its key. Its caller sends so many others `before` for the same request.
    #[inline]
    pub fn send(&mut self, mut ask: Ask, before: u8, cx: &mut Ctx<'_>) {
        ask.verb = PUBLISH;
        ask.token = message::numbered(self.queue, before, &ask, cx);
        if let Some(delivery) = &mut self.delivery {
            return delivery.send(ask, &self.leaders, cx);
        }
        self.remember(&ask);
        self.ask(self.leaders.of_key(ask.key).0, ask, cx);
    }

    /// Sends a message to this broker, since another one has said so.
    #[inline]
    pub fn send_to(&self, to: NodeId, ask: Ask, cx: &mut Ctx<'_>) {
        let token = self.number_of(ask.parent, ask.note, ask.request, cx);
        self.ask(to, Ask { token, ..ask }, cx);
    }

    fn ask(&self, to: NodeId, ask: Ask, cx: &mut Ctx<'_>) {
        cx.ask(Ask { to, verb: PUBLISH, version: 0, timeout: self.timeout, ..ask });
    }

    #[inline]
    fn remember(&mut self, ask: &Ask) {
        if ask.parent.is_none() {
            return; // its request is open until it is through
        }
        let place = ask.note as usize;
        if place >= self.numbers.len() {
            self.numbers.resize(place + 1, 0);
        }
        self.numbers[place] = ask.token;
    }

    #[cold]
    fn number_of(&self, parent: CallId, note: u32, request: RequestId, cx: &Ctx<'_>) -> u32 {
        if parent.is_none() {
            return cx.request(request).map_or(0, |request| request.message);
        }
        self.numbers[note as usize]
    }

    /// An answer.
    #[inline]
    pub fn heard(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> Heard {
        if let Some(delivery) = &mut self.delivery {
            let through = delivery.heard(reply, &mut self.leaders, cx);
            return if through { Heard::Over } else { Heard::UnderWay };
        }
        if reply.status != Status::Ok {
            return self.hear_of_trouble(reply, cx);
        }
        if self.silent.is_some_and(|(broker, _)| broker == reply.callee) {
            self.silent = None;
        }
        Heard::Over
    }

    #[cold]
    fn hear_of_trouble(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> Heard {
        if !self.forgets {
            return self.leaders.learn(reply).map_or(Heard::Over, Heard::Elsewhere);
        }
        if !self.leads_still(reply, cx.now()) {
            self.leaders.learn(reply);
        }
        // Nobody hears of the error, and the message is gone, unless a broker has it or gets it yet.
        let (id, now) = (self.number_of(reply.parent, reply.note, reply.request, cx), cx.now());
        cx.audit().messages_mut().vanish(self.queue, reply.key, id, now);
        (reply.status, reply.version) = (Status::Ok, 0);
        Heard::Over
    }

    /// Whether all brokers would still name one as leader that says nothing: the controller cannot have found out yet. Who sent a message to another
    /// one meanwhile would not hear that it was refused there.
    fn leads_still(&mut self, reply: &Reply, now: Time) -> bool {
        if reply.status != Status::TimedOut {
            return false;
        }
        let since = match self.silent {
            Some((broker, since)) if broker == reply.callee => since,
            _ => reply.asked,
        };
        self.silent = Some((reply.callee, since));
        now.saturating_sub(since) < kafka::BROKER_SESSION
    }

    /// A timer of the producer. What a caller has waited for in vain; to be called until there is nothing more.
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<Reply> {
        self.delivery.as_mut().and_then(|delivery| delivery.on_timer(timer, &self.leaders, cx))
    }

    /// A crash of the producer: nothing is under way.
    pub fn crash(&mut self) {
        self.leaders.disconnect();
        if let Some(delivery) = &mut self.delivery {
            delivery.crash();
        }
    }

    /// Messages that it has sent again by itself.
    pub fn again(&self) -> u64 {
        self.delivery.as_ref().map_or(0, |delivery| delivery.again())
    }
}
