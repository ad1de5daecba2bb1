//! Least recently used: what was not wanted for the longest time goes.
//!
//! Good when what was wanted lately is wanted again (sessions, browsers). The wrong
//! choice for scans and loops a little larger than the cache: every item leaves just before it is wanted.

use super::list::{Links, List};
use super::{Eviction, Plan, View};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "lru",
    about: "least recently used goes",
    source: "Mattson, Gecsei, Slutz & Traiger 1970",
    wrong_when: "scans, and loops a little larger than the cache",
};

/// The order of use.
#[derive(Clone)]
pub struct Lru {
    order: List,
    links: Links,
}

impl Eviction for Lru {
    fn new(plan: &Plan) -> Self {
        Lru { order: List::default(), links: Links::with_capacity(plan.expected) }
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        self.order.push(slot, &mut self.links);
    }
    #[inline]
    fn hit(&mut self, slot: u32, _view: View<'_>) {
        self.order.refresh(slot, &mut self.links);
    }
    #[inline]
    fn foresee_hit(&self, slot: u32) {
        self.links.foresee(slot);
    }
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        let slot = self.order.tail();
        self.order.unlink(slot, &mut self.links);
        slot
    }
    #[inline]
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        self.order.unlink(slot, &mut self.links);
    }
    fn clear(&mut self) {
        self.order = List::default();
    }
}
