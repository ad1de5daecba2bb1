//! What Kafka's producer does until a message is through (KafkaProducer, Sender and NetworkClient of the Java client 3.9; producer configs
//! `request.timeout.ms`, `delivery.timeout.ms`, `retry.backoff.ms`).
//!
//! A broker that has not answered one request in time is taken for gone: the connection is closed, everything that was under way on it has
//! failed, and the producer looks elsewhere for the leaders. What has failed waits a while at the head of its partition, those that come
//! meanwhile wait behind it (their order must hold), one goes ahead to see, and all follow when it is through. After the delivery time-out
//! a message fails to its caller, whatever has become of it.
//!
//! Idealised: a traffic is one producer, however many clients it stands for; no jitter in the pauses; metadata are not asked for every five
//! minutes (`metadata.max.age.ms`), only after trouble; nothing bounds the messages that wait (`buffer.memory`).

use super::leaders::Leaders;
use super::{delivery_timeout, request_timeout};
use crate::components::Site;
use crate::kernel::{
    Ask, CallId, Ctx, MILLISECOND, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer,
};
use std::collections::VecDeque;

/// retry.backoff.ms and retry.backoff.max.ms (producer configs: 100 ms and 1 s; KIP-580).
const BACKOFF: Time = 100 * MILLISECOND;
const BACKOFF_MAX: Time = SECOND;

/// The timer's data for the delivery time-out; else it is a partition.
const OVERDUE: u64 = u64::MAX;

/// A message under way.
#[derive(Clone, Debug)]
struct Sending {
    /// What its caller asks, and whom it was asked last.
    ask: Ask,
    /// In the order of sending, from 1; 0 = nothing is under way here.
    number: u64,
    /// [`CallId::NONE`] while it waits in its lane.
    call: CallId,
}

/// What waits of a partition.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// By number.
    waiting: VecDeque<u32>,
    /// Failures in a row; while there are any, what comes waits.
    failures: u32,
    /// The next one goes when the pause is over.
    pausing: bool,
}

/// The messages of a producer that are under way.
#[derive(Clone, Debug)]
pub struct Delivery {
    tag: u16,
    request_timeout: Time,
    timeout: Time,
    patience: Option<TimeoutClass>,
    under_way: Vec<Sending>,
    free: Vec<u32>,
    lanes: Vec<Lane>,
    /// When each must be through, its place and its number; what is over leaves when it comes to the head.
    due: VecDeque<(Time, u32, u64)>,
    /// A timer is set, for the first one or one before it that is over.
    timed: bool,
    sent: u64,
    again: u64,
}

impl Delivery {
    /// For producers of the queue of this site; timers with this tag are for [`Delivery::on_timer`].
    pub fn new(queue: &Site<'_>, partitions: usize, tag: u16) -> Self {
        Delivery {
            tag,
            request_timeout: request_timeout(queue.settings()),
            timeout: delivery_timeout(queue.settings()),
            patience: None,
            under_way: Vec::new(),
            free: Vec::new(),
            lanes: vec![Lane::default(); partitions],
            due: VecDeque::new(),
            timed: false,
            sent: 0,
            again: 0,
        }
    }

    /// The simulation begins.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.patience = Some(cx.timeout_class(self.request_timeout));
    }

    /// Messages that were sent again.
    pub fn again(&self) -> u64 {
        self.again
    }

    /// Sends a message: to whom, is found out here.
    pub fn send(&mut self, ask: Ask, leaders: &Leaders, cx: &mut Ctx<'_>) {
        self.sent += 1;
        let sending = Sending { ask, number: self.sent, call: CallId::NONE };
        let place = self.keep(sending);
        self.await_the_end(place, cx);
        let lane = &mut self.lanes[leaders.partition(ask.key)];
        if lane.failures > 0 {
            lane.waiting.push_back(place);
        } else {
            self.ask(place, leaders, cx);
        }
    }

    fn keep(&mut self, sending: Sending) -> u32 {
        if let Some(place) = self.free.pop() {
            self.under_way[place as usize] = sending;
            return place;
        }
        self.under_way.push(sending);
        self.under_way.len() as u32 - 1
    }

    fn ask(&mut self, place: u32, leaders: &Leaders, cx: &mut Ctx<'_>) {
        let sending = &mut self.under_way[place as usize];
        let (to, line) = leaders.of_key(sending.ask.key);
        sending.ask.to = to;
        let (version, connected, timeout) = (line.word().0, line.open, self.patience);
        sending.call = cx.ask(Ask { note: place, version, connected, timeout, ..sending.ask });
    }

    /// An answer. Whether the message is through: the answer is then the caller's.
    #[inline]
    pub fn heard(&mut self, reply: &mut Reply, leaders: &mut Leaders, cx: &mut Ctx<'_>) -> bool {
        if reply.status != Status::Ok {
            self.failed(reply, leaders, cx);
            return false;
        }
        leaders.answers(reply.callee);
        let partition = leaders.partition(reply.key);
        reply.note = self.end(reply.note);
        if self.lanes[partition].failures > 0 {
            self.follow(partition, leaders, cx);
        }
        true
    }

    /// It is over; the caller's note.
    fn end(&mut self, place: u32) -> u32 {
        self.under_way[place as usize].number = 0;
        self.free.push(place);
        self.under_way[place as usize].ask.note
    }

    /// One is through: all follow.
    #[cold]
    fn follow(&mut self, partition: usize, leaders: &Leaders, cx: &mut Ctx<'_>) {
        let lane = &mut self.lanes[partition];
        lane.failures = 0;
        for place in std::mem::take(&mut lane.waiting) {
            self.ask(place, leaders, cx);
        }
    }

    #[cold]
    fn failed(&mut self, reply: &Reply, leaders: &mut Leaders, cx: &mut Ctx<'_>) {
        let place = reply.note;
        let sending = &mut self.under_way[place as usize];
        (sending.call, sending.ask.again) = (CallId::NONE, sending.ask.again.saturating_add(1));
        self.again += 1;
        if matches!(reply.status, Status::Reset | Status::TimedOut) {
            self.put_back(place, leaders, cx);
            return self.close(reply.callee, leaders, cx);
        }
        leaders.answers(reply.callee);
        match leaders.learn(reply) {
            Some(_) => self.ask(place, leaders, cx),
            None => self.put_back(place, leaders, cx),
        }
    }

    /// The connection to a broker is closed: whatever was under way on it has failed.
    fn close(&mut self, broker: NodeId, leaders: &mut Leaders, cx: &mut Ctx<'_>) {
        leaders.leave(broker);
        for place in 0..self.under_way.len() as u32 {
            let sending = &mut self.under_way[place as usize];
            if sending.number > 0 && sending.ask.to == broker && !sending.call.is_none() {
                cx.abandon(std::mem::replace(&mut sending.call, CallId::NONE));
                sending.ask.again = sending.ask.again.saturating_add(1);
                self.again += 1;
                self.put_back(place, leaders, cx);
            }
        }
    }

    /// Back into its lane, before all that were sent later.
    fn put_back(&mut self, place: u32, leaders: &Leaders, cx: &mut Ctx<'_>) {
        let sending = &self.under_way[place as usize];
        let (number, partition) = (sending.number, leaders.partition(sending.ask.key));
        let lane = &mut self.lanes[partition];
        let behind = lane.waiting.partition_point(|other| self.under_way[*other as usize].number < number);
        lane.waiting.insert(behind, place);
        self.pause(partition, cx);
    }

    fn pause(&mut self, partition: usize, cx: &mut Ctx<'_>) {
        let lane = &mut self.lanes[partition];
        if !std::mem::replace(&mut lane.pausing, true) {
            let span = BACKOFF.saturating_mul(1 << lane.failures.min(32)).min(BACKOFF_MAX);
            lane.failures += 1;
            cx.timer_in(span, Timer { tag: self.tag, data: partition as u64 });
        }
    }

    /// A pause is over, or somebody must not wait any longer: the answer for a caller. To be called until there is none. Timers of
    /// others mean nothing here.
    pub fn on_timer(&mut self, timer: Timer, leaders: &Leaders, cx: &mut Ctx<'_>) -> Option<Reply> {
        if timer.tag != self.tag {
            return None;
        }
        if timer.data == OVERDUE {
            return self.expire(timer, leaders, cx);
        }
        let lane = &mut self.lanes[timer.data as usize];
        if std::mem::replace(&mut lane.pausing, false) {
            match lane.waiting.pop_front() {
                Some(place) => self.ask(place, leaders, cx),
                None => lane.failures = 0,
            }
        }
        None
    }

    /// A crash of the producer: nothing is under way.
    pub fn crash(&mut self) {
        self.under_way.clear();
        self.free.clear();
        self.lanes.fill(Lane::default());
        self.due.clear();
        self.timed = false;
    }
}

// ---- the delivery time-out

/// Shorter lists are not looked through.
const LONG: usize = 1 << 12;

impl Delivery {
    fn await_the_end(&mut self, place: u32, cx: &mut Ctx<'_>) {
        if !std::mem::replace(&mut self.timed, true) {
            cx.timer_in(self.timeout, Timer { tag: self.tag, data: OVERDUE });
        }
        self.drop_ended();
        if self.due.len() == self.due.capacity() && self.due.len() >= LONG {
            self.thin_out();
        }
        self.due.push_back((cx.now().saturating_add(self.timeout), place, self.sent));
    }

    /// The first that is not over is at the head.
    fn drop_ended(&mut self) {
        while let Some(&(_, place, number)) = self.due.front() {
            if self.under_way[place as usize].number == number {
                return;
            }
            self.due.pop_front();
        }
    }

    /// What is over leaves.
    #[cold]
    fn thin_out(&mut self) {
        let under_way = &self.under_way;
        self.due.retain(|(_, place, number)| under_way[*place as usize].number == *number);
        if self.due.len() > self.due.capacity() / 2 {
            self.due.reserve(self.due.capacity());
        }
    }

    fn expire(&mut self, timer: Timer, leaders: &Leaders, cx: &mut Ctx<'_>) -> Option<Reply> {
        self.drop_ended();
        let Some(&(at, place, _)) = self.due.front() else {
            self.timed = false;
            return None;
        };
        if at > cx.now() {
            cx.timer_at(at, timer);
            return None;
        }
        self.due.pop_front();
        Some(self.give_up(place, leaders, cx))
    }

    /// It fails to its caller (the client's TimeoutException), even if a broker has it.
    #[cold]
    fn give_up(&mut self, place: u32, leaders: &Leaders, cx: &mut Ctx<'_>) -> Reply {
        let Sending { ask, call, .. } = self.under_way[place as usize].clone();
        let partition = leaders.partition(ask.key);
        if call.is_none() {
            self.lanes[partition].waiting.retain(|other| *other != place);
        } else {
            cx.abandon(call);
        }
        if self.lanes[partition].failures > 0 {
            self.pause(partition, cx);
        }
        self.end(place);
        ask.without_answer(call, Status::Failed, cx.now().saturating_sub(self.timeout))
    }
}
