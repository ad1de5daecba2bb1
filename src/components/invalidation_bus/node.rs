//! The bus itself: a table of announcements, each with the caches that have not confirmed it.

use super::entry::{AWAITS, SENDS};
use crate::components::{Site, cache};
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::parts::plan::Route;
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{ANNOUNCE, DELETE, PUT};
use crate::random::variate::Variate;

const WORK: u16 = 0;

/// News on its way to one cache.
#[derive(Clone, Copy)]
struct Delivery {
    /// Index of the cache.
    cache: u32,
    /// Index of its announcement.
    announcement: u32,
    version: u32,
    bytes: u32,
    attempts: u32,
}

/// A writer who waits, and for how many caches.
#[derive(Clone, Copy)]
struct Announcement {
    /// The call to answer; none if its writer has the answer.
    call: CallId,
    left: u32,
    failed: bool,
}

#[derive(Clone)]
pub(super) struct Node {
    caches: Vec<Route>,
    verb: u16,
    /// Whether writers wait for the caches.
    awaits_caches: bool,
    attempts: u32,
    backlog: usize,
    timeout_length: Time,
    timeout: Option<TimeoutClass>,
    work: Option<(Variate, Station)>,
    purpose: u64,
    deliveries: Table<Delivery>,
    announcements: Table<Announcement>,
    announced: u64,
    told: u64,
    unconfirmed: u64,
    dropped: u64,
}

/// Entries under numbers that are used again.
#[derive(Clone)]
struct Table<T> {
    entries: Vec<T>,
    free: Vec<u32>,
}

impl<T: Copy> Table<T> {
    fn new() -> Self {
        Table { entries: Vec::new(), free: Vec::new() }
    }

    fn add(&mut self, entry: T) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.entries[at as usize] = entry;
                at
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        }
    }

    fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.free.clear();
    }
}

impl Node {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let told = if site.is_disabled("invalidation_bus") { Vec::new() } else { settings.groups("to") };
        let station = StationPlan { servers: 1, queue: settings.count("queue"), discipline: 0 };
        Node {
            caches: told.into_iter().map(|cache| cache::route(&site.of(cache))).collect(),
            verb: if SENDS[settings.choice("sends")].name == "value" { PUT } else { DELETE },
            awaits_caches: AWAITS[settings.choice("awaits")].name == "caches",
            attempts: settings.count("attempts").expect("preset") as u32,
            backlog: settings.count("backlog").expect("preset") as usize,
            timeout_length: settings.duration("timeout").expect("preset"),
            timeout: None,
            work: settings.variate("service").map(|time| (time, Station::new(station, WORK))),
            purpose: site.purpose("service"),
            deliveries: Table::new(),
            announcements: Table::new(),
            announced: 0,
            told: 0,
            unconfirmed: 0,
            dropped: 0,
        }
    }

    /// Takes an announcement in, answers its writer or lets him wait, and tells the caches.
    fn spread(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        self.announced += 1;
        let call = cx.call(id);
        let (key, version, bytes) = (call.key, call.version, call.bytes);
        let caches = self.caches.len() as u32;
        if self.deliveries.len() + self.caches.len() > self.backlog {
            self.dropped += u64::from(caches);
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        let waits = self.awaits_caches && caches > 0;
        let call = if waits { id } else { CallId::NONE };
        let announcement = self.announcements.add(Announcement { call, left: caches, failed: false });
        for cache in 0..caches {
            let attempts = self.attempts;
            let note = self.deliveries.add(Delivery { cache, announcement, version, bytes, attempts });
            self.deliver(note, key, cx);
        }
        if !waits {
            cx.reply(id, Answer::ok(version, 0));
        }
        if caches == 0 {
            self.announcements.free.push(announcement);
        }
    }

    fn deliver(&mut self, note: u32, key: u64, cx: &mut Ctx<'_>) {
        let delivery = &mut self.deliveries.entries[note as usize];
        delivery.attempts -= 1;
        self.told += 1;
        let Delivery { cache, version, bytes, .. } = *delivery;
        let to = self.caches[cache as usize].node(key, cx);
        let bytes = if self.verb == PUT { bytes } else { 0 };
        cx.ask(Ask { version, bytes, note, timeout: self.timeout, ..Ask::new(to, self.verb, key) });
    }

    /// A cache has the news, or is given up.
    fn settle(&mut self, note: u32, confirmed: bool, cx: &mut Ctx<'_>) {
        self.unconfirmed += u64::from(!confirmed);
        self.deliveries.free.push(note);
        let at = self.deliveries.entries[note as usize].announcement;
        let announcement = &mut self.announcements.entries[at as usize];
        announcement.failed |= !confirmed;
        announcement.left -= 1;
        if announcement.left > 0 {
            return;
        }
        let Announcement { call, failed, .. } = *announcement;
        self.announcements.free.push(at);
        if !call.is_none() {
            cx.reply(call, if failed { Answer::of(Status::Failed) } else { Answer::ok(0, 0) });
        }
    }
}

impl Component for Node {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.timeout_length));
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        debug_assert_eq!(call.verb, ANNOUNCE);
        let Some((time, station)) = &mut self.work else { return self.spread(id, cx) };
        let work = cx.work_ns(time, id, self.purpose);
        if !station.arrive(Job::new(id.to_bits(), work), cx) {
            self.dropped += self.caches.len() as u64;
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.spread(CallId::from_bits(job), cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let delivery = self.deliveries.entries[reply.note as usize];
        self.caches[delivery.cache as usize].answered(&reply, cx);
        let confirmed = reply.status == Status::Ok;
        if !confirmed && delivery.attempts > 0 && reply.status == Status::TimedOut {
            return self.deliver(reply.note, reply.key, cx);
        }
        self.settle(reply.note, confirmed, cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        for cache in &mut self.caches {
            cache.on_control(&control, cx);
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.deliveries.clear();
            self.announcements.clear();
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        out.count("calls", self.announced);
        out.count("announcements", self.announced);
        out.count("deliveries", self.told);
        out.count("unconfirmed", self.unconfirmed);
        out.count("dropped", self.dropped);
        out.count("errors", self.unconfirmed + self.dropped);
        out.gauge("backlog", self.deliveries.len() as f64);
    }

    fn restart_maxima(&mut self, _now: Time) {
        if let Some((_, station)) = &mut self.work {
            station.restart_maxima();
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
