//! Round robin: each in turn.

use super::weighted::{Turns, Weighted};
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;
use crate::kernel::rarely;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "round_robin",
    about: "each server in turn",
    source: "default of nginx and HAProxy; E_N/M/1 queues for N servers",
    wrong_when: "servers or requests are unequal: slow ones pile up work",
};

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(RoundRobin::new(backends, tuning))
}

/// Each in turn.
#[derive(Clone)]
pub struct RoundRobin {
    next: usize,
    servers: usize,
    tuning: Tuning,
    /// From the first failure on that passive checks have seen: nginx's round robin is the weighted one, with weight 1 (see `weighted.rs`).
    weighted: Option<Box<Weighted>>,
}

impl RoundRobin {
    /// Over these servers.
    pub fn new(backends: &[Backend], tuning: &Tuning) -> Self {
        RoundRobin { next: 0, servers: backends.len(), tuning: *tuning, weighted: None }
    }

    /// Whose turn it is where nobody counts failures.
    #[inline(always)]
    pub fn turn(&mut self, backends: &[Backend]) -> Option<usize> {
        let chosen = if self.next < backends.len() { self.next } else { 0 };
        if backends.get(chosen).is_some_and(|backend| backend.open) {
            self.next = chosen + 1;
            return Some(chosen);
        }
        rarely();
        self.search(backends)
    }

    #[inline(never)]
    fn search(&mut self, backends: &[Backend]) -> Option<usize> {
        for _ in 0..backends.len() {
            let chosen = if self.next < backends.len() { self.next } else { 0 };
            self.next = chosen + 1;
            if backends[chosen].open {
                return Some(chosen);
            }
        }
        None
    }

    #[cold]
    fn weighted(&mut self) -> &mut Weighted {
        let turns = || Turns::after(self.next % self.servers.max(1), self.servers, &self.tuning);
        self.weighted.get_or_insert_with(|| Box::new(turns().into()))
    }
}

impl Balance for RoundRobin {
    #[inline]
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        if let Some(weighted) = &mut self.weighted {
            return weighted.pick(backends, asker);
        }
        self.turn(backends)
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.servers = backends.len();
        self.weighted.iter_mut().for_each(|weighted| weighted.refresh(backends));
    }

    fn lower(&mut self, server: usize, by: u32, weight: u32) {
        if by > 0 {
            self.weighted().lower(server, by, weight);
        }
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TUNING, sequence, servers, set_usable};
    use super::*;

    #[test]
    fn each_in_turn() {
        let mut servers = servers(&[1, 1, 1]);
        let mut policy = make(&servers, &TUNING);
        assert_eq!(sequence(&mut *policy, &servers, 7), "abcabca");
        set_usable(&mut servers, 1, false);
        assert_eq!(sequence(&mut *policy, &servers, 4), "caca");
        set_usable(&mut servers, 0, false);
        set_usable(&mut servers, 2, false);
        assert_eq!(sequence(&mut *policy, &servers, 2), "--");
    }

    /// A failure that takes the whole weight costs a turn when the server is back; until then nothing changes but that.
    #[test]
    fn a_failure_costs_a_turn() {
        let servers = servers(&[1, 1, 1]);
        for before in 0..4 {
            let (mut failed, mut untouched) = (make(&servers, &TUNING), Weighted::new(3, &TUNING));
            sequence(&mut *failed, &servers, before);
            sequence(&mut untouched, &servers, before);
            failed.lower(1, 0, 1);
            failed.lower(2, 1, 1); // max_fails 1
            untouched.lower(2, 1, 1);
            assert_eq!(
                sequence(&mut *failed, &servers, 9),
                sequence(&mut untouched, &servers, 9),
                "{before}"
            );
        }
        let mut policy = make(&servers, &TUNING);
        policy.lower(0, 1, 1);
        assert_eq!(sequence(&mut *policy, &servers, 6), "bcabca");
    }
}
