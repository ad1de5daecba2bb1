//! Branches, loops and imports as other languages write them: what they look like here.

use super::slips::{Seen, innermost_bracket};
use crate::catalog::Problem;
use rhai::ParseErrorType;

fn told(message: impl Into<String>, hint: &str) -> Option<Problem> {
    Some(Problem::new(message).hint(hint))
}

/// `if x then { .. }`, `if x: ..`, `while x do`, `x if y else z`.
pub(super) fn branch(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let statement = seen.statement();
    if statement.starts_with("if ") && (seen.after.starts_with("then") || seen.after.starts_with(':')) {
        return told("what an `if` does stands in braces", "write if x > 1 { .. } else { .. }");
    }
    if statement.starts_with("while ") && (seen.after.starts_with("do") || seen.after.starts_with(':')) {
        return told("what a `while` does stands in braces", "write while x > 1 { .. }");
    }
    // (An `if` on a line of its own is one that stands behind a forgotten `;`.)
    let is_behind_a_value = statement.trim_end_matches(' ').ends_with(is_end_of_value);
    let message = "a choice between two values begins with `if`";
    (is_behind_a_value && seen.after.starts_with("if "))
        .then(|| told(message, "write if a { b } else { c }"))
        .flatten()
}

fn is_end_of_value(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '"' | '}')
}

/// `for (let i ..`, `for i = 1 to 3`, `for i of list`.
pub(super) fn loop_head(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let head = seen.statement().strip_prefix("for")?;
    let is_in_brackets = head.trim_start().starts_with('(');
    let is_without_in = ["=", "of ", ":"].iter().any(|sign| seen.after.starts_with(sign));
    (is_in_brackets || is_without_in)
        .then(|| told("a loop is written otherwise", "write for i in 0..10 { .. }, or for x in list { .. }"))
        .flatten()
}

/// `let x: int`, `x := 1`, `let f = |x| -> ..`.
pub(super) fn sign(seen: &Seen<'_>) -> Option<Problem> {
    let name_and_behind = seen.unknown_name().and_then(|name| seen.behind(name));
    if seen.after.starts_with(":=") || name_and_behind.is_some_and(|behind| behind.starts_with(":=")) {
        return told("`:=` is no operator", "write let x = ..");
    }
    let kind = seen.syntax()?;
    let is_bad = matches!(kind, ParseErrorType::BadInput(_));
    if is_bad && seen.after.starts_with('=') && !seen.after.starts_with("==") {
        return told("`=` gives a variable a value, and compares nothing", "write ==");
    }
    let is_made = ["let ", "const "].iter().any(|word| seen.statement().starts_with(word));
    if is_made && !seen.statement().contains('=') && seen.after.starts_with(':') {
        return told("variables have no types here", "write let x = ..");
    }
    let is_arrow = seen.after.starts_with("->")
        || matches!(kind, ParseErrorType::BadInput(_)) && seen.after.starts_with("-");
    let in_switch = innermost_bracket(seen.before).is_some_and(|at| seen.before[..at].contains("switch "));
    match (is_arrow, in_switch) {
        (false, _) => None,
        (true, true) => {
            told("a branch of `switch` is written otherwise", "write switch x { 1 => .., _ => .. }")
        }
        (true, false) => told(
            "`->` is no sign here",
            "a function without a name is |x| .., one with a name fn f(x) { .. }",
        ),
    }
}

/// `print "text"`, `import x from "y"`, `from y import x`.
pub(super) fn statement(seen: &Seen<'_>) -> Option<Problem> {
    let is_print = seen.behind("print").is_some_and(|rest| rest.starts_with(['"', '`', '\'']));
    if is_print && seen.syntax().is_some() {
        return told("`print` is a function", "write print(\"..\")");
    }
    let is_import = seen.statement().starts_with("import ")
        || seen.statement().starts_with("from ")
        || seen.after.starts_with("from ");
    (is_import && !seen.statement().contains('"') && !seen.after.starts_with('"'))
        .then(|| told("modules are imported otherwise", "write import \"name\" as m; then m::f(..)"))
        .flatten()
}

/// `let (a, b) = ..`.
pub(super) fn several_names(seen: &Seen<'_>) -> Option<Problem> {
    let is_it = matches!(seen.syntax()?, ParseErrorType::VariableExpected)
        && seen.last_word() == Some("let")
        && seen.after.starts_with(['(', '[', '{']);
    is_it
        .then(|| told("a `let` names one thing", "write let pair = f(); let a = pair[0]; let b = pair[1];"))
        .flatten()
}
