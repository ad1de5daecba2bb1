//! That there is nothing: answers without an object, kept on the shelf like copies, but for a shorter time (RFC 9111, 3 and 4.2.2;
//! negative caching).

use super::profile;
use crate::components::Site;
use crate::components::cache::shelf::Item;
use crate::kernel::{Status, Time};

/// Versions that no object has: what is kept instead of one.
const KEPT: [(u32, Status); 3] =
    [(u32::MAX, Status::Missing), (u32::MAX - 1, Status::Failed), (u32::MAX - 2, Status::Rejected)];

/// How long they are kept; 0: not at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Negative {
    missing: Time,
    error: Time,
}

/// What an item says instead of being a copy.
pub(super) fn said_by(item: &Item) -> Option<Status> {
    KEPT.iter().find(|(version, _)| *version == item.version).map(|(_, status)| *status)
}

impl Negative {
    pub fn new(site: &Site<'_>) -> Self {
        let [_, missing, error] = profile::lives(site.settings());
        let on = !site.is_disabled("negative_caching");
        Negative { missing: if on { missing } else { 0 }, error: if on { error } else { 0 } }
    }

    /// What is kept of an answer; `age`: how long somebody has kept it already.
    pub fn item(&self, key: u64, status: Status, age: Time, now: Time) -> Option<Item> {
        let life = if status == Status::Missing { self.missing } else { self.error };
        let (version, _) = KEPT.iter().find(|(_, kept)| *kept == status)?;
        let expires = now + life.checked_sub(age).filter(|left| *left > 0)?;
        Some(Item { key, version: *version, bytes: 0, expires })
    }

    /// How long what an item says has been known.
    pub fn age(&self, item: &Item, now: Time) -> Time {
        let life = if said_by(item) == Some(Status::Missing) { self.missing } else { self.error };
        life.saturating_sub(item.expires.saturating_sub(now))
    }
}
