//! Worlds without scripts, their replications, and intervals for what they measure.

#![allow(dead_code)] // every test file uses its own part

pub mod estimate;
pub mod run;
pub mod script;

use scalelab::catalog::{Given, KeysPlan, Load, Place, Value};
use scalelab::kernel::{NodeId, Simulation, Time};
use scalelab::model::{Checked, GroupSpec, LinkSpec, WorldSpec, build, check};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;
use scalelab::random::variate::{Exponential, Variate};

/// Nanoseconds in a second, as a factor for spans in seconds.
const NANOSECONDS: f64 = 1e9;

/// A world in the making.
#[derive(Clone, Default)]
pub struct World {
    pub spec: WorldSpec,
}

impl World {
    /// Adds a component; the value names it in the settings of later ones.
    pub fn add(&mut self, kind: &'static str, name: &str, settings: Vec<(&str, Value)>) -> Value {
        let (name, place) = (name.to_string(), Place::default());
        self.spec.groups.push(GroupSpec { kind, name, given: given(settings), place });
        Value::Group(self.spec.groups.len() - 1)
    }

    /// Joins two components.
    pub fn link(&mut self, a: &Value, b: &Value, settings: Vec<(&str, Value)>) {
        let (a, b, place) = (index(a), index(b), Place::default());
        self.spec.links.push(LinkSpec { a, b, given: given(settings), place });
    }

    /// The world, which must be without mistakes.
    pub fn check(&self) -> Checked {
        check(&self.spec, Time::MAX, &[]).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// A simulation of it.
    pub fn build(&self, seed: u64, replication: u64) -> Simulation {
        build(&self.check(), seed, replication)
    }

    /// The n-th node of a component.
    pub fn node(&self, group: &Value, n: u16) -> NodeId {
        NodeId(self.check().layout.first(index(group)).0 + n)
    }
}

/// The index behind the value of a component.
pub fn index(group: &Value) -> usize {
    let Value::Group(index) = group else { panic!("{group:?} is no component") };
    *index
}

fn given(settings: Vec<(&str, Value)>) -> Vec<Given> {
    let given =
        |(name, value): (&str, Value)| Given { name: name.to_string(), value, place: Place::default() };
    settings.into_iter().map(given).collect()
}

/// A span of so many seconds.
pub fn span(seconds: f64) -> Value {
    Value::Duration((seconds * NANOSECONDS).round() as Time)
}

/// Exponential with a mean in seconds.
pub fn exponential(mean_s: f64) -> Value {
    variate(Exponential::new(mean_s).expect("a mean"))
}

/// Any distribution whose unit is the second.
pub fn variate(distribution: impl Into<Variate>) -> Value {
    Value::Variate(distribution.into().scaled(NANOSECONDS))
}

/// Poisson arrivals, so many per second.
pub fn poisson(rate_per_s: f64) -> Value {
    Value::Load(Load::Open(Arrivals::poisson(rate_per_s).expect("a rate")))
}

/// Arrivals at equal distances.
pub fn evenly(rate_per_s: f64) -> Value {
    Value::Load(Load::Open(Arrivals::constant(rate_per_s, 0).expect("a rate")))
}

/// Keys by popularity; ids are the ranks.
pub fn keys(popularity: Keys) -> Value {
    Value::Keys(KeysPlan { size: popularity.n_keys(), popularity, scrambled: false })
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// A list of texts.
pub fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| text(item)).collect())
}

/// Another seed for the whole suite: a result must not hang on one.
pub fn seed() -> u64 {
    let given = std::env::var("SCALELAB_TEST_SEED").ok();
    given.map_or(1, |seed| seed.parse().expect("SCALELAB_TEST_SEED is a whole number"))
}
