//! One slot on its way to another node, key by key.

use super::cluster::Cluster;
use super::dirty::Dirty;
use super::shelf::Shelf;
use crate::kernel::{Ask, CallId, Ctx, NEVER, NodeId, SECOND, Time, TimeoutClass};
use crate::parts::verbs::{TAKE, TAKE_DIRTY};

/// Keys under way at a time (redis-cli: `--cluster-pipeline` 10).
const UNDER_WAY_AT_MOST: usize = 10;

#[derive(Clone)]
pub(super) struct Transfer {
    /// Which slot.
    pub slot: u16,
    /// Where to.
    pub to: NodeId,
    /// The coordinator's command, answered when all is done.
    pub order: CallId,
    /// Keys that have moved.
    pub moved: u32,
    /// Whether a key was not taken.
    pub failed: bool,
    /// Keys still to send, the next one last.
    left: Vec<u64>,
    under_way: Vec<UnderWay>,
    /// When the next key may be sent.
    pub next_at: Time,
    /// When the last timer goes off.
    alarm: Time,
}

/// A key that has been sent, and the commands that wait for its arrival.
#[derive(Clone)]
struct UnderWay {
    key: u64,
    waiting: Vec<CallId>,
}

impl Transfer {
    /// These keys are to move, the first one not before `next_at`.
    pub fn new(slot: u16, to: NodeId, order: CallId, mut keys: Vec<u64>, next_at: Time) -> Self {
        keys.reverse();
        Transfer {
            slot,
            to,
            order,
            moved: 0,
            failed: false,
            left: keys,
            under_way: Vec::new(),
            next_at,
            alarm: 0,
        }
    }

    /// A command for a key that is under way waits; whether it is.
    pub fn hold(&mut self, key: u64, id: CallId) -> bool {
        let found = self.under_way.iter_mut().find(|under_way| under_way.key == key);
        found.map(|under_way| under_way.waiting.push(id)).is_some()
    }

    /// Nothing is under way.
    pub fn is_quiet(&self) -> bool {
        self.under_way.is_empty()
    }

    /// It is called off: the commands that waited.
    pub fn release(self) -> Vec<CallId> {
        self.under_way.into_iter().flat_map(|under_way| under_way.waiting).collect()
    }

    /// The commands that waited for a key; `None` if it was not under way.
    pub fn arrived(&mut self, key: u64, taken: bool) -> Option<Vec<CallId>> {
        let at = self.under_way.iter().position(|under_way| under_way.key == key)?;
        self.moved += u32::from(taken);
        self.failed |= !taken;
        Some(self.under_way.swap_remove(at).waiting)
    }

    /// Sends the next keys; true when all is over.
    pub fn pump(
        &mut self,
        shelf: &dyn Shelf,
        dirty: &Dirty,
        pace: Time,
        timeout: Option<TimeoutClass>,
        cx: &mut Ctx<'_>,
    ) -> bool {
        let mut busy = Vec::new();
        while !self.failed && self.under_way.len() < UNDER_WAY_AT_MOST && self.next_at <= cx.now() {
            let Some(key) = self.left.pop() else { break };
            // What is just being stored moves afterwards: else two nodes would store it.
            if dirty.get(key).is_some_and(|unsaved| unsaved.sent.is_some()) {
                busy.push(key);
            } else if self.send(key, shelf, dirty, timeout, cx) {
                self.next_at = cx.now() + pace;
            }
        }
        let stalled = !busy.is_empty();
        self.left.splice(0..0, busy);
        self.set_timer(stalled, cx);
        self.under_way.is_empty() && (self.failed || self.left.is_empty())
    }

    /// Looks again when the next key may go; what waits to be stored, after a millisecond.
    fn set_timer(&mut self, stalled: bool, cx: &mut Ctx<'_>) {
        if self.left.is_empty() || self.failed {
            return;
        }
        let at = if stalled { cx.now() + SECOND / 1000 } else { self.next_at };
        let is_set = self.alarm > cx.now() && self.alarm <= at;
        if at > cx.now() && !is_set {
            self.alarm = at;
            Cluster::timer(at, cx);
        }
    }

    /// Sends a key with its remaining life in ms; false if it is gone meanwhile.
    fn send(
        &mut self,
        key: u64,
        shelf: &dyn Shelf,
        dirty: &Dirty,
        timeout: Option<TimeoutClass>,
        cx: &mut Ctx<'_>,
    ) -> bool {
        let item = shelf.peek(key).filter(|item| item.expires > cx.now());
        let unsaved = dirty.get(key);
        let (version, bytes) = match (unsaved, item) {
            (Some(unsaved), _) => (unsaved.version, unsaved.bytes),
            (None, Some(item)) => (item.version, item.bytes),
            (None, None) => return false,
        };
        let expires = item.map_or(NEVER, |item| item.expires);
        let note = match expires {
            NEVER => u32::MAX,
            at => u32::try_from((at - cx.now()).div_ceil(SECOND / 1000)).unwrap_or(u32::MAX - 1),
        };
        let verb = if unsaved.is_some() { TAKE_DIRTY } else { TAKE };
        cx.ask(Ask { version, bytes, note, timeout, ..Ask::new(self.to, verb, key) });
        self.under_way.push(UnderWay { key, waiting: Vec::new() });
        true
    }
}
