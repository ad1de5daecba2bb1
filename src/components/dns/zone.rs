//! The servers that know a zone: its own, and those of the root and the top-level domain, which refer to the next.

use super::address::Addresses;
use super::policy::{self, Asker, Record};
use super::zone_entry::{check_interval, seconds};
use super::{IN_TURN, POINT_TO, TURN, subnet_of};
use crate::catalog::Value;
use crate::components::Site;
use crate::components::checkup::Checkup;
use crate::components::network::geo::{Coordinates, GeoIp, Geography};
use crate::kernel::{Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, Timer};
use crate::random::mix::{combine, unit};
use crate::random::variate::Variate;
use std::sync::Arc;

/// Size of an answer (a name, a question, a record or two).
const MESSAGE_BYTES: u32 = 128;

const ANSWER: u16 = 0;
const CHECK: u16 = 1;

/// Refers whoever asks to the next server.
#[derive(Clone)]
pub(super) struct Referrer {
    time: Option<Variate>,
    purpose: u64,
    ttl_s: u32,
    queries: u64,
}

impl Referrer {
    pub fn new(site: &Site<'_>, what: &str, ttl_s: u32) -> Self {
        let time = site.settings().variate(what);
        Referrer { time, purpose: site.purpose(what), ttl_s, queries: 0 }
    }
}

fn told(ttl_s: u32, what: u16, status: Status) -> Answer {
    Answer { redirect: NodeId(what), status, ..Answer::ok(ttl_s, MESSAGE_BYTES) }
}

/// Answers now, or after the time that this takes and the way there and back.
fn later(time: Option<&Variate>, way: Time, purpose: u64, call: CallId, cx: &mut Ctx<'_>) -> bool {
    let work = time.map_or(0, |time| cx.work_ns(time, call, purpose));
    let span = work.saturating_add(way);
    if span == 0 && time.is_none() {
        return false;
    }
    cx.timer_in(span, Timer { tag: ANSWER, data: call.to_bits() });
    true
}

impl Component for Referrer {
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.queries += 1;
        if !later(self.time.as_ref(), 0, self.purpose, call, cx) {
            cx.reply(call, told(self.ttl_s, 0, Status::Ok));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        cx.reply(CallId::from_bits(timer.data), told(self.ttl_s, 0, Status::Ok));
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("queries", self.queries);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// The zone's own server.
#[derive(Clone)]
pub(super) struct Authoritative {
    records: Vec<Record>,
    alias: Option<u16>,
    policy: usize,
    ttl_s: u32,
    negative_ttl_s: u32,
    missing: f64,
    service: Option<Variate>,
    purpose: u64,
    /// Where each node is that may ask.
    places: Vec<u16>,
    /// Its address, and what is known of addresses; only if the policy looks at them.
    addresses: Vec<u32>,
    geoip: Option<GeoIp>,
    /// Whether the user's network, if a resolver tells it, stands for the asker's place.
    by_subnet: bool,
    /// Where its servers are, if they share an address.
    anycast: Vec<u16>,
    map: Arc<Geography>,
    checks: Option<Checkup>,
    queries: u64,
}

impl Authoritative {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let weights = settings.list("weights");
        let weight =
            |at: usize| if let Some(Value::Whole(weight)) = weights.get(at) { *weight as u32 } else { 1 };
        let places = site.layout.node_places();
        let nodes = match settings.group("cname") {
            Some(_) => Vec::new(),
            None => super::records(site.layout, site.index),
        };
        let listed = super::named_at_first(site.layout, site.index);
        let record = |(at, node): (usize, NodeId)| Record {
            node,
            weight: weight(at),
            place: places[node.index()],
            listed: listed & 1 << at != 0,
            healthy: true,
            turn: at,
        };
        let mut records: Vec<Record> = nodes.into_iter().enumerate().map(record).collect();
        for (at, turn) in super::turns(site.layout, site.index, &settings.groups("points_to")) {
            records[at].turn = turn;
        }
        let span = |name: &str| settings.duration(name).expect("preset");
        let sites = records.iter().map(|record| record.node).collect();
        let checks = check_interval(settings).map(|interval| Checkup::new(settings, interval, sites));
        let by_address = policy::POLICIES[settings.choice("policy")].name == "geolocation";
        let by_subnet = super::looks_at_subnets(site);
        let geoip = (by_address || by_subnet) && !site.is_disabled("geoip");
        let geoip = geoip.then(|| GeoIp::of(settings.geoip("geoip")));
        Authoritative {
            records,
            alias: settings.group("cname").map(|zone| zone as u16),
            policy: settings.choice("policy"),
            ttl_s: seconds(span("ttl")),
            negative_ttl_s: seconds(span("soa_ttl").min(span("soa_minimum"))),
            missing: settings.share("missing").expect("preset"),
            service: settings.variate("service"),
            purpose: site.purpose("answer"),
            addresses: if by_address { site.layout.node_addresses() } else { Vec::new() },
            geoip,
            by_subnet,
            anycast: settings
                .texts("anycast")
                .iter()
                .filter_map(|place| site.layout.map.find(place))
                .collect(),
            places,
            map: site.layout.map.clone(),
            checks: checks.filter(|_| !site.is_disabled("site_health_checks")),
            queries: 0,
        }
    }

    /// Which names there are is a property of the zone, not of who asks, and another zone's in each replication: what is measured holds for
    /// zones of which this share is missing, not for one of them.
    fn exists(&self, name: u64, cx: &Ctx<'_>) -> bool {
        let (seed, replication) = cx.seeds();
        unit(combine(combine(seed, replication), combine(self.purpose, name))) >= self.missing
    }

    fn answer(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let asked = cx.call(call);
        let (name, request, key) = (asked.key & 0xFFFF_FFFF, asked.request, asked.key);
        let caller = asked.caller.index();
        let place = self.place(caller, key);
        let exists = self.missing == 0.0 || self.exists(name, cx);
        let answer = match self.alias {
            _ if !exists => told(self.negative_ttl_s, Addresses::NONE.0, Status::Missing),
            Some(zone) => told(self.ttl_s, zone, Status::Moved),
            None => {
                let draw = cx.draw(request, self.purpose, key);
                let asker = Asker { place, seen: self.locate(caller, key), map: &self.map, draw };
                let addresses = policy::answer(self.policy, &self.records, &asker);
                told(self.ttl_s, addresses.0, Status::Ok)
            }
        };
        cx.reply(call, answer);
    }

    /// Where the asker is by network: the user's network if that is told and counts, else the resolver.
    fn place(&self, caller: usize, key: u64) -> u16 {
        let subnet = subnet_of(key).filter(|_| self.by_subnet);
        let seen = subnet.and_then(|network| self.geoip.as_ref()?.locate(network));
        let told = seen.map_or(0, |seen| self.map.nearest(seen));
        if told == 0 { self.places.get(caller).copied().unwrap_or(0) } else { told }
    }

    /// Round trip from who asks to the nearest of the servers that share the zone's address; 0 if there is one server, whose way is
    /// the network's business.
    fn way(&self, call: CallId, cx: &Ctx<'_>) -> Time {
        let from = self.places.get(cx.call(call).caller.index()).copied().unwrap_or(0);
        self.anycast.iter().map(|server| self.map.rtt(from, *server)).min().unwrap_or(0)
    }

    /// Where the asking address is thought to be: the user's network if the resolver tells it, else the resolver itself.
    fn locate(&self, caller: usize, key: u64) -> Option<Coordinates> {
        let own = || self.addresses.get(caller).copied().unwrap_or(0);
        self.geoip.as_ref()?.locate(subnet_of(key).unwrap_or_else(own))
    }
}

impl Component for Authoritative {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        if let Some(checks) = &mut self.checks {
            checks.start(CHECK, cx);
        }
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.queries += 1;
        let way = self.way(call, cx);
        if !later(self.service.as_ref(), way, self.purpose ^ 1, call, cx) {
            self.answer(call, cx);
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match (timer.tag, &self.checks) {
            (CHECK, Some(checks)) => checks.ask(timer, cx),
            _ => self.answer(CallId::from_bits(timer.data), cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let Some(checks) = &mut self.checks else { return };
        if let Some(at) = checks.hear(&reply, cx) {
            self.records[at].healthy = checks.is_healthy(at);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            POINT_TO => {
                for (at, record) in self.records.iter_mut().enumerate() {
                    record.listed = control.arg & 1 << at != 0;
                }
            }
            IN_TURN => {
                let (at, turn) = (control.arg & ((1 << TURN) - 1), control.arg >> TURN);
                self.records[at as usize].turn = turn as usize;
            }
            // A crash has ended the checks, which begin anew; what was believed of the records is on disk.
            Control::RECOVER if control.arg == 1 => self.on_start(cx),
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("queries", self.queries);
        if let Some(checks) = &self.checks {
            out.count("checks_failed", checks.failed());
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
