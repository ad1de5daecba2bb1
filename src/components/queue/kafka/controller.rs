//! The controller: it notices dead brokers, says who leads each partition, and coordinates the consumer group.

use super::super::connections::{Connections, Word};
use super::group::{Group, Patience, Standing};
use super::wire::{Leadership, Place};
use super::{brokers, partitions, replicas};
use crate::components::Site;
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, MILLISECOND, NodeId, Readings, SECOND, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::verbs::{ALTER_ISR, COMMIT, HEARTBEAT, JOIN, LEAD, OFFSET, SUBSCRIBE};

const WATCH: u16 = 0;
const SHARE: u16 = 1;

/// What comes over a consumer's connection.
const CONSUMERS_SAY: [u16; 5] = [SUBSCRIBE, JOIN, HEARTBEAT, COMMIT, OFFSET];

/// broker.session.timeout.ms (KRaftConfigs: 9 s).
pub const BROKER_SESSION: Time = 9 * SECOND;
/// How often it looks whether somebody has fallen silent.
const WATCH_INTERVAL: Time = 500 * MILLISECOND;

#[derive(Clone)]
struct Ruled {
    leadership: Leadership,
    epoch: u32,
    replicas: Vec<u16>,
    /// Up to where the group has processed it.
    committed: Place,
}

#[derive(Clone, Copy)]
struct Known {
    alive: bool,
    heard: Time,
}

#[derive(Clone)]
pub(super) struct Controller {
    first: NodeId,
    brokers: Vec<Known>,
    partitions: Vec<Ruled>,
    unclean: bool,
    group: Group,
    /// Of consumers.
    connections: Connections,
    patience: Option<TimeoutClass>,
    elections: u64,
    rebalances: u64,
}

impl Controller {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let ruled = |partition: u64| {
            let replicas = replicas(partition, settings);
            let in_sync = replicas.iter().map(|broker| 1u32 << broker).sum();
            let leadership = Leadership { partition: partition as u16, leader: Some(replicas[0]), in_sync };
            Ruled { leadership, epoch: 1, replicas, committed: Place::new(partition as u16, 0) }
        };
        let patience = Patience {
            session: settings.duration("session").expect("preset"),
            rebalance: settings.duration("rebalance_timeout").expect("preset"),
            initial: settings.duration("rebalance_delay").expect("preset"),
        };
        Controller {
            first: site.layout.first(site.index),
            brokers: vec![Known { alive: true, heard: 0 }; brokers(settings) as usize],
            partitions: (0..partitions(settings)).map(ruled).collect(),
            unclean: settings.flag("unclean"),
            group: Group::new(patience),
            connections: Connections::default(),
            patience: None,
            elections: 0,
            rebalances: 0,
        }
    }

    fn broker_of(&self, node: NodeId) -> Option<u16> {
        let index = node.0.checked_sub(self.first.0)?;
        (usize::from(index) < self.brokers.len()).then_some(index)
    }

    // ---- brokers

    /// A broker is there; a fresh one has lost whatever it led, and does not know who leads now.
    fn hear_broker(&mut self, broker: u16, fresh: bool, cx: &mut Ctx<'_>) {
        let known = &mut self.brokers[broker as usize];
        known.heard = cx.now();
        if !fresh && known.alive {
            return;
        }
        self.fence(broker, cx);
        self.brokers[broker as usize].alive = true;
        for index in 0..self.partitions.len() {
            if !self.partitions[index].replicas.contains(&broker) {
                continue;
            }
            if self.partitions[index].leadership.leader.is_none() {
                self.elect(index, cx);
            }
            self.tell(index, broker, cx);
        }
    }

    /// A broker is dead to the others: it leads nothing and is in sync with nobody, unless it is the last that was.
    fn fence(&mut self, broker: u16, cx: &mut Ctx<'_>) {
        self.brokers[broker as usize].alive = false;
        for index in 0..self.partitions.len() {
            let leadership = &mut self.partitions[index].leadership;
            let others = leadership.in_sync & !(1 << broker);
            let was_in_sync = leadership.in_sync >> broker & 1 == 1;
            if others != 0 {
                leadership.in_sync = others;
            }
            if leadership.leader == Some(broker) {
                leadership.leader = None;
                self.elect(index, cx);
            } else if was_in_sync {
                self.tell_all(index, cx);
            }
        }
    }

    /// The first replica in sync that is alive leads; if none is, none does, or (unclean) any that is alive.
    fn elect(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let ruled = &mut self.partitions[index];
        let alive = |broker: &&u16| self.brokers[**broker as usize].alive;
        let in_sync = ruled.leadership.in_sync;
        let clean = ruled.replicas.iter().filter(alive).find(|broker| in_sync >> **broker & 1 == 1);
        let chosen = clean.or(ruled.replicas.iter().find(alive).filter(|_| self.unclean)).copied();
        if clean.is_none()
            && let Some(broker) = chosen
        {
            ruled.leadership.in_sync = 1 << broker;
        }
        ruled.leadership.leader = chosen;
        ruled.epoch += 1;
        if let Some(broker) = chosen {
            self.elections += 1;
            cx.tell("elected", format!("broker {broker} leads partition {index}"));
        } else {
            cx.tell("leaderless", format!("nobody in sync can lead partition {index}"));
        }
        self.tell_all(index, cx);
    }

    fn tell_all(&mut self, index: usize, cx: &mut Ctx<'_>) {
        for at in 0..self.partitions[index].replicas.len() {
            let broker = self.partitions[index].replicas[at];
            if self.brokers[broker as usize].alive {
                self.tell(index, broker, cx);
            }
        }
    }

    fn tell(&self, index: usize, broker: u16, cx: &mut Ctx<'_>) {
        let Ruled { leadership, epoch, committed, .. } = &self.partitions[index];
        let to = NodeId(self.first.0 + broker);
        // (How far consumers are is told for the leader's lag only: in Kafka, whoever shows it asks the coordinator.)
        let (version, note) = (*epoch, committed.offset as u32);
        cx.ask(Ask { version, note, timeout: self.patience, ..Ask::new(to, LEAD, leadership.to_key()) });
    }

    fn alter(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let wanted = Leadership::from_key(cx.call(call).key);
        let epoch = cx.call(call).version;
        let ruled = &mut self.partitions[wanted.partition as usize];
        let by_leader = ruled.epoch == epoch && ruled.leadership.leader == wanted.leader;
        let alive = (0..self.brokers.len()).filter(|broker| self.brokers[*broker].alive);
        let alive: u32 = alive.map(|broker| 1u32 << broker).sum();
        if !by_leader || wanted.in_sync & alive == 0 {
            return cx.reply(call, Answer::of(Status::Failed));
        }
        ruled.leadership.in_sync = wanted.in_sync & alive;
        cx.reply(call, Answer::ok(0, 0));
        self.tell_all(wanted.partition as usize, cx);
    }

    // ---- consumers

    fn join(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { key: id, version: leaves, .. } = cx.call(call);
        if leaves != 0 {
            self.group.leave(id as u32, cx.now());
            cx.reply(call, Answer::ok(0, 0));
        } else {
            self.group.join(id as u32, call, cx.now());
        }
        self.share(cx);
    }

    /// Members get their shares if it is time.
    fn share(&mut self, cx: &mut Ctx<'_>) {
        let shares = self.group.settle(cx.now(), |call| cx.is_awaited(call));
        if shares.is_empty() {
            return;
        }
        self.rebalances += 1;
        let generation = self.group.generation();
        cx.tell("rebalanced", format!("{} members, generation {generation}", shares.len()));
        for share in shares {
            let bytes = share.place | share.members << 16;
            cx.reply(share.call, Answer { version: generation, bytes, ..Answer::of(Status::Ok) });
        }
    }

    fn hear_member(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let key = cx.call(call).key;
        let standing = self.group.hear((key >> 32) as u32, key as u32, cx.now());
        let status = match standing {
            Standing::Member => Status::Ok,
            Standing::Rejoin => Status::Failed,
            Standing::Unknown => Status::Missing,
        };
        cx.reply(call, Answer::of(status));
    }

    /// A commit of an earlier generation comes from somebody who has lost the partition; one of the present is a sign of life, as a heartbeat is
    /// (OffsetMetadataManager.validateOffsetCommit: "offset commits maintain the session").
    fn commit(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { key, version: generation, note: member, .. } = cx.call(call);
        let place = Place::from_key(key);
        let current = generation == self.group.generation();
        if current {
            self.group.hear(member, generation, cx.now());
            self.partitions[place.partition as usize].committed = place;
        }
        cx.reply(call, Answer::of(if current { Status::Ok } else { Status::Failed }));
    }

    fn watch(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        for broker in 0..self.brokers.len() {
            let Known { alive, heard } = self.brokers[broker];
            if alive && now > heard + BROKER_SESSION {
                self.fence(broker as u16, cx);
            }
        }
        self.share(cx);
        cx.timer_in(WATCH_INTERVAL, Timer { tag: WATCH, data: 0 });
    }
}

impl Component for Controller {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.patience = Some(cx.timeout_class(BROKER_SESSION));
        for index in 0..self.partitions.len() {
            self.tell_all(index, cx);
        }
        cx.timer_in(cx.phase(WATCH_INTERVAL, 0), Timer { tag: WATCH, data: 0 });
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let &Call { verb, caller, version, key, token, .. } = cx.call(id);
        let broker = self.broker_of(caller);
        if CONSUMERS_SAY.contains(&verb) && broker.is_none() && !self.connections.admit(id, Word(token), cx) {
            return cx.reply(id, Answer::of(Status::Reset));
        }
        match (verb, broker) {
            (HEARTBEAT, Some(broker)) => {
                cx.reply(id, Answer::ok(0, 0));
                self.hear_broker(broker, version != 0, cx);
            }
            (HEARTBEAT, None) => self.hear_member(id, cx),
            (ALTER_ISR, _) => self.alter(id, cx),
            (SUBSCRIBE, _) => cx.reply(id, Answer::ok(0, 0)),
            (JOIN, _) => self.join(id, cx),
            (COMMIT, _) => self.commit(id, cx),
            (OFFSET, _) => {
                let committed = self.partitions[Place::from_key(key).partition as usize].committed;
                cx.reply(id, Answer::ok(committed.offset as u32, committed.epoch.into()));
            }
            // A producer that has asked all brokers in turn; this one leads nothing.
            _ => cx.reply(id, Answer::of(Status::Failed)),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            SHARE => self.share(cx),
            _ => self.watch(cx),
        }
    }

    /// What it knows is on disk, and on the disks of its peers. After a pause everybody may be a little late.
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if control.verb == Control::RECOVER {
            let now = cx.now();
            self.brokers.iter_mut().for_each(|broker| broker.heard = now);
            if control.arg == 1 {
                self.connections.clear();
                self.group.restart(now);
                cx.timer_in(WATCH_INTERVAL, Timer { tag: WATCH, data: 0 });
            }
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("elections", self.elections);
        out.count("rebalances", self.rebalances);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
