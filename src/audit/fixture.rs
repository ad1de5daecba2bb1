//! What the tests of this room begin with.

use super::{Audit, ReadCheck};

/// The key under test.
pub(super) const KEY: u64 = 7;

/// An audit in which `KEY` has `count` writes, version v acknowledged at v * 10 ns.
pub(super) fn written(count: u32) -> Audit {
    let mut audit = Audit::new(10);
    for _ in 0..count {
        let version = audit.commit(KEY);
        audit.acknowledge(KEY, version, u64::from(version) * 10, 0);
    }
    audit
}

/// A counted read of `KEY` that begins and ends at once.
pub(super) fn read(audit: &mut Audit, version: u32, now_ns: u64, session: u32) -> ReadCheck {
    let floor = audit.floor(KEY);
    audit.finish_read(KEY, floor, version, (now_ns, now_ns), session, true)
}
