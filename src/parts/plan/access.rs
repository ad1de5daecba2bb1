//! Running a read or a write through a cache and a store, step by step.
//!
//! The owner (a web server) keeps an [`Operation`] for each request and passes replies in; [`Access`] sends the
//! next question or says that the operation is over. Races are real: between the look-up and the fill of a
//! cache, others write.

use super::strategy::{Step, WritePlan};
use crate::catalog::Policy;
use crate::kernel::{Answer, Ask, Call, CallId, Ctx, NodeId, Reply, RequestId, Status, TimeoutClass};
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

/// A store, perhaps with a cache beside it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The cache beside the store, if the owner talks to both.
    pub cache: Option<NodeId>,
    /// The store (or a cache in front of it).
    pub store: NodeId,
    /// Steps of a write.
    pub plan: WritePlan,
    /// What to do when the cache does not answer.
    pub on_cache_error: CacheError,
    /// Time-out of each question.
    pub timeout: Option<TimeoutClass>,
}

impl Access {
    fn ask(&self, to: NodeId, verb: u16, operation: &Operation, cx: &mut Ctx<'_>) {
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
    pub fn read(&self, operation: &mut Operation, cx: &mut Ctx<'_>) {
        match self.cache {
            Some(cache) => {
                operation.stage = Stage::LookUp;
                self.ask(cache, GET, operation, cx);
            }
            None => self.load(operation, false, cx),
        }
    }

    #[inline]
    fn load(&self, operation: &mut Operation, fill: bool, cx: &mut Ctx<'_>) {
        operation.stage = Stage::Load { fill };
        self.ask(self.store, READ, operation, cx);
    }

    /// Starts a write.
    pub fn write(&self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        self.take_steps(operation, 0, cx)
    }

    /// Takes the steps from `from` on until one must be waited for.
    fn take_steps(&self, operation: &mut Operation, from: usize, cx: &mut Ctx<'_>) -> Progress {
        let steps = &self.plan.steps;
        for (at, step) in steps.iter().enumerate().skip(from) {
            match (step, self.cache) {
                (Step::Ack, _) if at + 1 == steps.len() => return operation.done(),
                (Step::Ack, _) => {
                    // The rest runs on without a caller; `resume` goes on behind the ack.
                    operation.stage = Stage::Write(at as u8);
                    let Progress::Done(answer) = operation.done() else { unreachable!() };
                    return Progress::Acked(answer);
                }
                (Step::Cache | Step::Invalidate, None) => continue,
                (step, cache) => {
                    operation.stage = Stage::Write(at as u8);
                    let (to, verb) = self.question(*step, cache, operation);
                    self.ask(to, verb, operation, cx);
                    return Progress::Waits;
                }
            }
        }
        operation.done()
    }

    fn question(&self, step: Step, cache: Option<NodeId>, operation: &Operation) -> (NodeId, u16) {
        match (step, cache) {
            (Step::Cache, Some(cache)) if operation.version == 0 => (cache, WRITE_BACK),
            (Step::Cache, Some(cache)) => (cache, PUT),
            (Step::Invalidate, Some(cache)) => (cache, DELETE),
            _ => (self.store, WRITE),
        }
    }

    /// Goes on behind an ack, after the owner has answered its caller.
    pub fn resume(&self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        let Stage::Write(at) = operation.stage else { return operation.done() };
        operation.parent = CallId::NONE;
        self.take_steps(operation, at as usize + 1, cx)
    }

    /// An answer to one of the operation's questions has come.
    #[inline]
    pub fn on_reply(&self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        match operation.stage {
            Stage::LookUp => self.looked_up(operation, reply, cx),
            Stage::Load { fill } => self.loaded(operation, reply, fill, cx),
            Stage::Fill => operation.done(),
            Stage::Write(at) => self.written(operation, reply, at as usize, cx),
        }
    }

    #[inline]
    fn looked_up(&self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
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
    fn loaded(&self, operation: &mut Operation, reply: &Reply, fill: bool, cx: &mut Ctx<'_>) -> Progress {
        if reply.status != Status::Ok {
            return Progress::Done(reply.pass_on());
        }
        operation.version = reply.version;
        operation.bytes = reply.bytes;
        operation.answered_by = reply.answered_by;
        match self.cache {
            Some(cache) if fill => {
                operation.stage = Stage::Fill;
                self.ask(cache, PUT, operation, cx);
                Progress::Waits
            }
            _ => operation.done(),
        }
    }

    #[inline(never)]
    fn written(&self, operation: &mut Operation, reply: &Reply, at: usize, cx: &mut Ctx<'_>) -> Progress {
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
            self.ask(self.store, WRITE, operation, cx);
            return Progress::Waits;
        }
        self.take_steps(operation, at + 1, cx)
    }
}
