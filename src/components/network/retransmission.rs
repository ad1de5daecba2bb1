//! What TCP does with a message that gets lost: it sends it again after a time-out, and each further time after twice as long.
//!
//! There are no packets here: a message is lost and sent again as a whole, which is right for those of one segment. Of longer ones the
//! segments behind the lost one would call for it sooner (fast retransmit, RFC 5681, 3.2). Messages behind it on the same connection do not
//! wait for it. What a cut holds up goes when it is healed, with the next transmission.

use crate::kernel::{MILLISECOND, SECOND, Time};

/// As long as no round trip has been measured (RFC 6298, 2.1; Linux: `TCP_TIMEOUT_INIT`).
const INITIAL: Time = SECOND;
/// What Linux adds at least to the round trip that it has measured (`TCP_RTO_MIN`, HZ / 5, a bound of the variation; RFC 6298, 2.4 says 1 s in all).
const LEAST_VARIATION: Time = 200 * MILLISECOND;
/// Longest wait (Linux: `TCP_RTO_MAX`, 120 s; RFC 6298, 2.5: at least 60 s).
const MOST: Time = 120 * SECOND;
/// How often Linux sends a segment again before it gives the connection up (ip-sysctl, `tcp_retries2`: 15).
const RETRIES: u64 = 15;
/// How often it sends a SYN again (`tcp_syn_retries`: 6; from Linux 6.5 on the first four waits do not double, `tcp_syn_linear_timeouts`).
const SYN_RETRIES: u64 = 6;

/// The retransmission timer of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timer {
    first: Time,
    retries: u64,
}

impl Timer {
    /// On a connection that is open; each message measures the same round trip, so that it does not vary.
    pub fn established(rtt: Time) -> Self {
        Timer { first: rtt.saturating_add(LEAST_VARIATION).min(MOST), retries: RETRIES }
    }

    /// Of what opens a connection: its SYN, and its SYN-ACK (which Linux sends again one time less: `tcp_synack_retries`, 5).
    pub fn opening() -> Self {
        Timer { first: INITIAL, retries: SYN_RETRIES }
    }

    /// The first wait.
    pub fn first(self) -> Time {
        self.first
    }

    /// When a message that was sent first at `sent` is sent again, at `now` or later; `None`: given up before.
    pub fn next(self, sent: Time, now: Time) -> Option<Time> {
        let (mut at, mut wait) = (sent, self.first);
        for _ in 1..=self.retries {
            at += wait;
            if at >= now {
                return Some(at);
            }
            wait = (2 * wait).min(MOST);
        }
        None
    }

    /// From the first transmission to the one that arrives, if the n-th further one (1, 2, ...) is lost when `is_lost` says so; `None`: given up.
    pub fn delay(self, is_lost: impl Fn(u64) -> bool) -> Option<Time> {
        let (mut passed, mut wait) = (0, self.first);
        for n in 1..=self.retries {
            passed += wait;
            if !is_lost(n) {
                return Some(passed);
            }
            wait = (2 * wait).min(MOST);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double() {
        let timer = Timer::established(50 * MILLISECOND);
        assert_eq!(timer.delay(|_| false), Some(250 * MILLISECOND));
        assert_eq!(timer.delay(|n| n < 2), Some(750 * MILLISECOND));
        assert_eq!(timer.delay(|n| n < 3), Some(1_750 * MILLISECOND));
        assert_eq!(timer.delay(|_| true), None);
    }

    #[test]
    fn the_next_one_comes_after_a_cut() {
        let timer = Timer::established(0);
        let next = |healed: Time| timer.next(SECOND, SECOND + healed * MILLISECOND);
        let at = |after: Time| Some(SECOND + after * MILLISECOND);
        assert_eq!([next(1), next(200), next(201), next(650)], [at(200), at(200), at(600), at(1_400)]);
        assert_eq!(next(925_000), None);
    }

    /// Linux's documentation gives 924.6 s as the time until a connection is given up; the last wait of 120 s comes after the last transmission.
    #[test]
    fn a_connection_is_given_up_when_linux_does() {
        let last = Timer::established(0).delay(|n| n < RETRIES).expect("the fifteenth arrives");
        assert_eq!(last + MOST, 924_600 * MILLISECOND);
        assert_eq!(Timer::opening().delay(|n| n < SYN_RETRIES), Some(63 * SECOND));
    }
}
