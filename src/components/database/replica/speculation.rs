//! After how long a read asks one copy more: a given time, or a percentile of how long reads have taken, as Cassandra has it.
//!
//! Its reservoir (`DecayingEstimatedHistogramReservoir`): buckets that grow by 1.2 from 1 us on, in which what is a minute old counts half
//! (forward decay: Cormode et al., ICDE 2009). The threshold is computed anew each read time-out, and half of that until then
//! (`CassandraDaemon`, `ColumnFamilyStore`; github.com/apache/cassandra, trunk, read 2026-11).

use crate::kernel::{MICROSECOND, SECOND, Time};

/// read_request_timeout (conf/cassandra.yaml: 5000ms).
const EVERY: Time = 5 * SECOND;
const HALF_LIFE_S: f64 = 60.0;
/// The weights begin anew so often, before they grow out of hand.
const RESCALED_EVERY: Time = 30 * 60 * SECOND;
const BUCKETS: usize = 164;

/// When a read asks one copy more.
#[derive(Clone, Debug)]
pub enum Speculation {
    /// Never.
    Never,
    /// After this time.
    After(Time),
    /// When it has taken longer than most.
    Percentile(Box<Latencies>),
}

impl Speculation {
    /// As the settings say: a time, else a percentile of 100, else never.
    pub fn new(after: Option<Time>, percentile: Option<u64>) -> Self {
        match (after, percentile) {
            (Some(after), _) => Speculation::After(after),
            (None, Some(percentile)) => {
                Speculation::Percentile(Box::new(Latencies::new(percentile as f64 / 100.0)))
            }
            (None, None) => Speculation::Never,
        }
    }

    /// After how long a read that begins now asks one copy more; not at all if it is given up before.
    pub(super) fn after(&mut self, now: Time, timeout: Time) -> Option<Time> {
        match self {
            Speculation::Never => None,
            Speculation::After(after) => Some(*after),
            Speculation::Percentile(latencies) => {
                Some(latencies.threshold(now)).filter(|after| *after <= timeout)
            }
        }
    }

    /// A read has taken so long.
    #[inline]
    pub(super) fn record(&mut self, latency: Time, now: Time) {
        if let Speculation::Percentile(latencies) = self {
            latencies.record(latency, now);
        }
    }
}

/// How long reads have taken lately.
#[derive(Clone, Debug)]
pub struct Latencies {
    share: f64,
    /// Weights by bucket, as of the landmark.
    weights: Vec<f64>,
    /// Upper ends of the buckets, in microseconds.
    ends: Vec<u64>,
    landmark: Time,
    threshold: Time,
    /// When that is computed again.
    next: Time,
}

impl Latencies {
    fn new(share: f64) -> Self {
        let grown = |end: &u64| Some(((*end as f64 * 1.2).round() as u64).max(end + 1));
        let ends: Vec<u64> = std::iter::successors(Some(1), grown).take(BUCKETS).collect();
        Latencies {
            share,
            weights: vec![0.0; ends.len()],
            ends,
            landmark: 0,
            threshold: EVERY / 2,
            next: EVERY,
        }
    }

    fn threshold(&mut self, now: Time) -> Time {
        self.look(now);
        self.threshold
    }

    fn record(&mut self, latency: Time, now: Time) {
        self.look(now);
        let bucket = self.ends.partition_point(|end| *end < latency / MICROSECOND).min(self.ends.len() - 1);
        self.weights[bucket] += growth(now - self.landmark);
    }

    /// What was recorded before a threshold was due counts for it; where there was nothing, the old one stays.
    fn look(&mut self, now: Time) {
        if now < self.next {
            return;
        }
        self.next = now - now % EVERY + EVERY;
        let all: f64 = self.weights.iter().sum();
        if all > 0.0 {
            let mut sum = 0.0;
            let reached = |weight: &f64| {
                sum += weight;
                sum >= all * self.share
            };
            let bucket = self.weights.iter().position(reached).unwrap_or(self.ends.len() - 1);
            self.threshold = self.ends[bucket] * MICROSECOND;
        }
        if now - self.landmark >= RESCALED_EVERY {
            let shrunk = 1.0 / growth(now - self.landmark);
            self.weights.iter_mut().for_each(|weight| *weight *= shrunk);
            self.landmark = now;
        }
    }
}

/// How much more counts what comes so long after the landmark.
fn growth(since: Time) -> f64 {
    libm::exp2(since as f64 / SECOND as f64 / HALF_LIFE_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::MILLISECOND;

    /// The buckets of the documentation of the reservoir.
    #[test]
    fn buckets_grow_by_a_fifth() {
        let ends = Latencies::new(0.99).ends;
        assert_eq!(ends[..20], [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60, 72]);
        assert_eq!(ends.len(), 164);
    }

    #[test]
    fn the_threshold_is_that_of_the_reads_before() {
        let mut latencies = Latencies::new(0.99);
        assert_eq!(latencies.threshold(4 * SECOND), 2_500 * MILLISECOND);
        for n in 0..1_000 {
            let latency = if n % 50 == 0 { 30 * MILLISECOND } else { 2 * MILLISECOND };
            latencies.record(latency, n * MILLISECOND);
        }
        assert_eq!(latencies.threshold(4 * SECOND), 2_500 * MILLISECOND, "not yet");
        let threshold = latencies.threshold(5 * SECOND);
        assert!((30 * MILLISECOND..36 * MILLISECOND).contains(&threshold), "2 % are slow: {threshold}");
        assert_eq!(latencies.threshold(100 * SECOND), threshold, "nothing came");
    }

    /// As many reads now as two minutes ago: they count four times as much, so that of five parts one is slow.
    #[test]
    fn what_is_a_minute_old_counts_half() {
        for (share, is_slow) in [(0.79, false), (0.81, true)] {
            let mut latencies = Latencies::new(share);
            (0..1_000).for_each(|_| latencies.record(500 * MILLISECOND, 0));
            (0..1_000).for_each(|_| latencies.record(MILLISECOND, 120 * SECOND));
            let threshold = latencies.threshold(125 * SECOND);
            assert_eq!(threshold > 400 * MILLISECOND, is_slow, "{share}: {threshold}");
        }
    }

    #[test]
    fn weights_begin_anew_without_a_change() {
        let mut latencies = Latencies::new(0.5);
        for second in 0..4_000 {
            latencies.record(if second % 3 == 0 { SECOND } else { MILLISECOND }, second * SECOND);
            let threshold = latencies.threshold(second * SECOND);
            assert!(second < 10 || threshold < 2 * MILLISECOND, "{second}: {threshold}");
            assert!(latencies.weights.iter().all(|weight| weight.is_finite() && *weight < 1e12));
        }
    }

    #[test]
    fn who_gives_up_before_asks_nobody_more() {
        let mut speculation = Speculation::new(None, Some(99));
        assert_eq!(speculation.after(0, 2 * SECOND), None);
        assert_eq!(speculation.after(0, 3 * SECOND), Some(2_500 * MILLISECOND));
        assert_eq!(Speculation::new(Some(7), Some(99)).after(0, SECOND), Some(7), "what is given counts");
        assert_eq!(Speculation::new(None, None).after(0, SECOND), None);
    }
}
