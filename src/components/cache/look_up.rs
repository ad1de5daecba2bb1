//! Look-ups: what a node answers, and whom it sends to the store.

use super::node::Node;
use super::refresh::Reload;
use super::shelf::Item;
use super::stampede::Guard;
use crate::components::Site;
use crate::kernel::{Answer, Ask, CallId, Ctx, Readings, Reply, RequestId, Status, Time};
use crate::parts::plan::WAIT;
use crate::parts::verbs::{READ, WRITE};

/// Note of the loads of refresh-ahead; other notes are indices of operations, or those of `node`.
pub(super) const RELOADING: u32 = u32::MAX - 2;
/// Shown by the fill after a miss where nothing else is to be shown: it tells a fill from a write.
const A_FILL: u32 = 1;

/// How often a look-up ended in which way, apart from hits and misses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LookUpCounts {
    /// Answered with what had expired.
    pub stale_hits: u64,
    /// Told to wait.
    pub waits: u64,
    /// Sent to the store though the item was fresh.
    pub early: u64,
    /// The first key of a session: those of data are smaller.
    pub sessions_from: u64,
    /// Of the look-ups, those of sessions: found, and not.
    pub of_sessions: (u64, u64),
}

impl LookUpCounts {
    pub(super) fn of(site: &Site<'_>) -> Self {
        LookUpCounts { sessions_from: site.layout.keys().unwrap_or(0), ..LookUpCounts::default() }
    }

    /// Tells of those of sessions, if there are any.
    pub(super) fn measure_sessions(&self, out: &mut Readings) {
        let (found, missed) = self.of_sessions;
        if found + missed > 0 {
            out.count("session_hits", found);
            out.count("session_misses", missed);
        }
    }
}

impl Node {
    #[inline]
    pub(super) fn look_up(&mut self, id: CallId, key: u64, request: RequestId, cx: &mut Ctx<'_>) {
        let stale = self.look_ups.stale_hits;
        let answer = if self.watches { self.watched(key, request, cx) } else { self.found(key, request, cx) };
        let answer = answer.unwrap_or_else(|| self.miss(key, cx.now()));
        let hit = answer.status == Status::Ok && self.look_ups.stale_hits == stale;
        // Whoever has given up (while this node hung) has counted a miss.
        let counted = u64::from(cx.is_awaited(id));
        self.hits += u64::from(hit) * counted;
        self.misses += u64::from(!hit) * counted;
        if key >= self.look_ups.sessions_from {
            self.look_ups.of_sessions.0 += u64::from(hit) * counted;
            self.look_ups.of_sessions.1 += u64::from(!hit) * counted;
        }
        cx.reply(id, answer);
    }

    /// A read or write of a cache without a store. A row that was never written is at its initial version, as in a database.
    #[inline(never)]
    pub(super) fn serve(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, bytes) = (call.verb, call.key, call.bytes);
        debug_assert!(matches!(verb, READ | WRITE), "a cache takes no verb {verb}");
        if verb == WRITE {
            return self.write_back(id, key, bytes, cx);
        }
        let request = call.request;
        let found = self.found(key, request, cx);
        self.hits += u64::from(found.is_some());
        self.misses += u64::from(found.is_none());
        cx.reply(id, found.unwrap_or(Answer::ok(0, 0)));
    }

    /// Fresh or dirty data.
    #[inline]
    fn found(&mut self, key: u64, request: RequestId, cx: &mut Ctx<'_>) -> Option<Answer> {
        match self.shelf.get(key, cx.now()).filter(|_| !self.blind) {
            Some(item) => {
                if let Some(expires) = self.expiry.renewed(request, key, cx) {
                    self.shelf.renew(key, expires);
                }
                Some(Answer::ok(item.version, item.bytes))
            }
            None => self.dirty.get(key).map(|unsaved| Answer::ok(unsaved.version, unsaved.bytes)),
        }
    }

    /// The look-up of a node that guards against stampedes or loads ahead.
    #[inline(never)]
    fn watched(&mut self, key: u64, request: RequestId, cx: &mut Ctx<'_>) -> Option<Answer> {
        let now = cx.now();
        let item = self.shelf.peek(key).filter(|_| !self.blind);
        if let Some(stale) = item.and_then(|item| self.expired_but_served(&item, now)) {
            return stale;
        }
        let found = self.found(key, request, cx)?;
        let Some(item) = item.filter(|item| item.expires > now) else { return Some(found) };
        if let Guard::Early(early) = &self.guard {
            let uniform = cx.draw(request, self.early_purpose, key);
            // What waits to be stored is newer than what the store has.
            if self.dirty.get(key).is_none() && early.is_due(item.expires, now, uniform) {
                self.look_ups.early += 1;
                return None;
            }
        }
        self.load_ahead(&item, cx);
        Some(found)
    }

    /// With locks and a setting `stale`: what has expired stays and is served while somebody loads; the first one is sent.
    fn expired_but_served(&mut self, item: &Item, now: Time) -> Option<Option<Answer>> {
        let Guard::Lock(locks) = &self.guard else { return None };
        if item.expires > now || now - item.expires >= locks.stale || self.dirty.get(item.key).is_some() {
            return None;
        }
        if !locks.is_held(item.key, now) {
            return Some(None);
        }
        self.look_ups.stale_hits += 1;
        Some(Some(Answer::ok(item.version, item.bytes)))
    }

    /// What a look-up without success is told: nothing, a token, or to wait.
    fn miss(&mut self, key: u64, now: Time) -> Answer {
        let token = match &mut self.guard {
            Guard::None => self.fills.missed(key),
            Guard::Lock(locks) if locks.is_held(key, now) => {
                self.look_ups.waits += 1;
                WAIT
            }
            Guard::Lock(locks) => locks.take(key, self.fills.missed(key), now),
            Guard::Early(early) => early.begin(key, self.fills.missed(key), now),
        };
        Answer { version: token, ..Answer::of(Status::Missing) }
    }

    fn load_ahead(&mut self, item: &Item, cx: &mut Ctx<'_>) {
        let Some(refresh) = &mut self.refresh else { return };
        if !refresh.is_due(item.key, item.expires, cx.now()) || self.dirty.get(item.key).is_some() {
            return;
        }
        let token = self.fills.missed(item.key).max(A_FILL);
        refresh.begin(item.key, Reload { token, bytes: item.bytes });
        let ask = Ask::new(self.store, READ, item.key);
        cx.ask(Ask { note: RELOADING, timeout: self.flush_timeout, ..ask });
    }

    /// The store has answered a load of refresh-ahead, or has not.
    pub(super) fn reloaded(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(reload) = self.refresh.as_mut().and_then(|refresh| refresh.end(reply.key)) else { return };
        if reply.status == Status::Ok {
            let bytes = if reload.bytes > 0 { reload.bytes } else { reply.bytes };
            self.take(reply.key, reply.version, bytes, reload.token, RequestId::NONE, cx);
        }
    }
}
