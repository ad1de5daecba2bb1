//! What a script can do to a world while it runs.

use crate::catalog::{Action, Place, Problem, Value, did_you_mean};
use crate::components::{Layout, kind};
use crate::kernel::transit::LinkCommand;
use crate::kernel::{Control, NodeId};

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

/// To whom something is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// All nodes of a group.
    Group(usize),
    /// One node of a group.
    Node(usize, u64),
    /// The network between two groups.
    Between(usize, usize),
    /// Nobody: a note for events.csv.
    Note,
}

/// A command, ready to be carried out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Order {
    /// Something is done to a node.
    Node(NodeId, Control),
    /// Something is done to the network.
    Link(LinkCommand),
}

/// Actions on nodes, for completion: all kinds share them so far.
pub const ACTIONS: &[&str] = &["crash", "recover", "hang", "slow"];
/// Actions on the network between two components.
pub const NETWORK_ACTIONS: &[&str] = &["partition", "heal", "slow_link"];

/// The orders that carry a command out, or what is wrong with it.
pub fn resolve(layout: &Layout, command: &Command) -> Result<Vec<Order>, Problem> {
    match command.target {
        Target::Note => Ok(Vec::new()),
        Target::Between(a, b) => link_command(command, a as u16, b as u16).map(|order| vec![order]),
        Target::Group(group) => {
            let control = node_control(layout, group, command)?;
            Ok(layout.groups[group].nodes().map(|node| Order::Node(node, control)).collect())
        }
        Target::Node(group, n) => {
            let count = layout.groups[group].count;
            if n >= count {
                let name = &layout.groups[group].name;
                let message = format!("\"{name}\" has {count} nodes, there is no [{n}]");
                return Err(Problem::at(&command.place, message).hint("the first one is [0]"));
            }
            let control = node_control(layout, group, command)?;
            Ok(vec![Order::Node(NodeId(layout.groups[group].first + n as u16), control)])
        }
    }
}

fn node_control(layout: &Layout, group: usize, command: &Command) -> Result<Control, Problem> {
    let wrong = |usage: &str| {
        let message = format!("`{}` takes other arguments", command.action);
        Err(Problem::at(&command.place, message).hint(format!("write {usage}")))
    };
    let actions = kind(layout.groups[group].kind).map_or(&[] as &[Action], |kind| kind.entry.actions);
    let Some(action) = actions.iter().find(|action| action.name == command.action) else {
        let entry = layout.groups[group].kind;
        let message =
            format!("the {entry} \"{}\" has no action `{}`", layout.groups[group].name, command.action);
        let hint = did_you_mean(&command.action, actions.iter().map(|action| action.name));
        return Err(Problem::at(&command.place, message).maybe_hint(hint));
    };
    match (action.name, command.arguments.as_slice()) {
        ("crash", []) => Ok(Control::new(Control::CRASH_PROCESS, 0)),
        ("crash", [Value::Text(kind)]) if kind == "process" => Ok(Control::new(Control::CRASH_PROCESS, 0)),
        ("crash", [Value::Text(kind)]) if kind == "host" => Ok(Control::new(Control::CRASH_HOST, 0)),
        ("recover", []) => Ok(Control::new(Control::RECOVER, 0)),
        ("hang", []) => Ok(Control::new(Control::HANG, 0)),
        ("slow", [value]) => match factor(value) {
            Some(factor) => Ok(Control::new(Control::SPEED, (factor * 1e6).round().max(1.0) as u64)),
            None => wrong("slow(0.5): half the normal speed; greater than 0, at most 1000"),
        },
        _ => wrong(action.usage),
    }
}

/// A speed factor: a share, or a number greater than 0 and at most 1000.
fn factor(value: &Value) -> Option<f64> {
    let factor = match value {
        Value::Share(share) => *share,
        Value::Number(number) => *number,
        Value::Whole(number) => *number as f64,
        _ => return None,
    };
    (factor > 0.0 && factor <= 1000.0).then_some(factor)
}

fn link_command(command: &Command, a: u16, b: u16) -> Result<Order, Problem> {
    if a == b {
        let message = format!("`{}` is between two different components", command.action);
        return Err(Problem::at(&command.place, message));
    }
    match (command.action.as_str(), command.arguments.as_slice()) {
        ("partition", []) => Ok(Order::Link(LinkCommand::Cut(a, b))),
        ("heal", []) => Ok(Order::Link(LinkCommand::Heal(a, b))),
        ("slow_link", [value]) if factor(value).is_some() => {
            Ok(Order::Link(LinkCommand::Slow(a, b, factor(value).expect("just seen"))))
        }
        (action, _) => {
            let message = format!("`{action}` takes other arguments");
            let hint = "write partition(a, b), heal(a, b) or slow_link(a, b, 10)";
            Err(Problem::at(&command.place, message).hint(hint))
        }
    }
}
