//! What the nodes of a replicated database say to each other.

use crate::components::database::model::Question;
use crate::parts::verbs::{ASK, READ};

/// A member's log entry travels to another member.
pub const SHIP: u16 = 64;
/// A primary asks a member up to where their logs agree.
pub const HELLO: u16 = 65;
/// A primary tells a connected member how long its log is, and whether it waits for it.
pub const BEAT: u16 = 66;
/// The coordinator asks whether a member lives, and prolongs its lease.
pub const PING: u16 = 67;
/// The coordinator tells who is primary, and which members count.
pub const VIEW: u16 = 68;
/// The coordinator asks for a member's position; the member takes no more entries of older epochs.
pub const POSITION: u16 = 69;
/// The coordinator makes a member the primary of a new epoch.
pub const PROMOTE: u16 = 70;
/// A new member asks for the next piece of a copy.
pub const COPY: u16 = 71;
/// One row of a copy.
pub const ROW: u16 = 72;
/// The coordinator asks the primary to step down (a planned switch).
pub const STEP_DOWN: u16 = 73;
/// Key of a [`STEP_DOWN`] that takes an earlier one back.
pub const GO_ON: u64 = 1;

/// Like [`SHIP`], but newer entries were committed before this one was sent.
pub const SHIP_LATE: u16 = 74;

/// A read that all shards answer.
pub const SCATTER: u16 = 75;
/// First of the questions that several shards answer together, each for its own rows: [`ASK`] moved up.
pub const SCATTER_ASK: u16 = 96;
/// A version that exists elsewhere is written here as well: a copy of a row.
pub const MIRROR: u16 = 76;

/// A row is read to be moved to another shard.
pub const FETCH: u16 = 77;

/// A row that has moved to another shard is deleted here.
pub const ERASE: u16 = 85;
/// Replica to primary: I am back.
pub const BACK: u16 = 86;

/// A router asks how far a member is (MongoDB's drivers: hello); answered at once.
pub const CHECK: u16 = 87;

/// A router asks whether a primary lives, and leads, that has not answered for long.
pub const ALIVE: u16 = 88;

/// The coordinator asks a storage node to give a member what its log lacks.
pub const FEED: u16 = 78;
/// One entry of that.
pub const GIVE: u16 = 79;

/// A member that stands for election asks for a vote.
pub const VOTE: u16 = 80;
/// An elected leader sends a batch of entries.
pub const APPEND: u16 = 81;
/// An elected leader tells a follower to fetch a copy of the rows.
pub const INSTALL: u16 = 82;
/// A member asks the leader to hand over to it.
pub const TRANSFER: u16 = 83;
/// The leader tells a member to stand for election at once.
pub const TIMEOUT_NOW: u16 = 84;

/// Whether a statement asks and changes nothing.
#[inline]
pub fn is_read(verb: u16) -> bool {
    matches!(verb, READ | SCATTER) || is_question(verb)
}

/// Whether it is one of the questions beyond the point read, whole or as a part.
#[inline]
fn is_question(verb: u16) -> bool {
    (ASK..ASK + 16).contains(&verb) || (SCATTER_ASK..SCATTER_ASK + 16).contains(&verb)
}

/// The verb by which several shards are asked together.
#[inline]
pub fn part_of(verb: u16) -> u16 {
    if verb == READ { SCATTER } else { verb - ASK + SCATTER_ASK }
}

/// Whether its answer is a part of one.
#[inline]
pub fn is_part(verb: u16) -> bool {
    verb == SCATTER || (SCATTER_ASK..SCATTER_ASK + 16).contains(&verb)
}

/// What a statement that reads asks of the data of a shard.
pub fn part_question(verb: u16) -> Question {
    let whole = if is_part(verb) && verb != SCATTER { verb - SCATTER_ASK + ASK } else { verb };
    Question::of_verb(whole).unwrap_or(Question::Point)
}

/// The epoch of the sender, that of the entry, and its key in one word. Keys are dense numbers below 2^32; epochs end at 2^16 - 1
/// (a failover every second for 18 hours).
pub fn pack(sender: u32, entry: u32, key: u64) -> u64 {
    debug_assert!(sender < 1 << 16 && entry < 1 << 16 && key < 1 << 32);
    (u64::from(sender) << 48) | (u64::from(entry) << 32) | key
}

/// Epoch of the sender, epoch of the entry, key.
pub fn unpack(word: u64) -> (u32, u32, u64) {
    ((word >> 48) as u32, (word >> 32) as u32 & 0xFFFF, word & 0xFFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        assert_eq!(unpack(pack(7, 65_535, u64::from(u32::MAX))), (7, 65_535, u64::from(u32::MAX)));
    }
}
