//! The server as a node.

use super::super::connections::{Connections, Word};
use super::super::message::{self, HELD_AT_MOST};
use super::super::patience::Patience;
use super::super::polls::{Polls, Waiting, packed};
use super::super::work::Work;
use super::stream::{Delivery, Effects, Operation, Stream};
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{
    Answer, Call, CallId, Component, Control, Ctx, MILLISECOND, Readings, SECOND, Status, Time, Timer,
};
use crate::parts::verbs::{CLAIM, FETCH, PUBLISH, SETTLE, SUBSCRIBE};
use std::collections::BTreeMap;

/// The semantics.
pub const ENTRY: Policy = Policy {
    name: "redis_streams",
    about: "a log in memory with a consumer group; what a dead consumer had stays pending until it is claimed",
    source: "Redis 7 documentation: Streams, XREADGROUP, XAUTOCLAIM, Persistence",
    wrong_when: "no second of messages may be lost when a host dies, or they do not fit in memory",
};

/// Bits of an entry's number in a receipt; above them is the life of the server.
const LIFE: u32 = 40;

const SYNC: u16 = 1;
const PATIENCE: u16 = 2;

/// How the append-only file reaches the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fsync {
    /// There is none: a restart begins empty.
    None,
    /// At the pace of the operating system, or once a second.
    Every(Time),
    /// Before every answer.
    Always,
}

/// appendfsync, and appendonly no.
pub const FSYNCS: &[Policy] = &[
    Policy {
        name: "none",
        about: "no append-only file: every restart begins empty",
        source: "redis.conf of Redis 7: appendonly no, the default",
        wrong_when: "messages must survive a restart",
    },
    Policy {
        name: "everysec",
        about: "on disk once a second: a dead host loses up to a second, a dead process nothing",
        source: "Redis documentation: Persistence, appendfsync everysec",
        wrong_when: "no acknowledged message may be lost",
    },
    Policy {
        name: "always",
        about: "on disk before every answer",
        source: "Redis documentation: Persistence, appendfsync always",
        wrong_when: "throughput matters more than the last second",
    },
    Policy {
        name: "no",
        about: "on disk when the operating system writes it: every 30 s",
        source: "Redis documentation: Persistence, appendfsync no (Linux: 30 s)",
        wrong_when: "half a minute of messages must not be lost",
    },
];

const SYNCED: [Fsync; 4] = [Fsync::None, Fsync::Every(SECOND), Fsync::Always, Fsync::Every(30 * SECOND)];

#[derive(Clone)]
struct Redis {
    queue: u16,
    work: Work,
    fsync: Fsync,
    length: Option<usize>,
    max_deliveries: u32,
    /// Without it (a test) what a dead consumer had is pending for ever.
    redelivers: bool,
    live: Stream,
    /// As of the last fsync, with what was written since.
    on_disk: Stream,
    unsynced: Vec<Operation>,
    /// For each restart, the number up to which entries have survived it: behind it numbers are given again, which IDs of Redis, times, are not.
    survived: Vec<u64>,
    polls: Polls,
    patience: Patience,
    /// Of consumers.
    connections: Connections,
    published: u64,
    delivered: u64,
    redelivered: u64,
    trimmed: u64,
    dead: u64,
    rejected: u64,
}

/// The server.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let length = settings.count("length").map(|length| length as usize);
    vec![Box::new(Redis {
        queue: message::ordinal(site),
        work: Work::new(site),
        fsync: SYNCED[settings.choice("fsync")],
        length,
        max_deliveries: settings.count("max_deliveries").map_or(u32::MAX, |most| most as u32),
        redelivers: !site.is_disabled("redelivery"),
        live: Stream::new(length),
        on_disk: Stream::new(length),
        unsynced: Vec::new(),
        survived: Vec::new(),
        polls: Polls::default(),
        patience: Patience::new(PATIENCE),
        connections: Connections::default(),
        published: 0,
        delivered: 0,
        redelivered: 0,
        trimmed: 0,
        dead: 0,
        rejected: 0,
    })]
}

impl Redis {
    /// Carries an operation out, in memory and in the file.
    fn apply(&mut self, operation: Operation, cx: &mut Ctx<'_>) -> Effects {
        if self.fsync != Fsync::None {
            self.unsynced.push(operation);
        }
        let effects = self.live.apply(operation);
        for message in &effects.trimmed {
            self.trimmed += 1;
            message::release(message.id, cx);
        }
        if let Some(message) = effects.acknowledged {
            message::release(message.id, cx);
        }
        effects
    }

    fn sync(&mut self) {
        for operation in self.unsynced.drain(..) {
            self.on_disk.apply(operation);
        }
    }

    fn publish(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        if self.live.len() >= HELD_AT_MOST {
            self.rejected += 1;
            return cx.reply(call, Answer::of(Status::Rejected));
        }
        self.published += 1;
        let message = message::accept(self.queue, call, cx);
        self.apply(Operation::Add(message), cx);
        message::acknowledge(message.id, cx);
        cx.reply(call, Answer::ok(0, 0));
        self.serve(cx);
    }

    fn fetch(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { caller: consumer, key, version: patience, .. } = cx.call(call);
        let waiting = Waiting { call, consumer, most: (key as usize).max(1) };
        let patience = Time::from(patience) * MILLISECOND;
        if self.live.lag() == 0 && patience > 0 {
            self.polls.wait_on(waiting);
            return self.patience.wait(call, 0, patience, cx);
        }
        self.read(&waiting, cx);
    }

    fn read(&mut self, to: &Waiting, cx: &mut Ctx<'_>) {
        let effects = self.apply(Operation::Read(to.consumer, to.most, cx.now()), cx);
        self.hand_over(to, &effects, cx);
    }

    fn hand_over(&mut self, to: &Waiting, effects: &Effects, cx: &mut Ctx<'_>) {
        let delivered = &effects.delivered;
        self.delivered += delivered.len() as u64;
        self.redelivered += delivered.iter().filter(|delivery| delivery.deliveries > 1).count() as u64;
        let life = (self.survived.len() as u64) << LIFE;
        let packed = |delivery: &Delivery| packed(delivery.message, life | delivery.number);
        self.polls.answer(to, delivered.iter().map(packed), cx);
    }

    /// XACK of an entry, by its number and the life of the server that it was handed over in.
    fn acknowledge(&mut self, receipt: u64, cx: &mut Ctx<'_>) {
        let (life, number) = ((receipt >> LIFE) as usize, receipt & ((1 << LIFE) - 1));
        if self.survived[life..].iter().all(|end| number < *end) {
            self.apply(Operation::Ack(number), cx);
        }
    }

    fn serve(&mut self, cx: &mut Ctx<'_>) {
        while self.live.lag() > 0 && !self.polls.is_empty() {
            let Some(waiting) = self.polls.next(cx) else { return };
            self.read(&waiting, cx);
        }
    }

    /// Consumers whose patience is over get nothing.
    fn send_away(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some((call, _)) = self.patience.next(timer, cx) {
            self.polls.give_up(call, cx);
        }
    }

    /// A consumer takes over what others have left lying. What was delivered too often is set aside.
    fn claim(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { caller: consumer, key, version: idle, .. } = cx.call(call);
        let to = Waiting { call, consumer, most: key as usize };
        let idle = Time::from(idle) * MILLISECOND;
        let mut effects = Effects::default();
        if let Some(since) = cx.now().checked_sub(idle).filter(|_| self.redelivers) {
            effects = self.apply(Operation::Claim(consumer, to.most, cx.now(), since), cx);
        }
        let dead = |delivery: &Delivery| delivery.deliveries > self.max_deliveries;
        let (dead, alive): (Vec<_>, Vec<_>) = effects.delivered.drain(..).partition(dead);
        for delivery in dead {
            self.dead += 1;
            message::bury(delivery.message.id, cx);
            self.apply(Operation::Ack(delivery.number), cx);
        }
        effects.delivered = alive;
        self.hand_over(&to, &effects, cx);
    }

    /// The process loses what is only in memory; the host also what the file has not brought to disk.
    fn crash(&mut self, host: bool, cx: &mut Ctx<'_>) {
        self.polls.clear();
        self.patience.clear();
        self.connections.clear();
        if !host || self.fsync == Fsync::Always {
            self.sync();
        }
        self.unsynced.clear();
        let after = if self.fsync == Fsync::None { Stream::new(self.length) } else { self.on_disk.clone() };
        self.survived.push(after.end());
        let before = std::mem::replace(&mut self.live, after);
        // One that was sent twice is held twice.
        let mut kept: BTreeMap<u32, u32> = BTreeMap::new();
        self.live.held().iter().for_each(|message| *kept.entry(message.id).or_default() += 1);
        for message in before.held() {
            match kept.get_mut(&message.id).filter(|copies| **copies > 0) {
                Some(copies) => *copies -= 1,
                None => message::release(message.id, cx),
            }
        }
    }

    fn await_sync(&mut self, cx: &mut Ctx<'_>) {
        if let Fsync::Every(interval) = self.fsync {
            cx.timer_in(interval, Timer { tag: SYNC, data: 0 });
        }
    }
}

impl Component for Redis {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        if let Fsync::Every(interval) = self.fsync {
            cx.timer_in(cx.phase(interval, 0), Timer { tag: SYNC, data: 0 });
        }
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let &Call { verb, key, token, .. } = cx.call(id);
        if verb != PUBLISH && !self.connections.admit(id, Word(token), cx) {
            return cx.reply(id, Answer::of(Status::Reset));
        }
        match verb {
            SUBSCRIBE => cx.reply(id, Answer::ok(0, 0)),
            FETCH => self.fetch(id, cx),
            CLAIM => self.claim(id, cx),
            SETTLE => {
                self.acknowledge(key, cx);
                cx.reply(id, Answer::ok(0, 0));
            }
            _ if self.work.is_none_for(id, cx) => self.publish(id, cx),
            _ => {}
        }
        if self.fsync == Fsync::Always {
            self.sync();
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            SYNC => {
                self.sync();
                self.await_sync(cx);
            }
            PATIENCE => self.send_away(timer, cx),
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
            Control::CRASH_PROCESS => self.crash(false, cx),
            Control::CRASH_HOST => self.crash(true, cx),
            Control::RECOVER if control.arg == 1 => self.on_start(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.work.measure(now, out);
        out.gauge("lag", self.live.lag() as f64);
        out.gauge("in_flight", self.live.pending() as f64);
        out.gauge("items", self.live.len() as f64);
        out.count("calls", self.published + self.rejected);
        out.count("errors", self.rejected);
        out.count("delivered", self.delivered);
        out.count("redelivered", self.redelivered);
        out.count("trimmed", self.trimmed);
        out.count("dead", self.dead);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.work.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
