//! What text processors and spreadsheets write otherwise: quotes, dashes, blanks that do not show, numbers with a comma.

use super::slips::Seen;
use super::text::words;
use crate::catalog::{Place, Problem};
use rhai::Engine;
use std::sync::Arc;

/// Whether it is a quote of a word processor.
pub(super) fn is_curly(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»')
}

/// Whether one quote closes what another one opens: an apostrophe within closes nothing.
fn is_mate(opening: char, c: char) -> bool {
    let is_single = |c: char| matches!(c, '\u{2018}'..='\u{201b}');
    is_curly(c) && is_single(opening) == is_single(c)
}

/// Signs, and what is written instead.
const SIGNS: &[(&[char], &str)] = &[
    (&['\u{a0}', '\u{2007}', '\u{2009}', '\u{200b}', '\u{202f}', '\u{feff}'], " "),
    (&['–', '—', '−', '‐', '‑'], "-"),
    (&['×', '·'], "*"),
    (&['÷'], "/"),
    (&['≤'], "<="),
    (&['≥'], ">="),
    (&['≠'], "!="),
];

/// What is written instead of a sign.
pub(super) fn instead_of(sign: char) -> Option<&'static str> {
    SIGNS.iter().find(|(signs, _)| signs.contains(&sign)).map(|(_, instead)| *instead)
}

/// `“db”`.
pub(super) fn curly_quotes(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let opening = seen.after.chars().next().filter(|c| is_curly(*c))?;
    let rest = &seen.after[opening.len_utf8()..];
    let text = &rest[..rest.find(|c| is_mate(opening, c))?];
    Some(Problem::new("a text stands in straight double quotes").hint(format!("write \"{text}\"")))
}

/// `5.ms – 1.ms`, a blank that keeps words together.
pub(super) fn sign(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let sign = seen.after.chars().next()?;
    let (instead, code) = (instead_of(sign)?, u32::from(sign));
    Some(match instead {
        " " => Problem::new(format!("this blank (U+{code:04X}) only looks like one"))
            .hint("write a plain blank; those of a whole script go with the editor's search and replace"),
        _ => Problem::new(format!("`{sign}` (U+{code:04X}) is no operator")).hint(format!("write {instead}")),
    })
}

/// `/*` without `*/`. Rhai, which knows texts and nested comments, decides: what is written behind it comes to nothing.
pub(super) fn comment_without_end(text: &str, source: &Arc<str>) -> Option<Problem> {
    let count = |text: &str| words(&Engine::new_raw(), text).len();
    let is_open = |text: &str| count(text) == count(&format!("{text}\n*/"));
    let begins = || text.match_indices("/*").map(|(at, _)| at);
    if begins().next().is_none() || !is_open(text) {
        return None;
    }
    let all = count(text);
    let at = begins().filter(|at| !is_open(&text[..*at]) && count(&text[..*at]) == all).last()?;
    let before = &text[..at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.contains(is_curly) {
        return None; // It is part of a text, whose quotes are wrong.
    }
    let (row, column) = (before.matches('\n').count() + 1, line.chars().count() + 1);
    let place = Place { source: source.clone(), line: row, column, length: 2 };
    Some(Problem::at(&place, "this comment has no end").hint("write */ behind it"))
}

/// `.5.ms`
pub(super) fn number_without_its_zero(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let rest = seen.after.strip_prefix('.').or_else(|| seen.before.ends_with('.').then_some(seen.after))?;
    let before = seen.before.trim_end_matches('.').trim_end();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let begins = before.ends_with(['(', '[', ',', ':', '=', '<', '>', '+', '-', '*', '/']);
    (begins && !digits.is_empty())
        .then(|| Problem::new("a number begins with a digit").hint(format!("write 0.{digits}")))
}

/// Functions that take one number first, and no other one behind it.
const OF_ONE: [&str; 8] =
    ["exponential", "constant", "poisson", "at", "every", "warmup", "duration", "window"];

/// `exponential(3,5.ms)`, `uniform_keys(5,000)`: two values where one is meant, as the line of a call tells that is not understood.
pub(super) fn with_commas(problem: Problem, text: &str) -> Problem {
    let told = problem.place.as_ref().filter(|_| problem.message.contains("` does not take ("));
    let better = told.and_then(|place| {
        let line = text.lines().nth(place.line.checked_sub(1)?)?;
        comma_in_a_number(&line.chars().skip(place.column.saturating_sub(1)).collect::<String>())
    });
    better.map_or_else(
        || problem.clone(),
        |better| Problem { place: problem.place.clone(), ends: problem.ends, ..better },
    )
}

fn comma_in_a_number(call: &str) -> Option<Problem> {
    let (name, inside) = call.split_once('(')?;
    let inside = inside.split(')').next()?;
    if inside.contains(['"', '`', '[', '(']) {
        return None; // what stands in a text or a list is another matter
    }
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let number = |at: usize| {
        let front = digits(&inside[..at].chars().rev().collect::<String>()).chars().rev().collect::<String>();
        let behind = digits(&inside[at + 1..]);
        let is_grouped = behind.len() == 3;
        let is_one = !front.is_empty() && !behind.is_empty() && (is_grouped || OF_ONE.contains(&name.trim()));
        is_one.then_some((front, behind))
    };
    let (front, behind) = inside.match_indices(',').find_map(|(at, _)| number(at))?;
    let (what, between) =
        if behind.len() == 3 { ("digits are grouped by `_`", "_") } else { ("decimals have a point", ".") };
    let message = format!("`{front},{behind}` are two numbers");
    Some(Problem::new(message).hint(format!("{what}: write {front}{between}{behind}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_without_an_end_is_found_where_rhai_finds_none() {
        let place = |text: &str| {
            comment_without_end(text, &"it".into())
                .and_then(|problem| problem.place)
                .map(|at| (at.line, at.column))
        };
        for (text, found) in [
            ("let a = 1;\n let b = 2; /* c", (2, 13)),
            ("let a = `/b/*`;\n/* open", (2, 1)),
            ("let a = 1; // b /* c\n /* d", (2, 2)),
            ("/* outer /* inner */ let a = 1;", (1, 1)),
        ] {
            assert_eq!(place(text), Some(found), "{text}");
        }
        for text in [
            "let u = `/api/*`;\nlet a = 1;\n// done",
            "f(“/page/*”);",
            "let a = `/*`; // \" /*",
            "// /* a",
            "let a = `\"/*`;",
            "let a = \"\\\"/*\";",
            "/* a */ let b = 1;",
        ] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn a_comma_in_a_number_is_told_where_one_number_is_meant() {
        let hint = |call: &str| comma_in_a_number(call).and_then(|problem| problem.hint);
        assert_eq!(hint("exponential(3,5.ms);").as_deref(), Some("decimals have a point: write 3.5"));
        assert_eq!(hint("zipf(5,000, 0.9)").as_deref(), Some("digits are grouped by `_`: write 5_000"));
        assert_eq!([hint("uniform(1,5)"), hint("at(1, 5)"), hint("range")], [None, None, None]);
    }
}
