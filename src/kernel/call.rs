//! One exchange between two nodes: asked, delivered, answered.

use super::event::NodeId;
use super::request::RequestId;
use super::slab::{Id, Slab, Tenant};
use super::time::Time;

/// Address of a call.
pub type CallId = Id<Call>;
/// The open calls.
pub type Calls = Slab<Call>;

/// How a call was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Done.
    Ok,
    /// Understood, but there is no such thing (a cache miss).
    Missing,
    /// Turned away by a full queue or a limit.
    Rejected,
    /// An error further down.
    Failed,
    /// The callee's process is gone: connection refused or reset.
    Reset,
    /// No answer in time; the callee may still be at work.
    TimedOut,
    /// Ask somebody else (`redirect`).
    Moved,
    /// The user must log in first.
    Denied,
}

/// An open exchange. 64 bytes: one cache line.
///
/// The order of the fields is fixed here and in [`Answer`] and [`Reply`], so that nothing is read in other pieces than it was written in
/// just before: it would wait for the processor's store buffer, at every answer. What is written one by one does not lie side by side where it
/// is copied to (the compiler would copy it together), and what is narrower than a word does not begin one (it would be read as a word).
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Call {
    /// The request it serves; [`Id::NONE`] for background work.
    pub request: RequestId,
    /// The call that the caller was serving when it made this one.
    pub parent: CallId,
    /// What it is about.
    pub key: u64,
    /// When it was asked.
    pub asked: Time,
    /// Size of the question, later of the answer.
    pub bytes: u32,
    /// The caller's own note: where it keeps what it needs when the answer comes.
    pub note: u32,
    /// Version of the data sent with the question, later of that in the answer.
    pub version: u32,
    /// The caller's word to the callee that is no data (a lease, a lock); opaque to the kernel.
    pub token: u32,
    generation: u32,
    /// Who asks.
    pub caller: NodeId,
    /// Who is asked.
    pub callee: NodeId,
    /// What is asked: opaque to the kernel.
    pub verb: u16,
    status: Status,
    pub(super) phase: Phase,
    /// Who really answered (a cache, the origin), and above it where to ask instead.
    answerers: u32,
}

impl Tenant for Call {
    #[inline]
    fn generation(&self) -> u32 {
        self.generation
    }
    #[inline]
    fn set_generation(&mut self, generation: u32) {
        self.generation = generation;
    }
    #[inline]
    fn next_free(&self) -> u32 {
        self.note
    }
    #[inline]
    fn set_next_free(&mut self, index: u32) {
        self.note = index;
    }
    fn vacant() -> Self {
        Call::asked(NodeId::NONE, &Ask::new(NodeId::NONE, 0, 0), 0)
    }
}

/// What tells the draws of a question about `key`, asked for the `again`-th time again, from others of its request and purpose. (How often
/// stands above most keys, below what others add.)
#[inline]
pub fn draw_key(key: u64, again: u8) -> u64 {
    key ^ u64::from(again) << 40
}

/// Who still has an interest in a call; it is closed when nobody has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Phase(u8);

impl Phase {
    /// The caller waits for the answer.
    pub const WAITING: Phase = Phase(1);
    /// The callee has it and has not answered.
    pub const OPEN: Phase = Phase(2);
    /// The question or the answer is on its way.
    pub const MOVING: Phase = Phase(4);
    /// The question went over a connection that was open before.
    pub const CONNECTED: Phase = Phase(128);
    /// Asked: the caller waits and the question is on its way.
    pub const ASKED: Phase = Phase(1 | 4);
    const PARTS: u8 = 1 | 2 | 4;

    #[inline]
    pub fn has(self, part: Phase) -> bool {
        self.0 & part.0 != 0
    }
    #[inline]
    pub fn set(&mut self, part: Phase) {
        self.0 |= part.0;
    }
    #[inline]
    pub fn clear(&mut self, part: Phase) {
        self.0 &= !part.0;
    }
    #[inline]
    pub fn is_over(self) -> bool {
        self.0 & Self::PARTS == 0
    }

    /// Asked for the n-th time again; between the parts and [`Phase::CONNECTED`] there is room for 15.
    #[inline]
    fn asked(again: u8, connected: bool) -> Self {
        Phase(Self::ASKED.0 | (again.min(15) << 3) | (u8::from(connected) << 7))
    }

    /// How often the same was asked before.
    #[inline]
    fn again(self) -> u8 {
        self.0 >> 3 & 15
    }
}

/// What a component asks of another. Build it with [`Ask::new`] or [`Ask::on_behalf_of`].
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Whom.
    pub to: NodeId,
    /// What.
    pub verb: u16,
    /// About what.
    pub key: u64,
    /// Size of the question.
    pub bytes: u32,
    /// Version of the data sent along.
    pub version: u32,
    /// The caller's own note, handed back with the reply.
    pub note: u32,
    /// The caller's word to the callee that is no data: what a lease or lock is known by. 0 = none.
    pub token: u32,
    /// The call being served.
    pub parent: CallId,
    /// The request being served.
    pub request: RequestId,
    /// Time-out class from `Ctx::timeout_class`.
    pub timeout: Option<TimeoutClass>,
    /// How often the same was asked before for the same request's attempt: each time goes its own way through the network and takes
    /// its own time wherever it comes to, and so does what is asked on its behalf. More than 15 are as 15.
    pub again: u8,
    /// Over a connection that was open before: if the callee's machine is silent, TCP tries again and again, and is answered with a reset when
    /// the machine is back, since it knows of no connection.
    pub connected: bool,
}

impl Ask {
    /// A background question: no request behind it.
    pub fn new(to: NodeId, verb: u16, key: u64) -> Self {
        Ask {
            to,
            verb,
            key,
            bytes: 0,
            version: 0,
            note: 0,
            token: 0,
            parent: CallId::NONE,
            request: RequestId::NONE,
            timeout: None,
            again: 0,
            connected: false,
        }
    }

    /// What its asker tells himself when no answer will come.
    pub fn without_answer(&self, call: CallId, status: Status, asked: Time) -> Reply {
        Reply {
            call,
            parent: self.parent,
            request: self.request,
            key: self.key,
            asked,
            bytes: 0,
            version: 0,
            note: self.note,
            verb: self.verb,
            callee: self.to,
            answered_by: NodeId::NONE,
            redirect: NodeId::NONE,
            status,
        }
    }

    /// A question asked while serving `parent`, which is `call`: same request, key, size, version and token, asked as often before.
    pub fn on_behalf_of(parent: CallId, call: &Call, to: NodeId) -> Self {
        Ask {
            bytes: call.bytes,
            version: call.version,
            token: call.token,
            parent,
            request: call.request,
            again: call.again(),
            ..Ask::new(to, call.verb, call.key)
        }
    }
}

/// All time-outs of one length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeoutClass(pub(super) u32);

/// What a callee answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Answer {
    /// Size of the answer.
    pub bytes: u32,
    /// Version of the data in it.
    pub version: u32,
    /// Who really answered; [`NodeId::NONE`] = the callee itself.
    pub answered_by: NodeId,
    /// For [`Status::Moved`]: where to ask.
    pub redirect: NodeId,
    /// How it went.
    pub status: Status,
}

impl Answer {
    /// An answer without data.
    #[inline]
    pub fn of(status: Status) -> Self {
        Answer { status, bytes: 0, version: 0, answered_by: NodeId::NONE, redirect: NodeId::NONE }
    }

    /// Success with data of this version and size.
    #[inline]
    pub fn ok(version: u32, bytes: u32) -> Self {
        Answer { version, bytes, ..Answer::of(Status::Ok) }
    }
}

/// What comes back to a caller.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Reply {
    /// The call that is over.
    pub call: CallId,
    /// The call that the caller was serving.
    pub parent: CallId,
    /// The request behind it.
    pub request: RequestId,
    /// What had been asked about.
    pub key: u64,
    /// When it had been asked.
    pub asked: Time,
    /// Size of the answer.
    pub bytes: u32,
    /// What had been asked.
    pub verb: u16,
    /// How it went.
    pub status: Status,
    /// Version of the data.
    pub version: u32,
    /// Who had been asked.
    pub callee: NodeId,
    /// Who really answered.
    pub answered_by: NodeId,
    /// The caller's note.
    pub note: u32,
    /// Where to ask instead.
    pub redirect: NodeId,
}

impl Reply {
    /// Whether nobody had begun with the call when the callee turned out to be gone (connection refused, not broken).
    #[inline]
    pub fn was_refused(&self) -> bool {
        self.status == Status::Reset && self.version == 0
    }

    /// The same answer for the caller's own caller.
    #[inline]
    pub fn pass_on(&self) -> Answer {
        Answer {
            status: self.status,
            bytes: self.bytes,
            version: self.version,
            answered_by: self.answered_by,
            redirect: NodeId::NONE,
        }
    }
}

impl Call {
    #[inline]
    pub(super) fn asked(caller: NodeId, ask: &Ask, now: Time) -> Self {
        Call {
            request: ask.request,
            parent: ask.parent,
            key: ask.key,
            asked: now,
            note: ask.note,
            token: ask.token,
            bytes: ask.bytes,
            version: ask.version,
            generation: 0,
            caller,
            callee: ask.to,
            verb: ask.verb,
            status: Status::Ok,
            phase: Phase::asked(ask.again, ask.connected),
            answerers: u32::MAX,
        }
    }

    /// How often the same was asked before.
    #[inline]
    pub fn again(&self) -> u8 {
        self.phase.again()
    }

    /// What tells the draws of this call from others of its request and purpose: what is asked about, and how often it was asked before.
    #[inline]
    pub fn draw_key(&self) -> u64 {
        draw_key(self.key, self.again())
    }

    /// Who sends the question, or the answer, and to whom.
    #[inline(always)]
    pub(super) fn ends(&self, returning: bool) -> (NodeId, NodeId) {
        if returning { (self.callee, self.caller) } else { (self.caller, self.callee) }
    }

    /// Whether what comes back is no answer: the callee's process is gone.
    pub(super) fn is_reset(&self) -> bool {
        self.status == Status::Reset
    }

    /// Takes the answer in and sets out for the caller with it.
    #[inline]
    pub(super) fn carry(&mut self, answer: &Answer) {
        self.status = answer.status;
        self.bytes = answer.bytes;
        self.version = answer.version;
        let itself = answer.answered_by == NodeId::NONE;
        let answered_by = if itself { self.callee } else { answer.answered_by };
        self.answerers = u32::from(answered_by.0) | (u32::from(answer.redirect.0) << 16);
        self.phase.set(Phase::MOVING);
    }

    #[inline]
    pub(super) fn reply(&self, id: CallId) -> Reply {
        Reply {
            call: id,
            parent: self.parent,
            request: self.request,
            key: self.key,
            asked: self.asked,
            note: self.note,
            bytes: self.bytes,
            version: self.version,
            verb: self.verb,
            callee: self.callee,
            answered_by: NodeId(self.answerers as u16),
            redirect: NodeId((self.answerers >> 16) as u16),
            status: self.status,
        }
    }
}

const _: () = assert!(size_of::<Call>() == 64);
