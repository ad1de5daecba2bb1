//! Least connections: the server with the fewest open calls for its weight; ties go round robin.

use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "least_connections",
    about: "the server with the fewest open calls (for its weight), ties in turn",
    source: "nginx least_conn, HAProxy leastconn; join the shortest queue (Winston 1977)",
    wrong_when: "a server that fails fast looks idle and draws all the traffic",
};

pub(super) fn make(_backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(LeastConnections::default())
}

#[derive(Clone, Default)]
struct LeastConnections {
    /// Where the search begins, so that ties are spread.
    next: usize,
}

impl Balance for LeastConnections {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let n = backends.len();
        let chosen = (0..n)
            .map(|step| (self.next + step) % n)
            .filter(|at| backends[*at].open)
            .min_by(|a, b| fuller(&backends[*a], &backends[*b]))?;
        self.next = (chosen + 1) % n;
        Some(chosen)
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

/// Compares open calls per weight, without fractions.
fn fuller(a: &Backend, b: &Backend) -> std::cmp::Ordering {
    let scaled = |calls: &Backend, by: &Backend| u64::from(calls.in_flight) * u64::from(by.weight);
    scaled(a, b).cmp(&scaled(b, a))
}

#[cfg(test)]
mod tests {
    use super::super::{sequence, servers};
    use super::*;

    #[test]
    fn fewest_first_and_ties_in_turn() {
        let mut servers = servers(&[1, 1, 1]);
        let mut policy = LeastConnections::default();
        assert_eq!(sequence(&mut policy, &servers, 4), "abca");
        servers[0].in_flight = 3;
        servers[1].in_flight = 2;
        servers[2].in_flight = 2;
        assert_eq!(sequence(&mut policy, &servers, 3), "bcb");
    }

    #[test]
    fn a_heavy_server_may_have_more_of_them() {
        let mut servers = servers(&[3, 1]);
        servers[0].in_flight = 5;
        servers[1].in_flight = 2;
        assert_eq!(sequence(&mut LeastConnections::default(), &servers, 1), "a");
        servers[0].in_flight = 7;
        assert_eq!(sequence(&mut LeastConnections::default(), &servers, 1), "b");
    }
}
