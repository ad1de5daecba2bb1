//! A web tier: servers that run a plan of steps for each request - own work, reads, writes.

use super::{ComponentKind, Site};
use crate::kernel::{Component, Control, Time};

mod entry;
mod further;
mod gate;
mod mistakes;
mod pause;
mod plans;
mod reach;
mod scale;
mod server;
mod session;
mod task;

pub(super) use mistakes::check_alone;
pub(super) use session::tokens;

/// Servers that run a plan of steps.
pub const KIND: ComponentKind = ComponentKind {
    entry: &entry::ENTRY,
    nodes: entry::nodes,
    check: mistakes::check,
    build,
    grow: Some(grow),
};

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let server = server::Server::new(site);
    site.group().nodes().map(|_| Box::new(server.clone()) as Box<dyn Component>).collect()
}

fn grow(site: &Site<'_>) -> Box<dyn Component> {
    Box::new(server::Server::new(site))
}

/// One step of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Cpu,
    Read,
    Write,
    /// Looks for the user's session.
    Session,
    /// Keeps it.
    KeepSession,
    /// Own work of a login.
    Login,
    /// Answers a health check.
    Check,
    /// A question to the store, by its verb.
    Ask(u16),
    Publish,
    /// What was asked for weighs what the trace says: it came from nowhere else.
    Page,
    /// Sends no body to who holds what it would send.
    Compare,
}

/// The server shall answer health checks with "send nobody new" (1), or no longer (0).
pub const DRAIN: u16 = Control::FIRST_OWN;

/// A time-out length that becomes a class when the simulation starts.
type Length = Option<Time>;
