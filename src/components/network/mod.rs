//! The network: how long a message takes between two groups, what it costs to send, and what gets lost.

mod link;

pub use link::{ENTRY, Link, LinkPlan};

use crate::kernel::request::Requests;
use crate::kernel::transit::{LinkCommand, Message, Transit};
use crate::kernel::{NEVER, NodeId, Time};
use crate::random::stream::Stream;

/// Links between groups of nodes, or within one. Without a link nodes talk in no time, and so does a node with itself. The
/// link within a group of several parts (a database with replicas) lies between its inner nodes, those behind its first one.
#[derive(Clone)]
pub struct Network {
    /// Group of each node.
    group: Vec<u16>,
    groups: usize,
    /// For each pair of groups (from, to): index of the link plus one, 0 = none.
    between: Vec<u16>,
    links: Vec<Link>,
    /// The node that stands for its group, if there is one: no link lies between it and the others of the group.
    fronts: Vec<NodeId>,
    /// Pairs of nodes between which nothing passes.
    cuts: Vec<(NodeId, NodeId)>,
    /// Draws of background messages, which belong to no request.
    background: Stream,
}

impl Network {
    /// A network over nodes whose groups are given, without links.
    pub fn new(group: Vec<u16>, groups: usize, background: Stream) -> Self {
        let fronts = vec![NodeId::NONE; groups];
        let (between, links, cuts) = (vec![0; groups * groups], Vec::new(), Vec::new());
        Network { group, groups, between, links, fronts, cuts, background }
    }

    /// This node stands for its group.
    pub fn set_front(&mut self, group: u16, node: NodeId) {
        self.fronts[usize::from(group)] = node;
    }

    fn is_cut(&self, message: &Message) -> bool {
        let ends = (message.from.min(message.to), message.from.max(message.to));
        self.cuts.contains(&ends)
    }

    /// Whether a message stays within a group and has the group's first node at one end.
    fn is_at_front(&self, message: &Message) -> bool {
        let group = self.group[message.from.index()];
        let front = self.fronts[usize::from(group)];
        group == self.group[message.to.index()] && (message.from == front || message.to == front)
    }

    /// Joins two groups in both directions.
    pub fn join(&mut self, a: u16, b: u16, link: Link) {
        self.links.push(link);
        let index = self.links.len() as u16;
        for (from, to) in [(a, b), (b, a)] {
            self.between[from as usize * self.groups + to as usize] = index;
        }
    }

    #[inline]
    fn pair(&self, message: &Message) -> usize {
        let from = self.group[message.from.index()];
        let to = self.group[message.to.index()];
        from as usize * self.groups + to as usize
    }

    /// The link between two groups; one is made if there was none, since now it has a state.
    fn link_mut(&mut self, a: u16, b: u16) -> &mut Link {
        if self.between[a as usize * self.groups + b as usize] == 0 {
            self.join(a, b, Link::instant());
        }
        let index = self.between[a as usize * self.groups + b as usize];
        &mut self.links[index as usize - 1]
    }
}

impl Transit for Network {
    #[inline]
    fn transit(&mut self, message: &Message, requests: &Requests) -> Option<Time> {
        if !self.cuts.is_empty() && self.is_cut(message) {
            return None;
        }
        match self.between[self.pair(message)] {
            0 => Some(0),
            _ if message.from == message.to || self.is_at_front(message) => Some(0),
            index => self.links[index as usize - 1].pass(message, requests, &mut self.background),
        }
    }

    fn has_link(&self, node: NodeId) -> bool {
        if self.cuts.iter().any(|(a, b)| *a == node || *b == node) {
            return true;
        }
        let row = self.group.get(node.index()).map(|group| *group as usize * self.groups);
        row.is_some_and(|row| self.between[row..row + self.groups].iter().any(|link| *link != 0))
    }

    fn place(&mut self, node: NodeId, group: u16) {
        debug_assert_eq!(node.index(), self.group.len());
        self.group.push(group);
    }

    fn command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Cut(a, b) => self.link_mut(a, b).cut(true),
            LinkCommand::Heal(a, b) => self.link_mut(a, b).cut(false),
            LinkCommand::Slow(a, b, factor) => self.link_mut(a, b).slow(factor),
            LinkCommand::CutNodes(a, b) => {
                self.cuts.push((a.min(b), a.max(b)));
            }
            LinkCommand::HealNodes(a, b) => self.cuts.retain(|cut| *cut != (a.min(b), a.max(b))),
        }
    }

    fn fork(&self) -> Box<dyn Transit> {
        Box::new(self.clone())
    }
}

/// A time too long to arrive is as good as lost.
#[inline]
fn arrives(delay: Time) -> Option<Time> {
    (delay < NEVER / 2).then_some(delay)
}
