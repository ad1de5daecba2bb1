//! Eviction: which item makes room.

mod fifo;
mod lfu;
mod list;
mod lru;

use super::shelf::{Shelf, ShelfPlan, Store};
use crate::catalog::Policy;

/// Order of the items of a cache, by their slots. The shelf calls it and keeps everything else.
pub trait Eviction: Clone + Send + 'static {
    /// Slots are numbered from 0 up; `capacity` is a hint of how many there will be.
    fn new(capacity: usize) -> Self;
    /// A new item was put into `slot`.
    fn insert(&mut self, slot: u32);
    /// The item in `slot` was read or overwritten.
    fn hit(&mut self, slot: u32);
    /// The slot whose item goes next; at least one item is there.
    fn victim(&mut self) -> u32;
    /// The item in `slot` is gone: evicted, expired or deleted.
    fn remove(&mut self, slot: u32);
    /// All items are gone.
    fn clear(&mut self);
}

type Make = fn(&ShelfPlan) -> Box<dyn Shelf>;

/// Registration: one line for each policy.
const TABLE: &[(Policy, Make)] = &[
    (lru::ENTRY, |plan| Box::new(Store::<lru::Lru>::new(plan))),
    (lfu::ENTRY, |plan| Box::new(Store::<lfu::Lfu>::new(plan))),
    (fifo::ENTRY, |plan| Box::new(Store::<fifo::Fifo>::new(plan))),
];

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &{
    let mut policies = [TABLE[0].0; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        policies[at] = TABLE[at].0;
        at += 1;
    }
    policies
};

/// An empty shelf with the policy by index.
pub fn make(choice: usize, plan: &ShelfPlan) -> Box<dyn Shelf> {
    TABLE[choice].1(plan)
}

/// An empty shelf with the policy by name.
pub fn by_name(name: &str, plan: &ShelfPlan) -> Option<Box<dyn Shelf>> {
    let choice = POLICIES.iter().position(|policy| policy.name == name)?;
    Some(make(choice, plan))
}
