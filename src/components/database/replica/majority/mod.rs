//! Members that elect their leader themselves: Raft (D. Ongaro, J. Ousterhout, "In Search of an Understandable Consensus Algorithm",
//! USENIX ATC 2014; D. Ongaro's thesis, Stanford 2014, for what is marked with its chapter).
//!
//! Time is divided into *terms* with at most one leader each. Who hears of no leader for a random while stands for election, first in a
//! trial that changes nothing (pre-vote, ch. 9.6), then in earnest; a vote goes to one candidate per term, and only to one
//! whose log is not behind the voter's. The leader's log is the truth: followers drop what conflicts with it. An entry of the leader's
//! own term is committed when a majority keeps it, and all before it with it. Reads are answered by a leader that a majority has
//! heard within the shortest election time-out, since those refuse votes so long (lease, ch. 6.4.1): clocks here run alike.
//!
//! Term, vote, log and rows are on disk. Where times are declared, that takes a follower no time of its own, as in the other modes.
//! Where work is counted, it answers a batch, and a vote, when its log is durable, applies nothing before, and a leader counts
//! itself as far as its own disk has the log. (A candidate's own vote is written while its questions travel.)

mod apply;
mod commit;
mod elect;
mod follow;
mod keep;
mod lead;
mod send;
mod snapshot;
mod voter;

pub use voter::{Voter, VoterPlan};

/// Key of the entry with which a term begins: it writes nothing.
const NOTHING: u64 = u64::MAX;

/// What an entry does, kept where other modes keep the version that it replaced: here nothing that shows is ever taken back.
mod kind {
    /// A write: its version is its place among the committed ones.
    pub const WRITE: u32 = 0;
    /// A version that was written in a cache.
    pub const FLUSH: u32 = 1;
    /// A version that another shard answers for.
    pub const MIRROR: u32 = 2;
    /// The row has moved to another shard and is deleted.
    pub const ERASE: u32 = 3;
    /// A row that nobody has written yet comes from another shard (counted work only).
    pub const BORN: u32 = 4;
}
