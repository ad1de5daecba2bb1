//! What a machine is asked to do, and what it tells.

use crate::components::database::model::Question;

/// What a task is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A question.
    Ask(Question),
    /// A new version of a row.
    Write,
    /// A row is taken out.
    Remove,
    /// So many rows are read in the order of keys, for a copy.
    Piece(u64),
    /// A replica does what an entry of the log says.
    Apply(Apply),
    /// An entry of another's log is made durable.
    Keep,
}

/// How an entry is applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Apply {
    /// The row has a new version.
    Write,
    /// The row is gone.
    Remove,
    /// The disk is another's: only pages in memory are brought up to date.
    Cached,
    /// The entry changes nothing.
    Nothing,
}

/// What a machine tells its owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// This statement has been worked on, and its log is durable if commits wait for that: it takes effect now.
    Done(u32),
    /// This statement found no processor: the machine under it is gone.
    Failed(u32),
    /// This entry has been applied.
    Applied(u32),
    /// This entry of another's log is on disk.
    Kept(u32),
    /// What has been logged so far is on its way to the disk.
    SyncBegins,
    /// It is there.
    Synced,
}

impl What {
    /// Whether the task needs its row for itself.
    pub fn changes(self) -> bool {
        matches!(self, What::Write | What::Remove)
    }
}
