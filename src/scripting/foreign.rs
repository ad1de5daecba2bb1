//! Words and signs of other languages: what they are called here.

use super::mended::UNKNOWN;
use super::slips::{Seen, innermost_bracket};
use crate::catalog::Problem;
use rhai::ParseErrorType;

/// Words by what they are for, and how to write it.
const WORDS: &[(&[&str], &str)] = &[
    (&["var"], "write let x = .."),
    (
        &["null", "nil", "None", "NULL", "undefined"],
        "nothing is written (); a setting that is not wanted is left out",
    ),
    (&["True", "TRUE", "yes"], "write true"),
    (&["False", "FALSE", "no"], "write false"),
    (&["elif", "elsif", "elseif"], "write else if .. { .. }"),
    (&["not"], "write !x; of a comparison the opposite one"),
    (&["match", "case"], "write switch x { 1 => .., _ => .. }"),
    (&["new"], "components are made by calling them: web(\"shop\", #{ .. })"),
    (&["def", "func", "fun", "function"], "write fn name(a, b) { .. }"),
    (&["lambda"], CLOSURE),
    (&["$"], "a price is a number, of US dollars: 0.1"),
];

const CLOSURE: &str = "write |r| r.latency_p99 < 200.ms";

/// A word that means something elsewhere.
pub(super) fn word(seen: &Seen<'_>) -> Option<Problem> {
    let reserved = match seen.syntax() {
        Some(ParseErrorType::Reserved(word)) => Some(word.as_str()),
        _ => None,
    };
    let word = seen.unknown_name().or(reserved)?;
    if let Some(hint) = super::elsewhere::object(word).filter(|_| reserved.is_some()) {
        return Some(Problem::new(format!("`{word}` is a word of another language")).hint(hint));
    }
    let (_, hint) = WORDS.iter().find(|(words, _)| words.contains(&word))?;
    Some(Problem::new(format!("`{word}` is a word of another language")).hint(*hint))
}

/// `and`, `let mut x`, a bracket too many.
pub(super) fn missing_token(seen: &Seen<'_>) -> Option<Problem> {
    let ParseErrorType::MissingToken(..) = seen.syntax()? else { return None };
    let statement = seen.statement();
    let is_word =
        |word: &str| seen.behind(word).is_some_and(|rest| seen.after.len() > word.len() + rest.len());
    let told = |message: &str, hint: &str| Some(Problem::new(message.to_string()).hint(hint));
    if let Some(word) = ["and", "or"].into_iter().find(|word| is_word(word)) {
        return told(&format!("`{word}` is no operator"), "write && or ||; in a check write two checks");
    }
    // (A call within a world: what follows such a word is what Rhai does not understand.)
    let last = seen.last_word().filter(|_| seen.before.ends_with(' ')).unwrap_or_default();
    if let Some((_, hint)) = WORDS.iter().find(|(words, _)| words.contains(&last)) {
        return told(&format!("`{last}` is a word of another language"), hint);
    }
    let is_f =
        seen.before.strip_suffix('f').is_some_and(|so_far| so_far.ends_with(['(', ' ', '=', ',', '[']));
    if is_f && seen.after.starts_with('"') {
        return told("values in a text are written otherwise", "write it between backticks: `count is ${x}`");
    }
    if is_word("for") && innermost_bracket(seen.before).is_some_and(|at| seen.before[at..].starts_with('[')) {
        let message = "a list of what is computed from another one is written otherwise";
        return told(message, "write [1, 2, 4].map(|i| ..)");
    }
    if statement.contains("lambda ") {
        return told("`lambda` is a word of another language", CLOSURE);
    }
    if statement.trim() == "let mut" {
        return told("all variables can be changed", "write let x = .., without mut");
    }
    let closing = seen.after.chars().next().filter(|c| matches!(c, ')' | ']' | '}'))?;
    let open = innermost_bracket(seen.before).and_then(|at| seen.before[at..].chars().next());
    let is_its_own = matches!((open, closing), (Some('('), ')') | (Some('['), ']') | (Some('{'), '}'));
    let message = format!("this `{closing}` closes nothing");
    if is_its_own { None } else { told(&message, "take it away, or open it before") }
}

/// `a ? b : c`, `x++`.
pub(super) fn operator(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let (sign, hint) = [("?", "write if a { b } else { c }"), ("++", "write x += 1"), ("--", "write x -= 1")]
        .into_iter()
        .find(|(sign, _)| seen.after.starts_with(sign))?;
    Some(Problem::new(format!("`{sign}` is no operator")).hint(hint))
}

/// `(r) => ..`, `function(r) { .. }`, where Rhai sees what is behind the bracket first.
pub(super) fn arrow_behind_brackets(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let (before, name) = seen.so_far().strip_suffix(')')?.rsplit_once('(')?;
    let is_function = before.ends_with("function") && seen.after.starts_with('{');
    if !is_function && !seen.after.starts_with("=>") {
        return None;
    }
    let message = "a function without a name is written otherwise";
    Some(Problem::new(message).hint(format!("write |{name}| ..")))
}

/// What another language writes around a name: `(r) => ..`, `function(r) { .. }`, `r -> ..`, `web("w", of=db)`, `f".."`, `[x for x in ..]`, `{ a: 1 }`.
pub(super) fn around_a_name(seen: &Seen<'_>) -> Option<Problem> {
    let name = seen.unknown_name().filter(|name| *name != UNKNOWN)?;
    let behind = seen.behind(name)?;
    let after_bracket = behind.strip_prefix(')').map_or(behind, str::trim_start);
    let bracket = innermost_bracket(seen.before).map(|at| seen.before.split_at(at));
    let within = |open: char| bracket.is_some_and(|(_, inside)| inside.starts_with(open));
    if after_bracket.starts_with("=>") || behind.starts_with("->") || seen.so_far().ends_with("function(") {
        let message = "a function without a name is written otherwise";
        return Some(Problem::new(message).hint(format!("write |{name}| ..")));
    }
    if within('(') && behind.starts_with('=') && !behind.starts_with("==") {
        if let Some(called) = bracket.and_then(|(out, _)| function_without_settings(out)) {
            let message = format!("what `{called}` is given has no names");
            return Some(Problem::new(message).maybe_hint(crate::scripting::api::usage(called)));
        }
        let message = "settings stand in an object map";
        return Some(Problem::new(message).hint(format!("write #{{ {name}: .. }}")));
    }
    if name == "f" && behind.starts_with(['"', '\'']) {
        let message = "values in a text are written otherwise";
        return Some(Problem::new(message).hint("write it between backticks: `count is ${x}`"));
    }
    if within('[') && behind.starts_with("for ") {
        let message = "a list of what is computed from another one is written otherwise";
        return Some(Problem::new(message).hint(format!("write [1, 2, 4].map(|{name}| ..)")));
    }
    let is_map =
        within('{') && behind.starts_with(':') && bracket.is_some_and(|(out, _)| !out.ends_with('#'));
    let message = "an object map begins with `#{`, not with `{`";
    is_map.then(|| Problem::new(message).hint(format!("write #{{ {name}: .. }}")))
}

/// The function that a text ends with, if it is none that takes settings.
pub(super) fn function_without_settings(text: &str) -> Option<&str> {
    let called = text.trim_end().rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    let takes_settings = crate::components::KINDS.iter().any(|kind| kind.entry.name == called)
        || ["link", "network", "regions", "trace"].contains(&called);
    (!called.is_empty() && !takes_settings).then_some(called)
}
