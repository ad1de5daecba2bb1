//! What can be done to the network between two components.

use super::action::{Order, factor};
use super::command::Command;
use crate::catalog::Problem;
use crate::components::{Layout, ways};
use crate::kernel::transit::{End, LinkCommand};

/// The order that carries it out.
pub(super) fn link_command(
    layout: &Layout,
    command: &Command,
    (a, b): (usize, usize),
) -> Result<Order, Problem> {
    if a == b && !layout.groups[a].has_parts() && layout.link(a, b).is_none() {
        let message = format!("`{}` is between two different components", command.action);
        return Err(Problem::at(&command.place, message));
    }
    let (from, to) = (a as u16, b as u16);
    let ends = (End::Group(from), End::Group(to));
    match (command.action.as_str(), command.arguments.as_slice()) {
        ("partition", []) => Ok(Order::Link(LinkCommand::Cut(ends.0, ends.1))),
        ("heal", []) => Ok(Order::Link(LinkCommand::Heal(ends.0, ends.1))),
        ("slow_link", [value]) if factor(value).is_some() => {
            refuse_slower_nothing(layout, command, (a, b))?;
            Ok(Order::Link(LinkCommand::Slow(from, to, factor(value).expect("just seen"))))
        }
        (action, _) => {
            let message = format!("`{action}` takes other arguments");
            let hint = "write partition(a, b), heal(a, b) or slow_link(a, b, 10), a factor greater than 0 and at most 1000";
            Err(Problem::at(&command.place, message).hint(hint))
        }
    }
}

/// A link that is not there, or takes no time, cannot be slowed: that would do nothing.
fn refuse_slower_nothing(layout: &Layout, command: &Command, (a, b): (usize, usize)) -> Result<(), Problem> {
    let (from, to) = (&layout.groups[a].name, &layout.groups[b].name);
    let ends = if a == b { format!("within \"{from}\"") } else { format!("between \"{from}\" and \"{to}\"") };
    let (message, remedy) = match layout.link(a, b) {
        Some(link) if link.takes_time => return Ok(()),
        Some(_) => (format!("the link {ends} takes no time: nothing can be slowed"), "give it a `latency`"),
        None => (
            format!("there is no link {ends}: nothing can be slowed"),
            "add link(a, b, #{ latency: 1.ms }) with these two, or give both a `region`",
        ),
    };
    let through = between(layout, a, b).or_else(|| between(layout, b, a));
    let hint = through.map_or(remedy.to_string(), |through| {
        let through = &layout.groups[through].name;
        format!("they talk through \"{through}\": slow the link between \"{through}\" and one of them")
    });
    Err(Problem::at(&command.place, message).hint(hint))
}

/// The group that calls from one group to another pass first, if they pass any.
fn between(layout: &Layout, from: usize, to: usize) -> Option<usize> {
    let settings = &layout.groups[from].settings;
    let named = settings.group("to").into_iter().chain(settings.groups("to"));
    let mut passed = named.filter(|next| *next != to);
    passed.find(|next| ways::lead(layout, *next, to))
}
