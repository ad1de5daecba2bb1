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
    /// A timer is set, for the first one or one before it who has been answered.
    timed: bool,
}

/// Shorter lines are not looked through for those who have been answered.
const LONG: usize = 1 << 12;

impl Line {
    /// Before a long line needs more memory: who has been answered leaves, so that it holds twice those who wait at most. The timer stays, and
    /// finds out.
    #[cold]
    fn thin_out(&mut self, cx: &Ctx<'_>) {
        self.waiters.retain(|waiter| cx.is_open(waiter.call));
        if self.waiters.len() > self.waiters.capacity() / 2 {
            self.waiters.reserve(self.waiters.capacity());
        }
    }
}

/// All who wait; who has been answered may stand among them for a while.
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
        let line = &mut self.lines[index];
        if !std::mem::replace(&mut line.timed, true) {
            cx.timer_in(patience, Timer { tag: self.tag, data: index as u64 });
        }
        while line.waiters.front().is_some_and(|first| !cx.is_open(first.call)) {
            line.waiters.pop_front();
        }
        if line.waiters.len() == line.waiters.capacity() && line.waiters.len() >= LONG {
            line.thin_out(cx);
        }
        line.waiters.push_back(Waiter { until: cx.now() + patience, call, note });
    }

    fn line_of(&mut self, patience: Time) -> usize {
        self.lines.iter().position(|line| line.patience == patience).unwrap_or_else(|| {
            self.lines.push(Line { patience, waiters: VecDeque::new(), timed: false });
            self.lines.len() - 1
        })
    }

    /// The next call whose time is over, and its note. `None` sets the timer for those who still wait then.
    pub fn next(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<(CallId, u32)> {
        let line = self.lines.get_mut(timer.data as usize)?;
        while let Some(&first) = line.waiters.front() {
            if !cx.is_open(first.call) {
                line.waiters.pop_front();
            } else if first.until > cx.now() {
                cx.timer_at(first.until, timer);
                return None;
            } else {
                line.waiters.pop_front();
                return Some((first.call, first.note));
            }
        }
        line.timed = false;
        None
    }

    /// A crash: nobody waits, and timers are gone.
    pub fn clear(&mut self) {
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::transit::Instant;
    use crate::kernel::{Answer, Ask, Component, Control, MILLISECOND, NodeId, Simulation};
    use std::sync::{Arc, Mutex};

    type Seen = Arc<Mutex<Vec<(Time, u32)>>>;

    /// Lets everybody wait for as long as he says, and notes who was sent away when.
    #[derive(Clone)]
    struct Door {
        patience: Patience,
        seen: Seen,
        timers: u32,
    }

    impl Component for Door {
        fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
            let (note, patience) =
                (cx.call(call).key as u32, Time::from(cx.call(call).version) * MILLISECOND);
            self.patience.wait(call, note, patience, cx);
        }
        fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
            self.timers += 1;
            assert!(self.timers < 100, "a timer that sets itself for now would go off for ever");
            while let Some((call, note)) = self.patience.next(timer, cx) {
                self.seen.lock().unwrap().push((cx.now() / MILLISECOND, note));
                cx.reply(call, Answer::ok(0, 0));
            }
        }
        fn on_control(&mut self, control: Control, _cx: &mut Ctx<'_>) {
            if control.verb == Control::CRASH_PROCESS {
                self.patience.clear();
            }
        }
        fn fork(&self) -> Box<dyn Component> {
            Box::new(self.clone())
        }
    }

    struct Asker;

    impl Component for Asker {
        fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {}
        fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
            let (note, patience_ms) = (control.arg >> 32, control.arg as u32);
            cx.ask(Ask { version: patience_ms, ..Ask::new(NodeId(0), 1, note) });
        }
        fn fork(&self) -> Box<dyn Component> {
            Box::new(Asker)
        }
    }

    #[test]
    fn each_is_sent_away_when_his_own_time_is_over() {
        let seen = Seen::default();
        let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
        let door = Door { patience: Patience::new(3), seen: seen.clone(), timers: 0 };
        let (door, asker) = (simulation.add(Box::new(door)), simulation.add(Box::new(Asker)));
        let mut wait = |at_ms: u64, note: u64, patience_ms: u64| {
            simulation.run_until(at_ms * MILLISECOND);
            simulation.control(asker, Control::new(Control::FIRST_OWN, note << 32 | patience_ms));
        };
        for (at, note, patience) in [(0, 1, 50), (0, 2, 20), (10, 3, 50), (30, 4, 50), (200, 5, 50)] {
            wait(at, note, patience);
        }
        simulation.run_until(1000 * MILLISECOND);
        assert_eq!(*seen.lock().unwrap(), [(20, 2), (50, 1), (60, 3), (80, 4), (250, 5)]);
        simulation.control(asker, Control::new(Control::FIRST_OWN, 6 << 32 | 50));
        simulation.run_until(1020 * MILLISECOND);
        simulation.control(door, Control::new(Control::CRASH_PROCESS, 0));
        simulation.control(door, Control::new(Control::RECOVER, 0));
        simulation.run_until(2000 * MILLISECOND);
        assert_eq!(seen.lock().unwrap().len(), 5, "after a crash nobody waits");
        simulation.check_conservation().expect("nothing vanishes");
    }
}
