//! Settings that are lists: components, routes, steps, weights.

use super::param::{Kind, Param};
use super::problem::Problem;
use super::value::Value;
use super::wrong::{right_kind, unknown_policy, wrong_kind};

/// A list as the kind that the setting takes, or what is wrong with it.
pub(super) fn convert(
    param: &Param,
    value: &Value,
    list: &[Value],
    kind_of: &dyn Fn(usize) -> Option<&'static str>,
) -> Result<Value, Problem> {
    let each = |item: &Value| match (&param.kind, item) {
        (Kind::Groups(kinds), Value::Group(index)) => right_kind(param, item, *index, kinds, kind_of),
        (Kind::Routes(kinds), _) => convert_route(param, item, kinds, kind_of),
        (Kind::Steps(steps), _) => step(param, item, steps),
        _ => Err(wrong_kind(param, item)),
    };
    match param.kind {
        Kind::Weights => weights(param, value, list),
        Kind::Groups(_) if has_one_twice(list) => {
            Err(Problem::new(format!("the same component stands twice in `{}`", param.name))
                .hint("name each once"))
        }
        Kind::Groups(_) | Kind::Routes(_) | Kind::Steps(_) => {
            list.iter().map(each).collect::<Result<_, _>>().map(Value::List)
        }
        _ => Err(wrong_kind(param, value)),
    }
}

fn has_one_twice(list: &[Value]) -> bool {
    let group = |value: &Value| if let Value::Group(index) = value { Some(*index) } else { None };
    let groups: Vec<usize> = list.iter().filter_map(group).collect();
    groups.iter().enumerate().any(|(at, group)| groups[..at].contains(group))
}

/// One step out of those there are.
fn step(param: &Param, item: &Value, steps: &[&str]) -> Result<Value, Problem> {
    match item {
        Value::Text(text) if steps.contains(&text.as_str()) => Ok(item.clone()),
        Value::Text(text) => Err(unknown_policy(param, text, steps.iter().copied())),
        other => Err(wrong_kind(param, other)),
    }
}

/// Whole numbers, not all of them 0.
fn weights(param: &Param, value: &Value, list: &[Value]) -> Result<Value, Problem> {
    let weight = |item: &Value| matches!(item, Value::Whole(0..=1_000_000));
    if list.is_empty() || !list.iter().all(weight) {
        return Err(wrong_kind(param, value));
    }
    if list.iter().all(|item| matches!(item, Value::Whole(0))) {
        let message = format!("`{}` are all 0: no server would get anything", param.name);
        return Err(Problem::new(message).hint("leave it out: all get the same"));
    }
    Ok(value.clone())
}

/// First key, last key, component.
fn convert_route(
    param: &Param,
    route: &Value,
    kinds: &[&str],
    kind_of: &dyn Fn(usize) -> Option<&'static str>,
) -> Result<Value, Problem> {
    let Value::List(parts) = route else { return Err(wrong_kind(param, route)) };
    match parts.as_slice() {
        [Value::Whole(0..), Value::Whole(0..), Value::Group(group)] => {
            right_kind(param, &parts[2], *group, kinds, kind_of)?;
            Ok(route.clone())
        }
        _ => Err(wrong_kind(param, route)),
    }
}
