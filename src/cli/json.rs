//! `--json`: the findings as one document.

use crate::experiment::{CheckRow, Comparison, METRICS, Outcome, Plan};
use crate::output::Written;
use serde_json::{Value, json};

/// Version of the document's shape.
const SCHEMA: u64 = 1;

/// The document of one experiment, one line.
pub fn document(
    plan: &Plan,
    outcome: &Outcome,
    comparisons: &[Comparison],
    checks: &[CheckRow],
    written: &Written,
) -> String {
    let variants: Vec<Value> =
        (0..plan.variants.len()).map(|variant| variant_json(plan, comparisons, variant)).collect();
    let files: Vec<&String> = written.files.iter().map(|(name, _)| name).collect();
    let document = json!({
        "schema": SCHEMA,
        "experiment": plan.name,
        "about": plan.about,
        "seed": plan.seed,
        "replications": plan.replications,
        "baseline": plan.variants[plan.baseline].label,
        "complete": outcome.complete,
        "variants": variants,
        "checks": checks,
        "dir": written.dir,
        "files": files,
    });
    format!("{document}\n")
}

fn variant_json(plan: &Plan, comparisons: &[Comparison], variant: usize) -> Value {
    let own = comparisons.iter().filter(|row| row.variant == variant && row.mean.is_some());
    let metrics: serde_json::Map<String, Value> = own
        .map(|row| {
            let interval = row.interval.as_ref().map(|i| [i.low(), i.high()]);
            let value = json!({ "mean": row.mean, "ci95": interval, "n": row.n, "verdict": row.verdict.text() });
            (METRICS[row.metric].column.to_string(), value)
        })
        .collect();
    let params: serde_json::Map<String, Value> = plan
        .factors
        .iter()
        .zip(&plan.variants[variant].levels)
        .filter_map(|(name, level)| Some((name.clone(), json!(level.as_ref()?.text))))
        .collect();
    json!({ "variant": plan.variants[variant].label, "params": params, "metrics": metrics })
}
