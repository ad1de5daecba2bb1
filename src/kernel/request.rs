//! What a client wants: one entry from its intended start until its outcome is known.

use super::event::NodeId;
use super::slab::{Id, Slab, Tenant};
use super::time::Time;
use crate::random::draw::{DrawKey, Purpose};

/// Address of a request.
pub type RequestId = Id<Request>;
/// The open requests.
pub type Requests = Slab<Request>;

/// A request: what one user wants, through all its attempts and calls.
///
/// The order of the fields is fixed, and `attempts` does not begin a word: else it would be read as one, and wait for the processor's store
/// buffer at the first draw of a new request.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
pub struct Request {
    /// When the user wanted it; latency counts from here, even if it could be sent only later.
    pub intended: Time,
    /// When the user gives up.
    pub deadline: Time,
    /// Root of all random numbers that belong to this request.
    pub draw: DrawKey,
    /// Number of the request within its traffic.
    pub number: u64,
    /// Time spent so far in steps that somebody measures, in microseconds: opaque here.
    pub steps: [u32; 4],
    /// What it is about (a row, a URL).
    pub key: u64,
    /// Who wants it.
    pub user: u32,
    /// The user's session; 0 = none.
    pub session: u32,
    /// The client's IPv4 address; 0 = not modelled.
    pub address: u32,
    /// Size of what is sent.
    pub bytes: u32,
    /// Newest acknowledged version of `key` when the request began (see `audit`).
    pub floor: u32,
    /// Number of the message that carries it, so that a second copy is known as one; 0 = none yet.
    pub message: u32,
    generation: u32,
    /// Region of the client; 0 = not modelled.
    pub region: u16,
    /// The node that issued it.
    pub client: NodeId,
    /// What the browser's cookie says: the server that the user is bound to; [`NodeId::NONE`] = no cookie.
    pub cookie: NodeId,
    /// How the client comes to the network: opaque here.
    pub access: u8,
    /// Whether an answer has set the cookie, and the browser has not kept it yet.
    pub has_new_cookie: bool,
    /// What kind of request it is: opaque here, an index of the statistics by class.
    pub class: u8,
    /// Attempts made so far, hedges included.
    pub attempts: u8,
    /// Logins that the user was asked for on the way.
    pub logins: u8,
}

impl Request {
    /// A request of `client`, intended for `intended`, about `key`.
    pub fn new(client: NodeId, number: u64, draw: DrawKey, intended: Time, key: u64) -> Self {
        Request {
            intended,
            deadline: Time::MAX,
            draw,
            number,
            steps: [0; 4],
            key,
            user: 0,
            session: 0,
            address: 0,
            bytes: 0,
            floor: 0,
            message: 0,
            generation: 0,
            region: 0,
            access: 0,
            client,
            cookie: NodeId::NONE,
            has_new_cookie: false,
            class: 0,
            attempts: 0,
            logins: 0,
        }
    }
}

impl Request {
    /// Random bits that belong to the request's present attempt, for a purpose and a key (see `Ctx::draw`).
    #[inline]
    pub fn bits(&self, purpose: impl Into<Purpose>, key: u64) -> u64 {
        self.draw.bits_for(purpose.into(), (u64::from(self.attempts) << 56) ^ key)
    }
}

impl Tenant for Request {
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
        self.message
    }
    #[inline]
    fn set_next_free(&mut self, index: u32) {
        self.message = index;
    }
    fn vacant() -> Self {
        Request::new(NodeId::NONE, 0, DrawKey(0), 0, 0)
    }
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Answered as wanted.
    Succeeded,
    /// Answered with an error, or the connection was reset.
    Failed,
    /// Turned away by a full queue or a limit.
    Rejected,
    /// The user gave up.
    TimedOut,
}

const _: () = assert!(size_of::<Request>() <= 96);
