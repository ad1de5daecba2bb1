//! A cache node: answers look-ups, keeps dirty data, and runs whole reads and writes if it is inline.

use super::cluster::Cluster;
use super::dirty::Dirty;
use super::entry;
use super::eviction;
use super::expiry::Expiry;
use super::group;
use super::keys_moved::KeysMoved;
use super::shelf::{Item, Put, Shelf, ShelfPlan};
use crate::components::Site;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NEVER, NodeId, Readings, Reply, RequestId, SECOND, Status,
    Time, TimeoutClass, Timer,
};
use crate::parts::plan::{Access, CacheError, Operation, Progress, Route};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{DELETE, FLUSH, GET, PUT, READ, TAKE, TAKE_DIRTY, WRITE, WRITE_BACK};
use crate::random::variate::Variate;

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
    shelf: Box<dyn Shelf>,
    expiry: Expiry,
    /// Name of the group and its first node: the node's streams are named after its number in it.
    group: (String, u16),
    work: Option<(Variate, Station)>,
    purpose: u64,
    store: NodeId,
    dirty: Dirty,
    timeout_length: Option<Time>,
    flush_timeout: Option<TimeoutClass>,
    /// Look-ups that found fresh or dirty data, and those that did not.
    hits: u64,
    misses: u64,
    inline: Option<Inline>,
    preload: Vec<u64>,
    /// Somebody else hashes: what a change of the group costs.
    keys_moved: Option<KeysMoved>,
    /// The nodes share slots among themselves.
    cluster: Option<Cluster>,
    /// Switched off by a test: finds nothing.
    blind: bool,
}

/// Reads and writes that the cache runs itself.
#[derive(Clone)]
struct Inline {
    access: Access,
    operations: Vec<Operation>,
    free: Vec<u32>,
}

impl Node {
    /// One node, with these keys in it at t = 0.
    pub fn new(site: &Site<'_>, preload: Vec<u64>) -> Self {
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
        let store = site.layout.first(settings.group("of").expect("required"));
        let interval = plan.flush_after.unwrap_or(NEVER);
        let access = Access {
            cache: None,
            store: Route::One(store),
            plan,
            on_cache_error: CacheError::of(settings.choice("on_cache_error")),
            timeout: None,
        };
        let inline = Inline { access, operations: Vec::new(), free: Vec::new() };
        Node {
            shelf: eviction::make(super::eviction_of(site), &shelf),
            expiry: Expiry::new(site),
            group: (site.group().name.clone(), site.group().first),
            work: settings.variate("service").map(|time| (time, Station::new(station, WORK))),
            purpose: site.purpose("service"),
            store,
            dirty: Dirty::new(interval, settings.count("batch"), settings.count("dirty")),
            timeout_length: settings.duration("timeout"),
            flush_timeout: None,
            hits: 0,
            misses: 0,
            inline: entry::is_inline(settings).then_some(inline),
            preload,
            keys_moved: (!group::is_cluster(settings)).then(|| KeysMoved::new(site)),
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
        let (verb, key, version, bytes, request) =
            (call.verb, call.key, call.version, call.bytes, call.request);
        match verb {
            GET => self.look_up(id, key, request, cx),
            PUT => {
                let answer = match self.keep(key, version, bytes, request, cx) {
                    Put::Refused => Answer::of(Status::Rejected),
                    Put::Kept | Put::TooLarge => Answer::ok(version, 0),
                };
                cx.reply(id, answer);
            }
            DELETE => {
                self.shelf.delete(key);
                cx.reply(id, Answer::ok(0, 0));
            }
            WRITE_BACK => self.write_back(id, key, bytes, cx),
            _ => self.run_inline(id, cx),
        }
    }

    #[inline]
    fn look_up(&mut self, id: CallId, key: u64, request: RequestId, cx: &mut Ctx<'_>) {
        let found = self.shelf.get(key, cx.now()).filter(|_| !self.blind);
        if found.is_some()
            && let Some(expires) = self.expiry.renewed(request, key, cx)
        {
            self.shelf.renew(key, expires);
        }
        let answer = match (found, self.dirty.get(key)) {
            (Some(item), _) => Answer::ok(item.version, item.bytes),
            (None, Some(unsaved)) => Answer::ok(unsaved.version, unsaved.bytes),
            (None, None) => Answer::of(Status::Missing),
        };
        let hit = answer.status == Status::Ok;
        self.hits += u64::from(hit);
        self.misses += u64::from(!hit);
        cx.reply(id, answer);
    }

    /// Keeps a loaded or written version, unless newer data under the key waits to be stored.
    fn keep(&mut self, key: u64, version: u32, bytes: u32, request: RequestId, cx: &mut Ctx<'_>) -> Put {
        if self.dirty.get(key).is_some() {
            return Put::Kept;
        }
        let expires = self.expiry.due(request, key, cx);
        self.put(Item { key, version, bytes, expires }, cx.now())
    }

    fn write_back(&mut self, id: CallId, key: u64, bytes: u32, cx: &mut Ctx<'_>) {
        if self.dirty.is_full(key) {
            self.dirty.stalled.push_back(id);
            return self.flush(cx);
        }
        let (now, request) = (cx.now(), cx.call(id).request);
        if self.shelf.refuses(key, bytes, now) {
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        let version = cx.audit().commit_volatile(key);
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
        if let Some(due) = self.dirty.next_due()
            && !self.dirty.armed
        {
            self.dirty.armed = true;
            cx.timer_at(due.max(cx.now()), Timer { tag: FLUSH_DUE, data: 0 });
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
            let (key, bytes) = (call.key, call.bytes);
            if self.dirty.is_full(key) {
                break;
            }
            self.dirty.stalled.pop_front();
            self.write_back(writer, key, bytes, cx);
        }
        self.flush(cx);
    }

    fn run_inline(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, request, bytes) = (call.verb, call.key, call.request, call.bytes);
        debug_assert!(matches!(verb, READ | WRITE), "a cache takes no verb {verb}");
        let Some(inline) = &mut self.inline else {
            debug_assert!(false, "callers of a cache aside run their plans themselves");
            return cx.reply(id, Answer::of(Status::Failed));
        };
        let note = inline.free.pop().unwrap_or(inline.operations.len() as u32);
        let operation = Operation::new(id, request, key, if verb == WRITE { bytes } else { 0 }, note);
        match inline.operations.get_mut(note as usize) {
            Some(slot) => *slot = operation,
            None => inline.operations.push(operation),
        }
        let operation = &mut inline.operations[note as usize];
        let progress = match verb {
            WRITE => inline.access.write(operation, cx),
            _ => {
                inline.access.read(operation, cx);
                Progress::Waits
            }
        };
        inline.go_on(note, progress, cx);
    }
}

impl Inline {
    fn go_on(&mut self, note: u32, progress: Progress, cx: &mut Ctx<'_>) {
        let operation = &mut self.operations[note as usize];
        match progress {
            Progress::Waits => {}
            Progress::Acked(answer) => {
                cx.reply(operation.parent, answer);
                let progress = self.access.resume(operation, cx);
                self.go_on(note, progress, cx);
            }
            Progress::Done(answer) => {
                if !operation.parent.is_none() {
                    cx.reply(operation.parent, answer);
                }
                self.free.push(note);
            }
        }
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
            inline.access.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
            inline.access.cache = Some(Route::One(cx.node()));
        }
        let name = self.name(cx);
        self.shelf.draw_from(cx.stream(&format!("{name}/eviction")));
        for key in std::mem::take(&mut self.preload) {
            self.keep(key, 0, 0, RequestId::NONE, cx);
        }
        self.arm_expiry(cx);
    }

    #[inline]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        match &mut self.work {
            // The steps of an inline operation come back as calls of their own: these do the work.
            Some((time, station)) if !matches!(call.verb, READ | WRITE) => {
                let (request, key, purpose) = (call.request, call.key, self.purpose ^ u64::from(call.verb));
                let work = cx.sample_ns(time, request, purpose, key);
                if !station.arrive(Job::new(id.to_bits(), work), cx) {
                    cx.reply(id, Answer::of(Status::Rejected));
                }
            }
            _ => self.handle(id, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == TRANSFER_DUE {
            return self.transfer(cx);
        }
        if timer.tag == FLUSH_DUE {
            self.dirty.armed = false;
            return self.flush(cx);
        }
        if timer.tag == EXPIRY_DUE {
            let name = self.name(cx);
            self.expiry.run_cycle(&mut *self.shelf, &name, cx);
            return self.arm_expiry(cx);
        }
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.handle(CallId::from_bits(job), cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if matches!(reply.verb, TAKE | TAKE_DIRTY) {
            return self.taken(&reply, cx);
        }
        if reply.note == FLUSHING {
            return self.flushed(&reply, cx);
        }
        if let Some(inline) = &mut self.inline {
            let operation = &mut inline.operations[reply.note as usize];
            let progress = inline.access.on_reply(operation, &reply, cx);
            inline.go_on(reply.note, progress, cx);
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
            self.shelf.clear();
            for key in self.dirty.clear() {
                let surviving = cx.audit().durable(key);
                cx.audit().rollback(key, surviving);
            }
            if let Some(inline) = &mut self.inline {
                inline.operations.clear();
                inline.free.clear();
            }
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        let counts = self.shelf.counts();
        out.count("hits", self.hits);
        out.count("misses", self.misses);
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
