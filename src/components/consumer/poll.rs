//! Messages that a consumer asks for, a batch at a time (SQS, Redis Streams).

use super::entry::{self, acks_before};
use super::source::Incoming;
use super::worker::FIRST_SOURCE_TAG;
use crate::components::Site;
use crate::components::queue::connections::Line;
use crate::components::queue::polls::unpacked;
use crate::kernel::{
    Ask, CallId, Ctx, MILLISECOND, NEVER, NodeId, ParcelId, Reply, SECOND, Status, Time, TimeoutClass, Timer,
};
use crate::parts::verbs::{CLAIM, FETCH, SETTLE, SUBSCRIBE};

const ASK: u16 = FIRST_SOURCE_TAG;
const CLAIM_TIME: u16 = FIRST_SOURCE_TAG + 1;
const CONNECT: u16 = FIRST_SOURCE_TAG + 2;

/// Pause after a poll that failed, and how much longer than its waiting time a poll may take.
const RETRY: Time = SECOND;
const MARGIN: Time = 5 * SECOND;

/// A consumer that polls.
#[derive(Clone)]
pub struct Poll {
    broker: NodeId,
    batch: u64,
    /// It asks for more while it has fewer than this in hand: a thread is idle.
    threads: u64,
    wait: Time,
    pause: Time,
    claim_after: Option<Time>,
    ack_before: bool,
    patience: Option<(TimeoutClass, TimeoutClass)>,
    in_hand: u64,
    /// A poll is under way, or soon will be.
    asking: bool,
    poll: CallId,
    /// All is said over one connection (Redis): if it breaks, all that is under way has failed. `None`: a request for each (SQS).
    line: Option<Line>,
    /// Acknowledgements that met a connection which the server does not know: said again over the next one, as clients of Redis do (Lettuce:
    /// at-least-once; redis-py 6: `retry`).
    unsaid: Vec<u64>,
    left: bool,
}

impl Poll {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        Poll {
            broker: site.layout.first(settings.group("of").expect("required")),
            batch: entry::batch(site),
            threads: settings.count("threads").expect("preset"),
            wait: entry::wait(site),
            pause: settings.duration("poll").unwrap_or(MILLISECOND),
            claim_after: settings.duration("claim_after"),
            ack_before: acks_before(settings),
            patience: None,
            in_hand: 0,
            asking: false,
            poll: CallId::NONE,
            line: (entry::kind_of_queue(site) == "redis_streams").then(Line::default),
            unsaid: Vec::new(),
            left: false,
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let long = self.wait.saturating_add(MARGIN).min(NEVER / 2);
        self.patience = Some((cx.timeout_class(long), cx.timeout_class(MARGIN)));
        (self.in_hand, self.asking, self.poll) = (0, false, CallId::NONE);
        self.unsaid.clear();
        if let Some(after) = self.claim_after {
            cx.timer_in(cx.phase(after, 0), Timer { tag: CLAIM_TIME, data: 0 });
        }
        self.connect(cx);
    }

    /// Opens a connection, if it keeps one, before it asks.
    fn connect(&mut self, cx: &mut Ctx<'_>) {
        let Some(line) = &mut self.line else { return self.ask(cx) };
        line.renew();
        let (token, note) = (line.word().0, line.number());
        self.asking = true;
        let timeout = self.patience.map(|(_, short)| short);
        cx.ask(Ask { token, note, timeout, ..Ask::new(self.broker, SUBSCRIBE, 0) });
    }

    /// A question over the open connection; while there is none, over one of its own.
    fn question(&self, verb: u16, key: u64) -> Ask {
        let ask = Ask::new(self.broker, verb, key);
        match self.line.filter(|line| line.open) {
            Some(line) => Ask { token: line.word().0, note: line.number(), connected: true, ..ask },
            None => ask,
        }
    }

    pub fn leave(&mut self) {
        self.left = true;
    }

    fn ask(&mut self, cx: &mut Ctx<'_>) {
        if self.asking || self.left || self.in_hand >= self.threads {
            return;
        }
        self.asking = true;
        let version = (self.wait / MILLISECOND).min(u64::from(u32::MAX)) as u32;
        let timeout = self.patience.map(|(long, _)| long);
        self.poll = cx.ask(Ask { version, timeout, ..self.question(FETCH, self.batch) });
    }

    /// Whether an answer says that the connection is over; the poll on it will not be answered either.
    fn breaks(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let Some(line) = &mut self.line else { return false };
        let over = match reply.status {
            Status::Reset => reply.note == line.number(),
            // An acknowledgement is given up earlier, and then nothing but an acknowledgement.
            Status::TimedOut => reply.note == line.number() && matches!(reply.verb, FETCH | SUBSCRIBE),
            _ => false,
        };
        if over {
            line.renew();
            cx.abandon(std::mem::replace(&mut self.poll, CallId::NONE));
            self.asking = true;
            cx.timer_in(RETRY, Timer { tag: CONNECT, data: 0 });
        }
        over
    }

    fn connected(&mut self, cx: &mut Ctx<'_>) {
        self.line.iter_mut().for_each(|line| line.open = true);
        self.say_again(cx);
        self.asking = false;
        self.ask(cx);
    }

    fn say_again(&mut self, cx: &mut Ctx<'_>) {
        if self.line.is_some_and(|line| line.open) {
            std::mem::take(&mut self.unsaid).into_iter().for_each(|receipt| self.acknowledge(receipt, cx));
        }
    }

    pub fn on_reply(&mut self, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        let breaks = self.breaks(reply, cx);
        if reply.verb == SETTLE && reply.status == Status::Reset && self.line.is_some() {
            self.unsaid.push(reply.key);
            self.say_again(cx);
        }
        if breaks || reply.verb == SETTLE {
            return; // an acknowledgement that got lost comes back as a message
        }
        if reply.verb == SUBSCRIBE {
            return self.connected(cx);
        }
        let came = if reply.status == Status::Ok { self.unpack(reply, got, cx) } else { 0 };
        if reply.verb == CLAIM {
            return;
        }
        (self.asking, self.poll) = (false, CallId::NONE);
        let pause = match (reply.status, came) {
            (Status::Ok, 0) if self.wait == 0 => self.pause,
            (Status::Ok, _) => return self.ask(cx),
            _ => RETRY,
        };
        self.asking = true; // soon
        cx.timer_in(pause, Timer { tag: ASK, data: 0 });
    }

    fn unpack(&mut self, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) -> usize {
        let before = got.len();
        let items = cx.parcel(ParcelId(reply.version)).iter();
        got.extend(items.map(|item| unpacked(*item)).map(|(message, receipt)| Incoming { message, receipt }));
        let came = got.len() - before;
        self.in_hand += came as u64;
        if self.ack_before {
            got[before..].iter().for_each(|incoming| self.acknowledge(incoming.receipt, cx));
        }
        came
    }

    fn acknowledge(&self, receipt: u64, cx: &mut Ctx<'_>) {
        let timeout = self.patience.map(|(_, short)| short);
        cx.ask(Ask { timeout, ..self.question(SETTLE, receipt) });
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            CONNECT => return self.connect(cx),
            ASK => {
                self.asking = false;
                return self.ask(cx);
            }
            _ => {}
        }
        let Some(after) = self.claim_after.filter(|_| !self.left) else { return };
        let version = (after / MILLISECOND) as u32;
        let timeout = self.patience.map(|(_, short)| short);
        let batch = self.batch.min(CLAIMED_AT_MOST);
        cx.ask(Ask { version, timeout, ..self.question(CLAIM, batch) });
        cx.timer_in(after, timer);
    }

    /// What could not be processed is left alone: it comes back by itself, or somebody claims it.
    pub fn settle(&mut self, done: &Incoming, well: bool, cx: &mut Ctx<'_>) {
        self.in_hand = self.in_hand.saturating_sub(1);
        if well && !self.ack_before {
            self.acknowledge(done.receipt, cx);
        }
        self.ask(cx);
    }
}

/// Entries that one XAUTOCLAIM takes over (100: its documentation, COUNT).
const CLAIMED_AT_MOST: u64 = 100;
