//! What has been said in a session, entry by entry, and its evaluation: worker threads say all of it again.

use super::convert::Scripted;
use super::desk::desk;
use super::engine::refill;
use crate::catalog::{Place, Problem, Problems};
use rhai::{AST, Dynamic, Engine, Scope};
use std::sync::Arc;

/// Source of everything typed at a prompt, until its places are shown: then as the entry's own name and line.
pub(super) const PROMPT: &str = "<prompt>";

/// One entry of a prompt, or a whole script.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub text: Arc<str>,
    /// Lines of the session above it. It is compiled below as many empty lines, so that a place tells the entry.
    pub above: usize,
    /// What the user calls it.
    pub name: Arc<str>,
    /// The line under that name at which it begins, from 1.
    pub line: usize,
}

impl Entry {
    fn lines(&self) -> usize {
        self.text.matches('\n').count() + 1
    }
}

/// All that has been said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// What the syntax trees are named.
    pub source: Arc<str>,
    pub entries: Vec<Entry>,
}

impl Said {
    /// Whether any of it may add nodes: it says so, or has others say things.
    pub fn may_add_nodes(&self) -> bool {
        self.entries.iter().any(|entry| ["add_node", "import"].iter().any(|word| entry.text.contains(word)))
    }

    /// Lines of all entries.
    pub fn lines(&self) -> usize {
        self.entries.last().map_or(0, |last| last.above + last.lines())
    }

    /// A place as the user knows it: in the entry, not in the session.
    pub fn shown(&self, place: Place) -> Place {
        let said = |entry: &&Entry| entry.above < place.line && place.line <= entry.above + entry.lines();
        match self.entries.iter().find(said) {
            Some(entry) if *place.source == *PROMPT => {
                Place { source: entry.name.clone(), line: place.line - entry.above + entry.line - 1, ..place }
            }
            _ => place,
        }
    }
}

/// What evaluation changes: variables and functions.
#[derive(Clone, Default)]
pub(super) struct State {
    pub scope: Scope<'static>,
    pub library: AST,
}

impl State {
    /// The values of all variables now. Those that closures have captured stay shared with them.
    pub fn snapshot(&self) -> Snapshot {
        let values = self.scope.iter_raw().map(|(_, _, value)| value.flatten_clone()).collect();
        Snapshot { state: self.clone(), values }
    }

    /// Goes back, as if nothing had been evaluated since.
    pub fn restore(&mut self, snapshot: Snapshot) {
        for ((_, _, variable), before) in snapshot.state.scope.iter_raw().zip(snapshot.values) {
            if variable.is_shared() {
                let mut variable = variable.clone();
                if let Some(mut shared) = variable.write_lock::<Dynamic>() {
                    *shared = before;
                };
            }
        }
        *self = snapshot.state;
    }
}

/// The state before an entry.
pub(super) struct Snapshot {
    state: State,
    values: Vec<Dynamic>,
}

/// The syntax tree of an entry.
pub(super) fn compile(engine: &Engine, state: &State, source: &str, entry: &Entry) -> Scripted<AST> {
    let padded = format!("{}{}", "\n".repeat(entry.above), entry.text);
    let mut ast = engine.compile_with_scope(&state.scope, padded)?;
    ast.set_source(source);
    desk(|desk| desk.keys.note(source, &ast));
    Ok(ast)
}

/// A function of the script with the name of one of ours would be called in its place, even as a method.
pub(super) fn shadowed(ast: &AST, source: &Arc<str>, entry: &Entry) -> Result<(), Problems> {
    let ours = |name: &str| super::api::WORDS.iter().any(|(word, _)| *word == name);
    let taken = ast.iter_functions().filter(|function| ours(function.name)).map(|function| {
        let message = format!("the function `{}` has the name of a word of the language", function.name);
        let problem = Problem { place: declared(function.name, source, entry), ..Problem::new(message) };
        problem.hint("give it another name: it would be called instead of ours")
    });
    let taken: Problems = taken.collect();
    if taken.is_empty() { Ok(()) } else { Err(taken) }
}

/// Where a function is declared. (Rhai does not tell.)
fn declared(name: &str, source: &Arc<str>, entry: &Entry) -> Option<Place> {
    let start = format!("fn {name}");
    let begins =
        |line: &str| line.find(&start).filter(|at| line[at + start.len()..].trim_start().starts_with('('));
    let (line, at) = entry.text.lines().enumerate().find_map(|(line, text)| Some((line, begins(text)?)))?;
    let column = entry.text.lines().nth(line)?[..at].chars().count() + 4;
    Some(Place { source: source.clone(), line: entry.above + line + 1, column, length: name.chars().count() })
}

/// Evaluates an entry with the functions of all earlier ones.
pub(super) fn evaluate(engine: &Engine, state: &mut State, ast: &AST) -> Scripted<Dynamic> {
    refill();
    let mut whole = state.library.merge(ast);
    if let Some(source) = ast.source() {
        whole.set_source(source);
    }
    state.library = whole.clone_functions_only();
    engine.eval_ast_with_scope::<Dynamic>(&mut state.scope, &whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str, above: usize, name: &str, line: usize) -> Entry {
        Entry { text: text.into(), above, name: name.into(), line }
    }

    #[test]
    fn places_are_shown_in_the_entry_they_are_in() {
        let entries = vec![
            entry("a\nb\nc", 0, "shop.rhai", 1),
            entry("d", 3, "entry 2", 1),
            entry("e\nf", 4, "stdin", 9),
        ];
        let said = Said { source: PROMPT.into(), entries };
        assert_eq!(said.lines(), 6);
        let shown = |line| {
            let place = said.shown(Place { source: PROMPT.into(), line, column: 1, length: 0 });
            (place.source.to_string(), place.line)
        };
        assert_eq!(shown(3), ("shop.rhai".into(), 3));
        assert_eq!(shown(4), ("entry 2".into(), 1));
        assert_eq!(shown(6), ("stdin".into(), 10));
        assert_eq!(shown(7), (PROMPT.into(), 7));
    }

    #[test]
    fn going_back_restores_what_closures_share() {
        let engine = Engine::new();
        let mut state = State::default();
        let say = |state: &mut State, text: &str| {
            let ast = compile(&engine, state, PROMPT, &entry(text, 0, "entry", 1)).unwrap();
            evaluate(&engine, state, &ast)
        };
        assert!(say(&mut state, "let x = 1; let f = || x; let list = [1];").is_ok());
        let before = state.snapshot();
        assert!(say(&mut state, "x = 2; list.push(2); let y = 3; throw 1").is_err());
        state.restore(before);
        assert_eq!(say(&mut state, "f.call() + list.len()").unwrap().as_int().unwrap(), 2);
        assert!(say(&mut state, "y").is_err());
    }
}
