//! Hints of a router without primaries: what copies are owed that did not answer a write, handed over when they answer again.

use super::leaderless::{QuorumRouter, REPAIR};
use crate::kernel::{Ask, Ctx, NodeId, Reply, Status, Timer};
use crate::parts::verbs::{PUT, READ};

/// Hints kept; one more is dropped, and only a read can repair the copy.
const HINTS_AT_MOST: usize = 1 << 20;

impl QuorumRouter {
    /// A write of somebody in a region does not go to copies that are dead there.
    pub(super) fn owe_the_dead(&mut self, write: (u64, u32), region: u16, cx: &mut Ctx<'_>) {
        let dead = self.copies(write.0).iter().filter(|copy| self.is_dead(**copy, region));
        for copy in dead.copied().collect::<Vec<NodeId>>() {
            self.owe(copy, region, write, cx);
        }
    }

    /// Hands over the first hint for a copy of each region that owes it any.
    pub(super) fn hint_next(&self, copy: NodeId, cx: &mut Ctx<'_>) {
        let mut region = 0;
        while let Some(((_, owing, _), _)) =
            self.hints.range((copy.0, region, 0)..=(copy.0, u16::MAX, u64::MAX)).next()
        {
            self.hint_next_of(copy, *owing, cx);
            region = owing + 1;
        }
    }

    /// Hands over the first hint of a region for a copy, if it can be reached from there.
    fn hint_next_of(&self, copy: NodeId, region: u16, cx: &mut Ctx<'_>) {
        let of_region = (copy.0, region, 0)..=(copy.0, region, u64::MAX);
        let first = self.hints.range(of_region).next().filter(|_| !cx.is_cut_off(copy, region));
        if let Some(((.., key), (_, version))) = first {
            let (version, note) = (*version, REPAIR + u32::from(region));
            cx.ask(Ask { version, note, timeout: self.timeout, ..Ask::new(copy, PUT, *key) });
        }
    }

    /// A copy has missed a version that was written in a region.
    pub(super) fn owe(&mut self, copy: NodeId, region: u16, (key, version): (u64, u32), cx: &mut Ctx<'_>) {
        if let Some(owed) = self.hints.get_mut(&(copy.0, region, key)) {
            *owed = (owed.0.min(version), owed.1.max(version));
        } else if self.hints.len() >= HINTS_AT_MOST {
            self.dropped_hints += 1;
        } else {
            self.hints.insert((copy.0, region, key), (version, version));
            cx.audit().begin_way(key);
        }
    }

    /// All was in memory, also which copies have not confirmed a write yet: only reads repair now.
    pub(super) fn forget(&mut self, cx: &mut Ctx<'_>) {
        self.dead.clear();
        self.cut_off.clear();
        self.free.clear();
        let operations = std::mem::take(&mut self.operations);
        for write in operations.iter().filter(|operation| operation.writes && !operation.is_over) {
            for copy in self.copies(write.key).to_vec() {
                self.owe(copy, write.region, (write.key, write.version), cx);
            }
        }
        for ((copy, _, key), owed) in std::mem::take(&mut self.hints) {
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
        self.cut_off.retain(|(region, copy)| cx.is_cut_off(NodeId(*copy), *region));
        let mut last = None;
        let copies: Vec<u16> = self
            .hints
            .keys()
            .map(|(copy, ..)| *copy)
            .filter(|copy| last.replace(*copy) != Some(*copy) && !self.dead.contains(copy))
            .collect();
        for copy in copies {
            self.hint_next(NodeId(copy), cx);
        }
    }

    pub(super) fn on_repaired(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if !matches!(reply.status, Status::Ok | Status::Missing) {
            return;
        }
        let region = (reply.note - REPAIR) as u16;
        let hint = (reply.callee.0, region, reply.key);
        if self.hints.get(&hint).is_some_and(|(_, last)| *last <= reply.version) {
            self.hints.remove(&hint);
            cx.audit().end_way(reply.key);
            self.hint_next_of(reply.callee, region, cx);
        }
    }
}
