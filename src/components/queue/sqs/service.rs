//! The service as a node.

use super::super::dead_letters::DeadLetters;
use super::super::message::{self, HELD_AT_MOST, Message};
use super::super::patience::Patience;
use super::super::polls::{Polls, Waiting, packed};
use super::super::work::Work;
use super::store::{Received, Store};
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{
    Answer, Call, CallId, Component, Control, Ctx, NEVER, Readings, Reply, Status, Time, Timer,
    time::from_seconds,
};
use crate::parts::verbs::{DEAD_LETTER, FETCH, SETTLE};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// The semantics.
pub const ENTRY: Policy = Policy {
    name: "sqs",
    about: "consumers ask; a message is hidden while somebody has it and comes back unless it is deleted in time",
    source: "AWS, Amazon SQS Developer Guide: standard and FIFO queues, visibility timeout, long polling",
    wrong_when: "messages must be pushed at once, or read again later",
};

const REAPPEAR: u16 = 1;
const PATIENCE: u16 = 2;
const EXPIRE: u16 = 3;
const HOST_AWAY: u16 = 4;
const HOST_BACK: u16 = 5;
const LETTER: u16 = 6;

/// Hosts that go away and come back.
#[derive(Clone)]
struct Outages {
    rate: f64,
    length: Variate,
}

#[derive(Clone)]
struct Service {
    queue: u16,
    name: String,
    work: Work,
    store: Store,
    hosts: usize,
    /// Hosts that a receive without waiting asks.
    sample: usize,
    visibility: Time,
    max_receives: u32,
    letters: DeadLetters,
    most_in_flight: usize,
    retention: Time,
    outages: Option<Outages>,
    /// Without it (a test) what is received is gone for the queue.
    redelivers: bool,
    stream: Option<Stream>,
    polls: Polls,
    patience: Patience,
    reappear_at: Time,
    /// When the next timer for messages that expire goes off.
    expire_at: Time,
    published: u64,
    delivered: u64,
    redelivered: u64,
    duplicates_refused: u64,
    rejected: u64,
}

/// The service.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let hosts = settings.count("hosts").unwrap_or(1) as usize;
    let outages = settings
        .rate("host_outages")
        .map(|rate| Outages { rate, length: settings.variate("host_outage").expect("checked") });
    vec![Box::new(Service {
        queue: message::ordinal(site),
        name: site.group().name.clone(),
        work: Work::new(site),
        store: Store::new(settings.flag("fifo"), hosts),
        hosts,
        sample: settings.count("sample").map_or(hosts, |sample| sample as usize),
        visibility: settings.duration("visibility").expect("preset"),
        max_receives: settings.count("max_deliveries").map_or(u32::MAX, |most| most as u32),
        letters: DeadLetters::new(site, LETTER),
        most_in_flight: settings.count("in_flight").expect("preset") as usize,
        retention: settings.duration("retention").unwrap_or(RETENTION),
        outages,
        redelivers: !site.is_disabled("redelivery"),
        stream: None,
        polls: Polls::default(),
        patience: Patience::new(PATIENCE),
        reappear_at: NEVER,
        expire_at: NEVER,
        published: 0,
        delivered: 0,
        redelivered: 0,
        duplicates_refused: 0,
        rejected: 0,
    })]
}

/// MessageRetentionPeriod: 345,600 s (AWS, SQS Developer Guide: configuring queue parameters).
const RETENTION: Time = 345_600 * crate::kernel::SECOND;

impl Service {
    fn random(&mut self) -> u64 {
        self.stream.as_mut().expect("opened at the start").bits()
    }

    fn publish(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        if self.store.len() >= HELD_AT_MOST {
            self.rejected += 1;
            return cx.reply(call, Answer::of(Status::Rejected));
        }
        self.published += 1;
        let sent = (cx.call(call).verb == DEAD_LETTER).then(|| message::first_sent(call, cx));
        let message = self.receive_from(call, cx);
        cx.reply(call, Answer::ok(0, 0));
        self.take_in(message, sent, cx);
        self.serve(cx);
    }

    fn receive_from(&self, call: CallId, cx: &mut Ctx<'_>) -> Message {
        if cx.call(call).verb == DEAD_LETTER {
            return message::inherit(call, cx);
        }
        let message = message::accept(self.queue, call, cx);
        message::acknowledge(message.id, cx);
        message
    }

    fn take_in(&mut self, message: Message, sent: Option<Time>, cx: &mut Ctx<'_>) {
        let (now, random) = (cx.now(), self.random());
        if !self.store.send(message, sent, now, random) {
            self.duplicates_refused += 1;
            return message::release(message.id, cx);
        }
        self.await_expiry(cx);
    }

    /// A timer for when the oldest message expires, unless one waits that is early enough.
    fn await_expiry(&mut self, cx: &mut Ctx<'_>) {
        let due = self.store.oldest().map(|oldest| (oldest + self.retention).max(cx.now()));
        if let Some(due) = due.filter(|due| *due < self.expire_at) {
            self.expire_at = due;
            cx.timer_at(due, Timer { tag: EXPIRE, data: 0 });
        }
    }

    /// A consumer asks. Without waiting it gets what a sample of the hosts has, which may be nothing; with waiting all are asked.
    fn fetch(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { caller: consumer, key, version: patience, .. } = cx.call(call);
        let waiting = Waiting { call, consumer, most: (key as usize).max(1) };
        let patience = Time::from(patience) * crate::kernel::MILLISECOND;
        let asked = if patience == 0 { self.sample } else { self.hosts };
        let got = self.receive(waiting.most, asked, cx);
        if got.is_empty() && patience > 0 {
            self.polls.wait_on(waiting);
            return self.patience.wait(call, 0, patience, cx);
        }
        self.hand_over(&waiting, &got, cx);
    }

    fn receive(&mut self, most: usize, asked: usize, cx: &mut Ctx<'_>) -> Vec<Received> {
        let most = most.min(self.most_in_flight.saturating_sub(self.store.in_flight()));
        if most == 0 {
            return Vec::new();
        }
        let until = cx.now() + self.visibility;
        let random = self.random();
        let got = self.store.receive(most, asked, until, random);
        self.await_reappearance(cx);
        got
    }

    fn hand_over(&mut self, to: &Waiting, got: &[Received], cx: &mut Ctx<'_>) {
        self.delivered += got.len() as u64;
        self.redelivered += got.iter().filter(|received| received.receives > 1).count() as u64;
        self.polls.answer(to, got.iter().map(|received| packed(received.message, received.receipt)), cx);
        if !self.redelivers {
            got.iter().for_each(|received| self.delete(received.receipt, cx));
        }
    }

    /// Those who wait get what there is now.
    fn serve(&mut self, cx: &mut Ctx<'_>) {
        while !self.polls.is_empty() && self.store.len() > self.store.in_flight() {
            let Some(waiting) = self.polls.next(cx) else { return };
            let got = self.receive(waiting.most, self.hosts, cx);
            if got.is_empty() {
                return self.polls.keep(waiting);
            }
            self.hand_over(&waiting, &got, cx);
        }
    }

    /// Consumers whose patience is over get nothing.
    fn send_away(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some((call, _)) = self.patience.next(timer, cx) {
            self.polls.give_up(call, cx);
        }
    }

    fn delete(&mut self, receipt: u64, cx: &mut Ctx<'_>) {
        if let Some(message) = self.store.delete(receipt) {
            message::release(message.id, cx);
        }
    }

    fn await_reappearance(&mut self, cx: &mut Ctx<'_>) {
        if let Some(due) = self.store.next_due().filter(|due| *due < self.reappear_at) {
            self.reappear_at = due;
            cx.timer_at(due.max(cx.now()), Timer { tag: REAPPEAR, data: 0 });
        }
    }

    fn reappear(&mut self, cx: &mut Ctx<'_>) {
        self.reappear_at = NEVER;
        for (message, sent) in self.store.reappear(cx.now(), self.max_receives) {
            self.letters.send(message, sent, cx);
        }
        self.await_reappearance(cx);
        self.serve(cx);
    }

    fn host_away(&mut self, cx: &mut Ctx<'_>) {
        let host = self.random() % self.hosts as u64;
        let Some(outages) = self.outages.clone() else { return };
        self.store.set_host(host as usize, false);
        let length = outages.length.sample_ns_of(self.random());
        cx.timer_in(length, Timer { tag: HOST_BACK, data: host });
        self.await_outage(cx);
    }

    fn await_outage(&mut self, cx: &mut Ctx<'_>) {
        let Some(Outages { rate, .. }) = self.outages else { return };
        let uniform = self.stream.as_mut().expect("opened").uniform();
        let pause = from_seconds(-libm::log(uniform) / rate);
        cx.timer_in(pause, Timer { tag: HOST_AWAY, data: 0 });
    }

    fn begin(&mut self, cx: &mut Ctx<'_>) {
        self.await_outage(cx);
        self.await_reappearance(cx);
        self.await_expiry(cx);
    }

    /// Messages older than their retention are deleted, whatever became of them.
    fn expire(&mut self, cx: &mut Ctx<'_>) {
        if cx.now() != self.expire_at {
            return; // there was an older one, which had a timer of its own
        }
        self.expire_at = NEVER;
        let until = cx.now().saturating_sub(self.retention);
        self.store.expire(until).into_iter().for_each(|message| message::release(message.id, cx));
        self.await_expiry(cx);
    }

    /// Hosts are all there again; time goes on where it stands.
    fn recover(&mut self, cx: &mut Ctx<'_>) {
        (0..self.hosts).for_each(|host| self.store.set_host(host, true));
        self.letters.recover(cx);
        self.begin(cx);
    }
}

impl Component for Service {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.stream = Some(cx.stream(&format!("{}/hosts", self.name)));
        self.begin(cx);
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let &Call { verb, key, .. } = cx.call(id);
        match verb {
            FETCH => return self.fetch(id, cx),
            SETTLE => {
                self.delete(key, cx);
                cx.reply(id, Answer::ok(0, 0));
                return self.serve(cx);
            }
            _ => {}
        }
        if self.work.is_none_for(id, cx) {
            self.publish(id, cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.letters.answered(&reply, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            LETTER => self.letters.send_again(timer, cx),
            REAPPEAR => self.reappear(cx),
            PATIENCE => self.send_away(timer, cx),
            EXPIRE => self.expire(cx),
            HOST_AWAY => self.host_away(cx),
            HOST_BACK => {
                self.store.set_host(timer.data as usize, true);
                self.serve(cx);
            }
            _ => {
                if let Some(call) = self.work.done(timer, cx) {
                    self.publish(call, cx);
                }
            }
        }
    }

    /// The service keeps everything on disk; only the connections are gone.
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.work.on_control(control, cx);
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => {
                self.polls.clear();
                self.patience.clear();
                self.reappear_at = NEVER;
                self.expire_at = NEVER;
            }
            Control::RECOVER if control.arg == 1 => self.recover(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.work.measure(now, out);
        out.gauge("lag", (self.store.len() - self.store.in_flight()) as f64);
        out.gauge("in_flight", self.store.in_flight() as f64);
        out.count("calls", self.published + self.rejected);
        out.count("errors", self.rejected);
        out.count("delivered", self.delivered);
        out.count("redelivered", self.redelivered);
        out.count("duplicates_refused", self.duplicates_refused);
        out.count("dead", self.letters.count());
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.work.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
