//! A proxy in front of the nodes of a cache (twemproxy, mcrouter): it hashes the key and passes the command on.

use super::super::Site;
use super::group;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::parts::plan::Route;
use crate::parts::station::{Job, Station, StationPlan};
use crate::random::variate::Variate;

const WORK: u16 = 0;

#[derive(Clone)]
pub(super) struct Proxy {
    route: Route,
    work: Option<(Variate, Station)>,
    purpose: u64,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    calls: u64,
    answered: u64,
    errors: u64,
}

impl Proxy {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let cores = settings.count("proxy_cores").expect("preset") as u32;
        let plan = StationPlan { servers: cores, queue: None, discipline: 0 };
        Proxy {
            route: group::hashed(site, None),
            work: settings.variate("proxy_service").map(|time| (time, Station::new(plan, WORK))),
            purpose: site.purpose("proxy"),
            timeout_length: settings.duration("timeout"),
            timeout: None,
            calls: 0,
            answered: 0,
            errors: 0,
        }
    }

    #[inline]
    fn pass_on(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let key = cx.call(id).key;
        let to = self.route.node(key, cx);
        self.calls += 1;
        let ask = Ask::on_behalf_of(id, cx.call(id), to);
        cx.ask(Ask { timeout: self.timeout, ..ask });
    }
}

impl Component for Proxy {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
    }

    #[inline]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let Some((time, station)) = &mut self.work else { return self.pass_on(id, cx) };
        let purpose = self.purpose ^ u64::from(cx.call(id).verb);
        let work = cx.work_ns(time, id, purpose);
        station.arrive(Job::new(id.to_bits(), work), cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.pass_on(CallId::from_bits(job), cx);
        }
    }

    #[inline]
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.route.answered(&reply, cx);
        let failed = !matches!(reply.status, Status::Ok | Status::Missing);
        self.answered += 1;
        self.errors += u64::from(failed);
        // Callers know nothing of the nodes: a dead one is an error of the proxy.
        let answer = match reply.status {
            Status::Reset | Status::TimedOut => Answer::of(Status::Failed),
            _ => reply.pass_on(),
        };
        cx.reply(reply.parent, answer);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        self.route.on_control(&control, cx);
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        out.count("calls", self.calls);
        out.count("answered", self.answered);
        out.count("errors", self.errors);
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
