//! The loop: take the next event, hand it to its component.

use super::book::Book;
use super::call::{CallId, Calls};
use super::component::{Component, Control};
use super::core::Core;
use super::ctx::Ctx;
use super::dark::Dark;
use super::event::{Event, NodeId, Packed};
use super::growth::{Barren, Membership, Nursery};
use super::journal::Journal;
use super::ledger::Ledger;
use super::node::Health;
use super::readings::Readings;
use super::request::Requests;
use super::time::Time;
use super::transit::{End, LinkCommand, Transit};
use crate::audit::Audit;

/// A running world: components and everything that is under way between them.
pub struct Simulation {
    components: Vec<Box<dyn Component>>,
    pub(super) core: Core,
    started: bool,
    pub(super) nursery: Box<dyn Nursery>,
    pub(super) memberships: Vec<Membership>,
    /// News for nodes that are down.
    pub(super) missed: Vec<(NodeId, Control)>,
    pub(super) dark: Dark,
}

impl Simulation {
    /// A world without nodes. `keys` is the expected number of data keys, for the audit.
    pub fn new(seed: u64, replication: u64, keys: u64, transit: Box<dyn Transit>) -> Self {
        let core = Core::new(seed, replication, keys, transit);
        Simulation {
            components: Vec::new(),
            core,
            started: false,
            nursery: Box::new(Barren),
            memberships: Vec::new(),
            missed: Vec::new(),
            dark: Dark::default(),
        }
    }

    /// Places a component.
    pub fn add(&mut self, component: Box<dyn Component>) -> NodeId {
        assert!(self.components.len() < NodeId::NONE.index(), "at most 65,534 nodes");
        let id = NodeId(self.components.len() as u16);
        self.components.push(component);
        self.core.add_node(id);
        id
    }

    /// What the node is called, mixed into one word: what it draws for itself then depends neither on its index nor on the variant.
    pub fn label(&mut self, node: NodeId, label: u64) {
        self.core.labels[node.index()] = label;
    }

    /// Lets everything happen that is due before `end`; the clock then stands at `end`.
    pub fn run_until(&mut self, end: Time) {
        self.start();
        if self.core.now >= end {
            return; // what was done at the end waits for the next run: the end is not in this one
        }
        while let Some(event) = self.core.next_event(end, &self.components) {
            self.dispatch(event);
        }
        self.core.now = end;
    }

    /// Starts the components, once; `run_until` does it if nobody has.
    pub fn start(&mut self) {
        if !std::mem::replace(&mut self.started, true) {
            for index in 0..self.components.len() {
                self.start_node(NodeId(index as u16));
            }
        }
    }

    pub(super) fn start_node(&mut self, node: NodeId) {
        self.components[node.index()].on_start(&mut Ctx::new(&mut self.core, node));
    }

    /// Runs at most `most` events due before `end`; false when none is left.
    pub fn step(&mut self, end: Time, most: u64) -> bool {
        self.start();
        if self.core.now >= end {
            return false;
        }
        for _ in 0..most {
            match self.core.next_event(end, &self.components) {
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
    pub(super) fn dispatch(&mut self, event: Packed) {
        match event.kind() {
            Event::DELIVER => {
                let (call, node) = (event.call(), event.node());
                if self.core.is_up(node) {
                    self.components[node.index()].call_comes(call, node, &mut self.core);
                } else {
                    self.deliver_to_dead(call, node);
                }
            }
            Event::ANSWER => {
                let node = event.node();
                self.components[node.index()].answer_comes(event.call(), node, &mut self.core);
            }
            Event::TIMER => {
                let node = event.node();
                if self.core.timer_goes_off(node, event) {
                    self.core.others += 1;
                    self.core.note(node, Event::TIMER);
                    self.components[node.index()].timer_comes(event.timer(), node, &mut self.core);
                }
            }
            _ => self.run_out(event.into()),
        }
    }

    /// A question comes to a node that is down: whoever stands in for it takes it.
    #[cold]
    fn deliver_to_dead(&mut self, call: CallId, node: NodeId) {
        let health = self.core.nodes[node.index()].health;
        if let Some(other) = self.core.arrive_at_dead(call, node, health) {
            let (component, mut cx) = self.enter(other, Event::DELIVER);
            component.on_call(call, &mut cx);
        }
    }

    /// A time-out is due, or a group changes.
    #[cold]
    fn run_out(&mut self, event: Event) {
        match event {
            Event::Expiry(line) => self.core.expire(line),
            Event::Overdue(call) => {
                if let Some((node, reply)) = self.core.time_out(call) {
                    let (component, mut cx) = self.enter(node, Event::OVERDUE);
                    component.on_reply(reply, &mut cx);
                }
            }
            Event::Grow(group) => {
                self.grow(group);
            }
            Event::Retire(node) => self.retire(node),
            Event::Wake(node, pause) => self.wake(node, pause),
            Event::Release(node) => self.release(node),
            Event::Stray(call, node) => self.core.arrive_astray(call, node),
            _ => debug_assert!(false, "{event:?} has a way of its own"),
        }
    }

    #[inline]
    fn enter(&mut self, node: NodeId, kind: u64) -> (&mut Box<dyn Component>, Ctx<'_>) {
        self.core.others += u64::from(kind != Event::DELIVER); // who stands in has opened the call
        self.core.note(node, kind);
        (&mut self.components[node.index()], Ctx::new(&mut self.core, node))
    }

    /// Does something to a node, before anything else that is due now. A node that is down is not told of
    /// anything but its recovery, and how fast it will be then.
    pub fn control(&mut self, node: NodeId, control: Control) {
        self.start();
        let health = self.core.nodes[node.index()].health;
        if health == Health::Hung {
            self.look_at_the_door(node);
        }
        let mut control = control;
        if control.verb == Control::RECOVER && self.is_in_the_dark(node) {
            return;
        }
        if control.verb == Control::RECOVER {
            control.arg = u64::from(health != Health::Hung);
        }
        match (control.verb, health) {
            (Control::CRASH_PROCESS, Health::Up | Health::Hung) => self.core.crash(node, Health::Refusing),
            (Control::CRASH_HOST, Health::Up | Health::Hung | Health::Refusing) => {
                self.core.crash(node, Health::Silent);
            }
            (Control::HANG, Health::Up) => self.core.set_health(node, Health::Hung),
            (Control::HANG, Health::Hung) => {
                self.core.held[node.index()].next_pause(); // a pause, if it was one, becomes a hang
                return;
            }
            (Control::RECOVER, Health::Refusing | Health::Silent | Health::Hung) => self.core.recover(node),
            (Control::SPEED, _) => {}
            (verb, Health::Up | Health::Hung) if verb > Control::SPEED => {}
            _ => return,
        }
        let (component, mut cx) = self.enter(node, 8 + u64::from(control.verb));
        component.on_control(control, &mut cx);
        if control.verb == Control::RECOVER {
            self.catch_up(node);
        }
    }

    /// Tells a node something that concerns it also if it is down: it takes it down and does nothing that a dead one could not.
    pub fn enter_for(&mut self, node: NodeId, control: Control) {
        self.start();
        let (component, mut cx) = self.enter(node, 8 + u64::from(control.verb));
        component.on_control(control, &mut cx);
    }

    #[cold]
    fn look_at_the_door(&mut self, node: NodeId) {
        let mut told = Readings::new(false);
        self.components[node.index()].measure(self.core.now, &mut told);
        self.core.held[node.index()].look(&told);
    }

    /// Does something to the network.
    pub fn link(&mut self, command: LinkCommand) {
        self.core.link(command);
    }

    /// The warm-up ends: counters that are not read as differences begin anew.
    pub fn measure_from_now(&mut self) {
        let now = self.core.now;
        self.core.book.measure_from(now);
        self.core.audits.all_mut().for_each(|audit| audit.count_from(now));
        self.core.held.iter_mut().for_each(super::held::Held::restart_maximum);
        self.components.iter_mut().for_each(|component| component.restart_maxima(now));
    }

    /// What a node has to tell.
    pub fn readings(&self, node: NodeId, detailed: bool) -> Readings {
        let mut readings = Readings::new(detailed);
        self.components[node.index()].measure(self.core.now, &mut readings);
        self.core.held[node.index()].measure(self.core.now, &mut readings);
        readings
    }

    /// Checks that nothing vanished. The text says what did.
    pub fn check_conservation(&self) -> Result<(), String> {
        self.core.ledger.check(&self.core.calls)?;
        self.core.book.check(&self.core.requests)
    }

    /// A copy of everything, for another future.
    pub fn fork(&self) -> Simulation {
        let components = self.components.iter().map(|component| component.fork()).collect();
        Simulation {
            components,
            core: self.core.fork(),
            started: self.started,
            nursery: self.nursery.fork(),
            memberships: self.memberships.clone(),
            missed: self.missed.clone(),
            dark: self.dark.clone(),
        }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.components.len()
    }

    pub(super) fn is_pause(&self, node: NodeId, pause: u32) -> bool {
        self.core.held[node.index()].is_pause(pause)
    }

    /// Whether a node works.
    pub fn health(&self, node: NodeId) -> Health {
        self.core.nodes[node.index()].health
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.core.ledger.opened + self.core.ledger.answered + self.core.others
    }

    /// Fingerprint of the events so far.
    pub fn digest(&self) -> u64 {
        self.core.digest.value()
    }

    /// The books of calls.
    pub fn ledger(&self) -> &Ledger {
        &self.core.ledger
    }

    /// Whether anybody is cut off from anybody.
    pub fn is_cut(&self) -> bool {
        self.core.transit.is_cut()
    }

    /// Between whom a cut has never stopped a message.
    pub fn idle_cuts(&self) -> Vec<(End, End)> {
        self.core.transit.idle_cuts()
    }

    /// Whether anything was ever sent over the link between two groups; true without one.
    pub fn has_carried(&self, a: u16, b: u16) -> bool {
        self.core.transit.has_carried(a, b)
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

    /// What components found worth telling.
    pub fn journal(&self) -> &Journal {
        &self.core.journal
    }

    /// What was stale or lost in the first data set: all of it, in a world whose components work together.
    pub fn audit(&self) -> &Audit {
        self.core.audits.first()
    }

    /// What was stale or lost, in each data set.
    pub fn audits(&self) -> impl Iterator<Item = &Audit> {
        self.core.audits.all()
    }

    /// A node works with the data of this set; with that of set 0, if nobody says so.
    pub fn set_data(&mut self, node: NodeId, set: u16) {
        self.core.audits.place(node, set);
    }
}
