//! A waiting line in one piece of memory, first in, first out.

use crate::kernel::rarely;

/// Those who have left may take as many places as those who are there, and this many.
const SLACK: usize = 32;

/// A line that begins anew at the front of its memory whenever it is empty, as most lines are again and again: what it needs is then at hand
/// in the processor's caches, where a ring would go round in all of its memory.
#[derive(Clone, Debug)]
pub(super) struct Row<T> {
    /// Those who have left, then those who are there.
    items: Vec<T>,
    left: usize,
}

impl<T: Copy> Row<T> {
    pub const fn new() -> Self {
        Row { items: Vec::new(), left: 0 }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.items.len() - self.left
    }

    /// Who is at this place, counted from the head.
    #[inline(always)]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.items.get(self.left + at)
    }

    #[inline(always)]
    pub fn front(&self) -> Option<&T> {
        self.get(0)
    }

    #[inline(always)]
    pub fn push_back(&mut self, item: T) {
        self.items.push(item);
    }

    /// The one at the head, who is there, leaves.
    #[inline(always)]
    pub fn pop_front(&mut self) {
        self.left += 1;
        if self.left >= self.items.len() {
            self.clear();
        } else if self.left >= SLACK {
            rarely();
            self.close_up();
        }
    }

    /// Once half of the line has left.
    #[inline(never)]
    fn close_up(&mut self) {
        if self.left >= self.len() {
            self.items.drain(..self.left);
            self.left = 0;
        }
    }

    #[inline(always)]
    pub fn clear(&mut self) {
        self.items.clear();
        self.left = 0;
    }

    /// Those who are there, from the head on.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items[self.left..].iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// Against the standard library's queue: bursts of comings (`Some`) and goings.
        #[test]
        fn it_is_a_queue(bursts in prop::collection::vec((any::<bool>(), 0_usize..120), 0..40)) {
            let (mut row, mut queue, mut number) = (Row::new(), VecDeque::new(), 0_u64);
            for (come, many) in bursts {
                for _ in 0..many {
                    if come {
                        row.push_back(number);
                        queue.push_back(number);
                        number += 1;
                    } else if queue.pop_front().is_some() {
                        row.pop_front();
                    }
                    prop_assert_eq!((row.len(), row.front()), (queue.len(), queue.front()));
                    prop_assert!(row.items.len() <= 2 * queue.len() + SLACK, "what has left takes {}", row.left);
                }
                prop_assert!(row.iter().eq(queue.iter()));
                prop_assert_eq!(row.get(many), queue.get(many));
            }
            row.clear();
            prop_assert_eq!((row.len(), row.front()), (0, None));
        }
    }
}
