//! What happens to a machine happens to all who stand on it.

use super::action::{Command, Order};
use crate::catalog::{Problem, Value};
use crate::components::{Group, Layout};
use crate::kernel::{Control, NodeId};

/// The orders for a machine: it dies as a host does, and it, hung or back, takes its guests with it. `None`: the command is of another kind, or
/// is no matter of the guests (a slow machine makes them wait by itself).
pub(super) fn orders(
    layout: &Layout,
    group: usize,
    command: &Command,
) -> Result<Option<Vec<Order>>, Problem> {
    if layout.groups[group].kind != "host" {
        return Ok(None);
    }
    let control = match (command.action.as_str(), command.arguments.as_slice()) {
        ("crash", [Value::Text(kind)]) if kind == "process" => {
            let problem = Problem::at(&command.place, "a machine has no process of its own");
            return Err(problem.hint("crash() it, or crash() who stands on it"));
        }
        ("crash", []) => Control::CRASH_HOST,
        ("crash", [Value::Text(kind)]) if kind == "host" => Control::CRASH_HOST,
        ("hang", []) => Control::HANG,
        ("recover", []) => Control::RECOVER,
        _ => return Ok(None),
    };
    let all = layout.groups[group].members().chain(guests(layout, group));
    Ok(Some(all.map(|node| Order::Node(node, Control::new(control, 0))).collect()))
}

/// All nodes that stand on a machine.
fn guests(layout: &Layout, machine: usize) -> impl Iterator<Item = NodeId> {
    let stands = move |group: &&Group| group.settings.group("on") == Some(machine);
    layout.groups.iter().filter(stands).flat_map(|group| group.members().chain(group.aides()))
}
