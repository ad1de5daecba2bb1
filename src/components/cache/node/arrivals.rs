//! What is put into a node and what is removed: whether it comes too late is asked of the node's `fills`.

use super::Node;
use crate::components::cache::shelf::{Item, Put};
use crate::kernel::{Answer, Ctx, RequestId, Status};

impl Node {
    /// A value has come: one that was loaded if it shows a token, else one that was written.
    pub(in crate::components::cache) fn take(
        &mut self,
        key: u64,
        version: u32,
        bytes: u32,
        token: u32,
        request: RequestId,
        cx: &mut Ctx<'_>,
    ) -> Answer {
        let held = if self.fills.compares() { self.shelf.peek(key).map(|item| item.version) } else { None };
        let is_welcome = if token > 0 {
            self.guard.filled(key, token, cx.now());
            self.fills.takes_fill(key, version, token, held)
        } else {
            let is_welcome = self.fills.takes_write(key, version, held);
            self.fills.written(key, Some(version));
            self.guard.written(key);
            is_welcome
        };
        self.dropped += u64::from(!is_welcome);
        match is_welcome && self.keep(key, version, bytes, request, cx) == Put::Refused {
            true => Answer::of(Status::Rejected),
            false => Answer::ok(version, 0),
        }
    }

    /// Removes what is older than `version`, or whatever is there. What waits to be stored stays.
    pub(super) fn remove(&mut self, key: u64, version: Option<u32>) {
        let held = if self.fills.compares() { self.shelf.peek(key).map(|item| item.version) } else { None };
        if self.fills.removes(version, held) {
            self.shelf.delete(key);
        }
        self.fills.written(key, version);
        self.guard.written(key);
    }

    /// Everything but what waits to be stored.
    pub(super) fn remove_all(&mut self) {
        self.shelf.clear();
        self.fills.forget_all();
        self.guard.clear();
    }

    /// Keeps a loaded or written version, unless newer data under the key waits to be stored.
    pub(super) fn keep(
        &mut self,
        key: u64,
        version: u32,
        bytes: u32,
        request: RequestId,
        cx: &mut Ctx<'_>,
    ) -> Put {
        if self.dirty.get(key).is_some() {
            return Put::Kept;
        }
        let expires = self.expiry.due(request, key, cx);
        self.put(Item { key, version, bytes: self.sized(bytes), expires }, cx.now())
    }

    /// What is written without a size is a row of the store.
    #[inline]
    pub(super) fn sized(&self, bytes: u32) -> u32 {
        if bytes == 0 { self.row_bytes } else { bytes }
    }
}
