//! Who misses first gets a lock with an expiry of its own and loads; the others poll the cache, or take what has expired.
//!
//! The lock is given out with the miss itself, as the lease of Nishtala et al. or the win flag of memcached's meta
//! commands; with Redis it is a `SET NX PX` more. It ends with the fill that shows its token, with a write of the key (what
//! is being loaded may be old by then), when its holder says that the load has failed, and by itself: a holder that has died
//! holds nobody up for longer. One that is slower than its lock loads beside the next one.

use super::super::recent::Recent;
use crate::catalog::Policy;
use crate::kernel::Time;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "lock",
    about: "who misses first gets a lock and loads; the others poll (`poll`), or take what has expired (`stale`)",
    source: "SET with NX and PX, Redis manual; Nishtala et al., NSDI 2013, 3.2.1 (leases against thundering herds)",
    wrong_when: "loads are quick beside the pause between two polls, and stale values are not wanted",
};

/// A lock that is held.
#[derive(Clone, Copy, Debug)]
struct Lock {
    token: u32,
    until: Time,
}

/// The locks of a node.
#[derive(Clone, Debug)]
pub struct Locks {
    held: Recent<Lock>,
    last: u32,
    /// A lock ends after this.
    life: Time,
    /// What has expired is still served for so long while somebody loads; 0 = never.
    pub stale: Time,
}

impl Locks {
    /// At most `most` locks; beyond, the oldest is forgotten: a load more.
    pub(super) fn new(most: usize, life: Time, stale: Time) -> Self {
        Locks { held: Recent::new(most), last: 0, life, stale }
    }

    /// Gives the lock to somebody who has missed, if it is free. `token`: what the fill must show anyway, or 0.
    pub fn take(&mut self, key: u64, token: u32, now: Time) -> u32 {
        self.last = super::super::fills::next_token(self.last);
        let token = if token == 0 { self.last } else { token };
        self.held.insert(key, Lock { token, until: now.saturating_add(self.life) });
        token
    }

    /// Whether somebody loads.
    pub fn is_held(&self, key: u64, now: Time) -> bool {
        self.held.get(key).is_some_and(|lock| now < lock.until)
    }

    /// The holder is done.
    pub fn release(&mut self, key: u64, token: u32) {
        if self.held.get(key).is_some_and(|lock| lock.token == token) {
            self.held.remove(key);
        }
    }

    /// The key was written: whoever loads may load what is old.
    pub(super) fn written(&mut self, key: u64) {
        self.held.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_until_he_is_done_or_too_slow() {
        let mut locks = Locks::new(10, 100, 0);
        let first = locks.take(7, 0, 5);
        assert!(locks.is_held(7, 104) && !locks.is_held(8, 5));
        assert!(!locks.is_held(7, 105), "its own expiry");
        let second = locks.take(7, 0, 200);
        locks.release(7, first);
        assert!(locks.is_held(7, 201), "not his any more");
        locks.release(7, second);
        assert!(!locks.is_held(7, 201));
    }

    #[test]
    fn a_write_ends_it() {
        let mut locks = Locks::new(10, 100, 0);
        assert_eq!(locks.take(7, 42, 0), 42, "a lease is its token");
        locks.written(7);
        assert!(!locks.is_held(7, 1));
    }
}
