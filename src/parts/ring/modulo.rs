//! Modulo: the hash of the key, modulo the number of servers.
//!
//! What memcached's clients did first, and libmemcached's default (`MEMCACHED_DISTRIBUTION_MODULA` with Jenkins'
//! one-at-a-time hash). Even and cheap; but of n servers becoming n + 1, n / (n + 1) of all keys change places, and
//! a cache is as good as empty.

use super::hash::one_at_a_time;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "modulo",
    about: "hash modulo the number of servers",
    source: "libmemcached 1.1.4, MEMCACHED_DISTRIBUTION_MODULA (hash: Jenkins 1997)",
    wrong_when: "servers come and go: nearly every key moves",
};

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(Modulo { ids: Vec::new() })
}

#[derive(Clone)]
struct Modulo {
    ids: Vec<u16>,
}

impl Placement for Modulo {
    fn arrange(&mut self, servers: &[Server]) {
        self.ids = servers.iter().map(|server| server.id).collect();
    }

    fn place(&self, key: &[u8]) -> u16 {
        self.ids[one_at_a_time(key) as usize % self.ids.len()]
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
        laws::equals_reference("modulo", "lmc_modula_3");
        laws::balance("modulo", &[1; 3], &[3396, 3169, 3435]);
        laws::balance("modulo", &[1; 4], &[2493, 2518, 2501, 2488]);
        laws::balance("modulo", &[1; 5], &[2024, 2036, 1889, 2019, 2032]);
        laws::moved("modulo", 3, 4, (0.7500, 5012));
        laws::moved("modulo", 4, 5, (0.8071, 6039));
        laws::moved("modulo", 5, 4, (0.8071, 6039));
        laws::moved("modulo", 3, 5, (0.8038, 3987));
    }
}
