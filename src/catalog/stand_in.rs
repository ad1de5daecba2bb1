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

    /// Whether any value is none that was given.
    pub fn has_stand_ins(&self) -> bool {
        !self.stand_ins.is_empty() || !self.instead.is_empty()
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

/// Which value stands in for one that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// What was given, brought into its range or given a unit; else any.
    Near,
    /// A large one, or yes.
    Large,
    /// A small one, or no.
    Small,
}

/// A value that the setting may have. What is told with all of them has nothing to do with the value. None for components, keys, files: nothing
/// stands in for those.
pub(super) fn stand_in(param: &Param, given: Option<&Value>, which: StandIn) -> Option<Value> {
    let whole = match given {
        Some(Value::Whole(n)) => u64::try_from(*n).unwrap_or(1).clamp(1, 1_000_000),
        _ => 1,
    };
    let pick = |near: u64, large: u64, small: u64| match which {
        StandIn::Near => near,
        StandIn::Large => large,
        StandIn::Small => small,
    };
    let duration = pick(if given.is_some() { whole * SECOND } else { MILLISECOND }, 7_001 * SECOND, 1);
    let rate = pick(whole, 1_000_000, 1) as f64;
    let number = |low: f64, high: f64| match (which, given) {
        (StandIn::Large, _) => high.min(low + 1e6),
        (StandIn::Near, Some(Value::Number(n))) if n.is_finite() => n.clamp(low, high),
        (StandIn::Near, Some(Value::Whole(n))) => (*n as f64).clamp(low, high),
        _ => low,
    };
    Some(match param.kind {
        Kind::Duration | Kind::DurationOrZero => Value::Duration(duration),
        Kind::Variate => Value::Variate(Variate::constant(duration)),
        Kind::Rate => Value::Rate(rate),
        Kind::Load => Value::Load(Load::Open(Arrivals::poisson(rate).ok()?)),
        Kind::Bytes | Kind::BytesOrZero | Kind::Message => {
            let most = u64::from(u32::MAX);
            let near = if let Some(Value::Bytes(n)) = given { (*n).clamp(1, most) } else { whole << 10 };
            Value::Bytes(pick(near, most, 1))
        }
        Kind::Count(low, high) => Value::Whole(match (which, given) {
            (StandIn::Large, _) => low.saturating_add(63).min(high),
            (StandIn::Near, Some(Value::Whole(n))) => (*n).clamp(low, high),
            _ => low,
        }),
        Kind::Share => Value::Share(number(0.0, 1.0)),
        Kind::Number(from, to) => Value::Number(number(from, to)),
        Kind::Text => Value::Text(TEXTS[pick(0, 1, 2) as usize].into()),
        Kind::Flag => Value::Flag(which != StandIn::Small),
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

/// What stands in for texts.
const TEXTS: [&str; 3] = ["_", "_other_", "_another_"];

/// Whether a text is one that stands in for another.
pub fn is_stand_in(text: &str) -> bool {
    TEXTS.contains(&text)
}

/// Whether a figure that is left out has a value all the same.
pub(super) fn has_preset(param: &Param) -> bool {
    !matches!(param.preset, Preset::Required | Preset::Absent(_) | Preset::Choice(_))
}
