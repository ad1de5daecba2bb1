//! How long a router waits where a primary may have to wait for its replicas: as long as that one lives and leads.
//!
//! A commit that waits for a replica that is gone has not failed: with the only synchronous standby dead it hangs (PostgreSQL 15 manual,
//! ch. 27.2.8.3), and the connection with it. So what was sent to a primary has no time-out of its own there. Whoever is asked for longer
//! than a heartbeat is asked whether it lives (TCP's keep-alive). What it was asked is given up when it is silent for `down_after`, when it
//! answers that it does not lead, and when it knows nothing of it: a machine that has been started again resets connections
//! that it does not know.
//!
//! Nor has a read that waits at a replica for its session's last write failed (MySQL 8.0 Reference Manual, WAIT_FOR_EXECUTED_GTID_SET: without a
//! time-out of its own it waits for ever): it waits as long as its caller does, and is given up when the replica is silent.

use super::router::Router;
use super::wire::{ALIVE, is_read};
use crate::kernel::{Ask, CallId, Ctx, NodeId, Reply, Status, Time, Timer};
use std::collections::{BTreeMap, BTreeSet};

/// Time to ask who lives.
pub(super) const LOOK: u16 = 3;

/// What was sent to primaries and is not answered.
#[derive(Clone, Debug)]
pub struct Patience {
    /// By the number of the call: the reply that ends it if it is given up.
    open: BTreeMap<u64, Reply>,
    heartbeat: Time,
    /// Whether primaries may have to wait for replicas.
    primaries: bool,
    /// Whether replicas let reads wait until they have an entry.
    readers: bool,
    /// A look is due.
    looks: bool,
}

impl Patience {
    /// Looks after those that are asked each `heartbeat`: primaries, if they may have to wait for replicas, and replicas, if readers may have to wait
    /// there.
    pub fn new(heartbeat: Time, primaries: bool, readers: bool) -> Self {
        Patience { open: BTreeMap::new(), heartbeat, primaries, readers, looks: false }
    }

    /// Whether this may take as long as whoever is asked lives.
    fn covers(&self, is_primary: bool, ask: &Ask) -> bool {
        if is_primary { self.primaries } else { self.readers && is_read(ask.verb) && ask.version > 0 }
    }

    /// A crash of the router: nobody waits any more.
    pub(super) fn clear(&mut self) {
        (self.open, self.looks) = (BTreeMap::new(), false);
    }

    fn look_later(&mut self, cx: &mut Ctx<'_>) {
        if !self.looks && !self.open.is_empty() {
            self.looks = true;
            cx.timer_in(self.heartbeat, Timer { tag: LOOK, data: 0 });
        }
    }

    /// What this member has not answered, of that which `is_over` says so of.
    fn of(&self, member: NodeId, is_over: impl Fn(&Reply) -> bool) -> Vec<Reply> {
        let of_member = |reply: &&Reply| reply.callee == member && is_over(reply);
        self.open.values().filter(of_member).copied().collect()
    }
}

impl Router {
    /// Asks a member of a shard: with the usual time-out, or with patience if it is the primary and may have to wait for others.
    #[inline]
    pub(super) fn ask_member(&mut self, shard: usize, ask: Ask, cx: &mut Ctx<'_>) {
        let state = &self.shards[shard];
        let is_primary = state.members[state.primary].node == ask.to;
        match &mut self.patience {
            Some(patience) if patience.covers(is_primary, &ask) => {
                let call = cx.ask(Ask { timeout: None, ..ask });
                patience.open.insert(call.to_bits(), ask.without_answer(call, Status::TimedOut, cx.now()));
                patience.look_later(cx);
            }
            _ => {
                cx.ask(Ask { timeout: self.timeout, ..ask });
            }
        }
    }

    /// A call is over.
    #[inline]
    pub(super) fn is_answered(&mut self, call: CallId) {
        if let Some(patience) = &mut self.patience {
            patience.open.remove(&call.to_bits());
        }
    }

    /// Whoever has been asked for more than a heartbeat is asked whether it lives.
    pub(super) fn look(&mut self, cx: &mut Ctx<'_>) {
        let Some(patience) = &mut self.patience else { return };
        let since = cx.now().saturating_sub(patience.heartbeat);
        let late = patience.open.values().filter(|reply| reply.asked <= since);
        let members: BTreeSet<NodeId> = late.map(|reply| reply.callee).collect();
        patience.looks = false;
        patience.look_later(cx);
        for member in members {
            cx.ask(Ask { timeout: self.timeout, ..Ask::new(member, ALIVE, 0) });
        }
    }

    /// It does and leads, or it does not; a replica lets readers wait. What it knows nothing of is lost, and so is all if it is silent.
    pub(super) fn on_alive(&mut self, answer: &Reply, cx: &mut Ctx<'_>) {
        let Some(patience) = &self.patience else { return };
        let serves = |reply: &Reply| match answer.status {
            Status::Ok => true,
            Status::Moved => patience.readers && is_read(reply.verb),
            _ => false,
        };
        let is_over =
            |reply: &Reply| reply.asked <= answer.asked && (!serves(reply) || cx.is_lost(reply.call));
        let over = patience.of(answer.callee, is_over);
        self.give_up(over, cx);
    }

    fn give_up(&mut self, over: Vec<Reply>, cx: &mut Ctx<'_>) {
        for reply in over {
            let patience = self.patience.as_mut().expect("somebody waits");
            // (What came of one that was given up may have ended another.)
            if patience.open.remove(&reply.call.to_bits()).is_some() {
                cx.abandon(reply.call);
                self.take_reply(reply, cx);
            }
        }
    }
}
