//! The items of a shelf by their slots. Keys lie apart from the rest: a hit needs no key and an eviction little else, so either touches
//! as little memory as can be.

use super::column::Column;
use super::keys::Keys;
use super::shelf::Item;
use crate::kernel::{NEVER, Time};

#[derive(Clone, Copy, PartialEq, Debug)]
struct Data {
    version: u32,
    bytes: u32,
}

/// Slots, some of them free.
#[derive(Clone, Debug)]
pub struct Rack {
    keys: Keys,
    data: Column<Data>,
    /// When each expires.
    expires: Column<Time>,
    free: Vec<u32>,
    /// No item expires before.
    fresh_until: Time,
}

impl Rack {
    /// Without slots; room for so many.
    pub fn new(expected: usize) -> Self {
        Rack {
            keys: Keys::new(expected),
            data: Column::of(Data { version: 0, bytes: 0 }),
            expires: Column::of(NEVER),
            free: Vec::new(),
            fresh_until: NEVER,
        }
    }

    /// Slots, free ones included.
    #[inline]
    pub fn slots(&self) -> usize {
        self.keys.len()
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> u64 {
        (self.keys.len() - self.free.len()) as u64
    }

    /// The item in a slot.
    #[inline]
    pub fn item(&self, slot: u32) -> Item {
        self.item_of(self.keys.get(slot), slot)
    }

    /// The item in a slot, whose key is known.
    #[inline]
    pub fn item_of(&self, key: u64, slot: u32) -> Item {
        debug_assert_eq!(self.keys.get(slot), key);
        let Data { version, bytes } = self.data.get(slot);
        Item { key, version, bytes, expires: self.expires.get(slot) }
    }

    /// The key in a slot will be asked for soon.
    #[inline(always)]
    pub fn foresee(&self, slot: u32) {
        self.keys.foresee(slot);
    }

    /// The item in a slot, whose key is known, will be asked for soon.
    #[inline(always)]
    pub fn foresee_item(&self, slot: u32) {
        self.data.foresee(slot);
        self.expires.foresee(slot);
    }

    /// What is probably the key in a slot; any number may be asked for.
    #[inline(always)]
    pub fn likely_key(&self, slot: u32) -> u64 {
        self.keys.likely(slot)
    }

    /// Its key.
    #[inline]
    pub fn key(&self, slot: u32) -> u64 {
        self.keys.get(slot)
    }

    /// Its size.
    #[inline]
    pub fn bytes(&self, slot: u32) -> u32 {
        self.data.get(slot).bytes
    }

    /// Whether it is too old.
    #[inline]
    pub fn is_expired(&self, slot: u32, now: Time) -> bool {
        self.fresh_until <= now && self.expires.get(slot) <= now
    }

    /// It lives until then.
    #[inline]
    pub fn renew(&mut self, slot: u32, expires: Time) {
        self.fresh_until = self.fresh_until.min(expires);
        self.expires.set(slot, expires);
    }

    /// Another item in a slot; the slot.
    #[inline]
    pub fn replace(&mut self, slot: u32, item: Item) -> u32 {
        self.swap(slot, item);
        slot
    }

    /// Another item in a slot; key and size of the one that was there.
    #[inline(always)]
    pub fn swap(&mut self, slot: u32, item: Item) -> (u64, u32) {
        let Item { key, version, bytes, expires } = item;
        let old = self.data.swap(slot, Data { version, bytes });
        self.renew(slot, expires);
        (self.keys.swap(slot, key), old.bytes)
    }

    /// A new item; its slot.
    #[inline]
    pub fn put(&mut self, item: Item) -> u32 {
        match self.free.pop() {
            Some(slot) => self.replace(slot, item),
            None => self.push(item),
        }
    }

    #[cold]
    #[inline(never)]
    fn push(&mut self, item: Item) -> u32 {
        let Item { key, version, bytes, expires } = item;
        let slot = self.keys.len() as u32;
        let data = Data { version, bytes };
        if slot == 0 {
            self.data = Column::of(data); // what the first one is, the others may be too
        }
        self.keys.push(key);
        self.data.set(slot, data);
        self.renew(slot, expires);
        slot
    }

    /// The slot is free.
    #[inline]
    pub fn vacate(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// No slots any more.
    pub fn clear(&mut self) {
        *self = Rack::new(self.keys.len());
    }

    /// All items.
    pub fn iter(&self) -> impl Iterator<Item = Item> {
        let mut is_free = vec![false; self.slots()];
        self.free.iter().for_each(|slot| is_free[*slot as usize] = true);
        (0..self.slots() as u32).filter(move |slot| !is_free[*slot as usize]).map(|slot| self.item(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_and_only_what_may_be_too_old_is_looked_at() {
        let mut rack = Rack::new(2);
        let item = |key, expires| Item { key, version: 1, bytes: 10, expires };
        let slots = [rack.put(item(7, NEVER)), rack.put(item(8, 50))];
        assert_eq!((rack.item(slots[0]), rack.item_of(8, slots[1])), (item(7, NEVER), item(8, 50)));
        assert!(
            !rack.is_expired(slots[1], 49) && rack.is_expired(slots[1], 50) && !rack.is_expired(slots[0], 50)
        );
        rack.renew(slots[1], 60);
        assert!(!rack.is_expired(slots[1], 50) && rack.is_expired(slots[1], 60));
        rack.vacate(slots[0]);
        assert_eq!(rack.iter().map(|item| item.key).collect::<Vec<_>>(), [8]);
        assert_eq!((rack.put(item(9, 20)), rack.len(), rack.slots()), (slots[0], 2, 2));
        assert!(rack.is_expired(slots[0], 20));
    }
}
