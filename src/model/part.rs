//! Parts of a database: `db.primary()`, `db.shard(3).replica(1)`, and what can be done to them.

use super::action::{Moment, Order, numbered};
use super::command::{Command, Part, Role, Target};
use crate::catalog::{Place, Problem, Settings, Value, number_of};
use crate::components::database::replica::{
    COORDINATOR, REPLACE, RESHARD, ROUTER, SWITCH, Shape, shares_storage,
};
use crate::components::{Group, Layout};
use crate::kernel::readings::Reading;
use crate::kernel::transit::{End, LinkCommand};
use crate::kernel::{Control, NodeId, Simulation};

/// A node, perhaps known only when the command is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// This one.
    Node(NodeId),
    /// The primary among these: from the first one, so many.
    PrimaryOf(NodeId, u16),
}

impl Whom {
    /// The node, now. Of several that think themselves primary, the one of the newest epoch; if none does, the first.
    pub fn find(self, simulation: &Simulation) -> NodeId {
        self.among(|node| match simulation.readings(node, false).get("primary") {
            Some(Reading::Gauge(epoch)) => *epoch as i64,
            _ => 0,
        })
    }

    /// The node; `epoch` tells of a member in which epoch it thinks itself primary, 0 if in none.
    pub fn among(self, epoch: impl Fn(NodeId) -> i64) -> NodeId {
        match self {
            Whom::Node(node) => node,
            Whom::PrimaryOf(first, count) => {
                let members = (first.0..first.0 + count).map(NodeId);
                // Among equals the first one: nobody is primary.
                members.rev().max_by_key(|node| epoch(*node)).unwrap_or(first)
            }
        }
    }
}

/// The node that a part is, if it is one.
pub fn only(layout: &Layout, group: usize, part: Part) -> Option<Whom> {
    match selected(layout, group, Some(part), Moment::Run).ok()?[..] {
        [whom] => Some(whom),
        _ => None,
    }
}

/// The nodes that figures are asked of: all of a group, a part of it, or one; none where one may still come.
///
/// # Errors
/// That there is no such part or node; without a place.
pub fn selected(
    layout: &Layout,
    group: usize,
    part: Option<Part>,
    moment: Moment,
) -> Result<Vec<Whom>, Problem> {
    let (target, action) = (Target::Group(group), String::new());
    let command = Command { target, action, arguments: Vec::new(), place: Place::default() };
    let found = match part {
        Some(Part { role: Role::Node(n), .. }) => numbered(layout, group, n, &command, moment)
            .map(|node| node.map(Whom::Node).into_iter().collect()),
        part => nodes(layout, group, part, &command),
    };
    found.map_err(|problem| Problem { place: None, ..problem })
}

/// One end of a cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// A node.
    One(Whom),
    /// A group, whoever is in it.
    All(u16),
}

/// The nodes of a database with parts are known by what they are: `db[0]` would be its router, whom nobody means.
///
/// # Errors
/// That it has parts, and how they are called.
pub fn refuse_number(owner: &Group, n: u64, command: &Command) -> Result<(), Problem> {
    let shape = if owner.kind == "database" { Shape::of(&owner.settings) } else { return Ok(()) };
    if shape.is_single() {
        return Ok(());
    }
    let message = format!("\"{}\" has members of several kinds: [{n}] does not say which", owner.name);
    let hint = match (shape.shards > 1, shape.leaderless) {
        (true, _) => "write db.shard(0).primary(), db.shard(0).replica(1) or db.router()",
        (false, true) => "write db.replica(0), db.replica(1) or db.router()",
        (false, false) => "write db.primary(), db.replica(1) or db.router()",
    };
    Err(Problem::at(&command.place, message).hint(hint))
}

/// Each shard has a primary and replicas of its own.
fn refuse_any_shard(owner: &Group, role: Role, command: &Command) -> Result<(), Problem> {
    let shards = Shape::of(&owner.settings).shards;
    let called = match role {
        Role::Primary if shards > 1 => "primary()".to_string(),
        Role::Replica(n) if shards > 1 => format!("replica({n})"),
        _ => return Ok(()),
    };
    let message = format!("\"{}\" has {shards} shards: {called} does not say of which one", owner.name);
    Err(Problem::at(&command.place, message).hint(format!("write db.shard(0).{called}")))
}

/// The nodes of a part; all of the group without one.
pub fn nodes(
    layout: &Layout,
    group: usize,
    part: Option<Part>,
    command: &Command,
) -> Result<Vec<Whom>, Problem> {
    let owner = &layout.groups[group];
    let Some(part) = part else { return Ok(owner.nodes().map(Whom::Node).collect()) };
    let shape =
        (owner.kind == "database").then(|| Shape::of(&owner.settings)).filter(|shape| !shape.is_single());
    let Some(shape) = shape else {
        let message = format!("the {} \"{}\" has no parts", owner.kind, owner.name);
        return Err(Problem::at(&command.place, message).hint("a database with `replicas:` or `shards:` has"));
    };
    if shape.leaderless && matches!(part.role, Role::Primary | Role::Coordinator) {
        let message = format!("\"{}\" has neither primary nor coordinator: its copies are equal", owner.name);
        return Err(Problem::at(&command.place, message).hint("write db.replica(0), db.replica(1), ..."));
    }
    if shape.elected && part.role == Role::Coordinator {
        let message = format!("\"{}\" has no coordinator: its members elect their primary", owner.name);
        return Err(Problem::at(&command.place, message).hint("write db.primary()"));
    }
    let shards = match part.shard {
        Some(shard) if shard >= shape.shards => {
            let message =
                format!("\"{}\" has {} shards, there is no shard({shard})", owner.name, shape.shards);
            return Err(Problem::at(&command.place, message).hint("the first one is shard(0)"));
        }
        Some(shard) => shard..shard + 1,
        None if part.role == Role::All => 0..shape.shards,
        None => {
            refuse_any_shard(owner, part.role, command)?;
            0..1
        }
    };
    let node = |n: u64| NodeId(owner.first + n as u16);
    let of_shard = |shard: u64| match part.role {
        Role::Router => Ok(vec![Whom::Node(node(ROUTER))]),
        Role::Coordinator => Ok(vec![Whom::Node(node(COORDINATOR))]),
        Role::Primary => Ok(vec![Whom::PrimaryOf(node(shape.member(shard, 0)), shape.members() as u16)]),
        Role::All => Ok(shape.shard(shard).map(|n| Whom::Node(node(n))).collect()),
        Role::Node(n) => Err(refuse_number(owner, n, command).expect_err("it has parts")),
        Role::Replica(n) if n < shape.members() => Ok(vec![Whom::Node(node(shape.member(shard, n)))]),
        Role::Replica(n) => {
            let message = format!(
                "\"{}\" has {}, there is no replica({n})",
                owner.name,
                number_of(shape.replicas, "replica")
            );
            Err(Problem::at(&command.place, message)
                .hint("replica(1) is the first one; replica(0) began as primary"))
        }
    };
    shards.map(of_shard).collect::<Result<Vec<_>, _>>().map(|parts| parts.into_iter().flatten().collect())
}

/// Orders that concern a part and only a database has; `None`: any node understands the command.
pub fn orders(
    layout: &Layout,
    group: usize,
    part: Part,
    command: &Command,
) -> Result<Option<Vec<Order>>, Problem> {
    let whom = nodes(layout, group, Some(part), command)?;
    let owner = &layout.groups[group];
    let shape = Shape::of(&owner.settings);
    let node = |n: u64| NodeId(owner.first + n as u16);
    if !command.arguments.is_empty() {
        return Ok(None);
    }
    refuse_role(owner, part, command)?;
    let is_member = !matches!(part.role, Role::Router | Role::Coordinator) && !shape.leaderless;
    let made = |order: fn(Whom, NodeId, NodeId) -> Vec<Order>| {
        whom.iter().flat_map(|whom| order(*whom, node(COORDINATOR), node(shape.member(0, 0)))).collect()
    };
    Ok(match command.action.as_str() {
        // It asks the present leader to hand over.
        "promote" if shape.elected => {
            Some(made(|whom, _, _| vec![Order::Part(whom, Control::new(SWITCH, 0))]))
        }
        "promote" if is_member => {
            Some(made(|whom, coordinator, first| vec![Order::Promote(coordinator, whom, first)]))
        }
        // A new machine that mounts the volume: nothing is copied from its peers (Aurora: chapter 5.3).
        "replace" if shares_storage(&owner.settings) => Some(made(|whom, _, _| {
            let [dies, comes] = [Control::CRASH_HOST, Control::RECOVER].map(|verb| Control::new(verb, 0));
            vec![Order::Part(whom, dies), Order::Part(whom, comes)]
        })),
        "replace" if is_member || shape.leaderless => Some(made(|whom, _, _| {
            let back = Control::new(Control::RECOVER, 0);
            vec![Order::Part(whom, back), Order::Part(whom, Control::new(REPLACE, 0))]
        })),
        cut @ ("partition" | "heal") => {
            let other = |node| Side::One(Whom::Node(node));
            // Whoever asks equal copies is one of them in the systems that work so ("any node coordinates"): who is cut off is cut off from it.
            let first = if shape.leaderless { ROUTER } else { COORDINATOR };
            let others = || owner.nodes().skip(first as usize).map(other);
            let pairs = whom
                .iter()
                .flat_map(|a| others().map(|b| Order::Apart(Side::One(*a), b, cut == "partition")));
            Some(pairs.collect())
        }
        _ => None,
    })
}

/// Only members that follow a primary can be promoted or replaced: copies are equal, routers and coordinators are no members.
fn refuse_role(owner: &Group, part: Part, command: &Command) -> Result<(), Problem> {
    let (name, action) = (&owner.name, command.action.as_str());
    let (message, hint) = match (action, part.role) {
        ("promote" | "replace", Role::Router | Role::Coordinator) => {
            (format!("only members of \"{name}\" can be told to `{action}`"), "write db.replica(1), ...")
        }
        ("promote", _) if Shape::of(&owner.settings).leaderless => (
            format!("\"{name}\" has no primary: its copies are equal"),
            "any of them takes reads and writes already",
        ),
        _ => return Ok(()),
    };
    Err(Problem::at(&command.place, message).hint(hint))
}

/// Another number of shards. That it differs from the present one, and that none is under way, shows when it is carried out.
pub fn reshard(layout: &Layout, group: usize, command: &Command) -> Result<Vec<Order>, Problem> {
    let owner = &layout.groups[group];
    let most = if owner.kind == "database" { Shape::of(&owner.settings).shards } else { 1 };
    let wrong = |message: String, hint: &str| Err(Problem::at(&command.place, message).hint(hint));
    match command.arguments.as_slice() {
        _ if owner.kind == "database" && Shape::of(&owner.settings).leaderless => wrong(
            format!("\"{}\" has no primaries to move rows between", owner.name),
            "resharding needs another mode of replication",
        ),
        _ if most == 1 => {
            wrong(format!("\"{}\" has no shards", owner.name), "give the database `shards: 4, shards_max: 8`")
        }
        [Value::Whole(_)] if stays(&owner.settings).is_some() => {
            let what = stays(&owner.settings).expect("just seen");
            wrong(
                format!("rows of \"{}\" that are `{what}` do not move with a resharding", owner.name),
                "leave out one of the two",
            )
        }
        [Value::Whole(shards)] if (1..=most as i64).contains(shards) => {
            let router = NodeId(owner.first + ROUTER as u16);
            Ok(vec![Order::News(router, Control::new(RESHARD, *shards as u64))])
        }
        [Value::Whole(shards)] => wrong(
            format!("\"{}\" cannot have {shards} shards", owner.name),
            &format!("from 1 to {most} (`shards_max`)"),
        ),
        _ => wrong("`reshard` takes other arguments".into(), "write db.reshard(8)"),
    }
}

/// A setting that puts rows into several shards: those do not move.
fn stays(settings: &Settings) -> Option<&'static str> {
    let counts = |name: &&str| settings.count(name).is_some_and(|rows| rows > 0);
    ["copied", "split"].into_iter().find(counts).or(settings.flag("denormalised").then_some("denormalised"))
}

/// One end of a network between two: a group, a part of it, or one of its nodes.
type Selection = (usize, Option<Part>);

/// Who is at one end.
fn at_end(
    layout: &Layout,
    (group, part): Selection,
    command: &Command,
    moment: Moment,
) -> Result<Vec<Side>, Problem> {
    let whom = match part {
        None => return Ok(vec![Side::All(group as u16)]),
        Some(Part { role: Role::Node(n), .. }) => {
            let node = numbered(layout, group, n, command, moment)?;
            node.map(Whom::Node).into_iter().collect()
        }
        part => nodes(layout, group, part, command)?,
    };
    Ok(whom.into_iter().map(Side::One).collect())
}

/// Cuts or heals the network between two parts.
pub fn apart(
    layout: &Layout,
    (a, b): (Selection, Selection),
    command: &Command,
    moment: Moment,
) -> Result<Vec<Order>, Problem> {
    if !command.arguments.is_empty() || !matches!(command.action.as_str(), "partition" | "heal") {
        let message = format!("`{}` is between components, not between their parts or nodes", command.action);
        let hint = match command.action.as_str() {
            "slow_link" => {
                "all nodes of a component share its links: whoever shall have a slow one is a component of its own"
            }
            _ => "write partition(db.primary(), db.replica(1)) or partition(lb, web[0])",
        };
        return Err(Problem::at(&command.place, message).hint(hint));
    }
    let (some, others) = (at_end(layout, a, command, moment)?, at_end(layout, b, command, moment)?);
    let cut = command.action == "partition";
    Ok(some.iter().flat_map(|a| others.iter().map(move |b| Order::Apart(*a, *b, cut))).collect())
}

/// Cuts or heals between two ends.
pub fn cut(a: Side, b: Side, cut: bool, simulation: &mut Simulation) {
    let [a, b] = [a, b].map(|side| match side {
        Side::One(whom) => End::Node(whom.find(simulation)),
        Side::All(group) => End::Group(group),
    });
    simulation.link(if cut { LinkCommand::Cut(a, b) } else { LinkCommand::Heal(a, b) });
}
