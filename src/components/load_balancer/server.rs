//! What a careful balancer believes of one server, and what follows from it.

use super::policy::Backend;
use crate::kernel::{SECOND, Time};

/// Beliefs about a server: from checks, from calls that failed, from the operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    /// What the active checks say.
    pub up: bool,
    /// Checks in a row that contradict it.
    pub streak: u32,
    /// It has asked for no new clients (its check says 404); sticky ones may still come.
    pub draining: bool,
    /// It has left the group.
    pub gone: bool,
    /// Passive check: failures counted, and when the last one was.
    pub fails: u32,
    pub failed: Time,
    /// Passive check: when it was last tried for its health.
    pub tried: Time,
    /// Its weight when it is not warming up.
    pub weight: u32,
    /// When it came (back) into service and began to warm up.
    pub warming_since: Option<Time>,
}

impl Condition {
    pub fn new(weight: u32) -> Self {
        Condition {
            up: true,
            streak: 0,
            draining: false,
            gone: false,
            fails: 0,
            failed: 0,
            tried: 0,
            weight,
            warming_since: None,
        }
    }

    /// Whether clients that stick to it may come.
    pub fn serves(&self) -> bool {
        self.up && !self.gone
    }
}

/// Passive checks as in nginx: a server that has failed `max_fails` times within `fail_timeout` rests for as long; then a single call finds out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passive {
    pub max_fails: u32,
    pub fail_timeout: Time,
}

impl Passive {
    pub fn rests(&self, condition: &Condition, now: Time) -> bool {
        condition.fails >= self.max_fails && now - condition.tried <= self.fail_timeout
    }

    /// A call goes to the server: if its time of rest is over, nobody else will for a while.
    pub fn sent(&self, condition: &mut Condition, now: Time) {
        if now - condition.tried > self.fail_timeout {
            condition.tried = now;
        }
    }

    /// A call has an answer, or has failed. Whether that ends a rest.
    pub fn heard(&self, condition: &mut Condition, failed: bool, now: Time) -> bool {
        if failed {
            condition.fails += 1;
            condition.failed = now;
            condition.tried = now;
            return false;
        }
        let forgives = condition.failed < condition.tried;
        let rested = forgives && condition.fails >= self.max_fails;
        if forgives {
            condition.fails = 0;
        }
        rested
    }
}

/// Slow start: the weight of a server that comes into service grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlowStart {
    pub length: Time,
    /// As in HAProxy: sixteenths of the weight, the first one at once, looked at every twentieth of the length or every second if
    /// that is longer (`server_recalc_eweight` and `server_warmup`, HAProxy 2.6). Else along a line.
    pub haproxy: bool,
}

impl SlowStart {
    /// Steps in which the weight grows along a line, each of which has what the line has in its middle: half a step is one part.
    const STEPS: u32 = 20;
    /// Parts of a weight in HAProxy.
    const SIXTEENTHS: u32 = 16;

    /// All weights are counted in this many parts.
    pub fn parts(&self) -> u32 {
        if self.haproxy { Self::SIXTEENTHS } else { 2 * Self::STEPS }
    }

    pub fn step(&self) -> Time {
        let step = self.length / Time::from(Self::STEPS);
        step.max(if self.haproxy { SECOND } else { 1 })
    }

    /// The weight now, in parts; `None` of `warming_since` means full weight.
    pub fn weight(&self, condition: &Condition, now: Time) -> u32 {
        let full = condition.weight.saturating_mul(self.parts());
        let Some(since) = condition.warming_since else { return full };
        if self.haproxy {
            let passed = u128::from(now - since) * u128::from(Self::SIXTEENTHS) / u128::from(self.length);
            return condition.weight * (passed as u32 + 1).min(Self::SIXTEENTHS);
        }
        let passed = u128::from(now - since) * u128::from(Self::STEPS) / u128::from(self.length);
        match passed as u32 {
            steps @ 0..Self::STEPS => condition.weight * (2 * steps + 1),
            _ => full,
        }
    }

    pub fn is_over(&self, condition: &Condition, now: Time) -> bool {
        condition.warming_since.is_some_and(|since| now - since >= self.length)
    }
}

/// Tells the policy's view of a server from the beliefs.
pub(super) fn settle(backend: &mut Backend, condition: &Condition, weight: u32) -> bool {
    let usable = condition.serves() && !condition.draining;
    let changed = backend.usable != usable || backend.weight != weight || backend.listed == condition.gone;
    (backend.usable, backend.listed) = (usable, !condition.gone);
    backend.weight = weight;
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Time = 1_000_000_000;
    const PASSIVE: Passive = Passive { max_fails: 1, fail_timeout: 10 * S };

    #[test]
    fn one_probe_after_the_fail_timeout() {
        let mut server = Condition::new(1);
        PASSIVE.sent(&mut server, 20 * S);
        PASSIVE.heard(&mut server, true, 20 * S);
        assert!(PASSIVE.rests(&server, 20 * S) && PASSIVE.rests(&server, 30 * S));
        assert!(!PASSIVE.rests(&server, 30 * S + 1));
        PASSIVE.sent(&mut server, 31 * S);
        assert!(PASSIVE.rests(&server, 31 * S), "the others wait for the probe's answer");
        PASSIVE.heard(&mut server, true, 31 * S);
        assert!(PASSIVE.rests(&server, 41 * S));
        PASSIVE.sent(&mut server, 42 * S);
        assert!(PASSIVE.heard(&mut server, false, 42 * S), "the rest is over");
        assert!(!PASSIVE.rests(&server, 42 * S));
        assert!(!PASSIVE.heard(&mut server, false, 43 * S), "once");
    }

    #[test]
    fn failures_count_within_the_fail_timeout() {
        let passive = Passive { max_fails: 2, ..PASSIVE };
        let mut server = Condition::new(1);
        passive.sent(&mut server, 20 * S);
        passive.heard(&mut server, true, 20 * S);
        passive.sent(&mut server, 25 * S);
        passive.heard(&mut server, false, 25 * S);
        assert_eq!(server.fails, 1, "a success shortly after forgives nothing");
        passive.sent(&mut server, 31 * S);
        passive.heard(&mut server, false, 31 * S);
        assert_eq!(server.fails, 0, "one after the fail timeout does");
    }

    #[test]
    fn weight_grows_while_it_warms_up() {
        let slow = SlowStart { length: 10 * S, haproxy: false };
        let mut server = Condition::new(3);
        assert_eq!(slow.weight(&server, 0), 120);
        server.warming_since = Some(5 * S);
        assert_eq!([5, 10, 15, 20].map(|at| slow.weight(&server, at * S)), [3, 63, 120, 120]);
        assert!(!slow.is_over(&server, 14 * S) && slow.is_over(&server, 15 * S));
    }

    #[test]
    fn haproxy_counts_in_sixteenths_and_gives_the_first_at_once() {
        let slow = SlowStart { length: 32 * S, haproxy: true };
        let mut server = Condition::new(3);
        assert_eq!((slow.weight(&server, 0), slow.step()), (48, 8 * S / 5));
        server.warming_since = Some(10 * S);
        assert_eq!(
            [10, 11, 12, 40, 41, 42, 50].map(|at| slow.weight(&server, at * S)),
            [3, 3, 6, 48, 48, 48, 48]
        );
        assert_eq!(SlowStart { length: 5 * S, haproxy: true }.step(), S);
    }
}
