//! Source hash of HAProxy: the client's address, as a number, modulo the sum of the weights.
//!
//! The table of places is that of `haproxy_static_rr`, and holds the servers in service only: when one goes down the table is made
//! anew, and most clients move (`balance source` with the default `hash-type map-based`). A server with as many calls as it may have
//! keeps its clients: they wait for it.

use super::map::Map;
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "source",
    about: "by the client's address modulo the sum of the weights, as HAProxy's `balance source`",
    source: "HAProxy 2.6, backend.c: hash-type map-based",
    wrong_when: "servers come and go (most clients move), or many clients share one address (NAT)",
};

pub(super) fn make(backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(Source { map: Map::new(backends) })
}

#[derive(Clone)]
struct Source {
    map: Map,
}

impl Balance for Source {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let place = (asker.address() as usize).checked_rem(self.map.len())?;
        self.map.open_from(place, backends).map(|(server, _)| server)
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
    use super::super::haproxy_static_rr;
    use super::super::{From, TUNING, sequence, servers, set_usable};
    use super::*;
    use proptest::prelude::*;

    /// Who answered twenty clients 127.x.y.z in HAProxy 2.6.12 itself (Debian 12, `balance source`, nbthread 1).
    #[test]
    fn the_choices_of_haproxy() {
        let clients: [[u8; 3]; 20] = [
            [121, 66, 95],
            [242, 33, 156],
            [6, 240, 67],
            [119, 98, 184],
            [240, 243, 102],
            [77, 118, 163],
            [77, 199, 190],
            [7, 32, 41],
            [21, 154, 200],
            [15, 137, 122],
            [198, 218, 102],
            [227, 68, 225],
            [187, 49, 10],
            [69, 253, 56],
            [132, 223, 200],
            [154, 215, 130],
            [197, 179, 137],
            [208, 118, 232],
            [172, 14, 220],
            [143, 83, 179],
        ];
        let real = [
            (&[1, 1, 1][..], "bacabccabcacbbbcbbcb"),
            (&[5, 3, 2], "cbabbababbaababbaaba"),
            (&[10, 6, 4], "cbabbababbaababbaaba"),
            (&[7, 2, 9], "cacaacbcaaacbbaacabc"),
            (&[13, 100, 37], "bcbabcbcbbbcbcbbcbbb"),
        ];
        for (weights, expected) in real {
            let servers = servers(weights);
            let mut policy = make(&servers, &TUNING);
            let mut answered = |[b, c, d]: [u8; 3]| {
                let chosen = policy.pick(&servers, &mut From(u32::from_be_bytes([127, b, c, d])));
                (b'a' + chosen.unwrap() as u8) as char
            };
            assert_eq!(clients.map(&mut answered).iter().collect::<String>(), expected, "{weights:?}");
        }
    }

    proptest! {
        #[test]
        fn the_address_modulo_the_places_of_those_in_service(
            weights in prop::collection::vec(1u32..20, 2..6),
            addresses in prop::collection::vec(any::<u32>(), 1..50),
            down in 0usize..6,
        ) {
            let mut servers = servers(&weights);
            let mut policy = make(&servers, &TUNING);
            set_usable(&mut servers, down % weights.len(), false);
            policy.refresh(&servers);
            let total: u32 = servers.iter().map(Backend::effective_weight).sum();
            let mut table = haproxy_static_rr::make(&servers, &TUNING);
            let table: Vec<u8> = sequence(&mut *table, &servers, total as usize).into_bytes();
            for address in addresses {
                let expected = usize::from(table[(address % total) as usize] - b'a');
                prop_assert_eq!(policy.pick(&servers, &mut From(address)), Some(expected));
            }
        }
    }
}
