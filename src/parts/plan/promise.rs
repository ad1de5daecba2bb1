//! A write whose caller has its answer before the store has heard of it ("ack" before "store"): a promise, which may be broken.

use super::operation::Operation;
use crate::kernel::{Ctx, Reply, Status};

impl Operation {
    /// The caller is told that the write is done. From now on readers may expect it: it has a version, which the store takes over.
    #[cold]
    pub(super) fn promise(&mut self, cx: &mut Ctx<'_>) {
        self.version = cx.audit().commit_volatile(self.key);
        self.promised = true;
    }

    /// The store has not taken it, and nobody tries again. One that is only slow still has it in its line.
    #[cold]
    pub(super) fn break_promise(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let may_still_come = reply.status == Status::TimedOut && cx.is_well(reply.callee);
        if std::mem::take(&mut self.promised) && !may_still_come {
            cx.audit().lose(self.key, self.version);
        }
    }

    /// Whoever was at it is gone, and its connection to the store with it: what the store has not done yet it will not do.
    pub fn drop_promise(&mut self, cx: &mut Ctx<'_>) {
        if std::mem::take(&mut self.promised) {
            cx.audit().lose(self.key, self.version);
        }
    }
}
