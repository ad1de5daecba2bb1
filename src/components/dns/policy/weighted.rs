//! One record, drawn by weight.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "weighted",
    about: "one record at random, in proportion to its weight",
    source: "Route 53: weighted routing",
    wrong_when: "few resolvers serve most users: each answer holds for all of them until it runs out",
};

pub fn choose(records: &[Record], open: &[usize], asker: &Asker<'_>) -> Addresses {
    // If none of them has weight, all are given out alike (Route 53).
    let weightless = open.iter().all(|at| records[*at].weight == 0);
    let weight = |at: &usize| if weightless { 1.0 } else { f64::from(records[*at].weight) };
    let mut left = asker.draw * open.iter().map(weight).sum::<f64>();
    let drawn = open.iter().find(|at| {
        left -= weight(at);
        left < 0.0
    });
    Addresses::one(*drawn.unwrap_or(&open[open.len() - 1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::Geography;

    #[test]
    fn shares_are_the_weights() {
        let map = Geography::default();
        let records = records(&[5, 3, 2]);
        let chosen = |draw| choose(&records, &[0, 1, 2], &Asker { place: 0, seen: None, map: &map, draw });
        let share =
            |at| (0..1000).filter(|n| chosen((f64::from(*n) + 0.5) / 1000.0) == Addresses::one(at)).count();
        assert_eq!([share(0), share(1), share(2)], [500, 300, 200]);
        assert_eq!(
            choose(&records, &[1, 2], &Asker { place: 0, seen: None, map: &map, draw: 0.61 }),
            Addresses::one(2)
        );
    }

    #[test]
    fn those_without_weight_are_given_out_alike_when_nobody_else_is_left() {
        let map = Geography::default();
        let records = records(&[5, 0, 0]);
        let chosen =
            |open: &[usize], draw| choose(&records, open, &Asker { place: 0, seen: None, map: &map, draw });
        assert_eq!([0.1, 0.9].map(|draw| chosen(&[0, 1, 2], draw)), [Addresses::one(0); 2]);
        assert_eq!([0.1, 0.9].map(|draw| chosen(&[1, 2], draw)), [1, 2].map(Addresses::one));
    }
}
