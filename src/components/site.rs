//! What a component may know of the world while it is built: its own settings and its neighbours.

use super::network::geo::Geography;
use crate::catalog::{Action, Kind, Load, Param, Place, Preset, Settings};
use crate::kernel::{Membership, NodeId, Time};
use crate::random::mix::{combine, hash_name};
use std::sync::Arc;

/// One group of nodes as it will stand.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name in the script.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its checked settings.
    pub settings: Settings,
    /// Index of its first node.
    pub first: u16,
    /// Number of the nodes that it begins with; their indices follow on `first`.
    pub count: u64,
    /// Nodes behind these that serve the group and hold none of its data (proxies), and what they are called.
    pub aides: (&'static str, u64),
    /// Nodes that came while the simulation ran.
    pub grown: Vec<NodeId>,
    /// Nodes that are members no more.
    pub left: Vec<NodeId>,
    /// Where the script makes it.
    pub place: Place,
}

impl Group {
    /// Its aides.
    pub fn aides(&self) -> impl Iterator<Item = NodeId> {
        let first = self.first + self.count as u16;
        (first..first + self.aides.1 as u16).map(NodeId)
    }

    /// All nodes that it ever had, without aides: those it begins with, then those that came.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.first_nodes().chain(self.grown.iter().copied())
    }

    /// Those it begins with.
    pub fn first_nodes(&self) -> impl Iterator<Item = NodeId> {
        (self.first..self.first + self.count as u16).map(NodeId)
    }

    /// The nodes that callers ask: all, or the first one if the group has parts that only it knows.
    pub fn doors(&self) -> impl Iterator<Item = NodeId> {
        self.members().take(if self.has_parts() { 1 } else { usize::MAX })
    }

    /// Whether callers ask its first node only, which knows the others (a database of several nodes).
    pub fn has_parts(&self) -> bool {
        super::part_name(self, 0).is_some()
    }

    /// Its n-th node, counted as in [`Group::nodes`]; aides from [`FIRST_AIDE`] on.
    pub fn node(&self, n: u64) -> Option<NodeId> {
        match n.checked_sub(FIRST_AIDE) {
            Some(aide) => self.aides().nth(aide as usize),
            None => self.nodes().nth(n as usize),
        }
    }

    /// Its nodes but those that have left.
    pub fn members(&self) -> impl Iterator<Item = NodeId> {
        self.nodes().filter(|node| !self.left.contains(node))
    }

    /// The number of a node within the group.
    pub fn place_of(&self, node: NodeId) -> Option<u64> {
        let aide = || self.aides().position(|aide| aide == node).map(|n| FIRST_AIDE + n as u64);
        self.nodes().position(|other| other == node).map(|n| n as u64).or_else(aide)
    }

    /// Name of its n-th node: the group's own if it begins with one node and this is it.
    pub fn node_name(&self, n: u64) -> String {
        if let Some(aide) = n.checked_sub(FIRST_AIDE) {
            let (what, many) = self.aides;
            let number = if many == 1 { String::new() } else { format!("-{aide}") };
            return format!("{}/{what}{number}", self.name);
        }
        if let Some(part) = super::part_name(self, n) {
            return format!("{}/{part}", self.name);
        }
        if self.count == 1 && n == 0 { self.name.clone() } else { format!("{}/{n}", self.name) }
    }
}

/// Number of a group's first aide: beyond the numbers that nodes can have.
pub const FIRST_AIDE: u64 = 1 << 32;

impl Layout {
    /// The group of a node, and the node's number within it.
    pub fn home(&self, node: NodeId) -> Option<(usize, u64)> {
        let numbered = self.groups.iter().enumerate();
        numbered.filter_map(|(index, group)| Some((index, group.place_of(node)?))).next()
    }

    /// Name of a node.
    pub fn name_of(&self, node: NodeId) -> String {
        self.home(node).map_or_else(String::new, |(group, n)| self.groups[group].node_name(n))
    }

    /// A group came by another node, or lost one.
    pub fn change(&mut self, change: &Membership) {
        let group = &mut self.groups[usize::from(change.group)];
        if change.joined { group.grown.push(change.node) } else { group.left.push(change.node) }
    }
}

/// All groups of a world.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// In the order of the script.
    pub groups: Vec<Group>,
    /// Mechanisms that a test has switched off, to see that an experiment notices.
    pub disabled: Vec<String>,
    /// When the run ends, warm-up included.
    pub end: Time,
    /// Seed and replication of the run, once there is one: for what is drawn of a world as a whole, the same in every variant.
    pub seeds: (u64, u64),
    /// The places that groups and clients are at.
    pub map: Arc<Geography>,
    /// The links between groups, or within one, in the order in which they are laid: a later one replaces an earlier one.
    pub links: Vec<Joined>,
}

/// Two groups that a link joins; it is one group if the link lies within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Joined {
    /// One end.
    pub a: usize,
    /// The other end.
    pub b: usize,
    /// Whether a message takes time on it: only then it can be slowed.
    pub takes_time: bool,
    /// Whether a message can vanish on it for good: some are lost, and no connection sends them again.
    pub loses: bool,
}

/// Where a group is; a setting of every kind.
pub const REGION: Param = Param {
    name: "region",
    kind: Kind::Texts,
    preset: Preset::Absent("nowhere in particular"),
    about: "where it is: a region of the map or a country; its nodes take those of a list in turn",
};
/// Its availability zone; a setting of every kind that has servers.
pub const ZONE: Param = Param {
    name: "zone",
    kind: Kind::Text,
    preset: Preset::Absent("another one than that of any other group"),
    about: "availability zone: servers of one region are 0.76 ms of round trip apart, in one zone 0.10 ms (IBM VPC, 2026-08)",
};

/// What one of its nodes costs; a setting of every kind that is rented by the hour.
pub const PRICE: Param = Param {
    name: "price_per_hour",
    kind: Kind::Number(0.0, f64::INFINITY),
    preset: Preset::Absent("not known: it is left out of `cost_per_hour`"),
    about: "what a node costs per hour, in US dollars: look it up for the machine you mean (routers, coordinators, controllers, proxies and storage nodes are not paid for; shards that stand by, `shards_max`, a load_balancer's `standby` and servers that an autoscaler has ordered are)",
};

impl Layout {
    /// The link between two groups, or within one.
    pub fn link(&self, a: usize, b: usize) -> Option<Joined> {
        let joins = |link: &&Joined| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a);
        self.links.iter().rev().find(joins).copied()
    }

    /// The first node of a group.
    pub fn first(&self, group: usize) -> NodeId {
        NodeId(self.groups[group].first)
    }

    fn traffic(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.kind == "traffic")
    }

    /// Keys lie below this number, if every traffic says which keys it wants.
    pub fn keys(&self) -> Option<u64> {
        self.traffic().map(Layout::keys_of_traffic).collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    pub(super) fn keys_of_traffic(group: &Group) -> Option<u64> {
        match (group.settings.load("rate"), group.settings.keys("keys")) {
            (Some(Load::Trace(trace)), None) => Some(trace.rows.key_count()),
            (_, Some(keys)) => Some(keys.size),
            (_, None) => Some(1),
        }
    }

    /// How many users the traffics before a group have, and one more each: numbers of people that are taken.
    pub fn users_before(&self, group: usize) -> u32 {
        let traffics = self.groups[..group].iter().filter(|group| group.kind == "traffic");
        traffics.map(|traffic| traffic.settings.count("users").unwrap_or(0) as u32 + 1).sum()
    }

    /// Whether some traffic tells the sizes of what it wants.
    pub fn sized_traffic(&self) -> bool {
        self.traffic().any(|group| matches!(group.settings.load("rate"), Some(Load::Trace(_))))
    }

    /// Whether anything in this world has a size.
    pub fn has_sizes(&self) -> bool {
        let is_sized = |group: &Group| {
            let is_counted =
                group.kind == "database" && super::database::counted::is_counted(&group.settings);
            is_counted || SIZES.iter().any(|size| group.settings.is_given(size))
        };
        self.sized_traffic() || self.groups.iter().any(is_sized)
    }

    /// Number of nodes of all groups.
    pub fn nodes(&self) -> u64 {
        self.groups.iter().map(|group| group.nodes().count() as u64 + group.aides.1).sum()
    }
}

/// Settings that give something a size.
const SIZES: [&str; 5] = ["row", "size", "page_size", "asset_size", "session_size"];

/// The place of one group in the world being built.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The world.
    pub layout: &'a Layout,
    /// The group's index in it.
    pub index: usize,
}

impl<'a> Site<'a> {
    /// The group itself.
    pub fn group(&self) -> &'a Group {
        &self.layout.groups[self.index]
    }

    /// Whether a test has switched a mechanism off.
    pub fn is_disabled(&self, mechanism: &str) -> bool {
        self.layout.disabled.iter().any(|name| name == mechanism)
    }

    /// Its settings.
    pub fn settings(&self) -> &'a Settings {
        &self.group().settings
    }

    /// The same for another group.
    pub fn of(&self, index: usize) -> Site<'a> {
        Site { layout: self.layout, index }
    }

    /// Purpose of a random draw: the same in every variant that has a group of this name.
    pub fn purpose(&self, what: &str) -> u64 {
        hash_name(&format!("{}.{what}", self.group().name))
    }

    /// Where draws begin that belong to the world and to no request: others in each replication, so that what is measured holds for worlds of
    /// this kind and not for one of them.
    pub fn lot(&self, what: &str) -> u64 {
        let (seed, replication) = self.layout.seeds;
        combine(combine(seed, replication), self.purpose(what))
    }
}

/// The process or the host dies.
pub const CRASH: Action = Action {
    name: "crash",
    usage: "crash() or crash(\"host\")",
    about: "the process dies (connections are refused) or the host (silence until it is back, when TCP tells those whose question is still on its way; who had reached it before, and waits without a time-out, hears nothing: there is no keep-alive); memory is lost",
};
/// Back again.
pub const RECOVER: Action = Action {
    name: "recover",
    usage: "recover()",
    about: "back again: empty after a crash, as it was after a hang",
};
/// Stands still.
pub const HANG: Action =
    Action { name: "hang", usage: "hang()", about: "stands still and keeps everything, until recover()" };
/// Works at another speed.
pub const SLOW: Action = Action {
    name: "slow",
    usage: "slow(0.5)",
    about: "works at this part of its normal speed (a host: its processors; disks of databases on it keep theirs); slow(1) ends it",
};
/// The group gets another node.
pub const ADD_NODE: Action = Action {
    name: "add_node",
    usage: "add_node()",
    about: "another node joins the group; its users and members are told",
};
/// A node leaves the group.
pub const REMOVE_NODE: Action = Action {
    name: "remove_node",
    usage: "remove_node(), or web[2].remove_node()",
    about: "the newest node, or this one, leaves the group; what it has begun it finishes",
};

/// What can be done to any node that serves calls.
pub const NODE_ACTIONS: &[Action] = &[CRASH, RECOVER, HANG, SLOW];
/// The same for groups that grow and shrink while the simulation runs.
pub const GROWING_ACTIONS: &[Action] = &[CRASH, RECOVER, HANG, SLOW, ADD_NODE, REMOVE_NODE];
