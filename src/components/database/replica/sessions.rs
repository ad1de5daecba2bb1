//! Sessions whose reads must see what they have written: the position of each one's last write, in each shard's log.

use super::router::Router;
use crate::kernel::{Ctx, NodeId, Reply, RequestId};

/// Sessions whose last write is remembered; a session more reads from the primary.
const SESSIONS_AT_MOST: usize = 1 << 20;

impl Router {
    /// The position that the session of a request must see; the largest number if it cannot be remembered.
    pub(super) fn position(&self, request: RequestId, shard: usize, cx: &Ctx<'_>) -> u32 {
        let Some(session) = session(request, cx) else { return 0 };
        let known = self.positions.get(&pair(session, shard)).copied();
        let full = self.positions.len() >= SESSIONS_AT_MOST;
        known.unwrap_or(if full { u32::MAX } else { 0 })
    }

    /// A session has written: its reads must see that.
    pub(super) fn remember(&mut self, reply: &Reply, shard: usize, cx: &Ctx<'_>) {
        let Some(session) = session(reply.request, cx) else { return };
        let is_room = self.positions.len() < SESSIONS_AT_MOST;
        let pair = pair(session, shard);
        if is_room || self.positions.contains_key(&pair) {
            let position = self.positions.entry(pair).or_default();
            *position = (*position).max(reply.bytes);
        }
    }
}

/// The session of a request, if it has one, and whose client's it is: users of two traffics are two people.
fn session(request: RequestId, cx: &Ctx<'_>) -> Option<(NodeId, u32)> {
    let request = cx.request(request).filter(|request| request.session > 0)?;
    Some((request.client, request.session))
}

fn pair((client, session): (NodeId, u32), shard: usize) -> u64 {
    u64::from(client.0) << 48 | u64::from(session) << 16 | shard as u64
}
