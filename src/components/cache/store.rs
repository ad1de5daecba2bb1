//! A shelf with a policy of eviction: what is found by key ([`Index`]) lies in a slot ([`Rack`]), and the policy orders the slots.

use super::eviction::{Eviction, Plan, View};
use super::index::Index;
use super::rack::Rack;
use super::shelf::{Item, Put, Shelf, ShelfCounts, ShelfPlan, Sweep};
use crate::kernel::{NEVER, Time};
use crate::random::Stream;

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

    // What `get` does. Whatever calls anything stands apart, as the last thing done, so that `get` itself needs no stack.

    #[inline(always)]
    fn found(&mut self, key: u64, slot: u32, now: Time) -> Item {
        self.counts.hits += 1;
        self.eviction.hit(slot, view!(self, now));
        self.rack.item_of(key, slot)
    }

    #[inline(always)]
    fn missed(&mut self) -> Option<Item> {
        self.counts.misses += 1;
        None
    }

    #[inline(never)]
    fn get_hashed(&mut self, key: u64, now: Time) -> Option<Item> {
        match self.find_fresh(key, now) {
            Some(slot) => Some(self.found(key, slot, now)),
            None => self.missed(),
        }
    }

    #[cold]
    #[inline(never)]
    fn get_expired(&mut self, slot: u32, now: Time) -> Option<Item> {
        self.expire(slot, now);
        self.missed()
    }

    #[cold]
    #[inline(never)]
    fn expire(&mut self, slot: u32, now: Time) {
        self.counts.expired += 1;
        self.take_out(slot, now);
    }

    /// Throws others out until an item of these bytes fits. The slot of the last one, which is not free yet: the new item takes it.
    #[inline(never)]
    fn make_room(&mut self, bytes: u64, now: Time) -> u32 {
        loop {
            let slot = self.eviction.evict(view!(self, now));
            self.count_eviction(slot, now);
            self.let_go(slot);
            // The items are enough: one goes, one comes.
            if self.bytes + bytes <= self.most_bytes {
                return slot;
            }
            self.rack.vacate(slot);
        }
    }

    /// A new item takes the place of whoever's turn it is; its slot. Only where bytes have no bound, so that one is enough: this is what
    /// most shelves do nearly always, in as few steps as can be.
    #[inline(always)]
    fn exchange(&mut self, item: Item, now: Time) -> u32 {
        let slot = self.eviction.evict(view!(self, now));
        self.count_eviction(slot, now);
        let (key, bytes) = self.rack.swap(slot, item);
        self.bytes -= self.size(bytes);
        self.eviction.leave(key, &mut self.index);
        slot
    }

    #[inline(always)]
    fn count_eviction(&mut self, slot: u32, now: Time) {
        if self.rack.is_expired(slot, now) {
            self.counts.evicted_expired += 1;
        } else {
            self.counts.evictions += 1;
        }
    }

    /// The item in a slot leaves the index.
    #[inline(always)]
    fn let_go(&mut self, slot: u32) {
        self.eviction.leave(self.rack.key(slot), &mut self.index);
        self.bytes -= self.size(self.rack.bytes(slot));
    }

    /// New data under a key that is there: counts as a use; may push others out if it has grown.
    #[inline(never)]
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
            let gone = self.eviction.evict(view!(self, now));
            if gone != slot {
                self.count_eviction(gone, now);
            }
            self.let_go(gone);
            self.rack.vacate(gone);
            if gone == slot {
                return self.bring_in(item, now); // it comes in again at once: that was no eviction
            }
        }
        self.bytes += more;
        self.rack.replace(slot, item);
        self.eviction.reweighed(slot, lighter, heavier);
    }

    #[inline(always)]
    fn insert(&mut self, item: Item, now: Time) {
        self.counts.insertions += 1;
        self.bring_in(item, now);
    }

    #[inline(always)]
    fn bring_in(&mut self, item: Item, now: Time) {
        if let Some(mark) = E::MARKS.then(|| self.index.mark(item.key)).flatten() {
            self.eviction.returns(mark);
        }
        self.eviction.expect(item.key, self.plan.weight(item.bytes));
        let size = self.size(item.bytes);
        let slot = if self.fits(1, size) {
            self.rack.put(item)
        } else if self.most_bytes == u64::MAX {
            self.exchange(item, now)
        } else {
            let slot = self.make_room(size, now);
            self.rack.replace(slot, item)
        };
        self.bytes += size;
        self.index.set(item.key, slot);
        self.eviction.insert(slot, view!(self, now));
    }
}

impl<E: Eviction> Shelf for Store<E> {
    #[inline]
    fn get(&mut self, key: u64, now: Time) -> Option<Item> {
        let Index::Dense(table) = &self.index else { return self.get_hashed(key, now) };
        match table.place(key) {
            Some(slot) if self.rack.is_expired(slot, now) => self.get_expired(slot, now),
            Some(slot) => Some(self.found(key, slot, now)),
            None => self.missed(),
        }
    }

    fn peek(&self, key: u64) -> Option<Item> {
        self.index.find(key).map(|slot| self.rack.item_of(key, slot))
    }

    fn foresee(&self, key: u64) {
        self.index.foresee(key);
    }

    fn foresee_item(&self, key: u64) {
        if let Index::Dense(table) = &self.index
            && let Some(slot) = table.place(key)
        {
            self.rack.foresee_item(slot);
            self.eviction.foresee_hit(slot);
        }
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

    fn insertions(&self) -> u64 {
        self.counts.insertions
    }

    fn fork(&self) -> Box<dyn Shelf> {
        Box::new(self.clone())
    }
}
