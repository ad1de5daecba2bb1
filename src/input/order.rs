//! Puts rows in order that are a little out of it, as lines of logs are: written when an answer is through, but with the time of its question (Apache), or
//! gathered from several machines.

use crate::random::replay::TraceRow;
use std::collections::BTreeMap;

/// Rows that wait for earlier ones: a line may stand so many lines from its place. A figure of ours: less than a megabyte.
pub(super) const WINDOW: usize = 10_000;

/// Rows in order of time; of those of one time the first line comes first.
#[derive(Default)]
pub(super) struct Order {
    waiting: BTreeMap<(i128, u64), TraceRow>,
    lines: u64,
    newest: Option<i128>,
    /// The last one that was let go.
    gone: Option<i128>,
    /// The last line of those that were let go.
    last: u64,
    /// Rows that stood behind later ones, and rows that stood before earlier ones.
    behind: u64,
    ahead: u64,
    farthest_ns: i128,
}

impl Order {
    /// By how much a row comes too late to be put in its place.
    pub fn too_late(&self, time_ns: i128) -> Option<i128> {
        self.gone.map(|gone| gone - time_ns).filter(|back| *back > 0)
    }

    /// One more row, which is not too late. Returns the earliest one, if too many wait.
    pub fn push(&mut self, time_ns: i128, row: TraceRow) -> Option<(i128, TraceRow)> {
        self.lines += 1;
        let back_ns = self.newest.map_or(0, |newest| (newest - time_ns).max(0));
        self.behind += u64::from(back_ns > 0);
        self.farthest_ns = self.farthest_ns.max(back_ns);
        self.newest = Some(self.newest.map_or(time_ns, |newest| newest.max(time_ns)));
        self.waiting.insert((time_ns, self.lines), row);
        if self.waiting.len() > WINDOW { self.pop() } else { None }
    }

    /// The earliest row.
    pub fn pop(&mut self) -> Option<(i128, TraceRow)> {
        let ((time_ns, line), row) = self.waiting.pop_first()?;
        self.gone = Some(time_ns);
        self.ahead += u64::from(line < self.last);
        self.last = self.last.max(line);
        Some((time_ns, row))
    }

    /// How many were out of place, and by how much at most; `None` if all were in order. Whoever jumps ahead leaves all that follow behind, and is one.
    pub fn displaced(&self) -> Option<(u64, u64)> {
        let farthest_ns = u64::try_from(self.farthest_ns).unwrap_or(u64::MAX);
        (self.behind > 0).then(|| (self.behind.min(self.ahead), farthest_ns))
    }

    /// How many wait.
    pub fn len(&self) -> u64 {
        self.waiting.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::replay::TraceOp;
    use proptest::prelude::*;

    fn row(key: u64) -> TraceRow {
        TraceRow { time_ns: 0, key, bytes: 0, client: 0, op: TraceOp::Get }
    }

    proptest! {
        /// Any disorder within the window is put right, as a stable sort does.
        #[test]
        fn it_sorts_what_it_holds(times in proptest::collection::vec(0_i128..50, 0..200)) {
            let mut order = Order::default();
            for (at, time) in times.iter().enumerate() {
                prop_assert!(order.too_late(*time).is_none());
                prop_assert!(order.push(*time, row(at as u64)).is_none());
            }
            let sorted: Vec<(i128, u64)> = std::iter::from_fn(|| order.pop()).map(|(time, row)| (time, row.key)).collect();
            let mut expected: Vec<(i128, u64)> = times.iter().copied().zip(0..).collect();
            expected.sort_by_key(|(time, _)| *time);
            prop_assert_eq!(sorted, expected);
        }
    }

    #[test]
    fn one_that_jumps_ahead_waits_and_one_that_is_far_behind_is_too_late() {
        let mut order = Order::default();
        order.push(1_000_000_000, row(0));
        for at in 0..WINDOW as i128 {
            let first = order.push(at, row(1));
            assert_eq!(first.map(|(time, _)| time), (at + 1 == WINDOW as i128).then_some(0));
        }
        assert_eq!((order.too_late(0), order.too_late(-5)), (None, Some(5)));
        while order.pop().is_some() {}
        assert_eq!((order.displaced(), order.behind), (Some((1, 1_000_000_000)), WINDOW as u64));
    }
}
