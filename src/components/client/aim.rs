//! Whether a client was sent to the site that is best for it, and what it costs if not: measured against the truth, which nobody who
//! routes can know.

use crate::components::Site;
use crate::components::network::geo::Geography;
use crate::kernel::{Ctx, NodeId, Readings, Request, SECOND, Time};
use crate::stats::Histogram;
use std::sync::Arc;

/// What became of the attempts of one traffic that could have gone to several sites.
#[derive(Clone)]
pub(super) struct Aim {
    /// Where each node is that it may be sent to; 0 = nowhere, or it may not.
    place: Vec<u16>,
    /// For each place, all sites, nearest first.
    order: Vec<Vec<(NodeId, u16)>>,
    /// Where clients come out, by how they come; 0 = at home.
    outlets: [u16; 4],
    map: Arc<Geography>,
    routed: u64,
    misrouted: u64,
    extra: Histogram,
    /// Attempts sent to a site that was down, the seconds in which there were some, and the end of the last of them.
    lost: u64,
    lost_seconds: u64,
    counted_until: Time,
}

impl Aim {
    /// Sites that the traffic may be sent to; `None` if it has no choice.
    pub fn new(site: &Site<'_>, mut nodes: Vec<NodeId>) -> Option<Self> {
        let layout = site.layout;
        nodes.sort_unstable();
        nodes.dedup();
        let places = layout.node_places();
        let sites: Vec<_> = nodes.iter().map(|node| (*node, places[node.index()])).collect();
        let order = |place: u16| {
            let mut order: Vec<_> = sites.iter().copied().filter(|(_, at)| *at != 0).collect();
            order.sort_by_key(|(_, at)| layout.map.rtt(place, *at));
            order
        };
        let order: Vec<_> = (0..=layout.map.len() as u16).map(order).collect();
        (sites.len() > 1).then(|| Aim {
            order,
            place: place_of_each(&sites),
            outlets: site.group().clients().map_or([0; 4], |clients| layout.outlets(&clients)),
            map: layout.map.clone(),
            routed: 0,
            misrouted: 0,
            extra: Histogram::new(),
            lost: 0,
            lost_seconds: 0,
            counted_until: 0,
        })
    }

    /// Where a client comes out, as routes see it.
    pub fn outlet(&self, request: &Request) -> u16 {
        match self.outlets[usize::from(request.access & 3)] {
            0 => request.region,
            outlet => outlet,
        }
    }

    /// An attempt is sent to this site.
    pub fn note(&mut self, request: &Request, to: NodeId, cx: &Ctx<'_>) {
        let is_up = cx.is_well(to);
        if !is_up {
            self.lose(cx.now());
        }
        let place = self.place.get(to.index()).copied().unwrap_or(0);
        if place == 0 || request.region == 0 {
            return;
        }
        let best = |from: u16| {
            let well = self.order[usize::from(from)].iter().find(|(node, _)| cx.is_well(*node));
            well.map(|(_, place)| self.map.rtt(from, *place))
        };
        let outlet = self.outlet(request);
        let (Some(nearest), Some(best)) = (best(request.region), best(outlet)) else {
            return; // nobody is up: nobody could have been reached
        };
        self.routed += 1;
        self.misrouted += u64::from(!is_up || self.map.rtt(request.region, place) > nearest);
        if is_up {
            self.extra.record(self.map.rtt(outlet, place) - best);
        }
    }

    fn lose(&mut self, now: Time) {
        self.lost += 1;
        if now >= self.counted_until {
            self.lost_seconds += 1;
            self.counted_until = (now / SECOND + 1) * SECOND;
        }
    }

    pub fn measure(&self, out: &mut Readings) {
        out.count("attempts_to_down_sites", self.lost);
        out.count("down_site_seconds", self.lost_seconds);
        if self.routed > 0 {
            out.count("routed", self.routed);
            out.count("misrouted", self.misrouted);
            out.histogram("extra_rtt", &self.extra);
        }
    }
}

/// The places of these nodes, by node.
fn place_of_each(sites: &[(NodeId, u16)]) -> Vec<u16> {
    let mut places = vec![0; sites.iter().map(|(node, _)| node.index() + 1).max().unwrap_or(0)];
    sites.iter().for_each(|(node, place)| places[node.index()] = *place);
    places
}
