//! Settings: what kind of value, in which unit and range, and what holds if nothing is said.

use super::entry::Policy;
use super::problem::Problem;
use super::value::{Value, percent};
use crate::kernel::time_text;

/// One setting of a component.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name in a script.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// What holds if the script says nothing.
    pub preset: Preset,
    /// One line about it, with the source of a preset that is a figure.
    pub about: &'static str,
}

/// Kinds of values.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A span of time greater than 0.
    Duration,
    /// A span of time; 0 means not at all.
    DurationOrZero,
    /// A span of time or a distribution of them.
    Variate,
    /// So many per second.
    Rate,
    /// So many bytes.
    Bytes,
    /// So many bytes; 0 means none.
    BytesOrZero,
    /// Size of what one answer or question carries: at least 1 byte, and less than 4 GiB, as messages tell it.
    Message,
    /// A whole number in a range.
    Count(i64, i64),
    /// A part of a whole, 0 to 1.
    Share,
    /// A number in a range.
    Number(f64, f64),
    /// A text.
    Text,
    /// A text, or a list of them.
    Texts,
    /// Who the clients are.
    Clients,
    /// A file that says where addresses are.
    GeoIp,
    /// Yes or no.
    Flag,
    /// The name of a policy.
    Choice(&'static [Policy]),
    /// Another component, of one of these kinds.
    Group(&'static [&'static str]),
    /// One or several other components, of one of these kinds.
    Groups(&'static [&'static str]),
    /// A list of [first key, last key, component of one of these kinds].
    Routes(&'static [&'static str]),
    /// Which keys are wanted, and how often each.
    Keys,
    /// When requests come.
    Load,
    /// A write strategy: a name, or a list of steps around "ack". The function says what is wrong with one.
    Strategy(fn(&Value) -> Option<Problem>),
    /// A list of steps out of these.
    Steps(&'static [&'static str]),
    /// A list of whole numbers, not all 0.
    Weights,
}

impl Kind {
    /// What a script must write, for error messages and `explain`.
    pub fn wanted(&self) -> String {
        match self {
            Kind::Duration | Kind::DurationOrZero => "a duration such as 30.s or 5.ms".into(),
            Kind::Variate => "a duration such as 5.ms, or a distribution such as exponential(5.ms)".into(),
            Kind::Rate => "a rate such as 200.rps".into(),
            Kind::Bytes | Kind::BytesOrZero | Kind::Message => "a size such as 256.mib".into(),
            Kind::Count(low, high) if *high == i64::MAX => format!("a whole number from {low} up"),
            Kind::Count(low, high) => format!("a whole number from {low} to {high}"),
            Kind::Share => "a share such as 20.percent, or a number from 0 to 1".into(),
            Kind::Number(low, high) if high.is_infinite() => format!("a number from {low} up"),
            Kind::Number(low, high) => format!("a number from {low} to {high}"),
            Kind::Text => "a text in double quotes".into(),
            Kind::Texts => "a text in double quotes, or a list of them".into(),
            Kind::Clients => "clients such as clients([[\"FR\", 3], [\"KR\", 1]])".into(),
            Kind::GeoIp => "a file such as geoip(\"city.mmdb\")".into(),
            Kind::Flag => "true or false".into(),
            Kind::Choice(policies) => {
                let names: Vec<String> = policies.iter().map(|p| format!("\"{}\"", p.name)).collect();
                super::one_of(&names)
            }
            Kind::Group(kinds) => format!("a {}", super::one_of(&owned(kinds))),
            Kind::Groups(kinds) => format!("a {}, or a list of them", super::one_of(&owned(kinds))),
            Kind::Routes(_) => "a list such as [[0, 999, images], [1_000, 1_999, api]]".into(),
            Kind::Keys => "keys such as zipf(50_000, 0.99) or uniform_keys(1_000)".into(),
            Kind::Load => {
                "a rate such as 200.rps, or arrivals such as poisson(200.rps) or steps([...])".into()
            }
            Kind::Strategy(_) => {
                "\"through\", \"around\", \"aside\", \"back\", or a list of steps around \"ack\"".into()
            }
            Kind::Steps(steps) => format!("a list of steps out of \"{}\"", steps.join("\", \"")),
            Kind::Weights => "a list of whole numbers from 0 to 1,000,000 such as [5, 3, 2]".into(),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// What holds if a script says nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Preset {
    /// It must say something.
    Required,
    /// Nothing; the text says what that means.
    Absent(&'static str),
    /// This number.
    Count(i64),
    /// This span, in nanoseconds.
    Duration(u64),
    /// This share.
    Share(f64),
    /// This number.
    Number(f64),
    /// This policy.
    Choice(&'static str),
    /// Yes or no.
    Flag(bool),
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Preset::Required => f.write_str("required"),
            Preset::Absent(meaning) => f.write_str(meaning),
            Preset::Count(count) => write!(f, "{count}"),
            Preset::Duration(span) => f.write_str(&time_text(*span)),
            Preset::Share(share) => write!(f, "{}.percent", percent(*share)),
            Preset::Number(number) => write!(f, "{number}"),
            Preset::Choice(name) => write!(f, "\"{name}\""),
            Preset::Flag(flag) => write!(f, "{flag}"),
        }
    }
}
