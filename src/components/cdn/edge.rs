//! An edge: fresh copies are answered here, everything else by the origin (or the shield before it).

use super::fetches::Fetches;
use super::{INVALIDATE, profile};
use crate::components::Site;
use crate::components::cache::eviction;
use crate::components::cache::shelf::{Item, Shelf, ShelfPlan};
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::verbs::READ;
use crate::random::mix::{combine, unit};
use crate::random::stream::Stream;
use crate::random::variate::Variate;
use std::ops::Range;

const PURGE: u16 = 0;
/// Note of a call that is passed through.
const PASSED: u32 = u32::MAX;
/// A copy that has ended stays on the shelf, to be revalidated or given out stale, until it must make room.
const AFTERLIFE: Time = 1 << 61;

pub(super) struct Edge {
    name: String,
    upstream: NodeId,
    /// All edges: what they ask of the shield is not counted as users' business.
    edges: Range<u16>,
    shielded: bool,
    shelf: Box<dyn Shelf>,
    ttl: Time,
    while_revalidate: Time,
    if_error: Time,
    dynamic: f64,
    /// Nothing is kept: a test has switched the mechanism off.
    bypassed: bool,
    fetches: Fetches,
    purge_time: Option<Variate>,
    stream: Option<Stream>,
    purpose: u64,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    lookups: u64,
    hits: u64,
    stale: u64,
    revalidated: u64,
    fetches: u64,
    bytes: u64,
    hit_bytes: u64,
    egress: u64,
    errors: u64,
}

/// A copy and what it may be used for.
enum Copy {
    Fresh(Item),
    Ended(Item, Time),
    None,
}

impl Edge {
    pub fn new(site: &Site<'_>, node: NodeId) -> Self {
        let settings = site.settings();
        let first = site.layout.first(site.index);
        let shielded = settings.flag("shield") && node != first;
        let origin = site.layout.first(settings.group("of").expect("required"));
        let plan = ShelfPlan {
            items: settings.count("items"),
            bytes: settings.bytes("capacity"),
            keys: None,
            overhead: 0,
        };
        let choice = settings.choice("profile");
        let span = |name: &str| settings.duration(name).unwrap_or(0);
        Edge {
            name: format!("{}/{}", site.group().name, node.0 - first.0),
            upstream: if shielded { first } else { origin },
            edges: first.0..first.0 + site.group().count as u16,
            shielded,
            shelf: eviction::make(settings.choice("eviction"), &plan),
            ttl: settings.duration("ttl").unwrap_or(profile::ttl(choice)),
            while_revalidate: span("stale_while_revalidate"),
            if_error: span("stale_if_error"),
            dynamic: settings.share("dynamic").expect("preset"),
            bypassed: site.is_disabled("cdn"),
            fetches: Fetches::new(settings.flag("coalesce")),
            purge_time: (!site.is_disabled("purge")).then(|| profile::purge_time(choice)),
            stream: None,
            purpose: site.purpose("dynamic"),
            timeout_length: settings.duration("timeout"),
            timeout: None,
            counts: Counts::default(),
        }
    }

    /// Which keys are dynamic is a property of the site: all edges agree.
    fn is_kept(&self, key: u64) -> bool {
        !self.bypassed && (self.dynamic == 0.0 || unit(combine(self.purpose, key)) >= self.dynamic)
    }

    fn copy(&mut self, key: u64, now: Time) -> Copy {
        match self.shelf.get(key, now) {
            None => Copy::None,
            Some(item) if now < item.expires - AFTERLIFE => Copy::Fresh(item),
            Some(item) => Copy::Ended(item, now - (item.expires - AFTERLIFE)),
        }
    }

    /// An answer with its Age in whole seconds, which the next cache subtracts from its own time to live.
    fn answer(&self, item: &Item, answered_by: NodeId, now: Time) -> Answer {
        let since = (item.expires - AFTERLIFE).saturating_sub(self.ttl);
        let age_s = (now.saturating_sub(since) / SECOND).min(u64::from(u16::MAX) - 1);
        Answer { redirect: NodeId(age_s as u16), answered_by, ..Answer::ok(item.version, item.bytes) }
    }

    /// Whether a user asks, and not another edge.
    fn is_users(&self, call: CallId, cx: &Ctx<'_>) -> bool {
        !self.edges.contains(&cx.call(call).caller.0)
    }

    fn give(&mut self, call: CallId, answer: Answer, cx: &mut Ctx<'_>) {
        self.counts.egress += if self.is_users(call, cx) { u64::from(answer.bytes) } else { 0 };
        self.counts.errors += u64::from(!matches!(answer.status, Status::Ok | Status::Missing));
        cx.reply(call, answer);
    }

    fn fetch(&mut self, key: u64, who: Option<CallId>, cx: &mut Ctx<'_>) {
        let Some(note) = self.fetches.begin(key, who) else { return };
        self.counts.fetches += u64::from(!self.shielded);
        let ask = match who {
            Some(call) => Ask::on_behalf_of(call, cx.call(call), self.upstream),
            None => Ask::new(self.upstream, READ, key),
        };
        cx.ask(Ask { note, timeout: self.timeout, ..ask });
    }

    /// Something changes what it is asked for, or is made for each user: the origin's business.
    fn pass(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.counts.fetches += u64::from(!self.shielded);
        let ask = Ask::on_behalf_of(call, cx.call(call), self.upstream);
        cx.ask(Ask { note: PASSED, timeout: self.timeout, ..ask });
    }

    /// The origin has sent a copy: it goes on the shelf, even if a purge has come in the meantime, and to all who wait.
    fn fetched(&mut self, index: u32, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(fetch) = self.fetches.end(index) else { return };
        let now = cx.now();
        if reply.status != Status::Ok {
            return self.not_fetched(fetch.key, fetch.waiting, reply, cx);
        }
        if let Copy::Ended(old, _) = self.copy(fetch.key, now) {
            self.counts.revalidated += u64::from(old.version == reply.version);
        }
        let age = if reply.redirect == NodeId::NONE { 0 } else { u64::from(reply.redirect.0) * SECOND };
        let expires = (now + self.ttl).saturating_sub(age) + AFTERLIFE;
        let item = Item { key: fetch.key, version: reply.version, bytes: reply.bytes, expires };
        self.shelf.put(item, now);
        let answer = self.answer(&item, reply.answered_by, now);
        for call in fetch.waiting {
            self.counts.bytes += if self.is_users(call, cx) { u64::from(item.bytes) } else { 0 };
            self.give(call, answer, cx);
        }
    }

    fn not_fetched(&mut self, key: u64, waiting: Vec<CallId>, reply: &Reply, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let (old, ended) = match self.copy(key, now) {
            Copy::Fresh(item) => (Some(item), false),
            Copy::Ended(item, late) if late < self.if_error => (Some(item), true),
            _ => (None, false),
        };
        let answer = match (old, reply.status) {
            (Some(item), _) => self.answer(&item, cx.node(), now),
            (None, Status::Reset | Status::TimedOut) => Answer::of(Status::Failed),
            (None, _) => reply.pass_on(),
        };
        for call in waiting {
            self.counts.stale += u64::from(ended);
            self.give(call, answer, cx);
        }
    }
}

impl Component for Edge {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.stream = Some(cx.stream(&format!("{}/purges", self.name)));
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (verb, key, now) = (cx.call(id).verb, cx.call(id).key, cx.now());
        if verb != READ || !self.is_kept(key) {
            return self.pass(id, cx);
        }
        let users = u64::from(self.is_users(id, cx));
        self.counts.lookups += users;
        match self.copy(key, now) {
            Copy::Fresh(item) => {
                self.counts.hits += users;
                self.counts.bytes += users * u64::from(item.bytes);
                self.counts.hit_bytes += users * u64::from(item.bytes);
                let answer = self.answer(&item, cx.node(), now);
                self.give(id, answer, cx);
            }
            Copy::Ended(item, late) if late < self.while_revalidate => {
                self.counts.stale += 1;
                let answer = self.answer(&item, cx.node(), now);
                self.give(id, answer, cx);
                self.fetch(key, None, cx);
            }
            _ => self.fetch(key, Some(id), cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.note != PASSED {
            return self.fetched(reply.note, &reply, cx);
        }
        let answer = match reply.status {
            Status::Reset | Status::TimedOut => Answer::of(Status::Failed),
            _ => reply.pass_on(),
        };
        self.give(reply.parent, answer, cx);
    }

    fn on_timer(&mut self, timer: Timer, _cx: &mut Ctx<'_>) {
        match timer.data.checked_sub(1) {
            None => self.shelf.clear(),
            Some(key) => {
                self.shelf.delete(key);
            }
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            INVALIDATE => {
                let (Some(time), Some(stream)) = (&self.purge_time, &mut self.stream) else { return };
                let delay = time.sample_ns(stream.uniform());
                cx.timer_in(delay, Timer { tag: PURGE, data: control.arg });
            }
            // Copies are on disk.
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.fetches.clear(),
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        let counts = &self.counts;
        out.count("cdn_lookups", counts.lookups);
        out.count("cdn_hits", counts.hits);
        out.count("cdn_stale", counts.stale);
        out.count("cdn_revalidated", counts.revalidated);
        out.count("origin_fetches", counts.fetches);
        out.count("cdn_bytes", counts.bytes);
        out.count("cdn_hit_bytes", counts.hit_bytes);
        out.count("egress_bytes", counts.egress);
        out.count("errors", counts.errors);
        out.gauge("items", self.shelf.len() as f64);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Edge {
            name: self.name.clone(),
            shelf: self.shelf.fork(),
            fetches: self.fetches.clone(),
            purge_time: self.purge_time.clone(),
            stream: self.stream.clone(),
            edges: self.edges.clone(),
            ..*self
        })
    }
}
