//! Which nodes a replicated database has, and what they are called.
//!
//! The first node routes: callers ask it. The second one coordinates. Then come the members, shard by shard; the first
//! of each shard is its primary to begin with.

use super::mode::shared_storage::COPIES;
use super::mode::{self, MODES, is_elected, is_leaderless};
use crate::catalog::Settings;

/// Number of shards, and of replicas of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// At least 1; those that stand by for a resharding included.
    pub shards: u64,
    /// Beside the primary.
    pub replicas: u64,
    /// Storage nodes of each shard, behind its replicas.
    pub storage: u64,
    /// Whether nobody leads: then there is no coordinator either.
    pub leaderless: bool,
    /// Whether the members elect who leads: then they need no coordinator.
    pub elected: bool,
}

/// The node that callers ask.
pub const ROUTER: u64 = 0;
/// The node that watches the members, where there are primaries.
pub const COORDINATOR: u64 = 1;

impl Shape {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        Shape {
            shards: settings.count("shards").unwrap_or(1).max(settings.count("shards_max").unwrap_or(1)),
            replicas: settings.count("replicas").unwrap_or(0),
            storage: storage(settings),
            leaderless: is_leaderless(mode::of(settings)),
            elected: is_elected(mode::of(settings)),
        }
    }

    /// A database of one node needs neither router nor coordinator.
    pub fn is_single(self) -> bool {
        self.shards == 1 && self.replicas == 0
    }

    /// Whether a coordinator appoints the primaries.
    pub fn is_coordinated(self) -> bool {
        !self.leaderless && !self.elected
    }

    /// The first member.
    pub fn first(self) -> u64 {
        if self.is_coordinated() { COORDINATOR + 1 } else { COORDINATOR }
    }

    /// Number of nodes.
    pub fn nodes(self) -> u64 {
        if self.is_single() { 1 } else { self.first() + self.shards * self.members() }
    }

    /// Whether the n-th node belongs to a shard that there is only after a resharding.
    pub fn stands_by(settings: &Settings, n: u64) -> bool {
        let shape = Shape::of(settings);
        let shards = settings.count("shards").unwrap_or(1);
        shards < shape.shards && n >= shape.member(shards, 0)
    }

    /// Nodes of a shard that answer clients.
    pub fn answering(self) -> u64 {
        1 + self.replicas
    }

    /// Nodes of a shard: those that answer, and storage.
    pub fn members(self) -> u64 {
        1 + self.replicas + self.storage
    }

    /// The node of a member.
    pub fn member(self, shard: u64, member: u64) -> u64 {
        if self.is_single() { 0 } else { self.first() + shard * self.members() + member }
    }

    /// The nodes of a shard.
    pub fn shard(self, shard: u64) -> std::ops::Range<u64> {
        self.member(shard, 0)..self.member(shard, 0) + self.members()
    }

    /// Whether the n-th node is one that answers clients: neither router, coordinator nor storage.
    pub fn answers(self, n: u64) -> bool {
        let member = n.checked_sub(self.first()).map(|n| n % self.members());
        self.is_single() || member.is_some_and(|member| member < self.answering())
    }

    /// Name of the n-th node, below that of the group.
    pub fn name(self, n: u64) -> String {
        match n {
            ROUTER => "router".into(),
            COORDINATOR if self.is_coordinated() => "coordinator".into(),
            _ => {
                let (shard, member) =
                    ((n - self.first()) / self.members(), (n - self.first()) % self.members());
                let own = match member.checked_sub(1 + self.replicas) {
                    Some(copy) => format!("storage-{copy}"),
                    None if self.replicas == 0 => String::new(),
                    None => format!("replica-{member}"),
                };
                match self.shards {
                    1 => own,
                    _ if own.is_empty() => format!("shard-{shard}"),
                    _ => format!("shard-{shard}/{own}"),
                }
            }
        }
    }
}

/// Storage nodes that the mode of replication has.
fn storage(settings: &Settings) -> u64 {
    let mode = MODES[mode::of(settings)].name;
    let replicated = settings.count("replicas").unwrap_or(0) > 0;
    if replicated && mode == "shared_storage" { COPIES as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_their_names() {
        let shape = Shape { shards: 4, replicas: 2, storage: 0, leaderless: false, elected: false };
        assert_eq!((shape.nodes(), shape.member(3, 1)), (14, 12));
        assert_eq!(shape.name(12), "shard-3/replica-1");
        assert_eq!((0..14).filter(|n| shape.answers(*n)).count(), 12, "neither router nor coordinator");
        assert_eq!(
            Shape { shards: 1, replicas: 2, storage: 0, leaderless: false, elected: false }.name(3),
            "replica-1"
        );
        assert_eq!(
            Shape { shards: 3, replicas: 0, storage: 0, leaderless: false, elected: false }.name(3),
            "shard-1"
        );
        let dynamo = Shape { shards: 1, replicas: 2, storage: 0, leaderless: true, elected: false };
        assert_eq!((dynamo.nodes(), dynamo.name(1)), (4, "replica-0".into()));
        let raft = Shape { elected: true, ..shape };
        assert_eq!((raft.nodes(), raft.name(1).as_str()), (13, "shard-0/replica-0"), "no coordinator");
        let aurora = Shape { shards: 1, replicas: 2, storage: 6, leaderless: false, elected: false };
        assert_eq!(
            (aurora.nodes(), aurora.name(5), aurora.name(10)),
            (11, "storage-0".into(), "storage-5".into())
        );
        assert_eq!((0..11).filter(|n| aurora.answers(*n)).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(
            Shape { shards: 1, replicas: 0, storage: 0, leaderless: false, elected: false }.nodes(),
            1
        );
    }
}
