//! Least latency: of two servers drawn at random, the one with the lower expected cost.
//!
//! The cost of a server is the peak-sensitive moving average of its latencies times the calls it would then have (Finagle's peak EWMA,
//! Twitter 2014; Envoy's peak_ewma): a latency above the average is believed at once, one below it pulls the average down with the
//! time constant `decay`. A server that has not answered yet is tried at once, but not by everybody.

use super::power_of_two::two_of;
use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;
use crate::kernel::Time;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "least_latency",
    about: "of two servers drawn at random, the one with the lower latency (peak EWMA) times open calls",
    source: "Finagle, loadbalancer/PeakEwma (2014), default decay 10 s",
    wrong_when: "a server that fails fast looks quick and draws the traffic",
};

/// Cost of a server that has calls but has never answered.
const UNKNOWN: f64 = 1e18;

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    let averages = vec![Average::default(); backends.len()];
    Box::new(LeastLatency { decay: tuning.decay as f64, averages })
}

#[derive(Clone, Copy, Default)]
struct Average {
    /// In nanoseconds; 0 = no answer yet.
    latency: f64,
    since: Time,
}

#[derive(Clone)]
struct LeastLatency {
    decay: f64,
    averages: Vec<Average>,
}

impl Average {
    /// The average decays towards `latency` with the time that has passed; a higher one it takes over.
    fn hear(&mut self, latency: f64, now: Time, decay: f64) {
        let old = libm::exp(-((now - self.since) as f64) / decay);
        let mean = self.latency * old + latency * (1.0 - old);
        self.latency = if latency > self.latency { latency } else { mean };
        self.since = now;
    }
}

impl LeastLatency {
    fn cost(&self, server: usize, backends: &[Backend], now: Time) -> f64 {
        let mut average = self.averages[server];
        let calls = f64::from(backends[server].in_flight);
        if average.latency <= 0.0 {
            return if calls > 0.0 { UNKNOWN + calls } else { 0.0 };
        }
        // A server nobody has asked for a while is forgiven.
        average.hear(0.0, now, self.decay);
        average.latency * (calls + 1.0)
    }
}

impl Balance for LeastLatency {
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize> {
        let (first, second) = two_of(backends, asker)?;
        let cost = |server| self.cost(server, backends, asker.now());
        Some(if cost(second) < cost(first) { second } else { first })
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.averages.resize(backends.len(), Average::default());
    }

    fn observes(&self) -> bool {
        true
    }

    fn observe(&mut self, server: usize, took: Time, now: Time) {
        self.averages[server].hear(took.max(1) as f64, now, self.decay);
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::servers;
    use super::*;

    const S: Time = 1_000_000_000;

    fn policy() -> LeastLatency {
        LeastLatency { decay: 10.0 * S as f64, averages: vec![Average::default(); 2] }
    }

    /// Draws the servers 0 and 1, in this order.
    fn pick(policy: &mut LeastLatency, servers: &[Backend]) -> Option<usize> {
        let mut draws = [0.1, 0.9].into_iter();
        policy.pick(servers, &mut || draws.next().unwrap())
    }

    #[test]
    fn a_peak_counts_at_once_and_fades() {
        let mut average = Average::default();
        average.hear(100.0, 0, 10.0);
        average.hear(50.0, 10, 10.0);
        let expected = 50.0 + 50.0 * libm::exp(-1.0);
        assert!((average.latency - expected).abs() < 1e-9);
        average.hear(500.0, 11, 10.0);
        assert_eq!(average.latency, 500.0);
    }

    #[test]
    fn latency_times_open_calls_decides() {
        let (mut policy, mut servers) = (policy(), servers(&[1, 1]));
        policy.observe(0, 30, 0);
        policy.observe(1, 10, 0);
        assert_eq!(pick(&mut policy, &servers), Some(1));
        servers[1].in_flight = 3;
        assert_eq!(pick(&mut policy, &servers), Some(0));
    }

    #[test]
    fn who_has_never_answered_is_tried_once() {
        let (mut policy, mut servers) = (policy(), servers(&[1, 1]));
        policy.observe(0, 30, 0);
        assert_eq!(pick(&mut policy, &servers), Some(1));
        servers[1].in_flight = 1;
        assert_eq!(pick(&mut policy, &servers), Some(0));
    }
}
