//! Sessions whose reads must see what they have written: the position of each one's last write, in each shard's log.

use super::router::Router;
use crate::kernel::{Ctx, Reply, RequestId};

/// Sessions whose last write is remembered; a session more reads from the primary.
const SESSIONS_AT_MOST: usize = 1 << 20;

impl Router {
    /// The position that the session of a request must see; the largest number if it cannot be remembered.
    pub(super) fn position(&self, request: RequestId, shard: usize, cx: &Ctx<'_>) -> u32 {
        let Some(session) = cx.request(request).map(|request| request.session).filter(|session| *session > 0)
        else {
            return 0;
        };
        let known = self.positions.get(&pair(session, shard)).copied();
        let full = self.positions.len() >= SESSIONS_AT_MOST;
        known.unwrap_or(if full { u32::MAX } else { 0 })
    }

    /// A session has written: its reads must see that.
    pub(super) fn remember(&mut self, reply: &Reply, shard: usize, cx: &Ctx<'_>) {
        let Some(session) = cx.request(reply.request).map(|request| request.session).filter(|s| *s > 0)
        else {
            return;
        };
        let is_room = self.positions.len() < SESSIONS_AT_MOST;
        let pair = pair(session, shard);
        if is_room || self.positions.contains_key(&pair) {
            let position = self.positions.entry(pair).or_default();
            *position = (*position).max(reply.bytes);
        }
    }
}

fn pair(session: u32, shard: usize) -> u64 {
    (u64::from(session) << 16) | shard as u64
}
