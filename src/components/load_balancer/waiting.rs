//! Calls that wait at the balancer for a server with a connection to spare.

use crate::kernel::{Integral, Readings, Time};
use std::collections::VecDeque;

/// What becomes of a call that finds all servers busy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    /// It waits, at most so long.
    Waits(Option<Time>),
    /// The line is full.
    TurnedAway,
}

/// The line: places in the table of attempts, first in, first out.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    line: VecDeque<(u32, Time)>,
    /// Most calls that may wait; `None` = no bound.
    most: Option<u64>,
    patience: Option<Time>,
    length: Integral,
}

impl Waiting {
    pub fn new(most: Option<u64>, patience: Option<Time>) -> Self {
        Waiting { line: VecDeque::new(), most, patience, length: Integral::default() }
    }

    pub fn enter(&mut self, place: u32, now: Time) -> Wish {
        if self.most.is_some_and(|most| self.line.len() as u64 >= most) {
            return Wish::TurnedAway;
        }
        self.line.push_back((place, now));
        self.length.set(now, self.line.len() as u64);
        Wish::Waits(self.patience)
    }

    pub fn first(&self) -> Option<(u32, Time)> {
        self.line.front().copied()
    }

    /// The first one leaves the line.
    pub fn leave(&mut self, now: Time) {
        self.line.pop_front();
        self.length.set(now, self.line.len() as u64);
    }

    /// The first one, if it has waited long enough; it leaves the line.
    pub fn overdue(&mut self, now: Time) -> Option<u32> {
        let patience = self.patience?;
        let (place, since) = self.first().filter(|(_, since)| now - since >= patience)?;
        debug_assert!(now >= since);
        self.leave(now);
        Some(place)
    }

    pub fn clear(&mut self, now: Time) {
        self.line.clear();
        self.length.set(now, 0);
    }

    pub fn measure(&self, now: Time, out: &mut Readings) {
        out.area("pool_queue", self.length.area(now));
        out.maximum("pool_queue_len_max", self.length.largest() as f64);
    }

    pub fn restart_maxima(&mut self) {
        self.length.restart_maximum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out_with_bounds_in_number_and_time() {
        let mut line = Waiting::new(Some(2), Some(100));
        let enter = |line: &mut Waiting, place, now| line.enter(place, now);
        assert_eq!(enter(&mut line, 1, 0), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 2, 50), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 3, 60), Wish::TurnedAway);
        assert_eq!(line.overdue(99), None);
        assert_eq!(line.overdue(100), Some(1));
        assert_eq!(line.overdue(100), None);
        assert_eq!(line.first(), Some((2, 50)));
    }
}
