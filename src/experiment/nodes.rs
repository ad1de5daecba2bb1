//! The nodes of a run over its measured part.

use super::cost::per_hour;
use super::design::Timing;
use super::result::ComponentRow;
use super::series::{Change, known};
use super::terms::Terms;
use crate::components::{Layout, is_front};
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, Simulation, Time, seconds};

/// The rows of all nodes.
pub(super) fn rows(
    layout: &Layout,
    terms: &Terms,
    earlier: &[Readings],
    later: &[Readings],
    timing: &Timing,
) -> Vec<ComponentRow> {
    let (span, measured) = ((timing.warmup, timing.end()), seconds(timing.duration));
    let rows_of = |node: usize| {
        let id = NodeId(node as u16);
        let (group, n) = layout.home(id).expect("every node has a group");
        let group = &layout.groups[group];
        let (length, present) = (terms.within(id, span), terms.working(id, span, &later[node]));
        let levels = terms.until_it_left(id, span, &later[node]);
        let change = Change { earlier: known(earlier, node), later: &later[node], levels, length, present };
        let mut rows = component_rows(&group.node_name(n), group.kind, &change);
        let there = if measured > 0.0 { length / measured } else { 0.0 };
        rows[0].is_front = is_front(group, n);
        rows[0].slo_ratio = timing.slo.and_then(|slo| change.share_within(slo));
        rows[0].cost_per_hour = per_hour(group, n, there, &change, measured);
        rows
    };
    (0..later.len()).flat_map(rows_of).collect()
}

/// The rows of a node in components.csv: itself, its pool of workers, or of connections to servers, if that is a limited one, and those who
/// apply the log of another.
fn component_rows(name: &str, kind: &str, change: &Change<'_>) -> Vec<ComponentRow> {
    let own = node_row(name, kind, change);
    let what = if ["database", "load_balancer"].contains(&kind) { "connections" } else { "workers" };
    let appliers = change.appliers().map(|utilization| ComponentRow {
        component: format!("{name} appliers"),
        kind: "pool".into(),
        utilization_ratio: Some(utilization),
        queue_len_mean: change.mean("applier_queue"),
        queue_len_max: change.maximum("applier_queue_len_max"),
        wait_p99_ms: change.p99("applier_wait"),
        ..ComponentRow::default()
    });
    let workers = change.mean("pool_queue").map(|queue| ComponentRow {
        component: format!("{name} {what}"),
        kind: "pool".into(),
        utilization_ratio: change.workers(),
        queue_len_mean: Some(queue),
        queue_len_max: change.maximum("pool_queue_len_max"),
        errors_count: change.known("pool_rejected").or_else(|| change.known("turned_away")),
        wait_p99_ms: change.p99("pool_wait"),
        ..ComponentRow::default()
    });
    std::iter::once(own).chain(workers).chain(appliers).collect()
}

fn node_row(name: &str, kind: &str, change: &Change<'_>) -> ComponentRow {
    let known = |metric: &str| change.known(metric);
    ComponentRow {
        component: name.into(),
        kind: kind.into(),
        utilization_ratio: change.utilization(),
        queue_len_mean: change.queue_len(),
        queue_len_max: change.queue_len_max(),
        arrivals_count: change.arrivals(),
        completions_count: change.completions(),
        errors_count: change.errors(),
        wait_p99_ms: change.p99("wait"),
        service_p99_ms: change.p99("service"),
        look_ups_count: change.look_ups(),
        capacity: Some(change.capacity("servers")),
        is_front: false,
        hit_ratio: change
            .hit_ratio()
            .or(change.buffer_hit_ratio())
            .or(change.share("cdn_hits", "cdn_lookups")),
        cost_per_hour: None,
        reads_count: known("reads"),
        stale_reads_count: known("stale_reads"),
        stale_ratio: change.stale_ratio(),
        stale_age_p99_ms: change.p99("stale_age"),
        latency_p50_ms: change.quantile("latency", 0.5),
        latency_p99_ms: change.p99("latency"),
        availability_ratio: change.share_within(Time::MAX),
        slo_ratio: None,
        measures: super::measures::of(kind, change),
    }
}

/// The largest value that any node tells.
pub fn maximum(readings: &[Readings], metric: &str) -> Option<f64> {
    let value = |readings: &Readings| match readings.get(metric) {
        Some(Reading::Maximum(value)) => Some(*value),
        _ => None,
    };
    readings.iter().filter_map(value).reduce(f64::max)
}

/// The readings of all nodes, in the order of their indices.
pub fn all_readings(simulation: &Simulation, detailed: bool) -> Vec<Readings> {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), detailed)).collect()
}

/// The readings at the end of the run: what users still wait for, having wanted it since `from`, enters with the time it has taken so far.
pub fn last_readings(simulation: &Simulation, from: Time) -> Vec<Readings> {
    let mut readings = all_readings(simulation, true);
    for (_, request) in simulation.requests().iter().filter(|(_, request)| request.intended >= from) {
        for told in ["latency", "open"] {
            readings[request.client.index()].record(told, simulation.now() - request.intended);
        }
    }
    readings
}
