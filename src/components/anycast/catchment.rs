//! Which site the packets of a client come to: what the routes of its network say at the moment.

use super::profile;
use crate::components::Site;
use crate::components::network::geo::Geography;
use crate::kernel::{NodeId, Time};
use crate::random::mix::{combine, hash_name, unit};
use crate::random::variate::Variate;
use std::sync::Arc;

/// From where a packet is sent, as far as routes are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vantage {
    /// Where the client comes out.
    pub place: u16,
    /// Its network: all of it takes one way (no route on the internet is longer than a /24).
    pub network: u64,
}

/// The ways to one address from everywhere.
#[derive(Clone, Debug)]
pub struct Catchment {
    /// The node that stands for the address.
    pub front: NodeId,
    sites: Vec<Announced>,
    odd_routes: f64,
    convergence: Variate,
    fails_open: bool,
    /// Root of what is odd about each network.
    seed: u64,
    map: Arc<Geography>,
}

#[derive(Clone, Debug)]
struct Announced {
    node: NodeId,
    place: u16,
    /// When it was withdrawn or announced; announced before all of them. The oldest are forgotten.
    changes: Vec<(Time, bool)>,
    /// Number of changes forgotten.
    forgotten: u64,
}

/// Changes of one site that networks may still be finding out about.
const CHANGES_AT_MOST: usize = 16;

const ODD: u64 = hash_name("odd route");
const WHICH: u64 = hash_name("which odd route");
const DELAY: u64 = hash_name("convergence");

impl Catchment {
    /// The ways to the address of a checked group.
    pub fn new(site: &Site<'_>) -> Self {
        let (settings, layout) = (site.settings(), site.layout);
        let figures = profile::figures(settings.choice("profile"));
        let places = layout.node_places();
        let announced =
            |node: NodeId| Announced { node, place: places[node.index()], changes: Vec::new(), forgotten: 0 };
        Catchment {
            front: layout.first(site.index),
            sites: super::sites(layout, site.index).into_iter().map(announced).collect(),
            odd_routes: settings.share("odd_routes").unwrap_or(figures.odd_routes),
            convergence: settings.variate("convergence").unwrap_or(figures.convergence),
            fails_open: figures.fails_open,
            seed: site.purpose("routes"),
            map: layout.map.clone(),
        }
    }

    /// Networks are odd in other ways in each replication.
    pub fn seed(&mut self, seed: u64, replication: u64) {
        self.seed = combine(self.seed, combine(seed, replication));
    }

    /// A site is announced or withdrawn now; networks learn of it one after the other.
    pub fn change(&mut self, site: usize, announced: bool, now: Time) {
        let site = &mut self.sites[site];
        if site.changes.len() == CHANGES_AT_MOST {
            site.changes.remove(0);
            site.forgotten += 1;
        }
        site.changes.push((now, announced));
    }

    /// The site that a packet comes to which is sent now; `None` if there is no way.
    pub fn site(&self, from: Vantage, now: Time) -> Option<NodeId> {
        let all = || 0..self.sites.len();
        let blind = self.fails_open && !all().any(|at| self.is_known(at, from, now));
        let known = || all().filter(|at| blind || self.is_known(*at, from, now));
        let nearest = known().min_by_key(|at| self.map.rtt(from.place, self.sites[*at].place))?;
        let odd = unit(combine(self.seed ^ ODD, from.network)) < self.odd_routes;
        // Which of the others it is stays the same as long as that one is announced (rendezvous hashing).
        let score = |at: &usize| combine(combine(self.seed ^ WHICH, from.network), *at as u64);
        let other = || known().filter(|at| *at != nearest).max_by_key(score);
        let chosen = if odd { other().unwrap_or(nearest) } else { nearest };
        Some(self.sites[chosen].node)
    }

    /// What the routers of a network know of a site: the newest of those of its changes that have reached them.
    fn is_known(&self, at: usize, from: Vantage, now: Time) -> bool {
        let site = &self.sites[at];
        let reached = |(n, (time, _)): &(usize, &(Time, bool))| {
            let event = combine(at as u64, site.forgotten + *n as u64);
            let bits = combine(combine(self.seed ^ DELAY, from.network), event);
            time.saturating_add(self.convergence.sample_ns_of(bits)) <= now
        };
        let newest = site.changes.iter().enumerate().rev().find(reached);
        newest.is_none_or(|(_, (_, announced))| *announced)
    }
}
