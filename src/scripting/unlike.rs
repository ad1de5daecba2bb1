//! Comparisons of things of two kinds: Rhai finds each of them false, and says nothing.

use super::api::AnyLevel;
use super::desk::{call_place, draft};
use super::errors::raise;
use crate::catalog::Problem;
use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, INT, NativeCallContext, Variant};

const OPERATORS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];

/// How quantities are written, by their kind.
const QUANTITIES: [(&str, &str); 4] =
    [("duration", "3.ms"), ("rate", "3.rps"), ("size", "3.kib"), ("share", "3.percent")];

/// Kinds that a factor may have beside others: `.vary("ttl", [5.s, "none"])`.
const LEVELS: [&str; 5] = ["distribution", "keys", "arrivals", "step", "clients"];

/// What to compare instead of things that are not equal to anything.
const INSTEAD: [(&str, &str); 5] = [
    ("component", "a component is equal to itself only: store == db, web[0] != web[1]"),
    ("result", "compare what it has: all.best(\"latency_p99\").strategy == \"back\", r.latency_p99 < 20.ms"),
    ("results", "compare what they have: all.latency_p99 < 20.ms"),
    ("result of a component", "compare what it has: r.of(\"db\").utilization < 80.percent"),
    ("parameters", "compare a level of the variant: p.strategy == \"back\""),
];

/// Teaches an engine a kind, which then refuses to be compared with what no other function compares it with.
pub(super) fn kind<T: Variant + Clone>(engine: &mut Engine, name: &'static str) {
    engine.register_type_with_name::<T>(name);
    for operator in OPERATORS {
        engine.register_fn(operator, move |cx: NativeCallContext, a: T, b: Dynamic| {
            compare(&cx, operator, &Dynamic::from(a), &b)
        });
        engine.register_fn(operator, move |cx: NativeCallContext, a: Dynamic, b: T| {
            compare(&cx, operator, &a, &Dynamic::from(b))
        });
    }
}

/// What nothing else compares is unequal, if it could have been meant to be, and else a mistake.
fn compare(
    cx: &NativeCallContext<'_>,
    operator: &str,
    a: &Dynamic,
    b: &Dynamic,
) -> Result<bool, Box<EvalAltResult>> {
    if let Some(either) = AnyLevel::compared(cx, operator, [a, b]) {
        return Ok(either);
    }
    let (left, right) = (name(cx, a), name(cx, b));
    let is_equality = matches!(operator, "==" | "!=");
    if is_equality && (is_stand_in(&right, b, &left) || is_stand_in(&left, a, &right)) {
        return Ok(operator == "!=");
    }
    let text = [a, b].into_iter().find_map(|side| side.clone().into_string().ok());
    let problem = mistake(operator, &left, &right, text.as_deref());
    let noted = Problem { place: Some(call_place(cx)), ..problem.clone() };
    // While a world is described the rest of it is looked at all the same.
    match draft("it", |world| world.spec.problems.push(noted)) {
        Ok(()) => Ok(operator == "!="),
        Err(_) => Err(raise(vec![problem])),
    }
}

/// What a person calls the kind of a value.
fn name(cx: &NativeCallContext<'_>, value: &Dynamic) -> String {
    let plain = match value {
        _ if value.is_unit() => "nothing",
        _ if value.is_bool() => "truth value",
        _ if value.is::<INT>() || value.is::<FLOAT>() => "number",
        _ if value.is_string() || value.is_char() => "text",
        _ if value.is_array() => "list",
        _ if value.is_map() => "object map",
        _ if value.is_fnptr() => "function",
        _ => cx.engine().map_type_name(value.type_name()),
    };
    plain.into()
}

fn quantity(kind: &str) -> Option<&'static str> {
    QUANTITIES.iter().find(|(name, _)| *name == kind).map(|(_, example)| *example)
}

/// Whether a value may stand where others of this kind do: no store, no time to live, a level that is a word.
fn is_stand_in(own: &str, value: &Dynamic, other: &str) -> bool {
    let is_level = quantity(other).is_some() || LEVELS.contains(&other);
    match own {
        "nothing" => other != "check",
        "truth value" => is_level || other == "component",
        "text" => is_level && !is_number_like(&value.to_string()),
        "list" | "object map" | "function" => is_level,
        _ => false,
    }
}

/// `"5s"`: a quantity that stands in quotes by mistake.
fn is_number_like(text: &str) -> bool {
    text.trim_start_matches([' ', '-', '+', '.']).starts_with(|c: char| c.is_ascii_digit())
}

#[cold]
fn mistake(operator: &str, left: &str, right: &str, text: Option<&str>) -> Problem {
    let of = |kind: &str| match kind {
        "nothing" | "arrivals" | "keys" | "clients" | "parameters" | "results" | "estimates" => {
            kind.to_string()
        }
        "object map" | "experiment" | "estimate" => format!("an {kind}"),
        kind => format!("a {kind}"),
    };
    let both = [left, right];
    // A number that lacks its unit is the commonest of all.
    if let Some(example) = both.iter().find_map(|kind| quantity(kind))
        && both.contains(&"number")
    {
        let kind = if left == "number" { right } else { left };
        let message = format!("`{operator}` compares a {kind} with a number that has no unit");
        return Problem::new(message).hint(format!("give the number one, such as {example}"));
    }
    let message = format!("`{operator}` compares {} with {}", of(left), of(right));
    Problem::new(message).maybe_hint(hint(&both, text))
}

/// What to write instead.
fn hint(both: &[&str; 2], text: Option<&str>) -> Option<String> {
    let example =
        |kind: &&str| quantity(kind).map(|example| format!("a {kind} with a {kind}, such as {example}"));
    if both.contains(&"check") {
        return Some("a chain of comparisons is two checks: one of a < b, and one of b < c".into());
    }
    let examples: Vec<String> = both.iter().filter_map(example).collect();
    if !examples.is_empty() {
        let quoted = text.filter(|text| is_number_like(text));
        let quoted = quoted.map_or_else(String::new, |text| {
            format!("; \"{text}\" is a text: units stand after a point, without quotes")
        });
        return Some(format!("compare {}{quoted}", examples.join(", ")));
    }
    if both.iter().any(|kind| LEVELS.contains(kind)) {
        return Some("give the variants names, and compare those: p.load == \"heavy\"".into());
    }
    let instead = both.iter().find_map(|kind| INSTEAD.iter().find(|(name, _)| name == kind));
    instead.map(|(_, hint)| hint.to_string())
}
