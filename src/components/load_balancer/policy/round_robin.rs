//! Round robin: each in turn.

use super::{Backend, Balance};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "round_robin",
    about: "each server in turn",
    source: "default of nginx and HAProxy; E_N/M/1 queues for N servers",
    wrong_when: "servers or requests are unequal: slow ones pile up work",
};

pub(super) fn make(_backends: &[Backend]) -> Box<dyn Balance> {
    Box::new(RoundRobin::default())
}

#[derive(Clone, Default)]
struct RoundRobin {
    next: usize,
}

impl Balance for RoundRobin {
    #[inline]
    fn pick(&mut self, backends: &[Backend], _draw: &mut dyn FnMut() -> f64) -> usize {
        let chosen = if self.next < backends.len() { self.next } else { 0 };
        self.next = chosen + 1;
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
    fn each_in_turn() {
        let (mut policy, servers) = (make(&[]), servers(&[1, 1, 1]));
        let picks: Vec<usize> = (0..7).map(|_| policy.pick(&servers, &mut || 0.5)).collect();
        assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0]);
    }
}
