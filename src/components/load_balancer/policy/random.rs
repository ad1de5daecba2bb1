//! Random: any server, whatever its load.

use super::{Asker, Backend, Balance, Tuning, count_open, index, nth_open};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "random",
    about: "any server, uniformly",
    source: "the textbook's baseline: N independent M/M/1 queues",
    wrong_when: "nearly always: round robin costs as little and is more even",
};

pub(super) fn make(_backends: &[Backend], _tuning: &Tuning) -> Box<dyn Balance> {
    Box::new(Random)
}

#[derive(Clone)]
struct Random;

impl Balance for Random {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let n = count_open(backends);
        (n > 0).then(|| nth_open(backends, index(asker.uniform(), n)))
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
    fn follows_the_draw_to_both_ends() {
        let servers = servers(&[1, 1, 1, 1]);
        let pick = |uniform| Random.pick(&servers, &mut || uniform);
        assert_eq!([1e-9, 0.26, 0.74, 1.0 - 1e-16].map(pick), [0, 1, 2, 3].map(Some));
    }
}
