//! The record nearest on the globe, from where the resolver's address is thought to be.

use super::{Asker, Record, nearest};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "geolocation",
    about: "the record with the least distance from the resolver that asks",
    source: "Route 53: geoproximity routing",
    wrong_when: "the nearest place is not the nearest by network, or users are far from their resolvers",
};

pub fn choose(records: &[Record], open: &[usize], asker: &Asker<'_>) -> Addresses {
    Addresses::one(nearest(open, |at| asker.map.distance_km(asker.place, records[at].place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::{Geography, Map};

    #[test]
    fn distance_counts_and_not_the_network() {
        let text = "x,near,far,me\nnear,1,9,90\nfar,9,1,10\nme,90,10,1\n";
        let mut map = Map::parse(text, true).unwrap();
        for row in ["near,0,1", "far,0,50", "me,0,0"] {
            map.locate(row).unwrap();
        }
        let map = Geography::new(&map, ["near", "far", "me"].map(String::from).to_vec()).unwrap();
        let asker = Asker { place: 3, map: &map, draw: 0.5 };
        assert_eq!(choose(&records(&[1; 2]), &[0, 1], &asker), Addresses::one(0));
        assert_eq!(super::super::latency::choose(&records(&[1; 2]), &[0, 1], &asker), Addresses::one(1));
    }
}
