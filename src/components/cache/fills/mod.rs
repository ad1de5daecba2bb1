//! What a cache does against fills and writes that come too late.
//!
//! A reader misses, loads version 1, and is slow; a writer stores version 2 and removes the key from the cache; the reader
//! puts version 1 in, where it stays. These races appear by themselves; here are their cures.

mod lease;
mod plain;
mod versioned;

use crate::catalog::Policy;

/// Keys that are remembered: leases given out, writes that fills may have missed. A figure of ours: about 3 MB.
const MOST_KEYS: usize = 1 << 16;

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &[plain::ENTRY, lease::ENTRY, versioned::ENTRY];

/// What is remembered, by policy.
#[derive(Clone, Debug)]
pub(super) enum Fills {
    Plain,
    Lease(lease::Leases),
    Versioned(versioned::Tombstones),
}

impl Fills {
    /// By index in the list of policies.
    pub fn of(choice: usize) -> Self {
        match POLICIES[choice].name {
            "lease" => Fills::Lease(lease::Leases::new(MOST_KEYS)),
            "versioned" => Fills::Versioned(versioned::Tombstones::new(MOST_KEYS)),
            _ => Fills::Plain,
        }
    }

    /// A look-up has missed. Returns what the fill must show; 0 = nothing.
    pub fn missed(&mut self, key: u64) -> u32 {
        match self {
            Fills::Plain => 0,
            Fills::Lease(leases) => leases.missed(key),
            Fills::Versioned(tombstones) => tombstones.missed(key),
        }
    }

    /// A write of this version has come, to put the value in or to remove the key. `None`: a removal by hand, or by a writer
    /// who removes first and stores afterwards.
    pub fn written(&mut self, key: u64, version: Option<u32>) {
        match self {
            Fills::Plain => {}
            Fills::Lease(leases) => leases.written(key),
            Fills::Versioned(tombstones) => tombstones.written(key, version),
        }
    }

    /// Whether a loaded version may be put in, where `held` is the version that is there.
    pub fn takes_fill(&mut self, key: u64, version: u32, token: u32, held: Option<u32>) -> bool {
        match self {
            Fills::Plain => true,
            Fills::Lease(leases) => leases.takes_fill(key, token),
            Fills::Versioned(tombstones) => {
                held.is_none_or(|held| version >= held) && tombstones.takes_fill(key, version, token)
            }
        }
    }

    /// Whether a written version may be put in, where `held` is the version that is there.
    pub fn takes_write(&self, key: u64, version: u32, held: Option<u32>) -> bool {
        match self {
            Fills::Plain | Fills::Lease(_) => true,
            Fills::Versioned(tombstones) => {
                held.is_none_or(|held| version >= held)
                    && tombstones.takes_write(key, version, held.is_some())
            }
        }
    }

    /// Whether the removal by a write of `version` concerns the version that is there.
    pub fn removes(&self, version: Option<u32>, held: Option<u32>) -> bool {
        match (self, version, held) {
            (Fills::Versioned(_), Some(version), Some(held)) => held < version,
            _ => true,
        }
    }

    /// Whether versions are compared, so that it must be known what is there.
    pub fn compares(&self) -> bool {
        matches!(self, Fills::Versioned(_))
    }

    /// Everything in the cache is gone; fills under way are not wanted any more.
    pub fn forget_all(&mut self) {
        match self {
            Fills::Plain => {}
            Fills::Lease(leases) => leases.forget_all(),
            Fills::Versioned(tombstones) => tombstones.forget_all(),
        }
    }
}

/// The token after this one. Neither 0, which is none, nor the last number, which says "wait" (see `parts::plan::WAIT`).
pub(super) fn next_token(last: u32) -> u32 {
    if last >= u32::MAX - 1 { 1 } else { last + 1 }
}
