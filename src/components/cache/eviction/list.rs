//! A doubly linked list over slots, in two numbers per slot.

use crate::kernel::prefetch::prefetch;

/// "No slot."
pub const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    /// Towards the head.
    newer: u32,
    /// Towards the tail.
    older: u32,
}

/// Links of all slots; heads and tails belong to the [`List`]s made over them.
#[derive(Clone, Debug, Default)]
pub struct Links(Vec<Link>);

/// One list: its two ends.
#[derive(Clone, Copy, Debug)]
pub struct List {
    head: u32,
    tail: u32,
}

impl Default for List {
    fn default() -> Self {
        List { head: NIL, tail: NIL }
    }
}

impl Links {
    /// Room for this many slots.
    pub fn with_capacity(slots: usize) -> Self {
        Links(Vec::with_capacity(slots))
    }

    /// A slot will be moved soon.
    #[inline]
    pub fn foresee(&self, slot: u32) {
        prefetch(&self.0, slot as usize);
    }

    fn reach(&mut self, slot: u32) {
        if slot as usize >= self.0.len() {
            self.0.resize(slot as usize + 1, Link { newer: NIL, older: NIL });
        }
    }
}

impl List {
    /// The oldest slot, or [`NIL`].
    #[inline]
    pub fn tail(&self) -> u32 {
        self.tail
    }

    /// Puts a slot at the head.
    #[inline]
    pub fn push(&mut self, slot: u32, links: &mut Links) {
        links.reach(slot);
        links.0[slot as usize] = Link { newer: NIL, older: self.head };
        match self.head {
            NIL => self.tail = slot,
            head => links.0[head as usize].newer = slot,
        }
        self.head = slot;
    }

    /// Takes a slot out.
    #[inline]
    pub fn unlink(&mut self, slot: u32, links: &mut Links) {
        let Link { newer, older } = links.0[slot as usize];
        match newer {
            NIL => self.head = older,
            newer => links.0[newer as usize].older = older,
        }
        match older {
            NIL => self.tail = newer,
            older => links.0[older as usize].newer = newer,
        }
    }

    /// Moves a slot to the head.
    #[inline]
    pub fn refresh(&mut self, slot: u32, links: &mut Links) {
        if self.head != slot {
            self.unlink(slot, links);
            self.push(slot, links);
        }
    }
}
