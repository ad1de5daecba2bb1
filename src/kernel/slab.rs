//! A table of reusable slots addressed by generational ids: an id of a freed slot is recognised as stale.

use super::prefetch::prefetch;
use std::marker::PhantomData;

/// Address of a slot and which of its tenants is meant.
///
/// One word with the generation in its upper half: read back in other pieces than it was written in, an id would wait for the
/// processor's store buffer at every hand-over.
pub struct Id<T> {
    bits: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// "None": never handed out.
    pub const NONE: Self = Id::new(u32::MAX, 0);

    /// The id with these parts.
    #[inline]
    pub const fn new(index: u32, generation: u32) -> Self {
        Id { bits: ((generation as u64) << 32) | index as u64, kind: PhantomData }
    }

    /// Which slot.
    #[inline]
    pub const fn index(self) -> u32 {
        self.bits as u32
    }

    /// Which tenant of the slot.
    #[inline]
    pub const fn generation(self) -> u32 {
        (self.bits >> 32) as u32
    }

    /// Whether this is [`Id::NONE`].
    #[inline]
    pub fn is_none(self) -> bool {
        self.index() == u32::MAX
    }

    /// Both parts as one number, for [`Timer::data`](super::event::Timer::data).
    #[inline]
    pub fn to_bits(self) -> u64 {
        self.bits
    }

    /// The inverse of [`Id::to_bits`].
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Id { bits, kind: PhantomData }
    }
}

// Derived versions would ask for `T: Clone` and so on.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}.{}", self.index(), self.generation())
    }
}

/// What lives in a slab keeps its own generation, so that it packs into whole cache lines.
pub trait Tenant {
    /// The generation of the slot (0 before its first use).
    fn generation(&self) -> u32;
    /// Sets the generation of the slot.
    fn set_generation(&mut self, generation: u32);
    /// What lies in a slot before its first use; of generation 0.
    fn vacant() -> Self;
}

/// Slots that are reused last in, first out, which keeps them in the cache.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T: Tenant> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T: Tenant> Slab<T> {
    /// Puts `tenant` into a slot. Odd generations are occupied, even ones free.
    ///
    /// What is out of line does not see the tenant: it can then be written field by field where it will lie. Put together elsewhere and
    /// copied as a whole it would wait for the processor's store buffer, and with it whatever is read of it next.
    #[inline(always)]
    pub fn insert(&mut self, mut tenant: T) -> Id<T> {
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let slot = &mut self.slots[index as usize];
        let generation = slot.generation().wrapping_add(1);
        tenant.set_generation(generation);
        *slot = tenant;
        Id::new(index, generation)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        let index = self.slots.len() as u32;
        assert!(index != u32::MAX, "more than four thousand million open entries");
        self.slots.push(T::vacant());
        index
    }

    /// Says that a slot will be wanted soon (see [`prefetch`]).
    #[inline(always)]
    pub(super) fn prefetch(&self, id: Id<T>) {
        prefetch(&self.slots, id.index() as usize);
    }

    /// The tenant, unless it has left.
    #[inline]
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        self.slots.get(id.index() as usize).filter(|slot| slot.generation() == id.generation())
    }

    /// The tenant to change, unless it has left.
    #[inline]
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        self.slots.get_mut(id.index() as usize).filter(|slot| slot.generation() == id.generation())
    }

    /// Frees the slot; ids to it become stale.
    #[inline]
    pub fn remove(&mut self, id: Id<T>) {
        let slot = &mut self.slots[id.index() as usize];
        debug_assert_eq!(slot.generation(), id.generation(), "freed twice");
        slot.set_generation(id.generation().wrapping_add(1));
        self.free.push(id.index());
    }

    /// The tenants, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.generation() % 2 == 1)
            .map(|(index, slot)| (Id::new(index as u32, slot.generation()), slot))
    }

    /// Number of tenants.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there is no tenant.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Guest(u32, &'static str);
    impl Tenant for Guest {
        fn generation(&self) -> u32 {
            self.0
        }
        fn set_generation(&mut self, generation: u32) {
            self.0 = generation;
        }
        fn vacant() -> Self {
            Guest(0, "")
        }
    }

    #[test]
    fn stale_ids_find_nothing() {
        let mut slab = Slab::default();
        let first = slab.insert(Guest(0, "a"));
        slab.remove(first);
        assert!(slab.get(first).is_none());
        let second = slab.insert(Guest(0, "b"));
        assert_eq!(second.index(), first.index(), "the slot is reused");
        assert!(slab.get(first).is_none() && slab.get_mut(first).is_none());
        assert_eq!(slab.get(second).unwrap().1, "b");
        assert_eq!(slab.iter().count(), 1);
        assert_eq!(Id::<Guest>::from_bits(second.to_bits()), second);
    }

    #[test]
    fn none_is_never_found() {
        let mut slab = Slab::default();
        slab.insert(Guest(0, "a"));
        assert!(slab.get(Id::NONE).is_none());
        assert_eq!(slab.len(), 1);
    }
}
