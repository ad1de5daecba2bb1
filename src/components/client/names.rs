//! How clients find the address behind a name: in their own caches, or from their resolver.

use crate::components::dns::{address::Addresses, records, stub};
use crate::components::{Site, dns};
use crate::kernel::{Control, NodeId, Readings, Reply, Request, SECOND, Time};
use crate::random::mix::{combine, hash_name};

/// Where a request goes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// To this server.
    Server(NodeId),
    /// To this resolver, with this question.
    Resolver(NodeId, u64),
    /// Nowhere: there is no such name.
    Nowhere,
}

/// The names that the clients of one traffic use, and what they know of them.
#[derive(Clone)]
pub(super) struct Names {
    zone: u64,
    names: u64,
    servers: Vec<NodeId>,
    /// Resolvers, each with its round-trip time from every place.
    resolvers: Vec<NodeId>,
    rtt: Vec<Vec<Time>>,
    stub: stub::Stub,
    /// Users behind one router.
    household: u32,
    /// Whether clients begin with the run and know no address.
    cold: bool,
    /// Whether whoever is asked tells each client the whole time to live.
    whole: bool,
    /// The records that the zone holds now: known for counting only.
    held: u64,
    counts: Counts,
}

#[derive(Clone, Default)]
struct Counts {
    lookups: u64,
    browser: u64,
    system: u64,
    router: u64,
    resolver: u64,
    sent: u64,
    old: u64,
}

/// Draw of the record that a client begins with, if there are several.
const RECORD: u64 = hash_name("dns record");
/// Draw of the resolver of a client.
const RESOLVER: u64 = hash_name("dns resolver");

impl Names {
    /// The names behind a traffic's `to`, if that is a zone or a router of clients.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let (settings, layout) = (site.settings(), site.layout);
        let zone = settings.group("to")?;
        // A router of clients is asked as a resolver is; there is one name, and nobody but the browser keeps its answer.
        let (groups, is_name) = match layout.groups[zone].kind {
            "dns" => (settings.groups("resolver"), true),
            "geo_router" => (vec![zone], false),
            _ => return None,
        };
        let places = layout.node_places();
        let resolvers: Vec<NodeId> = groups.iter().flat_map(|group| layout.groups[*group].nodes()).collect();
        let from =
            |place: u16| resolvers.iter().map(|node| layout.map.rtt(place, places[node.index()])).collect();
        let household = settings.count("household").map(|users| users as u32);
        let browser_ttl = settings.duration("browser_ttl").expect("preset");
        let own = !site.is_disabled("dns_cache") && is_name;
        let names = |zone: usize| layout.groups[zone].settings.count("names").expect("preset");
        Some(Names {
            zone: zone as u64,
            names: if is_name { names(zone) } else { 1 },
            servers: records(layout, zone),
            rtt: (0..=layout.map.len() as u16).map(from).collect(),
            resolvers,
            stub: stub::Stub::new(if own { browser_ttl } else { 0 }, household.filter(|_| own)),
            household: household.unwrap_or(1),
            cold: settings.flag("cold"),
            whole: !is_name,
            held: if is_name { dns::named_at_first(layout, zone) } else { u64::MAX },
            counts: Counts::default(),
        })
    }

    /// The run begins; `draws`: the key of what is drawn for these clients in this replication.
    pub fn start(&mut self, draws: u64) {
        if !self.cold {
            self.stub.knew(draws, self.whole);
        }
    }

    /// Where this attempt of a request goes.
    pub fn find(&mut self, request: &Request, now: Time) -> Way {
        self.counts.lookups += 1;
        let name = request.key % self.names;
        let known = match request.user {
            0 => None,
            user => self.stub.find(user, name as u32, now),
        };
        let Some((addresses, knew)) = known else {
            self.counts.resolver += 1;
            return Way::Resolver(self.resolver_of(request), (self.zone << 32) | name);
        };
        match knew {
            stub::Knew::Browser => self.counts.browser += 1,
            stub::Knew::System => self.counts.system += 1,
            stub::Knew::Router => self.counts.router += 1,
        }
        self.go(addresses, request)
    }

    /// A user who comes soon, and the one after (see [`stub::Stub::foresee`]).
    #[inline]
    pub fn foresee(&self, next: u32, after: u32) {
        self.stub.foresee(next, after);
    }

    /// The resolver has answered.
    pub fn learn(&mut self, reply: &Reply, request: &Request, now: Time) -> Way {
        let addresses = Addresses(reply.redirect.0);
        if request.user != 0 {
            let (name, ttl) = ((reply.key & 0xFFFF_FFFF) as u32, u64::from(reply.version) * SECOND);
            self.stub.learn(request.user, name, addresses, ttl, now);
        }
        self.go(addresses, request)
    }

    fn go(&mut self, addresses: Addresses, request: &Request) -> Way {
        let start = request.draw.bits(RECORD, 0) >> 32;
        let Some(record) = addresses.pick(start, u64::from(request.attempts)) else { return Way::Nowhere };
        self.counts.sent += 1;
        self.counts.old += u64::from(self.held & 1 << record == 0);
        Way::Server(self.servers[record])
    }

    /// One of the nearest resolvers, the same for a user each time, and for all users of a household, whose router asks; further attempts
    /// go to the next ones, as system libraries do (resolv.conf(5), glibc: "queries them in the order listed").
    fn resolver_of(&self, request: &Request) -> NodeId {
        let rtt = &self.rtt[usize::from(request.region)];
        let least = rtt.iter().min().copied().unwrap_or(0);
        let nearest = rtt.iter().filter(|rtt| **rtt == least).count() as u64;
        let draw = match request.user {
            0 => request.draw.bits(RESOLVER, 0),
            user => combine(RESOLVER, u64::from(user / self.household)),
        };
        let wanted = (draw % nearest) as usize;
        if request.attempts > 1 {
            return self.resolvers[next_resolver(rtt, nearest as usize, wanted, request.attempts)];
        }
        let at = (0..rtt.len()).filter(|at| rtt[*at] == least).nth(wanted);
        self.resolvers[at.expect("there is a resolver")]
    }

    /// The zone holds other records.
    pub fn on_control(&mut self, control: Control) {
        if control.verb == dns::POINT_TO {
            self.held = control.arg;
        }
    }

    pub fn measure(&self, out: &mut Readings) {
        let counts = &self.counts;
        out.count("lookups", counts.lookups);
        out.count("lookups_browser", counts.browser);
        out.count("lookups_system", counts.system);
        out.count("lookups_router", counts.router);
        out.count("lookups_resolver", counts.resolver);
        out.count("sent_by_name", counts.sent);
        out.count("old_address", counts.old);
    }
}

/// The resolver of a further attempt: the nearest ones in turn, beginning with the client's own, then those farther away.
#[cold]
fn next_resolver(rtt: &[Time], nearest: usize, own: usize, attempt: u8) -> usize {
    let mut order: Vec<usize> = (0..rtt.len()).collect();
    order.sort_by_key(|at| rtt[*at]);
    order[..nearest].rotate_left(own);
    order[usize::from(attempt - 1) % order.len()]
}
