//! What a mistake hides: a call that fails ends an evaluation, a name that is not known keeps a script from being read at all. The text is mended there,
//! with a value of which nothing is known, and looked at again, until nothing more comes to light. What is told of unknown values is not told.

use super::onward;
use super::pasted::with_commas;
use super::session::{Host, Judge, Session};
use super::slips::WORLD_IS_A_BLOCK;
use super::text::Text;
use crate::catalog::{Place, Problem, Problems};
use crate::experiment::{Builder, Estimate, Outcome, Plan, Workshop};
use rhai::{Dynamic, Engine, INT};
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

/// A value of which nothing is known. Its name occurs in no other message.
#[derive(Clone, Copy, Debug)]
struct UnknownValue;

/// Whether nothing is known of a value.
pub(super) fn is_unknown(value: &Dynamic) -> bool {
    value.is::<UnknownValue>()
}

impl IntoIterator for UnknownValue {
    type Item = UnknownValue;
    type IntoIter = std::iter::Once<UnknownValue>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}

const NAME: &str = "unknownvalue";
/// How it is written: as short as a name can be that nobody uses.
pub(super) const UNKNOWN: &str = "_u";
/// More mistakes than anybody mends at once.
const ROUNDS: usize = 40;

/// Only looks: nothing runs, nothing is printed.
struct Blind;

impl Host for Blind {
    fn adjust(&self, _plan: &mut Plan) {}
    fn run(
        &self,
        _plan: &Plan,
        _workshop: &dyn Workshop,
        _builder: &mut dyn Builder,
        _judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems> {
        Ok(None)
    }
    fn print(&self, _text: &str) {}
}

/// The mistakes of a script that were found, and those that they hide.
pub(super) fn with_hidden(found: Problems, name: &str, text: &str, folder: &Path) -> Problems {
    let mut all = found.clone();
    let written = text;
    let mut text = Text::new(text);
    let mut seen: BTreeSet<_> = all.iter().map(spot).collect();
    let mut last = found;
    for _ in 0..ROUNDS {
        let mut is_done = false;
        // (The last first: a bracket that is put in moves what is behind it.)
        for problem in last.iter().rev() {
            if let Some(place) = problem.place.as_ref().filter(|place| *place.source == *name) {
                is_done |= text.mend((place.line, place.column), meant(problem), problem.ends);
            }
        }
        if !is_done {
            break;
        }
        last = looked_at(name, &text.whole(), folder);
        let is_mended = |problem: &&Problem| {
            problem.place.as_ref().is_some_and(|place| text.is_mended((place.line, place.column)))
        };
        let told = last.iter().filter(|problem| !is_mended(problem) && !follows(problem));
        let told = told.map(|problem| as_written(problem, &text, name));
        let new: Problems = told.filter(|problem| !seen.contains(&spot(problem))).collect();
        seen.extend(new.iter().map(spot));
        all.extend(new);
    }
    all.sort_by(|a, b| a.place.cmp(&b.place));
    // (Each thing that is described in it tells the same.)
    let mut is_told = false;
    all.retain(|problem| problem.message != WORLD_IS_A_BLOCK || !std::mem::replace(&mut is_told, true));
    let is_own = |problem: &Problem| problem.place.as_ref().is_some_and(|place| *place.source == *name);
    let told =
        all.into_iter().map(|problem| if is_own(&problem) { with_commas(problem, written) } else { problem });
    let mut told: Problems = told.collect();
    // (The call tells it, and the number itself.)
    let line = |problem: &Problem| problem.place.as_ref().map(|place| place.line);
    told.dedup_by(|later, earlier| {
        let is_of_numbers = later.message.ends_with("are two numbers");
        is_of_numbers && later.message == earlier.message && line(later) == line(earlier)
    });
    told
}

/// Told where it stands in the script as it was written.
fn as_written(problem: &Problem, text: &Text, name: &str) -> Problem {
    let mut problem = problem.clone();
    for place in problem.place.iter_mut().filter(|place| *place.source == *name) {
        (place.line, place.column) = text.as_written((place.line, place.column));
    }
    problem
}

/// Whether it may be there only since something was left out, or speaks of what is not known.
fn follows(problem: &Problem) -> bool {
    const OF_WHAT_IS_MISSING: [&str; 4] =
        ["has no duration", "has no world", "the world has no traffic", "the world has no component"];
    let text = problem.to_string();
    OF_WHAT_IS_MISSING.iter().any(|part| text.contains(part)) || is_of_the_unknown(&text)
}

fn is_of_the_unknown(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    text.contains(NAME) || text.contains("UnknownValue") || words.any(|word| word == UNKNOWN)
}

/// The name that is said to be meant.
fn meant(problem: &Problem) -> Option<&str> {
    let (name, _) = problem.hint.as_ref()?.strip_prefix("did you mean `")?.split_once('`')?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}

fn spot(problem: &Problem) -> Option<(std::sync::Arc<str>, usize, usize)> {
    problem.place.as_ref().map(|Place { source, line, column, .. }| (source.clone(), *line, *column))
}

/// What is wrong with a script that runs experiments one behind the other, with all of them.
pub(super) fn ahead(name: &str, text: &str, folder: &Path) -> Problems {
    let found = looked_at(name, text, folder);
    found.into_iter().filter(|problem| !is_of_the_unknown(&problem.to_string())).collect()
}

fn looked_at(name: &str, text: &str, folder: &Path) -> Problems {
    let mut session = Session::new(folder, true, Rc::new(Blind));
    session.read_on();
    session.look_at(name, text).err().unwrap_or_default()
}

/// Whatever is done with one gives another one.
pub(super) fn unknown_values(engine: &mut Engine) {
    engine.register_type_with_name::<UnknownValue>(NAME);
    let written = engine.register_custom_syntax([UNKNOWN], false, |_, _| Ok(Dynamic::from(UnknownValue)));
    debug_assert!(written.is_ok(), "{:?}", written.err());
    engine.register_indexer_get(|own: &mut UnknownValue, _: &str| *own);
    engine.register_indexer_get(|own: &mut UnknownValue, _: INT| *own);
    engine.register_iterator::<UnknownValue>();
    for operator in ["+", "-", "*", "/", "%"] {
        engine.register_fn(operator, |own: UnknownValue, _: Dynamic| own);
        engine.register_fn(operator, |_: Dynamic, own: UnknownValue| own);
    }
    for operator in ["==", "!=", "<", "<=", ">", ">="] {
        engine.register_fn(operator, |_: UnknownValue, _: Dynamic| false);
        engine.register_fn(operator, |_: Dynamic, _: UnknownValue| false);
    }
    engine.register_get("mean", |estimate: &mut Estimate| match estimate.mean() {
        Some(mean) => Dynamic::from(mean),
        None if onward::hangs() => Dynamic::from(UnknownValue),
        None => Dynamic::from(f64::NAN),
    });
}
