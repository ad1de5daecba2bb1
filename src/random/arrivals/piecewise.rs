//! A rate that follows straight lines: ramps, steps, spikes.

use super::error::{ArrivalsError, one_of_the_rates};
use super::thinning::{Piece, next_arrival};
use crate::random::Stream;

/// A Poisson process whose rate runs in straight lines between given points.
#[derive(Clone, Debug, PartialEq)]
pub struct Piecewise {
    /// Without gaps from 0 to the end of time, none of them empty.
    pieces: Vec<Piece>,
    /// The piece last used: time mostly goes on.
    current: usize,
    /// Whether it goes on for as long as anybody wants.
    endless: bool,
}

impl Piecewise {
    /// Through points of (time in ns, rate per second); two points at one time are a jump. Before the first and after the last point the
    /// rate is theirs.
    ///
    /// # Errors
    ///
    /// If there is no point, times go back, or a rate is not within 0 to 1e9 per second.
    pub fn ramp(points: Vec<(u64, f64)>) -> Result<Self, ArrivalsError> {
        let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
            return Err(ArrivalsError::Empty { parameter: "points" });
        };
        for (index, point) in points.iter().enumerate() {
            one_of_the_rates(point.1)?;
            if index > 0 && point.0 < points[index - 1].0 {
                return Err(ArrivalsError::TimeGoesBack { index });
            }
        }
        let inner = points.windows(2).map(|pair| (pair[0], pair[1]));
        let lines = std::iter::once(((0, first.1), first)).chain(inner).chain([(last, (u64::MAX, last.1))]);
        let pieces = lines.map(|((start_ns, start_rate), (end_ns, end_rate))| Piece {
            start_ns,
            end_ns,
            start_rate,
            end_rate,
        });
        let pieces = pieces.filter(|piece| piece.start_ns < piece.end_ns).collect();
        Ok(Self { pieces, current: 0, endless: false })
    }

    /// Jumps to each rate per second at its time in ns and stays there until the next. Before the first time the rate is the first one.
    ///
    /// # Errors
    ///
    /// As for [`ramp`](Self::ramp).
    pub fn steps(steps: &[(u64, f64)]) -> Result<Self, ArrivalsError> {
        let mut points = Vec::with_capacity(2 * steps.len());
        for (index, &step) in steps.iter().enumerate() {
            if index > 0 {
                points.push((step.0, steps[index - 1].1));
            }
            points.push(step);
        }
        // A mistake must be reported by its place among the steps, not among the points.
        Self::ramp(points).map_err(|error| match error {
            ArrivalsError::TimeGoesBack { index } => ArrivalsError::TimeGoesBack { index: index.div_ceil(2) },
            other => other,
        })
    }

    /// The same as a pattern that nobody expects to come to its end: days.
    pub fn endless(self) -> Self {
        Self { endless: true, ..self }
    }

    /// When the first rate begins that a process which ends at `end_ns` never comes to, if there is one. That a rate of before comes back
    /// only later is no matter: a spike may last until the end.
    pub fn unreached(&self, end_ns: u64) -> Option<u64> {
        let rates = |piece: &Piece| [piece.start_rate, piece.end_rate];
        let (begun, rest) =
            self.pieces.split_at(self.pieces.partition_point(|piece| piece.start_ns < end_ns));
        let is_new = |rate: &f64| !begun.iter().any(|piece| rates(piece).contains(rate));
        let first = rest.iter().find(|piece| rates(piece).iter().any(is_new))?;
        (!self.endless).then_some(first.start_ns)
    }

    /// Whether its rate is another one at another time.
    pub fn changes(&self) -> bool {
        let first = self.pieces[0].start_rate;
        self.pieces.iter().any(|piece| piece.start_rate != first || piece.end_rate != first)
    }

    /// The rate at `end_ns`, and the one that it was on its way to then, if it was.
    pub fn on_its_way(&self, end_ns: u64) -> Option<(f64, f64)> {
        let piece = self.pieces.iter().find(|piece| piece.end_ns >= end_ns).filter(|_| !self.endless)?;
        let is_on_its_way = piece.end_ns > end_ns && piece.start_rate != piece.end_rate;
        is_on_its_way.then(|| (piece.rate_at(end_ns), piece.end_rate))
    }

    /// The time in ns of the next arrival after `now_ns`; `None` if the rate stays zero for ever.
    #[inline]
    pub fn next(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        let Self { pieces, current, .. } = self;
        if now_ns < pieces[*current].start_ns {
            *current = pieces.partition_point(|piece| piece.end_ns <= now_ns);
        }
        next_arrival(now_ns, stream, |time_ns| {
            // The last piece ends with time itself, which `next_arrival` never asks for.
            while pieces[*current].end_ns <= time_ns {
                *current += 1;
            }
            pieces[*current]
        })
    }

    /// The expected number of arrivals per second over the first `duration_ns`; the initial rate if that is 0.
    pub fn mean_rate(&self, duration_ns: u64) -> f64 {
        if duration_ns == 0 {
            return self.pieces[0].start_rate;
        }
        let area: f64 = self.pieces.iter().map(|piece| piece.area_before(duration_ns)).sum();
        area / duration_ns as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::arrivals::{Arrivals, checks};

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_ramp_has_the_rate_of_each_window() {
        let ramp = Arrivals::ramp(vec![(SECOND, 20.0), (3 * SECOND, 100.0), (4 * SECOND, 0.0)]).unwrap();
        // Windows of one second: flat before the ramp, two halves of the rise, the fall, nothing.
        checks::windows(&ramp, &[20.0, 40.0, 80.0, 50.0, 0.0, 0.0]);
    }

    #[test]
    fn a_ramp_that_goes_on_is_on_its_way() {
        let ramp = Piecewise::ramp(vec![(SECOND, 20.0), (3 * SECOND, 100.0)]).unwrap();
        let at = |seconds| ramp.on_its_way(seconds * SECOND);
        assert_eq!([at(1), at(2), at(3), at(4)], [None, Some((60.0, 100.0)), None, None]);
        let steps = Piecewise::steps(&[(0, 30.0), (3 * SECOND, 60.0)]).unwrap();
        assert_eq!(steps.on_its_way(2 * SECOND), None);
    }

    #[test]
    fn steps_jump() {
        let steps =
            Arrivals::steps(vec![(0, 30.0), (SECOND, 0.0), (3 * SECOND, 60.0), (4 * SECOND, 10.0)]).unwrap();
        checks::windows(&steps, &[30.0, 0.0, 0.0, 60.0, 10.0, 10.0]);
    }

    #[test]
    fn the_mean_rate_is_the_area() {
        let mean = |points: &[(u64, f64)], seconds| {
            Piecewise::ramp(points.to_vec()).unwrap().mean_rate(seconds * SECOND)
        };
        let points = [(SECOND, 20.0), (3 * SECOND, 100.0), (3 * SECOND, 0.0)];
        assert_eq!(
            (mean(&points, 0), mean(&points, 1), mean(&points, 2), mean(&points, 3)),
            (20.0, 20.0, 30.0, 140.0 / 3.0)
        );
        assert_eq!(mean(&points, 14), 10.0);
    }

    #[test]
    fn a_rate_that_begins_after_the_end_is_found() {
        let unreached = |points: &[(u64, f64)], seconds| {
            Piecewise::steps(points).unwrap().unreached(seconds * SECOND).map(|at| at / SECOND)
        };
        let spike = [(0, 10.0), (30 * SECOND, 100.0), (40 * SECOND, 10.0)];
        assert_eq!(
            [20, 30, 31, 40, 50].map(|end| unreached(&spike, end)),
            [Some(30), Some(30), None, None, None]
        );
        let stairs = [(0, 10.0), (SECOND, 20.0), (2 * SECOND, 30.0)];
        assert_eq!([1, 2, 3].map(|end| unreached(&stairs, end)), [Some(1), Some(2), None]);
        let ramp =
            |end| Piecewise::ramp(vec![(0, 1.0), (10, 2.0), (20, 2.0), (30, 3.0)]).unwrap().unreached(end);
        assert_eq!([5, 10, 20, 21].map(ramp), [Some(20), Some(20), Some(20), None]);
        assert_eq!(super::super::day::days(5.0, SECOND).unwrap().unreached(1), None);
    }

    #[test]
    fn zero_for_ever_has_no_arrival() {
        let mut arrivals = Piecewise::steps(&[(0, 5.0), (SECOND, 0.0)]).unwrap();
        assert_eq!(arrivals.next(2 * SECOND, &mut Stream::named(1, 0, "zero")), None);
        // Time may go back, as at a second start: the pieces are found again.
        assert!(arrivals.next(0, &mut Stream::named(1, 0, "zero")).is_some());
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert_eq!(Piecewise::ramp(vec![]), Err(ArrivalsError::Empty { parameter: "points" }));
        assert!(Piecewise::ramp(vec![(0, f64::NAN)]).is_err());
        let back = [(0, 1.0), (5, 1.0), (4, 1.0)];
        assert_eq!(Piecewise::ramp(back.to_vec()), Err(ArrivalsError::TimeGoesBack { index: 2 }));
        assert_eq!(Piecewise::steps(&back), Err(ArrivalsError::TimeGoesBack { index: 2 }));
    }
}
