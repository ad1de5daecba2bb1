//! Sessions whose reads must see what they have written: the position of each one's last write, in each shard's log.
//!
//! A position belongs to the epoch in which it was told. Where a newer epoch began before it, the write did not survive: its session waits for what the
//! newer epoch began with. Positions that survive stay what they were, as MySQL's GTIDs do. What a row's copies in other shards, or its home
//! after a resharding, must have is a position in their own logs.

use super::router::{Router, Shard};
use crate::kernel::{CallId, Ctx, NodeId, Reply, RequestId};

/// Sessions whose last write is remembered; a session more reads from the primary.
const SESSIONS_AT_MOST: usize = 1 << 20;

/// An entry of a shard's log, as it was told in some epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    epoch: u32,
    entry: u32,
}

impl Position {
    /// Where a write is, by the answer to it.
    fn of(reply: &Reply) -> Self {
        Position { epoch: u32::from(reply.redirect.0), entry: reply.bytes }
    }
}

/// An entry that nobody has who follows the primary of an epoch that is over: who wrote to its successor, and asks where that is not known, waits
/// (as MySQL waits for GTIDs of another server).
const AHEAD: u32 = u32::MAX - 1;

impl Shard {
    /// What is left of a position in the epoch that is known of.
    fn standing(&self, position: Position) -> u32 {
        if position.epoch < self.epoch { position.entry.min(self.start) } else { position.entry }
    }
}

impl Router {
    /// The position that the session of a request must see; the largest number if it cannot be remembered.
    fn position(&self, request: RequestId, shard: usize, cx: &Ctx<'_>) -> u32 {
        let Some(session) = session(request, cx) else { return 0 };
        let state = &self.shards[shard];
        let moved_in = state.standing(state.moved_in);
        match self.positions.get(&pair(session, shard)) {
            Some(known) if known.epoch > state.epoch && !self.lasting => AHEAD,
            Some(known) => state.standing(*known).max(moved_in),
            None if self.positions.len() >= SESSIONS_AT_MOST => u32::MAX,
            None => moved_in,
        }
    }

    /// The member of a shard that reads for a call, and the entry that it must show: 0 for any.
    #[inline]
    pub(super) fn reader(&mut self, shard: usize, id: CallId, cx: &mut Ctx<'_>) -> (usize, u32) {
        let member = self.pick(shard, id, cx);
        if !self.reads.carries_position {
            return (member, 0);
        }
        match self.position(cx.call(id).request, shard, cx) {
            u32::MAX => (self.shards[shard].primary, 0),
            position => (member, position),
        }
    }

    /// The entry that a member must show which a read is sent on to.
    #[inline]
    pub(super) fn wanted(&self, request: RequestId, shard: usize, cx: &Ctx<'_>) -> u32 {
        match self.position(request, shard, cx) {
            u32::MAX => 0,
            position => position,
        }
    }

    /// A session has written: its reads must see that.
    pub(super) fn remember(&mut self, reply: &Reply, shard: usize, cx: &Ctx<'_>) {
        let Some(session) = session(reply.request, cx) else { return };
        let is_room = self.positions.len() < SESSIONS_AT_MOST;
        let pair = pair(session, shard);
        if is_room || self.positions.contains_key(&pair) {
            let position = self.positions.entry(pair).or_default();
            *position = (*position).max(Position::of(reply));
        }
    }

    /// A write of a session has come to another shard that has its row.
    pub(super) fn remember_copy(&mut self, reply: &Reply, cx: &Ctx<'_>) {
        if self.reads.carries_position
            && let Some(shard) = self.shard_of(reply.callee)
        {
            self.remember(reply, shard, cx);
        }
    }

    /// A row has come to its new home, which may have been written by anybody: after the cut-over, sessions wait for that.
    pub(super) fn note_coming(&mut self, reply: &Reply) {
        if self.reads.carries_position
            && let Some(shard) = self.shard_of(reply.callee)
        {
            let state = &mut self.shards[shard];
            state.coming = state.coming.max(Position::of(reply));
        }
    }

    /// The new map holds.
    pub(super) fn all_have_come(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.moved_in = shard.moved_in.max(shard.coming));
    }

    fn shard_of(&self, member: NodeId) -> Option<usize> {
        self.shards.iter().position(|shard| shard.members.iter().any(|seen| seen.node == member))
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
