//! What the users of one traffic saw: how long answers took, and which reads were out of date.

use crate::audit::ReadCheck;
use crate::components::Site;
use crate::kernel::request::Outcome;
use crate::kernel::{Readings, Request, Time};
use crate::stats::Histogram;

/// What is asked of a request whose user has what was wanted.
pub(super) struct Satisfied {
    pub begun: Time,
    pub key: u64,
    pub floor: u32,
    pub user: u32,
    pub class: u8,
}

impl Satisfied {
    #[inline(always)]
    pub fn of(request: &Request) -> Self {
        let Request { intended: begun, key, floor, user, class, .. } = *request;
        Satisfied { begun, key, floor, user, class }
    }
}

/// Counts since the start.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// Users of the traffics before this one: people of different traffics are different people.
    others: u32,
    reads: u64,
    stale_reads: u64,
    stale_age: Histogram,
    /// Requests that are over, by outcome.
    succeeded: u64,
    failed: u64,
    rejected: u64,
    timed_out: u64,
    /// When the measured part began.
    from: Time,
    /// Of what was wanted since then, and was answered successfully or given up.
    latency: Histogram,
    /// Of those that were given up, which are in `latency` as well.
    given_up: Histogram,
    /// Of those that failed or were turned away.
    refused: Histogram,
}

impl Seen {
    pub fn new(site: &Site<'_>) -> Self {
        Seen { others: site.layout.users_before(site.index), ..Seen::default() }
    }

    /// A user's number among all people; 0 = nobody.
    #[inline]
    pub fn person(&self, user: u32) -> u32 {
        if user == 0 { 0 } else { self.others + user }
    }

    /// The measured part begins.
    pub fn measure_from(&mut self, now: Time) {
        self.from = now;
    }

    /// What a user had wanted at `begun` was answered now.
    #[inline]
    pub fn waited(&mut self, begun: Time, now: Time) {
        if begun >= self.from {
            self.latency.record(now - begun);
        }
    }

    /// What a user had wanted at `begun` was given up, failed or was turned away now.
    #[cold]
    #[inline(never)]
    pub fn in_vain(&mut self, outcome: Outcome, begun: Time, now: Time) {
        self.ended(outcome);
        if begun < self.from {
            return;
        }
        if outcome == Outcome::TimedOut {
            self.latency.record(now - begun);
            self.given_up.record(now - begun);
        } else {
            self.refused.record(now - begun);
        }
    }

    /// A request is over.
    #[inline(always)]
    pub fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Succeeded => self.succeeded += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::TimedOut => self.timed_out += 1,
        }
    }

    /// A read was answered, and this is the audit's verdict.
    #[inline]
    pub fn read(&mut self, check: &ReadCheck) {
        self.reads += 1;
        if check.stale {
            self.stale_reads += 1;
            self.stale_age.record(check.age_ns.unwrap_or(0));
        }
    }

    /// Times of what was answered as wanted.
    pub fn answered(&self) -> Histogram {
        self.latency.since(&self.given_up)
    }

    pub fn measure(&self, out: &mut Readings) {
        let errors = self.failed + self.rejected + self.timed_out;
        out.count("answered", self.succeeded + errors);
        out.count("errors", errors);
        out.count("requests_failed", self.failed);
        out.count("requests_rejected", self.rejected);
        out.count("requests_timed_out", self.timed_out);
        out.count("reads", self.reads);
        out.count("stale_reads", self.stale_reads);
        out.histogram("stale_age", &self.stale_age);
        out.histogram("latency", &self.latency);
        out.histogram("given_up", &self.given_up);
        out.histogram("refused", &self.refused);
        // (What is open enters when counting ends.)
        out.histogram("open", &Histogram::new());
    }
}
