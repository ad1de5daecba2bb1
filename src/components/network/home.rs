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
    pub(super) fn spot(&self, number: usize) -> Spot {
        let member = number.saturating_sub(self.before_members);
        if self.spots.is_empty() { Spot::default() } else { self.spots[member % self.spots.len()] }
    }
}
