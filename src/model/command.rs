//! What a script wants done, and to whom.

use super::part::{self, Whom};
use super::region;
use crate::catalog::{Place, Value};
use crate::components::Layout;
use crate::components::site::FIRST_AIDE;
use crate::kernel::{NodeId, Simulation};

/// Something that a script wants done now.
#[derive(Clone, Debug)]
pub struct Command {
    /// To whom.
    pub target: Target,
    /// What.
    pub action: String,
    /// With which arguments.
    pub arguments: Vec<Value>,
    /// Where the script says so.
    pub place: Place,
}

impl Command {
    /// What events.csv says of it beside its target and action, where its event has this label.
    pub fn detail(&self, layout: &Layout, label: &str) -> String {
        match (self.target, self.arguments.first()) {
            (Target::Note, Some(Value::Text(text))) => text.clone(),
            (Target::Region, Some(Value::Text(region))) => {
                let other = match self.arguments.get(1) {
                    Some(Value::Text(other)) if matches!(self.action.as_str(), "partition" | "heal") => other,
                    _ => "",
                };
                let there = match other {
                    "" => region::named(layout, region),
                    _ => String::new(),
                };
                let parts = [region.as_str(), other, there.as_str(), label];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            _ => label.into(),
        }
    }
}

/// To whom something is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// All nodes of a group.
    Group(usize),
    /// One node of a group.
    Node(usize, u64),
    /// A part of a group of several kinds of nodes: the primary or a replica of a database's shard.
    Part(usize, Part),
    /// The network between two groups.
    Between(usize, usize),
    /// The network between two parts of groups; no part: the whole group.
    Apart((usize, Option<Part>), (usize, Option<Part>)),
    /// All who stand in a region, which the first argument names.
    Region,
    /// Nobody: a note for events.csv.
    Note,
}

impl Target {
    /// What a script calls it.
    pub fn name(&self, layout: &Layout) -> String {
        self.named(layout, &|_| None)
    }

    /// What events.csv calls it: as components.csv does, if it is one node. Who is primary, the simulation knows.
    pub fn name_now(&self, layout: &Layout, simulation: &Simulation) -> String {
        self.named(layout, &|whom| Some(whom.find(simulation)))
    }

    fn named(&self, layout: &Layout, find: &dyn Fn(Whom) -> Option<NodeId>) -> String {
        let node = |group: usize, part: Part| part::only(layout, group, part).and_then(find);
        let of_part = |group: usize, part: Option<Part>| match (&layout.groups[group], part) {
            (group, Some(Part { role: Role::Node(n), .. })) => group.node_name(n),
            // (That of a cache is an aide of it.)
            (owner, Some(Part { role: Role::Coordinator, .. })) if owner.kind != "database" => {
                owner.node_name(FIRST_AIDE)
            }
            (owner, Some(part)) => match node(group, part) {
                Some(node) => layout.name_of(node),
                None => format!("{} {part}", owner.name),
            },
            (group, None) => group.name.clone(),
        };
        match *self {
            Target::Group(group) => of_part(group, None),
            Target::Node(group, n) => layout.groups[group].node_name(n),
            Target::Part(group, part) => of_part(group, Some(part)),
            Target::Between(a, b) => format!("{} - {}", of_part(a, None), of_part(b, None)),
            Target::Apart((a, of_a), (b, of_b)) => format!("{} - {}", of_part(a, of_a), of_part(b, of_b)),
            Target::Region => "region".into(),
            Target::Note => String::new(),
        }
    }
}

/// A part of a database, or one node of another group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Which shard; `None`: the first one, or all.
    pub shard: Option<u64>,
    /// Which node of it.
    pub role: Role,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(shard) = self.shard {
            write!(f, "shard {shard} ")?;
        }
        match self.role {
            Role::Primary => f.write_str("primary"),
            Role::Replica(n) => write!(f, "replica {n}"),
            Role::All => f.write_str("(all)"),
            Role::Router => f.write_str("router"),
            Role::Coordinator => f.write_str("coordinator"),
            Role::Node(n) => write!(f, "{n}"),
        }
    }
}

/// Which node of a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Whoever is primary when the command is carried out.
    Primary,
    /// The n-th node beside the one that was primary at the start (1, 2, ...); 0 is that one.
    Replica(u64),
    /// All nodes of the shard.
    All,
    /// The node that callers ask.
    Router,
    /// The node that watches the members.
    Coordinator,
    /// One node of any group, by its number.
    Node(u64),
}
