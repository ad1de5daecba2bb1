//! How clients come to a server if there is more than one way: by a name, by a router that they ask, by an anycast address.

use super::aim::Aim;
use super::names::{Names, Way};
use crate::components::anycast::{self, Catchment, Vantage};
use crate::components::dns::{final_zone, records};
use crate::components::{Site, geo_router};
use crate::kernel::{Ask, Ctx, NodeId, Readings, Reply, Request, Time};
use crate::parts::verbs::{LOCATE, LOOKUP};
use crate::random::mix::{combine, hash_name, unit};

/// The ways of one traffic.
#[derive(Clone)]
pub(super) struct Reach {
    pub names: Option<Names>,
    /// The address itself, if no name leads to it.
    direct: NodeId,
    catchments: Vec<Catchment>,
    aim: Option<Aim>,
    /// Who is asked where to go: a resolver, or a router of clients.
    verb: u16,
    /// Share of clients that tell a router where they are.
    gps: f64,
}

/// Size of a question for an address.
const QUESTION_BYTES: u32 = 64;
/// Whether a client sends its position.
const GPS: u64 = hash_name("gps");
/// Networks of clients without addresses.
const NETWORK: u64 = hash_name("network");

impl Reach {
    /// `None` if requests go to one server that everybody knows.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let (settings, layout) = (site.settings(), site.layout);
        let to = settings.group("to").expect("required");
        let kind = layout.groups[to].kind;
        if !matches!(kind, "dns" | "geo_router" | "anycast") {
            return None;
        }
        let is_anycast = |group: &usize| layout.groups[*group].kind == anycast::KIND.entry.name;
        let groups = match kind {
            "dns" => layout.groups[final_zone(layout, to)].settings.groups("to"),
            _ => vec![to],
        };
        let addresses: Vec<usize> = groups.into_iter().filter(is_anycast).collect();
        let mut servers: Vec<NodeId> = if is_anycast(&to) { Vec::new() } else { records(layout, to) };
        servers.retain(|node| addresses.iter().all(|group| layout.first(*group) != *node));
        servers.extend(addresses.iter().flat_map(|group| anycast::sites(layout, *group)));
        Some(Reach {
            names: Names::new(site),
            direct: layout.first(to),
            catchments: addresses.iter().map(|group| Catchment::new(&site.of(*group))).collect(),
            aim: Aim::new(site, servers),
            verb: if kind == geo_router::KIND.entry.name { LOCATE } else { LOOKUP },
            gps: settings.share("gps").expect("preset"),
        })
    }

    /// Routes are odd in other places in each replication, and what clients (the traffic of this name) know ends at other moments.
    pub fn start(&mut self, traffic: &str, seed: u64, replication: u64) {
        self.catchments.iter_mut().for_each(|catchment| catchment.seed(seed, replication));
        if let Some(names) = &mut self.names {
            names.start(combine(hash_name(traffic), combine(seed, replication)));
        }
    }

    /// Where this attempt of a request goes.
    pub fn find(&mut self, request: &Request, cx: &Ctx<'_>) -> Way {
        let way = match &mut self.names {
            Some(names) => names.find(request, cx.now()),
            None => Way::Server(self.direct),
        };
        self.land(way, request, cx)
    }

    /// Whoever was asked has answered.
    pub fn learn(&mut self, reply: &Reply, request: &Request, cx: &Ctx<'_>) -> Way {
        let names = self.names.as_mut().expect("only names are looked up");
        let way = names.learn(reply, request, cx.now());
        self.land(way, request, cx)
    }

    /// An address is a server, or the routes to it say which.
    fn land(&mut self, way: Way, request: &Request, cx: &Ctx<'_>) -> Way {
        let Way::Server(mut server) = way else { return way };
        if let Some(catchment) = self.catchments.iter().find(|catchment| catchment.front == server) {
            let Some(site) = catchment.site(self.vantage(request), cx.now()) else { return Way::Nowhere };
            server = site;
        }
        if let Some(aim) = &mut self.aim {
            aim.note(request, server, cx);
        }
        Way::Server(server)
    }

    fn vantage(&self, request: &Request) -> Vantage {
        let place = self.aim.as_ref().map_or(request.region, |aim| aim.outlet(request));
        let network = match (request.address, request.user) {
            (0, 0) => request.draw.bits(NETWORK, 0),
            (0, user) => combine(NETWORK, u64::from(user)),
            (address, _) => u64::from(address >> 8),
        };
        Vantage { place, network }
    }

    /// The question for a resolver or a router; a router is told where some clients are.
    pub fn question(&self, request: &Request, whom: NodeId, question: u64) -> Ask {
        let token = self.position(request);
        Ask { token, bytes: QUESTION_BYTES, ..Ask::new(whom, self.verb, question) }
    }

    /// The place that a client tells; 0 = it tells none. The same client always does, or never.
    fn position(&self, request: &Request) -> u32 {
        let bits = match request.user {
            0 => request.draw.bits(GPS, 0),
            user => combine(GPS, u64::from(user)),
        };
        if unit(bits) < self.gps { u32::from(request.region) } else { 0 }
    }

    /// A site of an anycast address has been announced or withdrawn.
    pub fn route(&mut self, address: NodeId, key: u64, now: Time) {
        if let Some(catchment) = self.catchments.iter_mut().find(|catchment| catchment.front == address) {
            catchment.change((key >> 1) as usize, key & 1 == 1, now);
        }
    }

    pub fn measure(&self, out: &mut Readings) {
        if let Some(names) = &self.names {
            names.measure(out);
        }
        if let Some(aim) = &self.aim {
            aim.measure(out);
        }
    }
}
