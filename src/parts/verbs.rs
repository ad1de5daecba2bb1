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

/// Give a message to a broker; it is published when the broker says so.
pub const PUBLISH: u16 = 64;
/// A broker hands a message to a consumer; the answer is the acknowledgement.
pub const DELIVER: u16 = 65;
/// A consumer wants messages to be pushed to it; the call stays open as long as the connection.
pub const SUBSCRIBE: u16 = 66;
/// A consumer wants no more messages pushed; what it has it will still answer for.
pub const CANCEL: u16 = 71;
/// A call that is never answered: it breaks when the broker dies, which tells the consumer.
pub const WATCH: u16 = 70;
/// A sign of life of a consumer or of another broker.
pub const HEARTBEAT: u16 = 67;
/// A consumer asks for messages.
pub const FETCH: u16 = 68;
/// A consumer is done with a message it fetched.
pub const SETTLE: u16 = 69;
/// A consumer takes over messages that others have left lying.
pub const CLAIM: u16 = 72;
/// A consumer wants to share in the work of its group.
pub const JOIN: u16 = 73;
/// A consumer says up to where it has processed a partition.
pub const COMMIT: u16 = 74;
/// A consumer asks up to where a partition has been processed.
pub const OFFSET: u16 = 75;
/// A broker asks the leader of a partition for records.
pub const REPLICATE: u16 = 76;
/// A controller tells a broker who leads a partition and who is in sync.
pub const LEAD: u16 = 77;
/// A leader asks its controller to change who counts as in sync.
pub const ALTER_ISR: u16 = 78;
