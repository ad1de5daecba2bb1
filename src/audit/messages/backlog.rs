//! How many messages wait to be dealt with, and how long the largest heap of them took to go.

/// A level over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog {
    level: u64,
    since: u64,
    area: u128,
    /// At or below this it is as usual; `None` during the warm-up.
    usual: Option<u64>,
    peak: u64,
    peak_at: u64,
    drained_at: Option<u64>,
}

impl Backlog {
    pub fn level(&self) -> u64 {
        self.level
    }

    pub fn area(&self, now: u64) -> u128 {
        self.area + u128::from(self.level) * u128::from(now - self.since)
    }

    /// The warm-up ends: its mean is what is usual.
    pub fn measure_from(&mut self, now: u64) {
        let mean = self.area(now).div_ceil(u128::from(now.max(1))) as u64;
        self.usual = Some(mean.max(1));
        (self.peak, self.peak_at, self.drained_at) = (self.level, now, None);
    }

    #[inline]
    pub fn step(&mut self, now: u64, by: i64) {
        self.area = self.area(now);
        self.since = now;
        self.level = self.level.checked_add_signed(by).expect("what goes has come");
        let Some(usual) = self.usual else { return };
        if self.level > self.peak {
            (self.peak, self.peak_at, self.drained_at) = (self.level, now, None);
        } else if self.drained_at.is_none() && self.level <= usual {
            self.drained_at = Some(now);
        }
    }

    /// Time from the largest level until it was back to what is usual: 0 if it never was above, `None` if it is not back.
    pub fn drain(&self) -> Option<u64> {
        match self.usual {
            Some(usual) if self.peak > usual => self.drained_at.map(|at| at - self.peak_at),
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
        assert_eq!(backlog.drain(), None, "not yet");
        (0..5).for_each(|n| backlog.step(30 + n, -1));
        assert_eq!(backlog.drain(), Some(34 - 24));
        (0..7).for_each(|n| backlog.step(50 + n, 1));
        assert_eq!(backlog.drain(), None, "a larger one counts instead");
        assert_eq!(backlog.level(), 9);
    }

    #[test]
    fn nothing_unusual_takes_no_time() {
        let mut backlog = Backlog::default();
        backlog.measure_from(0);
        backlog.step(1, 1);
        backlog.step(2, -1);
        assert_eq!(backlog.drain(), Some(0));
        assert_eq!(backlog.area(2), 1);
    }
}
