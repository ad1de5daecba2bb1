//! The audits of a world: one for each data set.

use super::event::NodeId;
use super::rarely::rarely;
use crate::audit::Audit;

/// What was written and read, data set by data set, and who works with which.
#[derive(Clone, Debug)]
pub(super) struct Audits {
    /// Of the first set. Nearly all worlds have no other: then nobody looks up whose node is where.
    first: Audit,
    others: Vec<Audit>,
    /// The data set of each node.
    sets: Vec<u16>,
    /// Expected number of keys.
    keys: u64,
}

impl Audits {
    pub fn new(keys: u64) -> Self {
        Audits { first: Audit::new(keys), others: Vec::new(), sets: Vec::new(), keys }
    }

    /// A node that works with the first data set, until somebody says otherwise.
    pub fn add_node(&mut self) {
        self.sets.push(0);
    }

    pub fn place(&mut self, node: NodeId, set: u16) {
        while self.others.len() < usize::from(set) {
            self.others.push(Audit::new(self.keys));
        }
        self.sets[node.index()] = set;
    }

    /// Where among the others the audit of a node's data set is.
    #[inline(always)]
    fn other(&self, node: NodeId) -> Option<usize> {
        if self.others.is_empty() {
            return None;
        }
        rarely();
        usize::from(self.sets[node.index()]).checked_sub(1)
    }

    #[inline(always)]
    pub fn of(&self, node: NodeId) -> &Audit {
        self.other(node).map_or(&self.first, |other| &self.others[other])
    }

    #[inline(always)]
    pub fn of_mut(&mut self, node: NodeId) -> &mut Audit {
        match self.other(node) {
            None => &mut self.first,
            Some(other) => &mut self.others[other],
        }
    }

    pub fn first(&self) -> &Audit {
        &self.first
    }

    pub fn all(&self) -> impl Iterator<Item = &Audit> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Audit> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_has_an_audit_of_its_own() {
        let mut audits = Audits::new(10);
        (0..3).for_each(|_| audits.add_node());
        audits.place(NodeId(1), 2);
        let commit = |audits: &mut Audits, node| audits.of_mut(NodeId(node)).commit(7);
        assert_eq!([0, 1, 2, 1].map(|node| commit(&mut audits, node)), [1, 1, 2, 2]);
        assert_eq!(audits.of(NodeId(1)).surviving_head(7), 2);
        assert_eq!((audits.all().count(), audits.all_mut().count()), (3, 3));
    }
}
