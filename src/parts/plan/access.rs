//! Running a read or a write through a cache and a store, step by step.
//!
//! The owner (a web server) keeps an [`Operation`] for each request and passes replies in; [`Access`] sends the
//! next question or says that the operation is over. Races are real: between the look-up and the fill of a
//! cache, others write.

use super::cache_error::CacheError;
use super::flights::Flights;
use super::operation::{Operation, Progress, Stage};
use super::route::Route;
use super::strategy::{Step, WritePlan};
use crate::kernel::{Answer, Ask, CallId, Control, Ctx, NodeId, Reply, SECOND, Status, Time, TimeoutClass};
use crate::parts::verbs::{ANNOUNCE, ASK, COMPUTE, DELETE, FLUSH, GET, PUT, READ, WRITE, WRITE_BACK};

/// One of the two that an operation asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Cache,
    Store,
}

/// A question is sent on or put to somebody else so often, then it has failed (Jedis: 5 attempts).
const REDIRECTS_AT_MOST: u8 = 5;

/// A store, perhaps with a cache beside it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The cache beside the store, if the owner talks to both.
    pub cache: Option<Route>,
    /// The store (or a cache in front of it).
    pub store: Route,
    /// Steps of a write.
    pub plan: WritePlan,
    /// What to do when the cache does not answer.
    pub on_cache_error: CacheError,
    /// Time-out of each question.
    pub(super) timeout: Option<TimeoutClass>,
    /// Time-out of questions whose answer nobody waits for: they must end if they get lost.
    pub(super) notice_timeout: Option<TimeoutClass>,
    /// Loads under way that others share; `None`: everybody loads for himself.
    pub flights: Option<Flights>,
    /// Pause before a cache is asked again where somebody else holds the lock of a key; `None`: the cache has no locks.
    pub poll: Option<Time>,
    /// Other caches that a write tells what it tells its own.
    pub copies: Vec<NodeId>,
    /// Where a write is announced.
    pub bus: Option<Bus>,
    /// Look-ups that the cache did not answer.
    pub unanswered: u64,
    /// The store is itself a cache: reads of it are look-ups.
    pub looks_up_store: bool,
}

/// Who spreads the news of writes.
#[derive(Clone, Copy, Debug)]
pub struct Bus {
    /// Its node.
    pub node: NodeId,
    /// Whether the writer waits for its answer.
    pub is_awaited: bool,
    /// Whether the announcement carries the value.
    pub sends_values: bool,
}

/// Note of questions whose answer nobody waits for: their owner ignores it.
pub const NOBODY: u32 = u32::MAX - 1;
/// Such a question is forgotten after this; nothing else depends on it.
const NOTICE_ENDS: Time = 10 * SECOND;

impl Access {
    /// Reads and writes of a store, with or without a cache beside it; no time-out, nothing shared, nobody else told.
    pub fn new(cache: Option<Route>, store: Route, plan: WritePlan, on_cache_error: CacheError) -> Self {
        Access {
            cache,
            store,
            plan,
            on_cache_error,
            timeout: None,
            notice_timeout: None,
            flights: None,
            poll: None,
            copies: Vec::new(),
            bus: None,
            unanswered: 0,
            looks_up_store: false,
        }
    }

    /// The simulation begins.
    pub fn start(&mut self, timeout: Option<Time>, cx: &mut Ctx<'_>) {
        self.timeout = timeout.map(|length| cx.timeout_class(length));
        if self.poll.is_some() || self.bus.is_some() {
            self.notice_timeout = Some(cx.timeout_class(NOTICE_ENDS));
        }
    }

    #[inline(never)]
    pub(super) fn ask(&mut self, side: Side, verb: u16, operation: &mut Operation, cx: &mut Ctx<'_>) {
        self.ask_first(side, verb, operation, cx);
    }

    /// [`Access::ask`] where nearly all questions come from: reads.
    #[inline(always)]
    fn ask_first(&mut self, side: Side, verb: u16, operation: &mut Operation, cx: &mut Ctx<'_>) {
        operation.redirects = 0;
        operation.silent = NodeId::NONE;
        let to = self.route(side).node(operation.key, cx);
        self.put_question(to, verb, operation, cx);
    }

    #[inline]
    pub(super) fn route(&mut self, side: Side) -> &mut Route {
        match side {
            Side::Cache => self.cache.as_mut().expect("a question to the cache"),
            Side::Store => &mut self.store,
        }
    }

    #[inline(never)]
    pub(super) fn ask_node(&self, to: NodeId, verb: u16, operation: &Operation, cx: &mut Ctx<'_>) {
        self.put_question(to, verb, operation, cx);
    }

    #[inline(always)]
    fn put_question(&self, to: NodeId, verb: u16, operation: &Operation, cx: &mut Ctx<'_>) {
        let payload = if matches!(verb, PUT | WRITE | WRITE_BACK | FLUSH) { operation.bytes } else { 0 };
        cx.ask(Ask {
            bytes: payload,
            version: operation.version,
            note: operation.note,
            token: operation.token,
            parent: operation.parent,
            request: operation.request,
            timeout: self.timeout,
            again: operation.again(),
            ..Ask::new(to, verb, operation.key)
        });
    }

    /// Starts a read.
    #[inline(always)]
    pub fn read(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) {
        let (stage, side, verb) = match self.cache {
            Some(_) => (Stage::LookUp, Side::Cache, GET),
            None => (Stage::Load { fill: false }, Side::Store, READ),
        };
        operation.stage = stage;
        self.ask_first(side, verb, operation, cx);
    }

    #[inline]
    pub(super) fn load(&mut self, operation: &mut Operation, fill: bool, cx: &mut Ctx<'_>) {
        operation.stage = Stage::Load { fill };
        self.ask(Side::Store, READ, operation, cx);
    }

    /// Asks the store a question that no cache answers.
    pub fn question(&mut self, verb: u16, operation: &mut Operation, cx: &mut Ctx<'_>) {
        operation.stage = Stage::Load { fill: false };
        self.ask(Side::Store, verb, operation, cx);
    }

    /// Starts a write.
    pub fn write(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        self.take_steps(operation, 0, cx)
    }

    /// Takes the steps from `from` on until one must be waited for.
    fn take_steps(&mut self, operation: &mut Operation, from: usize, cx: &mut Ctx<'_>) -> Progress {
        for at in from..self.plan.steps.len() {
            match self.plan.steps[at] {
                Step::Ack if at + 1 == self.plan.steps.len() => return operation.written(),
                Step::Ack => {
                    // The rest runs on without a caller; `resume` goes on behind the ack.
                    operation.stage = Stage::Write(at as u8);
                    if operation.version == 0 {
                        operation.promise(cx);
                    }
                    let Progress::Done(answer) = operation.written() else { unreachable!() };
                    return Progress::Acked(answer);
                }
                Step::Cache | Step::Invalidate if self.cache.is_none() => continue,
                Step::Announce => {
                    operation.stage = Stage::Write(at as u8);
                    if self.announce(operation, cx) {
                        return Progress::Waits;
                    }
                }
                step => {
                    operation.stage = Stage::Write(at as u8);
                    let (side, verb) = question(step, operation);
                    self.ask(side, verb, operation, cx);
                    self.tell_copies(verb, operation, cx);
                    return Progress::Waits;
                }
            }
        }
        operation.written()
    }

    /// Goes on behind an ack, after the owner has answered its caller.
    pub fn resume(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        let Stage::Write(at) = operation.stage else { return operation.written() };
        operation.parent = CallId::NONE;
        self.take_steps(operation, at as usize + 1, cx)
    }

    /// What a read has brought, as nearly all answers say: it is over, and nobody else has to hear of it. `None`: it is something else, for
    /// [`Access::on_reply`].
    #[inline(always)]
    pub fn has_read(&self, operation: &mut Operation, reply: &Reply) -> Option<Answer> {
        let route = match (operation.stage, reply.verb) {
            (Stage::LookUp, GET) => self.cache.as_ref()?,
            (Stage::Load { fill: false }, READ) => &self.store,
            _ => return None,
        };
        if reply.status != Status::Ok || operation.leads || route.learns(reply) {
            return None;
        }
        Some(operation.takes(reply))
    }

    /// An answer to one of the operation's questions has come.
    #[inline(always)]
    pub fn on_reply(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        // A store is asked more than reads and writes: the questions of its data model.
        let of_store =
            matches!(reply.verb, READ | WRITE | FLUSH | ANNOUNCE) || (ASK..COMPUTE).contains(&reply.verb);
        let side = if of_store { Side::Store } else { Side::Cache };
        // (A node of a cluster that is in front of its store asks itself, and may have handed the key over meanwhile.)
        if (reply.status == Status::Moved || !matches!(self.route(side), Route::One(_)))
            && reply.verb != ANNOUNCE
            && let Some(progress) = self.heed(side, operation, reply, cx)
        {
            return progress;
        }
        if operation.leads {
            return self.lead(operation, reply, cx);
        }
        self.progress(operation, reply, cx)
    }

    #[inline(always)]
    fn progress(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        match operation.stage {
            Stage::LookUp => self.looked_up(operation, reply, cx),
            Stage::Load { fill } => self.loaded(operation, reply, fill, cx),
            Stage::Fill => operation.done(),
            Stage::Write(at) => self.written(operation, reply, at as usize, cx),
            Stage::Shares | Stage::Pauses => unreachable!("no question is under way"),
        }
    }

    /// What others wait for.
    #[inline(never)]
    fn lead(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        let progress = self.progress(operation, reply, cx);
        self.land(operation, &progress);
        progress
    }

    /// What the answer says about the way to the key. Asks again where it points to.
    #[inline(never)]
    fn heed(
        &mut self,
        side: Side,
        operation: &mut Operation,
        reply: &Reply,
        cx: &mut Ctx<'_>,
    ) -> Option<Progress> {
        if self.copies.contains(&reply.callee) {
            return None; // the cache of another region: it says nothing about the way within this group
        }
        let route = self.route(side);
        let to = if reply.status == Status::Moved {
            route.redirected(reply);
            reply.redirect
        } else {
            route.answered(reply, cx);
            operation.silent = reply.callee;
            route.instead(reply)?
        };
        if to == operation.silent {
            return None; // the others hold it for the owner too: nobody knows better
        }
        operation.redirects += 1;
        if operation.redirects > REDIRECTS_AT_MOST {
            return None; // taken for a cache that does not answer
        }
        if operation.stage == Stage::Fill && operation.token != 0 {
            return None; // the token is nothing to the new owner
        }
        self.ask_node(to, reply.verb, operation, cx);
        Some(Progress::Waits)
    }

    /// News of the groups behind.
    pub fn on_control(&mut self, control: &Control, cx: &mut Ctx<'_>) {
        for route in self.cache.iter_mut().chain([&mut self.store]) {
            route.on_control(control, cx);
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST)
            && let Some(flights) = &mut self.flights
        {
            flights.clear();
        }
    }

    #[inline]
    fn looked_up(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        match reply.status {
            Status::Ok => Progress::Done(operation.takes(reply)),
            Status::Missing => self.missed(operation, reply, cx),
            _ => self.not_looked_up(operation, reply, cx),
        }
    }

    #[inline(always)]
    fn loaded(&mut self, operation: &mut Operation, reply: &Reply, fill: bool, cx: &mut Ctx<'_>) -> Progress {
        if reply.status != Status::Ok {
            self.note_silence(reply, cx);
            self.give_up_lock(operation, cx);
            return Progress::Done(reply.pass_on());
        }
        let answer = operation.takes(reply);
        if !fill || self.cache.is_none() {
            return Progress::Done(answer);
        }
        self.fill(operation, cx)
    }

    #[inline(never)]
    fn written(&mut self, operation: &mut Operation, reply: &Reply, at: usize, cx: &mut Ctx<'_>) -> Progress {
        let step = self.plan.steps[at];
        if operation.left > 0 && more_to_come(operation, reply) {
            return Progress::Waits;
        }
        if reply.status == Status::Ok && !operation.failed {
            if matches!(reply.verb, WRITE | WRITE_BACK | FLUSH) {
                operation.version = reply.version;
                operation.answered_by = reply.answered_by;
                operation.promised = false;
            }
            return self.take_steps(operation, at + 1, cx);
        }
        if step == Step::Store {
            operation.break_promise(reply, cx);
        }
        let cache_failed = step != Step::Store && reply.verb != WRITE;
        if !cache_failed || self.on_cache_error == CacheError::Fail {
            let failed = std::mem::take(&mut operation.failed);
            return Progress::Done(if failed { Answer::of(Status::Failed) } else { reply.pass_on() });
        }
        operation.failed = false;
        if step == Step::Cache && self.plan.flush_after.is_some() {
            // Nobody would store it later: store it now, then go on behind the cache step.
            self.ask(Side::Store, WRITE, operation, cx);
            return Progress::Waits;
        }
        self.take_steps(operation, at + 1, cx)
    }
}

fn question(step: Step, operation: &Operation) -> (Side, u16) {
    match step {
        Step::Cache if operation.version == 0 => (Side::Cache, WRITE_BACK),
        Step::Cache => (Side::Cache, PUT),
        Step::Invalidate => (Side::Cache, DELETE),
        // Its version was given out with the promise.
        Step::Store if operation.promised => (Side::Store, FLUSH),
        Step::Store | Step::Announce | Step::Ack => (Side::Store, WRITE),
    }
}

/// Takes one of several answers in; whether others are still to come.
fn more_to_come(operation: &mut Operation, reply: &Reply) -> bool {
    operation.failed |= reply.status != Status::Ok;
    operation.left -= 1;
    operation.left > 0
}
