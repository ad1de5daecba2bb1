//! Seconds in which requests of a class were wanted and none succeeded.

use super::time::{SECOND, Time};

/// Counts whole seconds of simulated time (0 to 1 s, 1 to 2 s, ...) in which none succeeded, and at least one request of the class failed,
/// stayed open from beginning to end, or was issued and did not succeed within a second of its own. A second in which nobody wanted
/// anything is no outage, nor one whose requests succeed a little later.
#[derive(Clone, Debug, Default)]
pub struct Outage {
    /// End of the running second.
    until: Time,
    succeeded: bool,
    failed: bool,
    /// Something was issued in it.
    wanted: bool,
    /// The second before counts if none that was issued in it succeeds in time.
    doubtful: bool,
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
        self.wanted = true;
    }

    /// A request that was issued at `issued` has succeeded.
    #[inline(always)]
    pub fn succeed(&mut self, issued: Time, now: Time) {
        self.advance(now);
        if self.doubtful {
            let of_this_second = issued + SECOND >= self.until;
            self.doubtful = of_this_second || now - issued >= SECOND;
        }
        self.open = self.open.saturating_sub(1);
        self.succeeded = true;
    }

    /// A request has ended otherwise.
    pub fn fail(&mut self, now: Time) {
        self.advance(now);
        self.open = self.open.saturating_sub(1);
        self.failed = true;
    }

    /// Counting begins anew.
    pub fn restart(&mut self, now: Time) {
        self.advance(now);
        (self.seconds, self.doubtful) = (0, false);
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
            self.seconds += u64::from(self.doubtful);
            let waited = self.open_before > 0 && self.open > 0;
            let is_outage = !self.succeeded && (self.failed || waited);
            self.doubtful = !self.succeeded && !is_outage && self.wanted;
            let silent = (next - self.until) / SECOND - 1;
            self.seconds += u64::from(is_outage || self.doubtful && silent > 0);
            self.doubtful &= silent == 0;
            self.seconds += if self.open > 0 { silent } else { 0 };
        }
        (self.until, self.open_before) = (next, self.open);
        (self.succeeded, self.failed, self.wanted) = (false, false, false);
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
        outage.succeed(HALF, HALF + 1); // second 0: a success; then nobody wants anything until second 10
        outage.issue(10 * SECOND + HALF); // wanted in 10, open through 11 and 12
        outage.succeed(10 * SECOND + HALF, 13 * SECOND + HALF);
        assert_eq!(outage.seconds(20 * SECOND), 3);
        outage.issue(20 * SECOND + HALF);
        outage.fail(20 * SECOND + HALF);
        assert_eq!(outage.seconds(30 * SECOND), 4);
        outage.restart(30 * SECOND);
        assert_eq!(outage.seconds(40 * SECOND), 0);
    }

    /// Writes of 3 s of patience, a hundred a second, each of a millisecond: while the machine is silent none that is issued succeeds.
    #[test]
    fn seconds_whose_requests_hang_count_and_those_that_end_in_time_do_not() {
        let times = |from: u64, to: u64| (from..to).map(|n| n * SECOND / 100);
        let mut outage = Outage::default();
        let mut ends: Vec<(Time, Time, bool)> = times(0, 3_000)
            .map(|at| {
                if (1_500..1_700).contains(&(at * 100 / SECOND)) {
                    (at, at + 3 * SECOND, false)
                } else {
                    (at, at + SECOND / 1000, true)
                }
            })
            .collect();
        ends.sort_by_key(|(_, end, _)| *end);
        let mut ends = ends.into_iter().peekable();
        for at in times(0, 3_000) {
            while let Some((issued, end, succeeded)) = ends.next_if(|(_, end, _)| *end <= at) {
                if succeeded { outage.succeed(issued, end) } else { outage.fail(end) }
            }
            outage.issue(at);
        }
        assert_eq!(outage.seconds(30 * SECOND), 2);
        // One every two seconds, just before a second is over, answered just after: nobody waits in vain.
        let mut rare = Outage::default();
        for n in 0..20 {
            rare.issue((2 * n + 1) * SECOND - 1);
            rare.succeed((2 * n + 1) * SECOND - 1, (2 * n + 1) * SECOND + 1);
        }
        assert_eq!(rare.seconds(60 * SECOND), 0);
    }
}
