//! First in, first out: the oldest item goes, wanted or not.
//!
//! The cheapest there is: a hit changes nothing. The wrong choice when a few items are wanted all the time,
//! since they too are thrown out in turn.

use super::queue::{Places, Queue};
use super::{Eviction, Plan, View};
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
    order: Queue,
    places: Places,
}

impl Eviction for Fifo {
    fn new(_plan: &Plan) -> Self {
        Fifo { order: Queue::default(), places: Places::default() }
    }
    #[inline]
    fn insert(&mut self, slot: u32, _view: View<'_>) {
        self.order.push(slot, &mut self.places);
    }
    #[inline]
    fn hit(&mut self, _slot: u32, _view: View<'_>) {}
    #[inline]
    fn evict(&mut self, _view: View<'_>) -> u32 {
        self.order.pop().expect("an item")
    }
    #[inline]
    fn remove(&mut self, slot: u32, _view: View<'_>) {
        self.order.remove(slot, &mut self.places);
    }
    fn clear(&mut self) {
        self.order.clear();
    }
}
