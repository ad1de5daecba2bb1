//! Settings that a component does not have: what to write instead.

use super::entry::Entry;
use super::meant;
use super::param::{Kind, Param};
use super::problem::{Place, Problem};
use super::settings::Given;
use super::suggest::{closest, did_you_mean, one_of};
use super::value::Value;

/// That the component `name` has no such setting, which the kinds `elsewhere` have.
pub fn no_such_setting(
    entry: &Entry,
    name: &str,
    (setting, value): (&str, &Value),
    elsewhere: &[&str],
    place: &Place,
) -> Problem {
    let message = format!("{} \"{name}\" has no setting `{setting}`", entry.name);
    let hint =
        other_word(entry, setting, value).or_else(|| no_setting(entry, setting)).unwrap_or_else(|| {
            match (own_setting(entry, setting, value), owners(setting, elsewhere)) {
                (Some(own), Some(owners)) => format!("{own} {owners}"),
                (Some(hint), None) => hint,
                (None, Some(owners)) => format!("{owners}; {}", where_to_look(entry)),
                (None, None) => {
                    let names = entry.params.iter().map(|param| param.name);
                    did_you_mean(setting, names).unwrap_or_else(|| where_to_look(entry))
                }
            }
        });
    Problem::at(place, message).hint(hint)
}

fn where_to_look(entry: &Entry) -> String {
    format!("`scalelab explain {}` shows its {} settings", entry.name, entry.params.len())
}

/// How many kinds are named that have a setting.
const OWNERS: usize = 4;

/// Which components have the setting.
fn owners(setting: &str, elsewhere: &[&str]) -> Option<String> {
    let mut names: Vec<String> = elsewhere.iter().take(OWNERS).map(|kind| format!("`{kind}`")).collect();
    if elsewhere.len() > OWNERS {
        names.push("others".into());
    }
    let names = one_of(&names).replace(" or ", " and ");
    (!elsewhere.is_empty()).then(|| format!("`{setting}` is a setting of {names}"))
}

/// The setting that other tools call so.
fn other_word(entry: &Entry, setting: &str, value: &Value) -> Option<String> {
    let names = || entry.params.iter().filter(|param| fits(param, value)).map(|param| param.name);
    let all = || entry.params.iter().map(|param| param.name);
    let is_component = matches!(value, Value::Group(_));
    let any = || meant::setting(setting, all()).filter(|_| !is_component);
    let meant = meant::setting(setting, names().collect::<Vec<_>>()).or_else(any);
    let param = entry.params.iter().find(|param| Some(param.name) == meant)?;
    Some(format!("write `{}`: {}", param.name, param.about))
}

/// Whether a value is of the kind that a setting takes, or may be.
fn fits(param: &Param, value: &Value) -> bool {
    match value {
        Value::Group(_) => matches!(param.kind, Kind::Group(_) | Kind::Groups(_)),
        Value::Duration(_) | Value::Variate(_) => {
            matches!(param.kind, Kind::Duration | Kind::DurationOrZero | Kind::Variate)
        }
        Value::Bytes(_) => matches!(param.kind, Kind::Bytes | Kind::BytesOrZero | Kind::Message),
        Value::Whole(_) => matches!(param.kind, Kind::Count(..) | Kind::Number(..)),
        Value::Share(_) => matches!(param.kind, Kind::Share),
        _ => true,
    }
}

/// What is no setting, but something that is done, or has several sides here.
fn no_setting(entry: &Entry, setting: &str) -> Option<String> {
    let actions = || entry.actions.iter().map(|action| action.name);
    let action = actions().find(|name| *name == setting).or_else(|| meant::our_action(setting, actions()));
    let done =
        action.map(|name| format!("it is an action: at(10.s, || x.{name}(..)) of what `let x` has named"));
    let sides = || !meant::topic(setting).is_empty();
    done.or_else(|| {
        sides()
            .then(|| format!("there is no such setting: `scalelab explain {setting}` shows what comes near"))
    })
}

/// A setting of its own that may be meant: one spelt nearly so, one that knows the value, one that is part of the word.
fn own_setting(entry: &Entry, setting: &str, value: &Value) -> Option<String> {
    let text = if let Value::Text(text) = value { text.as_str() } else { "" };
    let knows =
        |param: &&Param| matches!(param.kind, Kind::Choice(all) if all.iter().any(|one| one.name == text));
    let by_value = entry.params.iter().find(knows).map(|param| param.name);
    let by_name = closest(setting, entry.params.iter().map(|param| param.name));
    // (`mode: "async"` means `replication`, not `model`.)
    if let Some(found) = by_name.filter(|name| by_value.is_none_or(|other| other == *name)) {
        return Some(format!("did you mean `{found}`?"));
    }
    let within = |param: &&Param| setting.split('_').any(|word| word == param.name);
    let found = entry.params.iter().find(knows).or_else(|| entry.params.iter().find(within))?;
    Some(format!("did you mean `{}`: {}?", found.name, found.about))
}

/// The setting that a misspelt one is taken for, to find what else is wrong; one that is given itself is not meant.
pub(super) fn meant_by(entry: &'static Entry, given: &[Given], setting: &str) -> Option<&'static Param> {
    let names = || entry.params.iter().map(|param| param.name);
    let meant = closest(setting, names()).or_else(|| meant::setting(setting, names()))?;
    let is_given = given.iter().any(|given| given.name == meant);
    entry.params.iter().find(|param| param.name == meant && !is_given)
}
