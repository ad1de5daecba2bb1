//! What is taken for a value that a setting cannot have, to find what else is wrong: one wrong figure hides nothing of what components have to do with
//! each other. Whatever is said of a setting with such a value is not told ([`Settings::speaks_of_a_stand_in`](super::Settings::speaks_of_a_stand_in)).

use super::param::{Kind, Param, Preset};
use super::problem::{Place, Problem};
use super::settings::Settings;
use super::suggest::closest;
use super::value::{Load, Value};
use crate::kernel::{MILLISECOND, SECOND};
use crate::random::arrivals::Arrivals;
use crate::random::variate::Variate;

impl Settings {
    /// Whether a problem says nothing, since it is about a setting with a value that nobody gave. `own`: of this component.
    pub fn speaks_of_a_stand_in(&self, problem: &Problem, own: &Settings) -> bool {
        let text = problem.to_string();
        let is_at = |place: &Option<Place>| place.is_some() && problem.place == *place;
        let is_own = |name: &str| std::ptr::eq(self, own) || !own.entry().has(name);
        let speaks = |name: &str| text.contains(&format!("`{name}")) && is_own(name);
        self.stand_ins.iter().any(|(name, place)| is_at(place) || speaks(name))
            || self.instead.iter().any(|instead| text.contains(&format!("\"{instead}\"")))
    }

    /// Takes one text for another one that is not known.
    pub fn take_instead(&mut self, name: &str, given: &str, instead: &str) {
        self.instead.push(instead.into());
        self.values.get_mut(name).into_iter().for_each(|(value, _)| value.replace(given, instead));
    }
}

impl Value {
    /// Takes another text for one, wherever it stands.
    fn replace(&mut self, given: &str, instead: &str) {
        let swap = |text: &mut String| {
            if text == given {
                *text = instead.into();
            }
        };
        match self {
            Value::Text(text) => swap(text),
            Value::List(list) => list.iter_mut().for_each(|value| value.replace(given, instead)),
            Value::Clients(clients) => {
                clients.homes.iter_mut().for_each(|(name, _)| swap(name));
                [&mut clients.exit, &mut clients.gateway, &mut clients.office]
                    .into_iter()
                    .flatten()
                    .for_each(swap);
            }
            _ => {}
        }
    }
}

/// A value that the setting may have: what was given, brought into its range or given a unit; else any. None for components, keys, files: nothing
/// stands in for those.
pub(super) fn stand_in(param: &Param, given: Option<&Value>) -> Option<Value> {
    let whole = match given {
        Some(Value::Whole(n)) => u64::try_from(*n).unwrap_or(1).clamp(1, 1_000_000),
        _ => 1,
    };
    let duration = if given.is_some() { whole * SECOND } else { MILLISECOND };
    let low = |low: f64, high: f64| match given {
        Some(Value::Number(n)) if n.is_finite() => n.clamp(low, high),
        Some(Value::Whole(n)) => (*n as f64).clamp(low, high),
        _ => low,
    };
    Some(match param.kind {
        Kind::Duration | Kind::DurationOrZero => Value::Duration(duration),
        Kind::Variate => Value::Variate(Variate::constant(duration)),
        Kind::Rate => Value::Rate(whole as f64),
        Kind::Load => Value::Load(Load::Open(Arrivals::poisson(whole as f64).ok()?)),
        Kind::Bytes | Kind::BytesOrZero | Kind::Message => match given {
            Some(Value::Bytes(n)) => Value::Bytes((*n).clamp(1, u64::from(u32::MAX))),
            _ => Value::Bytes(whole << 10),
        },
        Kind::Count(low, high) => match given {
            Some(Value::Whole(n)) => Value::Whole((*n).clamp(low, high)),
            _ => Value::Whole(low),
        },
        Kind::Share => Value::Share(low(0.0, 1.0)),
        Kind::Number(from, to) => Value::Number(low(from, to)),
        Kind::Text => Value::Text("_".into()),
        Kind::Flag => Value::Flag(true),
        // (What a choice means for other settings, any other one does not.)
        Kind::Choice(policies) => match given {
            Some(Value::Text(text)) => {
                Value::Text(closest(text, policies.iter().map(|policy| policy.name))?.into())
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a figure that is left out has a value all the same.
pub(super) fn has_preset(param: &Param) -> bool {
    !matches!(param.preset, Preset::Required | Preset::Absent(_) | Preset::Choice(_))
}
