//! Who is asked about a key: one node, the owner by the caller's own hash, or somebody who knows the way.

use super::hashed::Hashed;
use super::slot_map::SlotMap;
use crate::kernel::{Control, Ctx, NodeId, Reply, Status, rarely};

/// Who is asked about a key.
#[derive(Clone, Debug)]
pub enum Route {
    /// Always this node.
    One(NodeId),
    /// The caller hashes the key and holds its own map of the servers.
    Hashed(Box<Hashed>),
    /// One of these in turn; they know the way.
    Proxies {
        /// Who can be asked.
        nodes: Vec<NodeId>,
        /// Who is next.
        turn: usize,
    },
    /// The caller holds a map of slots, and is told when it is wrong.
    Slots(Box<SlotMap>),
}

impl Route {
    /// The node to ask about a key.
    #[inline(always)]
    pub fn node(&mut self, key: u64, cx: &mut Ctx<'_>) -> NodeId {
        match self {
            Route::One(node) => *node,
            other => {
                rarely();
                other.node_elsewhere(key, cx)
            }
        }
    }

    #[inline(never)]
    fn node_elsewhere(&mut self, key: u64, cx: &mut Ctx<'_>) -> NodeId {
        match self {
            Route::One(node) => *node,
            Route::Hashed(hashed) => hashed.node(key, cx),
            Route::Proxies { nodes, turn } => {
                *turn = (*turn + 1) % nodes.len();
                nodes[*turn]
            }
            Route::Slots(map) => map.node(key),
        }
    }

    /// Whether [`Route::answered`] would learn from an answer.
    #[inline(always)]
    pub fn learns(&self, reply: &Reply) -> bool {
        !matches!(self, Route::One(_)) && self.learns_elsewhere(has_failed(reply))
    }

    #[inline(never)]
    fn learns_elsewhere(&self, failed: bool) -> bool {
        match self {
            Route::One(_) | Route::Proxies { .. } => false,
            Route::Hashed(hashed) => failed || hashed.is_wary(),
            Route::Slots(_) => true,
        }
    }

    /// A node has answered, or has not.
    #[inline]
    pub fn answered(&mut self, reply: &Reply, cx: &Ctx<'_>) {
        let failed = has_failed(reply);
        match self {
            Route::Hashed(hashed) => hashed.answered(reply.callee, failed, cx.now()),
            Route::Slots(map) if failed => map.failed(reply.key, reply.callee),
            Route::Slots(map) => map.answered(reply.key, reply.callee),
            _ => {}
        }
    }

    /// Whom to ask the same once more, after [`Route::answered`]: callers of a cluster whose node refuses or is silent look at the
    /// map of another node and repeat the command at the owner it names (redis-py: `ConnectionError`, `TimeoutError` in
    /// `_execute_command`; Jedis: `renewSlotCache` in `ClusterCommandExecutor`). A redirect of the other one tells the same.
    pub fn instead(&mut self, reply: &Reply) -> Option<NodeId> {
        match self {
            Route::Slots(map) if has_failed(reply) => map.instead(reply.key),
            _ => None,
        }
    }

    /// A node says that another one has the key: for good, or only this time.
    pub fn redirected(&mut self, reply: &Reply) {
        if let Route::Slots(map) = self
            && reply.version != ASK
        {
            map.moved(reply.key, reply.redirect);
        }
    }

    /// News of the group.
    pub fn on_control(&mut self, control: &Control, cx: &mut Ctx<'_>) {
        if let Route::Hashed(hashed) = self {
            hashed.on_control(control, cx);
        }
    }
}

#[inline]
fn has_failed(reply: &Reply) -> bool {
    matches!(reply.status, Status::Reset | Status::TimedOut)
}

/// The version in an answer [`Status::Moved`] that says: ask there this time, the slot is on its way (Redis: ASK). 0: ask
/// there from now on (MOVED).
pub const ASK: u32 = 1;
