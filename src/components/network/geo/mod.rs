//! Where nodes and clients are, and how far apart.

pub mod countries;
mod geoip;
pub mod map;

pub use geoip::GeoIp;
pub use map::{Coordinates, Map};

use crate::kernel::Time;

/// Where a node is: the index of a place, 0 = nowhere in particular; and its availability zone, 0 = any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spot {
    /// Index of the place plus one.
    pub place: u16,
    /// Number of the zone's name.
    pub zone: u16,
}

/// The places that a world uses, with the round-trip times between all of them.
#[derive(Clone, Debug, Default)]
pub struct Geography {
    places: Vec<String>,
    at: Vec<Option<Coordinates>>,
    /// Row by row, from place to place.
    rtt: Vec<Time>,
}

impl Geography {
    /// These places on a map, or the first pair between which nothing is known.
    ///
    /// # Errors
    ///
    /// The names of the two places.
    pub fn new(map: &Map, places: Vec<String>) -> Result<Self, (String, String)> {
        let mut rtt = Vec::with_capacity(places.len() * places.len());
        for from in &places {
            for to in &places {
                rtt.push(map.rtt(from, to).ok_or_else(|| (from.clone(), to.clone()))?);
            }
        }
        let at = places.iter().map(|place| map.coordinates(place)).collect();
        Ok(Geography { places, at, rtt })
    }

    /// The place of this name: its index plus one.
    pub fn find(&self, name: &str) -> Option<u16> {
        self.places.iter().position(|place| place == name).map(|index| index as u16 + 1)
    }

    /// Number of places.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing is anywhere.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Name of a place.
    pub fn name(&self, place: u16) -> Option<&str> {
        self.places.get(usize::from(place).checked_sub(1)?).map(String::as_str)
    }

    /// Round-trip time from a client, or from a server elsewhere, to a place; 0 if one of them is nowhere.
    #[inline]
    pub fn rtt(&self, from: u16, to: u16) -> Time {
        if from == 0 || to == 0 {
            return 0;
        }
        self.rtt[(from as usize - 1) * self.places.len() + to as usize - 1]
    }

    /// Where a place is; `None` if it is nowhere or nobody knows.
    pub fn coordinates(&self, place: u16) -> Option<Coordinates> {
        self.at.get(usize::from(place).checked_sub(1)?).copied().flatten()
    }

    /// Distance of a place from a point in km; infinite if it is nowhere or its coordinates are not known.
    pub fn distance_km(&self, from: Coordinates, to: u16) -> f64 {
        self.coordinates(to).map_or(f64::INFINITY, |to| from.distance_km(to))
    }

    /// The place nearest to a point, as far as coordinates are known; 0 if none are.
    pub fn nearest(&self, to: Coordinates) -> u16 {
        let known = (1..=self.len() as u16).filter(|place| self.coordinates(*place).is_some());
        known.min_by(|a, b| self.distance_km(to, *a).total_cmp(&self.distance_km(to, *b))).unwrap_or(0)
    }

    /// Round-trip time between two servers: those of one region are a zone or less apart.
    #[inline]
    pub fn rtt_of_servers(&self, from: Spot, to: Spot) -> Time {
        if from.place != to.place {
            return self.rtt(from.place, to.place);
        }
        match from.place {
            0 => 0,
            _ => map::rtt_within_region(from.zone == to.zone && from.zone != 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::MICROSECOND;

    #[test]
    fn servers_of_one_region_are_a_zone_apart_and_clients_a_city() {
        let map = Map::preset("aws").unwrap();
        let places = ["us-east-1", "us-west-2"].map(String::from).to_vec();
        let geography = Geography::new(&map, places).unwrap();
        let spot = |place, zone| Spot { place, zone };
        assert_eq!(geography.rtt_of_servers(spot(1, 1), spot(1, 1)), 100 * MICROSECOND);
        assert_eq!(geography.rtt_of_servers(spot(1, 1), spot(1, 2)), 760 * MICROSECOND);
        assert_eq!(geography.rtt_of_servers(spot(1, 0), spot(1, 0)), 760 * MICROSECOND);
        assert_eq!(
            geography.rtt_of_servers(spot(1, 1), spot(2, 1)),
            map.rtt("us-east-1", "us-west-2").unwrap()
        );
        assert_eq!(geography.rtt(1, 1), map.rtt("us-east-1", "us-east-1").unwrap());
        assert_eq!((geography.rtt(0, 1), geography.rtt_of_servers(spot(0, 0), spot(0, 0))), (0, 0));
        assert_eq!(geography.find("us-west-2"), Some(2));
        assert_eq!(geography.name(2), Some("us-west-2"));
    }

    #[test]
    fn a_pair_that_nobody_knows_is_named() {
        let map = Map::parse("x,a,b\na,1,\nb,,1\n", true).unwrap();
        let wrong = Geography::new(&map, vec!["a".into(), "b".into()]).unwrap_err();
        assert_eq!(wrong, ("a".to_string(), "b".to_string()));
    }
}
