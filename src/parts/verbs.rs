//! What nodes ask of each other: the numbers that travel in a call's `verb`.

/// Read a key: from a tier, an inline cache or a database.
pub const READ: u16 = 1;
/// Write a key.
pub const WRITE: u16 = 2;
/// Look a key up in a cache; the answer is `Ok` or `Missing`.
pub const GET: u16 = 3;
/// Put a known version of a key into a cache (fill after a miss, write-through).
pub const PUT: u16 = 4;
/// Remove a key from a cache.
pub const DELETE: u16 = 5;
/// Write a key in a cache that stores it later (write-back).
pub const WRITE_BACK: u16 = 6;
/// Bring a version that was written in a cache to the store.
pub const FLUSH: u16 = 7;

/// A coordinator to a cache node: a slot will come from elsewhere, serve it.
pub const IMPORT: u16 = 48;
/// A coordinator to a cache node: hand a slot over.
pub const MIGRATE: u16 = 49;
/// A coordinator to a cache node: these slots have this owner.
pub const SET_SLOTS: u16 = 50;
/// A cache node to another: take over a key; the call's note is its remaining life in ms, `u32::MAX` = for ever.
pub const TAKE: u16 = 51;
/// The same for data that waits to be stored.
pub const TAKE_DIRTY: u16 = 52;
