//! What an experiment has found, for other programs (`--json`): one document on stdout.

use crate::experiment::Interval;
use crate::experiment::{CheckRow, Comparison, METRICS, Outcome, Phase, Plan, compare_phase};
use crate::kernel::seconds;
use crate::output::Written;
use serde_json::{Value, json};

/// Version of the document. It grows when a name in it changes its meaning or goes.
const SCHEMA: u64 = 1;

/// The document of one experiment. `null` = not measured, or undecided.
pub fn document(
    plan: &Plan,
    outcome: &Outcome,
    comparisons: &[Comparison],
    checks: &[CheckRow],
    written: &Written,
) -> Value {
    let file = |(name, rows): &(String, Option<u64>)| json!({ "name": name, "rows": rows });
    json!({
        "schema": SCHEMA,
        "experiment": plan.name,
        "complete": outcome.complete,
        "seed": plan.seed,
        "replications": plan.replications,
        "variants": plan.variants.iter().map(|v| v.label.as_str()).collect::<Vec<_>>(),
        "baseline": plan.compared_with().first().map(|first| plan.variants[*first].label.as_str()),
        "baselines": plan.baselines.iter().map(|baseline| plan.variants[*baseline].label.as_str()).collect::<Vec<_>>(),
        "dir": written.dir.display().to_string(),
        "files": written.files.iter().map(file).collect::<Value>(),
        "metrics": comparisons.iter().filter(|row| row.n > 0).map(|row| metric(plan, row)).collect::<Value>(),
        "phases": phases(plan, outcome),
        "checks": checks.iter().map(check).collect::<Value>(),
    })
}

/// The same metrics of each phase.
fn phases(plan: &Plan, outcome: &Outcome) -> Value {
    let of = |(at, phase): (usize, &Phase)| {
        let rows = compare_phase(plan, &outcome.results, at);
        json!({
            "phase": phase.name,
            "from_s": seconds(phase.from),
            "to_s": seconds(phase.to),
            "metrics": rows.iter().filter(|row| row.n > 0).map(|row| metric(plan, row)).collect::<Value>(),
        })
    };
    plan.phases.iter().enumerate().map(of).collect()
}

fn metric(plan: &Plan, row: &Comparison) -> Value {
    let ends = |interval: &Option<Interval>| interval.map(|i| [i.low(), i.high()]);
    json!({
        "metric": METRICS[row.metric].column,
        "variant": plan.variants[row.variant].label,
        "n": row.n,
        "mean": row.mean,
        "sd": row.sd,
        "ci95": ends(&row.interval),
        "diff_mean": row.difference.map(|i| i.mean),
        "diff_ci95": ends(&row.difference),
        "diff_rel_pct": row.relative_pct,
        "verdict": Some(row.verdict.text()).filter(|text| !text.is_empty()),
    })
}

fn check(row: &CheckRow) -> Value {
    json!({
        "check": row.check,
        "variant": Some(row.variant.as_str()).filter(|variant| !variant.is_empty()),
        "value": row.value,
        "limit": row.limit,
        "passed": row.passed,
        "detail": row.detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::Found;

    #[test]
    fn the_document_has_what_the_table_has() {
        let Found { plan, outcome, comparisons, checks, .. } = Found::new();
        let written = Written { dir: "results/x".into(), files: vec![("a.csv".into(), Some(3))] };
        let document = document(&plan, &outcome, &comparisons, &checks, &written);
        assert_eq!(document["baseline"], "strategy=through;ttl=5 s");
        assert_eq!(document["files"][0]["rows"], 3);
        let metrics = document["metrics"].as_array().unwrap();
        let of = |metric: &str, variant: usize| {
            let label = plan.variants[variant].label.as_str();
            metrics.iter().find(|m| m["metric"] == metric && m["variant"] == label).unwrap()
        };
        assert_eq!(of("latency_p50_ms", 1)["verdict"], "better");
        assert!(of("latency_p50_ms", 0)["diff_mean"].is_null());
        assert!(metrics.iter().all(|m| m["metric"] != "cost_per_hour"), "not measured");
        let passed: Vec<Option<bool>> =
            document["checks"].as_array().unwrap().iter().map(|c| c["passed"].as_bool()).collect();
        assert_eq!(passed, [Some(true), Some(false), None]);
    }
}
