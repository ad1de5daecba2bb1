//! Where a worker's messages come from: each semantics has its own way to get them and to say that they are done.

use super::log::Reader;
use super::poll::Poll;
use super::push::Push;
use crate::components::Site;
use crate::components::queue::message::Message;
use crate::components::queue::semantics;
use crate::kernel::{CallId, Ctx, Reply, Timer};

/// A message in a worker's hands, and by what its broker knows that it has been dealt with.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// The message.
    pub message: Message,
    /// The broker's note: a call, a receipt, a place in a log.
    pub receipt: u64,
}

/// How messages come.
#[derive(Clone)]
pub enum Source {
    /// The broker pushes.
    Push(Push),
    /// The worker asks.
    Poll(Poll),
    /// The worker reads its share of a log.
    Log(Box<Reader>),
}

/// The same for every source.
macro_rules! each {
    ($self:expr, $source:ident => $what:expr) => {
        match $self {
            Source::Push($source) => $what,
            Source::Poll($source) => $what,
            Source::Log($source) => $what,
        }
    };
}

impl Source {
    /// The source that fits the queue.
    pub fn new(site: &Site<'_>) -> Self {
        let queue = site.settings().group("of").expect("required");
        match semantics(site.of(queue).settings()) {
            "rabbitmq" => Source::Push(Push::new(site)),
            "kafka" => Source::Log(Box::new(Reader::new(site))),
            _ => Source::Poll(Poll::new(site)),
        }
    }

    /// The worker begins, or begins anew after a crash.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        each!(self, source => source.start(cx));
    }

    /// The worker is no member of its group any more: it takes nothing new, and finishes what it has.
    pub fn leave(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Source::Push(push) => push.leave(cx),
            Source::Poll(poll) => poll.leave(),
            Source::Log(log) => log.leave(cx),
        }
    }

    /// Somebody calls: only a broker that pushes does. What it brings is added to `got`.
    #[inline]
    pub fn on_call(&mut self, call: CallId, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        match self {
            Source::Push(push) => push.on_call(call, got, cx),
            _ => debug_assert!(false, "nobody calls a consumer that asks"),
        }
    }

    /// An answer of the broker.
    pub fn on_reply(&mut self, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        match self {
            Source::Push(push) => push.on_reply(reply, cx),
            Source::Poll(poll) => poll.on_reply(reply, got, cx),
            Source::Log(log) => log.on_reply(reply, got, cx),
        }
    }

    /// A timer of the source.
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        each!(self, source => source.on_timer(timer, cx));
    }

    /// The worker is done with a message, well or not. What comes next is added to `got`.
    #[inline]
    pub fn settle(&mut self, done: &Incoming, well: bool, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        match self {
            Source::Push(push) => push.settle(done, well, cx),
            Source::Poll(poll) => poll.settle(done, well, cx),
            Source::Log(log) => log.settle(done, well, got, cx),
        }
    }

    /// A crash: what the source itself holds is gone.
    pub fn crash(&mut self, cx: &mut Ctx<'_>) {
        if let Source::Log(log) = self {
            log.crash(cx);
        }
    }
}
