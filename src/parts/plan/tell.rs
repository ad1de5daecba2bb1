//! Whom else a writer tells: the caches of other regions, directly or through a bus.

use super::access::{Access, Bus, NOBODY};
use super::operation::Operation;
use crate::kernel::{Ask, Ctx};
use crate::parts::verbs::{ANNOUNCE, DELETE, PUT};

impl Access {
    /// Tells the other caches what the own one is told; the writer waits for all of them.
    pub(super) fn tell_copies(&self, verb: u16, operation: &mut Operation, cx: &mut Ctx<'_>) {
        operation.left = 0;
        if self.copies.is_empty() || !matches!(verb, PUT | DELETE) {
            return;
        }
        operation.left = self.copies.len() as u8 + 1;
        for copy in &self.copies {
            self.ask_node(*copy, verb, operation, cx);
        }
    }

    /// Announces a write. Whether the bus must be waited for.
    pub(super) fn announce(&self, operation: &mut Operation, cx: &mut Ctx<'_>) -> bool {
        let Some(Bus { node, is_awaited, sends_values }) = self.bus else { return false };
        let bytes = if sends_values { operation.bytes } else { 0 };
        let ask = Ask { bytes, version: operation.version, ..Ask::new(node, ANNOUNCE, operation.key) };
        operation.left = 0;
        if is_awaited {
            let (parent, request, timeout) = (operation.parent, operation.request, self.timeout);
            cx.ask(Ask { note: operation.note, parent, request, timeout, ..ask });
        } else {
            let (request, timeout) = (operation.request, self.notice_timeout);
            cx.ask(Ask { note: NOBODY, request, timeout, ..ask });
        }
        is_awaited
    }
}
