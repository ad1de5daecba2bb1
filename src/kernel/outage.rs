//! Seconds in which requests of a class were wanted and none succeeded.

use super::time::{SECOND, Time};

/// Counts whole seconds of simulated time (0 to 1 s, 1 to 2 s, ...) in which at least one request of the class failed or stayed open
/// from beginning to end, and none succeeded. A second in which nobody wanted anything is no outage.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    /// End of the running second.
    until: Time,
    succeeded: bool,
    failed: bool,
    /// Requests that are open, and those that were open when the running second began.
    open: u64,
    open_before: u64,
    seconds: u64,
}

impl Outage {
    /// A request is wanted.
    #[inline]
    pub fn issue(&mut self, now: Time) {
        self.advance(now);
        self.open += 1;
    }

    /// A request has ended.
    #[inline]
    pub fn finish(&mut self, now: Time, succeeded: bool) {
        self.advance(now);
        self.open = self.open.saturating_sub(1);
        self.succeeded |= succeeded;
        self.failed |= !succeeded;
    }

    /// Counting begins anew.
    pub fn restart(&mut self, now: Time) {
        self.advance(now);
        self.seconds = 0;
    }

    /// Seconds without success that have ended by `now`.
    pub fn seconds(&self, now: Time) -> u64 {
        let mut copy = self.clone();
        copy.advance(now);
        copy.seconds
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        if now >= self.until {
            self.begin_second(now);
        }
    }

    #[cold]
    fn begin_second(&mut self, now: Time) {
        let next = (now / SECOND + 1) * SECOND;
        if self.until > 0 {
            let waited = self.open_before > 0 && self.open > 0;
            self.seconds += u64::from(!self.succeeded && (self.failed || waited));
            let silent = (next - self.until) / SECOND - 1;
            self.seconds += if self.open > 0 { silent } else { 0 };
        }
        (self.until, self.succeeded, self.failed, self.open_before) = (next, false, false, self.open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Time = SECOND / 2;

    #[test]
    fn only_seconds_in_which_somebody_waits_in_vain_count() {
        let mut outage = Outage::default();
        outage.issue(HALF);
        outage.finish(HALF + 1, true); // second 0: a success; then nobody wants anything until second 10
        outage.issue(10 * SECOND + HALF); // open through 11 and 12
        outage.finish(13 * SECOND + HALF, true);
        assert_eq!(outage.seconds(20 * SECOND), 2);
        outage.issue(20 * SECOND + HALF);
        outage.finish(20 * SECOND + HALF, false);
        assert_eq!(outage.seconds(30 * SECOND), 3);
        outage.restart(30 * SECOND);
        assert_eq!(outage.seconds(40 * SECOND), 0);
    }
}
