//! Figures of real databases, each with its source. What no source tells is left to the user.

use crate::catalog::Policy;
use crate::kernel::{MILLISECOND, Time};

/// The profiles. A later issue adds what each system *is*; here they are service times.
pub const PROFILES: &[Policy] = &[Policy {
    name: "mysql",
    about: "read 4 ms, write 5 ms: mean query response times at Facebook's MySQL tier",
    source: "Facebook MySQL Tech Talk, 2011: query response times 4 ms (reads) and 5 ms (writes)",
    wrong_when: "your rows fit in memory or your queries are not point reads: measure your own",
}];

/// Service times of a profile.
pub struct Figures {
    /// Service time of a read.
    pub read: Time,
    /// Service time of a write.
    pub write: Time,
}

/// The figures of a profile by index.
pub fn figures(_profile: usize) -> Figures {
    Figures { read: 4 * MILLISECOND, write: 5 * MILLISECOND }
}
