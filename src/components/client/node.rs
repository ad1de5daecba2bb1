//! The clients of one traffic as one node: they issue requests, wait, retry, and note the outcome.

use super::address::Addresses;
use super::browser::Browsers;
use super::first_byte::StepTimes;
use super::near::Near;
use super::population::Population;
use super::reach::Reach;
use super::seen::{Satisfied, Seen};
use super::source::{JITTER, Source, THINK, Wanted, rest_of_pause};
use super::{READS, WRITES, entry};
use crate::components::Site;
use crate::components::database::model::Question;
use crate::components::queue::publisher::Publisher;
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, MICROSECOND, NodeId, Outcome, Readings, Reply,
    Request, RequestId, Status, Time, TimeoutClass, Timer, rarely,
};
use crate::parts::retry::{Budget, RetryPlan};
use crate::parts::verbs::{LOGIN, ROUTE, WRITE};
use crate::random::draw::{TrafficKey, traffic_key};
use crate::random::mix::hash_name;
use crate::random::variate::Variate;

const ARRIVAL: u16 = 0;
const READY: u16 = 1;
const RETRY: u16 = 2;
const PUBLISHER: u16 = 3;

#[derive(Clone)]
pub(super) struct Client {
    name: String,
    pub(super) to: NodeId,
    /// What goes to a queue is published; a producer finds its broker.
    pub(super) publisher: Option<Box<Publisher>>,
    pub(super) source: Source,
    pub(super) wanted: Wanted,
    pub(super) writes: f64,
    /// Verb of a reading request: what it asks.
    asks: u16,
    pub(super) size: u32,
    pub(super) users: u64,
    pub(super) addresses: Option<Addresses>,
    pub(super) browsers: Option<Browsers>,
    think: Option<Variate>,
    timeout_length: Option<Time>,
    pub(super) timeout: Option<TimeoutClass>,
    pub(super) retry: RetryPlan,
    pub(super) budget: Budget,
    pub(super) draws: TrafficKey,
    pub(super) issued: u64,
    /// Requests of each user so far (closed load).
    rounds: Vec<u32>,
    retries: u64,
    /// Answers in no time after which a user wanted the next thing at once.
    hurries: u64,
    pub(super) population: Option<Population>,
    pub(super) steps: StepTimes,
    pub(super) reach: Option<Box<Reach>>,
    pub(super) near: Option<Box<Near>>,
    /// Whether requests go straight to a server, and answers to the user: no queue, no names, nothing nearby.
    pub(super) is_plain: bool,
    /// Whether beyond that nothing is to be seen to: no trace, no addresses, no browsers, no places, no budget, nobody who waits to ask again.
    pub(super) is_bare: bool,
    /// Whether its requests only read as well.
    pub(super) only_reads: bool,
    pub(super) seen: Seen,
}

impl Client {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let to = settings.group("to").expect("required");
        let is_queue = site.layout.groups[to].kind == "queue";
        let (reach, near) = (Reach::new(site).map(Box::new), Near::new(site).map(Box::new));
        let is_plain = !is_queue && reach.is_none() && near.is_none();
        let mut client = Client {
            name: site.group().name.clone(),
            to: site.layout.first(to),
            source: Source::new(site),
            wanted: Wanted::new(settings.keys("keys"), site.layout.seeds),
            writes: settings.share("writes").expect("preset"),
            asks: Question::of(settings.choice("asks")).verb(),
            publisher: is_queue.then(|| Box::new(Publisher::new(site, to, PUBLISHER))),
            size: settings.bytes("size").unwrap_or(0).min(u64::from(u32::MAX)) as u32,
            users: settings.count("users").unwrap_or(0),
            addresses: Addresses::new(settings, site.layout.seeds),
            browsers: Browsers::new(site),
            think: settings.variate("think"),
            timeout_length: settings.duration("timeout"),
            timeout: None,
            retry: entry::retry(settings),
            budget: Budget::default(),
            draws: traffic_key(0, 0, 0),
            issued: 0,
            rounds: Vec::new(),
            retries: 0,
            hurries: 0,
            population: site
                .group()
                .clients()
                .map(|plan| Population::new(&plan, settings.count("users").unwrap_or(0), &site.layout.map)),
            steps: StepTimes::new(near.as_ref().is_some_and(|near| near.site.is_some())),
            is_plain,
            is_bare: false,
            only_reads: false,
            reach,
            near,
            seen: Seen::new(site),
        };
        client.look_at_itself();
        client
    }

    /// `drawn`: the time of the next request, if it was drawn already.
    #[inline(always)]
    fn await_next(&mut self, drawn: Option<Time>, cx: &mut Ctx<'_>) {
        if let Some(at) = drawn.or_else(|| self.source.next_recorded(cx.now())) {
            cx.timer_at(at, Timer { tag: ARRIVAL, data: 0 });
            if self.wanted.is_foreseen() {
                self.wanted.foresee(self.draws.request(self.issued), self.issued, cx.audit());
            }
        }
    }

    /// A request comes, of nobody in particular or of one of the users that requests are spread over.
    #[inline(always)]
    fn arrive(&mut self, cx: &mut Ctx<'_>) {
        let number = self.issued;
        let draw = self.draws.request(number);
        let user = self.comes(draw);
        self.issue(number, draw, user, cx);
    }

    /// A user wants something again.
    #[inline(never)]
    fn user_ready(&mut self, user: u32, cx: &mut Ctx<'_>) {
        let round = &mut self.rounds[user as usize];
        // Numbered by user and round, so that a user wants the same in every variant.
        let number = (u64::from(user) << 32) | u64::from(*round);
        *round += 1;
        let draw = self.draws.request(number);
        self.issue(number, draw, user + 1, cx);
    }

    /// One more attempt.
    #[inline(never)]
    pub(super) fn attempt(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request_mut(id) else { return };
        request.attempts += 1;
        self.set_out(id, cx);
    }

    #[inline(always)]
    pub(super) fn set_out(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        if !self.is_plain {
            return self.set_out_otherwise(id, cx);
        }
        if let Some(ask) = self.question(id, self.to, 0, cx) {
            cx.ask(ask);
        }
    }

    /// What is asked, by who has such a version of it already; `None` if the request is over.
    #[inline(always)]
    pub(super) fn question(&self, id: RequestId, to: NodeId, version: u32, cx: &Ctx<'_>) -> Option<Ask> {
        let request = cx.request(id)?;
        Some(Ask { request: id, ..self.ask_for(request, to, version) })
    }

    /// What a request asks, which has no id yet.
    #[inline(always)]
    pub(super) fn ask_for(&self, request: &Request, to: NodeId, version: u32) -> Ask {
        let writes = request.class == WRITES;
        let bytes = if writes { request.bytes } else { 0 };
        let verb = if writes { WRITE } else { self.asks };
        Ask { bytes, version, note: version, timeout: self.timeout, ..Ask::new(to, verb, request.key) }
    }

    #[inline(always)]
    pub(super) fn succeed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request(reply.request) else { return };
        self.steps.note(request, cx.now(), &self.seen);
        self.satisfy(reply.request, Satisfied::of(request), reply.version, cx);
    }

    /// The user has what was wanted, in this version.
    #[inline(never)]
    pub(super) fn conclude(&mut self, id: RequestId, version: u32, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request(id) else { return };
        self.satisfy(id, Satisfied::of(request), version, cx);
    }

    /// The same, with the request at hand.
    #[inline(always)]
    fn satisfy(&mut self, id: RequestId, request: Satisfied, version: u32, cx: &mut Ctx<'_>) {
        let Satisfied { begun, key, floor, user, class } = request;
        let (now, session) = (cx.now(), self.seen.person(user));
        self.seen.waited(begun, now);
        if class == READS {
            let check = cx.audit().finish_read(key, floor, version, (begun, now), session, true);
            self.seen.read(&check);
        } else if version > 0 {
            cx.audit().acknowledge(key, version, now, session);
        }
        self.finish(id, Outcome::Succeeded, cx);
    }

    /// Tries again if attempts and budget allow.
    #[inline(never)]
    pub(super) fn fail(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request(reply.request) else { return };
        let made = request.attempts;
        if made < self.retry.attempts && self.budget.spend(&self.retry) {
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

    #[inline(always)]
    pub(super) fn finish(&mut self, id: RequestId, outcome: Outcome, cx: &mut Ctx<'_>) {
        if !self.is_bare {
            rarely();
            self.see_off(id, outcome, cx);
        }
        if outcome != Outcome::Succeeded
            && let Some(request) = cx.request(id)
        {
            self.seen.in_vain(outcome, request.intended, cx.now());
        } else {
            self.seen.ended(outcome);
        }
        cx.finish(id, outcome);
    }

    /// What is left of a request with its user, when it is over.
    #[inline(never)]
    fn see_off(&mut self, id: RequestId, outcome: Outcome, cx: &mut Ctx<'_>) {
        if let Some(browsers) = &mut self.browsers
            && let Some(request) = cx.request_mut(id).filter(|_| outcome != Outcome::TimedOut)
        {
            browsers.close(request);
        }
        if self.near.is_some() {
            self.leave(id);
        }
        if matches!(self.source, Source::Closed) {
            self.think(id, cx);
        }
    }

    /// The user of a closed load pauses before the next request.
    #[inline(never)]
    fn think(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let user = cx.request(id).map_or(0, |request| request.user);
        let uniform = cx.draw(id, THINK, 0);
        let pause = self.think.as_ref().map_or(0, |think| think.sample_ns(uniform));
        // An answer in no time must not make a user ask for ever in one instant.
        let began = cx.request(id).map_or(0, |request| request.intended);
        let hurries = began == cx.now() && pause < MICROSECOND;
        self.hurries += u64::from(hurries);
        let pause = if hurries { MICROSECOND } else { pause };
        cx.timer_in(pause, Timer { tag: READY, data: u64::from(user - 1) });
    }
}

impl Component for Client {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        let (seed, replication) = cx.seeds();
        self.draws = traffic_key(seed, replication, hash_name(&self.name));
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
        self.publisher.iter_mut().for_each(|publisher| publisher.start(cx));
        self.source.start(&self.name, cx);
        if let Some(reach) = &mut self.reach {
            reach.start(&self.name, seed, replication);
        }
        if matches!(self.source, Source::Closed) {
            self.rounds = vec![0; self.users as usize];
            for user in 0..self.users {
                let draw = self.draws.request(u64::MAX - user);
                let pause = self.think.as_ref().map_or(0, |think| rest_of_pause(think, draw));
                cx.timer_in(pause, Timer { tag: READY, data: user });
            }
        }
        let next = self.source.draw_next(cx.now());
        self.await_next(next, cx);
    }

    /// Nobody calls a client but the internet, to tell of a route.
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let (verb, address, key) = (cx.call(call).verb, cx.call(call).caller, cx.call(call).key);
        debug_assert_eq!(verb, ROUTE, "nobody calls a client");
        if let Some(reach) = &mut self.reach {
            reach.route(address, key, cx.now());
        }
        cx.reply(call, Answer::of(Status::Ok));
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            ARRIVAL => {
                // Drawn first: it takes long, and is there when it is wanted.
                let next = self.source.draw_next(cx.now());
                self.arrive(cx);
                self.look_ahead();
                self.await_next(next, cx);
            }
            READY => self.user_ready(timer.data as u32, cx),
            PUBLISHER => self.publish_again(timer, cx),
            _ => {
                self.retries += 1;
                self.attempt(RequestId::from_bits(timer.data), cx);
            }
        }
    }

    fn foresee(&self, _call: &Call, returning: bool, request: Option<&Request>) -> bool {
        returning && self.answer_comes(request)
    }

    #[inline(always)]
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let is_wanted = matches!(reply.status, Status::Ok | Status::Missing) && reply.verb != LOGIN;
        if is_wanted && self.is_plain { self.succeed(&reply, cx) } else { self.hear(reply, cx) }
    }

    fn on_control(&mut self, control: Control, _cx: &mut Ctx<'_>) {
        if let Some(names) = self.reach.as_mut().and_then(|reach| reach.names.as_mut()) {
            names.on_control(control);
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("requests", self.issued);
        out.count("hurries", self.hurries);
        out.count("retries", self.retries + self.publisher.as_ref().map_or(0, |publisher| publisher.again()));
        if let Some(browsers) = self.browsers.as_ref().filter(|browsers| browsers.knows_sessions()) {
            out.count("sessions_lost", browsers.lost);
            out.count("logins", browsers.logins);
        }
        self.steps.measure(&self.seen, out);
        if let Some(reach) = &self.reach {
            reach.measure(out);
        }
        if let Some(near) = &self.near {
            near.measure(out);
        }
        self.seen.measure(out);
    }

    fn restart_maxima(&mut self, now: Time) {
        self.seen.measure_from(now);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
