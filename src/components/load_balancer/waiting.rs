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

/// The lines, one for each target group, so that nobody waits behind calls for other servers: places in the table of attempts, first
/// in, first out.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    lines: Vec<VecDeque<(u32, Time)>>,
    /// Calls in all lines.
    waiting: u64,
    /// Most calls that may wait in all; `None` = no bound.
    most: Option<u64>,
    patience: Option<Time>,
    length: Integral,
}

impl Waiting {
    pub fn new(targets: usize, most: Option<u64>, patience: Option<Time>) -> Self {
        let lines = vec![VecDeque::new(); targets];
        Waiting { lines, waiting: 0, most, patience, length: Integral::default() }
    }

    pub fn enter(&mut self, place: u32, target: usize, now: Time) -> Wish {
        if self.most.is_some_and(|most| self.waiting >= most) {
            return Wish::TurnedAway;
        }
        self.lines[target].push_back((place, now));
        self.waiting += 1;
        self.length.set(now, self.waiting);
        Wish::Waits(self.patience)
    }

    /// Who waits longest for a target group.
    pub fn first(&self, target: usize) -> Option<u32> {
        self.lines[target].front().map(|(place, _)| *place)
    }

    /// The first one leaves the line of a target group.
    pub fn leave(&mut self, target: usize, now: Time) {
        self.waiting -= u64::from(self.lines[target].pop_front().is_some());
        self.length.set(now, self.waiting);
    }

    /// One who has waited long enough; it leaves its line.
    pub fn overdue(&mut self, now: Time) -> Option<u32> {
        let patience = self.patience?;
        let is_overdue =
            |line: &VecDeque<(u32, Time)>| line.front().is_some_and(|(_, since)| now - since >= patience);
        let target = self.lines.iter().position(is_overdue)?;
        let place = self.first(target);
        self.leave(target, now);
        place
    }

    pub fn clear(&mut self, now: Time) {
        self.lines.iter_mut().for_each(VecDeque::clear);
        self.waiting = 0;
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
        let mut line = Waiting::new(1, Some(2), Some(100));
        let enter = |line: &mut Waiting, place, now| line.enter(place, 0, now);
        assert_eq!(enter(&mut line, 1, 0), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 2, 50), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 3, 60), Wish::TurnedAway);
        assert_eq!(line.overdue(99), None);
        assert_eq!(line.overdue(100), Some(1));
        assert_eq!(line.overdue(100), None);
        assert_eq!(line.first(0), Some(2));
    }

    #[test]
    fn each_target_group_has_a_line_and_all_share_the_bound() {
        let mut lines = Waiting::new(2, Some(3), Some(100));
        for (place, target) in [(7, 1), (8, 0), (9, 1)] {
            assert_eq!(lines.enter(place, target, 0), Wish::Waits(Some(100)));
        }
        assert_eq!(lines.enter(10, 0, 0), Wish::TurnedAway);
        assert_eq!([0, 1].map(|target| lines.first(target)), [Some(8), Some(7)]);
        lines.leave(1, 10);
        assert_eq!([0, 1].map(|target| lines.first(target)), [Some(8), Some(9)]);
        assert_eq!([100, 100, 100].map(|now| lines.overdue(now)), [Some(8), Some(9), None]);
        assert_eq!(lines.enter(10, 0, 100), Wish::Waits(Some(100)), "there is room again");
    }
}
