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
    let rest = seen.after.strip_prefix(is_curly)?;
    let text = rest.split(is_curly).next().filter(|text| text.len() < rest.len() && !text.contains('\n'))?;
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

/// `/*` without `*/`.
pub(super) fn comment_without_end(text: &str, source: &Arc<str>) -> Option<Problem> {
    let before = text.get(..open_comment(text)?)?;
    // Rhai decides, which knows all texts: an end is swallowed by a comment alone.
    let count = |text: &str| words(&Engine::new_raw(), text).len();
    if count(text) != count(&format!("{text}*/")) {
        return None;
    }
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let place = Place { source: source.clone(), line: before.matches('\n').count() + 1, column, length: 2 };
    Some(Problem::at(&place, "this comment has no end").hint("write */ behind it"))
}

/// Where a comment begins that does not end.
fn open_comment(text: &str) -> Option<usize> {
    let (mut rest, mut at) = (text, 0);
    while let Some(next) = rest.find(['"', '/']) {
        let (skip, ends) = match &rest[next..] {
            here if here.starts_with("//") => (2, "\n"),
            here if here.starts_with("/*") => (2, "*/"),
            here if here.starts_with('"') => (1, "\""),
            _ => (1, ""),
        };
        let behind = &rest[next + skip..];
        match behind.find(ends) {
            Some(end) => {
                let step = next + skip + end + ends.len();
                (rest, at) = (&rest[step..], at + step);
            }
            None => return (ends == "*/").then_some(at + next),
        }
    }
    None
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
    fn comments_in_texts_and_texts_in_comments_are_none() {
        for text in ["", "a / b", "\"/*\" // /*\n", "/* \" */ a", "// \" \n/* */"] {
            assert_eq!(open_comment(text), None, "{text}");
        }
        assert_eq!(open_comment("a /* b"), Some(2));
        assert_eq!(open_comment("\"a\" // \" \n/* b"), Some(10));
    }

    #[test]
    fn a_comment_without_an_end_is_found_where_rhai_finds_none() {
        let place = |text: &str| {
            comment_without_end(text, &"it".into())
                .and_then(|problem| problem.place)
                .map(|at| (at.line, at.column))
        };
        assert_eq!(place("let a = 1;\n let b = 2; /* c"), Some((2, 13)));
        for text in ["let a = `\"/*`;", "let a = \"\\\"/*\";", "/* a */ let b = 1;"] {
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
