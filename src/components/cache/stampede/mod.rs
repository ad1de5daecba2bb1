//! What keeps a crowd from loading the same key at the same time.

mod coalesce;
mod early;
mod lock;
mod none;

use crate::catalog::{Policy, Settings};
use crate::kernel::Time;
pub(super) use early::Early;
pub(super) use lock::Locks;

/// Keys that are remembered: locks held, loads under way. A figure of ours: about 3 MB.
const MOST_KEYS: usize = 1 << 16;

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &[none::ENTRY, coalesce::ENTRY, lock::ENTRY, early::ENTRY];

/// What a node does about it; callers who coalesce do it among themselves.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    None,
    Lock(Locks),
    Early(Early),
}

impl Guard {
    pub fn of(policy: &str, settings: &Settings) -> Self {
        match policy {
            "lock" => {
                let life = settings.duration("lock").expect("preset");
                Guard::Lock(Locks::new(MOST_KEYS, life, settings.duration("stale").unwrap_or(0)))
            }
            "early" => Guard::Early(Early::new(MOST_KEYS, settings.number("beta").expect("preset"))),
            _ => Guard::None,
        }
    }

    /// A fill has come, welcome or not.
    pub fn filled(&mut self, key: u64, token: u32, now: Time) {
        match self {
            Guard::None => {}
            Guard::Lock(locks) => locks.release(key, token),
            Guard::Early(early) => early.filled(key, token, now),
        }
    }

    /// The key was written or removed.
    pub fn written(&mut self, key: u64) {
        if let Guard::Lock(locks) = self {
            locks.written(key);
        }
    }

    /// A crash, or everything was removed.
    pub fn clear(&mut self) {
        match self {
            Guard::None => {}
            Guard::Lock(locks) => locks.clear(),
            Guard::Early(early) => early.clear(),
        }
    }
}
