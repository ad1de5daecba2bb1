//! What can be done for an event before it comes: fetch what it is about (`prefetch.rs`).

use super::call::{Call, Calls};
use super::component::Component;
use super::event::{Entry, Event, Packed};
use super::request::Requests;

/// Who is told of events before they come. Nothing that happens depends on it.
pub trait Foresight {
    /// These events come soon.
    fn soon(&self, entries: &[Entry]);
}

/// Nobody.
pub struct Blind;

impl Foresight for Blind {
    fn soon(&self, _: &[Entry]) {}
}

/// Fetches the calls of events that come soon; then the requests that they serve, which only the calls know; then what the components will
/// look at. Each round takes so long that what the one before has asked for is there.
pub(super) struct Fetch<'a> {
    pub calls: &'a Calls,
    pub requests: &'a Requests,
    pub components: &'a [Box<dyn Component>],
}

impl Fetch<'_> {
    /// The open calls that these events are about, and whether the event is their answer.
    #[inline(always)]
    fn calls_of<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = (&'a Call, bool)> {
        let of_calls = entries.iter().map(|entry| entry.event).filter(|event| is_of_call(*event));
        of_calls.filter_map(|event| Some((self.calls.get(event.call())?, event.kind() == Event::ANSWER)))
    }
}

impl Foresight for Fetch<'_> {
    #[inline]
    fn soon(&self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| is_of_call(entry.event)) {
            self.calls.prefetch(entry.event.call());
        }
        for (call, _) in self.calls_of(entries) {
            self.requests.prefetch(call.request);
        }
        for (call, returning) in self.calls_of(entries) {
            let node = if returning { call.caller } else { call.callee };
            self.components[node.index()].foresee(call, returning, self.requests.get(call.request));
        }
    }
}

#[inline(always)]
fn is_of_call(event: Packed) -> bool {
    matches!(event.kind(), Event::DELIVER | Event::ANSWER)
}

#[cfg(test)]
mod tests {
    use super::super::request::Request;
    use super::*;
    use crate::kernel::{Ask, CallId, Ctx, NodeId};
    use crate::random::draw::DrawKey;
    use std::sync::{Arc, Mutex};

    type Heard = Arc<Mutex<Vec<(u16, u64, bool, Option<u32>)>>>;

    /// Notes what it is told: its number, the call's key, whether it is an answer, the request's user.
    struct Listener(u16, Heard);

    impl Component for Listener {
        fn on_call(&mut self, _: CallId, _: &mut Ctx<'_>) {}

        fn foresee(&self, call: &Call, returning: bool, request: Option<&Request>) {
            let user = request.map(|request| request.user);
            self.1.lock().expect("one thread").push((self.0, call.key, returning, user));
        }

        fn fork(&self) -> Box<dyn Component> {
            Box::new(Listener(self.0, self.1.clone()))
        }
    }

    #[test]
    fn who_is_asked_hears_of_a_call_and_who_asked_of_its_answer() {
        let heard = Heard::default();
        let components: Vec<Box<dyn Component>> =
            (0..3).map(|node| Box::new(Listener(node, heard.clone())) as _).collect();
        let (mut calls, mut requests) = (Calls::default(), Requests::default());
        let mut request = Request::new(NodeId(0), 0, DrawKey(0), 0, 0);
        request.user = 9;
        let request = requests.insert(request);
        let mut call = |to, key, request| {
            calls.insert(Call::asked(NodeId(0), &Ask { request, ..Ask::new(NodeId(to), 1, key) }, 0))
        };
        let (asked, answered, gone) = (call(1, 5, request), call(2, 6, request), call(2, 7, request));
        calls.remove(gone);
        let events = [Event::Deliver(asked), Event::Answer(answered), Event::Deliver(gone), Event::Grow(0)];
        let entries = events.map(|event| Entry { time: 1, event: event.into() });
        Fetch { calls: &calls, requests: &requests, components: &components }.soon(&entries);
        assert_eq!(*heard.lock().expect("one thread"), [(1, 5, false, Some(9)), (0, 6, true, Some(9))]);
    }
}
