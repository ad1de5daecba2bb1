//! Everything of a simulation but its components: clock, calendar, calls, requests, books.

use super::audits::Audits;
use super::background::Backgrounds;
use super::book::Book;
use super::calendar::Calendar;
use super::call::{Answer, Ask, Call, CallId, Calls, Phase, Reply, Status, TimeoutClass};
use super::component::Component;
use super::digest::Digest;
use super::event::{Entry, Event, NodeId, Packed, Stamp};
use super::foresight::Fetch;
use super::held::Held;
use super::held_up::HeldUp;
use super::journal::Journal;
use super::lane::Lane;
use super::ledger::Ledger;
use super::node::{Health, Node};
use super::parcel::Parcels;
use super::rarely::rarely;
use super::request::{Outcome, RequestId, Requests};
use super::time::Time;
use super::timers::Timeouts;
use super::transit::{HELD_UP, LOST, Message, Transit};
use std::collections::BTreeMap;

/// All of a simulation but its components.
///
/// The order of the fields is fixed: what is looked at with every event comes first. The first 128 bytes are addressed by a byte in the code,
/// what lies behind them by four, and less code is more often at hand.
#[repr(C)]
pub struct Core {
    pub(super) now: Time,
    /// What happens now: later in order than every calendar entry of this time, since those were made earlier.
    lane: Lane,
    pub(super) digest: Digest,
    /// Events but for those that the ledger counts: calls taken in and answers heard.
    pub(super) others: u64,
    /// No node has died or stood still so far: whatever comes to one finds it at work, as in all runs without faults and until the first one
    /// in others. One look at this spares one at the node for every event.
    pub(super) calm: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) calls: Calls,
    pub(super) requests: Requests,
    /// What the timers of each node's present life begin with.
    pub(super) stamps: Vec<Stamp>,
    pub(super) ledger: Ledger,
    pub(super) transit: Box<dyn Transit>,
    /// How long what comes in now has waited at the door of a node that stood still.
    pub(super) waited: Time,
    calendar: Calendar,
    pub(super) book: Book,
    pub(super) audits: Audits,
    pub(super) timeouts: Timeouts,
    /// Events that came to each node while it hung.
    pub(super) held: Vec<Held>,
    pub(super) held_up: Vec<HeldUp>,
    /// Who takes calls to a node while it is down, by the node's index.
    pub(super) stand_ins: Vec<NodeId>,
    /// What each node draws by for itself (see [`super::Ctx::phase`]).
    pub(super) labels: Vec<u64>,
    pub(super) parcels: Parcels,
    pub(super) backgrounds: Backgrounds,
    pub(super) seed: u64,
    pub(super) replication: u64,
    /// Calls of nodes that have died, by whose fate versions stand or fall: those behind the one that is named.
    pub(super) left_behind: BTreeMap<u64, u32>,
    pub(super) journal: Journal,
}

impl Core {
    pub(super) fn new(seed: u64, replication: u64, keys: u64, transit: Box<dyn Transit>) -> Self {
        Core {
            now: 0,
            waited: 0,
            calendar: Calendar::new(),
            lane: Lane::default(),
            calls: Calls::default(),
            requests: Requests::default(),
            timeouts: Timeouts::default(),
            calm: true,
            nodes: Vec::new(),
            stamps: Vec::new(),
            held: Vec::new(),
            held_up: Vec::new(),
            stand_ins: Vec::new(),
            labels: Vec::new(),
            transit,
            audits: Audits::new(keys),
            parcels: Parcels::default(),
            book: Book::default(),
            backgrounds: Backgrounds::new(seed, replication),
            seed,
            replication,
            left_behind: BTreeMap::new(),
            ledger: Ledger::default(),
            digest: Digest::default(),
            journal: Journal::default(),
            others: 0,
        }
    }

    /// A copy, for another future.
    pub(super) fn fork(&self) -> Self {
        Core {
            now: self.now,
            waited: 0,
            calendar: self.calendar.clone(),
            lane: self.lane.clone(),
            calls: self.calls.clone(),
            requests: self.requests.clone(),
            timeouts: self.timeouts.clone(),
            nodes: self.nodes.clone(),
            stamps: self.stamps.clone(),
            held: self.held.clone(),
            held_up: self.held_up.clone(),
            stand_ins: self.stand_ins.clone(),
            labels: self.labels.clone(),
            transit: self.transit.fork(),
            audits: self.audits.clone(),
            parcels: self.parcels.clone(),
            book: self.book.clone(),
            backgrounds: self.backgrounds.clone(),
            journal: self.journal.clone(),
            left_behind: self.left_behind.clone(),
            ..*self
        }
    }

    pub(super) fn add_node(&mut self, id: NodeId) {
        let linked = self.transit.has_link(id);
        self.nodes.push(Node { health: Health::Up, epoch: 0, linked });
        self.stamps.push(Stamp::new(id, 0));
        self.held.push(Held::default());
        self.labels.push(u64::from(id.0));
        self.audits.add_node();
    }

    /// The network learns of a new node, before it is added.
    pub(super) fn place(&mut self, node: NodeId, group: u16) {
        self.transit.place(node, group);
    }

    /// A node does something now.
    #[inline(always)]
    pub(super) fn note(&mut self, node: NodeId, kind: u64) {
        self.digest.add(self.now, node, kind);
    }

    #[inline(always)]
    pub(super) fn schedule(&mut self, at: Time, event: impl Into<Packed>) {
        if at <= self.now {
            rarely();
            self.lane.push(event.into());
        } else {
            self.calendar.push(at, event.into());
        }
    }

    /// The next event before `end`, if `now` is.
    #[inline(always)]
    pub(super) fn next_event(&mut self, end: Time, components: &[Box<dyn Component>]) -> Option<Packed> {
        if self.lane.is_empty() {
            let entry = self.take_entry(end, components)?;
            self.now = entry.time;
            return Some(entry.event);
        }
        if self.calendar.has_more_at(self.now) {
            rarely();
            return self.calendar.take_before(Time::MAX).map(|entry| entry.event);
        }
        Some(self.lane.pop())
    }

    #[inline(always)]
    fn take_entry(&mut self, end: Time, components: &[Box<dyn Component>]) -> Option<Entry> {
        self.calendar.take_before(end).or_else(|| self.take_behind(end, components))
    }

    /// Nothing at hand is due before `end`: is anything behind it?
    #[inline(never)]
    fn take_behind(&mut self, end: Time, components: &[Box<dyn Component>]) -> Option<Entry> {
        if !self.calendar.must_refill() {
            return None;
        }
        let Core { calls, requests, audits, .. } = self;
        self.calendar.refill(&Fetch { calls, requests, audits, components });
        self.calendar.take_before(end)
    }

    #[inline(always)]
    pub(super) fn ask(&mut self, caller: NodeId, ask: &Ask) -> CallId {
        self.ledger.asked += 1;
        let (id, call) = self.calls.take_in(Call::asked(caller, ask, self.now));
        let event = Event::Deliver(id, ask.to).into();
        let delay = delay(&self.nodes, &mut *self.transit, &self.requests, call, false);
        // The time-out stands in both branches, so that nobody looks again behind it how long the way is.
        if delay == 0 {
            self.start_timeout(ask, id);
            self.lane.push(event);
        } else {
            self.start_timeout(ask, id);
            self.set_out(event, delay);
        }
        id
    }

    #[inline(always)]
    fn start_timeout(&mut self, ask: &Ask, id: CallId) {
        if let Some(class) = ask.timeout {
            self.set_timeout(class, id);
        }
    }

    #[inline(never)]
    fn set_timeout(&mut self, class: TimeoutClass, id: CallId) {
        let calls = &self.calls;
        let waits = |id| calls.get(id).is_some_and(|call| call.phase.has(Phase::WAITING));
        if let Some(at) = self.timeouts.set(class, self.now, id, waits) {
            self.schedule(at, Event::Expiry(class.0));
        }
    }

    /// A question or an answer comes after this delay, which the network has said.
    #[inline(always)]
    fn set_out(&mut self, event: Packed, delay: Time) {
        match delay {
            0 => self.lane.push(event),
            LOST.. => {
                rarely();
                self.set_out_far(event, delay);
            }
            delay => self.calendar.push(self.now + delay, event),
        }
    }

    /// It gets lost, or goes over a way that is more than a delay.
    #[inline(never)]
    fn set_out_far(&mut self, event: Packed, delay: Time) {
        if delay != HELD_UP {
            return self.stop_moving(event.call());
        }
        let Some(call) = self.calls.get(event.call()) else { return };
        let returning = event.kind() == Event::ANSWER;
        let message = Message::of(call, call.ends(returning), returning, self.now);
        match self.transit.transit(&message, &mut self.requests, &self.calls) {
            Some(0) => self.lane.push(event),
            Some(HELD_UP) => self.hold_up(&message, event),
            Some(delay) => self.calendar.push(self.now + delay, event),
            None => self.stop_moving(event.call()), // lost: the caller waits for its time-out
        }
    }

    #[cold]
    pub(super) fn stop_moving(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(id) {
            call.phase.clear(Phase::MOVING);
        }
        self.close_if_over(id);
    }

    #[inline]
    pub(super) fn close_if_over(&mut self, id: CallId) {
        if self.calls.get(id).is_some_and(|call| call.phase.is_over()) {
            if !self.left_behind.is_empty() {
                self.end_left_behind(id);
            }
            self.calls.remove(id);
        }
    }

    #[inline(always)]
    pub(super) fn reply(&mut self, id: CallId, answer: &Answer) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if !call.phase.has(Phase::OPEN) {
            return;
        }
        call.phase.clear(Phase::OPEN);
        self.ledger.replied += 1;
        if call.phase.has(Phase::WAITING) {
            call.carry(answer);
            let caller = call.caller;
            let delay = delay(&self.nodes, &mut *self.transit, &self.requests, call, true);
            self.set_out(Event::Answer(id, caller).into(), delay);
        } else {
            self.reply_to_nobody(id, answer.status);
        }
    }

    /// The caller is told that the callee's process is gone, and whether it had begun (see [`Reply::was_refused`]).
    #[cold]
    pub(super) fn send_reset(&mut self, id: CallId, begun: bool) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if !call.phase.has(Phase::WAITING) {
            return self.close_if_over(id);
        }
        call.carry(&Answer { version: u32::from(begun), ..Answer::of(Status::Reset) });
        let caller = call.caller;
        let delay = delay(&self.nodes, &mut *self.transit, &self.requests, call, true);
        self.set_out(Event::Answer(id, caller).into(), delay);
    }

    #[inline(always)]
    pub(super) fn finish(&mut self, id: RequestId, outcome: Outcome) {
        if let Some(request) = self.requests.get(id) {
            let wanted = (request.class, request.intended);
            self.requests.remove(id);
            self.book.finish(wanted, outcome, self.now);
        }
    }

    /// A question arrives at its callee, which is up. Whether it is still to be answered.
    #[inline(always)]
    pub(super) fn arrive(&mut self, id: CallId, callee: NodeId) -> bool {
        let Some(call) = self.calls.get_mut(id) else { return false };
        debug_assert_eq!(call.callee, callee);
        call.phase.clear(Phase::MOVING);
        call.phase.set(Phase::OPEN);
        self.ledger.opened += 1;
        self.note(callee, Event::DELIVER);
        true
    }

    #[cold]
    fn come_late(&mut self, id: CallId) {
        let is_work = self.calls.get(id).is_some_and(|call| !call.is_reset());
        self.ledger.late += u64::from(is_work);
        self.stop_moving(id);
    }

    /// An answer arrives at its caller: the reply, if that waits for it.
    #[inline(always)]
    pub(super) fn take_answer(&mut self, id: CallId, caller: NodeId) -> Option<Reply> {
        let call = self.calls.get_mut(id)?;
        debug_assert_eq!(call.caller, caller);
        let hangs = !self.calm && self.nodes[caller.index()].health == Health::Hung;
        if !call.phase.has(Phase::WAITING) || hangs {
            self.leave_answer(id, caller);
            return None;
        }
        call.phase.clear(Phase::MOVING);
        call.phase.clear(Phase::WAITING);
        let is_over = call.phase.is_over();
        let reply = call.reply(id);
        if is_over {
            self.calls.remove(id);
        }
        self.ledger.answered += 1;
        self.note(caller, Event::ANSWER);
        Some(reply)
    }

    /// Nobody waits for an answer any more, or its caller hangs.
    #[cold]
    fn leave_answer(&mut self, id: CallId, caller: NodeId) {
        match self.calls.get(id) {
            Some(call) if call.phase.has(Phase::WAITING) => self.hold(caller, Event::Answer(id, caller)),
            _ => self.come_late(id),
        }
    }

    #[cold]
    pub(super) fn expire(&mut self, line: u32) {
        let calls = &self.calls;
        let waits = |id| calls.get(id).is_some_and(|call| call.phase.has(Phase::WAITING));
        while let Some(id) = self.timeouts.pop_due(line, self.now) {
            if waits(id) {
                self.lane.push(Event::Overdue(id).into());
            }
        }
        if let Some(at) = self.timeouts.next_due(line, waits) {
            self.schedule(at, Event::Expiry(line));
        }
    }

    #[cold]
    pub(super) fn hold(&mut self, node: NodeId, event: Event) {
        self.held[node.index()].push(event, self.now);
    }
}

/// How long the question of a call, or its answer, is on its way (see [`Transit::delay`]). Most within a tier take no time, and the network is
/// not asked. Apart from the core, so that who asks has the call at hand and need not look for it again.
#[inline(always)]
fn delay(
    nodes: &[Node],
    transit: &mut dyn Transit,
    requests: &Requests,
    call: &Call,
    returning: bool,
) -> Time {
    let (from, to) = call.ends(returning);
    let linked = nodes[from.index()].linked && nodes[to.index()].linked;
    if linked { transit.delay((from, to), call, returning, requests) } else { 0 }
}
