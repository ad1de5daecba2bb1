//! What an edge does when an origin does not give it what it wants.

use super::age::{age_of, in_header};
use super::edge::{Copy, Edge, PASSED_AGAIN};
use super::fetches::Fetch;
use super::negative::said_by;
use crate::components::cache::shelf::Item;
use crate::kernel::{Answer, CallId, Ctx, Reply, Status, Time};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Errors that are kept beside copies which have ended: until they end themselves, the origin is not asked again.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(HashMap<u64, Item, FixedState>);

impl Failures {
    /// What is known of a key, and what it says.
    fn known(&mut self, key: u64, now: Time) -> Option<(Item, Status)> {
        let item = *self.0.get(&key)?;
        if now >= item.expires {
            self.forget(key);
            return None;
        }
        said_by(&item).map(|status| (item, status))
    }

    /// The origin has sent a copy.
    pub fn forget(&mut self, key: u64) {
        if !self.0.is_empty() {
            self.0.remove(&key);
        }
    }
}

impl Edge {
    /// The primary origin has failed: the question goes to the secondary, with those who wait for it.
    pub(super) fn tries_secondary(&mut self, index: u32, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let Some(secondary) = self.secondary.filter(|secondary| secondary.is_wanted(reply)) else {
            return false;
        };
        let Some(fetch) = self.fetches.again(index) else { return false };
        self.counts.failovers += 1;
        self.ask_for(index, fetch.0, fetch.1, fetch.2, secondary.node, cx);
        true
    }

    /// The same for what is passed through.
    pub(super) fn passes_to_secondary(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let Some(secondary) = self.secondary.filter(|secondary| secondary.is_wanted(reply)) else {
            return false;
        };
        if !cx.is_open(reply.parent) {
            return false;
        }
        self.counts.failovers += 1;
        self.pass(reply.parent, secondary.node, PASSED_AGAIN, cx);
        true
    }

    /// A copy that has ended is given out while a new one is fetched, or while it is known that the origin fails (CloudFront, "HTTP 4xx and
    /// 5xx status codes from your origin": an object in the edge cache is served for the error caching minimum TTL, then the origin is
    /// asked again). Else somebody asks the origin and waits.
    pub(super) fn ended(&mut self, call: CallId, copy: &Item, late: Time, cx: &mut Ctx<'_>) {
        let failure = self.failures.known(copy.key, cx.now());
        let usable = late < self.while_revalidate || (failure.is_some() && late < self.if_error);
        match failure {
            _ if usable => {
                let answer = self.answer(copy, cx.node(), cx.now());
                self.give_stale(call, answer, cx);
                if failure.is_none() {
                    self.fetch(copy.key, None, cx);
                }
            }
            Some((error, status)) => self.give_nothing(call, &error, status, cx),
            None => self.fetch(copy.key, Some(call), cx),
        }
    }

    /// A copy that has ended is given out: to a user, or to another edge, which counts it if it gives it out itself.
    fn give_stale(&mut self, call: CallId, answer: Answer, cx: &mut Ctx<'_>) {
        self.counts.stale += u64::from(self.is_users(call, cx));
        let before = self.counts.egress;
        self.give(call, answer, cx);
        self.counts.bytes += self.counts.egress - before;
    }

    /// It is known already that there is nothing to be had.
    pub(super) fn give_nothing(&mut self, call: CallId, item: &Item, status: Status, cx: &mut Ctx<'_>) {
        self.counts.negative += u64::from(self.is_users(call, cx));
        let age = self.negative.age(item, cx.now());
        self.give(call, Answer { redirect: in_header(age), ..Answer::of(status) }, cx);
    }

    /// Keeps that there is nothing. Errors make no room for themselves where a copy may still be given out, and are kept beside it; that
    /// there is no such thing does, and a copy of it is good for nothing any more even if this is not kept (RFC 9111, 4.3.3).
    fn keep_nothing(&mut self, key: u64, status: Status, age: Time, has_copy: bool, now: Time) {
        let missing = status == Status::Missing;
        match self.negative.item(key, status, age, now) {
            Some(item) if missing || !has_copy => {
                self.shelf.put(item, now);
            }
            Some(item) => {
                self.failures.0.insert(key, item);
            }
            None if missing => {
                self.shelf.delete(key);
            }
            None => {}
        }
    }

    /// That one must log in is said to who asked, and kept by nobody: the others ask for themselves, the next one for all who are left (Varnish:
    /// what may not be cached is fetched for one waiter after the other).
    fn denied(&mut self, fetch: Fetch, reply: &Reply, cx: &mut Ctx<'_>) {
        for call in fetch.waiting {
            match fetch.asker == Some(call) {
                true => self.give(call, reply.pass_on(), cx),
                false => self.fetch(fetch.key, Some(call), cx),
            }
        }
    }

    /// No copy has come: an old one is given out if it may be, else what the origin said, which may be kept.
    pub(super) fn not_fetched(&mut self, fetch: Fetch, reply: &Reply, cx: &mut Ctx<'_>) {
        let (key, now) = (fetch.key, cx.now());
        if reply.status == Status::Denied {
            return self.denied(fetch, reply, cx);
        }
        let copy = self.copy(key, now);
        // A copy that is given out meanwhile stays, until its time for that is over.
        let shown = matches!(&copy, Copy::Ended(_, late) if *late < self.while_revalidate);
        let (old, ended) = match copy {
            Copy::Fresh(item) => (Some(item), false),
            Copy::Ended(item, late) if late < self.if_error => (Some(item), true),
            _ => (None, false),
        };
        // That there is no such thing is an answer, no error (RFC 5861, 4: 500, 502, 503, 504).
        let old = old.filter(|_| reply.status != Status::Missing);
        let status = match reply.status {
            Status::Reset | Status::TimedOut => Status::Failed,
            status => status,
        };
        // (A fresh copy has come another way: that the origin failed is of the past.)
        if old.is_none() || ended {
            self.keep_nothing(key, status, age_of(reply), old.is_some() || shown, now);
        }
        let answer = match old {
            Some(item) => self.answer(&item, cx.node(), now),
            None if status == reply.status => reply.pass_on(),
            None => Answer::of(status),
        };
        for call in fetch.waiting {
            match ended && old.is_some() {
                true => self.give_stale(call, answer, cx),
                false => self.give(call, answer, cx),
            }
        }
    }
}
