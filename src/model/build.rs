//! Builds a running simulation out of a checked world: names become indices.

use super::check::Checked;
use super::grow::Growth;
use super::places;
use crate::components::data_sets::data_sets;
use crate::components::database::replica;
use crate::components::network::{Link, Network};
use crate::components::{Layout, Site, dns, kind};
use crate::kernel::{NodeId, Simulation};
use crate::random::mix::hash_name;

/// A simulation of the world, at time 0.
pub fn build(world: &Checked, seed: u64, replication: u64) -> Simulation {
    let layout = &Layout { seeds: (seed, replication), ..world.layout.clone() };
    let keys = layout.keys().unwrap_or(0);
    let mut simulation =
        Simulation::new(seed, replication, keys, Box::new(network(world, seed, replication)));
    let sets = data_sets(layout);
    for (index, group) in layout.groups.iter().enumerate() {
        let site = Site { layout, index };
        let nodes = (kind(group.kind).expect("checked").build)(&site);
        debug_assert_eq!(nodes.len() as u64, group.count + group.aides.1);
        for (number, node) in nodes.into_iter().enumerate() {
            let node = simulation.add(node);
            simulation.set_data(node, sets[index]);
            simulation.label(node, hash_name(&format!("{}/{number}", group.name)));
        }
    }
    simulation.set_nursery(Box::new(Growth::new(layout, sets)));
    simulation
}

fn network(world: &Checked, seed: u64, replication: u64) -> Network {
    let groups = &world.layout.groups;
    // One group more, which no link leads to: that of the servers which are near everybody.
    let group_of = |index: usize, n: u64| match dns::is_near_everybody(groups[index].kind, n) {
        true => groups.len() as u16,
        false => index as u16,
    };
    let nodes = |index: usize| 0..groups[index].count + groups[index].aides.1;
    let of_nodes =
        (0..groups.len()).flat_map(|index| nodes(index).map(move |n| group_of(index, n))).collect();
    let mut network = Network::new(of_nodes, groups.len() + 1, (seed, replication));
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.has_parts()) {
        let scattered = replica::is_scattered(&world.layout, index);
        if scattered || !replica::stands_apart(&group.settings) {
            network.set_front(index as u16, NodeId(group.first), scattered);
        }
    }
    for (a, b, plan) in &world.links {
        let link = Link::new(plan.clone(), &groups[*a].name, &groups[*b].name);
        network.join(*a as u16, *b as u16, link);
    }
    network.settle(world.layout.map.clone(), places::homes(&world.layout));
    network
}
