//! The age of a copy, as a header says it: in whole seconds (RFC 9111, 5.1). It travels where an answer can name somebody else to ask.

use crate::kernel::{NodeId, Reply, SECOND, Time};

/// Age as a header says it.
pub(super) fn in_header(age: Time) -> NodeId {
    NodeId((age / SECOND).min(u64::from(u16::MAX) - 1) as u16)
}

/// Age of what a shield has sent; 0 from an origin.
pub(super) fn age_of(reply: &Reply) -> Time {
    if reply.redirect == NodeId::NONE { 0 } else { u64::from(reply.redirect.0) * SECOND }
}
