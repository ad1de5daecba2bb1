//! Rendezvous: every server bids for every key; the highest bid has it.
//!
//! Highest random weight (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions on
//! Networking 6(1), 1998). Bids are murmur3 of `name-key`, as in Durbin's clandestined (2014), which pymemcache uses.
//! With unequal weights a bid u in (0, 1) counts as -weight / ln u (Schindelhauer and Schomaker, SPAA 2005), which
//! keeps the order of equal ones.

use super::hash::murmur3;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "rendezvous",
    about: "every server bids for the key, the highest bid has it: even, no memory",
    source: "Thaler and Ravishankar 1998; clandestined (murmur3), as in pymemcache",
    wrong_when: "there are hundreds of servers: each key costs a hash per server",
};

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(Rendezvous { bidders: Vec::new(), weighted: false })
}

#[derive(Clone)]
struct Rendezvous {
    bidders: Vec<Bidder>,
    weighted: bool,
}

#[derive(Clone)]
struct Bidder {
    /// Its name and a dash.
    prefix: Vec<u8>,
    weight: f64,
    id: u16,
}

impl Bidder {
    fn new(server: &Server) -> Self {
        let prefix = format!("{}-", server.name).into_bytes();
        Bidder { prefix, weight: f64::from(server.weight), id: server.id }
    }
}

impl Rendezvous {
    /// What a bid counts. Equal weights keep the whole number, so that ties are ties.
    fn value(&self, bid: u32, weight: f64) -> f64 {
        if !self.weighted {
            return f64::from(bid);
        }
        let uniform = (f64::from(bid) + 0.5) / (1u64 << 32) as f64;
        -weight / libm::log(uniform)
    }
}

impl Placement for Rendezvous {
    fn arrange(&mut self, servers: &[Server]) {
        self.bidders = servers.iter().map(Bidder::new).collect();
        // Of equal bids the greater name wins: looked at first, it is not overtaken.
        self.bidders.sort_by(|a, b| b.prefix.cmp(&a.prefix));
        self.weighted = servers.iter().any(|server| server.weight != servers[0].weight);
    }

    fn place(&self, key: &[u8]) -> u16 {
        let mut text = Vec::with_capacity(64);
        let mut best = (f64::NEG_INFINITY, 0);
        for bidder in &self.bidders {
            text.clear();
            text.extend_from_slice(&bidder.prefix);
            text.extend_from_slice(key);
            let value = self.value(murmur3(&text), bidder.weight);
            if value > best.0 {
                best = (value, bidder.id);
            }
        }
        best.1
    }

    fn fork(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws;

    #[test]
    fn as_clandestined() {
        laws::equals_reference("rendezvous", "hrw_clandestined_3");
        laws::balance("rendezvous", &[1; 3], &[3343, 3322, 3335]);
        laws::balance("rendezvous", &[1; 4], &[2549, 2503, 2503, 2445]);
        laws::balance("rendezvous", &[1; 5], &[2072, 2005, 1965, 1932, 2026]);
        laws::moved("rendezvous", 3, 4, (0.2445, 0));
        laws::moved("rendezvous", 4, 5, (0.2026, 0));
        laws::moved("rendezvous", 3, 5, (0.3958, 0));
        laws::moved_without("rendezvous", 5, 1, (0.2005, 0));
    }

    #[test]
    fn weights_are_shares() {
        laws::shares("rendezvous", &[5, 3, 2], 0.02);
        laws::shares("rendezvous", &[1, 10], 0.02);
    }
}
