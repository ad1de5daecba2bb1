//! A cache node: answers look-ups, keeps dirty data, and runs whole reads and writes if it is inline.

use super::cluster::Cluster;
use super::dirty::Dirty;
use super::entry;
use super::eviction;
use super::expiry::Expiry;
use super::fills::Fills;
use super::group;
use super::inline::Inline;
use super::keys_moved::KeysMoved;
use super::look_up::{LookUpCounts, RELOADING};
use super::refresh::Refresh;
use super::shelf::{Item, Shelf, ShelfPlan};
use super::stampede::Guard;
use crate::components::{Site, revalidation};
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NEVER, NodeId, Readings, Reply, Request, RequestId,
    SECOND, Status, Time, TimeoutClass, Timer,
};
use crate::parts::plan::{Access, CacheError, NOBODY, POLL, Route};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{DELETE, FLUSH, GET, PUT, READ, TAKE, TAKE_DIRTY, UNLOCK, WRITE, WRITE_BACK};
use crate::random::variate::Variate;

mod arrivals;
mod slots;

const WORK: u16 = 0;
const FLUSH_DUE: u16 = 1;
const EXPIRY_DUE: u16 = 2;
pub(super) const TRANSFER_DUE: u16 = 3;
/// Note of the calls that store dirty data; other notes are indices of operations.
const FLUSHING: u32 = u32::MAX;
/// Without a setting, a flush without an answer is sent again after the flush interval, but not sooner than this: else a message lost on the
/// way would leave its key dirty for ever.
const FLUSH_WAITS: Time = SECOND;

pub(super) struct Node {
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) expiry: Expiry,
    /// Name of the group and its first node: the node's streams are named after its number in it.
    group: (String, u16),
    pub(super) fills: Fills,
    pub(super) guard: Guard,
    pub(super) refresh: Option<Refresh>,
    /// Whether look-ups must look at more than the item: there is a guard, or loads go ahead.
    pub(super) watches: bool,
    pub(super) look_ups: LookUpCounts,
    /// Fills and writes that came too late.
    dropped: u64,
    work: Option<(Variate, Station)>,
    purpose: u64,
    pub(super) early_purpose: u64,
    pub(super) store: NodeId,
    pub(super) dirty: Dirty,
    timeout_length: Option<Time>,
    pub(super) flush_timeout: Option<TimeoutClass>,
    /// Look-ups that found fresh or dirty data, and those that did not.
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) inline: Option<Inline>,
    /// There is no store behind: what is here is the only copy.
    pub(super) alone: bool,
    preload: Vec<u64>,
    /// Size of what is preloaded: a row of the store.
    row_bytes: u32,
    /// Somebody else hashes: what a change of the group costs.
    keys_moved: Option<KeysMoved>,
    /// The nodes share slots among themselves.
    cluster: Option<Cluster>,
    /// Switched off by a test: finds nothing.
    pub(super) blind: bool,
}

impl Node {
    /// One node, with these keys in it at t = 0 and this idea of who has which.
    pub fn new(site: &Site<'_>, preload: Vec<u64>, keys_moved: Option<KeysMoved>) -> Self {
        let settings = site.settings();
        let plan = super::write_plan(site);
        let shelf = ShelfPlan {
            items: settings.count("items"),
            bytes: settings.bytes("capacity"),
            keys: site.layout.keys(),
            overhead: settings.bytes("overhead").unwrap_or(0) as u32,
        };
        let station = StationPlan {
            servers: settings.count("threads").expect("preset") as u32,
            queue: settings.count("queue"),
            discipline: 0,
        };
        let store = settings.group("of").map_or(NodeId::NONE, |store| site.layout.first(store));
        let interval = plan.flush_after.unwrap_or(NEVER);
        let on_cache_error = CacheError::of(settings.choice("on_cache_error"));
        let mut access = Access::new(None, Route::One(store), plan, on_cache_error);
        super::share_loads(site, &mut access);
        let guard = Guard::of(super::stampede(site), settings);
        let refresh = super::refresh(site);
        Node {
            shelf: eviction::make(super::eviction_of(site), &shelf),
            expiry: Expiry::new(site),
            group: (site.group().name.clone(), site.group().first),
            fills: super::fills(site),
            watches: refresh.is_some() || !matches!(guard, Guard::None),
            guard,
            refresh,
            look_ups: LookUpCounts::of(site),
            dropped: 0,
            work: settings.variate("service").map(|time| (time, Station::new(station, WORK))),
            purpose: site.purpose("service"),
            early_purpose: site.purpose("early"),
            store,
            dirty: Dirty::new(interval, settings.count("batch"), entry::dirty_room(settings)),
            timeout_length: settings.duration("timeout"),
            flush_timeout: None,
            hits: 0,
            misses: 0,
            inline: entry::is_inline(settings)
                .then(|| Inline::new(access, revalidation::is_asked(site.layout))),
            alone: store == NodeId::NONE,
            preload,
            row_bytes: entry::row_bytes(site).unwrap_or(0).min(u64::from(u32::MAX)) as u32,
            keys_moved,
            cluster: group::is_cluster(settings).then(|| Cluster::new(site)),
            blind: site.is_disabled("cache"),
        }
    }

    #[inline]
    fn handle(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if self.cluster.is_some() && !self.admits(id, cx) {
            return;
        }
        let call = cx.call(id);
        let &Call { verb, key, version, bytes, request, .. } = call;
        match verb {
            GET => self.look_up(id, key, request, cx),
            PUT => {
                let token = call.token;
                let answer = self.take(key, version, bytes, token, request, cx);
                cx.reply(id, answer);
            }
            DELETE => {
                self.remove(key, Some(version).filter(|version| *version > 0));
                cx.reply(id, Answer::ok(0, 0));
            }
            WRITE_BACK => self.write_back(id, key, bytes, cx),
            UNLOCK => {
                self.guard.filled(key, call.token, cx.now());
                cx.reply(id, Answer::ok(0, 0));
            }
            _ if self.alone => self.serve(id, cx),
            _ => self.run_inline(id, cx),
        }
    }

    pub(super) fn write_back(&mut self, id: CallId, key: u64, bytes: u32, cx: &mut Ctx<'_>) {
        let bytes = self.sized(bytes);
        if self.dirty.is_full(key, bytes) {
            self.dirty.stalled.push_back(id);
            return self.flush(cx);
        }
        let (now, request) = (cx.now(), cx.call(id).request);
        if self.shelf.refuses(key, bytes, now) {
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        let version = cx.audit().commit_volatile(key);
        self.fills.written(key, Some(version));
        self.guard.written(key);
        let expires = self.expiry.due(request, key, cx);
        self.put(Item { key, version, bytes, expires }, now);
        self.dirty.write(key, version, bytes, now);
        cx.reply(id, Answer::ok(version, 0));
        self.arm(cx);
    }

    /// Stores what is due.
    fn flush(&mut self, cx: &mut Ctx<'_>) {
        while let Some((key, unsaved)) = self.dirty.take_due(cx.now()) {
            let ask = Ask::new(self.store, FLUSH, key);
            let (version, bytes) = (unsaved.version, unsaved.bytes);
            cx.ask(Ask { version, bytes, note: FLUSHING, timeout: self.flush_timeout, ..ask });
        }
        self.arm(cx);
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        let Some(due) = self.dirty.next_due().map(|due| due.max(cx.now())) else { return };
        if due < self.dirty.armed && !self.alone {
            self.dirty.armed = due;
            cx.timer_at(due, Timer { tag: FLUSH_DUE, data: due });
        }
    }

    fn name(&self, cx: &Ctx<'_>) -> String {
        format!("{}/{}", self.group.0, cx.node().0 - self.group.1)
    }

    fn arm_expiry(&mut self, cx: &mut Ctx<'_>) {
        if let Some(span) = self.expiry.next_cycle() {
            cx.timer_in(span, Timer { tag: EXPIRY_DUE, data: 0 });
        }
    }

    fn flushed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        self.dirty.stored(reply.key, reply.status == Status::Ok, cx.now());
        while let Some(&writer) = self.dirty.stalled.front() {
            let call = cx.call(writer);
            let (key, bytes) = (call.key, self.sized(call.bytes));
            if self.dirty.is_full(key, bytes) {
                break;
            }
            self.dirty.stalled.pop_front();
            self.write_back(writer, key, bytes, cx);
        }
        self.flush(cx);
    }
}

impl Component for Node {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        let flush_waits = self.timeout_length.unwrap_or(self.dirty.interval.max(FLUSH_WAITS));
        self.flush_timeout = Some(cx.timeout_class(flush_waits));
        if let Some(cluster) = &mut self.cluster {
            cluster.on_start(cx);
        }
        if let Some(inline) = &mut self.inline {
            inline.start(self.timeout_length, cx);
        }
        let name = self.name(cx);
        self.shelf.draw_from(cx.stream(&format!("{name}/eviction")));
        for key in std::mem::take(&mut self.preload) {
            self.keep(key, 0, self.row_bytes, RequestId::NONE, cx);
        }
        self.arm_expiry(cx);
    }

    #[inline(always)]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        match &mut self.work {
            // The steps of an inline operation come back as calls of their own: these do the work.
            Some((time, station)) if self.alone || !matches!(call.verb, READ | WRITE) => {
                let purpose = self.purpose ^ u64::from(call.verb);
                let work = cx.work_ns(time, id, purpose);
                if !station.arrive(Job::new(id.to_bits(), work), cx) {
                    cx.reply(id, Answer::of(Status::Rejected));
                }
            }
            _ => self.handle(id, cx),
        }
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == TRANSFER_DUE {
            return self.transfer(cx);
        }
        if timer.tag == FLUSH_DUE {
            if timer.data == self.dirty.armed {
                self.dirty.armed = NEVER;
                self.flush(cx);
            }
            return;
        }
        if timer.tag == EXPIRY_DUE {
            let name = self.name(cx);
            self.expiry.run_cycle(&mut *self.shelf, &name, cx);
            return self.arm_expiry(cx);
        }
        if let (POLL, Some(inline)) = (timer.tag, &mut self.inline) {
            return inline.poll(timer.data as u32, cx);
        }
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.handle(CallId::from_bits(job), cx);
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
        if matches!(reply.verb, TAKE | TAKE_DIRTY) {
            return self.taken(&reply, cx);
        }
        match (reply.note, &mut self.inline) {
            (FLUSHING, _) => self.flushed(&reply, cx),
            (RELOADING, _) => self.reloaded(&reply, cx),
            (NOBODY, _) | (_, None) => {}
            (_, Some(inline)) => inline.on_reply(&reply, cx),
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        if let Some(keys_moved) = &mut self.keys_moved {
            keys_moved.on_control(&control, &*self.shelf, cx);
        }
        if let Some(cluster) = &mut self.cluster {
            cluster.on_control(&control, &*self.shelf);
        }
        if control.verb == Control::RECOVER && control.arg == 1 {
            self.arm_expiry(cx);
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.remove_all();
            if let Some(refresh) = &mut self.refresh {
                refresh.clear();
            }
            super::dirty::lose(&self.dirty.clear(), cx);
            if let Some(inline) = &mut self.inline {
                inline.crash(&control, cx);
            }
        }
        match (control.verb, control.arg) {
            (super::INVALIDATE, super::ALL_KEYS) => self.remove_all(),
            (super::INVALIDATE, key) => self.remove(key, None),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        let counts = self.shelf.counts();
        out.count("hits", self.hits);
        out.count("misses", self.misses);
        self.look_ups.measure_sessions(out);
        if let Some(inline) = &self.inline {
            out.count("look_ups_unanswered", inline.access.unanswered);
        }
        out.count("insertions", counts.insertions);
        out.count("evictions", counts.evictions);
        out.count("expired", counts.expired);
        out.count("evicted_expired", counts.evicted_expired);
        out.count("swept", counts.swept);
        out.count("refused", counts.refused);
        if let Some(keys_moved) = &self.keys_moved {
            out.count("keys_held", keys_moved.held);
            out.count("keys_moved", keys_moved.moved);
        }
        if let Some(cluster) = &self.cluster {
            out.count("keys_held", cluster.held);
            out.count("keys_moved", cluster.moved);
            out.count("redirects", cluster.redirects);
            out.gauge("slots", cluster.slots() as f64);
        }
        out.count("dropped_fills", self.dropped);
        out.count("stale_hits", self.look_ups.stale_hits);
        out.count("waits", self.look_ups.waits);
        let ahead = self.refresh.as_ref().map_or(0, |refresh| refresh.begun);
        out.count("early_loads", self.look_ups.early + ahead);
        out.gauge("items", self.shelf.len() as f64);
        out.gauge("bytes", self.shelf.bytes() as f64);
        out.gauge("dirty_items", self.dirty.len() as f64);
    }

    fn restart_maxima(&mut self, _now: Time) {
        if let Some((_, station)) = &mut self.work {
            station.restart_maxima();
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Node {
            shelf: self.shelf.fork(),
            expiry: self.expiry.clone(),
            group: self.group.clone(),
            fills: self.fills.clone(),
            guard: self.guard.clone(),
            refresh: self.refresh.clone(),
            work: self.work.clone(),
            dirty: self.dirty.clone(),
            inline: self.inline.clone(),
            preload: self.preload.clone(),
            keys_moved: self.keys_moved.clone(),
            cluster: self.cluster.clone(),
            ..*self
        })
    }
}
