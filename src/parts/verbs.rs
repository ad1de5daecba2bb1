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
/// Find the address behind a name; the answer holds it, or is `Missing` or `Moved` (another name, another server).
pub const LOOKUP: u16 = 8;

/// Whether questions of this kind go without a connection.
#[inline]
pub fn is_datagram(verb: u16) -> bool {
    verb == LOOKUP
}
