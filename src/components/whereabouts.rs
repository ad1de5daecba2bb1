//! Where the nodes of the groups are on the map, and clients.

use super::network::Home;
use super::network::geo::{Spot, countries};
use super::site::{Group, Layout};
use crate::catalog::ClientsPlan;
use crate::random::mix::{combine, hash_name};

/// Draw of the address of a node.
const NODE_ADDRESS: u64 = hash_name("node address");

impl Group {
    /// Where its clients are, if it is a traffic at some place.
    pub fn clients(&self) -> Option<ClientsPlan> {
        if self.kind != "traffic" {
            return None;
        }
        let at_one_place = || self.settings.texts("region").first().map(|place| ClientsPlan::at(place));
        self.settings.clients("from").cloned().or_else(at_one_place)
    }

    /// Names of the places that it has to do with.
    pub fn places(&self) -> Vec<String> {
        match self.clients() {
            Some(clients) => clients.places().map(String::from).collect(),
            None => {
                let of_nodes = ["region", "anycast"].map(|setting| self.settings.texts(setting)).concat();
                of_nodes.into_iter().chain(super::apart(self).map(|(_, region)| region.into())).collect()
            }
        }
    }
}

impl Layout {
    /// The spots that the nodes of a group take in turn.
    pub fn spots(&self, group: usize) -> Vec<Spot> {
        let settings = &self.groups[group].settings;
        if self.groups[group].kind == "traffic" {
            return Vec::new();
        }
        let zone = settings.text("zone").map_or(0, |zone| self.zone(zone));
        let spot = |name: &String| Spot { place: self.map.find(name).unwrap_or(0), zone };
        settings.texts("region").iter().map(spot).collect()
    }

    /// Where the nodes of a group are.
    pub fn home_of(&self, group: usize) -> Home {
        let of = &self.groups[group];
        let apart = super::apart(of).and_then(|(node, region)| {
            Some((node as usize, Spot { place: self.map.find(region)?, zone: 0 }))
        });
        let before_members = super::nodes_before_members(of) as usize;
        Home { spots: self.spots(group), before_members, apart, ..Home::default() }
    }

    /// Where the n-th node of a group stands, whom it concerns if something happens there: members take the regions of their list in turn. A router or
    /// coordinator of a group of one region stands there too; one of several regions is beside its callers (0), unless it was put somewhere.
    pub fn stands_in(&self, group: usize, n: u64) -> u16 {
        self.home_of(group).side(n as usize)
    }

    /// Where each node is that the world begins with; 0 = nowhere in particular.
    pub fn node_places(&self) -> Vec<u16> {
        let places = |group: usize| {
            let (home, of) = (self.home_of(group), &self.groups[group]);
            (0..of.count + of.aides.1).map(move |n| home.spot(n as usize).place).collect::<Vec<u16>>()
        };
        (0..self.groups.len()).flat_map(places).collect()
    }

    /// Where clients come out, by how they come; 0 = at home.
    pub fn outlets(&self, clients: &ClientsPlan) -> [u16; 4] {
        clients.outlets().map(|place| place.and_then(|name| self.map.find(name)).unwrap_or(0))
    }

    /// The IPv4 address of each node that the world begins with: one of the networks at its place; 0 = none is known.
    pub fn node_addresses(&self) -> Vec<u32> {
        let address = |(node, place): (usize, u16)| {
            let networks = self.map.name(place).map_or_else(Vec::new, countries::networks_at);
            countries::address_in(&networks, combine(NODE_ADDRESS, node as u64))
        };
        self.node_places().into_iter().enumerate().map(address).collect()
    }

    /// Number of a zone: that of the first group which names it, plus one.
    fn zone(&self, name: &str) -> u16 {
        let first = self.groups.iter().position(|group| group.settings.text("zone") == Some(name));
        first.map_or(0, |index| index as u16 + 1)
    }
}
