//! Smooth weighted round robin, as in nginx.
//!
//! Each server's current weight grows by its weight; the largest is chosen and pays the sum of all weights
//! (Igor Sysoev's patch in nginx 1.3.1, 2012). For 5:3:2 the sequence is `abcaabacba`: shares are
//! exact in every round, and the heavy server's turns are spread out.

use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "weighted",
    about: "smooth weighted round robin: shares by weight, evenly spread",
    source: "nginx 1.3.1 (2012), ngx_http_upstream_round_robin.c",
    wrong_when: "the servers' powers are not known or change: weights do not feel load",
};

pub(super) fn make(backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(Weighted::new(backends.len()))
}

#[derive(Clone)]
pub(super) struct Weighted {
    current: Vec<i64>,
}

impl Weighted {
    pub(super) fn new(servers: usize) -> Self {
        Weighted { current: vec![0; servers] }
    }
}

impl Balance for Weighted {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (at, backend) in backends.iter().enumerate().filter(|(_, backend)| backend.open) {
            self.current[at] += i64::from(backend.weight);
            total += i64::from(backend.weight);
            if best.is_none_or(|best| self.current[at] > self.current[best]) {
                best = Some(at);
            }
        }
        self.current[best?] -= total;
        best
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.current.resize(backends.len(), 0);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{servers, set_usable};
    use super::*;
    use proptest::prelude::*;

    fn sequence(weights: &[u32], length: usize) -> String {
        super::super::sequence(&mut Weighted::new(weights.len()), &servers(weights), length)
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
        assert_eq!(super::super::sequence(&mut Weighted::new(3), &servers, 5), "bcbcb");
    }

    proptest! {
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
