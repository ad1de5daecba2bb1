//! A queue of slots that is written at its ends only: no links to follow, so it stays in the processor's caches.
//!
//! What is taken out of the middle leaves a hole; when more than half are holes, all move up. Each slot knows its
//! position ([`Places`]), so taking it out is O(1).

use super::list::NIL;
use super::ring::Ring;

/// So many holes never matter.
const HOLES_ALLOWED: usize = 64;

/// Positions of all slots in their queues.
#[derive(Clone, Debug, Default)]
pub struct Places(Vec<u32>);

impl Places {
    #[inline(always)]
    fn set(&mut self, slot: u32, place: u32) {
        match self.0.get_mut(slot as usize) {
            Some(kept) => *kept = place,
            None => self.set_new(slot, place),
        }
    }

    #[cold]
    #[inline(never)]
    fn set_new(&mut self, slot: u32, place: u32) {
        self.0.resize((slot as usize + 1).next_power_of_two(), 0);
        self.0[slot as usize] = place;
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

    /// Takes a slot out.
    pub fn remove(&mut self, slot: u32, places: &mut Places) {
        let left = std::mem::replace(self.ring.at_mut(places.0[slot as usize]), NIL);
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
