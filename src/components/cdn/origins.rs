//! The origins behind an edge: one, or a primary and a secondary that is asked when the primary fails (CloudFront's origin group).

use crate::components::Site;
use crate::kernel::{NodeId, Reply, Status};
use crate::parts::verbs::READ;

/// What may make an edge ask the secondary, besides refused connections and time-outs, which always do.
pub(super) const FAILURES: &[&str] = &["failed", "rejected", "missing"];

/// A second origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secondary {
    pub node: NodeId,
    failed: bool,
    rejected: bool,
    missing: bool,
}

impl Secondary {
    /// `None` if there is no second origin.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let settings = site.settings();
        let node = site.layout.first(settings.group("secondary")?);
        let given = settings.texts("failover_on");
        let on = |what: &str, usual: bool| {
            if given.is_empty() { usual } else { given.iter().any(|name| name == what) }
        };
        let secondary = Secondary {
            node,
            failed: on("failed", true),
            rejected: on("rejected", true),
            missing: on("missing", false),
        };
        (!site.is_disabled("origin_failover")).then_some(secondary)
    }

    /// Whether this answer of the primary sends the question to the secondary. What changes something is asked once.
    pub fn is_wanted(&self, reply: &Reply) -> bool {
        reply.verb == READ
            && match reply.status {
                Status::Reset | Status::TimedOut => true,
                Status::Failed => self.failed,
                Status::Rejected => self.rejected,
                Status::Missing => self.missing,
                Status::Ok | Status::Moved | Status::Denied => false,
            }
    }
}
