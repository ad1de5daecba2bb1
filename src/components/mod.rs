//! The rooms of the chapter: one folder per kind of component.

pub mod cache;
pub mod client;
pub mod database;
pub mod load_balancer;
pub mod network;
pub mod site;
pub mod web;

use crate::catalog::{Entry, Problems, Settings};
use crate::kernel::Component;
pub use site::{Group, Layout, Site};

/// A kind of component: how it describes, checks and builds itself.
pub struct ComponentKind {
    /// Its description.
    pub entry: &'static Entry,
    /// How many nodes a group of it has.
    pub nodes: fn(&Settings) -> u64,
    /// Mistakes that only show when the whole world is known.
    pub check: fn(&Site<'_>, &mut Problems),
    /// Its nodes, as many as `nodes` says.
    pub build: fn(&Site<'_>) -> Vec<Box<dyn Component>>,
    /// One more node while the simulation runs (the last of [`Group::nodes`]); `None` if groups of this kind keep their nodes.
    pub grow: Option<Grow>,
}

/// Makes one node.
pub type Grow = fn(&Site<'_>) -> Box<dyn Component>;

/// All kinds: one line each.
pub const KINDS: &[ComponentKind] =
    &[client::KIND, load_balancer::KIND, web::KIND, cache::KIND, database::KIND];

/// Mechanisms that a test can switch off (`--disable`), to see that an experiment notices.
pub const MECHANISMS: &[&str] = &[
    "cache",
    "invalidation",
    "write_back",
    "replica_reads",
    "replica_acks",
    "failover",
    "copy_cost",
    "session_position",
    "shard_key",
    "hot_key_cure",
    "reshard",
    "denormalised",
    "quorum_repair",
];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static ComponentKind> {
    KINDS.iter().find(|kind| kind.entry.name == name)
}

/// Nodes that serve a group and hold none of its data: what they are called, and how many.
pub fn aides(kind: &str, settings: &Settings) -> (&'static str, u64) {
    if kind == "cache" { cache::aides(settings) } else { ("", 0) }
}

/// What the n-th node of a group is called below the group's name, if the kind has names for its parts.
fn part_name(group: &Group, n: u64) -> Option<String> {
    let shape = (group.kind == "database").then(|| database::replica::Shape::of(&group.settings))?;
    (!shape.is_single()).then(|| shape.name(n))
}

/// One node per group.
fn one(_settings: &Settings) -> u64 {
    1
}
