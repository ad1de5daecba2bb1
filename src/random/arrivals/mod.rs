//! When the next request comes.
//!
//! [`Arrivals::next`] is called with the time of the last arrival (at first with the time the traffic begins) and gives the time of the
//! next one. Rates are per second, times nanoseconds. A process is plain data: a clone continues alike with a clone of the stream.

mod constant;
pub mod day;
mod error;
mod mmpp;
mod piecewise;
mod poisson;
mod thinning;

#[cfg(test)]
mod checks;

pub use constant::Constant;
pub use error::{ArrivalsError, HIGHEST_RATE, LOWEST_RATE};
pub use mmpp::{Mmpp, NextState};
pub use piecewise::Piecewise;
pub use poisson::Poisson;

use crate::random::Stream;

/// A process of arrivals in time.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Evenly spaced.
    Constant(Constant),
    /// Independent clients: exponential gaps.
    Poisson(Poisson),
    /// Poisson with a rate that follows straight lines: ramps, steps, spikes, days, functions of time.
    Piecewise(Piecewise),
    /// Poisson with a rate that jumps at random: bursts.
    Mmpp(Mmpp),
}

impl Arrivals {
    /// Evenly spaced arrivals, the k-th (k = 1, 2, ...) at `start_ns + k / rate_per_s`, without drift.
    ///
    /// # Errors
    ///
    /// If the rate is not within 1e-9 to 1e9 per second.
    pub fn constant(rate_per_s: f64, start_ns: u64) -> Result<Self, ArrivalsError> {
        Constant::new(rate_per_s, start_ns).map(Self::Constant)
    }

    /// A Poisson process.
    ///
    /// # Errors
    ///
    /// If the rate is not within 1e-9 to 1e9 per second.
    pub fn poisson(rate_per_s: f64) -> Result<Self, ArrivalsError> {
        Poisson::new(rate_per_s).map(Self::Poisson)
    }

    /// A Poisson process whose rate runs in straight lines through the points (time in ns, rate per second); two points at one time are a
    /// jump. Before the first and after the last point the rate is theirs.
    ///
    /// # Errors
    ///
    /// If there is no point, times go back, or a rate is not within 0 to 1e9 per second.
    pub fn ramp(points: Vec<(u64, f64)>) -> Result<Self, ArrivalsError> {
        Piecewise::ramp(points).map(Self::Piecewise)
    }

    /// A Poisson process whose rate follows the clock, day by day from midnight on: the shape is that of a real web server ([`day::NASA_1995`]),
    /// a day lasts `day_ns`. After [`day::DAYS`] days the rate stays.
    ///
    /// # Errors
    ///
    /// If a rate is not within 0 to 1e9 per second.
    pub fn diurnal(mean_rate_per_s: f64, day_ns: u64) -> Result<Self, ArrivalsError> {
        day::days(mean_rate_per_s, day_ns).map(Self::Piecewise)
    }

    /// A Poisson process whose rate jumps at each (time in ns, rate per second) and stays until the next. Before the first time the rate is
    /// the first one.
    ///
    /// # Errors
    ///
    /// As for [`Arrivals::ramp`].
    pub fn steps(steps: Vec<(u64, f64)>) -> Result<Self, ArrivalsError> {
        Piecewise::steps(&steps).map(Self::Piecewise)
    }

    /// A Markov-modulated Poisson process over states of (rate per second, mean sojourn in ns).
    ///
    /// # Errors
    ///
    /// If there is no state, a rate is not within 0 to 1e9 per second, a sojourn is zero, or all rates are zero.
    pub fn mmpp(states: Vec<(f64, u64)>, next_state: NextState) -> Result<Self, ArrivalsError> {
        Mmpp::new(states, next_state).map(Self::Mmpp)
    }

    /// The absolute time in ns of the next arrival, at or after `now_ns`; `None` if there is none any more.
    ///
    /// `now_ns` is the time of the last arrival, or the start; it must not go back from call to call.
    #[inline(always)]
    pub fn next(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        match self {
            Self::Poisson(arrivals) => arrivals.next(now_ns, stream),
            other => other.next_elsewhere(now_ns, stream),
        }
    }

    /// The other processes, out of line so that the commonest one inlines well.
    #[inline(never)]
    fn next_elsewhere(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        match self {
            Self::Poisson(arrivals) => arrivals.next(now_ns, stream),
            Self::Constant(arrivals) => arrivals.next(now_ns),
            Self::Piecewise(arrivals) => arrivals.next(now_ns, stream),
            Self::Mmpp(arrivals) => arrivals.next(now_ns, stream),
        }
    }

    /// When the first rate begins that a process which ends at `end_ns` never comes to, if there is one.
    pub fn unreached(&self, end_ns: u64) -> Option<u64> {
        match self {
            Self::Piecewise(arrivals) => arrivals.unreached(end_ns),
            _ => None,
        }
    }

    /// Whether its rate is another one at another time, as the script says (a process that switches by chance has one rate).
    pub fn changes(&self) -> bool {
        matches!(self, Self::Piecewise(arrivals) if arrivals.changes())
    }

    /// The rate of a process that ends at `end_ns`, and the one that it was on its way to then, if it was.
    pub fn on_its_way(&self, end_ns: u64) -> Option<(f64, f64)> {
        match self {
            Self::Piecewise(arrivals) => arrivals.on_its_way(end_ns),
            _ => None,
        }
    }

    /// The expected number of arrivals per second over the first `duration_ns`, for estimates of the work to come.
    pub fn mean_rate(&self, duration_ns: u64) -> f64 {
        match self {
            Self::Constant(arrivals) => arrivals.rate_per_s(),
            Self::Poisson(arrivals) => arrivals.rate_per_s(),
            Self::Piecewise(arrivals) => arrivals.mean_rate(duration_ns),
            Self::Mmpp(arrivals) => arrivals.mean_rate(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn every_kind() -> Vec<Arrivals> {
        let kinds = [
            Arrivals::constant(300.0, 0),
            Arrivals::poisson(300.0),
            Arrivals::ramp(vec![(0, 0.0), (SECOND, 500.0), (3 * SECOND, 100.0)]),
            Arrivals::steps(vec![(0, 200.0), (SECOND, 0.0), (2 * SECOND, 300.0)]),
            Arrivals::mmpp(vec![(100.0, SECOND / 10), (900.0, SECOND / 30)], NextState::Cyclic),
            Arrivals::diurnal(300.0, 10 * SECOND),
        ];
        kinds.map(Result::unwrap).into()
    }

    #[test]
    fn time_never_goes_back() {
        for mut arrivals in every_kind() {
            let (mut stream, mut now) = (Stream::named(1, 0, "order"), 0);
            for _ in 0..2_000 {
                let next = arrivals.next(now, &mut stream).unwrap();
                assert!(next >= now, "{arrivals:?}");
                now = next;
            }
        }
    }

    #[test]
    fn a_clone_has_the_same_future() {
        for mut arrivals in every_kind() {
            let mut stream = Stream::named(1, 0, "fork");
            let mut now = 0;
            for _ in 0..100 {
                now = arrivals.next(now, &mut stream).unwrap();
            }
            let (mut copy, mut copy_stream, mut copy_now) = (arrivals.clone(), stream.clone(), now);
            for _ in 0..100 {
                now = arrivals.next(now, &mut stream).unwrap();
                copy_now = copy.next(copy_now, &mut copy_stream).unwrap();
                assert_eq!(now, copy_now);
            }
        }
    }

    #[test]
    fn the_end_of_time_is_no_arrival() {
        for mut arrivals in every_kind() {
            let mut stream = Stream::named(1, 0, "end");
            let ends = (0..10).any(|_| arrivals.next(u64::MAX, &mut stream).is_none());
            assert!(ends, "{arrivals:?}");
        }
    }
}
