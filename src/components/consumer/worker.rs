//! One worker: messages in hand, threads, work, an effect, an acknowledgement.

use super::source::{Incoming, Source};
use crate::components::Site;
use crate::components::queue::message::Message;
use crate::kernel::{
    Ask, CallId, Component, Control, Ctx, MICROSECOND, NodeId, Readings, Reply, Status, Time, Timer,
};
use crate::parts::pool::{Grant, Pool};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{READ, WRITE};
use crate::random::draw::{DrawKey, TrafficKey, traffic_key};
use crate::random::variate::Variate;

const WORK: u16 = 0;
/// Timers of the source have tags from here up.
pub(super) const FIRST_SOURCE_TAG: u16 = 1;

/// The timer of a question to the database.
const PATIENCE: u16 = u16::MAX;

const POISON: u64 = 1;
const SERVICE: u64 = 2;

/// A message in hand.
#[derive(Clone, Copy)]
struct Task {
    incoming: Incoming,
    /// What is drawn for it.
    draw: DrawKey,
    /// How often it was handed out before: each time takes a time of its own.
    delivery: u64,
}

/// A question to the database. Who gives it up does not stop the database: what it does later has taken place.
#[derive(Clone, Copy)]
struct Asked {
    message: Message,
    /// The task that waits for the answer; none once it has been given up.
    task: Option<u32>,
    /// Counted through, so that a timer knows its question.
    number: u32,
}

#[derive(Clone)]
pub(super) struct Worker {
    source: Source,
    service: Variate,
    poison: f64,
    writes: Option<NodeId>,
    idempotent: bool,
    timeout: Option<Time>,
    asked: Vec<Option<Asked>>,
    unasked: Vec<u32>,
    questions: u32,
    /// What is drawn for a message is drawn by its number among those of its queue: the same for whoever gets it.
    draws: TrafficKey,
    purpose: u64,
    processors: Station,
    threads: Pool,
    tasks: Vec<Option<Task>>,
    free: Vec<u32>,
    /// What the source has just brought; kept for its memory.
    got: Vec<Incoming>,
    received: u64,
    done: u64,
    errors: u64,
    suppressed: u64,
}

impl Worker {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let threads = settings.count("threads").expect("preset");
        let plan = StationPlan { servers: threads as u32, queue: None, discipline: 0 };
        Worker {
            source: Source::new(site),
            service: settings.variate("service").expect("required"),
            poison: settings.share("poison").expect("preset"),
            writes: settings.group("writes").map(|database| site.layout.first(database)),
            idempotent: settings.flag("idempotent") && !site.is_disabled("idempotence"),
            timeout: settings.duration("timeout"),
            asked: Vec::new(),
            unasked: Vec::new(),
            questions: 0,
            draws: traffic_key(0, 0, 0),
            purpose: site.purpose("messages"),
            processors: Station::new(plan, WORK),
            threads: Pool::new(Some(threads), None),
            tasks: Vec::new(),
            free: Vec::new(),
            got: Vec::new(),
            received: 0,
            done: 0,
            errors: 0,
            suppressed: 0,
        }
    }

    /// Takes what the source has brought.
    #[inline]
    fn take_all(&mut self, cx: &mut Ctx<'_>) {
        let mut got = std::mem::take(&mut self.got);
        for incoming in got.drain(..) {
            self.take(incoming, cx);
        }
        self.got = got;
    }

    fn take(&mut self, incoming: Incoming, cx: &mut Ctx<'_>) {
        let now = cx.now();
        self.received += 1;
        let (number, delivery) = cx.audit().messages_mut().deliver(incoming.message.id, now);
        let draw = self.draws.request(u64::from(number));
        let index = self.free.pop().unwrap_or_else(|| {
            self.tasks.push(None);
            self.tasks.len() as u32 - 1
        });
        self.tasks[index as usize] = Some(Task { incoming, draw, delivery });
        if self.threads.acquire(index, now) == Grant::Now {
            self.work(index, cx);
        }
    }

    fn task(&self, index: u32) -> Task {
        self.tasks[index as usize].expect("a task under way")
    }

    fn message(&self, index: u32) -> Message {
        self.task(index).incoming.message
    }

    fn work(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let Task { draw, delivery, .. } = self.task(index);
        let work = self.service.sample_ns_of(draw.bits(SERVICE, delivery));
        // No work in no time: a message that is refused and comes back at once would do so for ever in one instant.
        self.processors.arrive(Job::new(u64::from(index), work.max(MICROSECOND)), cx);
    }

    /// The work is done; now its effect.
    fn worked(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let (message, draw) = (self.message(index), self.task(index).draw);
        if self.poison > 0.0 && draw.uniform(POISON, 0) < self.poison {
            return self.finish(index, false, cx);
        }
        let Some(database) = self.writes else {
            self.take_effect(message, cx);
            return self.finish(index, true, cx);
        };
        // Who finds the message's number among those stored has nothing to write.
        let again = self.idempotent && cx.audit().messages().is_processed(message.id);
        let verb = if again { READ } else { WRITE };
        let place = self.open(message, index);
        cx.ask(Ask { bytes: message.bytes, note: place, ..Ask::new(database, verb, message.key) });
        if let Some(timeout) = self.timeout {
            let data = u64::from(self.questions) << 32 | u64::from(place);
            cx.timer_in(timeout, Timer { tag: PATIENCE, data });
        }
    }

    /// A question for a task; its place.
    fn open(&mut self, message: Message, task: u32) -> u32 {
        self.questions = self.questions.wrapping_add(1);
        let place = self.unasked.pop().unwrap_or_else(|| {
            self.asked.push(None);
            self.asked.len() as u32 - 1
        });
        self.asked[place as usize] = Some(Asked { message, task: Some(task), number: self.questions });
        place
    }

    /// It has waited long enough, if it still waits: the message has not been dealt with.
    fn give_up(&mut self, data: u64, cx: &mut Ctx<'_>) {
        let (number, place) = ((data >> 32) as u32, data as u32 as usize);
        let asked = self.asked[place].as_mut().filter(|asked| asked.number == number);
        if let Some(index) = asked.and_then(|asked| asked.task.take()) {
            self.finish(index, false, cx);
        }
    }

    fn take_effect(&mut self, message: Message, cx: &mut Ctx<'_>) {
        let now = cx.now();
        if self.idempotent && cx.audit().messages().is_processed(message.id) {
            self.suppressed += 1;
        } else {
            cx.audit().messages_mut().process(message.id, now);
        }
    }

    fn written(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(asked) = self.asked[reply.note as usize].take() else { return };
        self.unasked.push(reply.note);
        let (well, writes) = (reply.status == Status::Ok, reply.verb == WRITE);
        if well && writes && reply.version > 0 && asked.task.is_some() {
            let now = cx.now();
            cx.audit().acknowledge(reply.key, reply.version, now, 0);
        }
        if well && (writes || asked.task.is_some()) {
            self.take_effect(asked.message, cx);
        }
        if let Some(index) = asked.task {
            self.finish(index, well, cx);
        }
    }

    fn finish(&mut self, index: u32, well: bool, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let task = self.tasks[index as usize].take().expect("a task under way").incoming;
        self.done += u64::from(well);
        self.errors += u64::from(!well);
        self.free.push(index);
        self.source.settle(&task, well, &mut self.got, cx);
        cx.audit().messages_mut().release(task.message.id, now);
        if let Some(next) = self.threads.release(now) {
            self.work(next, cx);
        }
        if !self.got.is_empty() {
            self.take_all(cx);
        }
    }

    /// Everything in hand is gone.
    fn crash(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        for task in self.tasks.drain(..).flatten() {
            cx.audit().messages_mut().release(task.incoming.message.id, now);
        }
        self.free.clear();
        (self.asked, self.unasked) = (Vec::new(), Vec::new());
        self.threads.clear(now);
        self.source.crash(cx);
    }
}

impl Component for Worker {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        let (seed, replication) = cx.seeds();
        self.draws = traffic_key(seed, replication, self.purpose);
        self.source.start(cx);
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.source.on_call(call, &mut self.got, cx);
        self.take_all(cx);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if matches!(reply.verb, READ | WRITE) {
            return self.written(&reply, cx);
        }
        self.source.on_reply(&reply, &mut self.got, cx);
        self.take_all(cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == PATIENCE {
            return self.give_up(timer.data, cx);
        }
        if !Station::owns(timer, WORK) {
            return self.source.on_timer(timer, cx);
        }
        if let Some(job) = self.processors.on_timer(timer, cx) {
            self.worked(job as u32, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.processors.on_control(control, cx);
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.crash(cx),
            Control::RECOVER if control.arg == 1 => self.source.start(cx),
            Control::LEAVE if control.subject().1 == cx.node() => self.source.leave(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.processors.measure(now, out);
        self.threads.measure(now, out);
        out.gauge("in_hand", (self.tasks.len() - self.free.len()) as f64);
        out.count("calls", self.received);
        out.count("answered", self.done);
        out.count("errors", self.errors);
        out.count("suppressed", self.suppressed);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.processors.restart_maxima();
        self.threads.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
