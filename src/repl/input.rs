//! Is an entry complete? Rhai has no such question, so it is answered by where its parser stops.

use super::scan::{Inside, Link, scan};
use rhai::{Engine, ParseErrorType, Position};

/// Whether more has to come before an entry means something. What cannot become right any more is complete: it is to be
/// evaluated, for its error.
pub(super) fn unfinished(text: &str) -> bool {
    let seen = scan(text);
    match seen.inside {
        Inside::Comment | Inside::LongText => return true,
        // A text in double quotes ends in its line: this one is a mistake.
        Inside::Text(_) => return false,
        Inside::Code | Inside::LineComment => {}
    }
    // A bare engine: with strict variables, `if x {` would fail at `x`, long before its end.
    let mut engine = Engine::new_raw();
    engine.set_max_expr_depths(256, 256);
    let Err(error) = engine.compile(text) else { return false };
    match error.err_type() {
        ParseErrorType::UnexpectedEOF => true,
        // The variant does not tell: `}` may be missing in the middle of a line. The place does.
        _ => byte_of(text, error.position()) >= seen.last_end,
    }
}

/// Whether the chain of an experiment may go on in the next line: it has no `;`, does not end with `.run()`, and no empty line
/// has ended it. Only for people, who write line by line.
pub(super) fn open_chain(text: &str) -> bool {
    let seen = scan(text);
    let begins = seen.chain.first() == Some(&Link::Call("experiment".into()));
    let runs = seen.chain.last() == Some(&Link::Call("run".into()));
    let ended = text.rsplit_once('\n').is_some_and(|(_, last)| last.trim().is_empty());
    begins && !runs && !ended && seen.frames.is_empty()
}

/// The entry with the `;` that a person left out behind a chain: the line below does not go on with it.
pub(super) fn with_chains_ended(text: &str) -> String {
    let mut lines = text.split_inclusive('\n').peekable();
    let mut told = String::with_capacity(text.len() + 1);
    while let Some(line) = lines.next() {
        told.push_str(line);
        let goes_on = lines.peek().is_none_or(|next| next.trim().is_empty() || continues(next));
        let end = told.trim_end().len();
        if !goes_on && open_chain(&told[..end]) {
            told.insert(end, ';');
        }
    }
    told
}

/// Whether a line can only be the continuation of the lines above.
pub(super) fn continues(line: &str) -> bool {
    let line = line.trim_start();
    let is_else = line.strip_prefix("else").is_some_and(|rest| !rest.starts_with(super::scan::is_word));
    is_else || (line.starts_with('.') && !line.starts_with("..")) || line.starts_with("?.")
}

/// Rhai counts lines and characters from 1; no position means the end.
fn byte_of(text: &str, position: Position) -> usize {
    let (Some(line), Some(column)) = (position.line(), position.position()) else { return text.len() };
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &text[start.min(text.len())..];
    start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_has_to_come() {
        for text in [
            "fn f(a) {",
            "fn f(a) { // with a comment",
            "fn f(a,",
            "(1 +",
            "1 +",
            "1 + // and",
            "let w = 1 +\n",
            "#{ a: 1,",
            "#{ a: 1 \n",
            "#{",
            "if x {",
            "if x { 1 } else",
            "let x =",
            "`abc",
            "`abc ${x} d\n",
            "`a ${1 + ",
            "1 /* comment",
            "/* a\n b",
            "#\"raw \" text",
            "foo(1,",
            "foo(\"é\",",
            "[1, 2",
            "x.",
            "for i in 0..3",
            "switch x { 1 =>",
            "try { 1 }",
            "!",
            "a &&",
            "x.y(|r| r.p <",
            "experiment(\"a\")\n  .world(|p| {\n    let db = database(\"d\", #{ read: 1.ms });\n",
        ] {
            assert!(unfinished(text), "{text:?}");
        }
    }

    #[test]
    fn nothing_has_to_come() {
        for text in [
            "",
            "  \n",
            "1 + 1",
            "let x = 1;",
            "let bad = )",
            "#{ a: 1 )",
            "#{ a: 1 ) }",
            "foo(1]",
            "1 2",
            "5 ms",
            "let 5",
            "}",
            "fn f(a) { 1 } }",
            "if x { 1 }",
            "\"abc",
            "let x = \"abc",
            "// only a comment",
            "1 // with a comment {",
            "/* a */ 1",
            "`a { ${x} (`",
            "'{'",
            "fn f(a) {\n  a + 1\n}",
            "let x = 1\nlet y = 2",
            "static",
        ] {
            assert!(!unfinished(text), "{text:?}");
        }
    }

    #[test]
    fn chains_of_experiments_go_on_until_they_end() {
        assert!(open_chain("experiment(\"a\")"));
        assert!(open_chain("let e = experiment(\"a\")\n    .duration(1.s)"));
        assert!(!open_chain("experiment(\"a\")\n    .duration(1.s)\n"));
        assert!(!open_chain("experiment(\"a\").duration(1.s);"));
        assert!(!open_chain("let r = experiment(\"a\").duration(1.s).run()"));
        assert!(!open_chain("1 + 1"));
    }

    #[test]
    fn a_chain_ends_before_a_line_that_does_not_go_on_with_it() {
        let text = "let e = experiment(\"a\")\n    .duration(1.s)  \ne.world(|p| {\n  x\n})\n  .seed(1)";
        let told = "let e = experiment(\"a\")\n    .duration(1.s);  \ne.world(|p| {\n  x\n})\n  .seed(1)";
        assert_eq!(with_chains_ended(text), told);
        let world =
            "experiment(\"a\").world(|p| {\n  let w = web(\"w\", #{})\n  traffic(\"t\", #{ to: w })\n})";
        assert_eq!(with_chains_ended(world), world, "within a world it is the user's own affair");
        assert_eq!(with_chains_ended("1 + 1\n2"), "1 + 1\n2");
    }

    #[test]
    fn lines_that_begin_in_the_middle() {
        assert!(continues("    .vary(\"a\", [1])"));
        assert!(continues("else { 2 }"));
        assert!(!continues("elsewhere()"));
        assert!(!continues("-1"));
        assert!(!continues(""));
    }
}
