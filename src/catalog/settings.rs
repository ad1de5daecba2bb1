//! Checks what a script says about a component against the component's entry.

use super::entry::Entry;
use super::lists;
use super::param::{Kind, Param, Preset};
use super::problem::{Place, Problem, Problems};
use super::stand_in::{StandIn, has_preset, stand_in};
use super::unknown::{meant_by, no_such_setting};
use super::value::{ClientsPlan, GeoIpFile, KeysPlan, Load, Value};
use super::wrong::{not_whole, out_of_range, right_kind, unknown_policy, wrong_kind};
use crate::kernel::Time;
use crate::random::arrivals::Arrivals;
use crate::random::variate::Variate;
use std::collections::BTreeMap;

/// What a script wrote: name, value and where.
#[derive(Clone, Debug)]
pub struct Given {
    /// Name of the setting.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// Checked settings: every value has its kind; presets are filled in when asked.
#[derive(Clone, Debug)]
pub struct Settings {
    entry: &'static Entry,
    pub(super) values: BTreeMap<&'static str, (Value, Place)>,
    /// Whether something was given of which it is not known what it means, or something is missing that must be given, and nothing can stand in for it.
    lost: bool,
    /// Settings whose value is none that was given, since that cannot be or is missing; where it was given.
    pub(super) stand_ins: Vec<(&'static str, Option<Place>)>,
    /// Texts that stand in for others.
    pub(super) instead: Vec<String>,
}

/// What a component's settings are checked beside.
#[derive(Clone, Copy)]
pub struct Others<'a> {
    /// The kind of another component of the world, by index.
    pub kind_of: &'a dyn Fn(usize) -> Option<&'static str>,
    /// Which kinds of components have a setting.
    pub kinds_with: fn(&str) -> Vec<&'static str>,
    /// Which value stands in for one that cannot be.
    pub stand_in: StandIn,
}

/// Checks the settings of the component `name`. Mistakes are added to `problems`.
pub fn check(
    entry: &'static Entry,
    name: &str,
    given: &[Given],
    place: &Place,
    others: Others<'_>,
    problems: &mut Problems,
) -> Settings {
    let (mut values, mut lost, mut stand_ins) = (BTreeMap::new(), false, Vec::new());
    for Given { name: setting, value, place } in given {
        let Some(param) = entry.params.iter().find(|param| param.name == setting) else {
            let elsewhere = (others.kinds_with)(setting);
            problems.push(no_such_setting(entry, name, (setting, value), &elsewhere, place));
            match meant_by(entry, given, setting).map(|param| (param, convert(param, value, others.kind_of)))
            {
                Some((param, Ok(value))) => drop(values.insert(param.name, (value, place.clone()))),
                Some((param, Err(_))) if let Some(value) = stand_in(param, Some(value), others.stand_in) => {
                    stand_ins.push((param.name, Some(place.clone())));
                    values.insert(param.name, (value, place.clone()));
                }
                // (A component that is named has callers then of whom nobody knows.)
                _ => value.each_group(&mut |_| lost = true),
            }
            continue;
        };
        match convert(param, value, others.kind_of) {
            Ok(value) => {
                values.insert(param.name, (value, place.clone()));
            }
            Err(problem) => {
                problems.push(Problem { place: Some(place.clone()), ..problem });
                stand_ins.push((param.name, Some(place.clone())));
                match stand_in(param, Some(value), others.stand_in) {
                    _ if has_preset(param) && others.stand_in == StandIn::Near => {}
                    Some(value) => drop(values.insert(param.name, (value, place.clone()))),
                    None => lost |= !has_preset(param),
                }
            }
        }
    }
    let missing = |param: &&Param| {
        let is_it = |given: &Given| given.name == param.name;
        param.preset == Preset::Required && !given.iter().any(is_it) && !values.contains_key(param.name)
    };
    let absent: Vec<&Param> = entry.params.iter().filter(missing).collect();
    for param in absent {
        stand_ins.push((param.name, None));
        match stand_in(param, None, others.stand_in) {
            Some(value) => drop(values.insert(param.name, (value, place.clone()))),
            None => lost = true,
        }
        let message = format!("{} \"{name}\" needs the setting `{}`", entry.name, param.name);
        problems.push(Problem::at(place, message).hint(format!(
            "add `{}:` {}",
            param.name,
            param.kind.wanted()
        )));
    }
    Settings { entry, values, lost, stand_ins, instead: Vec::new() }
}

/// The value as the kind that the setting takes, or what is wrong with it.
fn convert(
    param: &Param,
    value: &Value,
    kind_of: &dyn Fn(usize) -> Option<&'static str>,
) -> Result<Value, Problem> {
    use Value::{Bytes, Duration, Flag, Group, Keys, List, Number, Rate, Share, Text, Whole};
    if let Some(selection) = value.selection() {
        return Err(not_whole(param.name, selection));
    }
    let wrong = || wrong_kind(param, value);
    let in_range = |ok: bool| if ok { Ok(value.clone()) } else { Err(out_of_range(param, value)) };
    match (&param.kind, value) {
        (Kind::Duration, Duration(span)) => in_range(*span > 0),
        (Kind::DurationOrZero, Duration(_)) => Ok(value.clone()),
        (Kind::Variate, Duration(span)) => Ok(Value::Variate(Variate::constant(*span))),
        (Kind::Variate, Value::Variate(_)) => Ok(value.clone()),
        (Kind::Rate, Rate(rate)) => in_range(*rate > 0.0 && rate.is_finite()),
        (Kind::Bytes, Bytes(bytes)) => in_range(*bytes > 0),
        (Kind::Message, Bytes(bytes)) => in_range(*bytes > 0 && *bytes <= u64::from(u32::MAX)),
        (Kind::BytesOrZero, Bytes(_)) => Ok(value.clone()),
        (Kind::Count(low, high), Whole(count)) => in_range((*low..=*high).contains(count)),
        (Kind::Share, Share(share)) => in_range((0.0..=1.0).contains(share)),
        (Kind::Share, Number(share)) => in_range((0.0..=1.0).contains(share)).map(|_| Share(*share)),
        (Kind::Share, Whole(share)) => in_range((0..=1).contains(share)).map(|_| Share(*share as f64)),
        (Kind::Number(low, high), Number(number)) => in_range((*low..=*high).contains(number)),
        (Kind::Number(low, high), Whole(number)) => {
            let number = *number as f64;
            in_range((*low..=*high).contains(&number)).map(|_| Number(number))
        }
        (Kind::Text, Text(_)) | (Kind::Flag, Flag(_)) | (Kind::Keys, Keys(_)) => Ok(value.clone()),
        (Kind::Clients, Value::Clients(_)) | (Kind::GeoIp, Value::GeoIp(_)) => Ok(value.clone()),
        (Kind::Texts, Text(_)) => Ok(List(vec![value.clone()])),
        (Kind::Texts, List(list)) if !list.is_empty() && list.iter().all(|t| matches!(t, Text(_))) => {
            Ok(value.clone())
        }
        (Kind::Strategy(problem), Text(_) | List(_)) => problem(value).map_or_else(|| Ok(value.clone()), Err),
        (Kind::Load, Value::Load(_)) => Ok(value.clone()),
        (Kind::Load, Rate(rate)) => poisson(*rate).ok_or_else(|| out_of_range(param, value)),
        (Kind::Choice(policies), Text(text)) => match policies.iter().any(|p| p.name == text) {
            true => Ok(value.clone()),
            false => Err(unknown_policy(param, text, policies.iter().map(|p| p.name))),
        },
        (Kind::Group(kinds), Group(index)) => right_kind(param, value, *index, kinds, kind_of),
        (Kind::Groups(kinds), Group(index)) => {
            right_kind(param, value, *index, kinds, kind_of).map(|group| List(vec![group]))
        }
        (_, List(list)) if !list.is_empty() => lists::convert(param, value, list, kind_of),
        _ => Err(wrong()),
    }
}

fn poisson(rate: f64) -> Option<Value> {
    Arrivals::poisson(rate).ok().map(|arrivals| Value::Load(Load::Open(arrivals)))
}

impl Settings {
    /// What describes the component that they are of.
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// Whether it is known what is meant by all of them, misspelt names included.
    pub fn are_understood(&self) -> bool {
        !self.lost && self.stand_ins.is_empty() && self.instead.is_empty()
    }

    /// Whether they can be looked at beside others, be it with a value that stands in for one that cannot be.
    pub fn are_complete(&self) -> bool {
        !self.lost
    }

    /// Whether the script said something about it.
    pub fn is_given(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Where the script said it.
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.values.get(name).map(|(_, place)| place)
    }

    /// A problem at the place of a setting.
    pub fn problem(&self, name: &str, message: impl Into<String>) -> Problem {
        Problem { place: self.place(name).cloned(), message: message.into(), hint: None, ends: false }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|(value, _)| value)
    }

    fn preset(&self, name: &str) -> Preset {
        let param = self.entry.params.iter().find(|param| param.name == name);
        param.unwrap_or_else(|| panic!("{} has no setting {name}", self.entry.name)).preset
    }

    /// A span of time.
    pub fn duration(&self, name: &str) -> Option<Time> {
        match (self.value(name), self.preset(name)) {
            (Some(&Value::Duration(span)), _) | (None, Preset::Duration(span)) => Some(span),
            _ => None,
        }
    }

    /// A distribution of spans, in nanoseconds.
    pub fn variate(&self, name: &str) -> Option<Variate> {
        match (self.value(name), self.preset(name)) {
            (Some(Value::Variate(variate)), _) => Some(variate.clone()),
            (None, Preset::Duration(span)) => Some(Variate::constant(span)),
            _ => None,
        }
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> Option<u64> {
        match (self.value(name), self.preset(name)) {
            (Some(&Value::Whole(count)), _) | (None, Preset::Count(count)) => Some(count as u64),
            _ => None,
        }
    }

    /// A size in bytes.
    pub fn bytes(&self, name: &str) -> Option<u64> {
        match self.value(name) {
            Some(Value::Bytes(bytes)) => Some(*bytes),
            _ => None,
        }
    }

    /// A rate per second.
    pub fn rate(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Some(Value::Rate(rate)) => Some(*rate),
            _ => None,
        }
    }

    /// A share.
    pub fn share(&self, name: &str) -> Option<f64> {
        match (self.value(name), self.preset(name)) {
            (Some(&Value::Share(share)), _) | (None, Preset::Share(share)) => Some(share),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match (self.value(name), self.preset(name)) {
            (Some(&Value::Number(number)), _) | (None, Preset::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// A number that was given, of a setting that this kind need not have.
    pub fn known_number(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Some(&Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> bool {
        match (self.value(name), self.preset(name)) {
            (Some(&Value::Flag(flag)), _) | (None, Preset::Flag(flag)) => flag,
            _ => false,
        }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The chosen policy: its index in the list of its kind.
    pub fn choice(&self, name: &str) -> usize {
        let param = self.entry.params.iter().find(|param| param.name == name).expect("a setting");
        let Kind::Choice(policies) = param.kind else { panic!("{name} is no choice") };
        let chosen = match (self.value(name), param.preset) {
            (Some(Value::Text(text)), _) => text.as_str(),
            (_, Preset::Choice(preset)) => preset,
            _ => policies[0].name,
        };
        policies.iter().position(|policy| policy.name == chosen).expect("checked")
    }

    /// The chosen policy: its name.
    pub fn chosen(&self, name: &str) -> &'static str {
        let param = self.entry.params.iter().find(|param| param.name == name).expect("a setting");
        let Kind::Choice(policies) = param.kind else { panic!("{name} is no choice") };
        policies[self.choice(name)].name
    }

    /// Another component.
    pub fn group(&self, name: &str) -> Option<usize> {
        match self.value(name) {
            Some(Value::Group(index)) => Some(*index),
            _ => None,
        }
    }

    /// Other components.
    pub fn groups(&self, name: &str) -> Vec<usize> {
        let index = |value: &Value| if let Value::Group(index) = value { Some(*index) } else { None };
        self.list(name).iter().filter_map(index).collect()
    }

    /// The items of a list; empty if nothing was said.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.value(name) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let text = |value: &'_ Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.list(name).iter().filter_map(text).collect()
    }

    /// Whether some setting names this component.
    pub fn names(&self, component: usize) -> bool {
        self.naming(component).is_some()
    }

    /// A setting that names this component.
    pub fn naming(&self, component: usize) -> Option<&str> {
        let found = self.values.iter().find(|(_, (value, _))| {
            let mut is_named = false;
            value.each_group(&mut |named| is_named |= named == component);
            is_named
        });
        found.map(|(name, _)| &**name)
    }

    /// Goes through the components that settings name.
    pub fn each_named(&self, mut each: impl FnMut(usize)) {
        self.values.values().for_each(|(value, _)| value.each_group(&mut each));
    }

    /// Which keys.
    pub fn keys(&self, name: &str) -> Option<&KeysPlan> {
        match self.value(name) {
            Some(Value::Keys(keys)) => Some(keys),
            _ => None,
        }
    }

    /// Who the clients are.
    pub fn clients(&self, name: &str) -> Option<&ClientsPlan> {
        match self.value(name) {
            Some(Value::Clients(clients)) => Some(clients),
            _ => None,
        }
    }

    /// Where addresses are.
    pub fn geoip(&self, name: &str) -> Option<&GeoIpFile> {
        match self.value(name) {
            Some(Value::GeoIp(file)) => Some(file),
            _ => None,
        }
    }

    /// When requests come.
    pub fn load(&self, name: &str) -> Option<&Load> {
        match self.value(name) {
            Some(Value::Load(load)) => Some(load),
            _ => None,
        }
    }

    /// The value as it was written, for kinds with a language of their own.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.value(name)
    }
}
