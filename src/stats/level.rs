//! A quantity that has a value at every moment: queue length, busy servers, bytes stored.

/// The time-weighted mean, area and maximum of a value that jumps.
///
/// Times are nanoseconds and must not go back; an earlier time counts as no time passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    value: f64,
    max: f64,
    /// Value x nanoseconds up to `last_ns`. Not seconds: whole numbers of jobs times whole nanoseconds stay exact up to 2^53.
    area_ns: f64,
    start_ns: u64,
    last_ns: u64,
}

impl Level {
    /// A level that is zero and observed from `start_ns` on.
    pub const fn new(start_ns: u64) -> Self {
        Self { value: 0.0, max: 0.0, area_ns: 0.0, start_ns, last_ns: start_ns }
    }

    /// The value is `value` from `now` on.
    #[inline]
    pub fn set(&mut self, now: u64, value: f64) {
        debug_assert!(now >= self.last_ns, "time goes back from {} to {now}", self.last_ns);
        self.area_ns += self.value * now.saturating_sub(self.last_ns) as f64;
        self.last_ns = self.last_ns.max(now);
        self.value = value;
        self.max = self.max.max(value);
    }

    /// The value is higher by `change` (lower, if negative) from `now` on.
    #[inline]
    pub fn add(&mut self, now: u64, change: f64) {
        self.set(now, self.value + change);
    }

    /// The present value.
    #[inline]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The mean over the time since the start (or [`restart`](Self::restart)); `None` if no time has passed.
    pub fn mean(&self, now: u64) -> Option<f64> {
        let elapsed_ns = now.saturating_sub(self.start_ns);
        (elapsed_ns > 0).then(|| self.area_until(now) / elapsed_ns as f64)
    }

    /// The area under the value since the start, in value x seconds.
    pub fn area(&self, now: u64) -> f64 {
        self.area_until(now) / 1e9
    }

    /// The largest value since the start, even if held for no time at all.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Forgets the past, as at the end of a warm-up: observation starts at `now` with the present value.
    pub fn restart(&mut self, now: u64) {
        self.area_ns = 0.0;
        self.max = self.value;
        self.start_ns = now;
        self.last_ns = now;
    }

    /// Value x nanoseconds up to `now`.
    fn area_until(&self, now: u64) -> f64 {
        self.area_ns + self.value * now.saturating_sub(self.last_ns) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn mean_and_area_weigh_by_time() {
        let mut level = Level::new(SECOND);
        level.add(2 * SECOND, 3.0);
        level.add(4 * SECOND, -1.0);
        assert_eq!(level.area(5 * SECOND), 8.0);
        assert_eq!(level.mean(5 * SECOND), Some(2.0));
        assert_eq!((level.value(), level.max()), (2.0, 3.0));
    }

    #[test]
    fn no_time_has_no_mean() {
        assert_eq!(Level::new(7).mean(7), None);
    }

    #[test]
    fn restart_keeps_the_value_and_forgets_the_peak() {
        let mut level = Level::new(0);
        level.set(0, 9.0);
        level.set(SECOND, 4.0);
        level.restart(2 * SECOND);
        assert_eq!((level.max(), level.area(2 * SECOND)), (4.0, 0.0));
        assert_eq!(level.mean(3 * SECOND), Some(4.0));
    }

    proptest! {
        #[test]
        fn the_area_is_the_sum_over_every_nanosecond(steps in prop::collection::vec((0_u64..20, -5_i32..5), 1..30)) {
            let (mut level, mut now, mut value, mut area) = (Level::new(0), 0, 0.0, 0.0);
            for (wait, change) in steps {
                (0..wait).for_each(|_| area += value);
                now += wait;
                value += f64::from(change);
                level.add(now, f64::from(change));
            }
            prop_assert_eq!(level.area(now), area / 1e9);
        }
    }
}
