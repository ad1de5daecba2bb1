//! After a cut-over: the rows that have moved are erased at their old shards, one by one, as deletes in the log of the old shard, so that
//! its replicas lose them as well.
//!
//! It begins when the time-out of the last statement sent under the old map is over: until then a read may still be on its way to
//! an old shard. Another resharding waits for its end, since it might bring rows back that are about to be erased.

use super::reshard::TICK;
use super::router::Router;
use super::sharding::Map;
use super::wire::ERASE;
use crate::kernel::{Ask, Ctx, Reply, Status, Time};
use std::collections::BTreeSet;

/// Rows under way at a time.
const WINDOW: usize = 64;

/// Old rows that are being erased.
#[derive(Clone, Debug)]
pub(super) struct Erase {
    old: Map,
    /// Nobody waits any more for what was sent under the old map.
    from: Time,
    /// Old rows below this one have been looked at.
    cursor: u64,
    under_way: BTreeSet<u64>,
    /// Rows that could not be erased: with the next tick, their shard may be down for a while.
    again: BTreeSet<u64>,
    erased: u64,
    allowance: f64,
    /// A resharding that waits for the end.
    pub(super) wanted: Option<u64>,
}

impl Erase {
    fn may_go(&self) -> bool {
        self.under_way.len() < WINDOW && self.allowance >= 1.0
    }

    fn is_done(&self, keys: u64) -> bool {
        self.cursor >= keys && self.under_way.is_empty() && self.again.is_empty()
    }
}

impl Router {
    /// The rows of the old map that have moved are to be erased.
    pub(super) fn begin_erase(&mut self, old: Map, cx: &mut Ctx<'_>) {
        self.erase = Some(Erase {
            old,
            from: cx.now().saturating_add(self.timeout_length),
            cursor: 0,
            under_way: BTreeSet::new(),
            again: BTreeSet::new(),
            erased: 0,
            allowance: 0.0,
            wanted: None,
        });
    }

    /// A resharding has to wait for the end, if there is something to erase.
    pub(super) fn waits_for_erase(&mut self, shards: u64, cx: &mut Ctx<'_>) -> bool {
        let Some(erase) = &mut self.erase else { return false };
        erase.wanted = Some(shards);
        cx.tell("reshard waits", "what has moved is being erased at its old shards");
        true
    }

    /// Lets erasures go; how long until the next look, and `allowance` rows more by then.
    pub(super) fn erase_on(&mut self, more: f64, most: f64, cx: &mut Ctx<'_>) -> Option<Time> {
        let erase = self.erase.as_mut()?;
        if cx.now() < erase.from {
            return Some(erase.from - cx.now());
        }
        erase.allowance = (erase.allowance + more).min(most);
        self.erase_rows(cx);
        if !self.erase.as_ref().is_some_and(|erase| erase.is_done(self.keys)) {
            return Some(TICK);
        }
        let erase = self.erase.take().expect("just seen");
        cx.tell("old rows erased", format!("{} at their old shards", erase.erased));
        if let Some(shards) = erase.wanted {
            self.begin_reshard(shards, cx);
        }
        None
    }

    fn erase_rows(&mut self, cx: &mut Ctx<'_>) {
        while let Some((key, shard)) = self.next_erasure() {
            let state = &self.shards[shard];
            let ask = Ask::new(state.members[state.primary].node, ERASE, key);
            cx.ask(Ask { token: self.reshards, timeout: self.timeout, ..ask });
        }
    }

    /// The next row to be erased, and where.
    fn next_erasure(&mut self) -> Option<(u64, usize)> {
        let erase = self.erase.as_mut().filter(|erase| erase.may_go())?;
        while erase.cursor < self.keys {
            let key = erase.cursor;
            erase.cursor += 1;
            let old = erase.old.shard(key);
            if old != self.map.shard(key) {
                erase.allowance -= 1.0;
                erase.under_way.insert(key);
                return Some((key, old));
            }
        }
        let key = erase.again.pop_first()?;
        erase.allowance -= 1.0;
        erase.under_way.insert(key);
        Some((key, erase.old.shard(key)))
    }

    /// A row is gone at its old shard, or is not.
    pub(super) fn row_erased(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(erase) = &mut self.erase else { return };
        if !erase.under_way.remove(&reply.key) {
            return; // asked before it began anew
        }
        if reply.status != Status::Ok {
            erase.again.insert(reply.key);
            return;
        }
        erase.erased += u64::from(self.counted.is_none() || reply.version > 0);
        self.erase_rows(cx);
    }

    /// A shard has another primary, which may have rows again that were gone; or the router has lost its answers.
    pub(super) fn erase_anew(&mut self) {
        if let Some(erase) = &mut self.erase {
            erase.cursor = 0;
            erase.under_way.clear();
            erase.again.clear();
        }
    }
}
