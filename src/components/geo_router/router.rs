//! Answers where to go: the healthy site nearest to where the client says, or seems, to be.

use super::entry::BY;
use crate::components::Site;
use crate::components::checkup::Checkup;
use crate::components::dns::policy::{self, Asker, Record};
use crate::components::network::geo::{Coordinates, GeoIp, Geography};
use crate::kernel::{Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Time, Timer};
use crate::parts::processor::Speed;
use crate::random::variate::Variate;
use std::sync::Arc;

/// Size of an answer (a small JSON document in its headers).
const ANSWER_BYTES: u32 = 512;

const ANSWER: u16 = 0;
const CHECK: u16 = 1;

#[derive(Clone)]
pub(super) struct Router {
    sites: Vec<Record>,
    by_position: bool,
    geoip: Option<GeoIp>,
    ttl_s: u32,
    service: Option<Variate>,
    speed: Speed,
    purpose: u64,
    map: Arc<Geography>,
    checks: Option<Checkup>,
    queries: u64,
    positions: u64,
    unknown: u64,
}

impl Router {
    pub fn new(site: &Site<'_>) -> Self {
        let (settings, layout) = (site.settings(), site.layout);
        let places = layout.node_places();
        let nodes = crate::components::dns::records(layout, site.index);
        let record = |node: NodeId| Record {
            node,
            weight: 1,
            place: places[node.index()],
            listed: true,
            healthy: true,
            turn: 0,
        };
        let interval = settings.duration("check").filter(|_| !site.is_disabled("site_health_checks"));
        Router {
            sites: nodes.iter().copied().map(record).collect(),
            by_position: BY[settings.choice("by")].name == "gps",
            geoip: (!site.is_disabled("geoip")).then(|| GeoIp::of(settings.geoip("geoip"))),
            ttl_s: (settings.duration("ttl").expect("preset") / SECOND).min(u64::from(u32::MAX)) as u32,
            service: settings.variate("service"),
            speed: Speed::default(),
            purpose: site.purpose("service"),
            map: layout.map.clone(),
            checks: interval.map(|interval| Checkup::new(settings, interval, nodes)),
            queries: 0,
            positions: 0,
            unknown: 0,
        }
    }

    /// Where the client says that it is, else where its address seems to be.
    fn locate(&mut self, call: CallId, cx: &Ctx<'_>) -> Option<Coordinates> {
        let (said, request) = (cx.call(call).token as u16, cx.call(call).request);
        if self.by_position && said != 0 {
            self.positions += 1;
            return self.map.coordinates(said);
        }
        let address = cx.request(request).map_or(0, |request| request.address);
        let seen = self.geoip.as_ref().and_then(|geoip| geoip.locate(address));
        self.unknown += u64::from(seen.is_none());
        seen
    }

    fn answer(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let seen = self.locate(call, cx);
        let asker = Asker { place: 0, seen, map: &self.map, draw: 0.5 };
        let addresses = policy::answer(policy::geolocation(), &self.sites, &asker);
        cx.reply(call, Answer { redirect: NodeId(addresses.0), ..Answer::ok(self.ttl_s, ANSWER_BYTES) });
    }
}

impl Component for Router {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        if let Some(checks) = &mut self.checks {
            checks.start(CHECK, cx);
        }
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.queries += 1;
        let Some(service) = &self.service else { return self.answer(call, cx) };
        let span = cx.work_ns(service, call, self.purpose);
        cx.timer_in(self.speed.stretch(span), Timer { tag: ANSWER, data: call.to_bits() });
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match (timer.tag, &self.checks) {
            (CHECK, Some(checks)) => checks.ask(timer, cx),
            _ => {
                let call = CallId::from_bits(timer.data);
                if cx.is_open(call) {
                    self.answer(call, cx);
                }
            }
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let Some(checks) = &mut self.checks else { return };
        if let Some(at) = checks.hear(&reply, cx) {
            self.sites[at].healthy = checks.is_healthy(at);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.speed.on_control(control);
        // A crash has ended the checks, which begin anew; what was believed of the sites is on disk.
        if control.verb == Control::RECOVER && control.arg == 1 {
            self.on_start(cx);
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("queries", self.queries);
        out.count("by_position", self.positions);
        out.count("unknown_address", self.unknown);
        if let Some(checks) = &self.checks {
            out.count("checks_failed", checks.failed());
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
