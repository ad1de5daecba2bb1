//! What a node does about slots: its data and its part in the cluster, brought together.

use super::super::cluster::Cluster;
use super::super::shelf::{Item, Put};
use super::Node;
use crate::kernel::{Answer, CallId, Ctx, Reply, Status, Time};
use crate::parts::verbs::{IMPORT, MIGRATE, SET_SLOTS, TAKE, TAKE_DIRTY};

impl Node {
    /// In a cluster: whether a command is served here. If not, its caller has been sent on, or it was about slots.
    #[inline(never)]
    pub(super) fn admits(&mut self, id: CallId, cx: &mut Ctx<'_>) -> bool {
        let cluster = self.cluster.as_mut().expect("asked before");
        let (verb, key) = (cx.call(id).verb, cx.call(id).key);
        match verb {
            IMPORT | MIGRATE | SET_SLOTS => {
                let waiting = cluster.obey(id, &mut *self.shelf, &self.dirty, cx);
                waiting.into_iter().for_each(|waiting| self.handle_again(waiting, cx));
                false
            }
            TAKE | TAKE_DIRTY => {
                self.take_over(id, cx);
                false
            }
            _ => {
                let now = cx.now();
                let is_fresh = |item: Item| item.expires > now;
                let is_here = || self.shelf.peek(key).is_some_and(is_fresh) || self.dirty.get(key).is_some();
                cluster.admits(id, key, is_here, cx)
            }
        }
    }

    /// A command that has waited, unless its caller has gone.
    fn handle_again(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if cx.is_open(id) {
            self.handle(id, cx);
        }
    }

    /// A key that another node hands over.
    fn take_over(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let key = cx.call(id).key;
        if !self.cluster.as_ref().is_some_and(|cluster| cluster.takes(key, cx)) {
            return cx.reply(id, Answer::of(Status::Failed));
        }
        if let Some((item, is_dirty)) = Cluster::handed_over(id, self.shelf.peek(key), cx) {
            self.put(item, cx.now());
            if is_dirty {
                self.dirty.write(key, item.version, item.bytes, cx.now());
                self.arm(cx);
            }
        }
        cx.reply(id, Answer::ok(0, 0));
    }

    pub(super) fn put(&mut self, item: Item, now: Time) -> Put {
        let Some(cluster) = &mut self.cluster else { return self.shelf.put(item, now) };
        let before = self.shelf.insertions();
        let put = self.shelf.put(item, now);
        if self.shelf.insertions() > before {
            let is_there = |key| self.shelf.peek(key).is_some() || self.dirty.get(key).is_some();
            cluster.keys.add(item.key, is_there);
        }
        put
    }

    /// The transfer of a slot goes on.
    pub(super) fn transfer(&mut self, cx: &mut Ctx<'_>) {
        if let Some(cluster) = &mut self.cluster {
            cluster.pump(&*self.shelf, &self.dirty, cx);
        }
    }

    /// Another node has taken a key over, or has not.
    pub(super) fn taken(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(cluster) = &mut self.cluster else { return };
        let waiting = cluster.taken(reply, &mut *self.shelf, &mut self.dirty);
        waiting.into_iter().for_each(|waiting| self.handle_again(waiting, cx));
        self.transfer(cx);
    }
}
