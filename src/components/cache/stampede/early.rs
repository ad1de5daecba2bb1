//! XFetch: each look-up of a fresh item may decide to load it anew before it expires, the more likely the nearer its end.
//!
//! With delta the time a load takes, beta a factor and u uniform in (0, 1), a look-up at `now` loads if
//! `now - delta * beta * ln(u) >= expiry`. Most items are loaded early by one look-up and never expire under a crowd. Delta is
//! measured here, from the miss to the fill, and smoothed over the node's keys (1/8 of each new sample, as TCP smooths
//! round trips); the paper keeps one for each item, which differs if some items are much slower to load than others. Loads of a key may
//! overlap, and do if they are slow: each is known by the token that it was sent with. (Where leases or versions give the tokens, loads
//! under the same one are measured by the first of them.)

use super::super::recent::Recent;
use crate::catalog::Policy;
use crate::kernel::Time;
use crate::random::mix::combine;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "early",
    about: "a look-up may load a fresh item anew, the more likely the nearer its expiry (`beta`)",
    source: "Vattani, Chierichetti, Lowenstein, Optimal Probabilistic Cache Stampede Prevention, VLDB 2015 (XFetch)",
    wrong_when: "items are looked up rarely: nobody comes in time, and there is no crowd to fear",
};

/// Weight of a new sample (Jacobson 1988).
const SMOOTHING: f64 = 0.125;

/// What a node knows of its loads.
#[derive(Clone, Debug)]
pub struct Early {
    beta: f64,
    /// Smoothed time of a load in nanoseconds; 0 before the first.
    delta_ns: f64,
    /// When the loads under way began, by key and token.
    begun: Recent<Time>,
    last: u32,
}

impl Early {
    pub(super) fn new(most: usize, beta: f64) -> Self {
        Early { beta, delta_ns: 0.0, begun: Recent::new(most), last: 0 }
    }

    /// Whether a look-up with this uniform draw loads an item that expires then.
    pub fn is_due(&self, expires: Time, now: Time, uniform: f64) -> bool {
        let ahead_ns = -self.delta_ns * self.beta * libm::log(uniform);
        (expires - now) as f64 <= ahead_ns
    }

    /// Somebody sets out to load. `token`: what the fill must show anyway, or 0. Returns what it shows.
    pub fn begin(&mut self, key: u64, token: u32, now: Time) -> u32 {
        self.last = super::super::fills::next_token(self.last);
        let token = if token == 0 { self.last } else { token };
        let load = combine(key, token.into());
        if self.begun.get(load).is_none() {
            self.begun.insert(load, now);
        }
        token
    }

    pub(super) fn filled(&mut self, key: u64, token: u32, now: Time) {
        let Some(begun) = self.begun.remove(combine(key, token.into())) else { return };
        let took_ns = (now - begun) as f64;
        let first = self.delta_ns == 0.0;
        self.delta_ns = if first { took_ns } else { self.delta_ns + SMOOTHING * (took_ns - self.delta_ns) };
    }

    pub(super) fn clear(&mut self) {
        self.begun.clear();
        self.delta_ns = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chance that a look-up `left` before the expiry loads is exp(-left / (beta delta)): the law of XFetch.
    #[test]
    fn the_chance_grows_exponentially_towards_the_expiry() {
        let mut early = Early::new(10, 2.0);
        let token = early.begin(7, 0, 1_000);
        early.filled(7, token, 1_500);
        for left in [100_u64, 1_000, 3_000] {
            let expected = libm::exp(-(left as f64) / (2.0 * 500.0));
            let draws = 100_000;
            let due = (0..draws).filter(|i| early.is_due(left, 0, (*i as f64 + 0.5) / f64::from(draws)));
            let share = due.count() as f64 / f64::from(draws);
            assert!((share - expected).abs() < 1e-4, "{left}: {share} against {expected}");
        }
    }

    #[test]
    fn delta_follows_the_loads() {
        let mut early = Early::new(10, 1.0);
        assert!(!early.is_due(1, 0, 1e-9), "nothing is known yet");
        let overlapping = [0, 50, 90].map(|begun| (early.begin(1, 0, begun), begun + 100));
        for (token, ends) in overlapping {
            early.filled(1, token, ends);
            early.filled(1, token, ends + 700);
        }
        assert_eq!(early.delta_ns, 100.0, "each from its own beginning to its own end, once");
        let given = [early.begin(1, 5, 0), early.begin(1, 5, 50)];
        early.filled(1, 5, 900);
        assert_eq!((given, early.delta_ns), ([5, 5], 200.0));
    }
}
