//! Least connections: the server with the fewest open calls for its weight.
//!
//! Those that are equally empty take turns by smooth weighted round robin (`ngx_http_upstream_least_conn_module.c`, nginx 1.22), so that weights
//! hold when there is little to do, too.

use super::weighted::Turns;
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;
use std::cmp::Ordering;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "least_connections",
    about: "the server with the fewest open calls for its weight; of equals, in turn by weight",
    source: "nginx least_conn, HAProxy leastconn; join the shortest queue (Winston 1977)",
    wrong_when: "a server that fails fast looks idle and draws all the traffic",
};

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(LeastConnections { turns: Turns::new(backends.len(), tuning) })
}

#[derive(Clone)]
struct LeastConnections {
    /// Turns of smooth weighted round robin, which a server takes part in when it is one of several that are equally empty.
    turns: Turns,
}

impl Balance for LeastConnections {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let mut open = (0..backends.len()).filter(|at| backends[*at].open);
        let (mut first, mut several) = (open.next()?, false);
        for at in open {
            match fuller(&backends[at], &backends[first]) {
                Ordering::Less => (first, several) = (at, false),
                Ordering::Equal => several = true,
                Ordering::Greater => {}
            }
        }
        Some(if several { self.next_of_equals(first, backends) } else { first })
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

impl LeastConnections {
    /// The next one of those that are as empty as the first of them.
    fn next_of_equals(&mut self, first: usize, backends: &[Backend]) -> usize {
        let (mut best, mut total) = (first, 0);
        for at in first..backends.len() {
            if !backends[at].open || fuller(&backends[at], &backends[first]) != Ordering::Equal {
                continue;
            }
            total += self.turns.grow(at, backends[at].weight);
            if self.turns.is_ahead(at, best) {
                best = at;
            }
        }
        self.turns.pay(best, total);
        best
    }
}

/// Compares open calls per weight, without fractions.
fn fuller(a: &Backend, b: &Backend) -> Ordering {
    let scaled = |calls: &Backend, by: &Backend| u64::from(calls.in_flight) * u64::from(by.weight);
    scaled(a, b).cmp(&scaled(b, a))
}

#[cfg(test)]
mod tests {
    use super::super::{TUNING, sequence, servers};
    use super::*;

    #[test]
    fn fewest_first_and_ties_in_turn() {
        let mut servers = servers(&[1, 1, 1]);
        let mut policy = make(&servers, &TUNING);
        assert_eq!(sequence(&mut *policy, &servers, 4), "abca");
        servers[0].in_flight = 3;
        servers[1].in_flight = 2;
        servers[2].in_flight = 2;
        assert_eq!(sequence(&mut *policy, &servers, 3), "bcb");
    }

    #[test]
    fn a_heavy_server_may_have_more_of_them() {
        let mut servers = servers(&[3, 1]);
        servers[0].in_flight = 5;
        servers[1].in_flight = 2;
        assert_eq!(sequence(&mut *make(&servers, &TUNING), &servers, 1), "a");
        servers[0].in_flight = 7;
        assert_eq!(sequence(&mut *make(&servers, &TUNING), &servers, 1), "b");
    }

    #[test]
    fn idle_servers_take_turns_by_weight() {
        let mut servers = servers(&[5, 3, 2]);
        let mut policy = make(&servers, &TUNING);
        assert_eq!(sequence(&mut *policy, &servers, 10), "abcaabacba", "as nginx's round robin");
        servers[0].in_flight = 1;
        assert_eq!(sequence(&mut *policy, &servers, 5), "bcbcb", "a is not one of the equals");
        policy.lower(1, 3, 3);
        assert_eq!(sequence(&mut *policy, &servers, 4), "ccbc", "one that has failed comes back by and by");
    }
}
