//! The items of a cache: found by key, bounded in number and bytes, expiring.

use super::eviction::{Eviction, Plan, View};
use super::index::Index;
use super::rack::Rack;
use crate::kernel::{NEVER, Time};
use crate::random::Stream;

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
    /// Bytes that each item takes beside its own.
    pub overhead: u32,
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
    /// Items found too old by a sweep, before anybody asked for them.
    pub swept: u64,
    /// Items that did not fit on a shelf that never evicts.
    pub refused: u64,
}

/// What became of an item that was put in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// It is there.
    Kept,
    /// It is larger than the whole shelf; what was under its key is gone.
    TooLarge,
    /// It does not fit and the policy never evicts; what was under its key is still there.
    Refused,
}

/// What a sweep found.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// Items looked at.
    pub looked: u32,
    /// Those of them that were too old and have been removed.
    pub expired: u32,
}

/// A bounded set of items.
pub trait Shelf: Send {
    /// The fresh item under a key; one that has expired is removed.
    fn get(&mut self, key: u64, now: Time) -> Option<Item>;
    /// The item under a key, fresh or not; nothing changes and nothing is counted.
    fn peek(&self, key: u64) -> Option<Item>;
    /// The key will be looked up soon: asks the processor for the memory that says where it is.
    fn foresee(&self, key: u64);
    /// Puts an item in, making room if need be.
    fn put(&mut self, item: Item, now: Time) -> Put;
    /// Whether the policy never evicts and an item of this size does not fit under this key; counted if so.
    fn refuses(&mut self, key: u64, bytes: u32, now: Time) -> bool;
    /// Lets the item that has just been found under a key live until `expires`.
    fn renew(&mut self, key: u64, expires: Time);
    /// Draws so many items and removes those that are too old.
    fn sweep(&mut self, items: u32, stream: &mut Stream, now: Time) -> Sweep;
    /// Where the policy's random numbers come from, if it needs any.
    fn draw_from(&mut self, stream: Stream);
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
    /// Bytes of the items, with their overhead.
    fn bytes(&self) -> u64;
    /// Shows every item, expired ones included; nothing changes and nothing is counted.
    fn each(&self, look: &mut dyn FnMut(&Item));
    /// What happened so far.
    fn counts(&self) -> ShelfCounts;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Shelf>;
}

/// A shelf with a policy of eviction.
#[derive(Clone)]
pub struct Store<E> {
    index: Index,
    rack: Rack,
    eviction: E,
    plan: Plan,
    most_items: u64,
    most_bytes: u64,
    overhead: u64,
    bytes: u64,
    counts: ShelfCounts,
}

/// No item's slot: they end earlier.
const NOBODY: u32 = u32::MAX;

/// A sweep draws at most so many times for each item that it wants: some places may be empty. Redis
/// gives up after 20 buckets per key likewise (`expire.c`).
const DRAWS_PER_ITEM: u32 = 20;

/// What a policy sees; a macro, because the policy itself is borrowed meanwhile.
macro_rules! view {
    ($store:expr, $now:expr) => {
        View { rack: &$store.rack, plan: &$store.plan, now: $now }
    };
}

impl<E: Eviction> Store<E> {
    /// An empty shelf.
    pub fn new(shelf: &ShelfPlan) -> Self {
        let plan = Plan::new(shelf);
        Store {
            index: Index::new(shelf.keys, plan.expected),
            rack: Rack::new(plan.expected),
            eviction: E::new(&plan),
            plan,
            most_items: shelf.items.unwrap_or(u64::MAX),
            most_bytes: shelf.bytes.unwrap_or(u64::MAX),
            overhead: u64::from(shelf.overhead),
            bytes: 0,
            counts: ShelfCounts::default(),
        }
    }

    /// What an item of so many bytes takes.
    #[inline]
    fn size(&self, bytes: u32) -> u64 {
        self.overhead + u64::from(bytes)
    }

    #[inline]
    fn fits(&self, items: u64, bytes: u64) -> bool {
        self.rack.len() + items <= self.most_items && self.bytes + bytes <= self.most_bytes
    }

    /// The place of an item that the policy no longer knows becomes free.
    #[inline]
    fn vacate(&mut self, slot: u32) {
        self.index.remove(self.rack.key(slot));
        self.give_up(slot);
    }

    /// A slot becomes free, with the bytes of its item.
    #[inline]
    fn give_up(&mut self, slot: u32) {
        self.bytes -= self.size(self.rack.bytes(slot));
        self.rack.vacate(slot);
    }

    #[inline]
    fn take_out(&mut self, slot: u32, now: Time) {
        self.eviction.remove(slot, view!(self, now));
        self.vacate(slot);
    }

    /// The place of a fresh item; one that has expired is removed. Everybody who asks passes here: inlined, so that the processor sees
    /// as many look-ups ahead as it can, whose memory it then fetches at the same time.
    #[inline(always)]
    fn find_fresh(&mut self, key: u64, now: Time) -> Option<u32> {
        let slot = self.index.find(key)?;
        if self.rack.is_expired(slot, now) {
            self.expire(slot, now);
            return None;
        }
        Some(slot)
    }

    #[cold]
    #[inline(never)]
    fn expire(&mut self, slot: u32, now: Time) {
        self.counts.expired += 1;
        self.take_out(slot, now);
    }

    #[inline]
    fn make_room(&mut self, bytes: u64, now: Time) {
        while !self.fits(1, bytes) {
            self.throw_out(NOBODY, now);
        }
    }

    /// Whoever's turn it is goes; its slot. The item in the slot `own` comes in again at once: that is no eviction.
    #[inline(always)]
    fn throw_out(&mut self, own: u32, now: Time) -> u32 {
        let slot = self.eviction.evict(view!(self, now));
        let (goes, expired) = (slot != own, self.rack.is_expired(slot, now));
        self.counts.evicted_expired += u64::from(goes && expired);
        self.counts.evictions += u64::from(goes && !expired);
        self.eviction.leave(self.rack.key(slot), &mut self.index);
        self.give_up(slot);
        slot
    }

    /// New data under a key that is there: counts as a use; may push others out if it has grown.
    fn overwrite(&mut self, slot: u32, item: Item, now: Time) {
        let old = self.rack.bytes(slot);
        if item.bytes > old {
            return self.grow(slot, item, now);
        }
        let less = old - item.bytes;
        self.bytes -= u64::from(less);
        self.rack.replace(slot, item);
        if less > 0 {
            self.eviction.reweighed(slot, self.plan.weight(old), self.plan.weight(item.bytes));
        }
        self.eviction.hit(slot, view!(self, now));
    }

    /// Others make room, and the item keeps what is known of its use; if its own turn comes meanwhile, it comes in anew.
    #[cold]
    fn grow(&mut self, slot: u32, item: Item, now: Time) {
        let old = self.rack.bytes(slot);
        let (more, lighter, heavier) =
            (u64::from(item.bytes - old), self.plan.weight(old), self.plan.weight(item.bytes));
        self.eviction.hit(slot, view!(self, now));
        self.eviction.grows(heavier - lighter);
        while !self.fits(0, more) {
            if self.throw_out(slot, now) == slot {
                return self.bring_in(item, now);
            }
        }
        self.bytes += more;
        self.rack.replace(slot, item);
        self.eviction.reweighed(slot, lighter, heavier);
    }

    #[inline]
    fn insert(&mut self, item: Item, now: Time) {
        self.counts.insertions += 1;
        self.bring_in(item, now);
    }

    #[inline]
    fn bring_in(&mut self, item: Item, now: Time) {
        if let Some(mark) = E::MARKS.then(|| self.index.mark(item.key)).flatten() {
            self.eviction.returns(mark);
        }
        self.eviction.expect(item.key, self.plan.weight(item.bytes));
        self.make_room(self.size(item.bytes), now);
        let slot = self.rack.put(item);
        self.bytes += self.size(item.bytes);
        self.index.set(item.key, slot);
        self.eviction.insert(slot, view!(self, now));
    }
}

impl<E: Eviction> Shelf for Store<E> {
    #[inline]
    fn get(&mut self, key: u64, now: Time) -> Option<Item> {
        let Some(slot) = self.find_fresh(key, now) else {
            self.counts.misses += 1;
            return None;
        };
        self.counts.hits += 1;
        self.eviction.hit(slot, view!(self, now));
        Some(self.rack.item_of(key, slot))
    }

    fn peek(&self, key: u64) -> Option<Item> {
        self.index.find(key).map(|slot| self.rack.item_of(key, slot))
    }

    fn foresee(&self, key: u64) {
        self.index.foresee(key);
    }

    #[inline]
    fn put(&mut self, item: Item, now: Time) -> Put {
        debug_assert!(item.expires > now || item.expires == NEVER);
        if self.size(item.bytes) > self.most_bytes {
            self.counts.too_large += 1;
            self.delete(item.key);
            return Put::TooLarge;
        }
        if self.refuses(item.key, item.bytes, now) {
            return Put::Refused;
        }
        match self.find_fresh(item.key, now) {
            Some(slot) => self.overwrite(slot, item, now),
            None => self.insert(item, now),
        }
        Put::Kept
    }

    #[inline]
    fn refuses(&mut self, key: u64, bytes: u32, now: Time) -> bool {
        if E::EVICTS {
            return false;
        }
        let old = self.find_fresh(key, now).map(|slot| self.rack.bytes(slot));
        let more = self.size(bytes).saturating_sub(old.map_or(0, |old| self.size(old)));
        let refused = !self.fits(u64::from(old.is_none()), more);
        self.counts.refused += u64::from(refused);
        refused
    }

    fn renew(&mut self, key: u64, expires: Time) {
        if let Some(slot) = self.index.find(key) {
            self.rack.renew(slot, expires);
        }
    }

    fn sweep(&mut self, items: u32, stream: &mut Stream, now: Time) -> Sweep {
        let mut sweep = Sweep::default();
        let mut draws = 0;
        while sweep.looked < items && draws < items.saturating_mul(DRAWS_PER_ITEM) && self.rack.len() > 0 {
            draws += 1;
            let slot = stream.below(self.rack.slots() as u64) as u32;
            if self.index.find(self.rack.key(slot)) != Some(slot) {
                continue;
            }
            sweep.looked += 1;
            if self.rack.is_expired(slot, now) {
                sweep.expired += 1;
                self.take_out(slot, now);
            }
        }
        self.counts.swept += u64::from(sweep.expired);
        sweep
    }

    fn draw_from(&mut self, stream: Stream) {
        self.eviction.draw_from(stream);
    }

    fn delete(&mut self, key: u64) -> bool {
        let found = self.index.find(key);
        if let Some(slot) = found {
            // No policy asks for the time of a removal.
            self.take_out(slot, 0);
        }
        found.is_some()
    }

    fn clear(&mut self) {
        self.index.clear();
        self.rack.clear();
        self.eviction.clear();
        self.bytes = 0;
    }

    fn len(&self) -> u64 {
        self.rack.len()
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn each(&self, look: &mut dyn FnMut(&Item)) {
        self.rack.iter().for_each(|item| look(&item));
    }

    fn counts(&self) -> ShelfCounts {
        self.counts
    }

    fn fork(&self) -> Box<dyn Shelf> {
        Box::new(self.clone())
    }
}
