//! Names: zones with their servers, resolvers that ask them, and what clients remember.

use super::{ComponentKind, Layout, Site};
use crate::catalog::{Settings, Value};
use crate::kernel::{Component, Control, NodeId};

pub mod address;
pub mod policy;
pub mod record_cache;
mod recursion;
mod resolver;
mod resolver_entry;
pub mod stub;
mod zone;
mod zone_entry;

pub(super) use resolver_entry::check_alone as check_resolver;
pub(super) use zone_entry::check_alone as check_zone;

/// A zone and the servers that know it.
pub const ZONE: ComponentKind = ComponentKind {
    entry: &zone_entry::ENTRY,
    nodes: |_| 3,
    check: zone_entry::check,
    build: build_zone,
    grow: None,
};

/// Resolvers, shared by their users.
pub const RESOLVER: ComponentKind = ComponentKind {
    entry: &resolver_entry::ENTRY,
    nodes: resolver_nodes,
    check: |_, _| {},
    build: build_resolvers,
    grow: None,
};

/// The zone holds other records from now on (`arg`: a bit for each): told to its server, and to clients, who count how many of them
/// still use one that it does not hold.
pub const POINT_TO: u16 = Control::FIRST_OWN;

/// The servers of a zone, by their number in the group.
pub(super) const AUTHORITATIVE: u16 = 0;
pub(super) const TLD: u16 = 1;
pub(super) const ROOT: u16 = 2;

/// Whether the n-th node of a group is a server of the root or a top-level domain: those are near everybody, and their time is their own setting.
pub fn is_near_everybody(kind: &str, n: u64) -> bool {
    kind == ZONE.entry.name && n != u64::from(AUTHORITATIVE)
}

/// Which record comes first, for policy "failover" (`arg`: the record, and above its bits its place in the list).
pub const IN_TURN: u16 = Control::FIRST_OWN + 1;
/// Bits of a record's number.
const TURN: u32 = 8;

/// Bits of a question for a name of a zone: the name in the lowest 32, the zone above, and in the highest 16 the user's network (/16)
/// if the resolver passes it on (EDNS Client Subnet).
fn with_subnet(question: u64, address: u32) -> u64 {
    question | (u64::from(address >> 16) << 48)
}

/// An address in the user's network, if a question tells it.
fn subnet_of(question: u64) -> Option<u32> {
    let network = (question >> 48) as u32;
    (network != 0).then_some(network << 16 | 1)
}

/// Whether a name that leads to this zone, by aliases or at once, is answered by where the asker is. Answers of others hold for everybody, whatever
/// network the question tells (scope 0: RFC 7871, 7.2.1).
fn tailors(layout: &Layout, zone: usize) -> bool {
    let settings = &layout.groups[final_zone(layout, zone)].settings;
    matches!(policy::POLICIES[settings.choice("policy")].name, "latency" | "geolocation")
}

/// Whether a zone that answers by nearness by network is told the networks of users.
fn looks_at_subnets(site: &Site<'_>) -> bool {
    let policy = policy::POLICIES[site.settings().choice("policy")].name;
    let tells = |group: &super::Group| group.kind == "resolver" && group.settings.flag("client_subnet");
    policy == "latency" && site.layout.groups.iter().any(tells)
}

fn build_zone(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![
        Box::new(zone::Authoritative::new(site)),
        Box::new(zone::Referrer::new(site, "tld", zone_entry::zone_ns_ttl(site.settings()))),
        Box::new(zone::Referrer::new(site, "root", zone_entry::TLD_NS_TTL_S)),
    ]
}

fn resolver_nodes(settings: &Settings) -> u64 {
    settings.count("count").expect("preset")
}

fn build_resolvers(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let resolver = |n| Box::new(resolver::Resolver::new(site, n)) as Box<dyn Component>;
    (0..site.group().count).map(resolver).collect()
}

/// The zone in which a name ends, behind all aliases.
pub fn final_zone(layout: &Layout, zone: usize) -> usize {
    match layout.groups[zone].settings.group("cname") {
        Some(next) if next != zone => final_zone(layout, next),
        _ => zone,
    }
}

/// The servers behind the records of a zone, in their order: one that comes later gets no record by itself.
pub fn records(layout: &Layout, zone: usize) -> Vec<NodeId> {
    let groups = layout.groups[final_zone(layout, zone)].settings.groups("to");
    groups.iter().flat_map(|group| layout.groups[*group].first_nodes()).collect()
}

/// Those of the records that a zone names at first, a bit for each: all, if it does not say.
pub fn named_at_first(layout: &Layout, zone: usize) -> u64 {
    let zone = final_zone(layout, zone);
    match layout.groups[zone].settings.groups("points_to").as_slice() {
        [] => u64::MAX,
        groups => mask(layout, zone, groups),
    }
}

/// The records of a zone that are servers of these groups, a bit for each.
fn mask(layout: &Layout, zone: usize, groups: &[usize]) -> u64 {
    let of_groups =
        |node: &NodeId| groups.iter().any(|group| layout.groups[*group].nodes().any(|n| n == *node));
    let records = records(layout, zone);
    let bits = records.iter().enumerate().filter(|(_, node)| of_groups(node));
    bits.fold(0, |mask, (at, _)| mask | 1 << at)
}

/// The records of a zone that are servers of these groups, in their order: number and turn.
fn turns(layout: &Layout, zone: usize, groups: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let records = records(layout, zone);
    let nodes: Vec<NodeId> = groups.iter().flat_map(|group| layout.groups[*group].nodes()).collect();
    let at = move |node: NodeId| records.iter().position(|record| *record == node);
    nodes.into_iter().filter_map(at).enumerate().map(|(turn, at)| (at, turn))
}

/// What `zone.point_to(..)` does, to whom; or what is wrong with its arguments.
pub fn point_to(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    let groups: Vec<usize> = match arguments {
        [Value::Group(group)] => vec![*group],
        [Value::List(list)]
            if list.iter().all(|item| matches!(item, Value::Group(_))) && !list.is_empty() =>
        {
            list.iter()
                .filter_map(|item| if let Value::Group(group) = item { Some(*group) } else { None })
                .collect()
        }
        _ => return Err("`point_to` takes a component, or a list of them".into()),
    };
    let (layout, zone) = (site.layout, site.index);
    let held = site.settings().groups("to");
    if let Some(stranger) = groups.iter().find(|group| !held.contains(group)) {
        let name = layout.groups.get(*stranger).map_or("", |group| &group.name);
        return Err(format!("\"{name}\" is not among the addresses (`to`) of \"{}\"", site.group().name));
    }
    let control = Control::new(POINT_TO, mask(layout, zone, &groups));
    let in_turn = turns(layout, zone, &groups);
    let in_turn = in_turn.map(|(at, turn)| Control::new(IN_TURN, at as u64 | (turn as u64) << TURN));
    let told: Vec<Control> = std::iter::once(control).chain(in_turn).collect();
    let uses = |group: &super::Group| {
        let target = group.settings.group("to").filter(|_| group.kind == "traffic");
        target.is_some_and(|to| layout.groups[to].kind == ZONE.entry.name && final_zone(layout, to) == zone)
    };
    let clients = layout.groups.iter().filter(|group| uses(group)).flat_map(super::Group::nodes);
    let server = told.into_iter().map(|told| (layout.first(zone), told));
    Ok(server.chain(clients.map(|node| (node, control))).collect())
}
