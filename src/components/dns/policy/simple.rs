//! All records, whatever their health.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "simple",
    about: "all records of the zone at once, whatever their health; clients begin with any of them and try the others (as many as the traffic makes `attempts`)",
    source: "RFC 1035, RFC 1794 (round robin by DNS); Route 53: simple routing (several values: all of them, in random order)",
    wrong_when: "a server behind it can fail, which goes on being named, or is far from some users",
};

pub fn choose(_records: &[Record], open: &[usize], _asker: &Asker<'_>) -> Addresses {
    if let [only] = open { Addresses::one(*only) } else { Addresses::several(open.iter().copied()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::Geography;

    #[test]
    fn all_that_are_listed() {
        let map = Geography::default();
        let asker = Asker { place: 0, seen: None, map: &map, draw: 0.9 };
        let records = records(&[1, 1, 1]);
        assert_eq!(choose(&records, &[1, 2], &asker), Addresses::several([1, 2]));
        assert_eq!(choose(&records, &[2], &asker), Addresses::one(2));
    }
}
