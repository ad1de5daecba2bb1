//! RabbitMQ, a classic queue on one broker: it pushes, counts what is unacknowledged, and puts back what a
//! consumer leaves behind.

mod channel;
mod line;

use super::entry::Overflow;
use super::message::{self, HELD_AT_MOST, Message};
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NEVER, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{CANCEL, DELIVER, HEARTBEAT, SUBSCRIBE, WATCH};
use crate::random::variate::Variate;
use channel::Channel;
use line::{Line, Stored};
use std::collections::{BTreeMap, VecDeque};

/// The semantics.
pub const ENTRY: Policy = Policy {
    name: "rabbitmq",
    about: "pushes to consumers up to their prefetch; what a dead consumer had goes back to its old position",
    source: "RabbitMQ 3.10 classic queue: its guides to confirms, consumers, TTL and length limits",
    wrong_when: "messages must be read again later, or one line is not fast enough",
};

const WORK: u16 = 0;
const CONFIRM: u16 = 1;
const EXPIRE: u16 = 2;
const LISTEN: u16 = 3;

/// A message that is in the line and not yet on disk; its producer waits.
#[derive(Clone, Copy)]
struct Unconfirmed {
    call: CallId,
    id: u32,
}

#[derive(Clone)]
struct Broker {
    queue: u16,
    work: Option<(Variate, Station)>,
    purpose: u64,
    length: Option<usize>,
    overflow: Overflow,
    ttl: Option<Variate>,
    durable: bool,
    commit: Option<Variate>,
    max_deliveries: u32,
    dead_letters: bool,
    heartbeat: Time,
    ack_timeout_length: Time,
    ack_timeout: Option<TimeoutClass>,
    /// Without it (a test) what a dead consumer had is gone.
    redelivers: bool,
    /// Without a queue (a test) producers wait until their messages are processed: these do.
    synchronous: Option<BTreeMap<u32, CallId>>,
    line: Line,
    channels: Vec<Channel>,
    /// Channels that want messages, in turn.
    turns: VecDeque<u16>,
    /// Producers that wait for room.
    blocked: VecDeque<CallId>,
    unconfirmed: Vec<Unconfirmed>,
    free: Vec<u32>,
    expiry_at: Time,
    published: u64,
    delivered: u64,
    redelivered: u64,
    expired: u64,
    dropped: u64,
    dead: u64,
    rejected: u64,
}

/// The broker.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let cores = settings.count("cores").expect("preset") as u32;
    let plan = StationPlan { servers: cores, queue: None, discipline: 0 };
    vec![Box::new(Broker {
        queue: message::ordinal(site),
        work: settings.variate("service").map(|time| (time, Station::new(plan, WORK))),
        purpose: site.purpose("broker"),
        length: settings.count("length").map(|length| length as usize),
        overflow: Overflow::of(settings.choice("overflow")),
        ttl: settings.variate("ttl"),
        durable: settings.flag("durable"),
        commit: settings.variate("commit"),
        max_deliveries: settings.count("max_deliveries").map_or(u32::MAX, |most| most as u32),
        dead_letters: settings.flag("dead_letters"),
        heartbeat: settings.duration("heartbeat").expect("preset"),
        ack_timeout_length: settings.duration("ack_timeout").expect("preset"),
        ack_timeout: None,
        redelivers: !site.is_disabled("redelivery"),
        synchronous: site.is_disabled("queue").then(BTreeMap::new),
        line: Line::default(),
        channels: Vec::new(),
        turns: VecDeque::new(),
        blocked: VecDeque::new(),
        unconfirmed: Vec::new(),
        free: Vec::new(),
        expiry_at: NEVER,
        published: 0,
        delivered: 0,
        redelivered: 0,
        expired: 0,
        dropped: 0,
        dead: 0,
        rejected: 0,
    })]
}

// ---- from producers

impl Broker {
    fn publish(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let full = self.length.is_some_and(|most| self.line.len() >= most);
        let over = self.line.len() + self.in_flight() >= HELD_AT_MOST;
        match self.overflow {
            Overflow::Reject if full => self.reject(call, cx),
            Overflow::Block if full => self.blocked.push_back(call),
            _ if over => self.reject(call, cx),
            _ => {
                self.take_in(call, cx);
                self.dispatch(cx);
            }
        }
    }

    fn reject(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.rejected += 1;
        cx.reply(call, Answer::of(Status::Rejected));
    }

    fn take_in(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let request = cx.call(call).request;
        let message = message::accept(self.queue, call, cx);
        let now = cx.now();
        let mut sample = |variate: &Option<Variate>, purpose: u64| {
            variate.as_ref().map(|v| cx.sample_ns(v, request, self.purpose ^ purpose, message.key))
        };
        let expires = sample(&self.ttl, 1).map_or(NEVER, |ttl| now.saturating_add(ttl));
        let commit = if self.durable { sample(&self.commit, 2).unwrap_or(0) } else { 0 };
        let durable_at = if self.durable { now + commit } else { NEVER };
        self.line.publish(message, durable_at, expires);
        self.published += 1;
        if commit == 0 {
            self.confirm(Unconfirmed { call, id: message.id }, cx);
        } else {
            self.confirm_later(Unconfirmed { call, id: message.id }, commit, cx);
        }
        self.shorten(cx);
    }

    #[inline]
    fn confirm(&mut self, Unconfirmed { call, id }: Unconfirmed, cx: &mut Ctx<'_>) {
        message::acknowledge(id, cx);
        if let Some(producers) = &mut self.synchronous {
            producers.insert(id, call);
            return;
        }
        cx.reply(call, Answer::ok(0, 0));
    }

    fn confirm_later(&mut self, waiting: Unconfirmed, after: Time, cx: &mut Ctx<'_>) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.unconfirmed.push(waiting);
            self.unconfirmed.len() as u32 - 1
        });
        self.unconfirmed[index as usize] = waiting;
        cx.timer_in(after, Timer { tag: CONFIRM, data: u64::from(index) });
    }

    /// A line that is too long loses its head. Only ready messages count.
    fn shorten(&mut self, cx: &mut Ctx<'_>) {
        let Some(most) = self.length.filter(|_| self.overflow == Overflow::DropHead) else { return };
        while self.line.len() > most {
            let head = self.line.pop().expect("longer than its bound");
            self.dropped += 1;
            self.set_aside(head.message, cx);
        }
    }

    /// A message that nobody will get: a dead letter, if those are kept, or gone.
    fn set_aside(&mut self, message: Message, cx: &mut Ctx<'_>) {
        if self.dead_letters {
            self.dead += 1;
            message::bury(message.id, cx);
        } else {
            message::release(message.id, cx);
        }
    }
}

// ---- to consumers

impl Broker {
    fn in_flight(&self) -> usize {
        self.channels.iter().map(|channel| channel.unacked() as usize).sum()
    }

    /// Hands out what is ready; producers that waited for room come in as there is some.
    fn dispatch(&mut self, cx: &mut Ctx<'_>) {
        loop {
            self.hand_out(cx);
            if self.blocked.is_empty() || self.length.is_some_and(|most| self.line.len() >= most) {
                return;
            }
            let producer = self.blocked.pop_front().expect("one waits");
            self.take_in(producer, cx);
        }
    }

    /// One message each in turn to those who want some.
    fn hand_out(&mut self, cx: &mut Ctx<'_>) {
        self.expire(cx);
        while let Some(&turn) = self.turns.front() {
            if !self.channels[turn as usize].wants() {
                self.channels[turn as usize].in_turn = false;
                self.turns.pop_front();
                continue;
            }
            let Some(stored) = self.line.pop() else { break };
            self.turns.rotate_left(1);
            self.deliver(turn, stored, cx);
            self.expire(cx);
        }
    }

    #[inline]
    fn deliver(&mut self, turn: u16, mut stored: Stored, cx: &mut Ctx<'_>) {
        let channel = &mut self.channels[turn as usize];
        stored.deliveries += 1;
        self.delivered += 1;
        self.redelivered += u64::from(stored.deliveries > 1);
        let Message { id, key, bytes } = stored.message;
        let note = channel.next_sequence();
        let timeout = self.ack_timeout;
        let call = cx.ask(Ask { version: id, bytes, note, timeout, ..Ask::new(channel.node, DELIVER, key) });
        channel.send(stored, call);
    }

    /// Messages expire at the head only: one behind a longer-lived one stays in the line, and counts, until it gets there.
    fn expire(&mut self, cx: &mut Ctx<'_>) {
        if self.ttl.is_none() {
            return;
        }
        while self.line.head_expires() <= cx.now() {
            let head = self.line.pop().expect("there is a head");
            self.expired += 1;
            self.set_aside(head.message, cx);
        }
        let due = self.line.head_expires();
        if due < self.expiry_at {
            self.expiry_at = due;
            cx.timer_at(due, Timer { tag: EXPIRE, data: due });
        }
    }

    fn subscribe(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let (node, prefetch, auto_ack) = {
            let call = cx.call(call);
            (call.caller, call.key as u32, call.version != 0)
        };
        let mut fresh = Channel::new(node, prefetch, auto_ack, cx.now());
        match self.channels.iter().position(|channel| channel.node == node) {
            Some(index) => {
                self.close(index, cx);
                fresh.in_turn = self.channels[index].in_turn;
                self.channels[index] = fresh;
            }
            None => self.channels.push(fresh),
        }
        cx.reply(call, Answer::ok(0, 0));
        let index = self.channels.iter().position(|channel| channel.node == node).expect("just made");
        self.take_turn(index);
        self.dispatch(cx);
    }

    #[inline]
    fn take_turn(&mut self, index: usize) {
        let channel = &mut self.channels[index];
        if !channel.in_turn && channel.wants() {
            channel.in_turn = true;
            self.turns.push_back(index as u16);
        }
    }

    fn cancel(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let node = cx.call(call).caller;
        if let Some(channel) = self.channels.iter_mut().find(|channel| channel.node == node) {
            channel.cancelled = true;
        }
        cx.reply(call, Answer::ok(0, 0));
    }

    /// A connection is over: what was not acknowledged goes back. What was acknowledged by being sent is gone, unless the
    /// consumer has it.
    fn close(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let auto_ack = self.channels[index].auto_ack;
        for unacked in self.channels[index].close() {
            cx.abandon(unacked.call);
            if auto_ack || !self.redelivers {
                message::release(unacked.stored.message.id, cx);
            } else {
                self.put_back(unacked.stored, cx);
            }
        }
    }

    fn put_back(&mut self, stored: Stored, cx: &mut Ctx<'_>) {
        if stored.deliveries >= self.max_deliveries {
            self.dead += 1;
            return message::bury(stored.message.id, cx);
        }
        self.line.requeue(stored);
    }

    /// An answer to a delivery: acknowledged, refused, or the connection is gone.
    #[inline]
    fn answered(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(index) = self.channels.iter().position(|channel| channel.node == reply.callee) else { return };
        let Some(stored) = self.channels[index].take(reply.note) else { return };
        match reply.status {
            Status::Ok => self.settle(stored.message.id, cx),
            _ if self.channels[index].auto_ack || !self.redelivers => message::release(stored.message.id, cx),
            _ => self.put_back(stored, cx),
        }
        if matches!(reply.status, Status::Reset | Status::TimedOut) {
            self.close(index, cx);
        }
        self.take_turn(index);
        self.dispatch(cx);
    }

    #[inline]
    fn settle(&mut self, id: u32, cx: &mut Ctx<'_>) {
        message::release(id, cx);
        if let Some(producer) = self.synchronous.as_mut().and_then(|producers| producers.remove(&id)) {
            cx.reply(producer, Answer::ok(0, 0));
        }
    }

    /// Connections from which nothing has been heard for too long are closed.
    fn listen(&mut self, cx: &mut Ctx<'_>) {
        let silent = |channel: &Channel| channel.open && cx.now() - channel.heard > self.heartbeat;
        let silent: Vec<usize> =
            (0..self.channels.len()).filter(|index| silent(&self.channels[*index])).collect();
        for index in silent {
            self.close(index, cx);
        }
        self.dispatch(cx);
        cx.timer_in(self.heartbeat / 2, Timer { tag: LISTEN, data: 0 });
    }

    fn heard(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let node = cx.call(call).caller;
        let channel = self.channels.iter_mut().find(|channel| channel.node == node && channel.open);
        let status = channel.map_or(Status::Missing, |channel| {
            channel.heard = cx.now();
            Status::Ok
        });
        cx.reply(call, Answer::of(status));
    }

    /// What is on disk is there again, what was handed out is back in line; connections are gone.
    fn crash(&mut self, cx: &mut Ctx<'_>) {
        for mut channel in std::mem::take(&mut self.channels) {
            let auto_ack = channel.auto_ack;
            for unacked in channel.close() {
                if auto_ack {
                    message::release(unacked.stored.message.id, cx);
                } else {
                    self.line.requeue(unacked.stored);
                }
            }
        }
        for stored in self.line.restart(cx.now()) {
            message::release(stored.message.id, cx);
        }
        self.turns.clear();
        self.blocked.clear();
        self.unconfirmed.clear();
        self.synchronous.iter_mut().for_each(BTreeMap::clear);
        self.free.clear();
        self.expiry_at = NEVER;
    }
}

impl Component for Broker {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.ack_timeout = Some(cx.timeout_class(self.ack_timeout_length));
        cx.timer_in(self.heartbeat / 2, Timer { tag: LISTEN, data: 0 });
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            SUBSCRIBE => return self.subscribe(id, cx),
            HEARTBEAT => return self.heard(id, cx),
            CANCEL => return self.cancel(id, cx),
            WATCH => return, // never answered: it breaks when the broker does
            _ => {}
        }
        let Some((time, station)) = &mut self.work else { return self.publish(id, cx) };
        let (request, key) = (cx.call(id).request, cx.call(id).key);
        let work = cx.sample_ns(time, request, self.purpose, key);
        station.arrive(Job::new(id.to_bits(), work), cx);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.answered(&reply, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            CONFIRM => {
                let index = timer.data as u32;
                self.free.push(index);
                self.confirm(self.unconfirmed[index as usize], cx);
            }
            EXPIRE => {
                if self.expiry_at == timer.data {
                    self.expiry_at = NEVER;
                }
                self.dispatch(cx);
            }
            LISTEN => self.listen(cx),
            _ => {
                let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
                if let Some(job) = done {
                    self.publish(CallId::from_bits(job), cx);
                }
            }
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.crash(cx),
            Control::RECOVER if control.arg == 1 => {
                self.expire(cx);
                cx.timer_in(self.heartbeat / 2, Timer { tag: LISTEN, data: 0 });
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        out.gauge("lag", self.line.len() as f64);
        out.gauge("in_flight", self.in_flight() as f64);
        out.gauge("blocked", self.blocked.len() as f64);
        out.count("calls", self.published);
        out.count("errors", self.rejected);
        out.count("delivered", self.delivered);
        out.count("redelivered", self.redelivered);
        out.count("expired", self.expired);
        out.count("dropped", self.dropped);
        out.count("dead", self.dead);
    }

    fn restart_maxima(&mut self, _now: Time) {
        if let Some((_, station)) = &mut self.work {
            station.restart_maxima();
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
