//! How far a replica is behind its primary, as far as it can know, and whether it may show its rows to readers.

use super::follow::Follow;
use super::member::Member;
use crate::kernel::Time;

impl Member {
    /// How far its readers are behind, as it knows: the delay of the entry last applied; more if one has been
    /// waiting longer, or if the primary has been silent.
    pub(super) fn lag(&self, now: Time) -> Time {
        let silent = now.saturating_sub(self.follow.heard.1) > 2 * self.plan.heartbeat;
        let waits = self.follow.queue.front().map(|first| now - first.committed);
        let lacks = waits.is_none() && self.follow.applied < self.follow.heard_end;
        if let Some(copying) = &self.follow.copying {
            return now.saturating_sub(copying.fresh_at);
        }
        let behind = if silent || lacks { now - self.follow.fresh_at.min(now) } else { 0 };
        self.follow.delay.max(waits.unwrap_or(0)).max(behind)
    }

    /// It leads no more: up to now its rows have shown everything.
    pub(super) fn end_lead(&mut self, now: Time) {
        if std::mem::replace(&mut self.leads, false) {
            self.follow.fresh_at = self.follow.fresh_at.max(now);
        }
    }

    /// How far its rows are behind those of its primary, by what it has been told: the age of the first entry that it lacks; if it lacks none, as long
    /// as the last message was on its way. A primary that has been silent for more than two heartbeats may have written all the time since. (MongoDB's drivers
    /// compare the last writes of both: an idle set is not stale; and add a heartbeat for what they cannot know: server-selection.md, maxStalenessSeconds.)
    fn staleness(&self, now: Time) -> Time {
        let Follow { applied, heard, heard_end, fresh_at, way, .. } = self.follow;
        let since_all_showed = now.saturating_sub(fresh_at);
        let is_silent = now.saturating_sub(heard.1) > way.saturating_add(2 * self.plan.heartbeat);
        match self.follow.queue.front() {
            _ if is_silent => since_all_showed,
            Some(first) => now - first.committed,
            None if applied < heard_end || !self.follow.early.is_empty() => since_all_showed,
            None => way,
        }
    }

    /// Whether it may show its rows to readers.
    pub(super) fn may_show(&mut self, now: Time) -> bool {
        if self.follow.is_copying() {
            return false;
        }
        if let Some(most) = self.plan.max_lag
            && self.staleness(now) > most
        {
            return false;
        }
        if !self.plan.mode.reads_need_lease {
            return true;
        }
        if !self.has_lease(now) {
            self.follow.lapsed = now;
            return false;
        }
        self.follow
            .counted
            .is_some_and(|(since, from)| since >= self.follow.lapsed && self.follow.applied >= from)
    }

    /// If the lease has run out since somebody last looked, what the primary said before counts no more.
    pub(super) fn note_lapse(&mut self, now: Time) {
        if !self.has_lease(now) {
            self.follow.lapsed = now;
        }
    }
}
