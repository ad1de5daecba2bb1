//! One replication: warm-up, measured part, and the figures of requests and stations.

use super::World;
use scalelab::kernel::book::ClassBook;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{from_seconds, seconds};
use scalelab::kernel::{NodeId, Readings, Simulation, Time};
use scalelab::stats::Histogram;

/// What was measured, from the end of the warm-up on.
pub struct Run {
    before: Vec<Readings>,
    after: Vec<Readings>,
    pub requests: ClassBook,
    seconds: f64,
}

/// Runs a world for so many seconds after a tenth of that as warm-up.
pub fn run(world: &World, seed: u64, replication: u64, measured_s: f64) -> Run {
    observe(&mut world.build(seed, replication), measured_s)
}

/// The same for a simulation that is there already.
pub fn observe(simulation: &mut Simulation, measured_s: f64) -> Run {
    let start = from_seconds(measured_s * 0.1);
    let end = start + from_seconds(measured_s);
    simulation.run_until(start);
    simulation.measure_from_now();
    let before = all_readings(simulation);
    simulation.run_until(end);
    simulation.check_conservation().expect("nothing vanishes");
    let mut requests = ClassBook::default();
    for class in simulation.book().close(simulation.requests(), end) {
        requests.merge(&class);
    }
    Run { before, after: all_readings(simulation), requests, seconds: seconds(end - start) }
}

fn all_readings(simulation: &Simulation) -> Vec<Readings> {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), true)).collect()
}

impl Run {
    /// Mean latency in seconds.
    pub fn latency_mean(&self) -> f64 {
        self.requests.latency.mean().expect("requests") / 1e9
    }

    /// Quantile of the latency in seconds.
    pub fn latency(&self, q: f64) -> f64 {
        seconds(self.requests.latency.quantile(q).expect("requests"))
    }

    /// Share of the requests that were turned away.
    pub fn rejected_ratio(&self) -> f64 {
        self.requests.rejected as f64 / self.requests.total() as f64
    }

    /// Increase of a count per second.
    pub fn rate(&self, node: NodeId, metric: &str) -> f64 {
        let at = node.index();
        (self.after[at].count_of(metric) - self.before[at].count_of(metric)) as f64 / self.seconds
    }

    /// Mean of a level over time.
    pub fn level(&self, node: NodeId, metric: &str) -> f64 {
        let at = node.index();
        (self.after[at].area_of(metric) - self.before[at].area_of(metric)) / self.seconds
    }

    /// Share of the servers that are busy.
    pub fn utilisation(&self, node: NodeId) -> f64 {
        let Some(Reading::Gauge(servers)) = self.after[node.index()].get("servers") else {
            panic!("{node:?} has no station")
        };
        self.level(node, "busy") / servers
    }

    /// Mean time of the jobs of a station in seconds: waiting and service.
    pub fn sojourn_mean(&self, node: NodeId) -> f64 {
        let mean = |metric| self.histogram(node, metric).mean().unwrap_or(0.0) / 1e9;
        mean("wait") + mean("service")
    }

    /// What a histogram recorded in the measured part.
    pub fn histogram(&self, node: NodeId, metric: &str) -> Histogram {
        let of = |readings: &[Readings]| match readings[node.index()].get(metric) {
            Some(Reading::Histogram(histogram)) => histogram.clone(),
            other => panic!("{node:?} has no {metric}: {other:?}"),
        };
        of(&self.after).since(&of(&self.before))
    }

    /// Little's law (Little 1961): jobs present = rate x time spent, but for those at the two ends.
    pub fn assert_little(&self, node: NodeId) {
        let present = self.level(node, "busy") + self.level(node, "queue");
        let expected = self.rate(node, "completions") * self.sojourn_mean(node);
        let at_the_ends = 20.0 * (present + 1.0) * (present + 1.0) / (expected * self.seconds);
        let relative = (present / expected - 1.0).abs();
        assert!(relative < 0.001 + at_the_ends, "{node:?}: {present} jobs present, rate x time = {expected}");
    }
}

/// The time in seconds, for messages.
pub fn clock(time: Time) -> f64 {
    seconds(time)
}

/// Little's law (Little 1961) at every station and every line for slots of a world that began empty and is empty again: the area under
/// the level equals the sum of the times, which are two records of the same jobs. ("door": what jobs had waited before a node that stood still.) Returns how many there were.
pub fn assert_little_from_empty_to_empty(simulation: &Simulation) -> usize {
    const PLACES: [(&[&str], &[&str]); 2] =
        [(&["busy", "queue", "door"], &["wait", "service"]), (&["pool_queue"], &["pool_wait"])];
    let mut seen = 0;
    for (node, readings) in all_readings(simulation).iter().enumerate() {
        for (levels, times) in PLACES {
            let histograms = times.iter().filter_map(|metric| match readings.get(metric) {
                Some(Reading::Histogram(times)) => Some(times),
                _ => None,
            });
            let histograms: Vec<_> = histograms.collect();
            if histograms.len() < times.len() || histograms[0].count() == 0 {
                continue;
            }
            let present: f64 = levels.iter().map(|metric| readings.area_of(metric)).sum();
            let spent: f64 =
                histograms.iter().map(|times| times.mean().expect("some") * times.count() as f64 / 1e9).sum();
            assert!(
                (present - spent).abs() <= 1e-9 * (1.0 + spent),
                "node {node}: {levels:?} amount to {present} s, {times:?} to {spent} s"
            );
            seen += 1;
        }
    }
    seen
}
