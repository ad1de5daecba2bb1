//! What is wrong with a script as far as its text alone tells. A call that fails ends an evaluation and hides all that comes behind it: then this is
//! told as well.

use super::errors::{Words, unknown_call, unknown_unit};
use super::places::place_at;
use super::units::{unit, unit_names};
use crate::catalog::{Entry, Place, Problem, Problems, Value, no_such_setting};
use crate::components::{KINDS, kinds_with};
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position};
use std::collections::BTreeSet;

/// Words that Rhai takes for calls and no engine lists.
const KEYWORDS: [&str; 11] = [
    "print",
    "debug",
    "type_of",
    "eval",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "this",
];

/// Calls of functions that there are not, units that numbers do not have, and settings that components do not have.
#[allow(deprecated)]
pub(super) fn survey(ast: &AST, words: &Words<'_>) -> Problems {
    let mut own = Own::default();
    own.functions.extend(ast.iter_functions().map(|function| function.name.to_string()));
    let mut calls: Vec<(FnCallExpr, Position)> = Vec::new();
    let mut problems = Problems::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at) | Expr::MethodCall(call, at))) => {
                calls.push(((**call).clone(), *at));
            }
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                own.keys.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            // (Rhai takes `a[2].b` for the element `2.b` of `a`.)
            Some(ASTNode::Expr(Expr::Dot(both, ..))) if !is_element(nodes) => {
                problems.extend(no_unit(&both.lhs, &both.rhs, words));
            }
            _ => {}
        }
        true
    });
    problems.extend(calls.iter().filter_map(|(call, at)| own.unknown(call, *at, words)));
    problems.extend(calls.iter().flat_map(|(call, _)| no_settings(call, words)));
    problems
}

fn is_element(nodes: &[ASTNode<'_>]) -> bool {
    let parent = nodes.len().checked_sub(2).map(|at| &nodes[at]);
    matches!(parent, Some(ASTNode::Expr(Expr::Index(..))))
}

/// What a script itself makes that can be called.
#[derive(Default)]
struct Own {
    functions: BTreeSet<String>,
    /// Keys of its maps, which may hold functions.
    keys: BTreeSet<String>,
}

impl Own {
    fn unknown(&self, call: &FnCallExpr, at: Position, words: &Words<'_>) -> Option<Problem> {
        let name = call.name.as_str();
        let is_word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let is_known = words.functions.iter().any(|known| known == name)
            || KEYWORDS.contains(&name)
            || self.functions.contains(name)
            || self.keys.contains(name);
        if !is_word || is_known || !call.namespace.is_empty() {
            return None;
        }
        Some(Problem { place: named(name, at, words), ..unknown_call(name, words) })
    }
}

fn named(name: &str, at: Position, words: &Words<'_>) -> Option<Place> {
    place_at(words.source, at).map(|place| Place { length: name.chars().count(), ..place })
}

/// `256.MB`.
fn no_unit(number: &Expr, property: &Expr, words: &Words<'_>) -> Option<Problem> {
    let Expr::Property(names, at) = property else { return None };
    let is_number = matches!(number, Expr::IntegerConstant(..) | Expr::FloatConstant(..));
    let name = names.2.as_str();
    let is_known = unit(name).is_some() || unit_names().any(|known| known == name);
    (is_number && !is_known).then(|| Problem { place: named(name, *at, words), ..unknown_unit(name) })
}

/// Settings that a component does not have, where they are written down in its call.
fn no_settings(call: &FnCallExpr, words: &Words<'_>) -> Problems {
    let kind = KINDS.iter().find(|kind| kind.entry.name == call.name.as_str());
    let (Some(kind), [name, Expr::Map(map, _)]) = (kind, &call.args[..]) else { return Problems::new() };
    let name = if let Expr::StringConstant(name, _) = name { name.as_str() } else { "" };
    let entry: &'static Entry = kind.entry;
    let is_known = |setting: &str| entry.has(setting);
    let unknown = map.0.iter().filter(|(key, _)| !is_known(key.name.as_str()));
    let told = unknown.filter_map(|(key, value)| {
        let place = named(key.name.as_str(), key.pos, words)?;
        let text = if let Expr::StringConstant(text, _) = value { text.to_string() } else { String::new() };
        let setting = key.name.as_str();
        Some(no_such_setting(entry, name, (setting, &Value::Text(text)), &kinds_with(setting), &place))
    });
    told.collect()
}

/// Links of an experiment's chain that make another experiment of it, and of which only the last one would count.
const ONCE: [&str; 6] = ["baseline", "warmup", "duration", "window", "slo", "world"];

/// What one chain says twice: whoever copies a chain into another one would lose a world without a word.
#[allow(deprecated)]
pub(super) fn said_twice(ast: &AST, words: &Words<'_>) -> Problems {
    let mut problems = Problems::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Dot(both, ..))) = nodes.last()
            && matches!(&both.lhs, Expr::FnCall(call, _) if call.name == "experiment")
        {
            problems.extend(repeated(&links(&both.rhs), words));
        }
        true
    });
    problems
}

/// The calls of a chain, in order.
fn links(chain: &Expr) -> Vec<(String, Position)> {
    let (link, rest) = match chain {
        Expr::Dot(both, ..) => (&both.lhs, Some(&both.rhs)),
        last => (last, None),
    };
    let own = match link {
        Expr::MethodCall(call, at) | Expr::FnCall(call, at) => Some((call.name.to_string(), *at)),
        _ => None,
    };
    own.into_iter().chain(rest.into_iter().flat_map(links)).collect()
}

fn repeated(links: &[(String, Position)], words: &Words<'_>) -> Problems {
    let twice = links.iter().enumerate().filter_map(|(at, (name, place))| {
        let (_, first) = links[..at].iter().find(|(other, _)| other == name)?;
        let problem = Problem {
            place: named(name, *place, words),
            ..Problem::new(format!(
                "`{name}` is said twice of this experiment: only the last one would count"
            ))
        };
        let line = first.line().unwrap_or_default();
        ONCE.contains(&name.as_str())
            .then(|| problem.hint(format!("leave one out; the first one is in line {line}")))
    });
    twice.collect()
}

/// Mistakes that were found, and those that the text alone tells and that stand elsewhere; in the order of the script.
pub(super) fn completed(mut found: Problems, told: Problems) -> Problems {
    let spot = |problem: &Problem| problem.place.as_ref().map(|at| (at.source.clone(), at.line, at.column));
    let known: BTreeSet<_> = found.iter().map(spot).collect();
    let lines: BTreeSet<_> = found
        .iter()
        .map(|problem| (problem.place.as_ref().map(|at| at.line), problem.message.clone()))
        .collect();
    let is_new = |problem: &Problem| {
        let line = problem.place.as_ref().map(|at| at.line);
        !known.contains(&spot(problem)) && !lines.contains(&(line, problem.message.clone()))
    };
    found.extend(told.into_iter().filter(is_new));
    found.sort_by(|a, b| a.place.cmp(&b.place));
    found
}
