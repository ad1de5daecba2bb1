//! A run over time: differences of readings, window by window.

use super::terms::Terms;
use super::windows::{Series, Window};
use crate::components::Layout;
use crate::components::site::FIRST_AIDE;
use crate::kernel::book::ClassBook;
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, Simulation, Time, milliseconds, seconds};
use crate::model::ALL;
use crate::stats::{Endings, Histogram};
use std::borrow::Cow;

/// Something that has figures.
struct Source {
    name: String,
    /// The lines of those that it has had so far: a handful, so that one is found by looking through them.
    lines: Vec<(&'static str, u32)>,
}

impl Source {
    fn new(name: String) -> Self {
        Source { name, lines: Vec::new() }
    }

    fn line(&mut self, metric: &'static str, series: &mut Series) -> u32 {
        if let Some((_, line)) = self.lines.iter().find(|(name, _)| *name == metric) {
            return *line;
        }
        let line = series.line(&self.name, metric);
        self.lines.push((metric, line));
        line
    }
}

/// Takes down one window after the other.
pub struct Recorder {
    /// The requests as a whole, and after them all nodes.
    sources: Vec<Source>,
    earlier: Vec<Readings>,
    began: Time,
    series: Series,
    /// Mean latency of each window, for the judgement of the warm-up.
    pub latencies: Vec<f64>,
    /// (end, hits, look-ups) of each window.
    pub hits: Vec<(Time, u64, u64)>,
}

impl Recorder {
    /// Begins at the simulation's present time.
    pub fn new(layout: &Layout, simulation: &Simulation) -> Self {
        let names = std::iter::once(ALL.to_string()).chain(node_names(layout));
        Recorder {
            sources: names.map(Source::new).collect(),
            earlier: readings(simulation),
            began: simulation.now(),
            series: Series::default(),
            latencies: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// A node has come.
    pub fn add(&mut self, name: String) {
        self.sources.push(Source::new(name));
    }

    /// Ends a window now.
    pub fn close_window(&mut self, simulation: &mut Simulation, terms: &Terms) {
        let now = simulation.now();
        let length = seconds(now - self.began);
        if length == 0.0 {
            return;
        }
        let book = simulation.book_mut().take_window();
        self.latencies.extend(book.latency.mean());
        let later = readings(simulation);
        let (all, nodes) = self.sources.split_first_mut().expect("the requests as a whole");
        let mut figures: Vec<(u32, f64)> = of_requests(&book, length)
            .map(|(metric, value)| (all.line(metric, &mut self.series), value))
            .collect();
        let mut hits = (0, 0);
        for (node, (source, later)) in nodes.iter_mut().zip(&later).enumerate() {
            let (id, span) = (NodeId(node as u16), (self.began, now));
            let (present, levels) = (terms.working(id, span, later), terms.until_it_left(id, span, later));
            let change = Change { earlier: known(&self.earlier, node), later, levels, length, present };
            let own = change.figures().into_iter();
            figures.extend(own.map(|figure| (source.line(figure.name, &mut self.series), figure.value)));
            let of_data = |all: &str, of_sessions: &str| change.count(all) - change.count(of_sessions);
            let found = of_data("hits", "session_hits");
            let missed = of_data("misses", "session_misses") + change.count("look_ups_unanswered");
            hits = (hits.0 + found, hits.1 + found + missed);
        }
        self.series.push(Window { end: now, figures });
        self.hits.push((now, hits.0, hits.1));
        self.earlier = later;
        self.began = now;
    }

    /// All windows, in order of time.
    pub fn into_series(self) -> Series {
        self.series
    }
}

/// What is worth telling of the requests that ended in a window of so many seconds.
fn of_requests(book: &ClassBook, length: f64) -> impl Iterator<Item = (&'static str, f64)> {
    let failed = book.failed + book.rejected + book.timed_out;
    let rates =
        [("throughput_per_s", book.succeeded as f64 / length), ("errors_per_s", failed as f64 / length)];
    let quantiles = [("latency_p50_ms", 0.5), ("latency_p99_ms", 0.99)].into_iter();
    let latencies =
        quantiles.filter_map(|(metric, q)| Some((metric, milliseconds(book.latency.quantile(q)?))));
    rates.into_iter().chain(latencies)
}

/// Names of all nodes, in the order of their indices.
pub fn node_names(layout: &Layout) -> Vec<String> {
    let names = |group: &crate::components::site::Group| {
        let aides = (0..group.aides.1).map(|n| FIRST_AIDE + n);
        (0..group.count).chain(aides).map(|n| group.node_name(n)).collect::<Vec<_>>()
    };
    layout.groups.iter().flat_map(names).collect()
}

/// The readings of a node at a time; none of a node that came later.
pub fn known(readings: &[Readings], node: usize) -> &Readings {
    static NOTHING: Readings = Readings::NOTHING;
    readings.get(node).unwrap_or(&NOTHING)
}

fn readings(simulation: &Simulation) -> Vec<Readings> {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), false)).collect()
}

/// A figure of a node.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figure {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub value: f64,
    /// What it counts for beside those of other nodes, if it is a share.
    pub weight: f64,
}

/// What a node did between two readings.
pub struct Change<'a> {
    /// The first.
    pub earlier: &'a Readings,
    /// The second.
    pub later: &'a Readings,
    /// What levels are read off there: the second, or what the node told when it left.
    pub levels: &'a Readings,
    /// Seconds between them.
    pub length: f64,
    /// Seconds of them in which the node was there to work.
    pub present: f64,
}

impl Change<'_> {
    /// How often something happened.
    pub fn count(&self, metric: &str) -> u64 {
        self.later.count_of(metric).saturating_sub(self.earlier.count_of(metric))
    }

    /// The same, if it was told at all.
    pub fn known(&self, metric: &str) -> Option<u64> {
        self.later.get(metric).map(|_| self.count(metric))
    }

    /// 99 % of the values lie below, in milliseconds.
    pub fn p99(&self, metric: &str) -> Option<f64> {
        self.quantile(metric, 0.99)
    }

    /// This share of the values lies below, in milliseconds. Who joined between the readings had none at the first.
    pub fn quantile(&self, metric: &str, q: f64) -> Option<f64> {
        self.values(metric)?.quantile(q).map(milliseconds)
    }

    /// The values between the readings.
    fn values(&self, metric: &str) -> Option<Cow<'_, Histogram>> {
        match (self.later.get(metric)?, self.earlier.get(metric)) {
            (Reading::Histogram(later), Some(Reading::Histogram(earlier))) => {
                Some(Cow::Owned(later.since(earlier)))
            }
            (Reading::Histogram(later), _) => Some(Cow::Borrowed(later)),
            _ => None,
        }
    }

    /// Share of a traffic's requests that are answered as wanted, within `limit`.
    pub fn share_within(&self, limit: Time) -> Option<f64> {
        let [waited, given_up, open, refused] =
            ["latency", "given_up", "open", "refused"].map(|told| self.values(told));
        let (waited, given_up, open, refused) = (&*waited?, &*given_up?, &*open?, &*refused?);
        Endings { waited, given_up, open, refused }.share_within(limit)
    }

    /// Largest value.
    pub fn maximum(&self, metric: &str) -> Option<f64> {
        match self.later.get(metric) {
            Some(Reading::Maximum(value)) => Some(*value),
            _ => None,
        }
    }

    /// Mean of a level.
    pub fn mean(&self, metric: &str) -> Option<f64> {
        self.later.get(metric)?;
        let area = self.levels.area_of(metric) - self.earlier.area_of(metric);
        Some(area / self.length).filter(|mean| mean.is_finite())
    }

    /// A level as it is at the end.
    pub fn gauge(&self, metric: &str) -> Option<f64> {
        match self.later.get(metric) {
            Some(Reading::Gauge(value)) => Some(*value),
            _ => None,
        }
    }

    /// Busy share of the servers.
    pub fn utilization(&self) -> Option<f64> {
        self.busy_share("busy", "servers")
    }

    /// What was in use of what there is, while the node was there. (Who has left may still finish what it has in hand.)
    fn busy_share(&self, busy: &str, all: &str) -> Option<f64> {
        let all = self.gauge(all).filter(|all| *all > 0.0)?;
        self.while_there(busy).map(|mean| (mean / all).min(1.0))
    }

    /// Mean of a level over the time in which the node was there.
    fn while_there(&self, metric: &str) -> Option<f64> {
        let mean = self.mean(metric).filter(|_| self.present > 0.0)?;
        Some(mean * self.length / self.present)
    }

    /// Mean number of jobs waiting, those at the door of a hung node included.
    pub fn queue_len(&self) -> Option<f64> {
        let parts = [self.mean("queue"), self.mean("held")];
        parts.iter().any(Option::is_some).then(|| parts.iter().flatten().sum())
    }

    /// Largest number of jobs waiting.
    pub fn queue_len_max(&self) -> Option<f64> {
        let parts = [self.maximum("queue_len_max"), self.maximum("held_max")];
        parts.into_iter().flatten().reduce(f64::max)
    }

    /// Busy share of its slots.
    pub fn workers(&self) -> Option<f64> {
        self.busy_share("pool_held", "pool_slots")
    }

    /// Busy share of those who apply the log of another.
    pub fn appliers(&self) -> Option<f64> {
        self.busy_share("applier_busy", "appliers")
    }

    /// How many look-ups there were, in whatever is looked up in.
    pub fn look_ups(&self) -> Option<u64> {
        let sum = |hits, misses| self.known(hits).map(|hits| hits + self.count(misses));
        sum("hits", "misses")
            .filter(|all| *all > 0)
            .or_else(|| sum("buffer_hits", "buffer_misses"))
            .or_else(|| self.known("cdn_lookups"))
    }

    /// Look-ups that found something.
    pub fn hit_ratio(&self) -> Option<f64> {
        self.found("hits", "misses")
    }

    /// Pages touched that were in memory.
    pub fn buffer_hit_ratio(&self) -> Option<f64> {
        self.found("buffer_hits", "buffer_misses")
    }

    fn found(&self, hits: &str, misses: &str) -> Option<f64> {
        let (hits, all) = (self.count(hits), self.count(hits) + self.count(misses));
        (all > 0).then(|| hits as f64 / all as f64)
    }

    /// Busy share of what a disk can read at a time.
    fn disk(&self) -> Option<f64> {
        self.busy_share("disk_busy", "disks")
    }

    /// One count as a share of another.
    pub fn share(&self, part: &str, whole: &str) -> Option<f64> {
        let whole = self.count(whole);
        (whole > 0).then(|| self.count(part) as f64 / whole as f64)
    }

    /// Share of a traffic's reads that were stale.
    pub fn stale_ratio(&self) -> Option<f64> {
        let (reads, stale) = (self.count("reads"), self.known("stale_reads")?);
        (reads > 0).then(|| stale as f64 / reads as f64)
    }

    /// How many of these there were, times the seconds in which they were there.
    pub fn capacity(&self, of: &str) -> f64 {
        self.gauge(of).unwrap_or(1.0) * self.present
    }

    /// What a share of this figure is a share of, to add up those of several nodes.
    fn weight(&self, figure: &str) -> f64 {
        let all = |parts: &[&str]| parts.iter().map(|metric| self.count(metric)).sum::<u64>() as f64;
        match figure {
            "utilization_ratio" => self.capacity("servers"),
            "workers_utilization_ratio" => self.capacity("pool_slots"),
            "disk_utilization_ratio" => self.capacity("disks"),
            "log_utilization_ratio" => self.present,
            "hit_ratio" => all(&["hits", "misses"]),
            "buffer_hit_ratio" => all(&["buffer_hits", "buffer_misses"]),
            "old_address_ratio" => all(&["sent_by_name"]),
            "stale_ratio" => all(&["reads"]),
            _ => 1.0,
        }
    }

    /// What is worth a row, in a fixed order.
    pub fn figures(&self) -> Vec<Figure> {
        let per_s = |count: Option<u64>| count.map(|count| count as f64 / self.length);
        let rate = |metric: &str| per_s(self.known(metric));
        let jobs = self.known("arrivals").filter(|_| self.basis() != "arrivals");
        [
            ("utilization_ratio", self.utilization()),
            ("queue_len_mean", self.queue_len()),
            ("workers_utilization_ratio", self.workers()),
            ("workers_queue_len_mean", self.mean("pool_queue")),
            ("arrivals_per_s", per_s(self.arrivals())),
            ("jobs_per_s", per_s(jobs)),
            ("calls_per_s", rate("calls")),
            ("requests_per_s", rate("requests")),
            ("errors_per_s", per_s(self.errors())),
            ("hit_ratio", self.hit_ratio()),
            ("old_address_ratio", self.share("old_address", "sent_by_name")),
            ("upstream_queries_per_s", rate("upstream_queries")),
            ("items_count", self.gauge("items")),
            ("dirty_items_count", self.gauge("dirty_items")),
            ("pages_read_per_s", rate("pages_read")),
            ("rows_read_per_s", rate("rows_read")),
            ("index_steps_per_s", rate("index_steps")),
            ("buffer_hit_ratio", self.buffer_hit_ratio()),
            ("fsyncs_per_s", rate("fsyncs")),
            ("lock_waits_per_s", rate("lock_waits")),
            ("disk_utilization_ratio", self.disk()),
            ("log_utilization_ratio", self.while_there("log_busy")),
            ("lag_count", self.gauge("lag")),
            ("in_flight_count", self.gauge("in_flight")),
            ("servers_in_service_count", self.gauge("servers_in_service")),
            ("origin_bytes_per_s", rate("origin_bytes")),
            ("egress_bytes_per_s", rate("egress_bytes")),
            ("replica_lag_ms", self.gauge("replica_lag").map(|ns| ns / 1e6)),
            ("lag_entries", self.gauge("lag_entries")),
            ("copied_rows_per_s", rate("copied_rows").filter(|rate| *rate > 0.0)),
            ("moved_rows_per_s", rate("moved_rows").filter(|rate| *rate > 0.0)),
            ("stale_ratio", self.stale_ratio()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| Figure { name, value, weight: self.weight(name) }))
        .collect()
    }
}
