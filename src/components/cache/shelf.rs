//! What a cache keeps its items on: found by key, bounded in number and bytes, expiring. `store.rs` is how.

use crate::kernel::Time;
use crate::random::Stream;

/// What a cache keeps under a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// The key.
    pub key: u64,
    /// Version of the data.
    pub version: u32,
    /// Size.
    pub bytes: u32,
    /// When it is too old; [`crate::kernel::NEVER`] without a TTL.
    pub expires: Time,
}

/// How a shelf is made.
#[derive(Clone, Copy, Debug)]
pub struct ShelfPlan {
    /// Most items; `None` = no bound.
    pub items: Option<u64>,
    /// Most bytes; `None` = no bound.
    pub bytes: Option<u64>,
    /// Keys lie in `0..keys`; they are then found without hashing. `None` = any keys.
    pub keys: Option<u64>,
    /// Bytes that each item takes beside its own.
    pub overhead: u32,
}

/// What happened on a shelf since the start.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct ShelfCounts {
    /// Look-ups that found a fresh item.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Items put in, overwritten ones not counted.
    pub insertions: u64,
    /// Fresh items thrown out to make room.
    pub evictions: u64,
    /// Items found too old.
    pub expired: u64,
    /// Items thrown out to make room that were too old anyway.
    pub evicted_expired: u64,
    /// Items larger than the whole shelf: not kept.
    pub too_large: u64,
    /// Items found too old by a sweep, before anybody asked for them.
    pub swept: u64,
    /// Items that did not fit on a shelf that never evicts.
    pub refused: u64,
}

/// What became of an item that was put in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// It is there.
    Kept,
    /// It is larger than the whole shelf; what was under its key is gone.
    TooLarge,
    /// It does not fit and the policy never evicts; what was under its key is still there.
    Refused,
}

/// What a sweep found.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// Items looked at.
    pub looked: u32,
    /// Those of them that were too old and have been removed.
    pub expired: u32,
}

/// A bounded set of items.
pub trait Shelf: Send {
    /// The fresh item under a key; one that has expired is removed.
    fn get(&mut self, key: u64, now: Time) -> Option<Item>;
    /// The item under a key, fresh or not; nothing changes and nothing is counted.
    fn peek(&self, key: u64) -> Option<Item>;
    /// The key will be looked up soon: asks the processor for the memory that says where it is.
    fn foresee(&self, key: u64);
    /// A little later, before it is looked up: asks for the memory of its item.
    fn foresee_item(&self, key: u64);
    /// Puts an item in, making room if need be.
    fn put(&mut self, item: Item, now: Time) -> Put;
    /// Whether the policy never evicts and an item of this size does not fit under this key; counted if so.
    fn refuses(&mut self, key: u64, bytes: u32, now: Time) -> bool;
    /// Lets the item that has just been found under a key live until `expires`.
    fn renew(&mut self, key: u64, expires: Time);
    /// Draws so many items and removes those that were too old at `now`.
    fn sweep(&mut self, items: u32, stream: &mut Stream, now: Time) -> Sweep;
    /// Where the policy's random numbers come from, if it needs any.
    fn draw_from(&mut self, stream: Stream);
    /// Removes the item under a key; whether there was one.
    fn delete(&mut self, key: u64) -> bool;
    /// Removes everything.
    fn clear(&mut self);
    /// Number of items, expired ones included.
    fn len(&self) -> u64;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes of the items, with their overhead.
    fn bytes(&self) -> u64;
    /// Shows every item, expired ones included; nothing changes and nothing is counted.
    fn each(&self, look: &mut dyn FnMut(&Item));
    /// What happened so far.
    fn counts(&self) -> ShelfCounts;
    /// How many keys came in so far, of [`Shelf::counts`].
    fn insertions(&self) -> u64;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Shelf>;
}
