//! Active health checks: real calls to each server, at intervals.
//!
//! The next check begins one interval after the answer of the last. So a server that refuses is found out after (fall - 1) to
//! fall intervals, one that is silent after up to fall times (interval + timeout), as in HAProxy.

use super::server::Condition;
use crate::kernel::{Status, Time};

/// How servers are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    pub interval: Time,
    /// How long a check waits for its answer.
    pub timeout: Time,
    /// Good checks in a row that bring a server back.
    pub rise: u32,
    /// Bad ones that take it out.
    pub fall: u32,
}

/// What a check has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    Down,
    Up,
    Drains,
    BackFromDrain,
}

impl Change {
    /// How events.csv calls it.
    pub fn name(self) -> &'static str {
        match self {
            Change::Down => "server_down",
            Change::Up => "server_up",
            Change::Drains => "server_drains",
            Change::BackFromDrain => "server_back",
        }
    }

    /// Whether the server takes new clients again.
    pub fn opens(self) -> bool {
        matches!(self, Change::Up | Change::BackFromDrain)
    }
}

impl Checks {
    /// When the first check of a server begins: they are spread over the interval (HAProxy, start_checks), which begins at a phase of the
    /// balancer's own.
    pub fn first(&self, server: usize, servers: usize, phase: Time) -> Time {
        let spread = (u128::from(self.interval) * server as u128 / servers.max(1) as u128) as Time;
        phase.saturating_add(spread) % self.interval.max(1)
    }

    /// Takes an answer in. "Not found" means: alive, but send nobody new (HAProxy, http-check disable-on-404).
    pub fn hear(&self, condition: &mut Condition, status: Status) -> Option<Change> {
        let alive = matches!(status, Status::Ok | Status::Missing);
        let drains = status == Status::Missing;
        if alive == condition.up {
            condition.streak = 0;
            if !alive || drains == condition.draining {
                return None;
            }
            condition.draining = drains;
            return Some(if drains { Change::Drains } else { Change::BackFromDrain });
        }
        condition.streak += 1;
        if condition.streak < if condition.up { self.fall } else { self.rise } {
            return None;
        }
        condition.streak = 0;
        condition.up = alive;
        condition.draining = drains;
        Some(if alive { Change::Up } else { Change::Down })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: Checks = Checks { interval: 1000, timeout: 1000, rise: 2, fall: 3 };

    #[test]
    fn as_many_in_a_row_as_rise_and_fall_say() {
        let mut server = Condition::new(1);
        let mut hear = |status| CHECKS.hear(&mut server, status);
        assert_eq!(hear(Status::Reset), None);
        assert_eq!(hear(Status::TimedOut), None);
        assert_eq!(hear(Status::Ok), None);
        assert_eq!(hear(Status::Reset), None);
        assert_eq!(hear(Status::Reset), None);
        assert_eq!(hear(Status::Reset), Some(Change::Down));
        assert_eq!(hear(Status::Ok), None);
        assert_eq!(hear(Status::Reset), None);
        assert_eq!(hear(Status::Ok), None);
        assert_eq!(hear(Status::Ok), Some(Change::Up));
    }

    #[test]
    fn a_draining_server_is_up_but_takes_nobody_new() {
        let mut server = Condition::new(1);
        assert_eq!(CHECKS.hear(&mut server, Status::Missing), Some(Change::Drains));
        assert!(server.serves() && server.draining);
        assert_eq!(CHECKS.hear(&mut server, Status::Missing), None);
        assert_eq!(CHECKS.hear(&mut server, Status::Ok), Some(Change::BackFromDrain));
        assert!(!server.draining);
    }

    #[test]
    fn first_checks_are_spread() {
        assert_eq!([0, 1, 2, 3].map(|server| CHECKS.first(server, 4, 0)), [0, 250, 500, 750]);
        assert_eq!([0, 1, 2, 3].map(|server| CHECKS.first(server, 4, 600)), [600, 850, 100, 350]);
    }
}
