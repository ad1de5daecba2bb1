//! Time-outs: all those of one length form a line of their own, with one entry in the calendar.
//!
//! Nearly every time-out is set and never fires. In a line of equal lengths they are due in the order they
//! were set, so only one needs the calendar: that of the first one, or of one before it that is over.

use super::call::{CallId, TimeoutClass};
use super::time::Time;
use std::collections::VecDeque;

/// The lines, one per length.
#[derive(Clone, Debug, Default)]
pub struct Timeouts {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    length: Time,
    /// Calls that are over leave when they come to its head, so that the line stays short and near.
    due: VecDeque<(Time, CallId)>,
    /// The calendar has an entry for it.
    entered: bool,
}

/// Shorter lines are not looked through.
const LONG: usize = 1 << 12;

impl Line {
    /// Before a long line needs more memory: calls that are over leave it, so that it holds twice those under way at most. The entry in
    /// the calendar stays, and finds out.
    #[cold]
    fn thin_out(&mut self, mut waits: impl FnMut(CallId) -> bool) {
        self.due.retain(|(_, call)| waits(*call));
        if self.due.len() > self.due.capacity() / 2 {
            self.due.reserve(self.due.capacity());
        }
    }
}

impl Timeouts {
    /// The class of time-outs of this length.
    pub fn class(&mut self, length: Time) -> TimeoutClass {
        let found = self.lines.iter().position(|line| line.length == length);
        let index = found.unwrap_or_else(|| {
            self.lines.push(Line { length, due: VecDeque::new(), entered: false });
            self.lines.len() - 1
        });
        TimeoutClass(index as u32)
    }

    /// Sets a time-out from `now`. Returns its time if the calendar must be told (it has no entry for the line). `waits`: whether anybody
    /// still waits for a call.
    #[inline]
    pub fn set(
        &mut self,
        class: TimeoutClass,
        now: Time,
        call: CallId,
        waits: impl Fn(CallId) -> bool,
    ) -> Option<Time> {
        let line = &mut self.lines[class.0 as usize];
        let at = now.saturating_add(line.length);
        while line.due.front().is_some_and(|(_, call)| !waits(*call)) {
            line.due.pop_front();
        }
        if line.due.len() == line.due.capacity() && line.due.len() >= LONG {
            line.thin_out(waits);
        }
        line.due.push_back((at, call));
        (!std::mem::replace(&mut line.entered, true)).then_some(at)
    }

    /// The next time-out of the line that is due at `now`.
    pub fn pop_due(&mut self, line: u32, now: Time) -> Option<CallId> {
        let due = &mut self.lines[line as usize].due;
        match due.front() {
            Some(&(at, call)) if at <= now => {
                due.pop_front();
                Some(call)
            }
            _ => None,
        }
    }

    /// Drops those at the head for which nobody waits any more; returns when the line is due next.
    pub fn next_due(&mut self, line: u32, mut waits: impl FnMut(CallId) -> bool) -> Option<Time> {
        let Line { due, entered, .. } = &mut self.lines[line as usize];
        while let Some(&(at, call)) = due.front() {
            if waits(call) {
                return Some(at);
            }
            due.pop_front();
        }
        *entered = false;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_calendar_entry_per_length() {
        let mut timeouts = Timeouts::default();
        let class = timeouts.class(100);
        assert_eq!(timeouts.class(100), class);
        assert_ne!(timeouts.class(200), class);
        let (a, b) = (CallId::new(1, 1), CallId::new(2, 1));
        assert_eq!(timeouts.set(class, 0, a, |_| true), Some(100));
        assert_eq!(timeouts.set(class, 5, b, |_| true), None);
        assert_eq!(timeouts.pop_due(0, 100), Some(a));
        assert_eq!(timeouts.pop_due(0, 100), None);
        assert_eq!(timeouts.next_due(0, |_| true), Some(105));
        assert_eq!(timeouts.next_due(0, |_| false), None);
        assert_eq!(timeouts.set(class, 200, a, |_| true), Some(300), "the calendar has no entry any more");
    }

    #[test]
    fn a_long_line_keeps_those_who_wait() {
        let mut timeouts = Timeouts::default();
        let class = timeouts.class(1000);
        let waits = |call: CallId| call.index().is_multiple_of(1000);
        let told = |number: u32| timeouts.set(class, u64::from(number), CallId::new(number, 1), waits);
        assert_eq!((0..1_000_000).filter_map(told).collect::<Vec<_>>(), [1000], "one entry in the calendar");
        let due = &timeouts.lines[0].due;
        assert!(due.capacity() <= 4 * LONG, "{} places", due.capacity());
        assert_eq!(due.iter().filter(|(_, call)| waits(*call)).count(), 1000);
    }
}
