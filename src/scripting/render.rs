//! Draws problems: the source line, a mark under what is meant, and the hint.

use super::inputs;
use crate::catalog::{Place, Problem};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Message, Renderer, Snippet};
use std::collections::BTreeMap;

/// Texts of scripts, by name.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Keeps a text.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.into(), text.into());
    }

    /// Keeps a text that begins at a line (from 1) of a longer one, of which the rest may be known already.
    pub fn add_at(&mut self, name: &str, line: usize, text: &str) {
        let whole = self.0.entry(name.into()).or_default();
        let kept: usize = whole.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        whole.truncate(kept);
        if !whole.is_empty() && !whole.ends_with('\n') {
            whole.push('\n');
        }
        let missing = line.saturating_sub(1).saturating_sub(whole.matches('\n').count());
        whole.push_str(&"\n".repeat(missing));
        whole.push_str(text);
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Draws problems, with ANSI colours (the printer strips them where they are not wanted).
pub fn draw(problems: &[Problem], sources: &Sources) -> String {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, problem) in problems.iter().enumerate() {
        alike.entry((&problem.place, shape(&problem.message))).or_default().push(at);
    }
    // (Where one more would be left out, it is drawn instead of saying so.)
    let mut most = vec![(true, 0); problems.len()];
    for of_a_kind in alike.values().filter(|of_a_kind| of_a_kind.len() > DRAWN_OF_A_KIND + 1) {
        let (shown, left) = of_a_kind.split_at(DRAWN_OF_A_KIND);
        left.iter().for_each(|at| most[*at].0 = false);
        most[shown[DRAWN_OF_A_KIND - 1]].1 = left.len();
    }
    let drawn = problems.iter().zip(most).filter(|(_, (is_drawn, _))| *is_drawn);
    let drawn: Vec<String> =
        drawn.map(|(problem, (_, more))| one(problem, more, sources, &renderer)).collect();
    drawn.join("\n\n") + "\n"
}

/// So many mistakes of one kind are drawn that stand in one place: a loop makes the same one again and again.
const DRAWN_OF_A_KIND: usize = 3;

/// A message without what differs from one turn of a loop to the next: numbers, and names in quotes.
fn shape(message: &str) -> String {
    let outside = message.split('"').step_by(2);
    outside.collect::<String>().chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// One problem; `more` others of its kind and place are not drawn.
fn one(problem: &Problem, more: usize, sources: &Sources, renderer: &Renderer) -> String {
    let nothing: [Message<'_>; 0] = [];
    let mut group = Level::ERROR.primary_title(problem.message.as_str()).elements(nothing);
    let module = problem.place.as_ref().and_then(|place| inputs::module(&place.source));
    let marked = problem.place.as_ref().and_then(|place| {
        let (path, text) = match (sources.text(&place.source), &module) {
            (Some(text), _) => (&*place.source, text),
            (None, Some(module)) => (&*module.path, &*module.text),
            (None, None) => return None,
        };
        Some((path, text, span(text, place)?))
    });
    match marked {
        Some((path, text, span)) => {
            let mark = AnnotationKind::Primary.span(span);
            group = group.element(Snippet::source(text).path(path).annotation(mark));
        }
        None => {
            if let Some(place) = &problem.place {
                let line = if place.line > 0 { format!(" line {}", place.line) } else { String::new() };
                let origin = format!("in {}{line}", place.source);
                group = group.element(Level::NOTE.message(origin));
            }
        }
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    if more > 0 {
        group = group
            .element(Level::NOTE.message(format!("{more} more of this kind stand here: is there a loop?")));
    }
    renderer.render(&[group])
}

/// The bytes that a place means; a place without a length means the word there.
fn span(text: &str, place: &Place) -> Option<std::ops::Range<usize>> {
    let line_start: usize = text.split_inclusive('\n').take(place.line.checked_sub(1)?).map(str::len).sum();
    let line = text.get(line_start..)?.lines().next().unwrap_or("");
    let column = place.column.saturating_sub(1);
    let mut start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    if line[start..].starts_with('.') && place.length == 0 {
        start += 1; // Rhai marks the dot of a property
    }
    let rest = &line[start..];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = match place.length {
        0 => match rest.chars().take_while(|c| is_word(*c)).map(char::len_utf8).sum() {
            0 => rest.chars().next().map_or(1, char::len_utf8), // a sign, which may have several bytes
            word => word,
        },
        length => rest.chars().take(length).map(char::len_utf8).sum(),
    };
    let end = (line_start + start + length).min(text.len());
    Some((line_start + start).min(end)..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_word() {
        let mut sources = Sources::default();
        sources.add("a.rhai", "let a = 1;\nlet b = ttll: 5;\n");
        let place = Place { source: "a.rhai".into(), line: 2, column: 9, length: 0 };
        let problem = Problem::at(&place, "no `ttll`").hint("did you mean `ttl`?");
        let drawn = anstream::adapter::strip_str(&draw(&[problem], &sources)).to_string();
        assert!(drawn.contains("2 | let b = ttll: 5;"), "{drawn}");
        assert!(drawn.contains("^^^^"), "{drawn}");
        assert!(drawn.contains("help: did you mean `ttl`?"), "{drawn}");
    }

    #[test]
    fn of_many_mistakes_in_one_place_a_few_are_drawn() {
        let mut sources = Sources::default();
        sources.add("a.rhai", "let a = 1;\n");
        let place = Place { source: "a.rhai".into(), line: 1, column: 5, length: 0 };
        let problems = |count: usize| -> Vec<Problem> {
            (0..count).map(|number| Problem::at(&place, format!("no node {number}"))).collect()
        };
        let drawn = |count| anstream::adapter::strip_str(&draw(&problems(count), &sources)).to_string();
        assert_eq!(drawn(4).matches("error").count(), 4);
        assert_eq!(drawn(60).matches("error").count(), 3);
        assert!(drawn(60).contains("note: 57 more of this kind"), "{}", drawn(60));
        let all =
            ["a", "b", "c", "d", "e", "f"].map(|name| Problem::at(&place, format!("it needs `{name}`")));
        assert_eq!(draw(&all, &sources).matches("error").count(), 6, "they are of several kinds");
    }

    #[test]
    fn a_text_comes_in_parts() {
        let mut sources = Sources::default();
        sources.add_at("stdin", 2, "b");
        sources.add_at("stdin", 3, "c\nd");
        sources.add_at("stdin", 6, "f");
        assert_eq!(sources.text("stdin"), Some("\nb\nc\nd\n\nf"));
        sources.add_at("stdin", 1, "new");
        assert_eq!(sources.text("stdin"), Some("new"));
    }

    proptest::proptest! {
        #[test]
        fn any_place_in_any_text_is_drawn(
            text in "([a-z“–\u{a0}\u{feff}é\\.\n\r\t가🦀]|[^\\p{C}]){0,12}",
            line in 0_usize..4,
            column in 0_usize..14,
            length in 0_usize..4,
        ) {
            let mut sources = Sources::default();
            sources.add("a", &text);
            let place = Place { source: "a".into(), line, column, length };
            draw(&[Problem::at(&place, "no")], &sources);
        }
    }

    #[test]
    fn places_outside_the_text_are_survived() {
        let place = Place { source: "a".into(), line: 99, column: 99, length: 99 };
        let mut sources = Sources::default();
        sources.add("a", "one line");
        assert!(draw(&[Problem::at(&place, "oops")], &sources).contains("oops"));
    }
}
