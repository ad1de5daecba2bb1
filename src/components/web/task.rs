//! A request as its server keeps it.

use crate::kernel::{Answer, CallId};
use crate::parts::plan::Operation;

/// A request under way.
#[derive(Clone, Copy)]
pub(super) struct Task {
    /// The call to answer; none once it has been answered.
    pub call: CallId,
    /// Size of what came with the call.
    pub bytes: u32,
    /// Index of the step under way.
    pub step: u32,
    /// Version and answerer of the last data step.
    pub(super) answer: Answer,
    /// The data step under way; request and key are kept here only.
    pub operation: Operation,
}
