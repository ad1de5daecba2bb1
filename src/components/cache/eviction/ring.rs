//! A ring whose cells have positions, counted round and round: what lies in the middle is found without knowing where the front is.

/// Values in the order in which they came. Its cells are a power of two, so that the cell of a position is its lowest bits.
#[derive(Clone, Debug, Default)]
pub struct Ring<T> {
    cells: Vec<T>,
    /// Position of the front.
    first: u32,
    len: u32,
}

impl<T: Copy + Default> Ring<T> {
    /// Number of values.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    #[inline(always)]
    fn cell(&self, position: u32) -> usize {
        position as usize & self.cells.len().wrapping_sub(1)
    }

    /// Puts a value at the end; its position, of which at least the lowest 30 bits must be kept.
    #[inline(always)]
    pub fn push(&mut self, value: T) -> u32 {
        if self.len() == self.cells.len() {
            self.grow();
        }
        let position = self.first.wrapping_add(self.len);
        let cell = self.cell(position);
        self.cells[cell] = value;
        self.len += 1;
        position
    }

    /// Position of the value at the front.
    #[inline(always)]
    pub fn front(&self) -> u32 {
        self.first
    }

    /// A value so many behind the front; any value if there are fewer.
    #[inline(always)]
    pub fn ahead(&self, by: u32) -> Option<T> {
        self.cells.get(self.cell(self.first.wrapping_add(by))).copied()
    }

    /// The value at a position.
    #[inline(always)]
    pub fn at(&self, position: u32) -> Option<T> {
        self.cells.get(self.cell(position)).copied()
    }

    /// Takes the value at the front out.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let value = self.cells[self.cell(self.first)];
        self.first = self.first.wrapping_add(1);
        self.len -= 1;
        Some(value)
    }

    /// The value at a position, to change.
    #[inline(always)]
    pub fn at_mut(&mut self, position: u32) -> &mut T {
        let cell = self.cell(position);
        &mut self.cells[cell]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut grown = Ring { cells: vec![T::default(); (2 * self.cells.len()).max(64)], ..*self };
        assert!(grown.cells.len() <= 1 << 30, "positions are told apart by 30 bits");
        for n in 0..self.len {
            let position = self.first.wrapping_add(n);
            *grown.at_mut(position) = self.cells[self.cell(position)];
        }
        *self = grown;
    }

    #[cfg(test)]
    pub fn begin_at(&mut self, first: u32) {
        self.first = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// Against a deque, from positions that go round soon.
        #[test]
        fn positions_stay_right(steps in proptest::collection::vec(0_u8..8, 1..600)) {
            let (mut ring, mut deque) = (Ring::default(), VecDeque::new());
            ring.begin_at(u32::MAX - 100);
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    0..=4 => deque.push_back((ring.push(n), n)),
                    5 | 6 => prop_assert_eq!(ring.pop(), deque.pop_front().map(|(_, value)| value)),
                    _ => for (position, value) in deque.iter().step_by(7) {
                        prop_assert_eq!(*ring.at_mut(*position & ((1 << 30) - 1)), *value);
                    },
                }
                prop_assert_eq!(ring.len(), deque.len());
            }
        }
    }
}
