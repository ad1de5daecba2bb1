//! Ketama: servers and keys on one circle; a key belongs to the next server's point.
//!
//! Consistent hashing (Karger et al., STOC 1997) as Last.fm's libketama made it for memcached (Jones, 2007), in the form
//! of libmemcached's `ketama_weighted`: a server of mean weight has 160 points, four from each md5 of `name-0`,
//! `name-1`, ... A server that comes or goes takes or leaves its own keys only. With 160 points shares still differ
//! by some percent.

use super::md5::md5;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "ketama",
    about: "consistent hashing: 160 points per server on a circle, the next one has the key",
    source: "Karger et al., STOC 1997; libmemcached 1.1.4, ketama_weighted",
    wrong_when: "shares must be even: with 160 points they differ by some percent",
};

/// Digests per server of mean weight; each makes four points.
const DIGESTS: f32 = 40.0;

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(Ketama { points: Vec::new() })
}

/// Digests of each server: its share of all, rounded down. In the single precision of libmemcached, in which 25 equal
/// servers come to 39 each, not 40; so do 47, 50 and some more.
pub(super) fn points(weights: &[u32]) -> Vec<u64> {
    let total: f32 = weights.iter().map(|weight| u64::from(*weight)).sum::<u64>() as f32;
    let share = |weight: &u32| *weight as f32 / total * (4.0 * DIGESTS) / 4.0 * weights.len() as f32;
    weights.iter().map(|weight| (f64::from(share(weight)) + 1e-10) as f32 as u64).collect()
}

#[derive(Clone)]
struct Ketama {
    /// Place on the circle and server, in order.
    points: Vec<(u32, u16)>,
}

impl Placement for Ketama {
    fn arrange(&mut self, servers: &[Server]) {
        let weights: Vec<u32> = servers.iter().map(|server| server.weight).collect();
        self.points.clear();
        for (server, digests) in servers.iter().zip(points(&weights)) {
            for digest in 0..digests {
                let places = md5(format!("{}-{digest}", server.name).as_bytes());
                self.points.extend(places.map(|place| (place, server.id)));
            }
        }
        self.points.sort_by_key(|(place, _)| *place);
    }

    fn place(&self, key: &[u8]) -> u16 {
        let hash = md5(key)[0];
        let next = self.points.partition_point(|(place, _)| *place < hash);
        self.points[if next == self.points.len() { 0 } else { next }].1
    }

    fn fork(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws;

    #[test]
    fn as_libmemcached() {
        laws::equals_reference("ketama", "lmc_ketama_weighted_3");
        laws::equals_reference_with_port("ketama", "lmc_ketama_weighted_port11212_3");
        laws::balance("ketama", &[1; 3], &[3338, 3195, 3467]);
        laws::balance("ketama", &[1; 4], &[2445, 2497, 2504, 2554]);
        laws::balance("ketama", &[1; 5], &[1946, 1884, 2071, 2047, 2052]);
        laws::balance("ketama", &[5, 3, 2], &[4832, 2705, 2463]);
        laws::balance("ketama", &[7, 1, 1, 3], &[5883, 768, 969, 2380]);
        let of_25 = [
            369, 381, 406, 372, 352, 441, 429, 487, 383, 378, 425, 379, 361, 438, 398, 478, 380, 417, 378,
            475, 404, 391, 292, 368, 418,
        ];
        laws::balance("ketama", &[1; 25], &of_25);
        laws::moved("ketama", 3, 4, (0.2554, 0));
        laws::moved("ketama", 4, 5, (0.2052, 0));
        laws::moved("ketama", 5, 4, (0.2052, 0));
        laws::moved("ketama", 3, 5, (0.4099, 0));
        laws::moved_without("ketama", 5, 1, (0.1884, 0));
    }
}
