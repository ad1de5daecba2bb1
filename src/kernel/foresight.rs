//! What can be done for an event before it comes: fetch what it is about (`prefetch.rs`).

use super::audits::Audits;
use super::call::{Call, Calls};
use super::component::Component;
use super::event::{Entry, Event, Packed};
use super::prefetch::prefetch;
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
/// look at, and last what that leads them to. Each round takes so long that what the one before has asked for is there.
pub(super) struct Fetch<'a> {
    pub calls: &'a Calls,
    pub requests: &'a Requests,
    pub audits: &'a Audits,
    pub components: &'a [Box<dyn Component>],
}

/// Entries that are told of at once: a bit for each says who wants to be asked again.
const TOLD_TOGETHER: usize = u64::BITS as usize;

impl Fetch<'_> {
    /// The open call that an event is about, and whether the event is its answer.
    #[inline(always)]
    fn call_of(&self, entry: &Entry) -> Option<(&Call, bool)> {
        let event = Some(entry.event).filter(|event| is_of_call(*event))?;
        Some((self.calls.get(event.call())?, event.kind() == Event::ANSWER))
    }

    /// What is known of the call is fetched, and the component that it comes to hears of it. Whether that wants to hear of it again.
    #[inline(always)]
    fn foretell(&self, call: &Call, returning: bool) -> bool {
        if returning && call.parent.is_none() {
            // A client will ask whether what it got is up to date.
            let (keys, place) = self.audits.of(call.caller).looks_at(call.key);
            prefetch(keys, place);
        }
        let node = if returning { call.caller } else { call.callee };
        self.components[node.index()].foresee(call, returning, self.requests.get(call.request))
    }

    #[inline(always)]
    fn fetch(&self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| is_of_call(entry.event)) {
            self.calls.prefetch(entry.event.call());
        }
        for (call, _) in entries.iter().filter_map(|entry| self.call_of(entry)) {
            self.requests.prefetch(call.request);
        }
        let mut again = 0_u64;
        for (place, entry) in entries.iter().enumerate() {
            let wants = self.call_of(entry).is_some_and(|(call, returning)| self.foretell(call, returning));
            again |= u64::from(wants) << place;
        }
        while again != 0 {
            if let Some((call, _)) = self.call_of(&entries[again.trailing_zeros() as usize]) {
                self.components[call.callee.index()].foresee_further(call);
            }
            again &= again - 1;
        }
    }
}

impl Foresight for Fetch<'_> {
    #[inline]
    fn soon(&self, entries: &[Entry]) {
        entries.chunks(TOLD_TOGETHER).for_each(|entries| self.fetch(entries));
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

        fn foresee(&self, call: &Call, returning: bool, request: Option<&Request>) -> bool {
            let user = request.map(|request| request.user);
            self.1.lock().expect("one thread").push((self.0, call.key, returning, user));
            !returning
        }

        fn foresee_further(&self, call: &Call) {
            self.1.lock().expect("one thread").push((self.0, call.key, false, None));
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
        let events = [
            Event::Deliver(asked, NodeId(1)),
            Event::Answer(answered, NodeId(0)),
            Event::Deliver(gone, NodeId(2)),
            Event::Grow(0),
        ];
        let entries = events.map(|event| Entry { time: 1, event: event.into() });
        let mut audits = Audits::new(10);
        components.iter().for_each(|_| audits.add_node());
        Fetch { calls: &calls, requests: &requests, audits: &audits, components: &components }.soon(&entries);
        let told = [(1, 5, false, Some(9)), (0, 6, true, Some(9)), (1, 5, false, None)];
        assert_eq!(*heard.lock().expect("one thread"), told, "the callee once more");
    }
}
