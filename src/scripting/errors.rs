//! From Rhai's errors to problems with a place, a sentence and a hint.

use super::convert;
use super::elsewhere;
use super::marks;
use super::misplaced;
use super::places::place_at;
use super::units::{unit_meant, unit_names};
use crate::catalog::{Place, Problem, Problems, did_you_mean, meant};
use crate::experiment::{METRICS, Standing, is_named};
use rhai::{Dynamic, EvalAltResult, ParseErrorType, Position};
use std::sync::Arc;

/// A mistake that one of our functions has found; Rhai adds the place of the call.
#[derive(Clone, Debug)]
pub(super) struct Mistake(pub Problems);

/// What a check throws when the interval cannot decide which is best.
#[derive(Clone, Debug)]
pub(super) struct Undecided(pub String);

/// What a check throws that does not hold whatever it goes on to say: it speaks of nobody.
#[derive(Clone, Debug)]
pub(super) struct Refuted(pub String);

/// An error for Rhai to carry.
pub(super) fn fail(message: impl Into<String>, hint: Option<String>) -> Box<EvalAltResult> {
    raise(vec![Problem::new(message).maybe_hint(hint)])
}

/// Several errors for Rhai to carry. (`ErrorSystem` would never get a position.)
pub(super) fn raise(problems: Problems) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Mistake(problems)), Position::NONE).into()
}

/// The words a script could have meant, for hints.
pub(super) struct Words<'a> {
    /// Functions and methods.
    pub functions: &'a [String],
    /// Name of the script, for places.
    pub source: &'a Arc<str>,
}

/// What went wrong, as problems.
pub(super) fn explain(error: &EvalAltResult, words: &Words<'_>) -> Problems {
    let mut source = words.source.clone();
    let mut position = error.position();
    let mut inner = error;
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(_, file, next, _) => {
                if !file.is_empty() && **file != *source {
                    source = file.as_str().into();
                }
                inner = next;
            }
            EvalAltResult::ErrorInModule(file, next, _) => {
                source = file.as_str().into();
                inner = next;
            }
            _ => break,
        }
        if !inner.position().is_none() {
            position = inner.position();
        }
    }
    let place = place_at(&source, position);
    if let EvalAltResult::ErrorRuntime(value, _) = inner
        && let Some(Mistake(problems)) = value.clone().try_cast::<Mistake>()
    {
        // (Settings, which have a place of their own, are told together, when all is described.)
        let ended = |problem: Problem| Problem {
            ends: problem.ends || problem.place.is_none(),
            ..placed(problem, &place)
        };
        return problems.into_iter().map(ended).collect();
    }
    vec![Problem { ends: can_go_on_without(inner), ..placed(translate(inner, words), &place) }]
}

/// Whether a function without a name takes another number of parameters than it is given.
pub(super) fn takes_another_number(error: &EvalAltResult) -> bool {
    matches!(error, EvalAltResult::ErrorFunctionNotFound(name, _) if name.starts_with("anon$"))
}

/// Whether there is something else to be found once what stands there is left out.
fn can_go_on_without(error: &EvalAltResult) -> bool {
    use EvalAltResult as E;
    match error {
        E::ErrorParsing(kind, _) => {
            matches!(kind, ParseErrorType::VariableUndefined(_) | ParseErrorType::DuplicatedProperty(_))
        }
        E::ErrorTerminated(..)
        | E::ErrorTooManyOperations(_)
        | E::ErrorDataTooLarge(..)
        | E::ErrorStackOverflow(_) => false,
        _ => true,
    }
}

fn placed(problem: Problem, place: &Option<Place>) -> Problem {
    Problem { place: problem.place.clone().or_else(|| place.clone()), ..problem }
}

/// The variable that an error does not find.
pub(super) fn unknown_name(error: &EvalAltResult) -> Option<&str> {
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => Some(name),
        EvalAltResult::ErrorParsing(ParseErrorType::VariableUndefined(name), _) => Some(name),
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => unknown_name(inner),
        _ => None,
    }
}

/// Whether an error is the sign that the interval cannot decide, or that nothing holds of nobody; and why.
pub(super) fn verdict(error: &EvalAltResult) -> Option<(Standing, String)> {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => verdict(inner),
        EvalAltResult::ErrorRuntime(value, _) => {
            let undecided = value.clone().try_cast().map(|Undecided(why)| (Standing::Undecided, why));
            undecided.or_else(|| value.clone().try_cast().map(|Refuted(why)| (Standing::Fails, why)))
        }
        _ => None,
    }
}

fn translate(error: &EvalAltResult, words: &Words<'_>) -> Problem {
    use EvalAltResult as E;
    match error {
        E::ErrorParsing(kind, _) => syntax(kind),
        E::ErrorVariableNotFound(name, _) => unknown_variable(name, words),
        E::ErrorFunctionNotFound(signature, _) => unknown_function(signature, words),
        E::ErrorPropertyNotFound(name, _) => Problem::new(format!("there is no `{name}` here")),
        E::ErrorDotExpr(text, _) => unknown_property(text),
        E::ErrorModuleNotFound(name, _) => Problem::new(format!("there is no module \"{name}\""))
            .hint("modules are files in the script's own folder, or in the folder scripts/ of where scalelab is started, named without .rhai"),
        E::ErrorTerminated(value, _) => Problem::new(value.to_string()),
        E::ErrorStackOverflow(_) => {
            Problem::new("functions call each other too deeply").hint("is there a recursion without an end?")
        }
        E::ErrorDataTooLarge(what, _) => Problem::new(format!("{} grows too large", of_what_size(what)))
            .hint("texts, lists and maps of a script are bounded; is there a loop without an end?"),
        E::ErrorMismatchDataType(wanted, found, _) => mismatch(wanted, found),
        E::ErrorMismatchOutputType(wanted, found, _) => {
            Problem::new(format!("a function must return {wanted} here, not {found}"))
        }
        E::ErrorDataRace(what, _) => Problem::new(format!("{what} is used while it is being changed"))
            .hint("name what you need of it before: let base = all.where(#{ .. }); all.filter(|r| r.latency_p99 < base.latency_p99)"),
        E::ErrorArithmetic(what, _) => Problem::new(what.to_lowercase()),
        E::ErrorArrayBounds(length, index, _) => {
            Problem::new(format!("there is no [{index}] in a list of {length}"))
        }
        E::ErrorIndexingType(kind, _) => {
            let kind = kind.split(" [").next().unwrap_or(kind);
            let hint = (kind == "results").then(|| "the results of a variant: all.where(#{ strategy: \"back\" }), or of the best one all.best(\"latency_p99\")".into());
            Problem::new(format!("{kind} has no such property")).maybe_hint(hint)
        }
        E::ErrorRuntime(value, _) => match value.clone().try_cast::<Undecided>() {
            Some(Undecided(why)) => Problem::new(why).hint("more replications may decide it"),
            None if value.is::<Refuted>() => Problem::new(value.clone().cast::<Refuted>().0),
            None if value.is_string() => Problem::new(value.to_string()),
            None => Problem::new(format!("the script throws {}", convert::value(value).describe())),
        },
        E::Exit(..) => Problem::new("`exit` ends nothing here").hint("a function ends with `return`"),
        other => Problem::new(strip_position(&other.to_string())),
    }
}

/// "Size of array/BLOB".
fn of_what_size(what: &str) -> &str {
    match what.to_lowercase() {
        list if list.contains("array") => "a list",
        map if map.contains("map") => "an object map",
        text if text.contains("string") => "a text",
        _ => what,
    }
}

/// Rhai's texts repeat the position that the drawing shows.
fn strip_position(text: &str) -> String {
    text.split(" (line ").next().unwrap_or(text).to_string()
}

fn syntax(kind: &ParseErrorType) -> Problem {
    let text = strip_position(&kind.to_string());
    match kind {
        ParseErrorType::UnexpectedEOF => {
            Problem::new("the script ends in the middle of something").hint("is a `}` or `)` missing?")
        }
        ParseErrorType::VariableUndefined(name) => Problem::new(format!("there is no variable `{name}`"))
            .hint("functions see only their parameters; closures `|x| ..` see the variables around them; a component can name those made before it, not itself"),
        ParseErrorType::Reserved(word) => Problem::new(format!("`{word}` is a word of the language"))
            .hint("choose another name, or write it as a text: \"..\""),
        ParseErrorType::DuplicatedProperty(name) => Problem::new(format!("`{name}` is given twice"))
            .hint("leave one out"),
        ParseErrorType::MissingToken(token, what) => {
            Problem::new(format!("`{token}` is missing {what}")).hint("before the marked place")
        }
        ParseErrorType::ExprTooDeep => Problem::new("too much hangs together here: a chain or brackets of more than 250 steps")
            .hint("begin with let e = experiment(..); then a loop such as for i in 0..300 { e.variant(`v${i}`, #{ n: i }); }"),
        _ => Problem::new(format!("syntax error: {text}")),
    }
}

fn unknown_variable(name: &str, words: &Words<'_>) -> Problem {
    let functions = words.functions.iter().map(String::as_str);
    let problem = Problem::new(format!("there is no variable `{name}`"));
    match crate::catalog::closest(name, functions).filter(|found| found.len() > 1) {
        Some(found) => problem.hint(format!("did you mean the function `{found}(..)`?")),
        None => problem.hint("make it first, with let; functions (fn) see only their parameters"),
    }
}

/// A call of a function that there is not, whatever it is given.
pub(super) fn unknown_call(name: &str, words: &Words<'_>) -> Problem {
    unknown_function(name, words)
}

/// A unit that numbers do not have.
pub(super) fn unknown_unit(name: &str) -> Problem {
    unknown_property(&format!("'{name}'"))
}

/// Rhai tells the name with the types of its arguments: `crash (component, &str)`.
fn unknown_function(signature: &str, words: &Words<'_>) -> Problem {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments = arguments.strip_suffix(')').unwrap_or(arguments);
    let arguments = arguments.replace("&str | ImmutableString | String", "text").replace("i64", "number");
    let arguments = arguments.replace("f64", "number").replace("()", "nothing").replace("Fn", "function");
    if name.starts_with("anon$") {
        let message = "this function takes another number of parameters here";
        return Problem::new(message)
            .hint("at, every: || ..; world: |p| ..; expect: |r| ..; claim: |all| ..");
    }
    if name == "!" || name == "&&" || name == "||" {
        return Problem::new(format!("a check cannot be combined with `{name}`"))
            .hint("write the opposite comparison, or two checks");
    }
    if OPERATORS.contains(&name) {
        return no_operator(name, &arguments);
    }
    if let Some(problem) = misplaced::call(name, &arguments) {
        return problem;
    }
    if let Some(hint) = marks::without_brackets(name) {
        return Problem::new(format!("`{name}` is no function")).hint(hint);
    }
    if words.functions.iter().any(|known| known == name) {
        let message = format!("`{name}` does not take ({arguments})");
        let other = OF_NUMBERS.iter().find(|(own, _)| *own == name).map(|(_, hint)| hint.to_string());
        let lacks_a_unit = ["at", "every", "warmup", "duration", "window", "slo"].contains(&name)
            && !arguments.contains("duration");
        let usage = super::api::usage(name).filter(|_| !arguments.starts_with("result"));
        let usage = usage.map(|usage| if lacks_a_unit { format!("{usage}, with a unit") } else { usage });
        return Problem::new(message).maybe_hint(usage.or(other).or_else(|| elsewhere::function(name)));
    }
    if let Some((module, function)) = name.rsplit_once("::") {
        let message = format!("the module `{module}` has no function `{function}` that takes ({arguments})");
        return Problem::new(message).hint("see the names and parameters of the functions in its file");
    }
    if arguments.starts_with("component") {
        let message = format!("a component has no action `{name}`");
        let actions = crate::model::ACTIONS.iter().copied();
        let hint = elsewhere::life(name).or_else(|| elsewhere::setting(name));
        let hint = hint.or_else(|| meant::action(name, actions));
        return Problem::new(message).maybe_hint(hint);
    }
    if DISTRIBUTIONS.contains(&name) {
        let hint = "times are exponential(5.ms), lognormal(5.ms, 0.5), uniform(1.ms, 9.ms), erlang, weibull, pareto ..: `scalelab list functions`";
        return Problem::new(format!("there is no distribution `{name}`: times are not negative")).hint(hint);
    }
    let candidates: Vec<&str> = words.functions.iter().map(String::as_str).collect();
    let close = || crate::catalog::closest(name, candidates).map(|found| format!("did you mean `{found}`?"));
    let hint = marks::step_of_chain(name).or_else(|| elsewhere::function(name));
    let hint = hint.or_else(|| elsewhere::life(name));
    let hint = hint.or_else(|| meant_action(name)).or_else(close).or_else(|| setting_of(name));
    Problem::new(format!("there is no function `{name}`")).maybe_hint(hint)
}

/// Functions of numbers that are meant otherwise.
const OF_NUMBERS: [(&str, &str); 3] = [
    ("exp", "times are drawn with exponential(5.ms)"),
    ("range", "write range(0, 3), or 0..3"),
    ("log", "times are drawn with lognormal(5.ms, 0.5)"),
];

/// What other tools offer for times.
const DISTRIBUTIONS: [&str; 4] = ["normal", "gauss", "gaussian", "norm"];

/// A call that is a setting.
fn setting_of(name: &str) -> Option<String> {
    let kinds = crate::components::kinds_with(name);
    let kind = kinds.first()?;
    Some(format!(
        "`{name}` is a setting, as in {kind}(\"name\", #{{ {name}: .. }}): `scalelab explain {name}`"
    ))
}

fn meant_action(name: &str) -> Option<String> {
    meant::our_action(name, crate::model::ACTIONS.iter().copied())
        .map(|found| format!("did you mean `{found}`?"))
}

const OPERATORS: [&str; 12] = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!="];

/// `5.ms + 3`: an operator that does not go with what stands beside it.
fn no_operator(operator: &str, arguments: &str) -> Problem {
    let kinds: Vec<&str> = arguments.split(", ").collect();
    let a = |kind: &&str| match *kind {
        "nothing" => "nothing".to_string(),
        kind if kind.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {kind}"),
        kind => format!("a {kind}"),
    };
    let named: Vec<String> = kinds.iter().map(a).collect();
    let message = format!("`{operator}` does not go with {}", named.join(" and "));
    let has = |wanted: &[&str]| kinds.iter().any(|kind| wanted.contains(kind));
    let hint = if has(&["estimate", "estimates"]) {
        "metrics can be added and subtracted (of one unit), divided by each other, and scaled by a number: r.latency_p50 * 2, 1 - r.availability"
    } else if has(&["number"]) && has(&["duration"]) {
        "give the number a unit, such as 3.ms; in a rate that is a function of time: |t| 50.rps + 1.rps * (t / 1.s)"
    } else if has(&["number"]) && has(&["rate", "size", "share"]) {
        "give the number a unit, such as 3.rps, 3.mib or 3.percent"
    } else {
        return Problem::new(message);
    };
    Problem::new(message).hint(hint)
}

/// `5.sec`: Rhai reports the missing getter, or setter, and of what type.
fn unknown_property(text: &str) -> Problem {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let name = quoted.next().unwrap_or(text);
    let kind = quoted.next().unwrap_or("");
    if kind == "component" {
        let hint = "give settings where it is made: web(\"shop\", #{ to: .. })";
        return Problem::new(format!("`{name}` of a component cannot be set afterwards")).hint(hint);
    }
    let is_text = kind == "string" || kind.contains("String");
    if is_text && unit_names().any(|unit| unit == name) {
        return Problem::new(format!("a text has no unit: `{name}` belongs to a number"))
            .hint(format!("write 5.{name}, without quotes"));
    }
    if unit_names().any(|unit| unit == name) {
        return Problem::new(format!("`{name}` belongs to a number, and this has a unit already"))
            .hint(format!("for the number of them divide: x / 1.{name}"));
    }
    if METRICS.iter().any(|metric| is_named(metric.column, name)) {
        return Problem::new(format!("`{name}` is measured, and cannot be set"))
            .hint(format!("a check compares it: r.{name} == 0, with two equal signs"));
    }
    if marks::is_step(name) {
        return Problem::new(format!("`{name}` is a step of a chain, and no value"))
            .hint(format!("write .{name}(..)"));
    }
    let lower = name.to_lowercase();
    if ["usd", "eur", "dollars", "dollar", "cents", "euro", "euros"].contains(&lower.as_str()) {
        return Problem::new(format!("there is no unit `{name}`"))
            .hint("a price is a number, of US dollars: 0.1");
    }
    if let Some(unit) = unit_meant(name) {
        return Problem::new(format!("there is no unit `{name}`")).hint(format!("did you mean `{unit}`?"));
    }
    let hint = if lower.contains("bit") || lower.ends_with("bps") {
        Some("a bandwidth is a size, of bytes per second: 100 Mbit/s are 12.5.mb".into())
    } else {
        did_you_mean(name, unit_names().collect::<Vec<_>>())
    };
    Problem::new(format!("there is no unit or property `{name}`")).maybe_hint(hint)
}

fn mismatch(wanted: &str, found: &str) -> Problem {
    if found.contains("::Check") {
        let message = "a check cannot decide an `if`, nor be combined with && or ||";
        return Problem::new(message)
            .hint("write one comparison, or two checks; two filters one behind the other");
    }
    let found = found.rsplit("::").next().unwrap_or(found);
    Problem::new(format!("{found} where {wanted} is needed"))
}
