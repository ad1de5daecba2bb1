//! Eviction: which item makes room.
//!
//! A policy sees slots, not items: numbers from 0 up that the shelf gives out and reuses. What it may know of an item it asks
//! of the [`View`]. Policies that divide the room into parts measure them in items if the shelf is bounded in items, in bytes
//! if it is bounded in bytes; under both bounds an item weighs its share of either ([`Plan`]).

mod arc;
mod bag;
mod bits;
mod clock;
mod counts;
mod fifo;
mod ghost;
mod key_ring;
mod lfu;
mod list;
mod lru;
mod marks;
mod none;
mod pool;
mod queue;
mod random;
mod redis_lfu;
mod redis_lru;
mod redis_table;
mod ring;
mod s3fifo;
#[cfg(test)]
mod scenario;
mod sieve;
mod sketch;
mod two_q;
mod w_tinylfu;

use super::index::Index;
use super::rack::Rack;
use super::shelf::{Shelf, ShelfPlan};
use super::store::Store;
use crate::catalog::Policy;
use crate::kernel::Time;
use crate::random::Stream;
use queue::Queue;

/// Order of the items of a cache, by their slots. The shelf calls it and keeps everything else.
///
/// A new item is announced (`expect`), then room is made (`evict`, as often as needed), then it is there (`insert`); nothing comes
/// between.
pub trait Eviction: Clone + Send + 'static {
    /// Whether it ever makes room. If not, `evict` is never called.
    const EVICTS: bool = true;
    /// Whether keys of evicted items leave marks.
    const MARKS: bool = false;

    /// An empty order.
    fn new(plan: &Plan) -> Self;
    /// Where its random numbers come from, if it needs any.
    fn draw_from(&mut self, _stream: Stream) {}
    /// An item that is not there is about to come in.
    fn expect(&mut self, _key: u64, _weight: u64) {}
    /// It left a mark when it was evicted; said before it is announced.
    fn returns(&mut self, _mark: u32) {}
    /// It was put into `slot`.
    fn insert(&mut self, slot: u32, view: View<'_>);
    /// The item in `slot` was read or overwritten.
    fn hit(&mut self, slot: u32, view: View<'_>);
    /// The item in `slot` will be read or overwritten soon: asks the processor for what is kept of it.
    #[inline]
    fn foresee_hit(&self, _slot: u32) {}
    /// Takes out the item that goes next; at least one is there. Its slot.
    fn evict(&mut self, view: View<'_>) -> u32;
    /// The key of the item that `evict` has just named leaves the index, or leaves a mark there: then it is remembered.
    #[inline(always)]
    fn leave(&mut self, key: u64, index: &mut Index) {
        index.remove(key);
    }
    /// The item in `slot` is about to go: expired or deleted. It leaves no ghost.
    fn remove(&mut self, slot: u32, view: View<'_>);
    /// The item in `slot` weighs so much now.
    fn reweighed(&mut self, _slot: u32, _old: u64, _new: u64) {}
    /// An item that is there is to weigh so much more: [`Eviction::evict`] is asked to make room for that.
    fn grows(&mut self, _by: u64) {}
    /// All items are gone.
    fn clear(&mut self);
}

/// What a policy may know when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// About how many items there will be: a hint.
    pub expected: usize,
    /// Weight of all that fits; `u64::MAX` without a bound.
    pub capacity: u64,
    /// Keys lie in `0..keys`, if that is known.
    pub keys: Option<u64>,
    per_item: u64,
    per_byte: u64,
}

impl Plan {
    /// For a shelf.
    pub fn new(shelf: &ShelfPlan) -> Self {
        let overhead = u64::from(shelf.overhead);
        let (per_item, per_byte, capacity) = match (shelf.items, shelf.bytes) {
            (None, None) => (1, 0, u64::MAX),
            (Some(items), None) => (1, 0, items),
            (None, Some(bytes)) => (overhead, 1, bytes),
            // Half of the weight for each bound.
            (Some(items), Some(bytes)) => {
                let share = (bytes / items.max(1)).max(1);
                (overhead + share, 1, bytes.saturating_mul(2))
            }
        };
        let expected = shelf.items.unwrap_or(0).min(1 << 20) as usize;
        Plan { expected, capacity, keys: shelf.keys, per_item, per_byte }
    }

    /// A part of the capacity, rounded down.
    fn share(&self, share: f64) -> u64 {
        (self.capacity as f64 * share) as u64
    }

    /// What each item weighs, if all weigh the same.
    pub fn each(&self) -> Option<u64> {
        (self.per_byte == 0).then_some(self.per_item)
    }

    /// What an item of this size weighs.
    #[inline]
    pub fn weight(&self, bytes: u32) -> u64 {
        self.per_item + self.per_byte * u64::from(bytes)
    }
}

/// What a policy may know of the items, and the time.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The items by slot.
    pub rack: &'a Rack,
    /// How they are weighed.
    pub plan: &'a Plan,
    /// The time.
    pub now: Time,
}

/// So many slots ahead of the one that goes, memory is fetched.
const ENTRIES_AHEAD: u32 = 6;

impl View<'_> {
    #[inline]
    fn key(&self, slot: u32) -> u64 {
        self.rack.key(slot)
    }

    /// The next slots of this queue are soon to go or to stay. Asks the processor for the key of the one furthest off; one that has been asked
    /// for before is the answer, so that its entry in the index can be asked for in turn: evictions write where nobody has looked lately.
    #[inline(always)]
    fn foresee(&self, queue: &Queue) -> u64 {
        if let Some(slot) = queue.ahead(2 * ENTRIES_AHEAD) {
            self.rack.foresee(slot);
        }
        queue.ahead(ENTRIES_AHEAD).map_or(0, |slot| self.rack.likely_key(slot))
    }

    #[inline]
    fn weight(&self, slot: u32) -> u64 {
        // Bounded in items alone, all weigh the same: the item itself, far away in memory, need not be looked at.
        if self.plan.per_byte == 0 {
            return self.plan.per_item;
        }
        self.plan.weight(self.rack.bytes(slot))
    }
}

/// The numbers of a policy that was given no stream of its own.
fn unnamed() -> Stream {
    Stream::named(0, 0, "eviction")
}

type Make = fn(&ShelfPlan) -> Box<dyn Shelf>;

/// Registration: one line for each policy.
const TABLE: &[(Policy, Make)] = &[
    (lru::ENTRY, |plan| Box::new(Store::<lru::Lru>::new(plan))),
    (lfu::ENTRY, |plan| Box::new(Store::<lfu::Lfu>::new(plan))),
    (fifo::ENTRY, |plan| Box::new(Store::<fifo::Fifo>::new(plan))),
    (random::ENTRY, |plan| Box::new(Store::<random::Random>::new(plan))),
    (clock::ENTRY, |plan| Box::new(Store::<clock::Clock>::new(plan))),
    (sieve::ENTRY, |plan| Box::new(Store::<sieve::Sieve>::new(plan))),
    (s3fifo::ENTRY, |plan| Box::new(Store::<s3fifo::S3Fifo>::new(plan))),
    (two_q::ENTRY, |plan| Box::new(Store::<two_q::TwoQ>::new(plan))),
    (arc::ENTRY, |plan| Box::new(Store::<arc::Arc>::new(plan))),
    (w_tinylfu::ENTRY, |plan| Box::new(Store::<w_tinylfu::WTinyLfu>::new(plan))),
    (redis_lru::ENTRY, |plan| Box::new(Store::<redis_lru::RedisLru>::new(plan))),
    (redis_lfu::ENTRY, |plan| Box::new(Store::<redis_lfu::RedisLfu>::new(plan))),
    (none::ENTRY, |plan| Box::new(Store::<none::None>::new(plan))),
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
