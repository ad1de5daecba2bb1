//! Messages that a consumer reads from its share of the partitions (Kafka): joins, fetches, commits, and stands still while the group
//! shares out anew.

use super::entry::{self, acks_before};
use super::source::Incoming;
use super::worker::FIRST_SOURCE_TAG;
use crate::components::Site;
use crate::components::queue::connections::Line;
use crate::components::queue::kafka::{
    Fetch, Place, RECORDS_AT_MOST, coordinator, member_id, partitions, range,
};
use crate::components::queue::message;
use crate::components::queue::polls::unpacked;
use crate::kernel::{
    Ask, CallId, Ctx, MILLISECOND, NodeId, ParcelId, Reply, SECOND, Status, Time, TimeoutClass, Timer,
};
use crate::parts::verbs::{COMMIT, FETCH, HEARTBEAT, JOIN, OFFSET, SUBSCRIBE};
use std::collections::VecDeque;

mod group;
mod lines;
mod polls;
mod work;

use group::Coordinator;

const BEAT: u16 = FIRST_SOURCE_TAG;
const AGAIN: u16 = FIRST_SOURCE_TAG + 1;
const REJOIN: u16 = FIRST_SOURCE_TAG + 2;

/// retry.backoff.ms (ConsumerConfig: 100 ms).
const BACKOFF: Time = 100 * MILLISECOND;
/// heartbeat.interval.ms (ConsumerConfig: 3 s).
pub const HEARTBEAT_INTERVAL: Time = 3 * SECOND;
/// request.timeout.ms (ConsumerConfig: 30 s).
const REQUEST_TIMEOUT: Time = 30 * SECOND;

/// A partition of its share.
#[derive(Clone, Debug)]
struct Share {
    partition: u16,
    leader: NodeId,
    /// Its question for more, while it is under way.
    fetch: CallId,
    /// The newest epoch in which somebody was said to lead.
    epoch: u32,
    /// Offset of the next message to process; what comes before it may be committed.
    position: u64,
    /// Low byte of the epoch of the message before it; 0 = not known.
    behind: u8,
    /// The same of the next message to fetch.
    next: u64,
    next_behind: u8,
    /// It asks again after a pause.
    pauses: bool,
    /// Fetched and not yet polled.
    fetched: VecDeque<Incoming>,
    /// Polled and not yet processed.
    batch: VecDeque<Incoming>,
    /// Something of it has been processed since its offset was committed.
    moved: bool,
    /// Whether the group has said where to begin.
    known: bool,
    /// The message that is in the worker's hands.
    busy: Option<Incoming>,
    /// The batch waits until its offset is committed (acknowledged before the work).
    committing: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// It has no share.
    Joining,
    Member,
    /// It finishes what it has fetched, commits, and joins again.
    Revoking,
    Left,
}

/// A member of a consumer group.
#[derive(Clone)]
pub struct Reader {
    /// Number of the queue.
    queue: u16,
    coordinator: Coordinator,
    brokers: Vec<NodeId>,
    /// Its connections to them.
    lines: Vec<Line>,
    partitions: u32,
    fetch: Fetch,
    /// max.poll.records
    batch: usize,
    ack_before: bool,
    earliest: bool,
    patience: Option<TimeoutClass>,
    life: u16,
    id: u32,
    generation: u32,
    phase: Phase,
    leaves: bool,
    /// Given up by its group, it finishes what it has taken over before it joins as somebody new.
    expelled: bool,
    shares: Vec<Share>,
    commits: u32,
    /// When it polled last.
    polled: Time,
    /// The share that is polled first.
    turn: usize,
}

impl Reader {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let queue = site.of(settings.group("of").expect("required"));
        let rebalance = queue.settings().duration("rebalance_timeout").expect("preset");
        Reader {
            queue: message::ordinal(&queue),
            coordinator: Coordinator::new(coordinator(&queue), rebalance),
            lines: vec![Line::default(); crate::components::queue::brokers(&queue).len()],
            brokers: crate::components::queue::brokers(&queue),
            partitions: partitions(queue.settings()) as u32,
            fetch: Fetch {
                most: entry::batch(site).max(RECORDS_AT_MOST as u64) as u16,
                wait: entry::wait(site),
            },
            batch: entry::batch(site) as usize,
            ack_before: acks_before(settings),
            earliest: entry::resets_to_earliest(settings),
            patience: None,
            life: 0,
            id: 0,
            generation: 0,
            phase: Phase::Joining,
            leaves: false,
            expelled: false,
            shares: Vec::new(),
            commits: 0,
            polled: 0,
            turn: 0,
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.patience = Some(cx.timeout_class(REQUEST_TIMEOUT));
        self.coordinator.start(cx);
        cx.timer_in(cx.phase(HEARTBEAT_INTERVAL, 0), Timer { tag: BEAT, data: 0 });
        self.lines.iter_mut().for_each(Line::renew);
        self.begin_anew(cx);
    }

    /// As a member that nobody knows yet. What it has fetched is done first, though others may do it again: a program works, commits and asks
    /// for more in turn, and hears only then that it was given up (KafkaConsumer.poll; the commit fails).
    fn begin_anew(&mut self, cx: &mut Ctx<'_>) {
        self.expelled = !self.is_idle();
        if self.expelled {
            return self.phase = Phase::Revoking;
        }
        self.life = self.life.wrapping_add(1);
        self.id = member_id(cx.node(), self.life);
        self.drop_shares(cx);
        self.join(cx);
    }

    pub fn leave(&mut self, cx: &mut Ctx<'_>) {
        self.leaves = true;
        self.revoke(cx);
    }

    /// What it has fetched is done first: a program hears of it when it asks for more.
    fn revoke(&mut self, cx: &mut Ctx<'_>) {
        self.phase = Phase::Revoking;
        self.join_if_idle(cx);
    }

    /// Whether it has nothing in hand.
    fn is_idle(&self) -> bool {
        self.shares.iter().all(|share| share.busy.is_none() && share.batch.is_empty())
    }

    fn join_if_idle(&mut self, cx: &mut Ctx<'_>) {
        if self.phase != Phase::Revoking || !self.is_idle() {
            return;
        }
        if self.expelled {
            return self.begin_anew(cx);
        }
        if !self.ack_before {
            let known = self.shares.iter().filter(|share| share.known);
            let positions: Vec<Place> = known.map(Share::place).collect();
            positions.into_iter().for_each(|place| self.commit(place, cx));
        }
        self.shares.clear();
        if self.commits == 0 {
            self.join(cx);
        }
    }

    /// Acknowledged before the work, the log holds them no more: if they are dropped now they are gone.
    fn release_batch(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let share = &mut self.shares[index];
        share.seek();
        cx.abandon(std::mem::replace(&mut share.fetch, CallId::NONE));
        let held = self.ack_before && !share.committing;
        let now = cx.now();
        for incoming in share.batch.drain(..) {
            if held {
                cx.audit().messages_mut().release(incoming.message.id, now);
            }
        }
        share.committing = false;
    }

    fn drop_shares(&mut self, cx: &mut Ctx<'_>) {
        for index in 0..self.shares.len() {
            self.release_batch(index, cx);
            self.release_busy(index, cx);
        }
        self.shares.clear();
        self.commits = 0;
    }

    /// The same for the message in the worker's hands, which has its own hold on it.
    fn release_busy(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let now = cx.now();
        if let Some(incoming) = self.shares[index].busy.take().filter(|_| self.ack_before) {
            cx.audit().messages_mut().release(incoming.message.id, now);
        }
    }

    pub fn crash(&mut self, cx: &mut Ctx<'_>) {
        self.drop_shares(cx);
        self.phase = Phase::Joining;
    }
}

impl Share {
    fn place(&self) -> Place {
        Place { partition: self.partition, epoch: self.behind, offset: self.position }
    }

    /// Where it fetches on.
    fn fetch_place(&self) -> Place {
        Place { partition: self.partition, epoch: self.next_behind, offset: self.next }
    }

    /// It fetches on from where it has worked to.
    fn seek(&mut self) {
        self.fetched.clear();
        (self.next, self.next_behind) = (self.position, self.behind);
    }

    /// Whether the next poll has its leader asked for more: only what lies in no buffer is fetched (Fetcher.fetchablePartitions).
    fn wants_more(&self) -> bool {
        self.known && !self.pauses && self.fetched.is_empty() && self.fetch.is_none()
    }
}

// ---- answers

impl Reader {
    pub fn on_reply(&mut self, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        if reply.callee == self.coordinator.node {
            self.coordinator.hear(reply, cx.now());
        }
        match reply.verb {
            SUBSCRIBE if reply.note == self.id => self.connected(reply, cx),
            JOIN if reply.note == self.id => self.joined(reply, cx),
            HEARTBEAT if reply.note == self.generation && self.phase == Phase::Member => {
                self.stand(reply.status, cx)
            }
            COMMIT if reply.note == self.id => self.committed(reply, got, cx),
            OFFSET | FETCH if reply.note == self.generation && self.phase == Phase::Member => {
                let partition = Place::from_key(reply.key).partition;
                let Some(index) = self.shares.iter().position(|share| share.partition == partition) else {
                    return;
                };
                if reply.verb == OFFSET {
                    self.begin(index, reply, cx)
                } else {
                    self.fetched(index, reply, got, cx)
                }
            }
            _ => {} // of an earlier share
        }
    }

    fn joined(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if self.phase != Phase::Joining {
            return;
        }
        if reply.status != Status::Ok {
            return self.join_again(cx);
        }
        self.generation = reply.version;
        self.phase = Phase::Member;
        let (place, members) = (reply.bytes & 0xFFFF, reply.bytes >> 16);
        for partition in range(self.partitions, place, members) {
            let leader = self.brokers[partition as usize % self.brokers.len()];
            self.shares.push(Share {
                partition: partition as u16,
                leader,
                epoch: 0,
                fetch: CallId::NONE,
                position: 0,
                behind: 0,
                next: 0,
                next_behind: 0,
                pauses: false,
                fetched: VecDeque::new(),
                batch: VecDeque::new(),
                moved: false,
                known: false,
                busy: None,
                committing: false,
            });
            self.ask_offset(partition as u16, cx);
        }
    }

    fn begin(&mut self, index: usize, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.status != Status::Ok {
            return self.again(index, true, cx);
        }
        let share = &mut self.shares[index];
        (share.position, share.behind, share.known) = (u64::from(reply.version), reply.bytes as u8, true);
        share.seek();
        if self.ack_before {
            // Whoever said that it had what comes before has it, or it is gone. (Acknowledged after the work, it has been done.)
            let (partition, from, now) = (share.partition, share.position, cx.now());
            cx.audit().messages_mut().pass_by(self.queue, partition, from, now);
        }
        self.ask(index, cx);
    }

    /// Once more after a pause: for the offset or for messages.
    fn again(&mut self, index: usize, offset: bool, cx: &mut Ctx<'_>) {
        self.shares[index].pauses = true;
        let partition = u64::from(self.shares[index].partition);
        let data = u64::from(self.generation) << 32 | u64::from(offset) << 16 | partition;
        cx.timer_in(BACKOFF, Timer { tag: AGAIN, data });
    }

    fn ask(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let share = &self.shares[index];
        if !share.fetch.is_none() {
            return;
        }
        let (version, timeout) = (self.fetch.to_version(), self.patience);
        let (note, line) = (self.generation, self.lines[self.place_of(share.leader)]);
        let ask = Ask::new(share.leader, FETCH, share.fetch_place().to_key());
        let ask = Ask { version, timeout, note, token: line.word().0, connected: line.open, ..ask };
        self.shares[index].fetch = cx.ask(ask);
    }

    fn fetched(&mut self, index: usize, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        if matches!(reply.status, Status::Reset | Status::TimedOut) {
            return self.close(reply.callee, cx);
        }
        let place = self.place_of(reply.callee);
        self.lines[place].open = true;
        let share = &mut self.shares[index];
        share.fetch = CallId::NONE;
        match reply.status {
            Status::Ok => {
                // An answer to a question of an earlier share may have taken the parcel: what is not asked for is not taken.
                let is_wanted = |((_, receipt), wanted): &((_, u64), u64)| {
                    let place = Place::from_key(*receipt);
                    (place.partition, place.offset) == (share.partition, *wanted)
                };
                let items = cx.parcel(ParcelId(reply.version)).iter().map(|item| unpacked(*item));
                let asked_for = items.zip(share.next..).take_while(is_wanted);
                share.fetched.extend(asked_for.map(|((message, receipt), _)| Incoming { message, receipt }));
                if let Some(last) = share.fetched.back().map(|incoming| Place::from_key(incoming.receipt)) {
                    (share.next, share.next_behind) = (last.offset + 1, last.epoch);
                }
                self.received(index, got, cx);
            }
            // Who knows less than others is not believed.
            Status::Moved if reply.version >= share.epoch => {
                (share.leader, share.epoch) = (reply.redirect, reply.version);
                self.ask(index, cx);
            }
            // Its place is not in the log any more (auto.offset.reset).
            Status::Missing => {
                let position = if self.earliest { reply.version } else { reply.bytes };
                (share.next, share.next_behind) = (position.into(), 0);
                if share.busy.is_none() && share.batch.is_empty() {
                    (share.position, share.behind) = (share.next, 0);
                }
                self.ask(index, cx);
            }
            Status::Moved => self.again(index, false, cx),
            _ => self.look_elsewhere(index, cx),
        }
    }
}
