//! Retries: how often, after how long, and when no more.
//!
//! Exponential backoff with full jitter (Brooker, AWS Architecture Blog 2015) and a token budget that keeps
//! retries a fixed share of the ordinary traffic (Finagle's RetryBudget; Beyer et al., Site Reliability
//! Engineering 2016, ch. 21). Without a budget, retries multiply the load just when there is too much of it.

use crate::kernel::{Time, rarely};

/// How a client retries.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPlan {
    /// Attempts in all, at least 1.
    pub attempts: u8,
    /// Wait before the first retry; doubles each time.
    pub backoff: Time,
    /// Longest wait.
    pub backoff_max: Time,
    /// Whether the wait is drawn uniformly between 0 and its full length.
    pub jitter: bool,
    /// Retries allowed per ordinary request, on average; `None` = no budget.
    pub budget: Option<f64>,
}

impl RetryPlan {
    /// One attempt only.
    pub const NONE: RetryPlan =
        RetryPlan { attempts: 1, backoff: 0, backoff_max: 0, jitter: false, budget: None };

    /// Wait before the attempt after `attempts_made`, given a uniform draw.
    pub fn wait(&self, attempts_made: u8, uniform: f64) -> Time {
        let doublings = u32::from(attempts_made.saturating_sub(1)).min(62);
        let full = self.backoff.saturating_mul(1 << doublings).min(self.backoff_max);
        if self.jitter { (full as f64 * uniform) as Time } else { full }
    }
}

/// The tokens that a client's requests have earned for retries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// In billionths of a retry: a tenth ten times is one.
    tokens: u64,
}

const RETRY: u64 = 1_000_000_000;
/// A quiet client may save up this many retries.
const SAVED_AT_MOST: u64 = 100 * RETRY;

impl Budget {
    /// An ordinary request was sent.
    #[inline]
    pub fn earn(&mut self, plan: &RetryPlan) {
        if let Some(share) = plan.budget {
            rarely();
            self.tokens = (self.tokens + (share * RETRY as f64).round() as u64).min(SAVED_AT_MOST);
        }
    }

    /// Whether a retry may be sent now; pays for it.
    pub fn spend(&mut self, plan: &RetryPlan) -> bool {
        if plan.budget.is_none() {
            return true;
        }
        let allowed = self.tokens >= RETRY;
        if allowed {
            self.tokens -= RETRY;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: RetryPlan =
        RetryPlan { attempts: 5, backoff: 100, backoff_max: 350, jitter: false, budget: Some(0.5) };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<Time> = (1..5).map(|made| PLAN.wait(made, 0.9)).collect();
        assert_eq!(waits, [100, 200, 350, 350]);
        let jittered = RetryPlan { jitter: true, ..PLAN };
        assert_eq!(jittered.wait(2, 0.25), 50);
    }

    #[test]
    fn a_budget_of_one_half_pays_one_retry_for_two_requests() {
        let mut budget = Budget::default();
        assert!(!budget.spend(&PLAN));
        budget.earn(&PLAN);
        assert!(!budget.spend(&PLAN));
        budget.earn(&PLAN);
        assert!(budget.spend(&PLAN));
        assert!(!budget.spend(&PLAN));
        assert!(Budget::default().spend(&RetryPlan { budget: None, ..PLAN }));
        for (share, retries) in [(0.1, 100), (0.3, 300), (0.7, 700)] {
            let plan = RetryPlan { budget: Some(share), ..PLAN };
            let mut budget = Budget::default();
            let mut paid = 0;
            for _ in 0..1_000 {
                budget.earn(&plan);
                paid += u32::from(budget.spend(&plan));
            }
            assert_eq!(paid, retries, "{share}");
        }
    }
}
