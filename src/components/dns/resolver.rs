//! A resolver: answers from its cache, or asks root, top-level domain and zone one after the other.

use super::address::Addresses;
use super::record_cache::{Data, Found, Name, RecordCache, STALE_TTL};
use super::recursion::Recursion;
use super::zone_entry::{TLD_NS_TTL_S, zone_ns_ttl};
use super::{AUTHORITATIVE, resolver_entry};
use crate::components::Site;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Status, Time, TimeoutClass,
};
use crate::parts::verbs::LOOKUP;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Aliases in a row that are followed (unbound follows 11).
const ALIASES_AT_MOST: usize = 11;

#[derive(Clone)]
pub(super) struct Resolver {
    cache: RecordCache,
    recursion: Recursion,
    timeout_length: Time,
    timeout: Option<TimeoutClass>,
    attempts: u64,
    /// How long a failure is told, and of what: looked up, never iterated.
    failure_ttl: Time,
    failed_until: HashMap<Name, Time, FixedState>,
    /// The zones, by their groups, of which it asks for each user's network apart, and keeps the answers apart.
    by_subnet: Vec<bool>,
    /// Its cache was empty when the run began, or it has crashed since.
    cold: bool,
    /// The zones of this world by group, and for how long their servers are known.
    zones: Vec<(usize, u32)>,
    counts: Counts,
}

#[derive(Clone, Default)]
struct Counts {
    lookups: u64,
    hits: u64,
    stale: u64,
    upstream: u64,
    prefetches: u64,
    failures: u64,
}

/// What the cache says of a name, behind its aliases.
enum Known {
    /// Addresses that hold for so long, and the zone whose record should be fetched again before it ends.
    Here(Addresses, Time, Option<u16>),
    /// Addresses that have ended, and the first zone whose record has.
    Stale(Addresses, u16),
    /// Nothing; the name is to be looked for in this zone.
    Ask(u16),
}

/// Marks what is drawn for a server, not for a name.
const SERVERS: u64 = 1 << 63;

fn zone_of(name: Name) -> u16 {
    (name >> 32) as u16
}

fn in_zone(name: Name, zone: u16) -> Name {
    (u64::from(zone) << 32) | (name & !(0xFFFF << 32))
}

impl Resolver {
    pub fn new(site: &Site<'_>, n: u64) -> Self {
        let settings = site.settings();
        let groups = 0..site.layout.groups.len();
        let zones = site.layout.groups.iter().enumerate().filter(|(_, group)| group.kind == "dns");
        let mut rules = resolver_entry::rules(settings, n, site.group().count);
        if site.is_disabled("dns_cache") {
            rules = super::record_cache::Rules {
                longest: 0,
                longest_negative: 0,
                overstay: 0,
                shortest: 0,
                ..rules
            };
        }
        Resolver {
            cache: RecordCache::new(rules),
            recursion: Recursion::new(groups.clone().map(|group| site.layout.first(group)).collect()),
            timeout_length: settings.duration("timeout").expect("preset"),
            timeout: None,
            attempts: settings.count("attempts").expect("preset"),
            failure_ttl: settings.duration("servfail_ttl").expect("preset"),
            failed_until: HashMap::with_hasher(FixedState::with_seed(0)),
            by_subnet: groups
                .map(|group| {
                    let is_zone = site.layout.groups[group].kind == super::ZONE.entry.name;
                    is_zone && settings.flag("client_subnet") && super::tailors(site.layout, group)
                })
                .collect(),
            cold: settings.flag("cold"),
            zones: zones.map(|(index, group)| (index, zone_ns_ttl(&group.settings))).collect(),
            counts: Counts::default(),
        }
    }

    fn know(&self, question: Name, now: Time) -> Known {
        let (mut name, mut least, mut again, mut stale) = (question, Time::MAX, None, None);
        for _ in 0..ALIASES_AT_MOST {
            let data = match self.cache.look(name, now) {
                Found::Fresh(data, left, soon) => {
                    least = least.min(left);
                    again = again.or(soon.then(|| zone_of(name)));
                    data
                }
                Found::Stale(data) => {
                    stale = stale.or(Some(zone_of(name)));
                    data
                }
                Found::Nothing => return Known::Ask(zone_of(name)),
            };
            match data {
                Data::Addresses(addresses) => {
                    return stale
                        .map_or(Known::Here(addresses, least, again), |zone| Known::Stale(addresses, zone));
                }
                Data::Alias(zone) => name = in_zone(name, zone),
            }
        }
        Known::Ask(zone_of(question))
    }

    fn reply(&self, call: CallId, addresses: Addresses, ttl: Time, cx: &mut Ctx<'_>) {
        let status = if addresses.exist() { Status::Ok } else { Status::Missing };
        // Whole seconds, rounded down: nobody keeps an answer for longer than it may be kept.
        let ttl_s = (ttl / SECOND).min(u64::from(u32::MAX)) as u32;
        cx.reply(call, Answer { redirect: NodeId(addresses.0), status, ..Answer::ok(ttl_s, 128) });
    }

    /// Looks for a name anew, for somebody who waits or for nobody.
    fn begin(&mut self, question: Name, zone: u16, who: Option<CallId>, cx: &mut Ctx<'_>) {
        if let Some(index) = self.recursion.join(question, zone, who) {
            self.ask_next(index, cx);
        }
    }

    fn ask_next(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let server = self.recursion.next_server(index, cx.now());
        let lookup = self.recursion.get(index).expect("it is under way");
        let (key, parent) = (in_zone(lookup.question, lookup.zone), lookup.waiting.first().copied());
        // The first who waits lends its random numbers, if it is still there.
        let parent = parent.filter(|call| cx.is_awaited(*call)).unwrap_or(CallId::NONE);
        let request = if parent.is_none() { crate::kernel::RequestId::NONE } else { cx.call(parent).request };
        self.counts.upstream += 1;
        cx.ask(Ask {
            note: index,
            parent,
            request,
            timeout: self.timeout,
            bytes: 64,
            ..Ask::new(server, LOOKUP, key)
        });
    }

    /// The zone's own server has answered.
    fn told(&mut self, index: u32, reply: &Reply, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let (name, ttl) = (reply.key, u64::from(reply.version) * SECOND);
        let data = match reply.status {
            Status::Moved => Data::Alias(reply.redirect.0),
            _ => Data::Addresses(Addresses(reply.redirect.0)),
        };
        self.cache.store_until(self.first_end(name, data, ttl, cx), name, data, ttl, now);
        match data {
            Data::Addresses(addresses) => self.finish(index, addresses, ttl, cx),
            Data::Alias(zone) => {
                let lookup = self.recursion.get(index).expect("it is under way");
                let question = lookup.question;
                match self.know(in_zone(question, zone), now) {
                    Known::Here(addresses, left, _) => self.finish(index, addresses, left, cx),
                    Known::Stale(_, zone) | Known::Ask(zone) => self.follow(index, zone, cx),
                }
            }
        }
    }

    /// When the first record of a name ends at the latest. Resolvers did not begin with the run: what is wanted is known since some time, and ends
    /// somewhere within its time to live, drawn for each name, resolver and replication. Else all would ask again in step, and a record that
    /// changes at a multiple of it would be seen at once. (After a crash a resolver does begin, and where the script says so.)
    fn first_end(&self, name: Name, data: Data, ttl: Time, cx: &Ctx<'_>) -> Time {
        if self.cold || self.cache.knew(name) {
            return Time::MAX;
        }
        let negative = data == Data::Addresses(Addresses::NONE);
        let end = cx.phase(self.cache.rules().kept_for(ttl, negative), name);
        if end > cx.now() { end } else { Time::MAX }
    }

    fn follow(&mut self, index: u32, zone: u16, cx: &mut Ctx<'_>) {
        self.recursion.get(index).expect("it is under way").go_to(zone);
        self.ask_next(index, cx);
    }

    /// What was found goes to all who wait: with the time to live that the cache counts down, or if it keeps nothing, with its own.
    fn finish(&mut self, index: u32, addresses: Addresses, ttl: Time, cx: &mut Ctx<'_>) {
        let Some(lookup) = self.recursion.take(index) else { return };
        let left = match self.know(lookup.question, cx.now()) {
            Known::Here(_, left, _) => left,
            _ => ttl.min(SECOND - 1),
        };
        for call in lookup.waiting {
            self.reply(call, addresses, left, cx);
        }
    }

    fn fail(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let Some(lookup) = self.recursion.take(index) else { return };
        self.failed_until.insert(lookup.question, cx.now().saturating_add(self.failure_ttl));
        for call in lookup.waiting {
            self.refuse(call, cx);
        }
    }

    fn refuse(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.counts.failures += 1;
        cx.reply(call, Answer::of(Status::Failed));
    }

    /// Whether a look-up has failed so lately that nobody is asked again.
    fn has_failed(&self, question: Name, now: Time) -> bool {
        self.failed_until.get(&question).is_some_and(|until| now < *until)
    }
}

impl Component for Resolver {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.timeout_length));
        if self.cold {
            return;
        }
        // Who the servers are is known since some time, too.
        for (zone, ns_ttl) in std::mem::take(&mut self.zones) {
            let ends = |ttl: u32, number| {
                cx.phase(self.cache.rules().kept_for(u64::from(ttl) * SECOND, false), number)
            };
            let server = SERVERS | (zone as u64) << 1;
            self.recursion.know(zone, ends(TLD_NS_TTL_S, server), ends(ns_ttl, server | 1));
        }
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let mut question = cx.call(call).key;
        if self.by_subnet[usize::from(zone_of(question))] {
            let address = cx.request(cx.call(call).request).map_or(0, |request| request.address);
            question = super::with_subnet(question, address);
        }
        self.counts.lookups += 1;
        match self.know(question, cx.now()) {
            Known::Here(addresses, left, again) => {
                self.counts.hits += 1;
                self.reply(call, addresses, left, cx);
                if let Some(zone) = again {
                    self.counts.prefetches += 1;
                    self.begin(question, zone, None, cx);
                }
            }
            Known::Stale(addresses, zone) => {
                self.counts.stale += 1;
                self.reply(call, addresses, STALE_TTL, cx);
                if !self.has_failed(question, cx.now()) {
                    self.begin(question, zone, None, cx);
                }
            }
            Known::Ask(_) if self.has_failed(question, cx.now()) => self.refuse(call, cx),
            Known::Ask(zone) => self.begin(question, zone, Some(call), cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let (index, attempts) = (reply.note, self.attempts);
        let Some(lookup) = self.recursion.get(index) else { return };
        match reply.status {
            Status::Ok if lookup.server != AUTHORITATIVE => {
                // The name server's record is kept as any other.
                let ttl = self.cache.rules().kept_for(u64::from(reply.version) * SECOND, false);
                self.recursion.refer(index, cx.now().saturating_add(ttl));
                self.ask_next(index, cx);
            }
            Status::Ok | Status::Missing | Status::Moved => self.told(index, &reply, cx),
            _ => {
                lookup.tries += 1;
                if lookup.tries < attempts { self.ask_next(index, cx) } else { self.fail(index, cx) }
            }
        }
    }

    fn on_control(&mut self, control: Control, _cx: &mut Ctx<'_>) {
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.cache.clear();
            self.recursion.clear();
            self.failed_until.clear();
            self.cold = true;
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        let counts = &self.counts;
        out.count("resolver_lookups", counts.lookups);
        out.count("resolver_hits", counts.hits);
        out.count("stale_answers", counts.stale);
        out.count("upstream_queries", counts.upstream);
        out.count("prefetches", counts.prefetches);
        out.count("lookup_failures", counts.failures);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
