//! The first healthy record: a primary, and others in reserve.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "failover",
    about: "the first record that health checks find working",
    source: "Route 53: failover routing",
    wrong_when: "the time to live is longer than users will wait",
};

pub fn choose(_records: &[Record], open: &[usize], _asker: &Asker<'_>) -> Addresses {
    Addresses::one(open[0])
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
        assert_eq!(choose(&records(&[1; 3]), &[2], &asker), Addresses::one(2));
    }
}
