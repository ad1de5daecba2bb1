//! Hints of a router without primaries: what copies are owed that did not answer a write, handed over when they answer again.

use super::leaderless::{QuorumRouter, REPAIR};
use crate::kernel::{Ask, Ctx, NodeId, Reply, Status, Timer};
use crate::parts::verbs::{PUT, READ};

/// Hints kept; one more is dropped, and only a read can repair the copy.
const HINTS_AT_MOST: usize = 1 << 20;

impl QuorumRouter {
    pub(super) fn owe_the_dead(&mut self, key: u64, version: u32, cx: &mut Ctx<'_>) {
        let dead = self.copies(key).iter().filter(|copy| self.dead.contains(&copy.0));
        for copy in dead.copied().collect::<Vec<NodeId>>() {
            self.owe(copy, key, version, cx);
        }
    }

    /// Hands over the first hint for a copy, if it is owed any.
    pub(super) fn hint_next(&self, copy: NodeId, cx: &mut Ctx<'_>) {
        if let Some(((_, key), (_, version))) = self.hints.range((copy.0, 0)..=(copy.0, u64::MAX)).next() {
            self.hint(copy, *key, *version, cx);
        }
    }

    /// A copy has missed a version.
    pub(super) fn owe(&mut self, copy: NodeId, key: u64, version: u32, cx: &mut Ctx<'_>) {
        if let Some(owed) = self.hints.get_mut(&(copy.0, key)) {
            *owed = (owed.0.min(version), owed.1.max(version));
        } else if self.hints.len() >= HINTS_AT_MOST {
            self.dropped_hints += 1;
        } else {
            self.hints.insert((copy.0, key), (version, version));
            cx.audit().begin_way(key);
        }
    }

    /// All was in memory, also which copies have not confirmed a write yet: only reads repair now.
    pub(super) fn forget(&mut self, cx: &mut Ctx<'_>) {
        self.dead.clear();
        self.free.clear();
        let operations = std::mem::take(&mut self.operations);
        for write in operations.iter().filter(|operation| operation.writes && !operation.is_over) {
            for copy in self.copies(write.key).to_vec() {
                self.owe(copy, write.key, write.version, cx);
            }
        }
        for ((copy, key), owed) in std::mem::take(&mut self.hints) {
            let copies = self.copies(key);
            if let Some(place) = copies.iter().position(|node| node.0 == copy) {
                cx.audit().forget_owed(key, owed, place as u32, copies.len() as u32);
            }
        }
        cx.audit().end_all_ways();
    }

    /// Tries one hint for each copy that is owed some; if it is taken, the others follow.
    pub(super) fn hand_over(&mut self, cx: &mut Ctx<'_>) {
        cx.timer_in(self.plan.heartbeat, Timer { tag: 0, data: 0 });
        if !self.plan.repairs {
            return;
        }
        for copy in self.dead.iter().copied() {
            cx.ask(Ask { note: REPAIR, timeout: self.timeout, ..Ask::new(NodeId(copy), READ, 0) });
        }
        let mut last = None;
        let firsts: Vec<(u16, u64, u32)> = self
            .hints
            .iter()
            .filter(|((copy, _), _)| last.replace(*copy) != Some(*copy) && !self.dead.contains(copy))
            .map(|((copy, key), (_, version))| (*copy, *key, *version))
            .collect();
        for (copy, key, version) in firsts {
            self.hint(NodeId(copy), key, version, cx);
        }
    }

    fn hint(&self, copy: NodeId, key: u64, version: u32, cx: &mut Ctx<'_>) {
        cx.ask(Ask { version, note: REPAIR, timeout: self.timeout, ..Ask::new(copy, PUT, key) });
    }

    pub(super) fn on_repaired(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if !matches!(reply.status, Status::Ok | Status::Missing) {
            return;
        }
        let (copy, key) = (reply.callee.0, reply.key);
        if self.hints.get(&(copy, key)).is_some_and(|(_, last)| *last <= reply.version) {
            self.hints.remove(&(copy, key));
            cx.audit().end_way(key);
            self.hint_next(reply.callee, cx);
        }
    }
}
