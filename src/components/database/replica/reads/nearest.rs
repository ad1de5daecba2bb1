//! Reads go to a member within a threshold of the nearest one, replica or primary.
//!
//! MongoDB Server Selection specification, "Filtering suitable servers based on the latency window" and "Multi-threaded or asynchronous
//! server selection" (github.com/mongodb/specifications, server-selection.md, read 2026-11): of the members whose average round trip is no
//! more than `localThresholdMS` above the shortest, two are drawn, and the one with fewer operations under way is asked. How round trips
//! are measured: `replica::pings`.
//!
//! A way can only be short or long if it is travelled. Members at several places (`region`) are as far as they are from each caller,
//! with every policy. Those of one place are told apart by the link within the database, over which the router's messages travel as
//! those between members do; with the other policies they take no time.

use super::Reads;
use crate::catalog::Policy;
use crate::kernel::Time;

pub(super) const ENTRY: Policy = Policy {
    name: "nearest",
    about: "of the members within `local_threshold` of the shortest round trip, two are drawn and the one with fewer operations under way is asked; round trips are measured by pings (`ping_every`), and the router's messages to members of the same region travel as those between members do (with the other policies they take no time); with members in several regions the way from each caller's region counts",
    source: "MongoDB Server Selection specification, latency window and operationCount",
    wrong_when: "no read may be stale; or a member is slow at its work and not far: a ping is answered at once",
};

/// The primary stands in as long as nobody is measured.
pub(super) const READS: Reads =
    Reads { pick: |_, primary, _| primary, carries_position: false, bounds_lag: false, measures: true };

/// A member that may be asked.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its place among the members.
    pub member: usize,
    /// Average round trip.
    pub round_trip: Time,
    /// Operations that it has not answered.
    pub operations: u32,
}

/// The member to ask, by two draws from (0, 1); none if there is no candidate.
pub fn select(candidates: &mut Vec<Candidate>, threshold: Time, draws: (f64, f64)) -> Option<usize> {
    let shortest = candidates.iter().map(|candidate| candidate.round_trip).min()?;
    candidates.retain(|candidate| candidate.round_trip <= shortest.saturating_add(threshold));
    let place = |draw: f64, count: usize| ((draw * count as f64) as usize).min(count - 1);
    let first = candidates.swap_remove(place(draws.0, candidates.len()));
    if candidates.is_empty() {
        return Some(first.member);
    }
    let second = candidates[place(draws.1, candidates.len())];
    Some(if second.operations < first.operations { second.member } else { first.member })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each of four members is asked, over a fine grid of draws.
    fn shares(members: [(Time, u32); 4], threshold: Time) -> [f64; 4] {
        const STEPS: usize = 60;
        let mut counts = [0; 4];
        for step in 0..STEPS * STEPS {
            let draw = |step: usize| (step as f64 + 0.5) / STEPS as f64;
            let candidate = |(member, (round_trip, operations)): (usize, &(Time, u32))| Candidate {
                member,
                round_trip: *round_trip,
                operations: *operations,
            };
            let mut candidates = members.iter().enumerate().map(candidate).collect();
            let draws = (draw(step / STEPS), draw(step % STEPS));
            counts[select(&mut candidates, threshold, draws).unwrap()] += 1;
        }
        counts.map(|count| f64::from(count) / (STEPS * STEPS) as f64)
    }

    #[test]
    fn the_window_begins_at_the_shortest_and_ends_a_threshold_later() {
        assert_eq!(shares([(5, 0), (20, 0), (21, 0), (900, 0)], 15), [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(shares([(5, 0), (20, 0), (21, 0), (900, 0)], 0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(shares([(5, 0), (20, 0), (21, 0), (900, 0)], Time::MAX), [0.25; 4]);
        assert_eq!(select(&mut Vec::new(), 15, (0.5, 0.5)), None);
    }

    /// Of two drawn the less busy one: the busiest is asked never, the idlest whenever it is drawn, in half of all cases.
    #[test]
    fn of_two_the_less_busy() {
        let shares = shares([(1, 9), (1, 3), (1, 0), (1, 5)], 15);
        let expected = [0.0, 1.0 / 3.0, 0.5, 1.0 / 6.0];
        let close = |(share, expected): (&f64, &f64)| (share - expected).abs() < 0.01;
        assert!(shares.iter().zip(&expected).all(close), "{shares:?}");
    }
}
