//! A queue of slots that is written at its ends only: no links to follow, so it stays in the processor's caches.
//!
//! What is taken out of the middle leaves a hole; when more than half are holes, all move up. Once a slot has been taken out of the
//! middle, each knows its position ([`Places`]), so that taking out the next one is O(1).

use super::list::NIL;
use super::ring::Ring;

/// So many holes never matter.
const HOLES_ALLOWED: usize = 64;

/// Positions of all slots in their queues. Most shelves never take anything out of the middle: nothing is written down before one does.
#[derive(Clone, Debug, Default)]
pub struct Places {
    of: Vec<u32>,
    known: bool,
}

impl Places {
    /// Looks through all queues that share these places, unless they are known already.
    #[inline]
    pub fn learn(&mut self, queues: &[&Queue]) {
        if !self.known {
            self.known = true;
            queues.iter().for_each(|queue| queue.tell(self));
        }
    }

    #[inline(always)]
    fn set(&mut self, slot: u32, place: u32) {
        if self.known {
            self.set_known(slot, place);
        }
    }

    #[inline(never)]
    fn set_known(&mut self, slot: u32, place: u32) {
        if slot as usize >= self.of.len() {
            self.of.resize((slot as usize + 1).next_power_of_two(), 0);
        }
        self.of[slot as usize] = place;
    }
}

/// Slots in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// The oldest first; [`NIL`] = a hole.
    ring: Ring<u32>,
    live: usize,
}

impl Queue {
    /// Puts a slot at the end.
    #[inline(always)]
    pub fn push(&mut self, slot: u32, places: &mut Places) {
        places.set(slot, self.ring.push(slot));
        self.live += 1;
    }

    /// The slot so many behind the oldest; any number if there are fewer, or if that one has been taken out.
    #[inline(always)]
    pub fn ahead(&self, by: u32) -> Option<u32> {
        self.ring.ahead(by)
    }

    /// Takes the oldest slot out.
    #[inline]
    pub fn pop(&mut self) -> Option<u32> {
        loop {
            let slot = self.ring.pop()?;
            if slot != NIL {
                self.live -= 1;
                return Some(slot);
            }
        }
    }

    fn tell(&self, places: &mut Places) {
        let slots = (0..self.ring.len() as u32).map(|at| self.ring.front().wrapping_add(at));
        for (position, slot) in slots.filter_map(|at| self.ring.at(at).map(|slot| (at, slot))) {
            if slot != NIL {
                places.set(slot, position);
            }
        }
    }

    /// Takes a slot out. (Where several queues share places, all of them must have been learnt before.)
    pub fn remove(&mut self, slot: u32, places: &mut Places) {
        places.learn(&[self]);
        let left = std::mem::replace(self.ring.at_mut(places.of[slot as usize]), NIL);
        debug_assert_eq!(left, slot);
        self.live -= 1;
        if self.ring.len() > 2 * self.live + HOLES_ALLOWED {
            self.move_up(places);
        }
    }

    #[cold]
    #[inline(never)]
    fn move_up(&mut self, places: &mut Places) {
        let mut old = std::mem::take(&mut self.ring);
        for slot in std::iter::from_fn(|| old.pop()).filter(|slot| *slot != NIL) {
            places.set(slot, self.ring.push(slot));
        }
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        *self = Queue::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_with_holes() {
        let (mut queue, mut places) = (Queue::default(), Places::default());
        for slot in 0..6 {
            queue.push(slot, &mut places);
        }
        queue.remove(0, &mut places);
        queue.remove(3, &mut places);
        assert_eq!(queue.pop(), Some(1));
        queue.push(0, &mut places);
        let rest: Vec<u32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, [2, 4, 5, 0]);
        assert_eq!(queue.live, 0);
    }

    #[test]
    fn holes_do_not_pile_up_and_positions_stay_right() {
        let (mut queue, mut places) = (Queue::default(), Places::default());
        queue.push(9, &mut places);
        for _ in 0..10_000 {
            queue.push(1, &mut places);
            queue.remove(1, &mut places);
            assert!(queue.ring.len() <= 2 + HOLES_ALLOWED + 1);
        }
        queue.push(1, &mut places);
        queue.remove(9, &mut places);
        assert_eq!((queue.pop(), queue.pop()), (Some(1), None));
    }
}
