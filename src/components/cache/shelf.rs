//! The items of a cache: found by key, bounded in number and bytes, expiring.

use super::eviction::Eviction;
use crate::kernel::{NEVER, Time};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// What a cache keeps under a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// The key.
    pub key: u64,
    /// Version of the data.
    pub version: u32,
    /// Size.
    pub bytes: u32,
    /// When it is too old; [`NEVER`] without a TTL.
    pub expires: Time,
}

/// How a shelf is made.
#[derive(Clone, Copy, Debug)]
pub struct ShelfPlan {
    /// Most items; `None` = no bound.
    pub items: Option<u64>,
    /// Most bytes; `None` = no bound.
    pub bytes: Option<u64>,
    /// Keys lie in `0..keys`; they are then found without hashing. `None` = any keys.
    pub keys: Option<u64>,
}

/// What happened on a shelf since the start.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct ShelfCounts {
    /// Look-ups that found a fresh item.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Items put in, overwritten ones not counted.
    pub insertions: u64,
    /// Fresh items thrown out to make room.
    pub evictions: u64,
    /// Items found too old.
    pub expired: u64,
    /// Items thrown out to make room that were too old anyway.
    pub evicted_expired: u64,
    /// Items larger than the whole shelf: not kept.
    pub too_large: u64,
}

/// A bounded set of items.
pub trait Shelf: Send {
    /// The fresh item under a key; one that has expired is removed.
    fn get(&mut self, key: u64, now: Time) -> Option<Item>;
    /// The item under a key, fresh or not; nothing changes and nothing is counted.
    fn peek(&self, key: u64) -> Option<Item>;
    /// Puts an item in, making room if need be.
    fn put(&mut self, item: Item, now: Time);
    /// Removes the item under a key; whether there was one.
    fn delete(&mut self, key: u64) -> bool;
    /// Removes everything.
    fn clear(&mut self);
    /// Number of items, expired ones included.
    fn len(&self) -> u64;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes of the items.
    fn bytes(&self) -> u64;
    /// Shows every item, expired ones included; nothing changes and nothing is counted.
    fn each(&self, look: &mut dyn FnMut(&Item));
    /// What happened so far.
    fn counts(&self) -> ShelfCounts;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Shelf>;
}

const NOWHERE: u32 = u32::MAX;

/// Where each key's item is.
#[derive(Clone)]
enum Index {
    /// Small keys: a table. Grows to the largest key seen.
    Dense(Vec<u32>),
    /// Any keys. Never iterated; the hash is fixed.
    Hashed(HashMap<u64, u32, FixedState>),
}

impl Index {
    #[inline]
    fn find(&self, key: u64) -> Option<u32> {
        match self {
            Index::Dense(table) => table.get(key as usize).copied().filter(|slot| *slot != NOWHERE),
            Index::Hashed(map) => map.get(&key).copied(),
        }
    }

    #[inline]
    fn set(&mut self, key: u64, slot: u32) {
        match self {
            Index::Dense(table) => {
                if key as usize >= table.len() {
                    table.resize((key as usize + 1).next_power_of_two(), NOWHERE);
                }
                table[key as usize] = slot;
            }
            Index::Hashed(map) => {
                map.insert(key, slot);
            }
        }
    }

    #[inline]
    fn remove(&mut self, key: u64) {
        match self {
            Index::Dense(table) => table[key as usize] = NOWHERE,
            Index::Hashed(map) => {
                map.remove(&key);
            }
        }
    }

    fn clear(&mut self) {
        match self {
            Index::Dense(table) => table.fill(NOWHERE),
            Index::Hashed(map) => map.clear(),
        }
    }
}

/// A shelf with a policy of eviction.
#[derive(Clone)]
pub struct Store<E> {
    index: Index,
    items: Vec<Item>,
    free: Vec<u32>,
    eviction: E,
    most_items: u64,
    most_bytes: u64,
    bytes: u64,
    counts: ShelfCounts,
}

/// Larger key spaces are hashed: a table of them would cost more memory than the items.
const DENSE_KEYS_AT_MOST: u64 = 1 << 28;

impl<E: Eviction> Store<E> {
    /// An empty shelf.
    pub fn new(plan: &ShelfPlan) -> Self {
        let capacity = plan.items.unwrap_or(0).min(1 << 20) as usize;
        let index = match plan.keys {
            Some(keys) if keys <= DENSE_KEYS_AT_MOST => Index::Dense(vec![NOWHERE; keys as usize]),
            _ => Index::Hashed(HashMap::with_capacity_and_hasher(capacity, FixedState::with_seed(0))),
        };
        Store {
            index,
            items: Vec::with_capacity(capacity),
            free: Vec::new(),
            eviction: E::new(capacity),
            most_items: plan.items.unwrap_or(u64::MAX),
            most_bytes: plan.bytes.unwrap_or(u64::MAX),
            bytes: 0,
            counts: ShelfCounts::default(),
        }
    }

    #[inline]
    fn count(&self) -> u64 {
        (self.items.len() - self.free.len()) as u64
    }

    #[inline]
    fn take_out(&mut self, slot: u32) {
        let item = self.items[slot as usize];
        self.index.remove(item.key);
        self.bytes -= u64::from(item.bytes);
        self.eviction.remove(slot);
        self.free.push(slot);
    }

    #[inline]
    fn make_room(&mut self, items: u64, bytes: u64, now: Time) {
        while self.count() + items > self.most_items || self.bytes + bytes > self.most_bytes {
            let slot = self.eviction.victim();
            let expired = self.items[slot as usize].expires <= now;
            self.counts.evicted_expired += u64::from(expired);
            self.counts.evictions += u64::from(!expired);
            self.take_out(slot);
        }
    }

    /// New data under a key that is there: counts as a use; may push others out if it has grown.
    fn overwrite(&mut self, slot: u32, item: Item, now: Time) {
        let old = self.items[slot as usize];
        if old.expires <= now {
            self.counts.expired += 1;
            self.take_out(slot);
            return self.insert(item, now);
        }
        if item.bytes > old.bytes {
            // Simplest exact way: out, room for all of it, in again.
            self.take_out(slot);
            self.make_room(1, u64::from(item.bytes), now);
            return self.place(item);
        }
        self.bytes -= u64::from(old.bytes - item.bytes);
        self.items[slot as usize] = item;
        self.eviction.hit(slot);
    }

    #[inline]
    fn insert(&mut self, item: Item, now: Time) {
        self.make_room(1, u64::from(item.bytes), now);
        self.counts.insertions += 1;
        self.place(item);
    }

    #[inline]
    fn place(&mut self, item: Item) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.items[slot as usize] = item;
                slot
            }
            None => {
                self.items.push(item);
                self.items.len() as u32 - 1
            }
        };
        self.bytes += u64::from(item.bytes);
        self.index.set(item.key, slot);
        self.eviction.insert(slot);
    }
}

impl<E: Eviction> Shelf for Store<E> {
    #[inline]
    fn get(&mut self, key: u64, now: Time) -> Option<Item> {
        let Some(slot) = self.index.find(key) else {
            self.counts.misses += 1;
            return None;
        };
        let item = self.items[slot as usize];
        if item.expires <= now {
            self.counts.expired += 1;
            self.counts.misses += 1;
            self.take_out(slot);
            return None;
        }
        self.counts.hits += 1;
        self.eviction.hit(slot);
        Some(item)
    }

    fn peek(&self, key: u64) -> Option<Item> {
        self.index.find(key).map(|slot| self.items[slot as usize])
    }

    #[inline]
    fn put(&mut self, item: Item, now: Time) {
        debug_assert!(item.expires > now || item.expires == NEVER);
        if u64::from(item.bytes) > self.most_bytes {
            self.counts.too_large += 1;
            self.delete(item.key);
            return;
        }
        match self.index.find(item.key) {
            Some(slot) => self.overwrite(slot, item, now),
            None => self.insert(item, now),
        }
    }

    fn delete(&mut self, key: u64) -> bool {
        let found = self.index.find(key);
        if let Some(slot) = found {
            self.take_out(slot);
        }
        found.is_some()
    }

    fn clear(&mut self) {
        self.index.clear();
        self.items.clear();
        self.free.clear();
        self.eviction.clear();
        self.bytes = 0;
    }

    fn len(&self) -> u64 {
        self.count()
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn each(&self, look: &mut dyn FnMut(&Item)) {
        let mut is_free = vec![false; self.items.len()];
        self.free.iter().for_each(|slot| is_free[*slot as usize] = true);
        self.items.iter().zip(is_free).filter(|(_, free)| !free).for_each(|(item, _)| look(item));
    }

    fn counts(&self) -> ShelfCounts {
        self.counts
    }

    fn fork(&self) -> Box<dyn Shelf> {
        Box::new(self.clone())
    }
}
