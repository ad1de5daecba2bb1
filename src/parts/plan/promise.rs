//! A write whose caller has its answer before the store has heard of it ("ack" before "store"): a promise, which may be broken.

use super::operation::Operation;
use crate::kernel::{Ctx, Reply, Status};
use crate::parts::verbs::FLUSH;
use std::collections::BTreeMap;

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
}

/// Whoever was at these operations is gone. What has been sent to the store may still come there.
pub fn drop_promises(operations: impl Iterator<Item = Operation>, cx: &mut Ctx<'_>) {
    let promised: Vec<Operation> = operations.filter(|operation| operation.promised).collect();
    if promised.is_empty() {
        return;
    }
    let sent = cx.still_sent(FLUSH).into_iter();
    let sent: BTreeMap<_, _> = sent.map(|(call, key, version)| ((key, version), call)).collect();
    for Operation { key, version, .. } in promised {
        match sent.get(&(key, version)) {
            Some(call) => cx.leave_behind(*call, version.saturating_sub(1)),
            None => cx.audit().lose(key, version),
        }
    }
}
