//! First in, first out: the oldest item goes, wanted or not.
//!
//! The cheapest there is: a hit changes nothing. The wrong choice when a few items are wanted all the time,
//! since they too are thrown out in turn.

use super::Eviction;
use super::list::{Links, List};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "fifo",
    about: "the oldest item goes, wanted or not",
    source: "Belady 1966",
    wrong_when: "a few items are wanted all the time: they are thrown out in turn",
};

/// The order of insertion.
#[derive(Clone)]
pub struct Fifo {
    order: List,
    links: Links,
}

impl Eviction for Fifo {
    fn new(capacity: usize) -> Self {
        Fifo { order: List::default(), links: Links::with_capacity(capacity) }
    }
    #[inline]
    fn insert(&mut self, slot: u32) {
        self.order.push(slot, &mut self.links);
    }
    #[inline]
    fn hit(&mut self, _slot: u32) {}
    #[inline]
    fn victim(&mut self) -> u32 {
        self.order.tail()
    }
    #[inline]
    fn remove(&mut self, slot: u32) {
        self.order.unlink(slot, &mut self.links);
    }
    fn clear(&mut self) {
        self.order = List::default();
    }
}
