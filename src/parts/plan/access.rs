//! Running a read or a write through a cache and a store, step by step.
//!
//! The owner (a web server) keeps an [`Operation`] for each request and passes replies in; [`Access`] sends the
//! next question or says that the operation is over. Races are real: between the look-up and the fill of a
//! cache, others write.

use super::route::Route;
use super::strategy::{Step, WritePlan};
use crate::catalog::Policy;
use crate::kernel::{
    Answer, Ask, Call, CallId, Control, Ctx, NodeId, Reply, RequestId, Status, TimeoutClass,
};
use crate::parts::verbs::{DELETE, GET, PUT, READ, WRITE, WRITE_BACK};

/// What a tier does when its cache does not answer.
pub const CACHE_ERRORS: &[Policy] = &[
    Policy {
        name: "store",
        about: "goes to the store: slower, and the store must bear the load",
        source: "graceful degradation; Beyer et al., Site Reliability Engineering 2016, ch. 22",
        wrong_when: "the store cannot bear all the load",
    },
    Policy {
        name: "fail",
        about: "answers with an error: the store is spared",
        source: "graceful degradation; Beyer et al., Site Reliability Engineering 2016, ch. 22",
        wrong_when: "the cache is only a help",
    },
];

/// What a tier does when its cache does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheError {
    /// Goes to the store.
    Store,
    /// Answers with an error.
    Fail,
}

impl CacheError {
    /// By index in the list of policies.
    pub fn of(choice: usize) -> Self {
        if CACHE_ERRORS[choice].name == "fail" { CacheError::Fail } else { CacheError::Store }
    }

    /// The policies, for the catalog.
    pub const ENTRIES: &'static [Policy] = CACHE_ERRORS;
}

/// Where an operation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Waits for the cache's answer to a look-up.
    LookUp,
    /// Waits for the store's answer to a read; whether the answer goes into the cache.
    Load {
        /// Whether a miss led here.
        fill: bool,
    },
    /// Waits for the cache to take the loaded value.
    Fill,
    /// Waits for this step of the write plan.
    Write(u8),
}

/// A read or write under way. Its owner finds it by the `note` of the calls.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Where it stands.
    pub stage: Stage,
    /// The call it serves; [`CallId::NONE`] once that has been answered.
    pub parent: CallId,
    /// The request behind it.
    pub request: RequestId,
    /// The key.
    pub key: u64,
    /// Version written or read; 0 until known.
    pub version: u32,
    /// Size of the value.
    pub bytes: u32,
    /// Who really answered.
    pub answered_by: NodeId,
    /// How often the question under way was sent on by nodes that do not have the key.
    redirects: u8,
    /// The owner's note.
    note: u32,
}

impl Operation {
    /// An operation that serves `parent`.
    pub fn new(parent: CallId, request: RequestId, key: u64, bytes: u32, note: u32) -> Self {
        Operation {
            stage: Stage::LookUp,
            parent,
            request,
            key,
            version: 0,
            bytes,
            answered_by: NodeId::NONE,
            redirects: 0,
            note,
        }
    }

    /// From now on for this call; [`Operation::begin`] before each read or write.
    #[inline]
    pub fn serve(&mut self, call: &Call) {
        self.request = call.request;
        self.key = call.key;
    }

    /// A new read or write of the same request and key.
    #[inline]
    pub fn begin(&mut self, parent: CallId, bytes: u32) {
        self.parent = parent;
        self.bytes = bytes;
        self.version = 0;
        self.answered_by = NodeId::NONE;
    }

    #[inline]
    fn done(&self) -> Progress {
        Progress::Done(Answer { answered_by: self.answered_by, ..Answer::ok(self.version, self.bytes) })
    }
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// A question is under way.
    Waits,
    /// The caller can have its answer; more steps follow.
    Acked(Answer),
    /// Over. If the caller has no answer yet, this is it.
    Done(Answer),
}

/// One of the two that an operation asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Cache,
    Store,
}

/// A question is sent on so often, then it has failed (Jedis: 5 attempts).
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
    pub timeout: Option<TimeoutClass>,
}

impl Access {
    fn ask(&mut self, side: Side, verb: u16, operation: &mut Operation, cx: &mut Ctx<'_>) {
        operation.redirects = 0;
        let to = self.route(side).node(operation.key, cx);
        self.ask_node(to, verb, operation, cx);
    }

    #[inline]
    fn route(&mut self, side: Side) -> &mut Route {
        match side {
            Side::Cache => self.cache.as_mut().expect("a question to the cache"),
            Side::Store => &mut self.store,
        }
    }

    fn ask_node(&self, to: NodeId, verb: u16, operation: &Operation, cx: &mut Ctx<'_>) {
        let payload = if matches!(verb, PUT | WRITE | WRITE_BACK) { operation.bytes } else { 0 };
        cx.ask(Ask {
            bytes: payload,
            version: operation.version,
            note: operation.note,
            parent: operation.parent,
            request: operation.request,
            timeout: self.timeout,
            ..Ask::new(to, verb, operation.key)
        });
    }

    /// Starts a read.
    #[inline]
    pub fn read(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) {
        if self.cache.is_none() {
            return self.load(operation, false, cx);
        }
        operation.stage = Stage::LookUp;
        self.ask(Side::Cache, GET, operation, cx);
    }

    #[inline]
    fn load(&mut self, operation: &mut Operation, fill: bool, cx: &mut Ctx<'_>) {
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
                Step::Ack if at + 1 == self.plan.steps.len() => return operation.done(),
                Step::Ack => {
                    // The rest runs on without a caller; `resume` goes on behind the ack.
                    operation.stage = Stage::Write(at as u8);
                    let Progress::Done(answer) = operation.done() else { unreachable!() };
                    return Progress::Acked(answer);
                }
                Step::Cache | Step::Invalidate if self.cache.is_none() => continue,
                step => {
                    operation.stage = Stage::Write(at as u8);
                    let (side, verb) = question(step, operation);
                    self.ask(side, verb, operation, cx);
                    return Progress::Waits;
                }
            }
        }
        operation.done()
    }

    /// Goes on behind an ack, after the owner has answered its caller.
    pub fn resume(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        let Stage::Write(at) = operation.stage else { return operation.done() };
        operation.parent = CallId::NONE;
        self.take_steps(operation, at as usize + 1, cx)
    }

    /// An answer to one of the operation's questions has come.
    #[inline]
    pub fn on_reply(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        // A store is asked more than reads and writes: the questions of its data model.
        let of_cache = matches!(reply.verb, GET | PUT | DELETE | WRITE_BACK);
        let side = if of_cache { Side::Cache } else { Side::Store };
        if !matches!(self.route(side), Route::One(_))
            && let Some(progress) = self.heed(side, operation, reply, cx)
        {
            return progress;
        }
        match operation.stage {
            Stage::LookUp => self.looked_up(operation, reply, cx),
            Stage::Load { fill } => self.loaded(operation, reply, fill, cx),
            Stage::Fill => operation.done(),
            Stage::Write(at) => self.written(operation, reply, at as usize, cx),
        }
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
        let route = self.route(side);
        if reply.status != Status::Moved {
            route.answered(reply, cx);
            return None;
        }
        route.redirected(reply);
        operation.redirects += 1;
        if operation.redirects > REDIRECTS_AT_MOST {
            return None; // taken for a cache that does not answer
        }
        self.ask_node(reply.redirect, reply.verb, operation, cx);
        Some(Progress::Waits)
    }

    /// News of the groups behind.
    pub fn on_control(&mut self, control: &Control, cx: &mut Ctx<'_>) {
        for route in self.cache.iter_mut().chain([&mut self.store]) {
            route.on_control(control, cx);
        }
    }

    #[inline]
    fn looked_up(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        match (reply.status, self.on_cache_error) {
            (Status::Ok, _) => {
                operation.version = reply.version;
                operation.bytes = reply.bytes;
                operation.answered_by = reply.answered_by;
                operation.done()
            }
            (Status::Missing, _) => {
                self.load(operation, true, cx);
                Progress::Waits
            }
            (_, CacheError::Store) => {
                self.load(operation, false, cx);
                Progress::Waits
            }
            (_, CacheError::Fail) => Progress::Done(reply.pass_on()),
        }
    }

    #[inline]
    fn loaded(&mut self, operation: &mut Operation, reply: &Reply, fill: bool, cx: &mut Ctx<'_>) -> Progress {
        if reply.status != Status::Ok {
            return Progress::Done(reply.pass_on());
        }
        operation.version = reply.version;
        operation.bytes = reply.bytes;
        operation.answered_by = reply.answered_by;
        if !fill || self.cache.is_none() {
            return operation.done();
        }
        operation.stage = Stage::Fill;
        self.ask(Side::Cache, PUT, operation, cx);
        Progress::Waits
    }

    #[inline(never)]
    fn written(&mut self, operation: &mut Operation, reply: &Reply, at: usize, cx: &mut Ctx<'_>) -> Progress {
        let step = self.plan.steps[at];
        if reply.status == Status::Ok {
            if reply.verb == WRITE || reply.verb == WRITE_BACK {
                operation.version = reply.version;
                operation.answered_by = reply.answered_by;
            }
            return self.take_steps(operation, at + 1, cx);
        }
        let cache_failed = step != Step::Store && reply.verb != WRITE;
        if !cache_failed || self.on_cache_error == CacheError::Fail {
            return Progress::Done(reply.pass_on());
        }
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
        Step::Store | Step::Ack => (Side::Store, WRITE),
    }
}
