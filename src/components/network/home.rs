//! Where the nodes of a group are.

use super::geo::Spot;
use crate::random::variate::Variate;

/// Where the nodes of a group are; a group of clients has them wherever its requests come from.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The spots that its members take in turn; none = nowhere in particular.
    pub spots: Vec<Spot>,
    /// Nodes before the first member, which are at the first spot.
    pub before_members: usize,
    /// One of those nodes that has a spot of its own, by its number.
    pub apart: Option<(usize, Spot)>,
    /// Whether it is at users' sides: what parts regions does not concern it.
    pub of_users: bool,
    /// Bytes of the token that users who are logged in bring to it (see [`tokens`](super::tokens)); 0 = none.
    pub token: u32,
    /// How its clients come to the network, if it has any.
    pub access: Option<AccessPlan>,
}

/// How the clients of one traffic come to the network.
#[derive(Clone, Debug)]
pub struct AccessPlan {
    /// Round trip between a client on a line of its own and the network.
    pub fixed: Variate,
    /// The same for a mobile client.
    pub mobile: Variate,
    /// Where they come out, by how they come (see `Access::code`); 0 = at home.
    pub outlets: [u16; 4],
}

impl Home {
    /// Where the group's node of this number is, from 0 on.
    pub fn spot(&self, number: usize) -> Spot {
        let own = self.apart.filter(|(node, _)| *node == number);
        let member = number.saturating_sub(self.before_members);
        match (own, self.spots.len()) {
            (Some((_, spot)), _) => spot,
            (None, 0) => Spot::default(),
            (None, spots) => self.spots[member % spots],
        }
    }

    /// The place whose cuts concern the group's node of this number; 0 = none does. What stands before members at several places is beside
    /// its callers, or at a place of its own that is nobody else's.
    pub fn side(&self, number: usize) -> u16 {
        let is_nowhere = self.spots.len() > 1
            && number < self.before_members
            && self.apart.is_none_or(|(node, _)| node != number);
        if self.of_users || is_nowhere { 0 } else { self.spot(number).place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_take_places_in_turn_and_who_stands_before_them_is_beside_its_callers() {
        let spot = |place| Spot { place, zone: 0 };
        let scattered = Home { spots: vec![spot(1), spot(2)], before_members: 2, ..Home::default() };
        assert_eq!([0, 1, 2, 3, 4].map(|node| scattered.side(node)), [0, 0, 1, 2, 1]);
        assert_eq!(scattered.spot(1), spot(1), "for the way it takes it is at the first");
        let told = Home { apart: Some((1, spot(3))), ..scattered.clone() };
        assert_eq!([0, 1, 2].map(|node| told.side(node)), [0, 3, 1]);
        assert_eq!(told.spot(1), spot(3));
        let at_one = Home { spots: vec![spot(5)], ..scattered.clone() };
        assert_eq!([0, 1, 2].map(|node| at_one.side(node)), [5; 3]);
        assert_eq!(Home { of_users: true, ..at_one }.side(2), 0);
    }
}
