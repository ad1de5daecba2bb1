//! Groups that get more nodes while the simulation runs.

use crate::components::{Group, Layout, Site, kind};
use crate::kernel::{Component, Membership, NodeId, Nursery};

/// Makes the nodes of a world's groups; keeps a layout of its own, as it stands now.
#[derive(Clone)]
pub(super) struct Growth {
    layout: Layout,
    data_sets: Vec<u16>,
}

impl Growth {
    pub fn new(layout: &Layout, data_sets: Vec<u16>) -> Self {
        Growth { layout: layout.clone(), data_sets }
    }

    fn note(&mut self, group: u16, node: NodeId, joined: bool) {
        self.layout.change(&Membership { time: 0, group, node, joined, readings: None });
    }
}

impl Nursery for Growth {
    fn make(&mut self, group: u16, node: NodeId) -> Box<dyn Component> {
        self.note(group, node, true);
        let site = Site { layout: &self.layout, index: usize::from(group) };
        let grow = kind(site.group().kind).and_then(|kind| kind.grow);
        grow.expect("only groups that can grow are asked to")(&site)
    }

    fn retire(&mut self, node: NodeId) -> Option<u16> {
        let (group, _) = self.layout.home(node)?;
        if self.layout.groups[group].left.contains(&node) {
            return None;
        }
        self.note(group as u16, node, false);
        Some(group as u16)
    }

    fn place(&self, node: NodeId) -> u16 {
        self.layout.home(node).map_or(0, |(group, n)| self.layout.stands_in(group, n))
    }

    fn data_set(&self, group: u16) -> u16 {
        self.data_sets[usize::from(group)]
    }

    fn listeners(&self, group: u16) -> Vec<NodeId> {
        let groups = &self.layout.groups;
        // Also those who reach the group through another one: the callers of a cache talk to its store.
        let names = |other: &Group, group: usize| other.settings.names(group);
        let through =
            |other: &Group| (0..groups.len()).any(|g| names(other, g) && names(&groups[g], group.into()));
        let users = groups
            .iter()
            .filter(|other| names(other, group.into()) || through(other))
            .flat_map(|other| other.members().chain(other.aides()));
        let group = &self.layout.groups[usize::from(group)];
        group.members().chain(group.aides()).chain(users).collect()
    }

    fn fork(&self) -> Box<dyn Nursery> {
        Box::new(self.clone())
    }
}
