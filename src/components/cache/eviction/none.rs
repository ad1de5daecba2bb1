//! None: nothing is ever thrown out; what does not fit is refused, and its writer is told.
//!
//! As Redis does under `maxmemory-policy noeviction`, its preset: a write beyond the bound is an error, reads go on. Data that
//! needs no more room than it has is still overwritten. The only choice when the cache holds the only copy of something; the
//! wrong one for anything that is only a copy: once full, it never learns what is wanted now.

use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "none",
    about: "nothing is thrown out: what does not fit is refused with an error",
    source: "Redis 7, maxmemory-policy noeviction",
    wrong_when: "the items are only copies: once full, it never learns what is wanted now",
};

/// No order at all.
#[derive(Clone)]
pub struct None;

impl Eviction for None {
    const EVICTS: bool = false;

    fn new(_plan: &Plan) -> Self {
        None
    }
    fn insert(&mut self, _slot: u32, _view: View<'_>) {}
    fn hit(&mut self, _slot: u32, _view: View<'_>) {}
    fn evict(&mut self, _view: View<'_>) -> u32 {
        unreachable!("a shelf does not ask a policy that never evicts")
    }
    fn remove(&mut self, _slot: u32, _view: View<'_>) {}
    fn clear(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::super::super::shelf::{Item, Put, ShelfPlan};
    use super::super::by_name;
    use crate::kernel::NEVER;

    #[test]
    fn what_does_not_fit_is_refused_and_the_old_data_stays() {
        let plan = ShelfPlan { items: Some(2), bytes: Some(10), keys: None, overhead: 0 };
        let mut shelf = by_name("none", &plan).unwrap();
        let item = |key, version, bytes| Item { key, version, bytes, expires: NEVER };
        assert_eq!(shelf.put(item(1, 1, 4), 0), Put::Kept);
        assert_eq!(shelf.put(item(2, 1, 4), 0), Put::Kept);
        assert_eq!(shelf.put(item(3, 1, 1), 0), Put::Refused, "a third item");
        assert_eq!(shelf.put(item(1, 2, 7), 0), Put::Refused, "eleven bytes");
        assert_eq!(shelf.get(1, 0).unwrap().version, 1, "the old data stays");
        assert_eq!(shelf.put(item(1, 3, 6), 0), Put::Kept, "ten bytes");
        assert_eq!(shelf.counts().refused, 2);
        assert!(shelf.delete(2));
        assert_eq!(shelf.put(item(3, 1, 1), 0), Put::Kept, "there is room again");
    }
}
