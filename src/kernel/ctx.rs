//! What a component may do while it handles an event.

use super::call::{Answer, Ask, Call, CallId, Phase, TimeoutClass};
use super::core::Core;
use super::event::{Event, NodeId, Packed, Timer};
use super::node::Health;
use super::parcel::{Item, ParcelId};
use super::request::{Outcome, Request, RequestId};
use super::time::Time;
use crate::audit::Audit;
use crate::random::draw::Purpose;
use crate::random::mix::{combine, hash_name, unit};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// The simulation as one node sees it.
pub struct Ctx<'a> {
    pub(super) core: &'a mut Core,
    /// The node's index, in a word: half a word, widened when it is read, would wait for the processor's store buffer.
    index: u32,
}

impl<'a> Ctx<'a> {
    #[inline(always)]
    pub(super) fn new(core: &'a mut Core, node: NodeId) -> Self {
        Ctx { core, index: u32::from(node.0) }
    }
}

impl Ctx<'_> {
    /// The time.
    #[inline]
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// How long the event has waited at the node's door, while the node stood still; nearly always 0.
    #[inline]
    pub fn waited(&self) -> Time {
        self.core.waited
    }

    /// The node whose event this is.
    #[inline]
    pub fn node(&self) -> NodeId {
        NodeId(self.index as u16)
    }

    /// Opens a random stream; its numbers depend on the seed, the replication and the name only.
    pub fn stream(&self, name: &str) -> Stream {
        Stream::named(self.core.seed, self.core.replication, name)
    }

    /// Root of the draws of a traffic's requests (see `random::draw`).
    pub fn seeds(&self) -> (u64, u64) {
        (self.core.seed, self.core.replication)
    }

    // ---- time

    /// Where in a period something periodic begins at this node, in `0..period`: drawn once for each node, `number` (what of the node's) and
    /// replication, and the same in every variant. Machines do not start together, nor in step with what happens to others: a fixed phase
    /// would let a fault meet all replications at the same moment of a period, and make intervals falsely narrow.
    pub fn phase(&self, period: Time, number: u64) -> Time {
        const PHASE: u64 = hash_name("phase");
        ((u128::from(self.own_bits(PHASE, number)) * u128::from(period)) >> 64) as Time
    }

    /// A sample in nanoseconds that is drawn once for this node, `purpose` and `number`: whoever within the node asks for it gets the same.
    pub fn own_sample_ns(&self, variate: &Variate, purpose: u64, number: u64) -> Time {
        variate.sample_ns_of(self.own_bits(purpose, number))
    }

    fn own_bits(&self, purpose: u64, number: u64) -> u64 {
        let node = combine(self.core.labels[self.index as usize], purpose);
        combine(combine(combine(self.core.seed, self.core.replication), node), number)
    }

    /// Sets a timer for `at` (not in the past).
    #[inline(always)]
    pub fn timer_at(&mut self, at: Time, timer: Timer) {
        debug_assert!(at >= self.core.now, "a timer in the past");
        let stamp = self.core.stamps[self.index as usize];
        self.core.schedule(at, Packed::of_timer(stamp, timer));
    }

    /// Sets a timer for `span` from now.
    #[inline]
    pub fn timer_in(&mut self, span: Time, timer: Timer) {
        self.timer_at(self.core.now.saturating_add(span), timer);
    }

    /// The class of time-outs of one length.
    pub fn timeout_class(&mut self, length: Time) -> TimeoutClass {
        self.core.timeouts.class(length)
    }

    // ---- calls

    /// Asks another node. The answer comes to `on_reply`.
    #[inline(always)]
    pub fn ask(&mut self, ask: Ask) -> CallId {
        self.core.ask(self.node(), &ask)
    }

    /// An open call.
    ///
    /// # Panics
    /// If the call is over: a component must not keep the id of a call it has answered.
    #[inline]
    pub fn call(&self, call: CallId) -> &Call {
        self.core.calls.get(call).expect("the call is open")
    }

    /// Answers a call made to this node. Nothing happens if a crash has ended the call.
    #[inline(always)]
    pub fn reply(&mut self, call: CallId, answer: Answer) {
        self.core.reply(call, &answer);
    }

    /// Stops waiting for the answer to a call made by this node. The callee goes on working.
    pub fn abandon(&mut self, call: CallId) {
        self.core.abandon(call);
    }

    /// Whether a call made to this node has still to be answered: a crash may have ended it.
    pub fn is_open(&self, call: CallId) -> bool {
        self.core.calls.get(call).is_some_and(|call| call.phase.has(Phase::OPEN))
    }

    /// Whether a call made by this node has come to nothing: its callee does not have it, and neither question nor answer is on the
    /// way. Who asks this must have heard of the callee since: only by that can a caller know.
    pub fn is_lost(&self, call: CallId) -> bool {
        let reached = |phase: Phase| phase.has(Phase::OPEN) || phase.has(Phase::MOVING);
        self.core.calls.get(call).is_none_or(|call| !reached(call.phase))
    }

    /// What this node, which dies, has asked with this verb and may still be carried out: calls, keys and versions.
    pub fn still_sent(&self, verb: u16) -> Vec<(CallId, u64, u32)> {
        self.core.still_sent(self.node(), verb)
    }

    /// What this call carries stands nowhere else: if it comes to nothing, the versions of its key behind `before`, up to its own, are lost.
    pub fn leave_behind(&mut self, call: CallId, before: u32) {
        self.core.left_behind.insert(call.to_bits(), before);
    }

    /// Whether somebody still waits for the answer to a call made to this node.
    pub fn is_awaited(&self, call: CallId) -> bool {
        self.core.calls.get(call).is_some_and(|call| call.phase.has(Phase::WAITING))
    }

    // ---- parcels

    /// A parcel to fill; its id travels with calls.
    pub fn open_parcel(&mut self) -> ParcelId {
        self.core.parcels.open()
    }

    /// What is in a parcel.
    pub fn parcel(&self, id: ParcelId) -> &[Item] {
        self.core.parcels.get(id)
    }

    /// What is in a parcel, to change.
    pub fn parcel_mut(&mut self, id: ParcelId) -> &mut Vec<Item> {
        self.core.parcels.get_mut(id)
    }

    // ---- requests

    /// Opens a request.
    #[inline(always)]
    pub fn issue(&mut self, request: Request) -> RequestId {
        self.core.book.issue(request.class, self.core.now);
        self.core.requests.insert(request)
    }

    /// An open request.
    #[inline]
    pub fn request(&self, request: RequestId) -> Option<&Request> {
        self.core.requests.get(request)
    }

    /// An open request, to change.
    #[inline]
    pub fn request_mut(&mut self, request: RequestId) -> Option<&mut Request> {
        self.core.requests.get_mut(request)
    }

    /// Closes a request.
    #[inline]
    pub fn finish(&mut self, request: RequestId, outcome: Outcome) {
        self.core.finish(request, outcome);
    }

    // ---- standing still, standing in

    /// This node stands still for `span`: it takes nothing in and answers nothing, then goes on ([`super::Control::RECOVER`] with 0).
    pub fn pause(&mut self, span: Time) {
        self.core.pause(self.node(), span);
    }

    /// From now on this node takes the calls to `owner` that come while the owner is down.
    pub fn stand_in_for(&mut self, owner: NodeId) {
        self.core.set_stand_in(owner, self.node());
    }

    /// No longer.
    pub fn stand_back(&mut self, owner: NodeId) {
        self.core.set_stand_in(owner, NodeId::NONE);
    }

    // ---- membership

    /// A group shall have another member, now, after what is under way; users and members are told.
    pub fn grow(&mut self, group: u16) {
        self.core.schedule(self.core.now, Event::Grow(group));
    }

    /// A node shall be no member of its group any more.
    pub fn retire(&mut self, node: NodeId) {
        self.core.schedule(self.core.now, Event::Retire(node));
    }

    /// Notes something for events.csv that a reader of the results should know: a promotion, a purge, moved keys. Not for what happens
    /// with every request.
    #[cold]
    pub fn tell(&mut self, event: &'static str, detail: impl Into<String>) {
        let (time, node) = (self.core.now, self.node());
        self.core.journal.add(time, node, event, detail.into());
    }

    // ---- randomness

    /// A uniform draw in (0, 1) that belongs to a request: the same in every variant, whatever path the request
    /// takes. `purpose` says what it is for, `key` tells repeated draws of one purpose apart; a new attempt draws anew.
    /// Background work (no request) draws from the node's ambient numbers.
    #[inline]
    pub fn draw(&mut self, request: RequestId, purpose: u64, key: u64) -> f64 {
        unit(self.bits(request, purpose, key))
    }

    /// A sample in nanoseconds, drawn as [`Ctx::draw`] draws.
    #[inline(always)]
    pub fn sample_ns(
        &mut self,
        variate: &Variate,
        request: RequestId,
        purpose: impl Into<Purpose>,
        key: u64,
    ) -> Time {
        variate.sample_ns_of(self.bits(request, purpose, key))
    }

    /// The time that work on a call takes: what is asked again takes a time of its own.
    #[inline(always)]
    pub fn work_ns(&mut self, variate: &Variate, call: CallId, purpose: impl Into<Purpose>) -> Time {
        let call = self.call(call);
        let (request, key) = (call.request, call.draw_key());
        self.sample_ns(variate, request, purpose, key)
    }

    #[inline(always)]
    fn bits(&mut self, request: RequestId, purpose: impl Into<Purpose>, key: u64) -> u64 {
        match self.core.requests.get(request) {
            Some(request) => request.bits(purpose, key),
            None => self.ambient_bits(),
        }
    }

    #[inline(never)]
    fn ambient_bits(&mut self) -> u64 {
        let (node, label) = (self.node(), self.core.labels[self.index as usize]);
        self.core.backgrounds.of(node, label).bits()
    }

    // ---- the network

    /// Where a node is, for those who are cut off from each other by places; 0 = nowhere in particular.
    pub fn place_of(&self, node: NodeId) -> u16 {
        self.core.transit.place_of(node)
    }

    /// Whether a node is cut off from all that is at a place. Nodes cannot know this: it is for one that stands for several, which believe
    /// different things.
    pub fn is_cut_off(&self, node: NodeId, place: u16) -> bool {
        self.core.transit.is_cut_off(node, place)
    }

    // ---- truth

    /// Whether a node is well. Nobody in a world can know this: it is for counting only, never for deciding.
    pub fn is_well(&self, node: NodeId) -> bool {
        self.core.nodes[node.index()].health == Health::Up
    }

    /// What was written and read in this node's data set, and what became of it.
    #[inline]
    pub fn audit(&mut self) -> &mut Audit {
        self.core.audits.of_mut(self.node())
    }
}
