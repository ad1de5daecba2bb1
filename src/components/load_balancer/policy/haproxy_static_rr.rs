//! Static weighted round robin of HAProxy: a table of places by weight, walked in turn.

use super::map::Map;
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "haproxy_static_rr",
    about: "weighted round robin over a fixed table, as HAProxy's static-rr",
    source: "HAProxy 2.6, lb_map.c; 5:3:2 gives aabacababc",
    wrong_when: "weights change while it runs: the table begins anew each time",
};

pub(super) fn make(backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(StaticRoundRobin { map: Map::new(backends), next: 0 })
}

#[derive(Clone)]
struct StaticRoundRobin {
    map: Map,
    next: usize,
}

impl Balance for StaticRoundRobin {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let place = if self.next < self.map.len() { self.next } else { 0 };
        let (server, place) = self.map.open_from(place, backends)?;
        self.next = place + 1;
        Some(server)
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.map = Map::new(backends);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TUNING, sequence, servers, set_usable};
    use super::*;

    /// Taken down from HAProxy 2.6.12 itself (Debian 12, nbthread 1).
    #[test]
    fn the_sequences_of_haproxy() {
        let real = [
            (&[5, 3, 2][..], "aabacababcaabacababcaabacababcaabacababc"),
            (&[1, 1, 1][..], "abcabcabcabcabcabcabcabcabcabcabcabcabca"),
            (&[3, 1][..], "aaabaaabaaabaaabaaabaaabaaabaaabaaabaaab"),
            (&[7, 2, 9][..], "acacbcacacacacbcacacacbcacacacacbcacacac"),
            (&[256, 1][..], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            (&[10, 6, 4][..], "aabacababcaabacababcaabacababcaabacababc"),
            (&[1, 2, 3, 4, 5][..], "abedcecdebcdedeabedcecdebcdedeabedcecdeb"),
            (&[13, 100, 37][..], "abbbcbbbcbbacbbbcbbbcbbacbbbcbbbcbabcbbb"),
            (&[17, 23, 34, 2, 30, 16][..], "abccebdfeacbecafecbceafbecbceafbcecaebfc"),
            (&[11, 8][..], "aababaabababaabababaababaabababaabababaa"),
            (&[31, 16, 25, 35][..], "abcdacdabdacdabdcadcadbcdabdacdacdabdacd"),
            (&[37, 16][..], "aaabaabaabaaabaabaabaaabaabaabaaabaabaab"),
            (&[14, 27][..], "ababbabbabbabbabbabbabbabbabbabbabbabbab"),
            (&[12, 25, 11, 5][..], "abbcabbcabdbbacbbacbcdabbbabcbadbcbabcba"),
        ];
        for (weights, expected) in real {
            let servers = servers(weights);
            let found = sequence(&mut *make(&servers, &TUNING), &servers, expected.len());
            assert_eq!(found, expected, "{weights:?}");
        }
    }

    #[test]
    fn who_is_down_has_no_places() {
        let mut servers = servers(&[5, 3, 2]);
        let mut policy = make(&servers, &TUNING);
        set_usable(&mut servers, 0, false);
        policy.refresh(&servers);
        assert_eq!(sequence(&mut *policy, &servers, 10), "bbcbcbbcbc");
    }
}
