//! Bursts: a rate that jumps at random.

use super::error::{ArrivalsError, one_of_the_rates};
use super::thinning::exponential_ns;
use crate::random::Stream;

/// Which state follows when one is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextState {
    /// The next one of the list, then the first again.
    Cyclic,
    /// Any other one, all equally likely.
    Random,
}

/// A Markov-modulated Poisson process: Poisson arrivals whose rate changes with a state that lasts an exponential time.
///
/// W. Fischer, K. Meier-Hellstern, "The Markov-Modulated Poisson Process (MMPP) Cookbook", Performance Evaluation 1993. It begins in
/// equilibrium, so that the mean rate holds from the first moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmpp {
    /// Rate per second and mean sojourn in ns.
    states: Vec<(f64, u64)>,
    next_state: NextState,
    state: usize,
    /// When the state is left; `None` before the first call, which decides on the first state.
    leave_ns: Option<u64>,
}

impl Mmpp {
    /// From states of (rate per second, mean sojourn in ns).
    ///
    /// # Errors
    ///
    /// If there is no state, a rate is not within 0 to 1e9 per second, a sojourn is zero, or all rates are zero.
    pub fn new(states: Vec<(f64, u64)>, next_state: NextState) -> Result<Self, ArrivalsError> {
        if states.is_empty() {
            return Err(ArrivalsError::Empty { parameter: "states" });
        }
        for (index, &(rate, sojourn_ns)) in states.iter().enumerate() {
            one_of_the_rates(rate)?;
            if sojourn_ns == 0 {
                return Err(ArrivalsError::Sojourn { index });
            }
        }
        if states.iter().all(|state| state.0 == 0.0) {
            return Err(ArrivalsError::NoArrivals);
        }
        Ok(Self { states, next_state, state: 0, leave_ns: None })
    }

    /// The time in ns of the next arrival after `now_ns`; `None` at the end of time.
    pub fn next(&mut self, now_ns: u64, stream: &mut Stream) -> Option<u64> {
        let mut leave_ns = self.leave_ns.unwrap_or_else(|| self.begin(now_ns, stream));
        let mut time_ns = now_ns;
        while time_ns < u64::MAX {
            if time_ns < leave_ns {
                let rate = self.states[self.state].0;
                let wait_ns = if rate > 0.0 { exponential_ns(1e9 / rate, stream) } else { u64::MAX };
                let candidate_ns = time_ns.saturating_add(wait_ns);
                if candidate_ns < leave_ns {
                    self.leave_ns = Some(leave_ns);
                    return Some(candidate_ns);
                }
                time_ns = leave_ns;
            }
            self.state = self.following(stream);
            leave_ns = leave_ns.saturating_add(self.sojourn(stream));
        }
        self.leave_ns = Some(leave_ns);
        None
    }

    /// The mean rate per second: the mean over the states, weighted by their sojourns, since both ways to choose the next state visit all of
    /// them equally often.
    pub fn mean_rate(&self) -> f64 {
        let arrivals: f64 = self.states.iter().map(|&(rate, sojourn_ns)| rate * sojourn_ns as f64).sum();
        arrivals / self.cycle_ns()
    }

    /// Picks the first state in proportion to the time spent in each; gives the time it is left.
    fn begin(&mut self, now_ns: u64, stream: &mut Stream) -> u64 {
        let mut place = stream.uniform() * self.cycle_ns();
        self.state = self.states.len() - 1;
        for (index, state) in self.states.iter().enumerate() {
            place -= state.1 as f64;
            if place < 0.0 {
                self.state = index;
                break;
            }
        }
        now_ns.saturating_add(self.sojourn(stream))
    }

    fn cycle_ns(&self) -> f64 {
        self.states.iter().map(|state| state.1 as f64).sum()
    }

    fn following(&self, stream: &mut Stream) -> usize {
        let count = self.states.len();
        let steps = match self.next_state {
            NextState::Random if count > 1 => 1 + stream.below(count as u64 - 1) as usize,
            _ => 1,
        };
        (self.state + steps) % count
    }

    /// How long the present state lasts: at least a nanosecond, so that time goes on.
    fn sojourn(&self, stream: &mut Stream) -> u64 {
        exponential_ns(self.states[self.state].1 as f64, stream).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::arrivals::{Arrivals, checks};

    const MS: u64 = 1_000_000;

    #[test]
    fn the_mean_rate_holds_from_the_first_moment() {
        for next_state in [NextState::Cyclic, NextState::Random] {
            let states = vec![(0.0, 900 * MS), (2_000.0, 50 * MS), (100.0, 550 * MS)];
            let mmpp = Arrivals::mmpp(states, next_state).unwrap();
            assert!((mmpp.mean_rate(0) - 155_000.0 / 1_500.0).abs() < 1e-9);
            // Many short runs: a wrong first state would show.
            let counts: Vec<u32> = (0..8_000).map(|run| checks::count_in(&mmpp, run, 0, 200 * MS)).collect();
            checks::mean_is(&counts, 0.2 * mmpp.mean_rate(0), checks::variance(&counts));
            // One long run: wrong successors would show.
            let counts = checks::counts(&mmpp, 300, 10_000 * MS);
            checks::mean_is(&counts, 10.0 * mmpp.mean_rate(0), checks::variance(&counts));
        }
    }

    #[test]
    fn the_next_state_is_another_one() {
        let states = || vec![(1.0, MS), (2.0, MS), (3.0, MS)];
        let mut stream = Stream::named(1, 0, "next state");
        let mut mmpp = Mmpp::new(states(), NextState::Random).unwrap();
        mmpp.state = 1;
        let mut visits = [0_u32; 3];
        (0..1_000).for_each(|_| visits[mmpp.following(&mut stream)] += 1);
        assert_eq!(visits[1], 0);
        assert!(visits[0].abs_diff(visits[2]) < 130, "{visits:?}"); // four standard errors
        mmpp = Mmpp::new(states(), NextState::Cyclic).unwrap();
        mmpp.state = 2;
        assert_eq!(mmpp.following(&mut stream), 0);
    }

    #[test]
    fn it_is_burstier_than_poisson() {
        let mmpp = Arrivals::mmpp(vec![(0.0, 900 * MS), (1_000.0, 100 * MS)], NextState::Cyclic).unwrap();
        let counts = checks::counts(&mmpp, 1_000, 1_000 * MS);
        assert!(checks::variance(&counts) > 20.0 * 100.0);
    }

    #[test]
    fn one_state_is_poisson() {
        let mmpp = Arrivals::mmpp(vec![(40.0, 10 * MS)], NextState::Random).unwrap();
        let counts = checks::counts(&mmpp, 2_000, 1_000 * MS);
        checks::mean_is(&counts, 40.0, 40.0);
        assert!((checks::variance(&counts) / 40.0 - 1.0).abs() < 4.0 * (2.03_f64 / 2_000.0).sqrt());
    }

    #[test]
    fn senseless_parameters_are_refused() {
        let refused = |states: &[(f64, u64)]| Mmpp::new(states.to_vec(), NextState::Cyclic).unwrap_err();
        assert_eq!(refused(&[]), ArrivalsError::Empty { parameter: "states" });
        assert_eq!(refused(&[(1.0, 5), (1.0, 0)]), ArrivalsError::Sojourn { index: 1 });
        assert_eq!(refused(&[(0.0, 5)]), ArrivalsError::NoArrivals);
        assert!(matches!(refused(&[(-1.0, 5)]), ArrivalsError::Rate { .. }));
    }
}
