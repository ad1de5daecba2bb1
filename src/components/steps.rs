//! Where the time of a request goes before the answer is there: the steps that a client's request notes.

use crate::kernel::{MICROSECOND, Request, Time};

/// A step that takes time of its own; what no step has taken was spent waiting for the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Finding the address.
    Lookup,
    /// Opening the connection (TCP).
    Connect,
    /// Making it secret (TLS).
    Tls,
    /// From the first byte of the answer to the last.
    Transfer,
}

/// All steps, in the order in which they come.
pub const STEPS: [Step; 4] = [Step::Lookup, Step::Connect, Step::Tls, Step::Transfer];

/// What a traffic without any step tells: its times, all of which were waiting.
pub const STEPLESS: &str = "stepless";

impl Step {
    /// Notes time spent in this step, to the microsecond.
    #[inline]
    pub fn note(self, request: &mut Request, time: Time) {
        let spent = &mut request.steps[self as usize];
        *spent = spent.saturating_add((time / MICROSECOND).min(u64::from(u32::MAX)) as u32);
    }

    /// Time that was noted and not spent after all.
    pub fn take_back(self, request: &mut Request, time: Time) {
        let spent = &mut request.steps[self as usize];
        *spent = spent.saturating_sub((time / MICROSECOND).min(u64::from(u32::MAX)) as u32);
    }

    /// Time that a request has spent in this step.
    #[inline]
    pub fn of(self, request: &Request) -> Time {
        u64::from(request.steps[self as usize]) * MICROSECOND
    }
}
