//! The audits of a world: one for each data set.

use super::event::NodeId;
use crate::audit::Audit;

/// What was written and read, data set by data set, and who works with which.
#[derive(Clone, Debug)]
pub(super) struct Audits {
    /// Never empty.
    audits: Vec<Audit>,
    /// The data set of each node.
    sets: Vec<u16>,
    /// Expected number of keys.
    keys: u64,
}

impl Audits {
    pub fn new(keys: u64) -> Self {
        Audits { audits: vec![Audit::new(keys)], sets: Vec::new(), keys }
    }

    /// A node that works with the first data set, until somebody says otherwise.
    pub fn add_node(&mut self) {
        self.sets.push(0);
    }

    pub fn place(&mut self, node: NodeId, set: u16) {
        while self.audits.len() <= usize::from(set) {
            self.audits.push(Audit::new(self.keys));
        }
        self.sets[node.index()] = set;
    }

    #[inline]
    pub fn of(&self, node: NodeId) -> &Audit {
        &self.audits[usize::from(self.sets[node.index()])]
    }

    #[inline]
    pub fn of_mut(&mut self, node: NodeId) -> &mut Audit {
        &mut self.audits[usize::from(self.sets[node.index()])]
    }

    pub fn first(&self) -> &Audit {
        &self.audits[0]
    }

    pub fn all(&self) -> impl Iterator<Item = &Audit> {
        self.audits.iter()
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Audit> {
        self.audits.iter_mut()
    }
}
