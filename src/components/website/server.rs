//! The server of a site's files.

use super::plan::{BUILDS_AT_MOST, Plan};
use super::PUBLISH;
use crate::components::Site;
use crate::components::revalidation::if_none_match;
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Status, Time, Timer};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::WRITE;
use crate::random::variate::Variate;

const SERVE: u16 = 0;

#[derive(Clone)]
pub(super) struct Server {
    plan: Plan,
    service: Option<Variate>,
    purpose: u64,
    station: Station,
    /// The build that is published.
    build: u32,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    requests: u64,
    answered: u64,
    missing: u64,
    not_modified: u64,
    bytes: u64,
    publishes: u64,
}

impl Server {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let servers = settings.count("cores").expect("preset") as u32;
        let plan = StationPlan { servers, queue: None, discipline: 0 };
        Server {
            plan: Plan::new(site),
            service: settings.variate("service"),
            purpose: site.purpose("service"),
            station: Station::new(plan, SERVE),
            build: 0,
            counts: Counts::default(),
        }
    }

    fn answer(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if !cx.is_open(id) {
            return;
        }
        let (key, held) = (cx.call(id).key, cx.call(id).version);
        let Some(content) = self.plan.serve(key, self.build) else {
            self.counts.missing += 1;
            return cx.reply(id, Answer::of(Status::Missing));
        };
        self.counts.answered += 1;
        let unchanged = held == if_none_match(content);
        self.counts.not_modified += u64::from(unchanged);
        let bytes = if unchanged { 0 } else { self.plan.bytes(key) };
        self.counts.bytes += u64::from(bytes);
        cx.reply(id, Answer::ok(content, bytes));
    }

    /// The next build is there, all of it at once: what was written is known to be written.
    fn publish(&mut self, cx: &mut Ctx<'_>) {
        if self.build == BUILDS_AT_MOST {
            return cx.tell("not published", format!("a site has at most {BUILDS_AT_MOST} builds"));
        }
        self.build += 1;
        self.counts.publishes += 1;
        let now = cx.now();
        for page in 0..u64::from(self.plan.pages) {
            let version = cx.audit().commit(page);
            debug_assert_eq!(version, self.build, "a page has a version for each build");
            cx.audit().acknowledge(page, version, now, 0);
        }
        let changed = (0..self.plan.assets).filter(|asset| self.plan.is_changed(*asset, self.build)).count();
        let detail = format!("build {}: {changed} of {} assets are new", self.build, self.plan.assets);
        cx.tell("published", detail);
    }
}

impl Component for Server {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        self.counts.requests += 1;
        if cx.call(id).verb == WRITE {
            return cx.reply(id, Answer::of(Status::Rejected)); // files change by publish() only
        }
        let Some(service) = &self.service else { return self.answer(id, cx) };
        let (request, key) = (cx.call(id).request, cx.call(id).key);
        let work = cx.sample_ns(service, request, self.purpose, key);
        if !self.station.arrive(Job::new(id.to_bits(), work), cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.station.on_timer(timer, cx) {
            self.answer(CallId::from_bits(job), cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.station.on_control(control, cx);
        if control.verb == PUBLISH {
            self.publish(cx);
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.station.measure(now, out);
        out.count("requests", self.counts.requests);
        out.count("answered", self.counts.answered);
        out.count("site_missing", self.counts.missing);
        out.count("site_not_modified", self.counts.not_modified);
        out.count("site_bytes", self.counts.bytes);
        out.count("publishes", self.counts.publishes);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.station.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
