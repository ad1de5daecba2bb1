//! Which servers are taken for dead, and who says so.

use super::super::Site;
use super::entry::{REPLACE, judges};
use crate::kernel::{NodeId, Reply, Status, Time};
use crate::parts::verbs::VERDICT;

/// What an autoscaler knows of the health of its servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Replacing {
    /// Whether a server without a sign of life is replaced.
    silent: bool,
    /// Balancers whose health checks count too.
    judges: Vec<NodeId>,
    /// How long those do not count for a new server.
    grace: Time,
    /// New servers, and until when it is theirs.
    new: Vec<(NodeId, Time)>,
    /// Servers replaced so far.
    pub count: u64,
}

impl Replacing {
    pub fn new(site: &Site<'_>, tier: usize) -> Self {
        let settings = site.settings();
        let which = REPLACE[settings.choice("replace")].name;
        let of = if which == "unhealthy" { judges(site, tier) } else { Vec::new() };
        Replacing {
            silent: which != "never",
            judges: of.into_iter().map(|balancer| site.layout.first(balancer)).collect(),
            grace: settings.duration("grace").unwrap_or(0),
            ..Replacing::default()
        }
    }

    /// A server has joined.
    pub fn joined(&mut self, node: NodeId, now: Time) {
        self.new.retain(|(_, until)| *until > now);
        if self.grace > 0 {
            self.new.push((node, now.saturating_add(self.grace)));
        }
    }

    /// The balancers to ask about a server: none in its time of grace.
    pub fn judges_of(&self, node: NodeId, now: Time) -> &[NodeId] {
        let in_grace = self.new.iter().any(|(new, until)| *new == node && *until > now);
        if in_grace { &[] } else { &self.judges }
    }

    /// Why a server is to be replaced after this answer, its own or a balancer's. A refusal is a sign of life of its machine.
    pub fn reason(&self, reply: &Reply) -> Option<&'static str> {
        match (reply.verb, reply.status) {
            (VERDICT, Status::Missing) => Some("a server has failed the health checks of a balancer"),
            (VERDICT, _) => None,
            (_, Status::TimedOut) if self.silent => Some("a server gives no sign of life"),
            _ => None,
        }
    }
}
