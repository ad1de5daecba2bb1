//! What a reader does after a miss: load, share the load of another, or wait until somebody has loaded; then fill.

use super::access::{Access, NOBODY, Side};
use super::cache_error::CacheError;
use super::operation::{Operation, Progress, Stage};
use super::route::Route;
use crate::kernel::{Answer, Ask, Ctx, Reply, Status, Timer};
use crate::parts::verbs::{PUT, UNLOCK};

/// What a cache with locks says to who misses a key that somebody else loads: the token of nobody.
pub const WAIT: u32 = u32::MAX;

/// Tag of the timers of operations that pause; the timer's data is the operation's note.
pub const POLL: u16 = 0x7F;

impl Access {
    pub(super) fn missed(&mut self, operation: &mut Operation, reply: &Reply, cx: &mut Ctx<'_>) -> Progress {
        if let (WAIT, Some(pause)) = (reply.version, self.poll) {
            operation.stage = Stage::Pauses;
            cx.timer_in(pause, Timer { tag: POLL, data: operation.note.into() });
            return Progress::Waits;
        }
        operation.token = reply.version;
        operation.holder = reply.callee;
        self.load_or_share(operation, true, cx)
    }

    /// Nobody has looked: a miss, for whoever asked, with nothing to tell it from others and nowhere to keep what is loaded.
    #[cold]
    pub(super) fn not_looked_up(
        &mut self,
        operation: &mut Operation,
        reply: &Reply,
        cx: &mut Ctx<'_>,
    ) -> Progress {
        self.unanswered += 1;
        if self.on_cache_error == CacheError::Fail {
            return Progress::Done(reply.pass_on());
        }
        operation.token = 0;
        self.load_or_share(operation, false, cx)
    }

    /// A store that is a cache has not looked, if it was not there to look.
    #[cold]
    pub(super) fn note_silence(&mut self, reply: &Reply, cx: &Ctx<'_>) {
        let is_silent = match reply.status {
            Status::Reset => true,
            Status::TimedOut => !cx.is_well(reply.callee),
            _ => false,
        };
        self.unanswered += u64::from(self.looks_up_store && is_silent);
    }

    #[inline(always)]
    fn load_or_share(&mut self, operation: &mut Operation, fill: bool, cx: &mut Ctx<'_>) -> Progress {
        if let Some(flights) = &mut self.flights {
            if flights.join(operation.key, operation.token, operation.note) {
                operation.stage = Stage::Shares;
                return Progress::Waits;
            }
            operation.leads = true;
        }
        self.load(operation, fill, cx);
        Progress::Waits
    }

    /// Puts what was loaded into the cache. What a token stands for only its node knows: if the key belongs to another one by
    /// now, nothing is filled.
    pub(super) fn fill(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) -> Progress {
        let route = self.route(Side::Cache);
        let asks_owner = matches!(route, Route::Hashed(_) | Route::Slots(_));
        if operation.token != 0 && asks_owner && route.node(operation.key, cx) != operation.holder {
            return operation.done();
        }
        operation.stage = Stage::Fill;
        self.ask(Side::Cache, PUT, operation, cx);
        Progress::Waits
    }

    /// The load has failed: whoever waits for it shall not wait for the lock's expiry.
    pub(super) fn give_up_lock(&mut self, operation: &Operation, cx: &mut Ctx<'_>) {
        if self.poll.is_some() && operation.token != 0 {
            let ask = Ask::new(operation.holder, UNLOCK, operation.key);
            cx.ask(Ask { token: operation.token, note: NOBODY, timeout: self.notice_timeout, ..ask });
        }
    }

    /// The pause is over.
    pub fn poll(&mut self, operation: &mut Operation, cx: &mut Ctx<'_>) {
        debug_assert_eq!(operation.stage, Stage::Pauses);
        self.read(operation, cx);
    }

    /// If the load is over, those who share it have their answer too (see [`Access::pop_landed`]).
    pub(super) fn land(&mut self, operation: &mut Operation, progress: &Progress) {
        if let (Progress::Done(answer), Some(flights)) = (progress, &mut self.flights) {
            operation.leads = false;
            flights.land(operation.key, operation.token, *answer);
        }
    }

    /// An operation, by its note, whose load another one has done, and the answer. The owner asks after each reply.
    #[inline]
    pub fn pop_landed(&mut self) -> Option<(u32, Answer)> {
        self.flights.as_mut()?.pop_landed()
    }
}
