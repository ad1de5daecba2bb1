//! A small experiment with made-up results, for the tests of files and tables.

use super::Report;
use crate::experiment::{
    CheckRow, Comparison, ComponentRow, EventRow, Level, METRICS, Measured, Outcome, Plan, RunResult, Series,
    Timing, Variant, Window, Workers, compare, find_metric,
};
use crate::kernel::{MILLISECOND, SECOND};
use std::sync::Arc;

/// Plan and findings of two variants in four replications.
pub(crate) struct Found {
    pub(crate) plan: Plan,
    pub(crate) outcome: Outcome,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) checks: Vec<CheckRow>,
    workers: Workers,
}

impl Found {
    pub(crate) fn new() -> Self {
        Found::with(plan(4))
    }

    pub(crate) fn with(plan: Plan) -> Self {
        let variants = 0..plan.variants.len();
        let replications = plan.replications;
        let results: Vec<RunResult> =
            variants.flat_map(|v| (0..replications).map(move |r| run(v, r))).collect();
        let comparisons = compare(&results, &plan.baselines);
        let outcome = Outcome { results: results.into(), complete: true };
        let workers = Workers::new(&plan, 2).expect("threads");
        Found { plan, outcome, comparisons, checks: checks(), workers }
    }

    /// The results, to change them.
    pub(crate) fn results(&mut self) -> &mut Vec<RunResult> {
        Arc::get_mut(&mut self.outcome.results).expect("nobody else has them")
    }

    pub(crate) fn report(&self) -> Report<'_> {
        Report {
            plan: &self.plan,
            results: &self.outcome.results,
            comparisons: &self.comparisons,
            checks: &self.checks,
            workers: &self.workers,
        }
    }
}

pub(crate) fn plan(replications: u64) -> Plan {
    let level = |text: &str, ms: f64| Level { text: text.into(), number: Some(ms), unit: "_ms" };
    let variant = |strategy: &str, ttl: Level| Variant {
        label: format!("strategy={strategy};ttl={}", ttl.text),
        levels: vec![Some(Level { text: strategy.into(), number: None, unit: "" }), Some(ttl)],
    };
    Plan {
        name: "write strategies".into(),
        about: "what each costs".into(),
        factors: vec!["strategy".into(), "ttl".into()],
        variants: vec![variant("through", level("5 s", 5_000.0)), variant("back", level("60 s", 60_000.0))],
        baselines: vec![0, 0],
        replications,
        seed: 42,
        timing: Timing { warmup: SECOND, duration: 120 * SECOND, window: 500 * MILLISECOND, slo: None },
        phases: Vec::new(),
        disabled: Vec::new(),
        asked: Vec::new(),
        judged: Vec::new(),
        unread: Vec::new(),
        unmet: Vec::new(),
    }
}

/// A run: medians of about 5 and 1 ms, and 212 lost writes in the second variant.
pub(crate) fn run(variant: usize, replication: u64) -> RunResult {
    let own = 0.1 * replication as f64;
    let mut metrics = vec![None; METRICS.len()];
    let mut set = |name: &str, value: f64| {
        metrics[find_metric(name).expect("a metric")] = Some(value);
    };
    set("throughput_per_s", 2000.0 + own);
    set("latency_p50_ms", [5.0, 1.0][variant] + own);
    set(
        "latency_p99_ms",
        [20.0, 20.0][variant] + if replication.is_multiple_of(2) { 0.0 } else { variant as f64 - own },
    );
    set("write_latency_p50_ms", [5.0, 0.2][variant] + own / 1000.0 * (variant + 1) as f64);
    set("availability_ratio", [0.999, 0.99][variant] + own / 1e6 * variant as f64);
    set("lost_writes_count", [0.0, 211.0][variant] + (variant as u64 * replication) as f64);
    set("events_count", 1000.0);
    RunResult {
        variant,
        replication,
        metrics,
        components: components(),
        phases: Vec::new(),
        series: series(replication),
        events: vec![EventRow {
            t_s: 60.5,
            component: "store".into(),
            event: "crash".into(),
            detail: "cache dies, cold".into(),
        }],
        events_count: 1000,
        digest: format!("{:016x}", 16 * variant as u64 + replication),
        warnings: Vec::new(),
    }
}

fn components() -> Vec<ComponentRow> {
    let idle = ComponentRow {
        component: "=evil".into(),
        kind: "cache".into(),
        utilization_ratio: None,
        queue_len_mean: None,
        queue_len_max: None,
        arrivals_count: None,
        completions_count: None,
        errors_count: None,
        wait_p99_ms: None,
        service_p99_ms: None,
        hit_ratio: Some(0.9),
        measures: [("evictions_count", 7.0), ("dirty_items", 2.5)]
            .map(|(measure, value)| Measured { measure: measure.into(), value })
            .into(),
        ..ComponentRow::default()
    };
    let busy = ComponentRow {
        component: "shop/0".into(),
        kind: "web".into(),
        utilization_ratio: Some(0.25),
        queue_len_mean: Some(0.125),
        queue_len_max: Some(3.0),
        arrivals_count: Some(1000),
        completions_count: Some(998),
        errors_count: Some(2),
        wait_p99_ms: Some(1.5),
        service_p99_ms: Some(4.0),
        hit_ratio: None,
        ..ComponentRow::default()
    };
    vec![busy, idle]
}

fn series(replication: u64) -> Series {
    let mut series = Series::default();
    let all = series.line("all", "throughput_per_s");
    let mut window = |end, figures| series.push(Window { end: end * MILLISECOND, figures });
    if replication > 0 {
        window(500, vec![(all, 2000.125)]);
        return series;
    }
    window(500, vec![(all, 2000.125), (1, 0.25)]);
    window(700, vec![(all, 1999.0)]);
    series.line("shop/0", "utilization_ratio");
    series
}

fn checks() -> Vec<CheckRow> {
    let check = |check: &str, variant: &str, value, limit, passed, detail: &str| CheckRow {
        check: check.into(),
        variant: variant.into(),
        value: Some(value),
        limit,
        passed,
        detail: detail.into(),
    };
    vec![
        check(
            "median under 20 ms",
            "strategy=through;ttl=5 s",
            5.15,
            Some(20.0),
            Some(true),
            "latency_p50_ms is 5.15 [4.945, 5.355]",
        ),
        check(
            "loses nothing",
            "strategy=back;ttl=60 s",
            212.5,
            Some(0.0),
            Some(false),
            "lost_writes_count is 0 in 0 of 4 replications",
        ),
        check("back is fastest", "", 1.15, None, None, "two variants cannot be told apart"),
    ]
}
