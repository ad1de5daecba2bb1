//! Calls that wait at most for a time that many have in common: one timer for all of them, where a timer for each would fill the
//! calendar with what nearly never comes to pass.

use crate::kernel::{CallId, Ctx, Time, Timer};
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
struct Waiter {
    until: Time,
    call: CallId,
    note: u32,
}

/// Those who have the same patience, the first one in front.
#[derive(Clone, Debug)]
struct Line {
    patience: Time,
    waiters: VecDeque<Waiter>,
}

/// All who wait, or did: who has been answered stays in line until its time would be over.
#[derive(Clone, Debug)]
pub struct Patience {
    tag: u16,
    lines: Vec<Line>,
}

impl Patience {
    /// Nobody waits. Timers of this tag are to be passed to [`Patience::next`].
    pub fn new(tag: u16) -> Self {
        Patience { tag, lines: Vec::new() }
    }

    /// A call waits; `note` comes back with it.
    pub fn wait(&mut self, call: CallId, note: u32, patience: Time, cx: &mut Ctx<'_>) {
        let index = self.line_of(patience);
        let line = &mut self.lines[index].waiters;
        line.push_back(Waiter { until: cx.now() + patience, call, note });
        if line.len() == 1 {
            cx.timer_in(patience, Timer { tag: self.tag, data: index as u64 });
        }
    }

    fn line_of(&mut self, patience: Time) -> usize {
        self.lines.iter().position(|line| line.patience == patience).unwrap_or_else(|| {
            self.lines.push(Line { patience, waiters: VecDeque::new() });
            self.lines.len() - 1
        })
    }

    /// The next call whose time is over, and its note; answered or not. `None` sets the timer for those who follow.
    pub fn next(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<(CallId, u32)> {
        let line = &mut self.lines.get_mut(timer.data as usize)?.waiters;
        let first = *line.front()?;
        if first.until > cx.now() {
            cx.timer_in(first.until - cx.now(), timer);
            return None;
        }
        line.pop_front();
        Some((first.call, first.note))
    }

    /// A crash: nobody waits, and timers are gone.
    pub fn clear(&mut self) {
        self.lines.clear();
    }
}
