//! A balancer that looks after its servers: checks, retries, sticky clients, limits, target groups.
//!
//! A component of its own beside the plain one, so that worlds without all this do not pay for it.

use super::checks::Checks;
use super::passing::Passing;
use super::sticky::Sticky;
use super::target::{Choice, Limits, Target};
use super::waiting::{Waiting, Wish};
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::station::{Job, Station};
use crate::parts::verbs::{HEALTH, READ, VERDICT, WRITE};
use crate::random::variate::Variate;
use std::collections::BTreeSet;

pub(super) const CHECK: u16 = 1;
const RETRY: u16 = 2;
pub(super) const WARM: u16 = 3;
const OVERDUE: u16 = 4;

/// Marks the note of a health check; the rest is target and server. Other notes are places in the table of attempts.
pub(super) const PROBE: u32 = 1 << 31;
/// Servers that a call has tried are remembered in place.
pub(super) const RETRIES_AT_MOST: usize = 10;
/// Before the same server is tried again (HAProxy 2.6, `retries`: "a turn-around timer of 1 second").
const SAME_SERVER_AFTER: Time = SECOND;

/// How a failed call is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    /// Further tries.
    pub retries: u8,
    /// At another server; else at the same.
    pub redispatch: bool,
    /// Also calls that got no answer in time.
    pub timeouts: bool,
}

impl Again {
    /// The servers that have failed a call and may not get it again.
    pub fn barred(self, attempt: &Attempt) -> &[u16] {
        &attempt.tried[..if self.redispatch { attempt.failures.into() } else { 0 }]
    }
}

/// A call of a client and where it has been tried.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    call: CallId,
    pub target: u16,
    server: u16,
    failures: u8,
    tried: [u16; RETRIES_AT_MOST],
}

/// Counters since the start.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    calls: u64,
    answered: u64,
    errors: u64,
    retries: u64,
    pub nobody: u64,
    pub rejected: u64,
    pub checks: u64,
    recookied: u64,
}

pub(super) struct Careful {
    pub targets: Vec<Target>,
    pub limits: Limits,
    pub checks: Option<Checks>,
    pub sticky: Option<Sticky>,
    pub again: Again,
    pub waiting: Waiting,
    pub work: Option<(Variate, Station)>,
    pub purpose: u64,
    pub timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    pub check_timeout: Option<TimeoutClass>,
    pub(super) attempts: Vec<Attempt>,
    free: Vec<u32>,
    pub counts: Counts,
}

impl Careful {
    pub fn new(targets: Vec<Target>, limits: Limits, again: Again, waiting: Waiting) -> Self {
        Careful {
            targets,
            limits,
            checks: None,
            sticky: None,
            again,
            waiting,
            work: None,
            purpose: 0,
            timeout_length: None,
            timeout: None,
            check_timeout: None,
            attempts: Vec::new(),
            free: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// A new call: it gets a place in the table of attempts, and a target group by its key and class.
    fn take(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { key, verb, .. } = cx.call(call);
        let takes = |target: &Target| target.rule.takes(key, verb == WRITE);
        // The rule for the rest stands first and is looked at last.
        let special = self.targets.iter().skip(1).position(takes);
        let target = special.map_or(0, |at| at as u16 + 1);
        let attempt = Attempt { call, target, server: 0, failures: 0, tried: [0; RETRIES_AT_MOST] };
        let place = match self.free.pop() {
            Some(place) => {
                self.attempts[place as usize] = attempt;
                place
            }
            None => {
                self.attempts.push(attempt);
                self.attempts.len() as u32 - 1
            }
        };
        self.counts.calls += 1;
        self.dispatch(place, cx);
    }

    /// Sends an attempt to a server, or lets it wait for one.
    fn dispatch(&mut self, place: u32, cx: &mut Ctx<'_>) {
        match self.choose(place, cx) {
            Choice::Server(at) => {
                self.waiting.pass();
                self.send(place, at, cx);
            }
            Choice::Nobody => {
                self.counts.nobody += 1;
                self.finish(place, Answer::of(Status::Failed), cx);
            }
            Choice::AllTried => self.finish(place, Answer::of(Status::Failed), cx),
            Choice::Full(server) => match self.waiting.enter(place, self.line(place, server), cx.now()) {
                Wish::Waits(Some(patience)) => {
                    cx.timer_in(patience, Timer { tag: OVERDUE, data: 0 });
                }
                Wish::Waits(None) => {}
                Wish::TurnedAway => {
                    self.counts.rejected += 1;
                    self.finish(place, Answer::of(Status::Rejected), cx);
                }
            },
        }
    }

    pub(super) fn choose(&mut self, place: u32, cx: &mut Ctx<'_>) -> Choice {
        let attempt = &self.attempts[place as usize];
        let ask = Ask::on_behalf_of(attempt.call, cx.call(attempt.call), NodeId::NONE);
        let number = attempt.target;
        let target = &mut self.targets[attempt.target as usize];
        let bound = self.sticky.as_ref().zip(cx.request(ask.request));
        let bound =
            bound.and_then(|(sticky, request)| sticky.server(request.cookie, (number, request.address)));
        let wish = bound.and_then(|server| target.find(server));
        let purpose = self.purpose.wrapping_add(u64::from(attempt.failures) << 32);
        let mut asker = Passing { request: ask.request, key: ask.key, purpose, cx };
        target.choose(wish, self.again.barred(attempt), &self.limits, &mut asker)
    }

    pub(super) fn send(&mut self, place: u32, at: usize, cx: &mut Ctx<'_>) {
        let attempt = &mut self.attempts[place as usize];
        attempt.server = at as u16;
        self.counts.retries += u64::from(attempt.failures > 0);
        let target = &mut self.targets[attempt.target as usize];
        target.backends[at].in_flight += 1;
        if let Some(passive) = &self.limits.passive {
            passive.sent(&mut target.conditions[at], cx.now());
        }
        let ask = Ask::on_behalf_of(attempt.call, cx.call(attempt.call), target.backends[at].node);
        cx.ask(Ask {
            note: place,
            timeout: self.timeout,
            again: ask.again.saturating_add(attempt.failures),
            ..ask
        });
    }

    /// The client has its answer.
    pub(super) fn finish(&mut self, place: u32, answer: Answer, cx: &mut Ctx<'_>) {
        self.counts.answered += 1;
        self.counts.errors +=
            u64::from(!matches!(answer.status, Status::Ok | Status::Missing | Status::Denied));
        self.free.push(place);
        // What the client sees of a dead or silent server is an error of the balancer (502, 504).
        let answer = match answer.status {
            Status::Reset | Status::TimedOut => Answer::of(Status::Failed),
            _ => answer,
        };
        cx.reply(self.attempts[place as usize].call, answer);
    }

    fn hear(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let place = reply.note;
        let attempt = self.attempts[place as usize];
        let (target, at) = (&mut self.targets[attempt.target as usize], attempt.server as usize);
        target.backends[at].in_flight -= 1;
        let broken = matches!(reply.status, Status::Reset | Status::TimedOut);
        if target.policy.observes() {
            target.policy.observe(at, now - reply.asked, now);
        }
        if let Some(passive) = self.limits.passive {
            self.count(passive, (attempt.target.into(), attempt.server.into()), broken, cx);
        }
        if broken && self.may_try_again(reply, &attempt) {
            self.try_again(place, cx);
        } else {
            if !broken {
                self.bind(reply, &attempt, cx);
            }
            self.finish(place, reply.pass_on(), cx);
        }
        if broken {
            return self.serve_waiting(cx); // who waits for a server that rests now may go elsewhere
        }
        self.serve_lines(attempt.target, Some(attempt.server), cx);
    }

    /// A read may be sent twice; anything else only if the server has not begun.
    fn may_try_again(&self, reply: &Reply, attempt: &Attempt) -> bool {
        let may = match reply.status {
            Status::TimedOut => self.again.timeouts && reply.verb == READ,
            _ => reply.was_refused() || reply.verb == READ,
        };
        may && attempt.failures < self.again.retries
    }

    fn try_again(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let attempt = &mut self.attempts[place as usize];
        attempt.tried[usize::from(attempt.failures)] = attempt.server;
        attempt.failures += 1;
        if self.again.redispatch {
            self.dispatch(place, cx);
        } else {
            cx.timer_in(SAME_SERVER_AFTER, Timer { tag: RETRY, data: u64::from(place) });
        }
    }

    /// Binds the client to the server that has answered.
    fn bind(&mut self, reply: &Reply, attempt: &Attempt, cx: &mut Ctx<'_>) {
        let Some(sticky) = &mut self.sticky else { return };
        let server = self.targets[attempt.target as usize].backends[attempt.server as usize].node;
        let now = cx.now();
        let Some(request) = cx.request_mut(reply.request) else { return };
        sticky.bind((attempt.target, request.address), server, now);
        if matches!(sticky, Sticky::Cookie) && request.cookie != server {
            self.counts.recookied += u64::from(request.cookie != NodeId::NONE);
            (request.cookie, request.has_new_cookie) = (server, true);
        }
    }

    /// A crash: what the balancer knew is gone, but for what it was told to be its configuration.
    fn forget(&mut self, now: Time) {
        self.attempts.clear();
        self.free.clear();
        self.waiting.clear(now);
        self.sticky.iter_mut().for_each(Sticky::forget);
        self.targets.iter_mut().for_each(|target| target.forget(self.limits.slow_start, now));
    }
}

impl Component for Careful {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
        self.check_timeout = self.checks.map(|checks| cx.timeout_class(checks.timeout));
        self.begin_checks(cx);
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let verb = cx.call(id).verb;
        if (VERDICT..=HEALTH).contains(&verb) {
            return self.answer_check(id, cx);
        }
        match &mut self.work {
            None => self.take(id, cx),
            Some((time, station)) => {
                let work = cx.work_ns(time, id, self.purpose);
                station.arrive(Job::new(id.to_bits(), work), cx);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            CHECK => self.check(timer.data as u32, cx),
            RETRY => {
                let place = timer.data as u32;
                self.send(place, self.attempts[place as usize].server as usize, cx);
            }
            WARM => self.warm(timer.data as u32, cx),
            OVERDUE => self.turn_overdue_away(cx),
            _ => {
                let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
                if let Some(job) = done {
                    self.take(CallId::from_bits(job), cx);
                }
            }
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.note & PROBE == 0 { self.hear(&reply, cx) } else { self.hear_check(&reply, cx) }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.forget(cx.now()),
            Control::RECOVER if control.arg == 1 => self.begin_checks(cx),
            Control::JOIN => self.join(control, cx),
            Control::LEAVE => self.leave(control.subject().1, cx),
            super::WEIGHT => {
                let (at, weight) = super::weight_of(control);
                self.targets[0].weigh(at, weight);
                self.targets[0].settle(self.limits.slow_start, cx.now());
                self.serve_waiting(cx);
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        self.waiting.measure(now, out);
        let Counts { calls, answered, errors, retries, nobody, rejected, checks, recookied } = self.counts;
        out.count("calls", calls);
        out.count("answered", answered);
        out.count("errors", errors);
        out.count("redispatched", retries);
        out.count("no_server", nobody);
        out.count("turned_away", rejected);
        out.count("health_checks", checks);
        out.count("recookied", recookied);
        let usable = self.targets.iter().flat_map(|target| target.in_service(&self.limits, now));
        out.gauge("servers_in_service", usable.collect::<BTreeSet<_>>().len() as f64);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.waiting.restart_maxima();
        if let Some((_, station)) = &mut self.work {
            station.restart_maxima();
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Careful {
            targets: self.targets.iter().map(Target::fork).collect(),
            sticky: self.sticky.clone(),
            waiting: self.waiting.clone(),
            work: self.work.clone(),
            attempts: self.attempts.clone(),
            free: self.free.clone(),
            ..*self
        })
    }
}
