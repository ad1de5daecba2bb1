//! What would do nothing: `slow(0.5)` of who does no work of its own, `drain()` where nobody asks.

use super::command::{Command, Part, Role, Target};
use crate::catalog::Problem;
use crate::components::site::FIRST_AIDE;
use crate::components::{Group, Layout, kind, queue};

/// The settings that give a node work of its own; `None`: its work needs none.
fn work(group: &Group, target: Target) -> Option<&'static [&'static str]> {
    match (group.kind, target) {
        ("database", Target::Part(_, Part { role: Role::Router | Role::Coordinator, .. })) => Some(&[]),
        ("database" | "host", _) => None,
        ("cache", Target::Node(_, n)) if n >= FIRST_AIDE && group.aides.0 == "proxy" => {
            Some(&["proxy_service"])
        }
        ("cache", Target::Node(_, n)) if n >= FIRST_AIDE => Some(&[]),
        ("queue", Target::Node(_, n)) if !queue::works(&group.settings, n) => Some(&[]),
        ("web", _) => Some(&["service", "login"]),
        (name, _) => {
            let has = kind(name).is_some_and(|kind| kind.entry.params.iter().any(|p| p.name == "service"));
            Some(if has { &["service"] } else { &[] })
        }
    }
}

/// Refuses to slow what does no work of its own, or work that takes no time.
pub(super) fn refuse(group: &Group, command: &Command) -> Result<(), Problem> {
    let Some(settings) = work(group, command.target) else { return Ok(()) };
    let takes_time = |name: &&str| group.settings.variate(name).is_some_and(|time| time.mean() > 0.0);
    if settings.iter().any(takes_time) {
        return Ok(());
    }
    let who = match command.target {
        Target::Node(_, n) => group.node_name(n),
        Target::Part(_, part) => format!("{} {part}", group.name),
        _ => group.name.clone(),
    };
    let message = format!("\"{who}\" does no work of its own that takes time: nothing can be slowed");
    let hint = match (settings.first(), group.kind) {
        (Some(setting), _) => {
            format!("give it `{setting}: 1.ms`, or slow whom it asks, or a link: slow_link(a, b, 10)")
        }
        (None, "database") => {
            "slow a member, as in db.primary().slow(0.5), or the links: slow_link(a, b, 10)".into()
        }
        (None, _) => "slow the links to it: slow_link(a, b, 10); or hang() it".into(),
    };
    Err(Problem::at(&command.place, message).hint(hint))
}

/// Whether somebody asks the nodes of a group how they are: only by that a draining server is left alone.
pub(super) fn is_checked(layout: &Layout, group: usize) -> bool {
    let asks =
        |other: &Group| matches!(other.kind, "anycast" | "geo_router") || other.settings.is_given("check");
    layout.groups.iter().any(|other| asks(other) && other.settings.names(group))
}

/// That nobody does.
pub(super) fn unchecked(group: &Group, command: &Command) -> Problem {
    let (name, action) = (&group.name, &command.action);
    let message = format!("nobody checks the servers of \"{name}\": `{action}` would tell nobody anything");
    Problem::at(&command.place, message)
        .hint("add `check: 2.s` to the load_balancer, or take a server away: web[0].remove_node()")
}
