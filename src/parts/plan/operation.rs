//! A read or write under way, as its owner keeps it.

use crate::kernel::{Answer, Call, CallId, NodeId, Reply, RequestId};

/// Where an operation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Waits for the cache's answer to a look-up.
    LookUp,
    /// Waits for another operation's load of the same key.
    Shares,
    /// Pauses before it asks the cache again: somebody else loads.
    Pauses,
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
///
/// The order of the fields is fixed: none lie side by side that do so in a call, else the compiler would copy together what has just been
/// written one by one, and wait for the processor's store buffer.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Operation {
    /// The request behind it.
    pub request: RequestId,
    /// Version written or read; 0 until known.
    pub version: u32,
    /// Who really answered.
    pub answered_by: NodeId,
    /// The last node that did not answer the question under way; [`NodeId::NONE`]: all did.
    pub(super) silent: NodeId,
    /// The call it serves; [`CallId::NONE`] once that has been answered.
    pub parent: CallId,
    /// What the cache gave out at the miss: a fill must show it. 0 = nothing.
    pub token: u32,
    /// The cache node that gave the token out.
    pub(super) holder: NodeId,
    /// How often the question under way was sent on by nodes that do not have the key.
    pub(super) redirects: u8,
    /// Answers still to come where several caches were told at once.
    pub(super) left: u8,
    /// The key.
    pub key: u64,
    /// Size of the value.
    pub bytes: u32,
    /// Where it stands.
    pub stage: Stage,
    /// How often the call that it serves was asked before.
    pub asked: u8,
    /// How often its owner has done the same before while it served that call.
    repeat: u8,
    /// The owner's note.
    pub(super) note: u32,
    /// Whether others may wait for its load.
    pub(super) leads: bool,
    /// Whether its caller has been told that it is done, though the store has not heard of it yet.
    pub(super) promised: bool,
    /// Whether one of several caches that were told has failed.
    pub(super) failed: bool,
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
            silent: NodeId::NONE,
            token: 0,
            holder: NodeId::NONE,
            leads: false,
            promised: false,
            left: 0,
            failed: false,
            asked: 0,
            repeat: 0,
            note,
        }
    }

    /// From now on for this call; [`Operation::begin`] before each read or write.
    #[inline]
    pub fn serve(&mut self, call: &Call) {
        self.request = call.request;
        self.key = call.key;
        self.asked = call.again();
    }

    /// How often the same was asked before for the request's attempt (see [`crate::kernel::Ask::again`]).
    #[inline]
    pub fn again(&self) -> u8 {
        // (More than 15 are as 15; said here, it takes fewer steps than where that is seen to.)
        (u32::from(self.asked) + u32::from(self.repeat)).min(15) as u8
    }

    /// A new read or write of the same request and key; `repeat`: how many of the same have been done for the same call.
    #[inline]
    pub fn begin(&mut self, parent: CallId, bytes: u32, repeat: u8) {
        self.repeat = repeat;
        self.parent = parent;
        self.bytes = bytes;
        self.version = 0;
        self.token = 0;
        self.leads = false;
        self.promised = false;
        self.answered_by = NodeId::NONE;
    }

    /// A write is over: what was sent is not sent back.
    pub(super) fn written(&self) -> Progress {
        Progress::Done(Answer { answered_by: self.answered_by, ..Answer::ok(self.version, 0) })
    }

    /// Takes in what was read: the answer for whoever asked.
    #[inline(always)]
    pub(super) fn takes(&mut self, reply: &Reply) -> Answer {
        self.version = reply.version;
        self.bytes = reply.bytes;
        self.answered_by = reply.answered_by;
        Answer { answered_by: reply.answered_by, ..Answer::ok(reply.version, reply.bytes) }
    }

    #[inline(always)]
    pub(super) fn done(&self) -> Progress {
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
