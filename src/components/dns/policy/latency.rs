//! The record nearest by network.

use super::{Asker, Record, nearest};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "latency",
    about: "the record with the least round-trip time from the resolver that asks, or from the user's network if the resolver tells it",
    source: "Route 53: latency-based routing",
    wrong_when: "users are far from their resolvers, which tell no networks (`client_subnet`)",
};

pub fn choose(records: &[Record], open: &[usize], asker: &Asker<'_>) -> Addresses {
    Addresses::one(nearest(open, |at| asker.map.rtt(asker.place, records[at].place) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::{Geography, Map};

    #[test]
    fn the_nearest_that_is_open() {
        let places = ["us-east-1", "eu-west-1", "ap-northeast-1", "eu-west-2"].map(String::from).to_vec();
        let map = Geography::new(&Map::preset("aws").unwrap(), places).unwrap();
        let asker = Asker { place: 4, seen: None, map: &map, draw: 0.5 };
        assert_eq!(choose(&records(&[1; 3]), &[0, 1, 2], &asker), Addresses::one(1));
        assert_eq!(choose(&records(&[1; 3]), &[0, 2], &asker), Addresses::one(0));
    }
}
