//! Calls that wait at the balancer for a server with a connection to spare.

use super::careful::RETRIES_AT_MOST;
use crate::kernel::{Integral, Readings, Time};
use crate::stats::Histogram;
use std::collections::{BTreeMap, VecDeque};

/// What becomes of a call that finds all servers busy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    /// It waits, at most so long.
    Waits(Option<Time>),
    /// The line is full.
    TurnedAway,
}

/// The servers that have failed a call, lowest first; filled up with [`u16::MAX`].
pub(super) type Failed = [u16; RETRIES_AT_MOST];

/// These servers have.
pub(super) fn failed(servers: &[u16]) -> Failed {
    let mut failed = [u16::MAX; RETRIES_AT_MOST];
    failed[..servers.len()].copy_from_slice(servers);
    failed.sort_unstable();
    failed
}

/// Where a call waits: for any server of a target group but those that have failed it, or for the one that it is bound to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Line {
    pub target: u16,
    pub server: Option<u16>,
    pub failed: Failed,
}

/// One who waits.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    place: u32,
    /// Who came when, over all lines.
    number: u64,
    since: Time,
}

/// The lines, one for all calls that may go to the same servers, so that nobody waits behind calls for other
/// servers: places in the table of attempts, first in, first out.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// None of them is empty.
    lines: BTreeMap<Line, VecDeque<Waiter>>,
    /// Calls in all lines.
    waiting: u64,
    /// Calls that have ever waited.
    ever: u64,
    /// Most calls that may wait in all; `None` = no bound.
    most: Option<u64>,
    patience: Option<Time>,
    length: Integral,
    /// How long calls have waited, those in vain among them; `None` where nothing bounds what a server is given.
    wait: Option<Histogram>,
}

impl Waiting {
    /// `most`: calls in all; `is_bounded`: whether anything bounds what a server is given.
    pub fn new(most: Option<u64>, patience: Option<Time>, is_bounded: bool) -> Self {
        let wait = is_bounded.then(Histogram::new);
        Waiting {
            lines: BTreeMap::new(),
            waiting: 0,
            ever: 0,
            most,
            patience,
            length: Integral::default(),
            wait,
        }
    }

    /// A call is sent on without having waited.
    pub fn pass(&mut self) {
        self.wait.iter_mut().for_each(|wait| wait.record(0));
    }

    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub fn enter(&mut self, place: u32, line: Line, now: Time) -> Wish {
        if self.most.is_some_and(|most| self.waiting >= most) {
            return Wish::TurnedAway;
        }
        self.ever += 1;
        let waiter = Waiter { place, number: self.ever, since: now };
        self.lines.entry(line).or_default().push_back(waiter);
        self.waiting += 1;
        self.length.set(now, self.waiting);
        Wish::Waits(self.patience)
    }

    /// Who stands first in the lines of a target group, the longest first; if a server is given, in those which that one can serve.
    pub fn fronts(&self, target: u16, server: Option<u16>) -> Vec<(Line, u32)> {
        let serves = |line: &Line| server.is_none() || line.server.is_none() || line.server == server;
        let [first, last] = [(None, 0), (Some(u16::MAX), u16::MAX)].map(|(server, failed)| Line {
            target,
            server,
            failed: [failed; RETRIES_AT_MOST],
        });
        let fronts = self.lines.range(first..=last).filter(|(line, _)| serves(line));
        let mut fronts: Vec<_> =
            fronts.map(|(line, waiters)| (waiters[0].number, *line, waiters[0].place)).collect();
        fronts.sort_unstable_by_key(|(number, ..)| *number);
        fronts.into_iter().map(|(_, line, place)| (line, place)).collect()
    }

    /// The first one leaves a line: it is sent on, or has waited for nothing.
    pub fn leave(&mut self, line: Line, now: Time) {
        let waiter = self.take(line);
        self.waiting -= 1;
        self.length.set(now, self.waiting);
        self.wait.iter_mut().for_each(|wait| wait.record(now - waiter.since));
    }

    /// The first one of a line waits in another from now on, where it belongs by the time that it has waited.
    pub fn change(&mut self, from: Line, to: Line) {
        let waiter = self.take(from);
        let line = self.lines.entry(to).or_default();
        line.insert(line.partition_point(|other| other.number < waiter.number), waiter);
    }

    fn take(&mut self, line: Line) -> Waiter {
        let waiters = self.lines.get_mut(&line).expect("somebody waits there");
        let first = waiters.pop_front().expect("no line is empty");
        if waiters.is_empty() {
            self.lines.remove(&line);
        }
        first
    }

    /// One who has waited long enough; it leaves its line.
    pub fn overdue(&mut self, now: Time) -> Option<u32> {
        let patience = self.patience?;
        let is_overdue = |waiters: &VecDeque<Waiter>| now - waiters[0].since >= patience;
        let (&line, waiters) = self.lines.iter().find(|(_, waiters)| is_overdue(waiters))?;
        let place = waiters[0].place;
        self.leave(line, now);
        Some(place)
    }

    pub fn clear(&mut self, now: Time) {
        self.lines.clear();
        self.waiting = 0;
        self.length.set(now, 0);
    }

    pub fn measure(&self, now: Time, out: &mut Readings) {
        let Some(wait) = &self.wait else { return };
        out.histogram("pool_wait", wait);
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

    const NOBODY: Failed = [u16::MAX; RETRIES_AT_MOST];
    const ANY: Line = Line { target: 0, server: None, failed: NOBODY };

    #[test]
    fn first_in_first_out_with_bounds_in_number_and_time() {
        let mut line = Waiting::new(Some(2), Some(100), true);
        let enter = |line: &mut Waiting, place, now| line.enter(place, ANY, now);
        assert_eq!(enter(&mut line, 1, 0), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 2, 50), Wish::Waits(Some(100)));
        assert_eq!(enter(&mut line, 3, 60), Wish::TurnedAway);
        assert_eq!(line.overdue(99), None);
        assert_eq!(line.overdue(100), Some(1));
        assert_eq!(line.overdue(100), None);
        assert_eq!(line.fronts(0, None), [(ANY, 2)]);
    }

    #[test]
    fn each_target_group_has_a_line_and_all_share_the_bound() {
        let mut lines = Waiting::new(Some(3), Some(100), true);
        let of = |target| Line { target, server: None, failed: NOBODY };
        for (place, target) in [(7, 1), (8, 0), (9, 1)] {
            assert_eq!(lines.enter(place, of(target), 0), Wish::Waits(Some(100)));
        }
        assert_eq!(lines.enter(10, ANY, 0), Wish::TurnedAway);
        assert_eq!([0, 1].map(|target| lines.fronts(target, None)[0].1), [8, 7]);
        lines.leave(of(1), 10);
        assert_eq!([0, 1].map(|target| lines.fronts(target, None)[0].1), [8, 9]);
        assert_eq!([100, 100, 100].map(|now| lines.overdue(now)), [Some(8), Some(9), None]);
        assert!(lines.is_empty());
        assert_eq!(lines.enter(10, ANY, 100), Wish::Waits(Some(100)), "there is room again");
    }

    #[test]
    fn who_was_failed_by_the_same_servers_waits_in_one_line() {
        let mut lines = Waiting::new(None, None, true);
        let of = |servers: &[u16]| Line { failed: failed(servers), ..ANY };
        assert_eq!(of(&[3, 1]), of(&[1, 3]));
        for (place, line) in [(1, of(&[3, 1])), (2, of(&[1, 3])), (3, ANY), (4, of(&[1]))] {
            lines.enter(place, line, 0);
        }
        assert_eq!(lines.fronts(0, None), [(of(&[1, 3]), 1), (ANY, 3), (of(&[1]), 4)]);
    }

    #[test]
    fn who_is_bound_to_a_server_waits_for_that_one() {
        let mut lines = Waiting::new(None, None, true);
        let of = |server| Line { target: 0, server: Some(server), failed: NOBODY };
        for (place, line) in [(1, of(0)), (2, of(1)), (3, ANY), (4, of(1)), (5, of(0))] {
            lines.enter(place, line, 0);
        }
        assert_eq!(lines.fronts(0, Some(1)), [(of(1), 2), (ANY, 3)]);
        assert_eq!(lines.fronts(0, None), [(of(0), 1), (of(1), 2), (ANY, 3)]);
        lines.change(of(0), of(1));
        assert_eq!(lines.fronts(0, Some(1))[0], (of(1), 1), "it has waited longer");
        assert_eq!(lines.fronts(1, None), []);
    }
}
