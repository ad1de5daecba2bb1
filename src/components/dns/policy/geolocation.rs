//! The record nearest on the globe, from where the address that asks is thought to be.

use super::{Asker, Record, nearest};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "geolocation",
    about: "the record nearest to where a GeoIP file says that the asking address is; the first one if it does not know",
    source: "Route 53: geolocation and geoproximity routing, with its default record",
    wrong_when: "the nearest place is not the nearest by network, users are far from their resolvers, or the file is wrong",
};

pub fn choose(records: &[Record], open: &[usize], asker: &Asker<'_>) -> Addresses {
    let Some(seen) = asker.seen else { return Addresses::one(open[0]) };
    Addresses::one(nearest(open, |at| asker.map.distance_km(seen, records[at].place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::{Geography, Map};

    #[test]
    fn distance_counts_and_not_the_network_and_what_nobody_knows_goes_to_the_first() {
        let text = "x,near,far,me\nnear,1,9,90\nfar,9,1,10\nme,90,10,1\n";
        let mut map = Map::parse(text, true).unwrap();
        for row in ["near,0,1", "far,0,50", "me,0,0"] {
            map.locate(row).unwrap();
        }
        let map = Geography::new(&map, ["far", "near", "me"].map(String::from).to_vec()).unwrap();
        let mut asker = Asker { place: 3, seen: map.coordinates(3), map: &map, draw: 0.5 };
        assert_eq!(choose(&records(&[1; 2]), &[0, 1], &asker), Addresses::one(1));
        assert_eq!(super::super::latency::choose(&records(&[1; 2]), &[0, 1], &asker), Addresses::one(0));
        asker.seen = None;
        assert_eq!(choose(&records(&[1; 2]), &[0, 1], &asker), Addresses::one(0));
    }
}
