//! A node's part in a cluster: which slots it has, which are on their way, and whom it sends on.
//!
//! As in Redis cluster (its specification; MIGRATE, CLUSTER SETSLOT): a slot moves key by key while both nodes serve. The old
//! owner serves the keys it still has and sends callers on for the others (ASK); when all have moved, the new owner has
//! the slot and the old one answers MOVED. The table of slots is on disk and survives a crash.

use super::super::Site;
use super::dirty::Dirty;
use super::group;
use super::shelf::{Item, Shelf};
use super::slot_keys::SlotKeys;
use super::transfer::Transfer;
use crate::kernel::{
    Answer, CallId, Control, Ctx, NEVER, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer,
};
use crate::parts::plan::ASK;
use crate::parts::ring::{SlotTable, slot_of_number};
use crate::parts::verbs::{IMPORT, MIGRATE, SET_SLOTS, TAKE_DIRTY};

const MILLISECOND: Time = SECOND / 1000;
/// A node that does not take a key for so long is taken for dead (Redis, MIGRATE of redis-cli: 60 s; here as long as a flush).
const TAKE_WAITS: Time = SECOND;

#[derive(Clone)]
pub(super) struct Cluster {
    group: u16,
    me: u16,
    table: SlotTable,
    pub keys: SlotKeys,
    /// Slots that others are handing over to this node.
    importing: Vec<u16>,
    /// Slots on their way to another node, and to which.
    leaving: Vec<(u16, NodeId)>,
    transfer: Option<Transfer>,
    /// Least time between two keys sent.
    pace: Time,
    /// When the next key may be sent, of whatever slot.
    next_at: Time,
    timeout: Option<TimeoutClass>,
    /// Switched off by a test: slots change hands without their keys.
    forgets: bool,
    /// Items there when the group changed, and keys handed over.
    pub held: u64,
    pub moved: u64,
    /// Callers sent on.
    pub redirects: u64,
}

/// The slot of a key, as its decimal text hashes.
pub(super) fn slot(key: u64) -> u16 {
    slot_of_number(key)
}

/// What a message about slots says: from the first to the last of them, and a node.
pub(super) fn pack(first: u16, last: u16, node: u16) -> u64 {
    u64::from(first) | u64::from(last) << 16 | u64::from(node) << 32
}

fn unpack(key: u64) -> (u16, u16, NodeId) {
    (key as u16, (key >> 16) as u16, NodeId((key >> 32) as u16))
}

impl Cluster {
    pub fn new(site: &Site<'_>) -> Self {
        let rate = site.settings().rate("migration_rate");
        Cluster {
            group: site.index as u16,
            me: NodeId::NONE.0,
            table: group::first_slots(site),
            keys: SlotKeys::default(),
            importing: Vec::new(),
            leaving: Vec::new(),
            transfer: None,
            pace: rate.map_or(0, |rate| (SECOND as f64 / rate) as Time),
            next_at: 0,
            timeout: None,
            forgets: site.is_disabled("migration"),
            held: 0,
            moved: 0,
            redirects: 0,
        }
    }

    pub fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.me = cx.node().0;
        self.timeout = Some(cx.timeout_class(TAKE_WAITS));
    }

    /// Whether this node serves a command. If not, the caller has been sent on, or the command waits for the key's
    /// arrival elsewhere. `is_here`: the node has data under the key.
    pub fn admits(&mut self, id: CallId, key: u64, is_here: impl FnOnce() -> bool, cx: &mut Ctx<'_>) -> bool {
        let slot = slot(key);
        let owner = NodeId(self.table.owner(slot));
        if owner != cx.node() {
            let takes_over = self.importing.contains(&slot);
            if !takes_over {
                self.send_on(id, owner, 0, cx);
            }
            return takes_over;
        }
        let Some((_, to)) = self.leaving.iter().find(|(leaving, _)| *leaving == slot).copied() else {
            return true;
        };
        if let Some(transfer) = &mut self.transfer
            && transfer.hold(key, id)
        {
            return false;
        }
        let is_here = is_here();
        if !is_here {
            self.send_on(id, to, ASK, cx);
        }
        is_here
    }

    fn send_on(&mut self, id: CallId, redirect: NodeId, version: u32, cx: &mut Ctx<'_>) {
        self.redirects += 1;
        cx.reply(id, Answer { redirect, version, ..Answer::of(Status::Moved) });
    }

    /// A command about slots, from the coordinator. Commands of callers that need wait no longer, to be handled now.
    pub fn obey(
        &mut self,
        id: CallId,
        shelf: &mut dyn Shelf,
        dirty: &Dirty,
        cx: &mut Ctx<'_>,
    ) -> Vec<CallId> {
        let call = cx.call(id);
        let (verb, (first, last, node)) = (call.verb, unpack(call.key));
        match verb {
            IMPORT => {
                self.import(first, shelf, cx);
                cx.reply(id, Answer::ok(0, 0));
                Vec::new()
            }
            SET_SLOTS => {
                let waiting = (first..=last).flat_map(|slot| self.settle(slot, node, shelf, cx)).collect();
                cx.reply(id, Answer::ok(0, 0));
                waiting
            }
            _ => {
                debug_assert_eq!(verb, MIGRATE);
                self.migrate(id, first, node, shelf, dirty, cx);
                Vec::new()
            }
        }
    }

    /// A slot will come: nothing of an earlier time may be left in it.
    fn import(&mut self, slot: u16, shelf: &mut dyn Shelf, cx: &Ctx<'_>) {
        if self.table.owner(slot) != cx.node().0 && !self.importing.contains(&slot) {
            self.clear(slot, shelf);
            self.importing.push(slot);
        }
    }

    fn clear(&mut self, slot: u16, shelf: &mut dyn Shelf) {
        for key in self.keys.take(slot) {
            shelf.delete(key);
        }
    }

    /// The owner of a slot is known; what another node owns is removed here. The commands that waited for a transfer that is
    /// called off.
    fn settle(&mut self, slot: u16, owner: NodeId, shelf: &mut dyn Shelf, cx: &mut Ctx<'_>) -> Vec<CallId> {
        self.table.give(slot, owner.0);
        self.importing.retain(|other| *other != slot);
        self.leaving.retain(|(other, _)| *other != slot);
        if owner != cx.node() {
            self.clear(slot, shelf);
        }
        match self.transfer.take_if(|transfer| transfer.slot == slot) {
            Some(transfer) => {
                cx.reply(transfer.order, Answer::of(Status::Failed));
                transfer.release()
            }
            None => Vec::new(),
        }
    }

    fn migrate(
        &mut self,
        id: CallId,
        slot: u16,
        to: NodeId,
        shelf: &dyn Shelf,
        dirty: &Dirty,
        cx: &mut Ctx<'_>,
    ) {
        if self.table.owner(slot) != cx.node().0 || self.forgets {
            return cx.reply(id, Answer::ok(0, 0));
        }
        if let Some(transfer) = &mut self.transfer {
            // Whoever gave the order does not wait for it any more: it asks again, or for something else.
            let order = std::mem::replace(&mut transfer.order, id);
            cx.reply(order, Answer::of(Status::Failed));
            if (transfer.slot, transfer.to) == (slot, to) {
                return self.pump(shelf, dirty, cx);
            }
            if !transfer.is_quiet() {
                return cx.reply(id, Answer::of(Status::Rejected));
            }
        }
        self.leaving.retain(|(other, _)| *other != slot);
        self.leaving.push((slot, to));
        let now = cx.now();
        let keys = self.keys.of(slot, |key| {
            shelf.peek(key).is_some_and(|item| item.expires > now) || dirty.get(key).is_some()
        });
        self.transfer = Some(Transfer::new(slot, to, id, keys, self.next_at));
        self.pump(shelf, dirty, cx);
    }

    /// Sends the next keys of the slot that is moving, as many as may be under way; answers the coordinator when all are there.
    pub fn pump(&mut self, shelf: &dyn Shelf, dirty: &Dirty, cx: &mut Ctx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        let is_over = transfer.pump(shelf, dirty, self.pace, self.timeout, cx);
        self.next_at = transfer.next_at;
        if is_over {
            let transfer = self.transfer.take().expect("just seen");
            let status = if transfer.failed { Status::Failed } else { Status::Ok };
            cx.reply(transfer.order, Answer { bytes: transfer.moved, ..Answer::of(status) });
        }
    }

    /// The new owner has taken a key, or has not. The commands that waited for it, to be handled now.
    pub fn taken(&mut self, reply: &Reply, shelf: &mut dyn Shelf, dirty: &mut Dirty) -> Vec<CallId> {
        let Some(transfer) = &mut self.transfer else { return Vec::new() };
        let Some(waiting) = transfer.arrived(reply.key, reply.status == Status::Ok) else {
            return Vec::new();
        };
        if reply.status == Status::Ok {
            shelf.delete(reply.key);
            dirty.hand_over(reply.key);
            self.moved += 1;
        }
        waiting
    }

    /// Whether a key that another node hands over belongs here.
    pub fn takes(&self, key: u64, cx: &Ctx<'_>) -> bool {
        let slot = slot(key);
        self.table.owner(slot) == cx.node().0 || self.importing.contains(&slot)
    }

    /// The item of a key that another node hands over, and whether it waits to be stored; `None` if what is here is newer.
    pub fn handed_over(id: CallId, held: Option<Item>, cx: &Ctx<'_>) -> Option<(Item, bool)> {
        let call = cx.call(id);
        let left = u64::from(call.note);
        let expires =
            if call.note == u32::MAX { NEVER } else { cx.now().saturating_add(left.max(1) * MILLISECOND) };
        let item = Item { key: call.key, version: call.version, bytes: call.bytes, expires };
        let is_newer = held.is_none_or(|held| held.version <= item.version);
        is_newer.then_some((item, call.verb == TAKE_DIRTY))
    }

    /// The group has changed: what it costs is counted from here.
    pub fn on_control(&mut self, control: &Control, shelf: &dyn Shelf) {
        match control.verb {
            Control::JOIN | Control::LEAVE if control.subject().0 == self.group => self.held += shelf.len(),
            Control::CRASH_PROCESS | Control::CRASH_HOST => {
                self.transfer = None;
                self.keys = SlotKeys::default();
            }
            _ => {}
        }
    }

    /// How many slots this node has, as far as it knows.
    pub fn slots(&self) -> u64 {
        self.table.count(self.me)
    }

    /// When to look again at what is moving.
    pub fn timer(at: Time, cx: &mut Ctx<'_>) {
        cx.timer_at(at, Timer { tag: super::node::TRANSFER_DUE, data: 0 });
    }
}
