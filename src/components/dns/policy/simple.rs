//! One record, whatever its health.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "simple",
    about: "the first record that the zone holds",
    source: "RFC 1035; Route 53: simple routing",
    wrong_when: "the server behind it can fail, or is far from some users",
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
    fn the_first_one() {
        let map = Geography::default();
        let asker = Asker { place: 0, seen: None, map: &map, draw: 0.9 };
        assert_eq!(choose(&records(&[1, 1, 1]), &[1, 2], &asker), Addresses::one(1));
    }
}
