//! Power of two choices: of two servers drawn at random, the one with fewer open calls.
//!
//! The longest queue grows with log log n instead of log n (Mitzenmacher 1996; Vvedenskaya, Dobrushin & Karpelevich
//! 1996), and unlike least connections it does not stampede when many balancers share the servers.

use super::{Asker, Backend, Balance, Tuning, count_open, index, nth_open};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "power_of_two",
    about: "of two servers drawn at random, the one with fewer open calls",
    source: "Mitzenmacher 1996; Vvedenskaya, Dobrushin & Karpelevich 1996",
    wrong_when: "there are few servers and one balancer: least connections is better and as cheap",
};

pub(super) fn make(_backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(PowerOfTwo)
}

#[derive(Clone)]
struct PowerOfTwo;

impl Balance for PowerOfTwo {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let (first, second) = two_of(backends, asker)?;
        Some(if backends[second].in_flight < backends[first].in_flight { second } else { first })
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

/// Two different open servers; twice the same if only one is open.
pub(super) fn two_of(backends: &[Backend], asker: &mut dyn Asker) -> Option<(usize, usize)> {
    let n = count_open(backends);
    if n == 0 {
        return None;
    }
    let first = index(asker.uniform(), n);
    if n == 1 {
        let only = nth_open(backends, first);
        return Some((only, only));
    }
    // The second is drawn from the others.
    let second = index(asker.uniform(), n - 1);
    let second = if second >= first { second + 1 } else { second };
    Some((nth_open(backends, first), nth_open(backends, second)))
}

#[cfg(test)]
mod tests {
    use super::super::servers;
    use super::*;

    #[test]
    fn the_less_loaded_of_two_different_ones() {
        let mut servers = servers(&[1, 1, 1]);
        servers[0].in_flight = 5;
        for second in [0.1, 0.9] {
            let mut draws = [0.01, second].into_iter();
            let chosen = PowerOfTwo.pick(&servers, &mut || draws.next().unwrap());
            assert_eq!(chosen, Some(if second < 0.5 { 1 } else { 2 }));
        }
    }
}
