//! The network: how long a message takes between two groups, what it costs to send, and what gets lost.

mod link;

pub use link::{ENTRY, Link, LinkPlan};

use crate::kernel::request::Requests;
use crate::kernel::transit::{LinkCommand, Message, Transit};
use crate::kernel::{NEVER, NodeId, Time};
use crate::random::stream::Stream;

/// Links between groups of nodes, or within one. Without a link nodes talk in no time, and so does a node with itself.
#[derive(Clone)]
pub struct Network {
    /// Group of each node.
    group: Vec<u16>,
    groups: usize,
    /// For each pair of groups (from, to): index of the link plus one, 0 = none.
    between: Vec<u16>,
    links: Vec<Link>,
    /// Draws of background messages, which belong to no request.
    background: Stream,
}

impl Network {
    /// A network over nodes whose groups are given, without links.
    pub fn new(group: Vec<u16>, groups: usize, background: Stream) -> Self {
        Network { group, groups, between: vec![0; groups * groups], links: Vec::new(), background }
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
        match self.between[self.pair(message)] {
            0 => Some(0),
            _ if message.from == message.to => Some(0),
            index => self.links[index as usize - 1].pass(message, requests, &mut self.background),
        }
    }

    fn has_link(&self, node: NodeId) -> bool {
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
