//! Anycast: one address that several sites announce. Networks bring each client to one of them, mostly the nearest; a site that fails
//! is withdrawn, and each network finds another way after a time of its own, without a word to any client.
//!
//! The node itself is no station on the way: it stands for those who watch the sites and announce them (`announcer.rs`). Which way a
//! client's packets take is known where they are sent: in the `Catchment` of each traffic.

use super::{ComponentKind, Layout, Site};
use crate::catalog::Value;
use crate::kernel::{Component, Control, NodeId};

mod announcer;
mod catchment;
mod entry;
mod profile;

pub use catchment::{Catchment, Vantage};

/// One address of several sites.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check: entry::check, build, grow: None };

/// By hand: the sites whose bits are set in `arg` are withdrawn; announced again.
const WITHDRAW: u16 = Control::FIRST_OWN;
const ANNOUNCE: u16 = Control::FIRST_OWN + 1;

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(announcer::Announcer::new(site))]
}

/// The nodes that announce the address of a group, in their order.
pub fn sites(layout: &Layout, group: usize) -> Vec<NodeId> {
    let groups = layout.groups[group].settings.groups("to");
    groups.iter().flat_map(|group| layout.groups[*group].nodes()).collect()
}

/// What `address.withdraw(site)` does, to whom; or what is wrong with its arguments.
pub fn withdraw(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    by_hand(site, arguments, WITHDRAW)
}

/// What `address.announce(site)` does, to whom; or what is wrong with its arguments.
pub fn announce(site: &Site<'_>, arguments: &[Value]) -> Result<Vec<(NodeId, Control)>, String> {
    by_hand(site, arguments, ANNOUNCE)
}

fn by_hand(site: &Site<'_>, arguments: &[Value], verb: u16) -> Result<Vec<(NodeId, Control)>, String> {
    let [Value::Group(group)] = arguments else {
        return Err("it takes a component that announces the address".into());
    };
    let layout = site.layout;
    if !site.settings().groups("to").contains(group) {
        let name = layout.groups.get(*group).map_or("", |group| &group.name);
        return Err(format!("\"{name}\" is not among the sites (`to`) of \"{}\"", site.group().name));
    }
    let meant = |node: &NodeId| layout.groups[*group].nodes().any(|other| other == *node);
    let sites = sites(layout, site.index);
    let bits =
        sites.iter().enumerate().filter(|(_, node)| meant(node)).fold(0, |bits, (at, _)| bits | 1 << at);
    Ok(vec![(layout.first(site.index), Control::new(verb, bits))])
}
