//! What happens to a machine happens to all who stand on it.

use super::action::Order;
use super::command::Command;
use crate::catalog::{Problem, Value};
use crate::components::{Group, Layout};
use crate::kernel::{Control, Health, NodeId, Simulation};

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
    let (host, control) = (NodeId(layout.groups[group].first), Control::new(control, 0));
    // The guests first: what becomes of them depends on what the machine was until now.
    let guests = guests(layout, group).map(|guest| Order::Guest(host, guest, control));
    Ok(Some(guests.chain([Order::Node(host, control)]).collect()))
}

/// The same happens to a guest. A machine that only stood still brings nobody back who has died on it; one that is started again starts all.
pub(super) fn carry_out((host, guest): (NodeId, NodeId), control: Control, simulation: &mut Simulation) {
    let [machine, own] = [host, guest].map(|node| simulation.health(node));
    if control.verb != Control::RECOVER || machine != Health::Hung || own == Health::Hung {
        simulation.control(guest, control);
    }
}

/// Something is done to a node. One that stands on a machine starts there, or not at all.
pub(super) fn order(layout: &Layout, group: usize, node: NodeId, control: Control) -> Order {
    match layout.groups[group].settings.group("on") {
        Some(machine) if control.verb == Control::RECOVER => {
            Order::Start(NodeId(layout.groups[machine].first), node, control)
        }
        _ => Order::Node(node, control),
    }
}

/// Nobody starts on a machine that is down or stands still. It starts its guests when it is back.
pub(super) fn start((host, guest): (NodeId, NodeId), control: Control, simulation: &mut Simulation) {
    if simulation.health(host) == Health::Up {
        simulation.control(guest, control);
    }
}

/// All nodes that stand on a machine.
fn guests(layout: &Layout, machine: usize) -> impl Iterator<Item = NodeId> {
    let stands = move |group: &&Group| group.settings.group("on") == Some(machine);
    layout.groups.iter().filter(stands).flat_map(|group| group.members().chain(group.aides()))
}
