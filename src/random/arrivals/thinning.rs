//! Poisson arrivals of a rate that changes with time.

use crate::random::Stream;
use crate::random::logarithm::ln;

/// A stretch of time, `start_ns..end_ns`, over which the rate (per second) runs in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) start_rate: f64,
    pub(super) end_rate: f64,
}

impl Piece {
    /// The highest rate of the piece, at one of its ends.
    #[inline]
    fn peak(&self) -> f64 {
        self.start_rate.max(self.end_rate)
    }

    #[inline]
    fn is_flat(&self) -> bool {
        self.start_rate == self.end_rate
    }

    /// The rate at a time within the piece.
    #[inline]
    pub(super) fn rate_at(&self, time_ns: u64) -> f64 {
        if self.is_flat() {
            return self.start_rate;
        }
        let place = (time_ns - self.start_ns) as f64 / (self.end_ns - self.start_ns) as f64;
        self.start_rate + (self.end_rate - self.start_rate) * place
    }

    /// The expected number of arrivals before `until_ns`, times 1e9.
    pub(super) fn area_before(&self, until_ns: u64) -> f64 {
        let end_ns = self.end_ns.min(until_ns);
        if end_ns <= self.start_ns {
            return 0.0;
        }
        (end_ns - self.start_ns) as f64 * (self.start_rate + self.rate_at(end_ns)) / 2.0
    }
}

/// An exponentially distributed time in whole nanoseconds.
#[inline]
pub(super) fn exponential_ns(mean_ns: f64, stream: &mut Stream) -> u64 {
    (-mean_ns * ln(stream.uniform()) + 0.5) as u64
}

/// The next arrival after `now_ns`; `piece_at` gives the piece that holds a time. `None` at the end of time.
///
/// P. A. W. Lewis, G. S. Shedler, "Simulation of Nonhomogeneous Poisson Processes by Thinning", Naval Research Logistics Quarterly 1979:
/// candidates come at the highest rate of the piece and stay with probability rate / highest rate.
#[inline]
pub(super) fn next_arrival(
    now_ns: u64,
    stream: &mut Stream,
    mut piece_at: impl FnMut(u64) -> Piece,
) -> Option<u64> {
    let mut time_ns = now_ns;
    while time_ns < u64::MAX {
        let piece = piece_at(time_ns);
        let peak = piece.peak();
        let wait_ns = if peak > 0.0 { exponential_ns(1e9 / peak, stream) } else { u64::MAX };
        let candidate_ns = time_ns.saturating_add(wait_ns);
        if candidate_ns >= piece.end_ns {
            // Without memory, the process may as well begin anew with the next piece.
            time_ns = piece.end_ns;
            continue;
        }
        if piece.is_flat() || stream.uniform() * peak < piece.rate_at(candidate_ns) {
            return Some(candidate_ns);
        }
        time_ns = candidate_ns;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_areas_of_a_slope() {
        let piece = Piece { start_ns: 100, end_ns: 300, start_rate: 10.0, end_rate: 30.0 };
        assert_eq!((piece.rate_at(100), piece.rate_at(150), piece.peak()), (10.0, 15.0, 30.0));
        assert_eq!(
            (piece.area_before(50), piece.area_before(200), piece.area_before(900)),
            (0.0, 1_500.0, 4_000.0)
        );
    }

    #[test]
    fn rounding_to_nanoseconds_keeps_the_mean() {
        let mut stream = Stream::named(1, 0, "exponential");
        let sum: u64 = (0..100_000).map(|_| exponential_ns(50.0, &mut stream)).sum();
        assert!((sum as f64 / 1e5 - 50.0).abs() < 4.0 * 50.0 / 1e5_f64.sqrt(), "{sum}");
    }
}
