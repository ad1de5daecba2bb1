//! IP hash of nginx: the first three octets of the client's address.
//!
//! The hash begins at 89; each octet makes it `(hash * 113 + octet) % 6271`; modulo the sum of all weights it points to a server. If
//! that one is down, the hash goes on with the same octets, so that only the clients of the dead server move; after twenty
//! tries the choice falls back to smooth weighted round robin (`ngx_http_upstream_ip_hash_module.c`, nginx 1.22). A server that is taken out of
//! the list, instead of flagged down, changes the sum: about two thirds of the clients of three servers move.

use super::weighted::Weighted;
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "ip_hash",
    about: "by the first three octets of the client's address, as nginx's ip_hash",
    source: "nginx 1.22, ngx_http_upstream_ip_hash_module.c",
    wrong_when: "many clients come from one network (NAT, a mobile carrier), or their addresses change",
};

const START: u32 = 89;
const FACTOR: u32 = 113;
const MODULUS: u32 = 6271;
/// Servers tried by hash before the choice falls back to round robin.
const TRIES: u32 = 20;

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(IpHash { fallback: Weighted::new(backends.len(), tuning) })
}

#[derive(Clone)]
struct IpHash {
    fallback: Weighted,
}

fn go_on(hash: u32, address: u32) -> u32 {
    address.to_be_bytes()[..3].iter().fold(hash, |hash, octet| (hash * FACTOR + u32::from(*octet)) % MODULUS)
}

/// The weight of a server in the list: none of one that has left.
fn weight(backend: &Backend) -> u64 {
    if backend.listed { backend.weight.into() } else { 0 }
}

/// The server in whose share of the sum of weights a number falls.
fn walk(backends: &[Backend], mut number: u64) -> usize {
    for (at, backend) in backends.iter().enumerate() {
        if number < weight(backend) {
            return at;
        }
        number -= weight(backend);
    }
    unreachable!("the number is below the sum of the weights")
}

impl Balance for IpHash {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let total: u64 = backends.iter().map(weight).sum();
        let (address, mut hash) = (asker.address(), START);
        // A single server is not hashed for, nor is a list in which none has weight.
        if backends.len() > 1 && total > 0 {
            for _ in 0..=TRIES {
                hash = go_on(hash, address);
                let chosen = walk(backends, u64::from(hash) % total);
                if backends[chosen].open {
                    return Some(chosen);
                }
            }
        }
        self.fallback.pick(backends, asker)
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.fallback.refresh(backends);
    }

    fn lower(&mut self, server: usize, by: u32, weight: u32) {
        self.fallback.lower(server, by, weight);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{From, TUNING, servers, set_usable};
    use super::*;
    use proptest::prelude::*;

    /// As the reference tells the rule, over a list in which each server stands as often as its weight says.
    fn slow(weights: &[u32], down: &[usize], address: u32) -> Option<usize> {
        let list: Vec<usize> = (0..weights.len()).flat_map(|at| vec![at; weights[at] as usize]).collect();
        let octets = [address >> 24, (address >> 16) & 255, (address >> 8) & 255];
        let mut h = 89;
        for _ in 0..=20 {
            for o in octets {
                h = (h * 113 + o) % 6271;
            }
            let server = list[h as usize % list.len()];
            if !down.contains(&server) {
                return Some(server);
            }
        }
        None
    }

    proptest! {
        #[test]
        fn equals_the_rule_for_any_weights_and_addresses(
            weights in prop::collection::vec(1u32..40, 2..8),
            addresses in prop::collection::vec(any::<u32>(), 1..60),
            down in 0usize..8,
        ) {
            let mut servers = servers(&weights);
            let mut policy = make(&servers, &TUNING);
            let picks = |policy: &mut dyn Balance, servers: &[Backend]| -> Vec<Option<usize>> {
                addresses.iter().map(|address| policy.pick(servers, &mut From(*address))).collect()
            };
            let before = picks(&mut *policy, &servers);
            let expected: Vec<_> = addresses.iter().map(|address| slow(&weights, &[], *address)).collect();
            prop_assert_eq!(&before, &expected);
            let down = down % weights.len();
            set_usable(&mut servers, down, false);
            policy.refresh(&servers);
            for ((before, after), address) in before.iter().zip(picks(&mut *policy, &servers)).zip(&addresses) {
                if *before != Some(down) {
                    prop_assert_eq!(*before, after, "clients of the others stay");
                } else if let Some(expected) = slow(&weights, &[down], *address) {
                    prop_assert_eq!(Some(expected), after);
                } else {
                    prop_assert!(after.is_some() && after != Some(down), "round robin among the others");
                }
            }
        }
    }

    /// A list that is shorter is another list: most clients move; and who has left for ever is no try in vain.
    #[test]
    fn who_has_left_is_not_in_the_list() {
        let mut servers = servers(&[1, 1, 1, 1, 1]);
        for left in [1, 3, 4] {
            set_usable(&mut servers, left, false);
            servers[left].listed = false;
        }
        let mut policy = make(&servers, &TUNING);
        for address in (0..2000).map(|n| n * 1_000_003) {
            let expected = slow(&[1, 1], &[], address).map(|at| [0, 2][at]);
            assert_eq!(policy.pick(&servers, &mut From(address)), expected);
        }
    }

    /// Who answered twenty clients 127.x.y.z in nginx 1.22.1 itself (Debian 12), all up or one marked `down`.
    #[test]
    fn the_choices_of_nginx() {
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
            (&[1, 1, 1][..], None, "cbcaaccacbabbcaabbac"),
            (&[5, 3, 2], None, "bacacbcabacbbcbabcbc"),
            (&[7, 2, 9], None, "ccbaccaabaaccaaacacc"),
            (&[1, 1, 1], Some(1), "cccaaccacaaaacaaacac"),
            (&[5, 3, 2], Some(0), "bccbcbccbbcbbcbbbcbc"),
            (&[13, 100, 37], Some(1), "ccacacaacacaccccacac"),
        ];
        for (weights, down, expected) in real {
            let mut servers = servers(weights);
            let mut policy = make(&servers, &TUNING);
            if let Some(down) = down {
                set_usable(&mut servers, down, false);
            }
            let mut answered = |[b, c, d]: [u8; 3]| {
                let chosen = policy.pick(&servers, &mut From(u32::from_be_bytes([127, b, c, d])));
                (b'a' + chosen.unwrap() as u8) as char
            };
            assert_eq!(clients.map(&mut answered).iter().collect::<String>(), expected, "{weights:?}");
        }
    }

    #[test]
    fn taking_one_of_three_out_moves_about_two_thirds() {
        let (three, two) = (servers(&[1, 1, 1]), servers(&[1, 1]));
        let mut policy = make(&three, &TUNING);
        let addresses = (0..20_000u32).map(|n| n.wrapping_mul(2_654_435_761));
        let moved = addresses.filter(|address| {
            policy.pick(&three, &mut From(*address)) != policy.pick(&two, &mut From(*address))
        });
        let share = moved.count() as f64 / 20_000.0;
        assert!((share - 2.0 / 3.0).abs() < 0.02, "{share}");
    }
}
