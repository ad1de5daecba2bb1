//! Smooth weighted round robin, as in nginx.
//!
//! Each server's current weight grows by its weight; the largest is chosen and pays the sum of all weights
//! (Igor Sysoev's patch in nginx 1.3.1, 2012). For 5:3:2 the sequence is `abcaabacba`: shares are
//! exact in every round, and the heavy server's turns are spread out.

use super::{Backend, Balance};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "weighted",
    about: "smooth weighted round robin: shares by weight, evenly spread",
    source: "nginx 1.3.1 (2012), ngx_http_upstream_round_robin.c",
    wrong_when: "the servers' powers are not known or change: weights do not feel load",
};

pub(super) fn make(backends: &[Backend]) -> Box<dyn Balance> {
    Box::new(Weighted { current: vec![0; backends.len()] })
}

#[derive(Clone)]
struct Weighted {
    current: Vec<i64>,
}

impl Balance for Weighted {
    fn pick(&mut self, backends: &[Backend], _draw: &mut dyn FnMut() -> f64) -> usize {
        let mut total = 0;
        let mut best = 0;
        for (at, backend) in backends.iter().enumerate() {
            self.current[at] += i64::from(backend.weight);
            total += i64::from(backend.weight);
            if self.current[at] > self.current[best] {
                best = at;
            }
        }
        self.current[best] -= total;
        best
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::servers;
    use super::*;
    use proptest::prelude::*;

    fn sequence(weights: &[u32], length: usize) -> String {
        let servers = servers(weights);
        let mut policy = make(&servers);
        (0..length).map(|_| (b'a' + policy.pick(&servers, &mut || 0.5) as u8) as char).collect()
    }

    #[test]
    fn the_sequence_of_nginx() {
        assert_eq!(sequence(&[5, 3, 2], 10), "abcaabacba");
        assert_eq!(sequence(&[5, 1, 1], 7), "aabacaa");
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
