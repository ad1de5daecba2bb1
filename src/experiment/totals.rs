//! What all components have counted and timed in the measured part, added up by name.

use crate::components::steps::STEPLESS;
use crate::kernel::Readings;
use crate::kernel::readings::Reading;
use crate::stats::Histogram;
use std::collections::BTreeMap;

/// Counts and times by name.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    counts: BTreeMap<&'static str, u64>,
    times: BTreeMap<&'static str, Histogram>,
}

impl Totals {
    /// Adds what a node did between two readings; `earlier` is empty if the node came later.
    pub fn add(&mut self, earlier: &Readings, later: &Readings) {
        for (name, reading) in later.iter() {
            match (reading, earlier.get(name)) {
                (Reading::Count(count), _) => {
                    *self.counts.entry(name).or_default() += count.saturating_sub(earlier.count_of(name));
                }
                (Reading::Histogram(later), Some(Reading::Histogram(earlier))) => {
                    self.times.entry(name).or_default().merge(&later.since(earlier));
                }
                (Reading::Histogram(later), _) => self.times.entry(name).or_default().merge(later),
                _ => {}
            }
        }
    }

    /// How often something happened; `None` if nobody tells of it.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts.get(name).copied()
    }

    /// Mean of a time in ms.
    pub fn mean_ms(&self, name: &str) -> Option<f64> {
        self.times.get(name)?.mean().map(|ns| ns / 1e6)
    }

    /// A quantile of a time in ms.
    pub fn quantile_ms(&self, name: &str, q: f64) -> Option<f64> {
        self.times.get(name)?.quantile(q).map(|ns| ns as f64 / 1e6)
    }

    /// What a step of their way took requests: nothing in traffics that have no such steps, all of whose time is waiting. `None` where none has any.
    pub fn step(&self, name: &str) -> Option<Histogram> {
        let mut times = self.times.get(name)?.clone();
        match self.times.get(STEPLESS) {
            Some(without) if ["server_wait", "first_byte"].contains(&name) => times.merge(without),
            Some(without) => times.record_n(0, without.count()),
            None => {}
        }
        Some(times)
    }

    /// How often a time was taken.
    pub fn times(&self, name: &str) -> u64 {
        self.times.get(name).map_or(0, Histogram::count)
    }

    /// One count as a share of another.
    pub fn share(&self, part: &str, whole: &str) -> Option<f64> {
        let whole = self.count(whole).filter(|whole| *whole > 0)?;
        Some(self.count(part).unwrap_or(0) as f64 / whole as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_of_all_nodes_add_up() {
        let readings = |count, times: &[u64]| {
            let mut readings = Readings::new(true);
            let mut histogram = Histogram::new();
            times.iter().for_each(|time| histogram.record(*time));
            readings.count("calls", count);
            readings.histogram("wait", &histogram);
            readings
        };
        let mut totals = Totals::default();
        totals.add(&readings(3, &[1_000_000]), &readings(5, &[1_000_000, 3_000_000]));
        totals.add(&Readings::default(), &readings(4, &[5_000_000]));
        assert_eq!(totals.count("calls"), Some(6));
        assert_eq!(totals.count("unknown"), None);
        assert!((totals.mean_ms("wait").unwrap() - 4.0).abs() < 1e-9);
        assert_eq!(totals.share("calls", "calls"), Some(1.0));
        assert_eq!(totals.share("calls", "unknown"), None);
    }
}
