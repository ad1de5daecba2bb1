//! A broker: copies of partitions, some of which it leads.

use super::super::connections::{Connections, Word};
use super::super::message;
use super::super::patience::Patience;
use super::super::work::Work;
use super::partition::Partition;
use super::segments::{Full, RETENTION_CHECK, stamp};
use super::wire::{Leadership, Place};
use super::{Acks, coordinator, partitions, recognised_for, replicas};
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::verbs::{ALTER_ISR, FETCH, HEARTBEAT, LEAD, PUBLISH, REPLICATE};

/// The semantics.
pub const ENTRY: Policy = Policy {
    name: "kafka",
    about: "partitioned logs that are read by offset, copied among brokers; a group of consumers shares the partitions",
    source: "Apache Kafka 3.9 documentation: design, replication; KIP-101, KIP-500; Kreps, Narkhede, Rao, NetDB 2011",
    wrong_when: "messages need single acknowledgements, priorities, or more consumers than partitions",
};

const BEAT: u16 = 1;
const READER: u16 = 2;
const FOLLOWER: u16 = 3;
pub(super) const REPLICATE_AGAIN: u16 = 4;
const HOUSEKEEPING: u16 = 5;
const RETENTION: u16 = 6;

/// broker.heartbeat.interval.ms (KRaftConfigs: 2 s).
const HEARTBEAT_INTERVAL: Time = 2 * SECOND;

#[derive(Clone)]
pub(super) struct Broker {
    pub(super) queue: u16,
    pub(super) own: u16,
    pub(super) first: NodeId,
    pub(super) controller: NodeId,
    pub(super) work: Work,
    pub(super) acks: Acks,
    pub(super) min_in_sync: u32,
    pub(super) retention: Time,
    retention_check: Time,
    pub(super) length: Option<u64>,
    pub(super) lag_max: Time,
    /// How far back a producer that tries again is recognised: as long as it tries.
    pub(super) recognises: Time,
    pub(super) flush: Time,
    /// Without it (a test) a leader answers at once, whatever `acks` says.
    pub(super) replicates: bool,
    pub(super) copies: Vec<Option<Partition>>,
    pub(super) patience: Option<TimeoutClass>,
    pub(super) followers_wait: Patience,
    pub(super) readers_wait: Patience,
    pub(super) connections: Connections,
    /// It has begun anew, and the controller does not know yet.
    fresh: bool,
    pub(super) published: u64,
    pub(super) rejected: u64,
    pub(super) delivered: u64,
    pub(super) trimmed: u64,
    pub(super) truncated: u64,
}

impl Broker {
    pub fn new(site: &Site<'_>, own: u16) -> Self {
        let settings = site.settings();
        let (brokers, full) = (super::brokers(settings) as usize, Full::new(settings));
        let copy =
            |partition| replicas(partition, settings).contains(&own).then(|| Partition::new(brokers, full));
        Broker {
            queue: message::ordinal(site),
            own,
            first: site.layout.first(site.index),
            controller: coordinator(site),
            work: Work::new(site),
            acks: Acks::of(settings),
            min_in_sync: settings.count("min_in_sync").expect("preset") as u32,
            retention: settings.duration("retention").unwrap_or(RETAINED),
            retention_check: settings.duration(RETENTION_CHECK.name).expect("preset"),
            length: settings.count("length"),
            lag_max: settings.duration("replica_lag").expect("preset"),
            recognises: recognised_for(settings),
            flush: settings.duration("flush").expect("preset"),
            replicates: !site.is_disabled("replication"),
            copies: (0..partitions(settings)).map(copy).collect(),
            patience: None,
            followers_wait: Patience::new(FOLLOWER),
            readers_wait: Patience::new(READER),
            connections: Connections::default(),
            fresh: false,
            published: 0,
            rejected: 0,
            delivered: 0,
            trimmed: 0,
            truncated: 0,
        }
    }

    /// Its copy of a partition, and whether it leads it.
    pub(super) fn copy(&mut self, partition: u16) -> Option<&mut Partition> {
        self.copies.get_mut(partition as usize).and_then(Option::as_mut)
    }

    pub(super) fn leads(&self, partition: u16) -> bool {
        let copy = self.copies.get(partition as usize).and_then(Option::as_ref);
        copy.is_some_and(|copy| copy.leader == Some(self.own))
    }

    /// Not the leader: where to ask instead, if it knows, and since which epoch.
    pub(super) fn redirect(&self, call: CallId, partition: u16, cx: &mut Ctx<'_>) {
        let copy = self.copies.get(partition as usize).and_then(Option::as_ref);
        let known = copy.and_then(|copy| Some((copy.leader?, copy.epoch)));
        let answer = match known.filter(|(leader, _)| *leader != self.own) {
            Some((leader, version)) => {
                Answer { version, redirect: NodeId(self.first.0 + leader), ..Answer::of(Status::Moved) }
            }
            None => Answer::of(Status::Failed),
        };
        cx.reply(call, answer);
    }

    fn beat(&self, cx: &mut Ctx<'_>) {
        let version = u32::from(self.fresh);
        cx.ask(Ask {
            version,
            note: version,
            timeout: self.patience,
            ..Ask::new(self.controller, HEARTBEAT, 0)
        });
    }

    /// Followers that lag are no more in sync.
    fn keep_house(&mut self, cx: &mut Ctx<'_>) {
        for partition in 0..self.copies.len() as u16 {
            if self.leads(partition) {
                self.watch_followers(partition, cx);
            }
        }
        cx.timer_in(self.house_interval(), Timer { tag: HOUSEKEEPING, data: 0 });
    }

    fn house_interval(&self) -> Time {
        (self.lag_max / 2).max(1)
    }

    /// Segments that are too old go.
    fn retain(&mut self, cx: &mut Ctx<'_>) {
        let before = cx.now().checked_sub(self.retention).map_or(0, stamp);
        for partition in 0..self.copies.len() as u16 {
            if self.leads(partition) {
                let copy = self.copy(partition).expect("it leads it");
                let first_kept = copy.log.expired(before, copy.high_watermark);
                self.trim(partition, first_kept, cx);
            }
        }
        cx.timer_in(self.retention_check, Timer { tag: RETENTION, data: 0 });
    }

    /// Deletes records, read or not.
    pub(super) fn trim(&mut self, partition: u16, first_kept: u64, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(copy) = self.copy(partition) else { return };
        let start = copy.log.start();
        let gone = copy.log.trim(first_kept);
        for (entry, offset) in gone.iter().zip(start..) {
            cx.audit().messages_mut().leave_log(entry.message.id, offset, None, now);
        }
        self.trimmed += gone.len() as u64;
    }

    /// A process that dies leaves what it wrote to the operating system; a host takes the last seconds with it.
    fn crash(&mut self, host: bool, cx: &mut Ctx<'_>) {
        let flushed = cx.now().checked_sub(self.flush);
        self.followers_wait.clear();
        self.readers_wait.clear();
        self.connections.clear();
        for copy in self.copies.iter_mut().flatten() {
            if host {
                let kept = flushed.map_or(copy.log.start(), |time| copy.log.after(time));
                copy.log.truncate(kept);
                copy.high_watermark = copy.high_watermark.min(copy.log.end());
            }
            copy.leader = None;
            copy.unacknowledged.clear();
            copy.readers.clear();
            copy.followers.iter_mut().for_each(|follower| follower.asks = None);
            (copy.fetching, copy.altering) = (false, false);
        }
    }

    fn begin(&mut self, cx: &mut Ctx<'_>) {
        self.beat(cx);
        cx.timer_in(cx.phase(HEARTBEAT_INTERVAL, 0), Timer { tag: BEAT, data: 0 });
        cx.timer_in(cx.phase(self.house_interval(), 1), Timer { tag: HOUSEKEEPING, data: 0 });
        cx.timer_in(cx.phase(self.retention_check, 2), Timer { tag: RETENTION, data: 0 });
    }
}

/// log.retention.hours (ServerLogConfigs: 168 hours).
const RETAINED: Time = 168 * 3600 * SECOND;

impl Component for Broker {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.patience = Some(cx.timeout_class(HEARTBEAT_INTERVAL));
        self.begin(cx);
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let &Call { verb, key, version, note, .. } = cx.call(id);
        if !self.admits(id, cx) {
            return cx.reply(id, Answer::of(Status::Reset));
        }
        match verb {
            FETCH => return self.fetch(id, cx),
            REPLICATE => return self.replicate(id, cx),
            LEAD => {
                cx.reply(id, Answer::ok(0, 0));
                return self.be_told(Leadership::from_key(key), version, note.into(), cx);
            }
            _ => {}
        }
        if self.work.is_none_for(id, cx) {
            self.publish(id, cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.verb {
            REPLICATE => self.replicated(&reply, cx),
            ALTER_ISR => {
                if let Some(copy) = self.copy(reply.key as u16) {
                    copy.altering = false;
                }
            }
            _ if reply.status == Status::Ok && reply.note == 1 => self.fresh = false,
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            BEAT => {
                self.beat(cx);
                cx.timer_in(HEARTBEAT_INTERVAL, timer);
            }
            HOUSEKEEPING => self.keep_house(cx),
            RETENTION => self.retain(cx),
            REPLICATE_AGAIN => self.follow(timer.data as u16, cx),
            FOLLOWER => self.tell_nothing_new(timer, cx),
            READER => self.send_readers_away(timer, cx),
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
            Control::RECOVER if control.arg == 1 => {
                self.fresh = true;
                self.begin(cx);
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.work.measure(now, out);
        let led = self.copies.iter().flatten().filter(|copy| copy.leader == Some(self.own));
        let lag: u64 = led.clone().map(|copy| copy.high_watermark.saturating_sub(copy.fetched)).sum();
        out.gauge("lag", lag as f64);
        out.gauge("partitions_led", led.count() as f64);
        let records: u64 = self.copies.iter().flatten().map(|copy| copy.log.end() - copy.log.start()).sum();
        out.gauge("items", records as f64);
        out.count("calls", self.published + self.rejected);
        out.count("errors", self.rejected);
        out.count("delivered", self.delivered);
        out.count("trimmed", self.trimmed);
        out.count("truncated", self.truncated);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.work.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

impl Broker {
    /// Whether it knows the connection that a consumer's or producer's question came over.
    fn admits(&mut self, id: CallId, cx: &Ctx<'_>) -> bool {
        let &Call { verb, version, token, .. } = cx.call(id);
        match verb {
            FETCH => self.connections.admit(id, Word(token), cx),
            PUBLISH => self.connections.admit(id, Word(version), cx),
            _ => true,
        }
    }

    /// The place of a call's key, for questions of brokers and consumers.
    pub(super) fn place(call: CallId, cx: &Ctx<'_>) -> Place {
        Place::from_key(cx.call(call).key)
    }
}
