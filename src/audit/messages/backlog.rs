//! How many messages wait to be dealt with, and how long the largest heap of them took to go.

use super::lately::Lately;

/// A level over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    level: u64,
    since: u64,
    area: u128,
    /// At or below this it is as usual; `None` during the warm-up.
    usual: Option<u64>,
    /// The largest of the latter half of the warm-up: levels up to here are nothing special.
    common: u64,
    /// The warm-up.
    lately: Lately,
    peak: u64,
    peak_at: u64,
    drained_at: Option<u64>,
}

impl Backlog {
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The largest since the warm-up ended.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    pub fn area(&self, now: u64) -> u128 {
        self.area + u128::from(self.level) * u128::from(now - self.since)
    }

    /// The warm-up ends: the mean of its latter half is what is usual.
    pub fn measure_from(&mut self, now: u64) {
        self.lately.hold(self.level, self.since, now);
        let (mean, largest) = self.lately.half(now);
        (self.usual, self.common) = (Some(mean.max(1)), largest);
        (self.peak, self.peak_at, self.drained_at) = (self.level, now, None);
    }

    #[inline]
    pub fn step(&mut self, now: u64, by: i64) {
        self.area = self.area(now);
        let (before, from) = (self.level, std::mem::replace(&mut self.since, now));
        self.level = before.checked_add_signed(by).expect("what goes has come");
        let Some(usual) = self.usual else {
            return self.lately.hold(before, from, now);
        };
        if self.level > self.peak {
            (self.peak, self.peak_at, self.drained_at) = (self.level, now, None);
        } else if self.drained_at.is_none() && self.level <= usual {
            self.drained_at = Some(now);
        }
    }

    /// Time from the largest level until it was back to what is usual: 0 if it never was above. If it is not back now, the time so far,
    /// or `None` if it is also above all that the latter half of the warm-up has seen.
    pub fn drain(&self, now: u64) -> Option<u64> {
        match self.usual {
            Some(usual) if self.peak > usual => {
                let so_far = (self.level <= self.common).then_some(now);
                self.drained_at.or(so_far).map(|at| at - self.peak_at)
            }
            _ => Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_runs_from_the_peak_to_the_usual_level() {
        let mut backlog = Backlog::default();
        backlog.step(0, 1);
        backlog.step(0, 1); // two during ten: the mean is two
        backlog.measure_from(10);
        (0..5).for_each(|n| backlog.step(20 + n, 1));
        assert_eq!(backlog.drain(29), None, "not yet");
        (0..5).for_each(|n| backlog.step(30 + n, -1));
        assert_eq!(backlog.drain(40), Some(34 - 24));
        assert_eq!(backlog.peak(), 7);
        (0..7).for_each(|n| backlog.step(50 + n, 1));
        assert_eq!(backlog.drain(60), None, "a larger one counts instead");
        assert_eq!(backlog.level(), 9);
    }

    /// Three are more than the mean, and what the warm-up has seen as well.
    #[test]
    fn what_the_warm_up_has_seen_too_is_not_waited_for() {
        let mut backlog = Backlog::default();
        (50..53).for_each(|n| backlog.step(n, 1));
        (53..56).for_each(|n| backlog.step(n, -1));
        backlog.measure_from(100);
        (0..3).for_each(|n| backlog.step(110 + n, 1));
        assert_eq!(backlog.drain(120), Some(120 - 112));
        backlog.step(121, 1);
        assert_eq!(backlog.drain(130), None);
    }

    /// Otherwise a burst of the warm-up hides one that never goes.
    #[test]
    fn what_its_beginning_has_seen_is() {
        let mut backlog = Backlog::default();
        let (step, end) = (1_000_000, 64_000_000);
        (0..9).for_each(|n| backlog.step(n * step, 1));
        (10..19).for_each(|n| backlog.step(n * step, -1));
        backlog.measure_from(end);
        (0..4).for_each(|n| backlog.step(end + n, 1));
        assert_eq!(backlog.drain(end + 9), None);
    }

    #[test]
    fn nothing_unusual_takes_no_time() {
        let mut backlog = Backlog::default();
        backlog.measure_from(0);
        backlog.step(1, 1);
        backlog.step(2, -1);
        assert_eq!(backlog.drain(2), Some(0));
        assert_eq!(backlog.area(2), 1);
    }
}
