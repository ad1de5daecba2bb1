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
    /// Of a free slot: the one that is free after it (see [`Slab`]).
    fn next_free(&self) -> u32;
    /// Sets that, in a field that means nothing while the slot is free.
    fn set_next_free(&mut self, index: u32);
    /// What lies in a slot before its first use; of generation 0.
    fn vacant() -> Self;
}

/// Slots that are reused last in, first out, which keeps them in the cache: the free ones are a chain, each with the number of the next.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    slots: Vec<T>,
    /// The first of the chain; no slot has this number if none is free.
    free: u32,
}

/// The number after that of the last free slot.
const END: u32 = u32::MAX;

impl<T: Tenant> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: END }
    }
}

impl<T: Tenant> Slab<T> {
    /// Puts `tenant` into a slot. Odd generations are occupied, even ones free.
    ///
    /// What is out of line does not see the tenant: it can then be written field by field where it will lie. Put together elsewhere and
    /// copied as a whole it would wait for the processor's store buffer, and with it whatever is read of it next.
    #[inline(always)]
    pub fn insert(&mut self, tenant: T) -> Id<T> {
        self.take_in(tenant).0
    }

    /// [`Slab::insert`], and where the tenant lies now.
    #[inline(always)]
    pub fn take_in(&mut self, mut tenant: T) -> (Id<T>, &T) {
        // Once at most. By a loop the compiler sees that what comes behind it is within bounds.
        while self.free as usize >= self.slots.len() {
            self.grow();
        }
        let index = self.free;
        let slot = &mut self.slots[index as usize];
        self.free = slot.next_free();
        let generation = slot.generation().wrapping_add(1);
        tenant.set_generation(generation);
        *slot = tenant;
        (Id::new(index, generation), slot)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let index = self.slots.len() as u32;
        assert!(index != END, "more than four thousand million open entries");
        let mut slot = T::vacant();
        slot.set_next_free(END);
        self.slots.push(slot);
        self.free = index;
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
        slot.set_next_free(self.free);
        self.free = id.index();
    }

    /// The tenants, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.generation() % 2 == 1)
            .map(|(index, slot)| (Id::new(index as u32, slot.generation()), slot))
    }

    /// Number of tenants; counted anew each time.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are more than so many tenants; mostly known without counting.
    pub fn has_more_than(&self, most: usize) -> bool {
        self.slots.len() > most && self.len() > most
    }

    /// Whether there is no tenant.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Guest(u32, &'static str, u32);
    impl Tenant for Guest {
        fn generation(&self) -> u32 {
            self.0
        }
        fn set_generation(&mut self, generation: u32) {
            self.0 = generation;
        }
        fn next_free(&self) -> u32 {
            self.2
        }
        fn set_next_free(&mut self, index: u32) {
            self.2 = index;
        }
        fn vacant() -> Self {
            Guest(0, "", 0)
        }
    }

    #[test]
    fn stale_ids_find_nothing() {
        let mut slab = Slab::default();
        let first = slab.insert(Guest(0, "a", 0));
        slab.remove(first);
        assert!(slab.get(first).is_none());
        let second = slab.insert(Guest(0, "b", 0));
        assert_eq!(second.index(), first.index(), "the slot is reused");
        assert!(slab.get(first).is_none() && slab.get_mut(first).is_none());
        assert_eq!(slab.get(second).unwrap().1, "b");
        assert_eq!(slab.iter().count(), 1);
        assert_eq!(Id::<Guest>::from_bits(second.to_bits()), second);
    }

    #[test]
    fn the_slot_that_was_freed_last_is_used_first() {
        let mut slab = Slab::default();
        let ids: Vec<_> = (0..4).map(|_| slab.insert(Guest(0, "a", 7))).collect();
        assert_eq!(ids.iter().map(|id| id.index()).collect::<Vec<_>>(), [0, 1, 2, 3]);
        [2, 0, 3].into_iter().for_each(|at: usize| slab.remove(ids[at]));
        assert_eq!((slab.len(), slab.is_empty()), (1, false));
        assert_eq!([0, 1, 4].map(|most| slab.has_more_than(most)), [true, false, false]);
        let indices: Vec<u32> = (0..4).map(|_| slab.insert(Guest(0, "b", 7)).index()).collect();
        assert_eq!(indices, [3, 0, 2, 4]);
    }

    #[test]
    fn none_is_never_found() {
        let mut slab = Slab::default();
        slab.insert(Guest(0, "a", 0));
        assert!(slab.get(Id::NONE).is_none());
        assert_eq!(slab.len(), 1);
    }
}
