//! What a script can do to a world while it runs.

use super::alone::stays_as_it_is;
use super::check::Sketch;
use super::command::{Command, Part, Role, Target};
use super::idle;
use super::link::link_command;
use super::machine;
use super::part::{self, Side, Whom};
use super::region;
use crate::catalog::{Action, Problem, Value, meant, not_whole, number_of};
use crate::components::database::replica::SWITCH;
use crate::components::site::FIRST_AIDE;
use crate::components::{Group, KINDS, Layout, Site, are_booked, kind, load_balancer, own_action};
use crate::kernel::transit::LinkCommand;
use crate::kernel::{Control, Health, NodeId, Simulation};

/// A command, ready to be carried out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Order {
    /// Something is done to a node.
    Node(NodeId, Control),
    /// A node shall be another: it is told now, or when it is back.
    News(NodeId, Control),
    /// Something concerns a node, whether it is down or not: it is told now.
    Entry(NodeId, Control),
    /// What is done to a machine (the first) is done to one who stands on it.
    Guest(NodeId, NodeId, Control),
    /// Who stands on a machine (the first) is started again there.
    Start(NodeId, NodeId, Control),
    /// Something is done to a part of a database.
    Part(Whom, Control),
    /// A coordinator shall make this one the primary; the last node is the first member of all.
    Promote(NodeId, Whom, NodeId),
    /// The network between two ends is cut (or healed: `false`).
    Apart(Side, Side, bool),
    /// Something is done to the network.
    Link(LinkCommand),
    /// A group gets another node.
    Grow(u16),
    /// A node leaves its group.
    Retire(NodeId),
    /// Nobody starts in a place from now on; or everybody can again.
    Dark(u16, bool),
}

impl Order {
    /// Carries it out.
    pub fn carry_out(self, simulation: &mut Simulation) {
        match self {
            Order::Node(node, control) => simulation.control(node, control),
            Order::News(node, control) => simulation.tell(node, control),
            Order::Entry(node, control) => simulation.enter_for(node, control),
            Order::Guest(host, guest, control) => machine::carry_out((host, guest), control, simulation),
            Order::Start(host, guest, control) => machine::start((host, guest), control, simulation),
            Order::Part(whom, control) => simulation.control(whom.find(simulation), control),
            Order::Promote(coordinator, whom, first) => {
                let member = u64::from(whom.find(simulation).0 - first.0);
                simulation.control(coordinator, Control::new(SWITCH, member));
            }
            Order::Apart(a, b, cut) => part::cut(a, b, cut, simulation),
            Order::Link(command) => simulation.link(command),
            Order::Grow(group) => {
                simulation.grow(group);
            }
            Order::Retire(node) => simulation.retire(node),
            Order::Dark(place, is_dark) => simulation.darken(place, is_dark),
        }
    }

    /// Whether it would come to nothing, since who is told of it is down.
    pub fn is_for_the_dead(&self, simulation: &Simulation) -> bool {
        let is_down = |node| matches!(simulation.health(node), Health::Refusing | Health::Silent);
        match *self {
            Order::Node(node, control) => control.verb > Control::SPEED && is_down(node),
            Order::Part(whom, control) => control.verb > Control::SPEED && is_down(whom.find(simulation)),
            Order::Promote(coordinator, whom, _) => is_down(coordinator) || is_down(whom.find(simulation)),
            _ => false,
        }
    }
}

/// When a command is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Before anything runs: which nodes there will be is not known of groups that can grow.
    Rehearsal,
    /// Before anything runs, and no group will grow.
    Settled,
    /// Now.
    Run,
}

/// Actions on nodes, for completion.
pub const ACTIONS: &[&str] = &[
    "crash",
    "recover",
    "hang",
    "slow",
    "add_node",
    "remove_node",
    "drain",
    "undrain",
    "weights",
    "point_to",
    "withdraw",
    "announce",
    "invalidate",
    "publish",
    "promote",
    "replace",
    "reshard",
    "partition",
    "heal",
];
/// Actions on the network between two components.
pub const NETWORK_ACTIONS: &[&str] = &["partition", "heal", "slow_link"];

/// The orders that carry a command out, or what is wrong with it.
pub fn resolve(layout: &Layout, command: &Command, moment: Moment) -> Result<Vec<Order>, Problem> {
    if let Some(selection) = command.arguments.iter().find_map(Value::selection) {
        let problem = not_whole(&command.action, selection);
        return Err(Problem { place: Some(command.place.clone()), ..problem });
    }
    match command.target {
        Target::Note => Ok(Vec::new()),
        Target::Region => region::orders(layout, command),
        Target::Between(a, b) => link_command(layout, command, (a, b)).map(|order| vec![order]),
        Target::Apart(a, b) => part::apart(layout, (a, b), command, moment),
        Target::Part(group, Part { role: Role::Coordinator, .. })
            if layout.groups[group].kind != "database" =>
        {
            let target = Target::Node(group, FIRST_AIDE);
            resolve(layout, &Command { target, ..command.clone() }, moment)
        }
        Target::Part(group, part) => match part::orders(layout, group, part, command)? {
            Some(orders) => Ok(orders),
            None => {
                let control = node_control(layout, group, command)?;
                let nodes = part::nodes(layout, group, Some(part), command)?;
                Ok(nodes.into_iter().map(|whom| Order::Part(whom, control)).collect())
            }
        },
        Target::Group(group)
            if command.action == "weights" && layout.groups[group].kind == "load_balancer" =>
        {
            weights(layout, group, command)
        }
        Target::Group(group) if command.action == "reshard" => part::reshard(layout, group, command),
        Target::Group(group) => match membership(layout, group, None, command, moment)? {
            Some(orders) => Ok(orders),
            None if own_action(layout.groups[group].kind, &command.action).is_some() => {
                own(layout, group, command)
            }
            None => {
                if let Some(orders) = machine::orders(layout, group, command)? {
                    return Ok(orders);
                }
                let control = node_control(layout, group, command)?;
                Ok(layout.groups[group]
                    .members()
                    .map(|node| machine::order(layout, group, node, control))
                    .collect())
            }
        },
        Target::Node(group, n) => {
            let node = numbered(layout, group, n, command, moment)?;
            refuse_of_one(layout, group, command)?;
            if let Some(orders) = membership(layout, group, node, command, moment)? {
                return Ok(orders);
            }
            if let Some(orders) = machine::orders(layout, group, command)? {
                return Ok(orders);
            }
            let control = node_control(layout, group, command)?;
            Ok(node.map(|node| machine::order(layout, group, node, control)).into_iter().collect())
        }
    }
}

impl Sketch {
    /// Looks for whom a command is: of components that are not understood it is not known what nodes they have.
    pub fn find(&self, command: &Command, moment: Moment) -> Result<(), Problem> {
        let (Target::Node(group, _) | Target::Part(group, _)) = command.target else { return Ok(()) };
        if !self.0.groups[group].settings.are_understood() {
            return Ok(());
        }
        match command.target {
            Target::Node(_, n) => numbered(&self.0, group, n, command, moment).map(drop),
            Target::Part(_, part) if self.0.groups[group].kind == "database" => {
                part::nodes(&self.0, group, Some(part), command).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// The n-th node of a group; none if there is none yet.
pub fn numbered(
    layout: &Layout,
    group: usize,
    n: u64,
    command: &Command,
    moment: Moment,
) -> Result<Option<NodeId>, Problem> {
    part::refuse_number(&layout.groups[group], n, command)?;
    let node = layout.groups[group].node(n);
    if node.is_none() && n >= FIRST_AIDE && layout.groups[group].kind == "cache" {
        let message = format!("\"{}\" has no such node beside its own", layout.groups[group].name);
        let hint = "a cache has proxies with routing \"proxy\" and a coordinator with \"cluster\"";
        return Err(Problem::at(&command.place, message).hint(hint));
    }
    if node.is_none() && (moment != Moment::Rehearsal || !can_grow(layout, group)) {
        let (name, count) = (&layout.groups[group].name, layout.groups[group].nodes().count());
        let nodes = number_of(count as u64, "node");
        let message = format!("\"{name}\" has {nodes}, there is no [{n}]");
        let hint = match count {
            1 => "there is only [0]".into(),
            several => format!("they are [0] to [{}]", several.saturating_sub(1)),
        };
        return Err(Problem::at(&command.place, message).hint(hint));
    }
    Ok(node)
}

/// What concerns a whole group is not done to one of its nodes.
fn refuse_of_one(layout: &Layout, group: usize, command: &Command) -> Result<(), Problem> {
    let Group { name, kind, .. } = &layout.groups[group];
    let action = command.action.as_str();
    let of_all = own_action(kind, action).is_some() || (action == "weights" && *kind == "load_balancer");
    if !of_all {
        return Ok(());
    }
    let message = format!("`{action}` is of \"{name}\" as a whole, not of one of its nodes");
    Err(Problem::at(&command.place, message).hint(format!("write {name}.{action}(..) without a selection")))
}

/// An action that only the group's kind knows.
fn own(layout: &Layout, group: usize, command: &Command) -> Result<Vec<Order>, Problem> {
    let translate = own_action(layout.groups[group].kind, &command.action).expect("just seen");
    let orders = translate(&Site { layout, index: group }, &command.arguments);
    let orders = orders.map_err(|what| Problem::at(&command.place, what))?;
    // What is published, purged or pointed elsewhere stays so, whoever is down just now.
    let order = if are_booked(layout.groups[group].kind) { Order::Entry } else { Order::News };
    Ok(orders.into_iter().map(|(node, control)| order(node, control)).collect())
}

fn can_grow(layout: &Layout, group: usize) -> bool {
    kind(layout.groups[group].kind).is_some_and(|kind| kind.grow.is_some())
}

/// Orders of `add_node` and `remove_node`; `None` if the command is another one.
fn membership(
    layout: &Layout,
    group: usize,
    node: Option<NodeId>,
    command: &Command,
    moment: Moment,
) -> Result<Option<Vec<Order>>, Problem> {
    let (name, action) = (&layout.groups[group].name, command.action.as_str());
    let wrong = |message: String, hint: &str| Err(Problem::at(&command.place, message).hint(hint));
    if !matches!(action, "add_node" | "remove_node") || !can_grow(layout, group) {
        return Ok(None);
    }
    if !command.arguments.is_empty() {
        return wrong(format!("`{action}` takes no arguments"), "write it once for each node");
    }
    if let Some((message, hint)) = stays_as_it_is(layout, group) {
        return wrong(message, hint);
    }
    if action == "add_node" {
        if layout.nodes() >= NodeId::NONE.index() as u64 {
            return wrong(format!("\"{name}\" cannot grow: a world holds 65,534 nodes"), "add fewer nodes");
        }
        return Ok(Some(vec![Order::Grow(group as u16)]));
    }
    let members: Vec<NodeId> = layout.groups[group].members().collect();
    let is_gone = members.len() <= 1 || node.is_some_and(|node| !members.contains(&node));
    if moment == Moment::Run && is_gone && is_scaled(layout, group) {
        return Ok(Some(Vec::new())); // an autoscaler was there before
    }
    if moment == Moment::Run && members.len() <= 1 {
        return wrong(
            format!("\"{name}\" cannot lose its last node"),
            "crash() it instead, or add another one first",
        );
    }
    match node.or(members.last().copied()) {
        Some(node) if members.contains(&node) => Ok(Some(vec![Order::Retire(node)])),
        _ => wrong(format!("this node of \"{name}\" has left already"), "remove each node once"),
    }
}

/// Whether an autoscaler takes nodes away as well: then no script can know who is left.
fn is_scaled(layout: &Layout, group: usize) -> bool {
    let scales = |other: &Group| other.kind == "autoscaler" && other.settings.group("of") == Some(group);
    layout.groups.iter().any(scales)
}

/// New weights of a balancer's servers, in their order.
fn weights(layout: &Layout, group: usize, command: &Command) -> Result<Vec<Order>, Problem> {
    let heaviest = load_balancer::heaviest_weight(layout, group);
    let weight = |value: &Value| match value {
        Value::Whole(weight) if (0..=heaviest).contains(weight) => Some(*weight as u32),
        _ => None,
    };
    let given = match command.arguments.as_slice() {
        [Value::List(list)] => list.iter().map(weight).collect::<Option<Vec<u32>>>(),
        _ => None,
    };
    let given = given.filter(|weights| weights.iter().any(|weight| *weight > 0));
    let Some(given) = given else {
        let message = format!(
            "`weights` takes a list of whole numbers from 0 to {heaviest} (under this policy), not all 0"
        );
        return Err(Problem::at(&command.place, message).hint("write lb.weights([9, 1])"));
    };
    let servers = load_balancer::server_count(layout, group);
    if given.len() != servers {
        let message = format!(
            "{} for {}",
            number_of(given.len() as u64, "weight"),
            number_of(servers as u64, "server")
        );
        return Err(Problem::at(&command.place, message).hint("one weight for each server it begins with"));
    }
    let control = |(at, weight): (usize, &u32)| load_balancer::set_weight(at, *weight);
    let balancers: Vec<NodeId> = layout.groups[group].nodes().chain(layout.groups[group].aides()).collect();
    let orders = given.iter().enumerate().map(control);
    Ok(orders.flat_map(|control| balancers.iter().map(move |node| Order::News(*node, control))).collect())
}

fn node_control(layout: &Layout, group: usize, command: &Command) -> Result<Control, Problem> {
    let wrong = |usage: &str| {
        let message = format!("`{}` takes other arguments", command.action);
        Err(Problem::at(&command.place, message).hint(format!("write {usage}")))
    };
    let actions = kind(layout.groups[group].kind).map_or(&[] as &[Action], |kind| kind.entry.actions);
    let Some(action) = actions.iter().find(|action| action.name == command.action) else {
        let entry = layout.groups[group].kind;
        let name = &layout.groups[group].name;
        let owner = KINDS.iter().find(|kind| kind.entry.actions.iter().any(|own| own.name == command.action));
        let owner = owner.map_or(String::new(), |kind| format!("; a {} has", kind.entry.name));
        let message = format!("the {entry} \"{name}\" has no action `{}`{owner}", command.action);
        let names = actions.iter().map(|action| action.name);
        return Err(Problem::at(&command.place, message).maybe_hint(meant::action(&command.action, names)));
    };
    match (action.name, command.arguments.as_slice()) {
        ("crash", []) => Ok(Control::new(Control::CRASH_PROCESS, 0)),
        ("crash", [Value::Text(kind)]) if kind == "process" => Ok(Control::new(Control::CRASH_PROCESS, 0)),
        ("crash", [Value::Text(kind)]) if kind == "host" => Ok(Control::new(Control::CRASH_HOST, 0)),
        ("recover", []) => Ok(Control::new(Control::RECOVER, 0)),
        ("drain" | "undrain", []) if !idle::is_checked(layout, group) => {
            Err(idle::unchecked(&layout.groups[group], command))
        }
        ("drain", []) => Ok(Control::new(crate::components::web::DRAIN, 1)),
        ("undrain", []) => Ok(Control::new(crate::components::web::DRAIN, 0)),
        ("hang", []) => Ok(Control::new(Control::HANG, 0)),
        ("slow", [value]) => match factor(value).filter(|factor| *factor <= 1.0) {
            Some(factor) => {
                idle::refuse(&layout.groups[group], command)?;
                Ok(Control::new(Control::SPEED, (factor * 1e6).round().max(1.0) as u64))
            }
            None => wrong("slow(0.5): half the normal speed; greater than 0, and at most 1, which ends it"),
        },
        _ => wrong(action.usage),
    }
}

/// A speed factor: a share, or a number greater than 0 and at most 1000.
pub(super) fn factor(value: &Value) -> Option<f64> {
    let factor = match value {
        Value::Share(share) => *share,
        Value::Number(number) => *number,
        Value::Whole(number) => *number as f64,
        _ => return None,
    };
    (factor > 0.0 && factor <= 1000.0).then_some(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scripts can say what the catalog shows.
    #[test]
    fn every_action_of_a_kind_has_its_word() {
        for kind in KINDS {
            for action in kind.entry.actions {
                assert!(ACTIONS.contains(&action.name), "{} of {}", action.name, kind.entry.name);
            }
        }
    }
}
