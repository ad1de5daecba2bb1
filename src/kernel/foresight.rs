//! What can be done for an event before it comes: fetch what it is about (`prefetch.rs`).

use super::call::Calls;
use super::event::{Event, Packed};
use super::request::Requests;

/// Who is told of events before they come. Nothing that happens depends on it.
pub trait Foresight {
    /// This event comes soon.
    fn soon(&self, event: Packed);
    /// This event is among the very next; if there was time, `soon` told of it.
    fn next(&self, event: Packed);
}

/// Nobody.
pub struct Blind;

impl Foresight for Blind {
    fn soon(&self, _: Packed) {}
    fn next(&self, _: Packed) {}
}

/// Fetches the call of an event that comes soon, and then the request that it serves, which only the call knows.
pub(super) struct Fetch<'a> {
    pub calls: &'a Calls,
    pub requests: &'a Requests,
}

impl Foresight for Fetch<'_> {
    #[inline(always)]
    fn soon(&self, event: Packed) {
        if is_of_call(event) {
            self.calls.prefetch(event.call());
        }
    }

    #[inline(always)]
    fn next(&self, event: Packed) {
        if is_of_call(event)
            && let Some(call) = self.calls.get(event.call())
        {
            self.requests.prefetch(call.request);
        }
    }
}

#[inline(always)]
fn is_of_call(event: Packed) -> bool {
    matches!(event.kind(), Event::DELIVER | Event::ANSWER)
}
