//! Refresh-ahead: a hit of an item that is near its expiry makes the node load it anew, while the old one is served.
//!
//! As `refreshAfterWrite` of Caffeine (Manes) and Guava: one load of a key at a time, none for a key that nobody looks up. The
//! node asks its store itself, in the background, also where it stands beside it. A failed load changes nothing: the item
//! expires as it would have.

use super::recent::Recent;
use crate::kernel::Time;

/// Keys being loaded anew, at most: beyond, the oldest may be loaded twice.
const MOST_KEYS: usize = 1 << 16;

/// A load under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reload {
    /// What its fill shows.
    pub token: u32,
    /// Size of the old value, for stores that do not tell sizes.
    pub bytes: u32,
}

/// When to load anew, and what is being loaded.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    /// An item with less life left than this is loaded anew.
    left: Time,
    under_way: Recent<Reload>,
    /// Loads begun.
    pub begun: u64,
}

impl Refresh {
    /// For hits beyond this share of the TTL.
    pub fn new(share: f64, ttl: Time) -> Self {
        let left = ttl - libm::round(share * ttl as f64).min(ttl as f64) as Time;
        Refresh { left, under_way: Recent::new(MOST_KEYS), begun: 0 }
    }

    pub fn is_due(&self, key: u64, expires: Time, now: Time) -> bool {
        expires.saturating_sub(now) < self.left && self.under_way.get(key).is_none()
    }

    pub fn begin(&mut self, key: u64, reload: Reload) {
        self.begun += 1;
        self.under_way.insert(key, reload);
    }

    /// The store has answered, or has not.
    pub fn end(&mut self, key: u64) -> Option<Reload> {
        self.under_way.remove(key)
    }

    pub fn clear(&mut self) {
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_in_its_life_an_item_is_loaded_once() {
        let mut refresh = Refresh::new(0.8, 100);
        assert!(!refresh.is_due(7, 100, 80), "at its very share it is still young enough");
        assert!(refresh.is_due(7, 100, 81));
        refresh.begin(7, Reload { token: 1, bytes: 5 });
        assert!(!refresh.is_due(7, 100, 90) && refresh.is_due(8, 100, 90));
        assert_eq!(refresh.end(7).map(|reload| reload.bytes), Some(5));
        assert!(refresh.is_due(7, 100, 91), "a failed load may be tried again");
    }
}
