//! Power of two choices: of two servers drawn at random, the one with fewer open calls.
//!
//! The longest queue grows with log log n instead of log n (Mitzenmacher 1996; Vvedenskaya, Dobrushin & Karpelevich
//! 1996), and unlike least connections it does not stampede when many balancers share the servers.

use super::{Backend, Balance, index};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "power_of_two",
    about: "of two servers drawn at random, the one with fewer open calls",
    source: "Mitzenmacher 1996; Vvedenskaya, Dobrushin & Karpelevich 1996",
    wrong_when: "there are few servers and one balancer: least connections is better and as cheap",
};

pub(super) fn make(_backends: &[Backend]) -> Box<dyn Balance> {
    Box::new(PowerOfTwo)
}

#[derive(Clone)]
struct PowerOfTwo;

impl Balance for PowerOfTwo {
    fn pick(&mut self, backends: &[Backend], draw: &mut dyn FnMut() -> f64) -> usize {
        let n = backends.len();
        let first = index(draw(), n);
        if n == 1 {
            return first;
        }
        // Two different ones: the second is drawn from the others.
        let second = index(draw(), n - 1);
        let second = if second >= first { second + 1 } else { second };
        if backends[second].in_flight < backends[first].in_flight { second } else { first }
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
    fn the_less_loaded_of_two_different_ones() {
        let mut servers = servers(&[1, 1, 1]);
        servers[0].in_flight = 5;
        for second in [0.1, 0.9] {
            let mut draws = [0.01, second].into_iter();
            let chosen = PowerOfTwo.pick(&servers, &mut || draws.next().unwrap());
            assert_eq!(chosen, if second < 0.5 { 1 } else { 2 });
        }
    }
}
