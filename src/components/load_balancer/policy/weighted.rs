//! Smooth weighted round robin, as in nginx.
//!
//! Each server's current weight grows by its weight; the largest is chosen and pays the sum of all weights
//! (Igor Sysoev's patch in nginx 1.3.1, 2012). For 5:3:2 the sequence is `abcaabacba`: shares are
//! exact in every round, and the heavy server's turns are spread out.
//!
//! With passive checks a failure takes `weight / max_fails` (whole numbers) off what a server's current weight grows by, down to nothing; each
//! choice that it takes part in gives one back (`effective_weight` in the same file, nginx 1.22).

use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "weighted",
    about: "smooth weighted round robin: shares by weight, evenly spread; with `max_fails`, failures lower a weight for a while",
    source: "nginx 1.3.1 (2012), ngx_http_upstream_round_robin.c",
    wrong_when: "the servers' powers are not known or change: weights do not feel load",
};

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(Weighted::new(backends.len(), tuning))
}

/// What servers that take turns have saved up, and what failures have taken off their weights.
#[derive(Clone)]
pub(super) struct Turns {
    current: Vec<i64>,
    /// By how much less than its weight each grows; empty as long as nothing has failed.
    lost: Vec<u32>,
    /// What of it comes back with each choice: one, in the parts in which weights are counted.
    back: u32,
}

impl Turns {
    pub(super) fn new(servers: usize, tuning: &Tuning) -> Self {
        Turns { current: vec![0; servers], lost: Vec::new(), back: tuning.parts }
    }

    /// What servers of weight 1 have saved up after whole rounds and so many choices more.
    pub(super) fn after(choices: usize, servers: usize, tuning: &Tuning) -> Self {
        let paid = |at: usize| if at < choices { servers } else { 0 };
        let parts = i64::from(tuning.parts);
        let current = (0..servers).map(|at| parts * (choices as i64 - paid(at) as i64)).collect();
        Turns { current, ..Turns::new(servers, tuning) }
    }

    /// A server takes part in a choice; by how much it has grown.
    #[inline]
    pub(super) fn grow(&mut self, at: usize, weight: u32) -> i64 {
        let grown = if self.lost.is_empty() { weight } else { self.recover(at, weight) };
        self.current[at] += i64::from(grown);
        i64::from(grown)
    }

    /// What is left of a server's weight; some of the rest comes back.
    #[cold]
    fn recover(&mut self, at: usize, weight: u32) -> u32 {
        let lost = self.lost[at].min(weight);
        self.lost[at] = lost.saturating_sub(self.back);
        weight - lost
    }

    /// A server loses a part of its weight.
    pub(super) fn lower(&mut self, at: usize, by: u32, weight: u32) {
        self.lost.resize(self.current.len(), 0);
        self.lost[at] = self.lost[at].saturating_add(by).min(weight);
    }

    pub(super) fn is_ahead(&self, at: usize, of: usize) -> bool {
        self.current[at] > self.current[of]
    }

    /// The chosen one pays what all have grown by.
    pub(super) fn pay(&mut self, at: usize, total: i64) {
        self.current[at] -= total;
    }

    pub(super) fn resize(&mut self, servers: usize) {
        self.current.resize(servers, 0);
        if !self.lost.is_empty() {
            self.lost.resize(servers, 0);
        }
    }
}

#[derive(Clone)]
pub(super) struct Weighted {
    turns: Turns,
}

impl From<Turns> for Weighted {
    fn from(turns: Turns) -> Self {
        Weighted { turns }
    }
}

impl Weighted {
    pub(super) fn new(servers: usize, tuning: &Tuning) -> Self {
        Weighted { turns: Turns::new(servers, tuning) }
    }
}

impl Balance for Weighted {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (at, backend) in backends.iter().enumerate().filter(|(_, backend)| backend.open) {
            total += self.turns.grow(at, backend.weight);
            if best.is_none_or(|best| self.turns.is_ahead(at, best)) {
                best = Some(at);
            }
        }
        self.turns.pay(best?, total);
        best
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.turns.resize(backends.len());
    }

    fn lower(&mut self, server: usize, by: u32, weight: u32) {
        self.turns.lower(server, by, weight);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TUNING, servers, set_usable};
    use super::*;
    use proptest::prelude::*;

    fn sequence(weights: &[u32], length: usize) -> String {
        super::super::sequence(&mut Weighted::new(weights.len(), &TUNING), &servers(weights), length)
    }

    /// Taken down from nginx 1.22.1 itself (Debian 12).
    #[test]
    fn the_sequence_of_nginx() {
        assert_eq!(sequence(&[1, 2, 3, 4, 5], 30), "edcbedaecdebcdeedcbedaecdebcde");
        assert_eq!(sequence(&[13, 100, 37], 40), "bcbbabcbbbcbbcbbabcbbbcbbcbbabbcbbcbbcbb");
        assert_eq!(sequence(&[5, 3, 2], 10), "abcaabacba");
        assert_eq!(sequence(&[5, 1, 1], 7), "aabacaa");
    }

    #[test]
    fn a_server_that_is_down_leaves_its_turns_to_the_others() {
        let mut servers = servers(&[5, 3, 2]);
        set_usable(&mut servers, 0, false);
        assert_eq!(super::super::sequence(&mut Weighted::new(3, &TUNING), &servers, 5), "bcbcb");
    }

    /// A server as the reference describes it, each figure by its name.
    #[derive(Clone, Default)]
    struct Peer {
        weight: i64,
        effective_weight: i64,
        current_weight: i64,
    }

    /// The rule once more, slow and obvious.
    fn slow_pick(peers: &mut [Peer], open: &[bool]) -> Option<usize> {
        let able: Vec<usize> = (0..peers.len()).filter(|at| open[*at]).collect();
        let total: i64 = able.iter().map(|at| peers[*at].effective_weight).sum();
        for at in &able {
            peers[*at].current_weight += peers[*at].effective_weight;
            peers[*at].effective_weight = (peers[*at].effective_weight + 1).min(peers[*at].weight);
        }
        let most = able.iter().map(|at| peers[*at].current_weight).max()?;
        let best = able.into_iter().find(|at| peers[*at].current_weight == most)?;
        peers[best].current_weight -= total;
        Some(best)
    }

    #[test]
    fn a_failure_takes_a_weight_away_and_it_grows_back_by_one() {
        let servers = servers(&[5, 1]);
        let mut policy = Weighted::new(2, &TUNING);
        assert_eq!(super::super::sequence(&mut policy.clone(), &servers, 8), "aaabaaaa");
        policy.lower(0, 5, 5); // max_fails 1
        assert_eq!(super::super::sequence(&mut policy, &servers, 8), "babaaaab");
    }

    proptest! {
        #[test]
        fn failures_lower_weights_as_in_nginx(
            weights in prop::collection::vec(1u32..12, 1..6), max_fails in 1u32..5, parts in prop::sample::select(vec![1u32, 20]),
            steps in prop::collection::vec((any::<bool>(), 0usize..6, any::<u8>()), 1..200),
        ) {
            let tuning = Tuning { parts, ..TUNING };
            let scaled: Vec<u32> = weights.iter().map(|weight| weight * parts).collect();
            let mut servers = servers(&scaled);
            let mut policy = make(&servers, &tuning);
            let peer = |weight: &u32| Peer { weight: i64::from(*weight), effective_weight: i64::from(*weight), current_weight: 0 };
            let mut peers: Vec<Peer> = weights.iter().map(peer).collect();
            for (fails, at, mask) in steps {
                let at = at % weights.len();
                if fails {
                    policy.lower(at, weights[at] / max_fails * parts, scaled[at]);
                    let peer = &mut peers[at];
                    peer.effective_weight = (peer.effective_weight - peer.weight / i64::from(max_fails)).max(0);
                    continue;
                }
                let open: Vec<bool> = (0..weights.len()).map(|at| mask >> at & 1 == 0).collect();
                servers.iter_mut().zip(&open).for_each(|(server, open)| server.open = *open);
                prop_assert_eq!(policy.pick(&servers, &mut || 0.5), slow_pick(&mut peers, &open));
            }
        }

        #[test]
        fn every_round_has_exactly_the_weights(weights in prop::collection::vec(1u32..9, 1..6)) {
            let total: u32 = weights.iter().sum();
            let round = sequence(&weights, total as usize);
            for (at, weight) in weights.iter().enumerate() {
                let letter = (b'a' + at as u8) as char;
                prop_assert_eq!(round.matches(letter).count(), *weight as usize);
            }
        }
    }
}
