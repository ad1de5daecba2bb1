//! The server of a site's files.

use super::PUBLISH;
use super::plan::{BUILDS_AT_MOST, Plan};
use super::roll_out::Machines;
use crate::components::Site;
use crate::components::egress::Egress;
use crate::components::revalidation::if_none_match;
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Status, Time, Timer, time_text};
use crate::parts::station::{Job, Station, StationPlan};
use crate::parts::verbs::{HEALTH, WRITE};
use crate::random::variate::Variate;

const SERVE: u16 = 0;
const ROLLED_OUT: u16 = 1;

#[derive(Clone)]
pub(super) struct Server {
    plan: Plan,
    service: Option<Variate>,
    purpose: u64,
    station: Station,
    /// The build that is published on all machines.
    build: u32,
    machines: Machines,
    counts: Counts,
    egress: Option<Box<Egress>>,
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
            machines: Machines::new(site),
            counts: Counts::default(),
            egress: Egress::new(site),
        }
    }

    fn answer(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if !cx.is_open(id) {
            return;
        }
        if cx.call(id).verb == HEALTH {
            return cx.reply(id, Answer::ok(0, 0)); // a balancer's question: that it is answered is all it wants to know
        }
        let (key, held) = (cx.call(id).key, cx.call(id).version);
        let build = self.build_for(id, cx);
        let Some(content) = self.plan.serve(key, build) else {
            self.counts.missing += 1;
            return cx.reply(id, Answer::of(Status::Missing));
        };
        self.counts.answered += 1;
        let unchanged = held == if_none_match(content);
        self.counts.not_modified += u64::from(unchanged);
        let bytes = if unchanged { 0 } else { self.plan.bytes(key) };
        self.counts.bytes += u64::from(bytes);
        if let Some(egress) = &mut self.egress {
            egress.send(id, bytes, cx);
        }
        cx.reply(id, Answer::ok(content, bytes));
    }

    /// The build on the machine that a question reaches.
    fn build_for(&mut self, id: CallId, cx: &mut Ctx<'_>) -> u32 {
        if !self.machines.is_rolling() {
            return self.build;
        }
        let (request, key) = (cx.call(id).request, cx.call(id).key);
        let machine = cx.draw(request, self.machines.purpose(), key);
        self.build + u32::from(self.machines.is_new(machine, cx.now()))
    }

    /// The next build comes to the machines, within this time.
    fn publish(&mut self, length: Time, cx: &mut Ctx<'_>) {
        if self.build == BUILDS_AT_MOST {
            return cx.tell("not published", format!("a site has at most {BUILDS_AT_MOST} builds"));
        }
        if self.machines.is_rolling() {
            return cx.tell("not published", "the last build is still being rolled out");
        }
        for page in 0..u64::from(self.plan.pages) {
            let version = cx.audit().commit(page);
            debug_assert_eq!(version, self.build + 1, "a page has a version for each build");
        }
        if self.machines.begin(cx.now(), length) {
            cx.timer_in(length, Timer { tag: ROLLED_OUT, data: 0 });
            return cx.tell(
                "roll-out begins",
                format!("build {}, until {} later", self.build + 1, time_text(length)),
            );
        }
        self.published(cx);
    }

    /// A crash has cost the timer of the roll-out, which the deploy system carried on with.
    fn go_on(&mut self, cx: &mut Ctx<'_>) {
        if self.machines.ends(cx.now()) {
            self.published(cx);
        } else if let Some(left) = self.machines.left(cx.now()) {
            cx.timer_in(left, Timer { tag: ROLLED_OUT, data: 0 });
        }
    }

    /// The next build is on all machines: what was written is known to be written.
    fn published(&mut self, cx: &mut Ctx<'_>) {
        self.build += 1;
        self.counts.publishes += 1;
        let now = cx.now();
        for page in 0..u64::from(self.plan.pages) {
            cx.audit().acknowledge(page, self.build, now, 0);
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
        let work = cx.work_ns(service, id, self.purpose);
        if !self.station.arrive(Job::new(id.to_bits(), work), cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == ROLLED_OUT {
            if self.machines.ends(cx.now()) {
                self.published(cx);
            }
            return;
        }
        if let Some(job) = self.station.on_timer(timer, cx) {
            self.answer(CallId::from_bits(job), cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.station.on_control(control, cx);
        if control.verb == PUBLISH {
            self.publish(control.arg, cx);
        }
        if control.verb == Control::RECOVER {
            self.go_on(cx);
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
        if let Some(egress) = &self.egress {
            egress.measure(out);
        }
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.station.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
