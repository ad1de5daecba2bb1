//! A caller's own map of slots (Redis cluster): right until a node says otherwise.

use crate::kernel::NodeId;
use crate::parts::ring::{SlotTable, slot_of_number, slots::NOBODY};

/// Who has which slot, as one caller sees it.
#[derive(Clone, Debug)]
pub struct SlotMap {
    table: SlotTable,
    /// Nodes it has heard of.
    nodes: Vec<u16>,
    /// Whom it asks about a slot whose owner did not answer.
    turn: usize,
    /// Those that did not answer when they were last asked.
    silent: Vec<u16>,
    /// Number of slots whose owner it does not know.
    unknown: u32,
}

impl SlotMap {
    /// A map that agrees with this table.
    pub fn new(table: SlotTable, nodes: Vec<u16>) -> Self {
        SlotMap { table, nodes, turn: 0, silent: Vec::new(), unknown: 0 }
    }

    /// Whom to ask about a key.
    #[inline]
    pub fn node(&mut self, key: u64) -> NodeId {
        match self.table.owner(slot(key)) {
            NOBODY => self.another(),
            owner => NodeId(owner),
        }
    }

    /// Any node, to be told who has the slot; one that has not been silent, if there is one.
    #[cold]
    fn another(&mut self) -> NodeId {
        self.turn += 1;
        let others = self.nodes.iter().filter(|node| !self.silent.contains(node));
        let count = others.clone().count().max(1);
        let other = others.copied().nth(self.turn % count);
        NodeId(other.unwrap_or(self.nodes[self.turn % self.nodes.len()]))
    }

    /// A node has answered a question about a key and named nobody else: it is there, and has the key.
    #[inline]
    pub fn answered(&mut self, key: u64, node: NodeId) {
        if !self.silent.is_empty() {
            self.silent.retain(|silent| *silent != node.0);
        }
        if self.unknown > 0 && self.table.owner(slot(key)) == NOBODY {
            self.give(key, node.0);
        }
    }

    fn give(&mut self, key: u64, to: u16) {
        let slot = slot(key);
        self.unknown -= u32::from(self.table.owner(slot) == NOBODY);
        self.unknown += u32::from(to == NOBODY);
        self.table.give(slot, to);
    }

    /// The slot of this key has another owner.
    pub fn moved(&mut self, key: u64, to: NodeId) {
        self.give(key, to.0);
        if !self.nodes.contains(&to.0) {
            self.nodes.push(to.0);
        }
    }

    /// A node did not answer: if it is the one that should have the key, the next question goes to another one.
    pub fn failed(&mut self, key: u64, node: NodeId) {
        if !self.silent.contains(&node.0) {
            self.silent.push(node.0);
        }
        if self.table.owner(slot(key)) == node.0 {
            self.give(key, NOBODY);
        }
    }

    /// Whom to ask about a key after its node was silent; `None`: all that it knows of have been.
    pub fn instead(&mut self, key: u64) -> Option<NodeId> {
        Some(self.node(key)).filter(|node| !self.silent.contains(&node.0))
    }
}

fn slot(key: u64) -> u16 {
    slot_of_number(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::ring::Server;

    #[test]
    fn a_map_follows_redirects_and_asks_around_when_an_owner_is_silent() {
        let servers = [Server::new(4, "a"), Server::new(5, "b")];
        let mut map = SlotMap::new(SlotTable::new(&servers), vec![4, 5]);
        let owner = map.node(7);
        let other = NodeId(9 - owner.0);
        map.failed(7, owner);
        assert_eq!([map.node(7), map.node(7)], [other, other]);
        map.moved(7, NodeId(6));
        assert_eq!(map.node(7), NodeId(6));
        map.failed(7, NodeId(6));
        assert_eq!([map.node(7), map.node(7)], [other, other], "two are silent");
        map.answered(8, owner);
        assert_ne!(map.node(7), map.node(7), "one of them is back");
        map.answered(7, owner);
        assert_eq!(
            [map.node(7), map.node(7)],
            [owner, owner],
            "it has the key, or it would have said who has"
        );
        map.moved(7, other);
        map.failed(7, owner);
        assert_eq!(map.instead(7), Some(other), "a late failure of an old owner says nothing");
        map.failed(7, other);
        assert_eq!(map.instead(7), None);
        assert!((4..=6).contains(&map.node(7).0), "somebody is asked all the same");
    }
}
