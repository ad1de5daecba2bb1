//! Evenly spaced arrivals.

use super::error::{self, ArrivalsError};

/// Rates are kept in whole 1e-12 per second.
const RATE_UNITS: f64 = 1e12;
/// One second in ns, times the units of the rate: divided by a rate, it gives the gap in ns.
const SECOND: u128 = 1_000_000_000_000_000_000_000;
/// How many gaps are skipped at a time at most: keeps the sum of their remainders within 128 bits.
const LONGEST_SKIP: u64 = 1 << 56;

/// Arrival k (k = 1, 2, ...) at `start + k / rate`, rounded down to the nanosecond: no error ever adds up.
///
/// The gap is kept as whole nanoseconds and a remainder, as in J. E. Bresenham's line (1965): no division per arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    rate_per_s: f64,
    /// The denominator of both remainders.
    rate_units: u128,
    gap_ns: u64,
    gap_remainder: u128,
    next_ns: u64,
    next_remainder: u128,
}

impl Constant {
    /// With a rate per second, beginning one gap after `start_ns`.
    ///
    /// # Errors
    ///
    /// If the rate is not within 1e-9 to 1e9 per second.
    pub fn new(rate_per_s: f64, start_ns: u64) -> Result<Self, ArrivalsError> {
        let rate_per_s = error::single_rate(rate_per_s)?;
        let rate_units = (rate_per_s * RATE_UNITS + 0.5) as u128;
        let (gap_ns, gap_remainder) = ((SECOND / rate_units) as u64, SECOND % rate_units);
        let mut arrivals =
            Self { rate_per_s, rate_units, gap_ns, gap_remainder, next_ns: start_ns, next_remainder: 0 };
        arrivals.advance();
        Ok(arrivals)
    }

    /// The rate per second.
    pub fn rate_per_s(&self) -> f64 {
        self.rate_per_s
    }

    /// The time in ns of the next arrival not given yet, at or after `now_ns`: earlier ones are skipped. `None` at the end of time.
    #[inline]
    pub fn next(&mut self, now_ns: u64) -> Option<u64> {
        if self.next_ns < now_ns {
            self.skip_to(now_ns);
        }
        let due_ns = self.next_ns;
        self.advance();
        (due_ns < u64::MAX).then_some(due_ns)
    }

    /// One gap on.
    #[inline]
    fn advance(&mut self) {
        self.next_ns = self.next_ns.saturating_add(self.gap_ns);
        self.next_remainder += self.gap_remainder;
        if self.next_remainder >= self.rate_units {
            self.next_remainder -= self.rate_units;
            self.next_ns = self.next_ns.saturating_add(1);
        }
    }

    /// Goes to the first arrival at or after `now_ns`, in a few large steps: n gaps last n x (gap + 1 ns) at most.
    #[cold]
    fn skip_to(&mut self, now_ns: u64) {
        while self.next_ns < now_ns {
            let gaps = ((now_ns - self.next_ns) / self.gap_ns.saturating_add(1)).clamp(1, LONGEST_SKIP);
            let remainder = self.next_remainder + u128::from(gaps) * self.gap_remainder;
            let carry_ns = (remainder / self.rate_units) as u64;
            self.next_ns =
                self.next_ns.saturating_add(gaps.saturating_mul(self.gap_ns)).saturating_add(carry_ns);
            self.next_remainder = remainder % self.rate_units;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND_NS: u64 = 1_000_000_000;

    #[test]
    fn arrivals_do_not_drift() {
        // A gap of 333 1/3 ns: after three million arrivals, exactly one second.
        let mut arrivals = Constant::new(3e6, 5).unwrap();
        let times: Vec<u64> = (0..3_000_000).map(|_| arrivals.next(0).unwrap()).collect();
        assert_eq!(&times[..4], [338, 671, 1_005, 1_338]);
        assert_eq!(times[2_999_999], SECOND_NS + 5);
    }

    #[test]
    fn slow_rates_are_decimal() {
        let mut arrivals = Constant::new(0.1, 0).unwrap();
        assert_eq!([arrivals.next(0), arrivals.next(0)], [Some(10 * SECOND_NS), Some(20 * SECOND_NS)]);
        let mut slowest = Constant::new(1e-9, 0).unwrap();
        assert_eq!(slowest.next(0), Some(SECOND_NS * SECOND_NS));
        assert_eq!(Constant::new(1e-9, u64::MAX).unwrap().next(0), None);
    }

    proptest! {
        #[test]
        fn skipping_is_dropping_what_is_past(rate in 0.1_f64..1e9, start in 0_u64..1_000, after in 0_u64..3_000) {
            let mut stepwise = Constant::new(rate, start).unwrap();
            let mut skipping = stepwise.clone();
            let now = start + after;
            let expected = std::iter::repeat_with(|| stepwise.next(0)).find(|&time| time >= Some(now)).unwrap();
            prop_assert_eq!(skipping.next(now), expected);
            prop_assert_eq!(skipping, stepwise);
        }

        #[test]
        fn long_skips_stay_on_the_grid(rate in 1e-9_f64..=1e9, now in any::<u64>()) {
            let mut arrivals = Constant::new(rate, 0).unwrap();
            if let Some(time) = arrivals.next(now) {
                prop_assert!(time >= now && time - now <= arrivals.gap_ns + 1);
            }
        }
    }
}
