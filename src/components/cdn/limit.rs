//! How many purges a network takes: more are turned away (HTTP 429), and nothing is removed.
//!
//! Every edge hears of every purge at the same moment and counts alike, so that all agree without asking each other.

use crate::kernel::{SECOND, Time};
use std::collections::VecDeque;

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    /// A bucket of so many tokens, filled at a rate per second; each purge takes one.
    Bucket { size: f64, per_s: f64 },
    /// At most so many under way, each for so long.
    UnderWay { most: usize, time: Time },
}

/// A limit and what has used it.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    rule: Rule,
    tokens: f64,
    since: Time,
    ends: VecDeque<Time>,
}

impl Limit {
    pub fn new(rule: Rule) -> Self {
        let tokens = if let Rule::Bucket { size, .. } = rule { size } else { 0.0 };
        Limit { rule, tokens, since: 0, ends: VecDeque::new() }
    }

    /// Whether one more is taken now.
    pub fn takes(&mut self, now: Time) -> bool {
        match self.rule {
            Rule::Bucket { size, per_s } => {
                let passed = (now - self.since) as f64 / SECOND as f64;
                self.tokens = (self.tokens + passed * per_s).min(size);
                self.since = now;
                let takes = self.tokens >= 1.0;
                self.tokens -= if takes { 1.0 } else { 0.0 };
                takes
            }
            Rule::UnderWay { most, time } => {
                while self.ends.front().is_some_and(|end| *end <= now) {
                    self.ends.pop_front();
                }
                let takes = self.ends.len() < most;
                if takes {
                    self.ends.push_back(now + time);
                }
                takes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_takes_its_size_at_once_and_then_its_rate() {
        let mut limit = Limit::new(Rule::Bucket { size: 25.0, per_s: 5.0 / 60.0 });
        let taken = |limit: &mut Limit, now| (0..100).filter(|_| limit.takes(now)).count();
        assert_eq!(taken(&mut limit, SECOND), 25);
        assert_eq!(taken(&mut limit, 61 * SECOND), 5);
        assert_eq!(taken(&mut limit, 62 * SECOND), 0);
        assert_eq!(taken(&mut limit, 10_000 * SECOND), 25);
    }

    #[test]
    fn those_under_way_keep_others_out_until_they_are_done() {
        let mut limit = Limit::new(Rule::UnderWay { most: 15, time: 15 * SECOND });
        assert_eq!((0..20).filter(|_| limit.takes(0)).count(), 15);
        assert!(!limit.takes(15 * SECOND - 1));
        assert!(limit.takes(15 * SECOND));
    }
}
