//! A rate given second by second.

use super::error::{ArrivalsError, one_of_the_rates};
use super::thinning::{Piece, next_arrival};
use crate::random::Stream;

const SECOND_NS: u64 = 1_000_000_000;

/// A Poisson process whose rate is tabulated on a grid of one second, with straight lines between: diurnal curves from data, a script's
/// function of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    rates_per_s: Vec<f64>,
}

impl Function {
    /// The rates per second at 0 s, 1 s, 2 s, ...; after the last, it stays.
    ///
    /// # Errors
    ///
    /// If there is no value or one is not within 0 to 1e9 per second.
    pub fn new(rates_per_s: Vec<f64>) -> Result<Self, ArrivalsError> {
        if rates_per_s.is_empty() {
            return Err(ArrivalsError::Empty { parameter: "rates" });
        }
        rates_per_s.iter().try_for_each(|&rate| one_of_the_rates(rate).map(drop))?;
        Ok(Self { rates_per_s })
    }

    /// The time in ns of the next arrival after `now_ns`; `None` if the rate stays zero for ever.
    #[inline]
    pub fn next(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        next_arrival(now_ns, stream, |time_ns| self.piece((time_ns / SECOND_NS) as usize))
    }

    /// The expected number of arrivals per second over the first `duration_ns`; the initial rate if that is 0.
    pub fn mean_rate(&self, duration_ns: u64) -> f64 {
        if duration_ns == 0 {
            return self.rates_per_s[0];
        }
        let area: f64 =
            (0..self.rates_per_s.len()).map(|index| self.piece(index).area_before(duration_ns)).sum();
        area / duration_ns as f64
    }

    /// The piece of that second; the last one has no end.
    #[inline]
    fn piece(&self, second: usize) -> Piece {
        let last = self.rates_per_s.len() - 1;
        if second >= last {
            let rate = self.rates_per_s[last];
            return Piece {
                start_ns: last as u64 * SECOND_NS,
                end_ns: u64::MAX,
                start_rate: rate,
                end_rate: rate,
            };
        }
        let start_ns = second as u64 * SECOND_NS;
        let (start_rate, end_rate) = (self.rates_per_s[second], self.rates_per_s[second + 1]);
        Piece { start_ns, end_ns: start_ns + SECOND_NS, start_rate, end_rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::arrivals::{Arrivals, checks};

    #[test]
    fn every_second_has_the_mean_of_its_ends() {
        let arrivals = Arrivals::function(vec![0.0, 80.0, 40.0, 0.0, 0.0, 10.0]).unwrap();
        checks::windows(&arrivals, &[40.0, 60.0, 20.0, 0.0, 5.0, 10.0, 10.0]);
    }

    #[test]
    fn it_agrees_with_the_ramp_through_the_same_points() {
        let rates = [3.0, 9.0, 1.0, 0.0, 7.0];
        let points = (0..).zip(rates).map(|(second, rate)| (second * SECOND_NS, rate)).collect();
        let (mut function, mut ramp) =
            (Function::new(rates.to_vec()).unwrap(), Arrivals::ramp(points).unwrap());
        let mut streams = [Stream::named(1, 0, "same"), Stream::named(1, 0, "same")];
        let mut now = 0;
        for _ in 0..100 {
            let next = function.next(now, &mut streams[0]);
            assert_eq!(next, ramp.next(now, &mut streams[1]));
            now = next.unwrap();
        }
        for duration_ns in [0, 1, SECOND_NS / 3, 2 * SECOND_NS, 9 * SECOND_NS] {
            assert!((function.mean_rate(duration_ns) - ramp.mean_rate(duration_ns)).abs() < 1e-9);
        }
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Function::new(vec![]).is_err() && Function::new(vec![1.0, -1.0]).is_err());
        assert_eq!(Function::new(vec![0.0]).unwrap().next(0, &mut Stream::named(1, 0, "none")), None);
    }
}
