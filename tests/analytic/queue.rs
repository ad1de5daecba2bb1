//! One station under open traffic, as a table row says it behaves.

use crate::common::estimate::{Exact, assert_agrees, exact, quantile};
use crate::common::run::{Run, run};
use crate::common::{World, exponential, poisson, span, text, variate};
use crate::{COARSE, PRECISE, REPLICATIONS};
use scalelab::catalog::Value;
use scalelab::kernel::NodeId;
use scalelab::random::variate::Variate;

/// One station under Poisson traffic and what theory says of it.
pub struct Queue {
    pub name: &'static str,
    pub load: Value,
    pub service: Value,
    pub servers: i64,
    /// Most jobs that wait.
    pub queue: Option<i64>,
    pub discipline: &'static str,
    /// Length of a replication in mean service times.
    pub length: f64,
    /// Utilisation, mean number waiting, mean time in the station.
    pub rho: f64,
    pub waiting: f64,
    pub time: f64,
    /// Median, 95th and 99th percentile of the time in the station, where a closed form gives them.
    pub percentiles: Option<[f64; 3]>,
    pub blocking: f64,
}

impl Queue {
    /// Without bound, first in, first out, served exponentially by one server: the rest is filled in.
    pub fn new(name: &'static str, rate: f64, length: f64, [rho, waiting, time]: [f64; 3]) -> Self {
        Queue {
            name,
            load: poisson(rate),
            service: exponential(1.0),
            servers: 1,
            queue: None,
            discipline: "fifo",
            length,
            rho,
            waiting,
            time,
            percentiles: None,
            blocking: 0.0,
        }
    }

    pub fn served_by(self, servers: i64) -> Self {
        Queue { servers, ..self }
    }

    pub fn percentiles(self, percentiles: [f64; 3]) -> Self {
        Queue { percentiles: Some(percentiles), ..self }
    }

    pub fn service(self, distribution: impl Into<Variate>) -> Self {
        Queue { service: variate(distribution), ..self }
    }

    /// At most `most` jobs in the station; so many of those that come are turned away.
    pub fn bounded(self, most: i64, blocking: f64) -> Self {
        Queue { queue: Some(most - self.servers), blocking, ..self }
    }

    pub fn discipline(self, discipline: &'static str) -> Self {
        Queue { discipline, ..self }
    }

    /// As the processors of a web server.
    pub fn web(&self) -> (World, NodeId) {
        let bound = self.queue.map(|most| ("queue", Value::Whole(most)));
        let settings = [("service", self.service.clone()), ("cores", Value::Whole(self.servers))];
        self.world("web", settings.into_iter().chain(bound).collect())
    }

    /// As the connections of a database.
    pub fn database(&self) -> (World, NodeId) {
        let bound = self.queue.map(|most| ("queue", Value::Whole(most)));
        let settings = [
            ("read", self.service.clone()),
            ("write", span(1.0)),
            ("connections", Value::Whole(self.servers)),
        ];
        self.world("database", settings.into_iter().chain(bound).collect())
    }

    pub fn world(&self, kind: &'static str, mut settings: Vec<(&str, Value)>) -> (World, NodeId) {
        settings.push(("discipline", text(self.discipline)));
        let mut world = World::default();
        let station = world.add(kind, "station", settings);
        world.add("traffic", "clients", vec![("to", station.clone()), ("rate", self.load.clone())]);
        let node = world.node(&station, 0);
        (world, node)
    }

    pub fn exact(&self) -> Vec<Exact> {
        let precision = if self.rho <= 0.8 { PRECISE } else { COARSE };
        // Requests open at the end enter with the time they have taken so far.
        let latency = Exact { resolution: self.time / self.length, ..exact("latency", self.time, precision) };
        let mut all = vec![exact("utilisation", self.rho, precision), latency];
        if self.waiting > 0.01 {
            all.push(exact("jobs waiting", self.waiting, 3.0 * precision));
        }
        if self.blocking > 0.001 {
            all.push(exact("blocking", self.blocking, 3.0 * precision));
        }
        for (name, value) in ["p50", "p95", "p99"].iter().zip(self.percentiles.into_iter().flatten()) {
            all.push(quantile(name, value, 2.0 * precision));
        }
        all
    }

    pub fn sample(&self, run: &Run, station: NodeId) -> Vec<f64> {
        run.assert_little(station);
        let mut all = vec![run.utilisation(station), run.latency_mean()];
        if self.waiting > 0.01 {
            all.push(run.level(station, "queue"));
        }
        if self.blocking > 0.001 {
            all.push(run.rejected_ratio());
        } else {
            assert!(run.rejected_ratio() < 0.003, "{}: almost nobody is turned away", self.name);
        }
        if self.percentiles.is_some() {
            all.extend([0.5, 0.95, 0.99].map(|q| run.latency(q)));
        }
        all
    }
}

/// Checks each queue, by turns as a web server and as a database.
pub fn check(queues: Vec<Queue>) {
    for (at, queue) in queues.iter().enumerate() {
        let (world, station) = if at % 2 == 0 { queue.web() } else { queue.database() };
        let sample = |seed, replication| queue.sample(&run(&world, seed, replication, queue.length), station);
        assert_agrees(queue.name, REPLICATIONS, &queue.exact(), sample);
    }
}
