//! Consistent hash: the key or the client's address on a ring of servers.
//!
//! When a server goes, only its keys move; when it comes back, they come back (Karger et al., STOC 1997). The ring is ketama's, as in
//! nginx's `hash .. consistent`. Keys of a server that is full or has just failed go where its removal would send them.

use super::{Asker, Backend, Balance, HASH_BY, Tuning};
use crate::catalog::Policy;
use crate::parts::ring::{Ring, Server};

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "consistent_hash",
    about: "by key or client address on a ring (`hash`): few move when servers come and go",
    source: "Karger et al., STOC 1997; ketama (R. Jones, 2007); nginx `hash .. consistent`",
    wrong_when: "a few keys or addresses make most of the load: their servers run hot",
};

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    let by_address = HASH_BY[tuning.hash_by].name == "address";
    Box::new(ConsistentHash { ring: ring(backends, |backend| backend.usable), by_address })
}

#[derive(Clone)]
struct ConsistentHash {
    ring: Ring,
    by_address: bool,
}

/// A ring of some of the servers. Their names stay the same, whoever comes and goes.
fn ring(backends: &[Backend], takes: impl Fn(&Backend) -> bool) -> Ring {
    let weighed = backends.iter().enumerate().filter(|(_, backend)| backend.weight > 0 && takes(backend));
    let server = |(at, backend): (usize, &Backend)| Server {
        weight: backend.weight,
        ..Server::new(at as u16, format!("server-{}", backend.node.0))
    };
    Ring::by_name("ketama", weighed.map(server).collect()).expect("there is such a ring")
}

impl Balance for ConsistentHash {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let key = if self.by_address { u64::from(asker.address()) } else { asker.key() };
        let chosen = usize::from(self.ring.place(key)?);
        if backends[chosen].open {
            return Some(chosen);
        }
        ring(backends, |backend| backend.open).place(key).map(usize::from)
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.ring = ring(backends, |backend| backend.usable);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{From, TUNING, servers, set_usable};
    use super::*;

    #[test]
    fn only_the_keys_of_a_dead_server_move_and_they_come_back() {
        let mut servers = servers(&[1, 1, 1, 1]);
        let tuning = Tuning { hash_by: 1, ..TUNING };
        let mut policy = make(&servers, &tuning);
        let picks = |policy: &mut dyn Balance, servers: &[Backend]| -> Vec<usize> {
            (0..2000).map(|address| policy.pick(servers, &mut From(address)).unwrap()).collect()
        };
        let before = picks(&mut *policy, &servers);
        assert!((0..4).all(|at| before.iter().filter(|chosen| **chosen == at).count() > 250));
        set_usable(&mut servers, 2, false);
        policy.refresh(&servers);
        let without = picks(&mut *policy, &servers);
        assert!(before.iter().zip(&without).all(|(a, b)| if *a == 2 { *b != 2 } else { a == b }));
        servers[2].usable = true; // full, say
        policy.refresh(&servers);
        assert_eq!(without, picks(&mut *policy, &servers), "a full server's keys go where a dead one's go");
        servers[2].open = true;
        assert_eq!(before, picks(&mut *policy, &servers));
    }
}
