//! What happens to a region happens to all who stand there; two regions can be cut off from each other.

use super::action::Order;
use super::command::Command;
use super::machine;
use crate::catalog::{Problem, Value, did_you_mean};
use crate::components::{Group, Layout};
use crate::kernel::transit::{End, LinkCommand};
use crate::kernel::{Control, NodeId};

/// Actions that a region takes.
pub const ACTIONS: [&str; 5] = ["crash", "hang", "recover", "partition", "heal"];

/// The orders for a region, whose name is the first argument: its machines die as hosts do, stand still, or come back.
pub(super) fn orders(layout: &Layout, command: &Command) -> Result<Vec<Order>, Problem> {
    let name = if let Some(Value::Text(name)) = command.arguments.first() { name.as_str() } else { "" };
    let place = layout.map.find(name).unwrap_or(0);
    if matches!(command.action.as_str(), "partition" | "heal") {
        return apart(layout, command, name);
    }
    let control = Control::new(verb(command)?, 0);
    let mut orders = Vec::new();
    for group in (0..layout.groups.len()).filter(|group| is_of_servers(&layout.groups[*group])) {
        orders
            .extend(nodes_in(layout, group, place).map(|node| machine::order(layout, group, node, control)));
    }
    if orders.is_empty() {
        return Err(nobody_there(layout, command, name));
    }
    // Its machines are gone or stand still: none comes up there. (Processes that end leave their machines, on which others may start.)
    if control.verb != Control::CRASH_PROCESS {
        orders.insert(0, Order::Dark(place, control.verb != Control::RECOVER));
    }
    Ok(orders)
}

/// Providers' resolvers and users stand outside; who stands on a machine goes with it.
pub(super) fn is_of_servers(group: &Group) -> bool {
    !matches!(group.kind, "traffic" | "resolver")
}

/// Who stands in a region, for events.csv: "(site, db)".
pub(super) fn named(layout: &Layout, name: &str) -> String {
    let place = layout.map.find(name).unwrap_or(0);
    let is_there = |group: &usize| {
        is_of_servers(&layout.groups[*group]) && nodes_in(layout, *group, place).next().is_some()
    };
    let names: Vec<&str> =
        (0..layout.groups.len()).filter(is_there).map(|group| layout.groups[group].name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) }
}

/// The members of a group that stand in a region.
fn nodes_in(layout: &Layout, group: usize, place: u16) -> impl Iterator<Item = NodeId> + use<'_> {
    let own = &layout.groups[group];
    let is_there = move |n: u64| layout.stands_in(group, n) == place;
    own.members().filter(move |node| place != 0 && own.place_of(*node).is_some_and(is_there))
}

fn verb(command: &Command) -> Result<u16, Problem> {
    match (command.action.as_str(), command.arguments.get(1)) {
        ("crash", None) => Ok(Control::CRASH_HOST),
        ("crash", Some(Value::Text(kind))) if kind == "host" => Ok(Control::CRASH_HOST),
        ("crash", Some(Value::Text(kind))) if kind == "process" => Ok(Control::CRASH_PROCESS),
        ("hang", None) => Ok(Control::HANG),
        ("recover", None) => Ok(Control::RECOVER),
        _ => {
            let message = format!("a region has no such action: `{}`", command.action);
            Err(Problem::at(&command.place, message)
                .hint("there is crash(), crash(\"process\"), hang(), recover(), partition() and heal(); cut off from one other region: partition(region(\"a\"), region(\"b\"))"))
        }
    }
}

/// Cuts a region off from another one, or from all others that anybody stands in; or heals that.
fn apart(layout: &Layout, command: &Command, name: &str) -> Result<Vec<Order>, Problem> {
    let mut used: Vec<u16> = (0..layout.groups.len()).flat_map(|group| places_of(layout, group)).collect();
    used.sort_unstable();
    used.dedup();
    let find = |name: &str| {
        let place = layout.map.find(name).filter(|place| used.binary_search(place).is_ok());
        place.ok_or_else(|| nobody_there(layout, command, name))
    };
    let one = find(name)?;
    let others = match command.arguments.get(1) {
        None => used.iter().copied().filter(|other| *other != one).collect(),
        Some(Value::Text(other)) => vec![find(other)?],
        Some(_) => return Err(takes_region(command)),
    };
    if others.is_empty() || others == [one] {
        let message = format!("`{}` is between two regions that something stands in", command.action);
        let hint = match others.is_empty() {
            true => format!("all servers of this world stand in \"{name}\", or nowhere"),
            false => "name two different ones".into(),
        };
        return Err(Problem::at(&command.place, message).hint(hint));
    }
    let made = if command.action == "partition" { LinkCommand::Cut } else { LinkCommand::Heal };
    let order = |other| Order::Link(made(End::Place(one), End::Place(other)));
    Ok(others.into_iter().map(order).collect())
}

fn takes_region(command: &Command) -> Problem {
    let message = format!("`{}` of a region takes another region", command.action);
    let hint = format!("write {0}(region(\"eu-central-1\"), region(\"us-east-1\"))", command.action);
    Problem::at(&command.place, message).hint(hint)
}

/// Where nodes of a group stand that are servers'.
fn places_of(layout: &Layout, group: usize) -> Vec<u16> {
    let own = &layout.groups[group];
    let nodes = own.members().filter(|_| is_of_servers(own));
    let places = nodes.filter_map(|node| Some(layout.stands_in(group, own.place_of(node)?)));
    places.filter(|place| *place > 0).collect()
}

fn nobody_there(layout: &Layout, command: &Command, name: &str) -> Problem {
    let mut used: Vec<String> = Vec::new();
    let servers = layout.groups.iter().filter(|group| is_of_servers(group));
    for place in servers.flat_map(Group::places) {
        if !used.contains(&place) {
            used.push(place);
        }
    }
    let hint = did_you_mean(name, used.iter().map(String::as_str));
    let hint = hint.unwrap_or_else(|| "give components a `region`".into());
    Problem::at(&command.place, format!("nothing of this world stands in the region \"{name}\"")).hint(hint)
}
