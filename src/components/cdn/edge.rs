//! An edge: fresh copies are answered here, everything else by the origin (or the shield before it).

use super::age::{age_of, in_header};
use super::counts::Counts;
use super::failing::Failures;
use super::fetches::{Fetch, Fetches};
use super::negative::{self, Negative};
use super::origins::Secondary;
use super::price::Prices;
use super::profile;
use super::purge::Purge;
use super::purging::Purges;
use crate::components::Site;
use crate::components::cache::eviction;
use crate::components::cache::shelf::{Item, Shelf, ShelfPlan};
use crate::components::revalidation::{self, if_none_match};
use crate::components::website::Plan;
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Request, RequestId, Status,
    Time, TimeoutClass, Timer,
};
use crate::parts::verbs::READ;
use crate::random::mix::{combine, unit};
use std::ops::Range;

/// Note of a call that is passed through.
const PASSED: u32 = u32::MAX;
/// The same to the secondary origin.
pub(super) const PASSED_AGAIN: u32 = u32::MAX - 1;
/// A copy that has ended stays on the shelf, to be revalidated or given out stale, until it must make room.
pub(super) const AFTERLIFE: Time = 1 << 61;

pub(super) struct Edge {
    name: String,
    upstream: NodeId,
    pub(super) secondary: Option<Secondary>,
    /// All edges: what they ask of the shield is not counted as users' business.
    edges: Range<u16>,
    pub(super) shielded: bool,
    pub(super) shelf: Box<dyn Shelf>,
    ttl: Time,
    pub(super) negative: Negative,
    pub(super) failures: Failures,
    /// The site that is the origin: its headers say how long copies are fresh.
    site: Option<Box<Plan>>,
    /// Whether those who are asked understand "only if it has changed".
    asks: bool,
    pub(super) while_revalidate: Time,
    pub(super) if_error: Time,
    dynamic: f64,
    /// Nothing is kept: a test has switched the mechanism off.
    bypassed: bool,
    pub(super) fetches: Fetches,
    purges: Purges,
    purpose: u64,
    timeout_length: Option<Time>,
    pub(super) timeout: Option<TimeoutClass>,
    pub(super) counts: Counts,
    prices: Prices,
}

/// A copy and what it may be used for.
pub(super) enum Copy {
    Fresh(Item),
    Ended(Item, Time),
    /// It is known that there is no object, or that the origin fails.
    Nothing(Item, Status),
    None,
}

impl Edge {
    pub fn new(site: &Site<'_>, node: NodeId) -> Self {
        let settings = site.settings();
        let first = site.layout.first(site.index);
        let shielded = settings.flag("shield") && node != first;
        let secondary = if shielded { None } else { Secondary::new(site) };
        let origin = settings.group("of").expect("required");
        let by = |group| revalidation::is_understood(site.layout, group);
        let by_origins = by(origin) && settings.group("secondary").is_none_or(by);
        let understood = if shielded { by(site.index) } else { by_origins };
        let origin = site.layout.first(origin);
        let plan = ShelfPlan {
            items: settings.count("items"),
            bytes: settings.bytes("capacity"),
            keys: super::dense_keys(site),
            overhead: 0,
        };
        let [ttl, ..] = profile::lives(settings);
        let span = |name: &str| settings.duration(name).unwrap_or(0);
        Edge {
            name: format!("{}/{}", site.group().name, node.0 - first.0),
            upstream: if shielded { first } else { origin },
            secondary,
            edges: first.0..first.0 + site.group().count as u16,
            shielded,
            shelf: eviction::make(settings.choice("eviction"), &plan),
            ttl,
            negative: Negative::new(site),
            failures: Failures::default(),
            site: super::plan(site).map(Box::new),
            asks: understood && revalidation::is_asked(site.layout),
            while_revalidate: span("stale_while_revalidate"),
            if_error: profile::stale_if_error(settings),
            dynamic: settings.share("dynamic").expect("preset"),
            bypassed: site.is_disabled("cdn"),
            fetches: Fetches::new(settings.flag("coalesce")),
            purges: Purges::new(site, node == first),
            purpose: site.purpose("dynamic"),
            timeout_length: Some(profile::timeout(settings)),
            timeout: None,
            counts: Counts { sized: site.layout.has_sizes(), ..Counts::default() },
            prices: Prices::new(site, usize::from(node.0 - first.0)),
        }
    }

    /// How long a copy is fresh.
    fn lifetime(&self, key: u64) -> Time {
        self.site.as_ref().and_then(|site| site.age_at_edge(key)).unwrap_or(self.ttl)
    }

    /// Which keys are dynamic is a property of the site: all edges agree, and each replication has another site.
    fn is_kept(&self, key: u64, cx: &Ctx<'_>) -> bool {
        let site = || combine(self.purpose, combine(cx.seeds().0, cx.seeds().1));
        !self.bypassed && (self.dynamic == 0.0 || unit(combine(site(), key)) >= self.dynamic)
    }

    pub(super) fn copy(&mut self, key: u64, now: Time) -> Copy {
        let Some(item) = self.shelf.get(key, now) else { return Copy::None };
        if let Some(status) = negative::said_by(&item) {
            return Copy::Nothing(item, status);
        }
        match item {
            item if now < item.expires - AFTERLIFE => Copy::Fresh(item),
            item => Copy::Ended(item, now - (item.expires - AFTERLIFE)),
        }
    }

    /// An answer with its Age in whole seconds, which the next cache subtracts from its own time to live.
    pub(super) fn answer(&self, item: &Item, answered_by: NodeId, now: Time) -> Answer {
        let since = (item.expires - AFTERLIFE).saturating_sub(self.lifetime(item.key));
        Answer {
            redirect: in_header(now.saturating_sub(since)),
            answered_by,
            ..Answer::ok(item.version, item.bytes)
        }
    }

    /// Whether somebody looks if the edge is there: it says so itself, and neither fetches nor keeps anything for that.
    fn is_check(&self, call: CallId, cx: &Ctx<'_>) -> bool {
        let call = cx.call(call);
        call.request == RequestId::NONE && !self.edges.contains(&call.caller.0)
    }

    /// Whether a user asks, and not another edge, or a health check, which is no request of anybody's.
    pub(super) fn is_users(&self, call: CallId, cx: &Ctx<'_>) -> bool {
        let call = cx.call(call);
        call.request != RequestId::NONE && !self.edges.contains(&call.caller.0)
    }

    /// Whoever holds the same version gets no body (304).
    pub(super) fn give(&mut self, call: CallId, mut answer: Answer, cx: &mut Ctx<'_>) {
        if answer.status == Status::Ok && cx.call(call).version == if_none_match(answer.version) {
            answer.bytes = 0;
            self.counts.not_modified += u64::from(self.is_users(call, cx));
        }
        self.counts.requests += u64::from(self.is_users(call, cx));
        self.counts.egress += if self.is_users(call, cx) { u64::from(answer.bytes) } else { 0 };
        self.counts.errors += u64::from(!matches!(answer.status, Status::Ok | Status::Missing));
        cx.reply(call, answer);
    }

    /// Asks for an object, or whether the copy that has ended is still good.
    pub(super) fn fetch(&mut self, key: u64, who: Option<CallId>, cx: &mut Ctx<'_>) {
        let copy = self.shelf.peek(key).filter(|item| negative::said_by(item).is_none());
        let held = copy.filter(|_| self.asks);
        let is_wanted = who.is_some_and(|call| cx.request(cx.call(call).request).is_some());
        let known = copy.filter(|_| !is_wanted).map_or(0, |item| item.bytes);
        let Some(note) = self.fetches.begin(key, who, held, known) else { return };
        self.ask_for(note, key, who, held, self.upstream, cx);
    }

    /// Asks an origin, or the shield.
    pub(super) fn ask_for(
        &mut self,
        note: u32,
        key: u64,
        who: Option<CallId>,
        held: Option<Item>,
        to: NodeId,
        cx: &mut Ctx<'_>,
    ) {
        self.counts.fetches += u64::from(!self.shielded);
        let ask = match who {
            Some(call) => Ask::on_behalf_of(call, cx.call(call), to),
            None => Ask::new(to, READ, key),
        };
        let version = held.map_or(0, |item| if_none_match(item.version));
        cx.ask(Ask { note, version, timeout: self.timeout, ..ask });
    }

    /// Something changes what it is asked for, or is made for each user: the origin's business.
    pub(super) fn pass(&mut self, call: CallId, to: NodeId, note: u32, cx: &mut Ctx<'_>) {
        self.counts.fetches += u64::from(!self.shielded);
        let ask = Ask::on_behalf_of(call, cx.call(call), to);
        cx.ask(Ask { note, timeout: self.timeout, ..ask });
    }

    /// The origin has sent a copy: it goes on the shelf, even if a purge has come in the meantime, and to all who wait.
    fn fetched(&mut self, index: u32, reply: &Reply, cx: &mut Ctx<'_>) {
        if self.tries_secondary(index, reply, cx) {
            return;
        }
        let Some(fetch) = self.fetches.end(index) else { return };
        if reply.status != Status::Ok {
            return self.not_fetched(fetch, reply, cx);
        }
        let unchanged = fetch.held.is_some_and(|old| old.version == reply.version);
        let bytes = if fetch.known > 0 && !unchanged { fetch.known } else { reply.bytes };
        let reply = &Reply { bytes, ..*reply };
        self.came(reply);
        let item = self.keep(&fetch, reply, cx.now());
        let answer = self.answer(&item, reply.answered_by, cx.now());
        // A shield gives out what has ended, where it may.
        let has_ended = cx.now() >= item.expires - AFTERLIFE;
        for call in fetch.waiting {
            let before = self.counts.egress;
            self.counts.stale += u64::from(has_ended && self.is_users(call, cx));
            self.give(call, answer, cx);
            self.counts.bytes += self.counts.egress - before;
        }
    }

    /// Bytes have come; a shielded edge gets them from the shield.
    fn came(&mut self, reply: &Reply) {
        self.counts.origin_bytes += if self.shielded { 0 } else { u64::from(reply.bytes) };
    }

    /// The copy that is now on the shelf: what came, or the old one with new life.
    fn keep(&mut self, fetch: &Fetch, reply: &Reply, now: Time) -> Item {
        let same = |old: &Item| old.version == reply.version;
        self.counts.revalidated += u64::from(!self.shielded && fetch.held.as_ref().is_some_and(same));
        let bytes = fetch.held.filter(same).map_or(reply.bytes, |old| old.bytes);
        let expires = (now + self.lifetime(fetch.key)).saturating_sub(age_of(reply)) + AFTERLIFE;
        let item = Item { key: fetch.key, version: reply.version, bytes, expires };
        self.failures.forget(fetch.key);
        self.shelf.put(item, now);
        item
    }
}

impl Component for Edge {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.purges.start(&self.name, cx);
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (verb, key, now) = (cx.call(id).verb, cx.call(id).key, cx.now());
        if self.is_check(id, cx) {
            return cx.reply(id, Answer::ok(0, 0));
        }
        if verb != READ || !self.is_kept(key, cx) {
            return self.pass(id, self.upstream, PASSED, cx);
        }
        let users = u64::from(self.is_users(id, cx));
        self.counts.lookups += users;
        match self.copy(key, now) {
            Copy::Fresh(item) => {
                self.counts.hits += users;
                let answer = self.answer(&item, cx.node(), now);
                let before = self.counts.egress;
                self.give(id, answer, cx);
                let sent = self.counts.egress - before;
                self.counts.bytes += sent;
                self.counts.hit_bytes += sent;
            }
            Copy::Nothing(item, status) => self.give_nothing(id, &item, status, cx),
            Copy::Ended(item, late) => self.ended(id, &item, late, cx),
            Copy::None => self.fetch(key, Some(id), cx),
        }
    }

    fn foresee(&self, call: &Call, returning: bool, _request: Option<&Request>) -> bool {
        self.shelf.foresee(call.key);
        !returning
    }

    fn foresee_further(&self, call: &Call) {
        self.shelf.foresee_item(call.key);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.note < PASSED_AGAIN {
            return self.fetched(reply.note, &reply, cx);
        }
        if reply.note == PASSED && self.passes_to_secondary(&reply, cx) {
            return;
        }
        self.came(&reply);
        let answer = match reply.status {
            Status::Reset | Status::TimedOut => Answer::of(Status::Failed),
            _ => reply.pass_on(),
        };
        self.give(reply.parent, answer, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        self.purges.carry_out(timer, &mut *self.shelf, &mut self.counts, cx.now());
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some(purge) = Purge::of(control) {
            return self.purges.ask(purge, &mut self.counts, cx);
        }
        match control.verb {
            // Copies are on disk.
            Control::CRASH_PROCESS | Control::CRASH_HOST => {
                self.fetches.clear();
                self.purges.crash();
            }
            Control::RECOVER if control.arg == 1 => self.purges.recover(cx),
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        self.counts.measure(&self.prices, out);
        out.gauge("items", self.shelf.len() as f64);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Edge {
            name: self.name.clone(),
            shelf: self.shelf.fork(),
            fetches: self.fetches.clone(),
            failures: self.failures.clone(),
            site: self.site.clone(),
            purges: self.purges.clone(),
            counts: self.counts.clone(),
            edges: self.edges.clone(),
            ..*self
        })
    }
}
