//! What components tell about themselves, as plain data: cumulative since the start, so that any
//! part of a run is a difference of two readings.

use super::time::Time;
use crate::stats::Histogram;

/// The gauge by which a component tells how many jobs wait in its line.
pub const IN_LINE: &str = "in_line";

/// One figure.
#[derive(Clone, Debug)]
pub enum Reading {
    /// How often something happened.
    Count(u64),
    /// Integral over time of a level, in level x seconds.
    Area(f64),
    /// How it is now.
    Gauge(f64),
    /// Largest value since the warm-up ended.
    Maximum(f64),
    /// All values, in nanoseconds.
    Histogram(Histogram),
}

/// The figures of one node.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    figures: Vec<(&'static str, Reading)>,
    /// Histograms are copied only if somebody wants them.
    detailed: bool,
}

impl Readings {
    /// What is told of a node that is not there.
    pub const NOTHING: Readings = Readings { figures: Vec::new(), detailed: false };

    /// An empty list; `detailed` if histograms are wanted.
    pub fn new(detailed: bool) -> Self {
        Readings { figures: Vec::new(), detailed }
    }

    /// How often something happened since the start.
    pub fn count(&mut self, metric: &'static str, value: u64) {
        self.figures.push((metric, Reading::Count(value)));
    }

    /// Integral of a level since the start, in level x seconds.
    pub fn area(&mut self, metric: &'static str, value: f64) {
        self.figures.push((metric, Reading::Area(value)));
    }

    /// A level as it is now.
    pub fn gauge(&mut self, metric: &'static str, value: f64) {
        self.figures.push((metric, Reading::Gauge(value)));
    }

    /// Largest value since the warm-up ended.
    pub fn maximum(&mut self, metric: &'static str, value: f64) {
        self.figures.push((metric, Reading::Maximum(value)));
    }

    /// Whether histograms are wanted.
    pub fn is_detailed(&self) -> bool {
        self.detailed
    }

    /// All values so far.
    pub fn histogram(&mut self, metric: &'static str, histogram: &Histogram) {
        if self.detailed {
            self.figures.push((metric, Reading::Histogram(histogram.clone())));
        }
    }

    /// Figures that somebody within a node has told, under names of their own.
    pub fn adopt(&mut self, told: &Readings, names: &[(&str, &'static str)]) {
        let known = names.iter().filter_map(|(from, to)| Some((*to, told.get(from)?.clone())));
        self.figures.extend(known);
    }

    /// What somebody within the node tells apart: as detailed as these.
    pub fn apart(&self) -> Readings {
        Readings::new(self.detailed)
    }

    /// One more value of a histogram that was told.
    pub fn record(&mut self, metric: &str, value: u64) {
        let told = self.figures.iter_mut().find(|(name, _)| *name == metric);
        if let Some((_, Reading::Histogram(histogram))) = told {
            histogram.record(value);
        }
    }

    /// Leaves out the largest values, which are those since the warm-up ended.
    pub fn without_maxima(&mut self) {
        self.figures.retain(|(_, reading)| !matches!(reading, Reading::Maximum(_)));
    }

    /// The figures, in the order they were told.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Reading)> {
        self.figures.iter().map(|(metric, reading)| (*metric, reading))
    }

    /// One figure by name.
    pub fn get(&self, metric: &str) -> Option<&Reading> {
        self.figures.iter().find(|(name, _)| *name == metric).map(|(_, reading)| reading)
    }

    /// A count by name; 0 if it was not told.
    pub fn count_of(&self, metric: &str) -> u64 {
        match self.get(metric) {
            Some(Reading::Count(value)) => *value,
            _ => 0,
        }
    }

    /// A time integral by name; 0 if it was not told.
    pub fn area_of(&self, metric: &str) -> f64 {
        match self.get(metric) {
            Some(Reading::Area(value)) => *value,
            _ => 0.0,
        }
    }
}

/// Time integral of a whole-number level (jobs waiting, slots in use), exact.
#[derive(Clone, Copy, Debug, Default)]
pub struct Integral {
    level: u64,
    since: Time,
    area: u128,
    largest: u64,
}

impl Integral {
    /// The level changes to `level` at `now`.
    #[inline]
    pub fn set(&mut self, now: Time, level: u64) {
        self.area += u128::from(self.level) * u128::from(now - self.since);
        self.since = now;
        self.level = level;
        self.largest = self.largest.max(level);
    }

    /// The level now.
    #[inline]
    pub fn level(&self) -> u64 {
        self.level
    }

    /// Level x seconds until `now`.
    pub fn area(&self, now: Time) -> f64 {
        let area = self.area + u128::from(self.level) * u128::from(now - self.since);
        area as f64 / super::time::SECOND as f64
    }

    /// The largest level since the last restart.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The largest level begins anew.
    pub fn restart_maximum(&mut self) {
        self.largest = self.level;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::SECOND;

    #[test]
    fn integral_weighs_levels_by_time() {
        let mut integral = Integral::default();
        integral.set(0, 2);
        integral.set(3 * SECOND, 5);
        integral.set(4 * SECOND, 0);
        assert_eq!(integral.area(10 * SECOND), 11.0);
        assert_eq!(integral.largest(), 5);
        integral.restart_maximum();
        assert_eq!(integral.largest(), 0);
    }

    #[test]
    fn histograms_are_left_out_unless_wanted() {
        let mut brief = Readings::new(false);
        brief.histogram("wait", &Histogram::new());
        brief.count("calls", 3);
        assert_eq!(brief.iter().count(), 1);
        assert_eq!(brief.count_of("calls"), 3);
        assert_eq!(brief.count_of("unknown"), 0);
    }
}
