//! Round robin: each in turn.

use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "round_robin",
    about: "each server in turn",
    source: "default of nginx and HAProxy; E_N/M/1 queues for N servers",
    wrong_when: "servers or requests are unequal: slow ones pile up work",
};

pub(super) fn make(_backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(RoundRobin::default())
}

#[derive(Clone, Default)]
struct RoundRobin {
    next: usize,
}

impl Balance for RoundRobin {
    #[inline]
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        for _ in 0..backends.len() {
            let chosen = if self.next < backends.len() { self.next } else { 0 };
            self.next = chosen + 1;
            if backends[chosen].open {
                return Some(chosen);
            }
        }
        None
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
        let (mut policy, mut servers) = (make(&[], &TUNING), servers(&[1, 1, 1]));
        assert_eq!(sequence(&mut *policy, &servers, 7), "abcabca");
        set_usable(&mut servers, 1, false);
        assert_eq!(sequence(&mut *policy, &servers, 4), "caca");
        set_usable(&mut servers, 0, false);
        set_usable(&mut servers, 2, false);
        assert_eq!(sequence(&mut *policy, &servers, 2), "--");
    }
}
