//! The items of a shelf by their slots. Keys lie apart from the rest: a hit needs no key and an eviction little else, so either touches
//! as little memory as can be.

use super::shelf::Item;
use crate::kernel::{NEVER, Time};

#[derive(Clone, Copy, Debug)]
struct Data {
    expires: Time,
    version: u32,
    bytes: u32,
}

const _: () = assert!(size_of::<Data>() == 16);

/// Slots, some of them free.
#[derive(Clone, Debug)]
pub struct Rack {
    keys: Vec<u64>,
    data: Vec<Data>,
    free: Vec<u32>,
    /// No item expires before.
    fresh_until: Time,
}

impl Rack {
    /// Without slots; room for so many.
    pub fn new(expected: usize) -> Self {
        let (keys, data) = (Vec::with_capacity(expected), Vec::with_capacity(expected));
        Rack { keys, data, free: Vec::new(), fresh_until: NEVER }
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
        let Data { expires, version, bytes } = self.data[slot as usize];
        Item { key: self.keys[slot as usize], version, bytes, expires }
    }

    /// The item in a slot, whose key is known.
    #[inline]
    pub fn item_of(&self, key: u64, slot: u32) -> Item {
        debug_assert_eq!(self.keys[slot as usize], key);
        let Data { expires, version, bytes } = self.data[slot as usize];
        Item { key, version, bytes, expires }
    }

    /// Its key.
    #[inline]
    pub fn key(&self, slot: u32) -> u64 {
        self.keys[slot as usize]
    }

    /// Its size.
    #[inline]
    pub fn bytes(&self, slot: u32) -> u32 {
        self.data[slot as usize].bytes
    }

    /// Whether it is too old.
    #[inline]
    pub fn is_expired(&self, slot: u32, now: Time) -> bool {
        self.fresh_until <= now && self.data[slot as usize].expires <= now
    }

    /// It lives until then.
    #[inline]
    pub fn renew(&mut self, slot: u32, expires: Time) {
        self.fresh_until = self.fresh_until.min(expires);
        self.data[slot as usize].expires = expires;
    }

    /// Other data in a slot.
    #[inline]
    pub fn replace(&mut self, slot: u32, item: Item) {
        let Item { key, version, bytes, expires } = item;
        self.fresh_until = self.fresh_until.min(expires);
        self.keys[slot as usize] = key;
        self.data[slot as usize] = Data { expires, version, bytes };
    }

    /// A new item; its slot.
    #[inline]
    pub fn put(&mut self, item: Item) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.replace(slot, item);
            return slot;
        }
        let Item { key, version, bytes, expires } = item;
        self.fresh_until = self.fresh_until.min(expires);
        self.keys.push(key);
        self.data.push(Data { expires, version, bytes });
        self.keys.len() as u32 - 1
    }

    /// The slot is free.
    #[inline]
    pub fn vacate(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// No slots any more.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.data.clear();
        self.free.clear();
        self.fresh_until = NEVER;
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
