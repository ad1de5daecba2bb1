//! The producer's side: which broker a message goes to, and what becomes of it there.

use super::kafka::{self, Delivery, Leaders};
use super::message;
use crate::components::Site;
use crate::kernel::{Ask, Ctx, NodeId, Reply, Status, Time, TimeoutClass, Timer};
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
    /// The producer does not wait for the broker's word, and takes every message for published: the queue's number.
    forgets: Option<u16>,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    /// Kafka's producer tries again by itself, unless its owner has a patience of his own.
    delivery: Option<Box<Delivery>>,
}

impl Publisher {
    /// A producer for the queue with this index in the world. Timers with this tag are for [`Publisher::on_timer`].
    pub fn new(site: &Site<'_>, queue: usize, tag: u16) -> Self {
        let (own, queue) = (site.settings().duration("timeout"), site.of(queue));
        let leaders = Leaders::new(super::brokers(&queue), super::partitions(&queue) as usize);
        // Without it (a test) they wait for ever.
        let is_kafka = super::semantics(queue.settings()) == "kafka" && !site.is_disabled("producer_retries");
        let forgets = super::is_fire_and_forget(queue.settings()).then(|| message::ordinal(&queue));
        let tries_again = is_kafka && own.is_none() && forgets.is_none();
        let usual = is_kafka.then(|| kafka::request_timeout(queue.settings()));
        let delivery = tries_again.then(|| Box::new(Delivery::new(&queue, leaders.partitions(), tag)));
        Publisher { leaders, forgets, timeout_length: own.or(usual), timeout: None, delivery }
    }

    /// The simulation begins.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
        if let Some(delivery) = &mut self.delivery {
            delivery.start(cx);
        }
    }

    /// Sends a message to the broker of its key.
    #[inline]
    pub fn send(&mut self, mut ask: Ask, cx: &mut Ctx<'_>) {
        ask.verb = PUBLISH;
        match &mut self.delivery {
            None => self.send_to(self.leaders.of_key(ask.key).0, ask, cx),
            Some(delivery) => delivery.send(ask, &self.leaders, cx),
        }
    }

    /// Sends a message to this broker, since another one has said so.
    #[inline]
    pub fn send_to(&self, to: NodeId, ask: Ask, cx: &mut Ctx<'_>) {
        cx.ask(Ask { to, verb: PUBLISH, version: 0, timeout: self.timeout, ..ask });
    }

    /// An answer.
    #[inline]
    pub fn heard(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> Heard {
        if let Some(delivery) = &mut self.delivery {
            let through = delivery.heard(reply, &mut self.leaders, cx);
            return if through { Heard::Over } else { Heard::UnderWay };
        }
        if reply.status == Status::Ok { Heard::Over } else { self.hear_of_trouble(reply, cx) }
    }

    #[cold]
    fn hear_of_trouble(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> Heard {
        let elsewhere = self.leaders.learn(reply);
        let Some(queue) = self.forgets else { return elsewhere.map_or(Heard::Over, Heard::Elsewhere) };
        // Nobody hears of the error, and the message is gone.
        let now = cx.now();
        cx.audit().messages_mut().vanish(queue, reply.key, now);
        (reply.status, reply.version) = (Status::Ok, 0);
        Heard::Over
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
