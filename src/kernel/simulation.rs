//! The loop: take the next event, hand it to its component.

use super::book::Book;
use super::calendar::Calendar;
use super::call::{Answer, Ask, Call, CallId, Calls, Phase, Reply, Status};
use super::component::{Component, Control};
use super::ctx::Ctx;
use super::digest::Digest;
use super::event::{Event, NodeId, Packed};
use super::ledger::Ledger;
use super::readings::Readings;
use super::request::{Outcome, RequestId, Requests};
use super::time::Time;
use super::timers::Timeouts;
use super::transit::{LinkCommand, Message, Transit};
use crate::audit::Audit;
use crate::random::stream::Stream;
use std::collections::VecDeque;

/// Whether a node works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// Works.
    Up,
    /// The process is gone: connections are refused.
    Refusing,
    /// The machine is gone: silence.
    Silent,
    /// Stopped; everything waits for it.
    Hung,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    health: Health,
    /// Counts crashes: timers of an earlier life do not go off.
    pub(super) epoch: u16,
    /// Events that came while it hung.
    held: Vec<Event>,
}

/// All of a simulation but its components.
pub struct Core {
    pub(super) now: Time,
    calendar: Calendar,
    /// What happens now: later in order than every calendar entry of this time, since those were made earlier.
    lane: VecDeque<Packed>,
    pub(super) calls: Calls,
    pub(super) requests: Requests,
    pub(super) timeouts: Timeouts,
    pub(super) nodes: Vec<Node>,
    transit: Box<dyn Transit>,
    /// Which nodes have links (see [`Transit::has_link`]).
    linked: Vec<bool>,
    pub(super) audit: Audit,
    pub(super) book: Book,
    pub(super) background: Stream,
    pub(super) seed: u64,
    pub(super) replication: u64,
    ledger: Ledger,
    digest: Digest,
    events: u64,
}

impl Core {
    #[inline(always)]
    pub(super) fn schedule(&mut self, at: Time, event: Event) {
        if at <= self.now {
            self.lane.push_back(event.into());
        } else {
            self.calendar.push(at, event.into());
        }
    }

    #[inline(always)]
    fn next_event(&mut self, end: Time) -> Option<Packed> {
        if self.lane.is_empty() {
            let entry = self.calendar.pop_before(end)?;
            self.now = entry.time;
            return Some(entry.event);
        }
        if self.now >= end {
            return None; // what was done at the end waits for the next run: the end is not in this one
        }
        if self.calendar.next_time() == Some(self.now) {
            return self.calendar.pop_before(Time::MAX).map(|entry| entry.event);
        }
        self.lane.pop_front()
    }

    #[inline(always)]
    pub(super) fn ask(&mut self, caller: NodeId, ask: &Ask) -> CallId {
        let call = Call::asked(caller, ask, self.now);
        self.ledger.asked += 1;
        let id = self.calls.insert(call);
        if let Some(class) = ask.timeout
            && let Some(at) = self.timeouts.set(class, self.now, id)
        {
            self.schedule(at, Event::Expiry(class.0));
        }
        match self.transit(&Call::question(caller, ask)) {
            Some(delay) => self.schedule(self.now + delay, Event::Deliver(id)),
            None => self.stop_moving(id), // lost: the caller waits for its time-out
        }
        id
    }

    /// Time on the way; `None` if the message gets lost.
    #[inline(always)]
    fn transit(&mut self, message: &Message) -> Option<Time> {
        if !(self.linked[message.from.index()] && self.linked[message.to.index()]) {
            return Some(0);
        }
        self.transit.transit(message, &self.requests)
    }

    fn stop_moving(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(id) {
            call.phase.clear(Phase::MOVING);
        }
        self.close_if_over(id);
    }

    #[inline]
    fn close_if_over(&mut self, id: CallId) {
        if self.calls.get(id).is_some_and(|call| call.phase.is_over()) {
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
        let message = call.carry(answer);
        self.ledger.replied += 1;
        self.send_answer(id, message);
    }

    /// Sends an answer on its way, unless nobody waits for it (no message).
    #[inline(always)]
    fn send_answer(&mut self, id: CallId, message: Option<Message>) {
        let Some(message) = message else {
            self.ledger.late += 1;
            return self.close_if_over(id);
        };
        match self.transit(&message) {
            Some(delay) => self.schedule(self.now + delay, Event::Answer(id)),
            None => self.stop_moving(id),
        }
    }

    /// The caller is told that the callee's process is gone.
    fn send_reset(&mut self, id: CallId) {
        let message = self.calls.get_mut(id).and_then(|call| call.carry(&Answer::of(Status::Reset)));
        self.send_answer(id, message);
    }

    pub(super) fn abandon(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.phase.has(Phase::WAITING) {
            call.phase.clear(Phase::WAITING);
            self.ledger.abandoned += 1;
            self.close_if_over(id);
        }
    }

    #[inline]
    pub(super) fn finish(&mut self, id: RequestId, outcome: Outcome) {
        if let Some(request) = self.requests.get(id) {
            self.book.finish(request, outcome, self.now);
            self.requests.remove(id);
        }
    }

    /// A question arrives. The callee, if it is there to take it.
    #[inline(always)]
    fn arrive(&mut self, id: CallId) -> Option<NodeId> {
        let call = self.calls.get_mut(id)?;
        let callee = call.callee;
        match self.nodes[callee.index()].health {
            Health::Up => {
                call.phase.clear(Phase::MOVING);
                call.phase.set(Phase::OPEN);
                self.ledger.opened += 1;
                Some(callee)
            }
            Health::Refusing => {
                call.phase.clear(Phase::MOVING);
                self.send_reset(id);
                None
            }
            Health::Silent => {
                self.stop_moving(id);
                None
            }
            Health::Hung => self.hold(callee, Event::Deliver(id)),
        }
    }

    /// An answer arrives. The reply, if somebody waits for it.
    #[inline(always)]
    fn take_answer(&mut self, id: CallId) -> Option<(NodeId, Reply)> {
        let call = self.calls.get_mut(id)?;
        let caller = call.caller;
        if call.phase.has(Phase::WAITING) && self.nodes[caller.index()].health == Health::Hung {
            return self.hold(caller, Event::Answer(id));
        }
        call.phase.clear(Phase::MOVING);
        if !call.phase.has(Phase::WAITING) {
            self.ledger.late += 1;
            self.close_if_over(id);
            return None;
        }
        call.phase.clear(Phase::WAITING);
        self.ledger.answered += 1;
        let reply = call.reply(id);
        if call.phase.is_over() {
            self.calls.remove(id);
        }
        Some((caller, reply))
    }

    /// A caller has waited long enough. The reply that says so, if it still waits.
    fn time_out(&mut self, id: CallId) -> Option<(NodeId, Reply)> {
        let call = self.calls.get(id)?;
        if !call.phase.has(Phase::WAITING) {
            return None;
        }
        let caller = call.caller;
        if self.nodes[caller.index()].health == Health::Hung {
            return self.hold(caller, Event::Overdue(id));
        }
        let reply = Reply { status: Status::TimedOut, version: 0, bytes: 0, ..call.reply(id) };
        self.abandon(id);
        Some((caller, reply))
    }

    fn expire(&mut self, line: u32) {
        while let Some(id) = self.timeouts.pop_due(line, self.now) {
            self.lane.push_back(Event::Overdue(id).into());
        }
        let calls = &self.calls;
        let waits = |id| calls.get(id).is_some_and(|call| call.phase.has(Phase::WAITING));
        if let Some(at) = self.timeouts.next_due(line, waits) {
            self.schedule(at, Event::Expiry(line));
        }
    }

    fn hold<T>(&mut self, node: NodeId, event: Event) -> Option<T> {
        self.nodes[node.index()].held.push(event);
        None
    }

    fn timer_goes_off(&mut self, node: NodeId, epoch: u16, event: Event) -> bool {
        let state = &mut self.nodes[node.index()];
        if state.health == Health::Hung {
            state.held.push(event);
            return false;
        }
        state.epoch == epoch && state.health == Health::Up
    }

    /// The node's process or machine dies: its open calls end, its own questions are nobody's any more.
    fn crash(&mut self, node: NodeId, health: Health) {
        let state = &mut self.nodes[node.index()];
        state.health = health;
        state.epoch = state.epoch.wrapping_add(1);
        let held = std::mem::take(&mut state.held);
        let touched: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        for id in touched {
            self.crash_call(id, node, health);
        }
        for event in held {
            self.schedule(self.now, event); // questions on the wire arrive at a dead node after all
        }
    }

    fn crash_call(&mut self, id: CallId, node: NodeId, health: Health) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (caller, callee) = (call.caller, call.callee);
        if caller == node {
            self.abandon(id);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        if callee == node && call.phase.has(Phase::OPEN) {
            call.phase.clear(Phase::OPEN);
            self.ledger.reset += 1;
            if health == Health::Refusing {
                self.send_reset(id);
            } else {
                self.close_if_over(id);
            }
        }
    }

    fn recover(&mut self, node: NodeId) {
        let state = &mut self.nodes[node.index()];
        state.health = Health::Up;
        for event in std::mem::take(&mut state.held) {
            self.schedule(self.now, event);
        }
    }
}

/// A running world: components and everything that is under way between them.
pub struct Simulation {
    components: Vec<Box<dyn Component>>,
    core: Core,
    started: bool,
}

impl Simulation {
    /// A world without nodes. `keys` is the expected number of data keys, for the audit.
    pub fn new(seed: u64, replication: u64, keys: u64, transit: Box<dyn Transit>) -> Self {
        let core = Core {
            now: 0,
            calendar: Calendar::new(),
            lane: VecDeque::new(),
            calls: Calls::default(),
            requests: Requests::default(),
            timeouts: Timeouts::default(),
            nodes: Vec::new(),
            transit,
            linked: Vec::new(),
            audit: Audit::new(keys),
            book: Book::default(),
            background: Stream::named(seed, replication, "background"),
            seed,
            replication,
            ledger: Ledger::default(),
            digest: Digest::default(),
            events: 0,
        };
        Simulation { components: Vec::new(), core, started: false }
    }

    /// Places a component.
    pub fn add(&mut self, component: Box<dyn Component>) -> NodeId {
        assert!(self.components.len() < NodeId::NONE.index(), "at most 65,534 nodes");
        let id = NodeId(self.components.len() as u16);
        self.components.push(component);
        self.core.linked.push(self.core.transit.has_link(id));
        self.core.nodes.push(Node { health: Health::Up, epoch: 0, held: Vec::new() });
        id
    }

    /// Lets everything happen that is due before `end`; the clock then stands at `end`.
    pub fn run_until(&mut self, end: Time) {
        self.start();
        while let Some(event) = self.core.next_event(end) {
            self.dispatch(event);
        }
        self.core.now = self.core.now.max(end);
    }

    /// Starts the components, once; `run_until` does it if nobody has.
    pub fn start(&mut self) {
        if !std::mem::replace(&mut self.started, true) {
            for (index, component) in self.components.iter_mut().enumerate() {
                component.on_start(&mut Ctx { core: &mut self.core, node: NodeId(index as u16) });
            }
        }
    }

    /// Runs at most `most` events due before `end`; false when none is left.
    pub fn step(&mut self, end: Time, most: u64) -> bool {
        self.start();
        for _ in 0..most {
            match self.core.next_event(end) {
                Some(event) => self.dispatch(event),
                None => {
                    self.core.now = self.core.now.max(end);
                    return false;
                }
            }
        }
        true
    }

    #[inline(always)]
    fn dispatch(&mut self, event: Packed) {
        let event = Event::from(event);
        let kind = event.kind();
        match event {
            Event::Deliver(call) => {
                if let Some(node) = self.core.arrive(call) {
                    let (component, mut cx) = self.enter(node, kind);
                    component.on_call(call, &mut cx);
                }
            }
            Event::Answer(call) => {
                if let Some((node, reply)) = self.core.take_answer(call) {
                    let (component, mut cx) = self.enter(node, kind);
                    component.on_reply(reply, &mut cx);
                }
            }
            Event::Overdue(call) => {
                if let Some((node, reply)) = self.core.time_out(call) {
                    let (component, mut cx) = self.enter(node, kind);
                    component.on_reply(reply, &mut cx);
                }
            }
            Event::Timer { epoch, node, tag, data } => {
                if self.core.timer_goes_off(node, epoch, event) {
                    let (component, mut cx) = self.enter(node, kind);
                    component.on_timer(super::event::Timer { tag, data }, &mut cx);
                }
            }
            Event::Expiry(line) => self.core.expire(line),
        }
    }

    #[inline]
    fn enter(&mut self, node: NodeId, kind: u64) -> (&mut Box<dyn Component>, Ctx<'_>) {
        self.core.events += 1;
        self.core.digest.add(self.core.now, node, kind);
        (&mut self.components[node.index()], Ctx { core: &mut self.core, node })
    }

    /// Does something to a node, before anything else that is due now. A node that is down is not told of
    /// anything but its recovery.
    pub fn control(&mut self, node: NodeId, control: Control) {
        self.start();
        let health = self.core.nodes[node.index()].health;
        let mut control = control;
        if control.verb == Control::RECOVER {
            control.arg = u64::from(health != Health::Hung);
        }
        match (control.verb, health) {
            (Control::CRASH_PROCESS, Health::Up | Health::Hung) => self.core.crash(node, Health::Refusing),
            (Control::CRASH_HOST, Health::Up | Health::Hung | Health::Refusing) => {
                self.core.crash(node, Health::Silent);
            }
            (Control::HANG, Health::Up) => self.core.nodes[node.index()].health = Health::Hung,
            (Control::RECOVER, Health::Refusing | Health::Silent | Health::Hung) => self.core.recover(node),
            (verb, Health::Up | Health::Hung) if verb >= Control::SPEED => {}
            _ => return,
        }
        let (component, mut cx) = self.enter(node, 8 + u64::from(control.verb));
        component.on_control(control, &mut cx);
    }

    /// Does something to the network.
    pub fn link(&mut self, command: LinkCommand) {
        let core = &mut self.core;
        core.transit.command(command);
        for (node, linked) in core.linked.iter_mut().enumerate() {
            *linked = core.transit.has_link(NodeId(node as u16));
        }
    }

    /// The warm-up ends: counters that are not read as differences begin anew.
    pub fn measure_from_now(&mut self) {
        let now = self.core.now;
        self.core.book.measure_from(now);
        self.core.audit.count_from(now);
        self.components.iter_mut().for_each(|component| component.restart_maxima(now));
    }

    /// What a node has to tell.
    pub fn readings(&self, node: NodeId, detailed: bool) -> Readings {
        let mut readings = Readings::new(detailed);
        self.components[node.index()].measure(self.core.now, &mut readings);
        readings
    }

    /// Checks that nothing vanished. The text says what did.
    pub fn check_conservation(&self) -> Result<(), String> {
        self.core.ledger.check(&self.core.calls)?;
        self.core.book.check(&self.core.requests)
    }

    /// A copy of everything, for another future.
    pub fn fork(&self) -> Simulation {
        let core = &self.core;
        let core = Core {
            now: core.now,
            calendar: core.calendar.clone(),
            lane: core.lane.clone(),
            calls: core.calls.clone(),
            requests: core.requests.clone(),
            timeouts: core.timeouts.clone(),
            nodes: core.nodes.clone(),
            transit: core.transit.fork(),
            linked: core.linked.clone(),
            audit: core.audit.clone(),
            book: core.book.clone(),
            background: core.background.clone(),
            ..*core
        };
        let components = self.components.iter().map(|component| component.fork()).collect();
        Simulation { components, core, started: self.started }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.components.len()
    }

    /// Whether a node works.
    pub fn health(&self, node: NodeId) -> Health {
        self.core.nodes[node.index()].health
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.core.events
    }

    /// Fingerprint of the events so far.
    pub fn digest(&self) -> u64 {
        self.core.digest.value()
    }

    /// The books of calls.
    pub fn ledger(&self) -> &Ledger {
        &self.core.ledger
    }

    /// The open calls.
    pub fn calls(&self) -> &Calls {
        &self.core.calls
    }

    /// The open requests.
    pub fn requests(&self) -> &Requests {
        &self.core.requests
    }

    /// The book of requests.
    pub fn book(&self) -> &Book {
        &self.core.book
    }

    /// The book of requests, to take its window.
    pub fn book_mut(&mut self) -> &mut Book {
        &mut self.core.book
    }

    /// What was stale or lost.
    pub fn audit(&self) -> &Audit {
        &self.core.audit
    }
}
