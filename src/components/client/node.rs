//! The clients of one traffic as one node: they issue requests, wait, retry, and note the outcome.

use super::source::{JITTER, Source, THINK, USER, WRITE as DRAW_WRITE, Wanted, Wish};
use super::{READS, WRITES};
use crate::components::Site;
use crate::components::queue::publisher::Publisher;
use crate::kernel::{
    Ask, CallId, Component, Ctx, MICROSECOND, NEVER, NodeId, Outcome, Readings, Reply, Request, RequestId,
    Status, Time, TimeoutClass, Timer,
};
use crate::parts::retry::{Budget, RetryPlan};
use crate::parts::verbs::{PUBLISH, READ, WRITE};
use crate::random::draw::{DrawKey, TrafficKey, traffic_key};
use crate::random::mix::hash_name;
use crate::random::variate::Variate;

const ARRIVAL: u16 = 0;
const READY: u16 = 1;
const RETRY: u16 = 2;

#[derive(Clone)]
pub(super) struct Client {
    name: String,
    to: NodeId,
    /// What goes to a queue is published; a producer finds its broker.
    publisher: Option<Box<Publisher>>,
    source: Source,
    wanted: Wanted,
    writes: f64,
    size: u32,
    users: u64,
    think: Option<Variate>,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    retry: RetryPlan,
    budget: Budget,
    draws: TrafficKey,
    issued: u64,
    /// Requests of each user so far (closed load).
    rounds: Vec<u32>,
    retries: u64,
}

impl Client {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let to = settings.group("to").expect("required");
        let is_queue = site.layout.groups[to].kind == "queue";
        let retry = RetryPlan {
            attempts: settings.count("attempts").expect("preset") as u8,
            backoff: settings.duration("backoff").unwrap_or(0),
            backoff_max: settings.duration("backoff_max").unwrap_or(NEVER),
            jitter: settings.flag("jitter"),
            budget: settings.share("retry_budget"),
        };
        Client {
            name: site.group().name.clone(),
            to: site.layout.first(to),
            source: Source::new(site),
            wanted: Wanted::new(settings.keys("keys")),
            writes: settings.share("writes").expect("preset"),
            publisher: is_queue.then(|| Box::new(Publisher::new(site, to))),
            size: settings.bytes("size").unwrap_or(0).min(u64::from(u32::MAX)) as u32,
            users: settings.count("users").unwrap_or(0),
            think: settings.variate("think"),
            timeout_length: settings.duration("timeout"),
            timeout: None,
            retry,
            budget: Budget::default(),
            draws: traffic_key(0, 0, 0),
            issued: 0,
            rounds: Vec::new(),
            retries: 0,
        }
    }

    #[inline]
    fn await_next(&mut self, cx: &mut Ctx<'_>) {
        if let Some(at) = self.source.next(cx.now()) {
            cx.timer_at(at, Timer { tag: ARRIVAL, data: 0 });
        }
    }

    /// A request comes, of nobody in particular or of one of the users that requests are spread over.
    #[inline]
    fn arrive(&mut self, cx: &mut Ctx<'_>) {
        let number = self.issued;
        let draw = self.draws.request(number);
        let user = match self.users {
            0 => 0,
            users => 1 + ((draw.uniform(USER, 0) * users as f64) as u64).min(users - 1) as u32,
        };
        self.issue(number, draw, user, cx);
    }

    /// A user wants something again.
    fn user_ready(&mut self, user: u32, cx: &mut Ctx<'_>) {
        let round = &mut self.rounds[user as usize];
        // Numbered by user and round, so that a user wants the same in every variant.
        let number = (u64::from(user) << 32) | u64::from(*round);
        *round += 1;
        let draw = self.draws.request(number);
        self.issue(number, draw, user + 1, cx);
    }

    #[inline]
    fn issue(&mut self, number: u64, draw: DrawKey, user: u32, cx: &mut Ctx<'_>) {
        let wish = self.source.recorded(draw).unwrap_or_else(|| Wish {
            key: self.wanted.key(draw, number),
            writes: self.writes > 0.0 && draw.uniform(DRAW_WRITE, 0) < self.writes,
            bytes: self.size,
            address: 0,
        });
        self.issued += 1;
        let mut request = Request::new(cx.node(), number, draw, cx.now(), wish.key);
        request.user = user;
        request.session = user;
        request.address = wish.address;
        request.bytes = wish.bytes;
        request.class = if wish.writes || self.publisher.is_some() { WRITES } else { READS };
        request.floor = cx.audit().floor(wish.key);
        let id = cx.issue(request);
        self.budget.earn(&self.retry);
        self.attempt(id, cx);
    }

    #[inline]
    fn attempt(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request_mut(id) else { return };
        request.attempts += 1;
        let (key, writes) = (request.key, request.class == WRITES);
        let bytes = if writes { request.bytes } else { 0 };
        let (to, verb) = match &self.publisher {
            Some(publisher) => (publisher.broker(key), PUBLISH),
            None => (self.to, if writes { WRITE } else { READ }),
        };
        cx.ask(Ask { request: id, bytes, timeout: self.timeout, ..Ask::new(to, verb, key) });
    }

    #[inline]
    fn succeed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(request) = cx.request(reply.request) else { return };
        let (key, floor, session) = (request.key, request.floor, request.session);
        if request.class == READS {
            cx.audit().finish_read(key, floor, reply.version, now, session, true);
        } else if reply.version > 0 {
            cx.audit().acknowledge(key, reply.version, now, session);
        }
        self.finish(reply.request, Outcome::Succeeded, cx);
    }

    /// Tries again if attempts and budget allow.
    #[inline(never)]
    fn fail(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request(reply.request) else { return };
        let made = request.attempts;
        if made < self.retry.attempts && self.budget.spend(&self.retry) {
            self.retries += 1;
            let uniform = cx.draw(reply.request, JITTER, 0);
            let wait = self.retry.wait(made, uniform);
            return cx.timer_in(wait, Timer { tag: RETRY, data: reply.request.to_bits() });
        }
        let outcome = match reply.status {
            Status::Rejected => Outcome::Rejected,
            Status::TimedOut => Outcome::TimedOut,
            _ => Outcome::Failed,
        };
        self.finish(reply.request, outcome, cx);
    }

    #[inline]
    fn finish(&mut self, id: RequestId, outcome: Outcome, cx: &mut Ctx<'_>) {
        if matches!(self.source, Source::Closed) {
            self.think(id, cx);
        }
        cx.finish(id, outcome);
    }

    /// The user of a closed load pauses before the next request.
    #[inline(never)]
    fn think(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let user = cx.request(id).map_or(0, |request| request.user);
        let uniform = cx.draw(id, THINK, 0);
        let pause = self.think.as_ref().map_or(0, |think| think.sample_ns(uniform));
        // An answer in no time must not make a user ask for ever in one instant.
        let began = cx.request(id).map_or(0, |request| request.intended);
        let pause = if began == cx.now() { pause.max(MICROSECOND) } else { pause };
        cx.timer_in(pause, Timer { tag: READY, data: u64::from(user - 1) });
    }
}

impl Component for Client {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        let (seed, replication) = cx.seeds();
        self.draws = traffic_key(seed, replication, hash_name(&self.name));
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
        self.source.start(&self.name, cx);
        if matches!(self.source, Source::Closed) {
            self.rounds = vec![0; self.users as usize];
            for user in 0..self.users {
                // Users begin in the middle of a pause, not all at once.
                let uniform = self.draws.request(u64::MAX - user).uniform(THINK, 0);
                let pause = self.think.as_ref().map_or(0, |think| think.sample_ns(uniform));
                cx.timer_in(pause, Timer { tag: READY, data: user });
            }
        }
        self.await_next(cx);
    }

    fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {
        debug_assert!(false, "nobody calls a client");
    }

    #[inline]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            ARRIVAL => {
                self.arrive(cx);
                self.await_next(cx);
            }
            READY => self.user_ready(timer.data as u32, cx),
            _ => self.attempt(RequestId::from_bits(timer.data), cx),
        }
    }

    #[inline]
    fn on_reply(&mut self, mut reply: Reply, cx: &mut Ctx<'_>) {
        if let Some(to) = self.publisher.as_mut().and_then(|publisher| publisher.learn(&mut reply, cx)) {
            let timeout = self.timeout;
            let bytes = cx.request(reply.request).map_or(0, |request| request.bytes);
            cx.ask(Ask { request: reply.request, bytes, timeout, ..Ask::new(to, PUBLISH, reply.key) });
            return;
        }
        match reply.status {
            Status::Ok | Status::Missing => self.succeed(&reply, cx),
            _ => self.fail(&reply, cx),
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("requests", self.issued);
        out.count("retries", self.retries);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
