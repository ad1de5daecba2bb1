//! What nodes draw for work that belongs to no request.

use super::event::NodeId;
use crate::random::mix::{combine, hash_name};
use crate::random::stream::Stream;

/// For each node a stream of its own, so that what it draws does not depend on who else draws.
#[derive(Clone, Debug)]
pub(super) struct Backgrounds {
    seed: u64,
    replication: u64,
    /// By node; `None` until it is needed.
    streams: Vec<Option<Stream>>,
}

impl Backgrounds {
    pub fn new(seed: u64, replication: u64) -> Self {
        Backgrounds { seed, replication, streams: Vec::new() }
    }

    /// The stream of a node, which is called so.
    #[inline]
    pub fn of(&mut self, node: NodeId, label: u64) -> &mut Stream {
        const BACKGROUND: u64 = hash_name("background");
        if node.index() >= self.streams.len() {
            self.streams.resize(node.index() + 1, None);
        }
        let new = || Stream::of(self.seed, self.replication, combine(label, BACKGROUND));
        self.streams[node.index()].get_or_insert_with(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_draws_for_others() {
        let mut alone = Backgrounds::new(1, 2);
        let own: Vec<u64> = (0..3).map(|_| alone.of(NodeId(4), 77).bits()).collect();
        let mut beside = Backgrounds::new(1, 2);
        let mixed: Vec<u64> =
            (0..3).map(|n| (beside.of(NodeId(n), 5).bits(), beside.of(NodeId(9), 77).bits()).1).collect();
        assert_eq!(own, mixed, "the name counts, not the number");
        assert_ne!(own[0], Backgrounds::new(1, 3).of(NodeId(4), 77).bits());
    }
}
