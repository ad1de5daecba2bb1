//! Values that settings take, as plain data.

use crate::kernel::Time;
use crate::random::arrivals::Arrivals;
use crate::random::keys::Keys;
use crate::random::replay::{ReplayOptions, TraceRows};
use crate::random::variate::Variate;
use std::sync::Arc;

/// A value from a script.
#[derive(Clone, Debug)]
pub enum Value {
    /// A span in nanoseconds.
    Duration(Time),
    /// So many per second.
    Rate(f64),
    /// So many bytes.
    Bytes(u64),
    /// A part of a whole, written with a unit.
    Share(f64),
    /// A whole number without a unit.
    Whole(i64),
    /// A number without a unit.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A distribution of spans, in nanoseconds.
    Variate(Variate),
    /// A component, by its index in the world.
    Group(usize),
    /// A node or a part of a component, as one says it: `node 0 of "shop"`. No setting takes one.
    Selection(String),
    /// Popularity of keys.
    Keys(KeysPlan),
    /// When requests come.
    Load(Load),
    /// Who the clients are.
    Clients(ClientsPlan),
    /// A file that says where addresses are.
    GeoIp(GeoIpFile),
    /// A step that is taken later.
    Step(PlannedStep),
    /// Several values.
    List(Vec<Value>),
    /// Something that no setting takes; the text is its type.
    Other(String),
}

/// Which keys are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct KeysPlan {
    /// How often each rank is wanted.
    pub popularity: Keys,
    /// Number of keys.
    pub size: u64,
    /// Whether ranks are scattered over the ids.
    pub scrambled: bool,
}

/// Who the clients of a traffic are.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientsPlan {
    /// Where they live (regions or countries), with weights.
    pub homes: Vec<(String, f64)>,
    /// Share of them on mobile networks.
    pub mobile: f64,
    /// Share of them behind tunnels.
    pub vpn: f64,
    /// Share of them behind address translators.
    pub nat: f64,
    /// Clients that share one address behind a translator.
    pub behind: u64,
    /// Where the tunnels end.
    pub exit: Option<String>,
    /// Where mobile networks hand over to the internet; none = at the client's home.
    pub gateway: Option<String>,
    /// Where the translators are (a company's head office); none = at the client's home.
    pub office: Option<String>,
}

/// A file that says where addresses are, as it was read and checked.
#[derive(Clone)]
pub struct GeoIpFile {
    /// Where it comes from, for messages.
    pub path: String,
    /// All of it.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for GeoIpFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "geoip({:?}, {} bytes)", self.path, self.bytes.len())
    }
}

impl ClientsPlan {
    /// All at one place, each on a line of its own.
    pub fn at(place: &str) -> Self {
        let homes = vec![(place.into(), 1.0)];
        let (exit, gateway, office) = (None, None, None);
        ClientsPlan { homes, mobile: 0.0, vpn: 0.0, nat: 0.0, behind: 1, exit, gateway, office }
    }

    /// All places that they have to do with.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        let homes = self.homes.iter().map(|(name, _)| name.as_str());
        homes.chain(self.outlets().into_iter().flatten())
    }

    /// Where clients come out, by how they come: on lines of their own, mobile, by tunnel, behind a translator; none = at home.
    pub fn outlets(&self) -> [Option<&str>; 4] {
        [None, self.gateway.as_deref(), self.exit.as_deref(), self.office.as_deref()]
    }
}

/// When requests come.
#[derive(Clone, Debug)]
pub enum Load {
    /// Whatever the answers, at times of their own.
    Open(Arrivals),
    /// As recorded.
    Trace(TraceLoad),
}

/// A recorded load.
#[derive(Clone)]
pub struct TraceLoad {
    /// Where it comes from, for messages.
    pub path: String,
    /// The rows.
    pub rows: Arc<dyn TraceRows>,
    /// How to replay them; the seed of the bootstrap is set for each replication.
    pub options: ReplayOptions,
    /// Whether each replication draws its own blocks of the trace.
    pub bootstrap: bool,
    /// Share of rows turned into writes; `None` = as recorded.
    pub writes: Option<f64>,
    /// When the rows come, for a trace without times.
    pub arrivals: Option<Arrivals>,
}

impl std::fmt::Debug for TraceLoad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "trace({:?}, {} rows)", self.path, self.rows.len())
    }
}

/// `later(1.s, "store")`.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// After how long.
    pub delay: Time,
    /// What.
    pub step: String,
}

/// A share in percent, as one would write it: 1.1 times 100 is a little more than 110.
pub fn percent(share: f64) -> f64 {
    (share * 1e14).round() / 1e12
}

impl Value {
    /// Goes through the components in it.
    pub fn each_group(&self, each: &mut impl FnMut(usize)) {
        match self {
            Value::List(list) => list.iter().for_each(|item| item.each_group(each)),
            Value::Group(index) => each(*index),
            _ => (),
        }
    }

    /// The first node or part of a component in it.
    pub fn selection(&self) -> Option<&str> {
        match self {
            Value::Selection(text) => Some(text),
            Value::List(list) => list.iter().find_map(Value::selection),
            _ => None,
        }
    }

    /// What it is, for error messages.
    pub fn describe(&self) -> String {
        match self {
            Value::Duration(span) => format!("the duration {}", crate::kernel::time_text(*span)),
            Value::Rate(rate) if rate.abs() >= 1e15 => format!("the rate {rate:e} per second"),
            Value::Rate(rate) => format!("the rate {rate}.rps"),
            Value::Bytes(bytes) => format!("the size {bytes}.bytes"),
            Value::Share(share) => format!("the share {}.percent", percent(*share)),
            Value::Whole(number) => format!("the whole number {number}"),
            Value::Number(number) => format!("the number {number}"),
            Value::Text(text) => format!("the text \"{text}\""),
            Value::Flag(flag) => format!("{flag}"),
            Value::Variate(_) => "a distribution of durations".into(),
            Value::Group(_) => "a component".into(),
            Value::Selection(text) => text.clone(),
            Value::Keys(_) => "keys".into(),
            Value::Clients(_) => "clients".into(),
            Value::GeoIp(file) => format!("the file {:?}", file.path),
            Value::Load(Load::Open(_)) => "arrivals".into(),
            Value::Load(Load::Trace(trace)) => format!("the trace {:?}", trace.path),
            Value::Step(step) => format!("later(.., \"{}\")", step.step),
            Value::List(list) => format!("a list of {}", list.len()),
            Value::Other(kind) => kind.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_shown_as_they_were_written() {
        let written = [110.0, 7.0, 0.1, 33.3, 1e-7, 0.0, 99.999_999];
        assert_eq!(written.map(|share| percent(share / 100.0)), written);
        assert_eq!(Value::Share(1.1).describe(), "the share 110.percent");
    }
}
