//! The first healthy record: a primary, and others in reserve.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "failover",
    about: "the first record that health checks find working, in the order of the list (`to`, `points_to`, point_to())",
    source: "Route 53: failover routing",
    wrong_when: "the time to live is longer than users will wait",
};

pub fn choose(records: &[Record], open: &[usize], _asker: &Asker<'_>) -> Addresses {
    let first = open.iter().min_by_key(|at| records[**at].turn);
    Addresses::one(*first.expect("there is at least one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::Geography;

    #[test]
    fn the_first_that_works() {
        let map = Geography::default();
        let asker = Asker { place: 0, seen: None, map: &map, draw: 0.5 };
        let mut records = records(&[1; 3]);
        assert_eq!(choose(&records, &[2], &asker), Addresses::one(2));
        (records[0].turn, records[2].turn) = (2, 0);
        assert_eq!(choose(&records, &[0, 2], &asker), Addresses::one(2), "point_to([c, b, a])");
    }
}
