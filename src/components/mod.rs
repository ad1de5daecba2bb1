//! The rooms of the chapter: one folder per kind of component.

pub mod anycast;
pub mod autoscaler;
pub mod cache;
pub mod cdn;
pub mod checkup;
pub mod client;
pub mod consumer;
pub mod data_sets;
pub mod database;
mod demand;
pub mod dns;
pub mod egress;
pub mod geo_router;
pub mod host;
pub mod invalidation_bus;
pub mod load_balancer;
pub mod network;
pub mod queue;
pub mod revalidation;
pub mod site;
pub mod steps;
pub mod ways;
pub mod web;
pub mod website;
mod whereabouts;

use crate::catalog::{Entry, Problems, Settings, Value};
use crate::kernel::{Component, Control, NodeId};
pub use site::{Group, Joined, Layout, Site};

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
pub const KINDS: &[ComponentKind] = &[
    client::KIND,
    load_balancer::KIND,
    web::KIND,
    cache::KIND,
    database::KIND,
    invalidation_bus::KIND,
    autoscaler::KIND,
    host::KIND,
    dns::ZONE,
    dns::RESOLVER,
    geo_router::KIND,
    anycast::KIND,
    cdn::KIND,
    website::KIND,
    queue::KIND,
    consumer::KIND,
];

/// Translates an action that only one kind knows: who is told what, or what is wrong with the arguments.
pub type OwnAction = fn(&Site<'_>, &[Value]) -> Result<Vec<(NodeId, Control)>, String>;

/// Actions that only one kind knows: kind, action, translation.
const OWN_ACTIONS: &[(&str, &str, OwnAction)] = &[
    ("dns", "point_to", dns::point_to),
    ("anycast", "withdraw", anycast::withdraw),
    ("anycast", "announce", anycast::announce),
    ("cdn", "invalidate", cdn::invalidate),
    ("website", "publish", website::publish),
    ("cache", "invalidate", cache::invalidate),
];

/// Whether such actions concern also who is down at the moment, who hears of them at once: they are booked for all, not carried out by each.
pub fn are_booked(kind: &str) -> bool {
    kind == cdn::KIND.entry.name
}

/// The translation of an action that only this kind knows.
pub fn own_action(kind: &str, action: &str) -> Option<OwnAction> {
    let found = OWN_ACTIONS.iter().find(|(of, name, _)| *of == kind && *name == action);
    found.map(|(.., translate)| *translate)
}

/// Mechanisms that a test can switch off (`--disable`), to see that an experiment notices.
pub const MECHANISMS: &[&str] = &[
    "cache",
    "eviction",
    "expiry",
    "invalidation",
    "write_back",
    "weights",
    "health_checks",
    "site_health_checks",
    "redispatch",
    "sticky",
    "session_memory",
    "scalability_law",
    "autoscaling",
    "drain",
    "shared_processors",
    "secondary_index",
    "embedding",
    "column_families",
    "adjacency",
    "hashing",
    "consistent_hashing",
    "migration",
    "connections",
    "distance",
    "dns_cache",
    "cdn",
    "purge",
    "asset_versions",
    "revalidation",
    "negative_caching",
    "origin_failover",
    "roll_out",
    "browser_cache",
    "queue",
    "redelivery",
    "idempotence",
    "replication",
    "producer_retries",
    "replica_reads",
    "replica_acks",
    "replica_log",
    "failover",
    "copy_cost",
    "session_position",
    "shard_key",
    "hot_key_cure",
    "reshard",
    "denormalised",
    "quorum_repair",
    "fills",
    "stampede",
    "refresh_ahead",
    "invalidation_bus",
    "geoip",
    "anycast",
];

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static ComponentKind> {
    KINDS.iter().find(|kind| kind.entry.name == name)
}

/// The kinds that have a setting of this name, in the order of the table.
pub fn kinds_with(setting: &str) -> Vec<&'static str> {
    let entries = KINDS.iter().map(|kind| kind.entry);
    let has = |entry: &&'static Entry| entry.has(setting);
    entries.filter(has).map(|entry| entry.name).collect()
}

/// What is wrong with what a component was given, whatever else there is in its world; its kind's `check` finds what is wrong with it there.
pub fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    match site.group().kind {
        "traffic" => client::check_alone(site, problems),
        "web" => web::check_alone(site, problems),
        "cache" => cache::check_alone(site.settings(), problems),
        "database" => database::check_alone(site, problems),
        "queue" => queue::check_alone(site, problems),
        "dns" => dns::check_zone(site, problems),
        "resolver" => dns::check_resolver(site, problems),
        _ => {}
    }
}

/// Nodes that serve a group and hold none of its data: what they are called, and how many.
pub fn aides(kind: &str, settings: &Settings) -> (&'static str, u64) {
    match kind {
        "cache" => cache::aides(settings),
        "load_balancer" => load_balancer::aides(settings),
        _ => ("", 0),
    }
}

/// What the n-th node of a group is called below the group's name, if the kind has names for its parts.
fn part_name(group: &Group, n: u64) -> Option<String> {
    let shape = (group.kind == "database").then(|| database::replica::Shape::of(&group.settings))?;
    (!shape.is_single()).then(|| shape.name(n))
}

/// How many nodes of a group stand before its first member: a database's router and who coordinates it.
pub fn nodes_before_members(group: &Group) -> u64 {
    if group.has_parts() { database::replica::Shape::of(&group.settings).first() } else { 0 }
}

/// Setting that puts a database's coordinator at a place of its own.
pub const COORDINATOR_REGION: &str = "coordinator_region";

/// The node of a group that stands apart from the others, and in which region, if one does.
pub fn apart(group: &Group) -> Option<(u64, &str)> {
    let region = group.settings.text(COORDINATOR_REGION)?;
    let has_coordinator = group.has_parts() && database::replica::Shape::of(&group.settings).is_coordinated();
    has_coordinator.then_some((database::replica::COORDINATOR, region))
}

/// Whether somebody pays for the n-th node of a group by the hour. Nobody does for those that stand for something else: routers (drivers, or
/// a service of the provider), who watches or coordinates, storage that is paid by the gigabyte.
pub fn is_rented(group: &Group, n: u64) -> bool {
    match group.kind {
        "database" => database::replica::Shape::of(&group.settings).answers(n),
        "queue" => queue::works(&group.settings, n),
        "load_balancer" => true, // the one that stands by is a machine like the other
        _ => n < site::FIRST_AIDE,
    }
}

/// Whether all that a group is asked comes to its n-th node first, which asks others of the group: what came to those is the same again.
pub fn is_front(group: &Group, n: u64) -> bool {
    match group.kind {
        "database" => {
            n == database::replica::ROUTER && !database::replica::Shape::of(&group.settings).is_single()
        }
        "cache" => n >= site::FIRST_AIDE && group.aides.0 == "proxy",
        _ => false,
    }
}

/// Whether the n-th node waits for a resharding: it has nothing to do before.
pub fn stands_by(group: &Group, n: u64) -> bool {
    group.kind == "database" && database::replica::Shape::stands_by(&group.settings, n)
}

/// One node per group.
fn one(_settings: &Settings) -> u64 {
    1
}
