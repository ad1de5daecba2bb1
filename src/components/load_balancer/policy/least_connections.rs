//! Least connections: the server with the fewest open calls; ties go round robin.

use super::{Backend, Balance};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "least_connections",
    about: "the server with the fewest open calls, ties in turn",
    source: "nginx least_conn, HAProxy leastconn; join the shortest queue (Winston 1977)",
    wrong_when: "a server that fails fast looks idle and draws all the traffic",
};

pub(super) fn make(_backends: &[Backend]) -> Box<dyn Balance> {
    Box::new(LeastConnections::default())
}

#[derive(Clone, Default)]
struct LeastConnections {
    /// Where the search begins, so that ties are spread.
    next: usize,
}

impl Balance for LeastConnections {
    fn pick(&mut self, backends: &[Backend], _draw: &mut dyn FnMut() -> f64) -> usize {
        let n = backends.len();
        let chosen = (0..n)
            .map(|step| (self.next + step) % n)
            .min_by_key(|at| backends[*at].in_flight)
            .expect("a balancer has servers");
        self.next = (chosen + 1) % n;
        chosen
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::servers;
    use super::*;

    #[test]
    fn fewest_first_and_ties_in_turn() {
        let mut servers = servers(&[1, 1, 1]);
        let mut policy = LeastConnections::default();
        let picks: Vec<usize> = (0..4).map(|_| policy.pick(&servers, &mut || 0.5)).collect();
        assert_eq!(picks, [0, 1, 2, 0]);
        servers[0].in_flight = 3;
        servers[1].in_flight = 2;
        servers[2].in_flight = 2;
        let picks: Vec<usize> = (0..3).map(|_| policy.pick(&servers, &mut || 0.5)).collect();
        assert_eq!(picks, [1, 2, 1]);
    }
}
