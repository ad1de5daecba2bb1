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
    /// Version and answerer of the last data step, and the bytes that the last read brought.
    pub(super) answer: Answer,
    /// The data step under way; request and key are kept here only.
    pub operation: Operation,
}

impl Task {
    /// The answer as it is when a data step is done with this one. A write brings no bytes: the answer's body is what was read before.
    #[inline(always)]
    pub(super) fn with(&self, answer: Answer) -> Answer {
        let bytes = if answer.bytes == 0 { self.answer.bytes } else { answer.bytes };
        Answer { bytes, ..answer }
    }

    /// A data step is done with this answer.
    #[inline(always)]
    pub(super) fn note(&mut self, answer: Answer) -> Answer {
        self.answer = self.with(answer);
        self.answer
    }
}
