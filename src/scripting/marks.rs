//! Commas, points and brackets: one that is missing, one of another kind, one too many.

use super::slips::{Seen, innermost_bracket};
use super::units::unit_names;
use crate::catalog::Problem;
use crate::experiment::{METRICS, is_named};
use rhai::ParseErrorType;

fn told(message: impl Into<String>, hint: impl Into<String>) -> Option<Problem> {
    Some(Problem::new(message).hint(hint))
}

/// `.vary("n" [1, 2])`: Rhai takes the list for an index.
pub(super) fn comma_before_a_list(seen: &Seen<'_>) -> Option<Problem> {
    let is_index = match seen.syntax()? {
        ParseErrorType::MalformedIndexExpr(_) => true,
        ParseErrorType::MissingToken(token, what) => token == "]" && what.contains("index"),
        _ => false,
    };
    let (before, list) = seen.before.split_at(innermost_bracket(seen.before)?);
    (is_index && list.starts_with('[') && before.trim_end().ends_with(['"', ')', '}']))
        .then(|| told("a `,` is missing before `[`", "write .vary(\"count\", [1, 2])"))
        .flatten()
}

/// `items: 4,000`.
pub(super) fn grouped_digits(seen: &Seen<'_>) -> Option<Problem> {
    let is_name = matches!(seen.syntax()?, ParseErrorType::PropertyExpected);
    let front = seen.before.strip_suffix(',')?;
    let front = &front[front.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1)..];
    let group: String = seen.after.chars().take_while(char::is_ascii_digit).collect();
    (is_name && group.len() == 3 && !front.is_empty())
        .then(|| told("a number is grouped by `_`, not by `,`", format!("write {front}_{group}")))
        .flatten()
}

/// `1k.rps`.
pub(super) fn thousands(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let front = &seen.before[seen.before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1)..];
    let zeros = match seen.after.chars().next()? {
        'k' | 'K' => "_000",
        'm' | 'M' => "_000_000",
        _ => return None,
    };
    (!front.is_empty() && seen.after[1..].starts_with(['.', ',', ')', ' ', '\n']))
        .then(|| told("a number has no letters", format!("write {front}{zeros}")))
        .flatten()
}

/// `(1.s, 10.rps)`, `#{ db, service: 1.ms }`, `#{ to: lb; rate: .. }`.
pub(super) fn list_or_map(seen: &Seen<'_>) -> Option<Problem> {
    let ParseErrorType::MissingToken(token, what) = seen.syntax()? else { return None };
    let next = seen.after.chars().next();
    match (token.as_str(), next) {
        (")", Some(',')) if what.contains("matching (") => {
            told("values that belong together stand in a list", "write [a, b]")
        }
        (":", Some(',' | '}')) if what.contains("object map") => {
            let name = what.split('\'').nth(1).unwrap_or("..");
            told(
                format!("`{name}` stands alone in an object map"),
                format!("write {name}: {name}, say, with the name of a setting before"),
            )
        }
        ("}", Some(';')) if what.contains("object map") && begins_with_a_setting(&seen.after[1..]) => {
            told("the settings of an object map are separated by `,`", "write `,` for `;`")
        }
        (",", Some(';' | '}')) if what.contains("arguments to function call") => {
            let name = what.split('\'').nth(1).unwrap_or("..");
            told(
                format!("a `)` is missing: the call of `{name}` is still open"),
                "write `)` before the marked place",
            )
        }
        _ => None,
    }
}

/// `rate: 5.rps`, on the same line.
fn begins_with_a_setting(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default().trim_start();
    let behind = line.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    behind.len() < line.len() && behind.trim_start().starts_with(':')
}

/// `w.1.crash()`.
pub(super) fn number_behind_a_point(seen: &Seen<'_>) -> Option<Problem> {
    let is_name = matches!(seen.syntax()?, ParseErrorType::PropertyExpected);
    let before = seen.before.strip_suffix('.').unwrap_or(seen.before);
    let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    let number: String =
        seen.after.trim_start_matches('.').chars().take_while(char::is_ascii_digit).collect();
    (is_name && !number.is_empty() && name.starts_with(char::is_alphabetic))
        .then(|| told("nodes are numbered in brackets", format!("write {name}[{number}]")))
        .flatten()
}

/// `=<`.
pub(super) fn turned_comparison(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let is_it = seen.before.ends_with('=') && seen.after.starts_with('<') || seen.after.starts_with("=<");
    is_it.then(|| told("`=<` is no operator", "write <=")).flatten()
}

/// `.world(fn(p) { .. })`.
pub(super) fn function_as_a_value(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let parameters = seen.behind("fn")?.strip_prefix('(')?.split(')').next()?;
    told("a function without a name is written otherwise", format!("write |{parameters}| .."))
}

/// What a chain consists of.
const CHAIN: [&str; 14] = [
    "about(",
    "vary(",
    "variant(",
    "baseline(",
    "replications(",
    "warmup(",
    "duration(",
    "window(",
    "slo(",
    "seed(",
    "world(",
    "expect(",
    "expect_for(",
    "claim(",
];

/// Whether it is one of them.
pub(super) fn is_step(name: &str) -> bool {
    CHAIN.iter().any(|step| step.strip_suffix('(') == Some(name))
}

/// `.world(..)` and then `expect(..)`.
pub(super) fn chain_without_its_point(seen: &Seen<'_>) -> Option<Problem> {
    let ParseErrorType::MissingToken(token, _) = seen.syntax()? else { return None };
    let step = CHAIN.iter().find(|step| seen.after.starts_with(**step))?;
    (token == ";" && seen.so_far().ends_with(')'))
        .then(|| told("a chain goes on with a point", format!("write .{step}..)")))
        .flatten()
}

/// `#{ read: 5.ms )`; in a block there is rather one too many, unless one more would close all.
pub(super) fn unlike_bracket(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let closing = seen.after.chars().next()?;
    let open = innermost_bracket(seen.before)?;
    let (opening, wanted) = match seen.before[open..].chars().next()? {
        '(' => ("(", ')'),
        '[' => ("[", ']'),
        _ if seen.before[..open].ends_with('#') => ("#{", '}'),
        _ if would_close(seen, '}') => ("{", '}'),
        _ => return None,
    };
    let line = seen.before[..open].matches('\n').count() + 1;
    let message = format!("this is `{closing}`, and the `{opening}` of line {line} is still open");
    let is_another = matches!(closing, ')' | ']' | '}') && closing != wanted;
    is_another.then(|| told(message, format!("write `{wanted}` before it, or take it away"))).flatten()
}

/// Whether just one bracket is missing to close all of a script's.
fn would_close(seen: &Seen<'_>, closing: char) -> bool {
    let is_open = |between: &str| {
        innermost_bracket(&format!("{}{between}{}\n{}", seen.before, seen.after, seen.later)).is_some()
    };
    is_open("") && !is_open(closing.encode_utf8(&mut [0; 4]))
}

/// Units and figures are written without brackets; times that may be anything between two are drawn.
pub(super) fn without_brackets(name: &str) -> Option<String> {
    if name == ".." {
        return Some("a time between two others is drawn: uniform(3.ms, 5.ms)".into());
    }
    if unit_names().any(|unit| unit == name) {
        return Some(format!("a unit stands without brackets: 5.{name}"));
    }
    let is_figure = METRICS.iter().any(|metric| is_named(metric.column, name));
    is_figure.then(|| format!("a figure stands without brackets: r.{name}"))
}

/// What others call the steps of a chain.
const OTHERS: [(&str, &[&str]); 7] = [
    ("replications", &["repetitions", "repeat", "repeats", "runs", "trials", "samples", "iterations"]),
    ("vary", &["factor", "param", "parameter", "sweep", "levels", "compare", "variants"]),
    ("duration", &["length", "run_for", "measure", "simulate"]),
    ("warmup", &["warm_up", "ramp_up", "burn_in"]),
    ("world", &["topology", "system", "setup", "model", "architecture"]),
    ("expect", &["assert", "check", "require", "ensure"]),
    ("about", &["describe", "description", "title"]),
];

/// The step of a chain that is meant.
pub(super) fn step_of_chain(name: &str) -> Option<String> {
    let (step, _) = OTHERS.iter().find(|(_, others)| others.contains(&name))?;
    Some(format!("did you mean `{step}`?"))
}
