//! A caller's own map of slots (Redis cluster): right until a node says otherwise.

use crate::kernel::NodeId;
use crate::parts::ring::{Decimal, SlotTable, slot_of, slots::NOBODY};

/// Who has which slot, as one caller sees it.
#[derive(Clone, Debug)]
pub struct SlotMap {
    table: SlotTable,
    /// Nodes it has heard of.
    nodes: Vec<u16>,
    /// Whom it asks about a slot whose owner did not answer.
    turn: usize,
    /// The last one that did not answer.
    silent: u16,
}

impl SlotMap {
    /// A map that agrees with this table.
    pub fn new(table: SlotTable, nodes: Vec<u16>) -> Self {
        SlotMap { table, nodes, turn: 0, silent: NOBODY }
    }

    /// Whom to ask about a key.
    #[inline]
    pub fn node(&mut self, key: u64) -> NodeId {
        match self.table.owner(slot(key)) {
            NOBODY => self.another(),
            owner => NodeId(owner),
        }
    }

    /// Any node, to be told who has the slot; not the one that did not answer, if there is another.
    #[cold]
    fn another(&mut self) -> NodeId {
        self.turn += 1;
        let others = self.nodes.iter().filter(|node| **node != self.silent);
        let count = others.clone().count().max(1);
        NodeId(others.copied().nth(self.turn % count).unwrap_or(self.silent))
    }

    /// The slot of this key has another owner.
    pub fn moved(&mut self, key: u64, to: NodeId) {
        self.table.give(slot(key), to.0);
        if !self.nodes.contains(&to.0) {
            self.nodes.push(to.0);
        }
    }

    /// The node that should have the key did not answer: the next question goes to another one.
    pub fn failed(&mut self, key: u64, node: NodeId) {
        self.silent = node.0;
        self.table.give(slot(key), NOBODY);
    }
}

fn slot(key: u64) -> u16 {
    slot_of(Decimal::of(key).as_bytes())
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
        assert_eq!([map.node(7), map.node(7)].map(|node| node.0 < 6), [true, true]);
    }
}
