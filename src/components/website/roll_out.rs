//! A rolling deploy: the machines that serve a site get the next build one after the other, and until then serve the last one.

use crate::components::Site;
use crate::kernel::Time;

/// The machines of a site and what is being rolled out to them.
#[derive(Clone, Debug)]
pub(super) struct Machines {
    count: u64,
    purpose: u64,
    /// Switched off by a test: all machines are new at once.
    at_once: bool,
    under_way: Option<(Time, Time)>,
}

impl Machines {
    pub fn new(site: &Site<'_>) -> Self {
        Machines {
            count: site.settings().count("machines").expect("preset"),
            purpose: site.purpose("machine"),
            at_once: site.is_disabled("roll_out"),
            under_way: None,
        }
    }

    /// Purpose of the draw that says which machine a request reaches.
    pub fn purpose(&self) -> u64 {
        self.purpose
    }

    /// Begins a roll-out of this length. False if there is nothing to wait for.
    pub fn begin(&mut self, now: Time, length: Time) -> bool {
        let takes_time = length > 0 && !self.at_once;
        self.under_way = takes_time.then_some((now, length));
        takes_time
    }

    /// Whether some machine may be old still.
    pub fn is_rolling(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether a roll-out has come to its end, which is then over.
    pub fn ends(&mut self, now: Time) -> bool {
        let over = self.under_way.is_some_and(|(begin, length)| now >= begin + length);
        if over {
            self.under_way = None;
        }
        over
    }

    /// How long the roll-out takes from now on.
    pub fn left(&self, now: Time) -> Option<Time> {
        self.under_way.map(|(begin, length)| (begin + length).saturating_sub(now))
    }

    /// Whether the machine that this draw means has the new build. Each takes the same part of the time, at whose end it is new.
    pub fn is_new(&self, draw: f64, now: Time) -> bool {
        let Some((begin, length)) = self.under_way else { return false };
        let machine = ((draw * self.count as f64) as u64).min(self.count - 1);
        let done = u128::from(now - begin) * u128::from(self.count) / u128::from(length);
        u128::from(machine) < done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list of the moments at which the machines become new.
        #[test]
        fn machines_become_new_one_after_the_other(count in 1u64..20, length in 20u64..10_000, passed in 0u64..12_000, draw in 0.0f64..1.0) {
            let mut machines = Machines { count, purpose: 0, at_once: false, under_way: None };
            prop_assert!(machines.begin(50, length));
            let moments: Vec<f64> = (1..=count).map(|n| 50.0 + (length * n) as f64 / count as f64).collect();
            let mine = moments[(draw * count as f64) as usize];
            let now = 50 + passed;
            prop_assert_eq!(machines.is_new(draw, now), now as f64 >= mine);
            prop_assert_eq!(machines.ends(now), now as f64 >= *moments.last().unwrap());
        }
    }
}
