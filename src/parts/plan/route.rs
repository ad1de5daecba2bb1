//! Who is asked about a key: one node, the owner by the caller's own hash, or somebody who knows the way.

use super::hashed::Hashed;
use super::slot_map::SlotMap;
use crate::kernel::{Control, Ctx, NodeId, Reply, Status};

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
    #[inline]
    pub fn node(&mut self, key: u64, cx: &mut Ctx<'_>) -> NodeId {
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

    /// A node has answered, or has not.
    #[inline]
    pub fn answered(&mut self, reply: &Reply, cx: &Ctx<'_>) {
        let failed = matches!(reply.status, Status::Reset | Status::TimedOut);
        match self {
            Route::Hashed(hashed) => hashed.answered(reply.callee, failed, cx.now()),
            Route::Slots(map) if failed => map.failed(reply.key, reply.callee),
            _ => {}
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

/// The version in an answer [`Status::Moved`] that says: ask there this time, the slot is on its way (Redis: ASK). 0: ask
/// there from now on (MOVED).
pub const ASK: u32 = 1;
