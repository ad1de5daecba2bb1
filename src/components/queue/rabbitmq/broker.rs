//! The broker as a node.

use super::super::dead_letters::DeadLetters;
use super::super::entry::Overflow;
use super::super::message;
use super::super::work::Work;
use super::channel::Channel;
use super::line::Line;
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{CallId, Component, Control, Ctx, NEVER, Readings, Reply, Time, TimeoutClass, Timer};
use crate::parts::verbs::{CANCEL, DEAD_LETTER, HEARTBEAT, SUBSCRIBE, WATCH};
use crate::random::variate::Variate;
use std::collections::{BTreeMap, VecDeque};

/// The semantics.
pub const ENTRY: Policy = Policy {
    name: "rabbitmq",
    about: "pushes to consumers up to their prefetch; what a dead consumer had goes back to its old position",
    source: "RabbitMQ 3.10 classic queue: its guides to confirms, consumers, TTL and length limits",
    wrong_when: "messages must be read again later, or one line is not fast enough",
};

pub(super) const CONFIRM: u16 = 1;
pub(super) const EXPIRE: u16 = 2;
pub(super) const LISTEN: u16 = 3;
const LETTER: u16 = 4;

/// A message that is in the line and not yet on disk; its producer waits.
#[derive(Clone, Copy)]
pub(super) struct Unconfirmed {
    pub(super) call: CallId,
    pub(super) id: u32,
}

#[derive(Clone)]
pub(super) struct Broker {
    pub(super) queue: u16,
    pub(super) work: Work,
    pub(super) purpose: u64,
    pub(super) length: Option<usize>,
    pub(super) overflow: Overflow,
    pub(super) ttl: Option<Variate>,
    pub(super) durable: bool,
    pub(super) commit: Option<Variate>,
    pub(super) max_deliveries: u32,
    /// What expires or makes room is a dead letter, and not gone.
    pub(super) keeps_letters: bool,
    pub(super) letters: DeadLetters,
    pub(super) heartbeat: Time,
    pub(super) ack_timeout_length: Time,
    pub(super) ack_timeout: Option<TimeoutClass>,
    /// Without it (a test) what a dead consumer had is gone.
    pub(super) redelivers: bool,
    /// Without a queue (a test) producers wait until their messages are processed: these do.
    pub(super) synchronous: Option<BTreeMap<u32, CallId>>,
    pub(super) line: Line,
    pub(super) channels: Vec<Channel>,
    /// Channels that want messages, in turn.
    pub(super) turns: VecDeque<u16>,
    /// Producers that wait for room.
    pub(super) blocked: VecDeque<CallId>,
    pub(super) unconfirmed: Vec<Unconfirmed>,
    pub(super) free: Vec<u32>,
    pub(super) expiry_at: Time,
    pub(super) published: u64,
    pub(super) delivered: u64,
    pub(super) redelivered: u64,
    pub(super) expired: u64,
    pub(super) dropped: u64,
    pub(super) rejected: u64,
}

/// The broker.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let letters = DeadLetters::new(site, LETTER);
    vec![Box::new(Broker {
        queue: message::ordinal(site),
        work: Work::new(site),
        purpose: site.purpose("broker"),
        length: settings.count("length").map(|length| length as usize),
        overflow: Overflow::of(settings.choice("overflow")),
        ttl: settings.variate("ttl"),
        durable: settings.flag("durable"),
        commit: settings.variate("commit"),
        max_deliveries: settings.count("max_deliveries").map_or(u32::MAX, |most| most as u32),
        keeps_letters: settings.flag("dead_letters") || letters.are_sent(),
        letters,
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
        rejected: 0,
    })]
}

impl Component for Broker {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.ack_timeout = Some(cx.timeout_class(self.ack_timeout_length));
        cx.timer_in(cx.phase(self.heartbeat / 2, 0), Timer { tag: LISTEN, data: 0 });
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            SUBSCRIBE => return self.subscribe(id, cx),
            HEARTBEAT => return self.heard(id, cx),
            CANCEL => return self.cancel(id, cx),
            WATCH => return, // never answered: it breaks when the broker does
            _ => {}
        }
        if self.work.is_none_for(id, cx) {
            self.publish(id, cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.verb == DEAD_LETTER {
            return self.letters.answered(&reply, cx);
        }
        if reply.verb == WATCH {
            return self.broken(&reply, cx);
        }
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
            LETTER => self.letters.send_again(timer, cx),
            _ => {
                if let Some(call) = self.work.done(timer, cx) {
                    self.publish(call, cx);
                }
            }
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.work.on_control(control, cx);
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.crash(cx),
            Control::RECOVER if control.arg == 1 => {
                self.letters.recover(cx);
                self.expire(cx);
                cx.timer_in(cx.phase(self.heartbeat / 2, 0), Timer { tag: LISTEN, data: 0 });
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.work.measure(now, out);
        out.gauge("lag", self.line.len() as f64);
        out.gauge("in_flight", self.in_flight() as f64);
        out.gauge("blocked", self.blocked.len() as f64);
        out.count("calls", self.published + self.rejected);
        out.count("errors", self.rejected);
        out.count("delivered", self.delivered);
        out.count("redelivered", self.redelivered);
        out.count("expired", self.expired);
        out.count("dropped", self.dropped);
        out.count("dead", self.letters.count());
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.work.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
