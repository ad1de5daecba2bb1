//! The end of a resharding: writes of moving rows wait until none is under way, then the new map holds.
//!
//! It begins when the copy has caught up: all rows are copied, and the writes that were under way then are answered. One that was
//! lost on its way to a dead shard is answered when its time-out is over; others go on meanwhile. It is bounded, as in MongoDB:
//! writes that do not end in time put it off, those that waited go to the old homes of their rows and to the new ones, and it is tried again.

use super::reshard::Phase;
use super::router::Router;
use crate::kernel::{Ctx, SECOND, Time};

/// Writes wait no longer than this (MongoDB: `reshardingCriticalSectionTimeoutMillis`, 5000).
const CRITICAL: Time = 5 * SECOND;

impl Router {
    /// The next step to the new map, if nothing is in its way.
    pub(super) fn cut_over_if_complete(&mut self, cx: &mut Ctx<'_>) {
        let Some(reshard) = self.reshard.as_mut().filter(|reshard| reshard.is_copied(self.keys)) else {
            return;
        };
        if reshard.phase == Phase::Copy {
            reshard.phase = Phase::CatchUp;
            reshard.awaited = reshard.open.clone();
        }
        if reshard.older > 0 || !reshard.awaited.is_empty() {
            return;
        }
        if reshard.phase == Phase::CatchUp {
            reshard.phase = Phase::CutOver(cx.now());
            let seconds = (cx.now() - reshard.began) as f64 / SECOND as f64;
            let moved = self.moved - reshard.moved_before;
            cx.tell(
                "cut-over begins",
                format!("{moved} rows moved in {seconds:.3} s; writes of moving rows wait"),
            );
        }
        if reshard.open.is_empty() {
            self.end_reshard(cx);
        }
    }

    /// No write is under way: the new map holds.
    fn end_reshard(&mut self, cx: &mut Ctx<'_>) {
        let Some(reshard) = self.reshard.take() else { return };
        cx.tell("reshard ends", format!("{} writes had to wait", reshard.waited));
        self.load.close(self.map.shards());
        let old = std::mem::replace(&mut self.map, reshard.to);
        self.all_have_come();
        self.rehomed = (self.rehomed.0 + reshard.moving, self.rehomed.1 + self.keys);
        if !self.lasting {
            let logs: Vec<u32> = self.shards.iter().map(|shard| u32::from(shard.members[0].node.0)).collect();
            cx.audit().rehome(&logs, |key| logs[self.map.shard(key)]);
        }
        self.begin_erase(old, cx);
        for id in reshard.held {
            self.route(id, cx);
        }
    }

    /// Writes have waited long enough.
    pub(super) fn end_long_cut_over(&mut self, cx: &mut Ctx<'_>) {
        if let Some(reshard) = &self.reshard
            && let Phase::CutOver(since) = reshard.phase
            && cx.now() - since >= CRITICAL
        {
            let why = format!("{} writes not answered after {} s", reshard.open.len(), CRITICAL / SECOND);
            self.put_off(&why, cx);
        }
    }

    /// The copy has gaps again: writes that waited for the cut-over go where they went before it.
    pub(super) fn put_off(&mut self, why: &str, cx: &mut Ctx<'_>) {
        let Some(reshard) = &mut self.reshard else { return };
        reshard.awaited.clear();
        if let Phase::CutOver(_) = std::mem::replace(&mut reshard.phase, Phase::Copy) {
            let held = std::mem::take(&mut reshard.held);
            cx.tell("cut-over put off", format!("{why}; {} writes go on", held.len()));
            for id in held {
                self.route(id, cx);
            }
        }
    }
}
