//! What is said of values that a setting does not take.

use super::meant;
use super::param::{Kind, Param};
use super::problem::Problem;
use super::units::unquoted;
use super::value::Value;
use crate::random::arrivals::{HIGHEST_RATE, LOWEST_RATE};

/// Whoever is asked, watched or hosted is a component: a group of nodes that share their callers and links.
pub fn not_whole(name: &str, selection: &str) -> Problem {
    let message = format!("`{name}` takes components as a whole, not {selection}");
    Problem::new(message)
        .hint("leave the selection out; a node that is to be named alone is a component of its own")
}

pub(super) fn wrong_kind(param: &Param, value: &Value) -> Problem {
    let message = format!("`{}` must be {}, not {}", param.name, param.kind.wanted(), value.describe());
    let unit = match (&param.kind, value) {
        (Kind::Duration | Kind::DurationOrZero | Kind::Variate, Value::Whole(n)) => {
            Some(format!("{n}.s or {n}.ms"))
        }
        (Kind::Rate | Kind::Load, Value::Whole(n)) => Some(format!("{n}.rps")),
        (Kind::Bytes | Kind::BytesOrZero | Kind::Message, Value::Whole(n)) => {
            Some(format!("{n}.mib or {n}.bytes"))
        }
        (Kind::Group(kinds), Value::List(_)) if kinds.contains(&"load_balancer") => {
            return Problem::new(message)
                .hint("put a load_balancer before them: load_balancer(\"lb\", #{ to: [a, b] })");
        }
        (Kind::Group(_) | Kind::Groups(_), Value::Text(_)) => {
            return Problem::new(message)
                .hint("a component stands without quotes: the name that `let` gave it");
        }
        (Kind::Choice(choices), Value::Flag(flag)) => {
            let first = choices.first().map_or("..", |choice| choice.name);
            return Problem::new(message).hint(match flag {
                true => format!("write which: `{}: \"{first}\"`, say", param.name),
                false => "leave it out if it is not wanted".into(),
            });
        }
        (Kind::Choice(_), Value::Group(_)) if param.name == "sessions" => {
            return Problem::new(message)
                .hint("write `sessions: \"store\"`, and the component as `session_store`");
        }
        (Kind::Keys, Value::Whole(n)) => {
            return Problem::new(message).hint(format!("write uniform_keys({n}), or zipf({n}, 0.9)"));
        }
        (Kind::Clients, Value::List(_) | Value::Text(_)) => {
            return Problem::new(message)
                .hint("write clients([[\"FR\", 1], [\"US\", 1]]), places with their shares");
        }
        (kind, Value::Text(text)) if let Some(quantity) = unquoted(text, kind) => {
            return Problem::new(message).hint(format!("write {quantity}, without quotes"));
        }
        (Kind::Count(low, high), Value::Text(text))
            if text.trim().parse::<i64>().is_ok_and(|n| (*low..=*high).contains(&n)) =>
        {
            return Problem::new(message).hint(format!("write {}, without quotes", text.trim()));
        }
        (Kind::Number(low, high), Value::Text(text))
            if text.trim().parse::<f64>().is_ok_and(|n| n.is_finite() && *low <= n && n <= *high) =>
        {
            return Problem::new(message).hint(format!("write {}, without quotes", text.trim()));
        }
        (Kind::Count(..), Value::Number(n)) if n.fract() == 0.0 && n.abs() < 1e15 => {
            let message = format!("`{}` must be {}, not {n:.1}", param.name, param.kind.wanted());
            return Problem::new(message).hint(format!("write {n:.0}, without the point"));
        }
        _ => None,
    };
    Problem::new(message).maybe_hint(unit.map(|unit| format!("add a unit: {unit}")))
}

pub(super) fn out_of_range(param: &Param, value: &Value) -> Problem {
    let wanted = match param.kind {
        Kind::Duration => "greater than 0".into(),
        Kind::Rate => "greater than 0 and finite".into(),
        Kind::Load => format!("greater than 0 ({LOWEST_RATE} or more) and at most {HIGHEST_RATE} per second"),
        Kind::Bytes => "at least 1 byte".into(),
        Kind::Message => "from 1 byte to less than 4 GiB".into(),
        _ => param.kind.wanted(),
    };
    let percent = match (&param.kind, value) {
        (Kind::Share, Value::Whole(n)) if (2..=100).contains(n) => Some(format!("write {n}.percent")),
        _ => None,
    };
    Problem::new(format!("`{}` must be {wanted}, not {}", param.name, value.describe())).maybe_hint(percent)
}

pub(super) fn unknown_policy<'a>(
    param: &Param,
    text: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Problem {
    Problem::new(format!("`{}` knows no \"{text}\"", param.name)).maybe_hint(meant::choice(text, names))
}

pub(super) fn right_kind(
    param: &Param,
    value: &Value,
    index: usize,
    kinds: &[&str],
    kind_of: &dyn Fn(usize) -> Option<&'static str>,
) -> Result<Value, Problem> {
    match kind_of(index) {
        Some(kind) if kinds.contains(&kind) => Ok(value.clone()),
        Some(kind) => {
            let message = format!("`{}` must be {}, not a {kind}", param.name, param.kind.wanted());
            let hint =
                (kind == "queue" && param.name == "writes").then(|| "publish to it: `publishes: ..`".into());
            let hint = hint.or_else(|| {
                let scales = kind == "consumers" && kinds == ["web"];
                scales.then(|| "consumers get more with add_node(), in at(..), every(..) or when(..)".into())
            });
            let hint = hint.or_else(|| {
                let passes_on = kind == "load_balancer" && kinds.contains(&"web");
                passes_on.then(|| "name the web tier that it passes calls to".into())
            });
            Err(Problem::new(message).maybe_hint(hint))
        }
        None => Err(Problem::new(format!("`{}` names a component of another world", param.name))),
    }
}
