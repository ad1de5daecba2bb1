//! Calls that stand where they do not belong: in the chain of an experiment, or in its world.

use crate::catalog::Problem;

/// `.at(5.s, ..)` in the chain, `warmup(5.s)` in the world.
pub(super) fn call(name: &str, arguments: &str) -> Option<Problem> {
    let of_experiment = arguments.starts_with("experiment");
    if of_experiment
        && (OF_WORLDS.contains(&name) || crate::components::KINDS.iter().any(|kind| kind.entry.name == name))
    {
        let problem = Problem::new(format!("`{name}` belongs into the world, not behind it"));
        return Some(problem.maybe_hint(super::api::usage(name).map(|usage| {
            format!(".world(|p| {{ .. {} .. }})", usage.strip_prefix("write ").unwrap_or(&usage))
        })));
    }
    // (Behind a point there is one argument more: then a bracket is missing rather.)
    let takes = match name {
        "phase" => 3,
        "vary" | "variant" | "expect" | "claim" => 2,
        "warmup" | "duration" | "window" | "slo" | "seed" | "replications" | "baseline" | "about" => 1,
        _ => 0,
    };
    let of_results = arguments.starts_with("result");
    let of_world =
        !of_experiment && !of_results && !arguments.is_empty() && arguments.split(", ").count() == takes;
    of_world.then(|| {
        let problem = Problem::new(format!("`{name}` is a step of the chain of an experiment"));
        problem.maybe_hint(
            super::api::usage(name).map(|usage| usage.replacen("write ", "write experiment(..)", 1)),
        )
    })
}

/// What happens in a world.
const OF_WORLDS: [&str; 5] = ["at", "every", "when", "note", "link"];
