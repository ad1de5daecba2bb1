//! What a member does while it is a replica: takes entries in order, keeps them, applies them, shows them to readers.

use super::copy::Copying;
use super::desk::Apply;
use super::log::{ERASED, Entry, Stamp};
use super::member::Member;
use super::wire::{SHIP, unpack};
use crate::kernel::{Answer, CallId, Ctx, NodeId, Status, Time};
use std::collections::{BTreeMap, VecDeque};

/// Entries that may wait for their predecessors, and for an applier: more are refused, and sent again later.
const EARLY_AT_MOST: usize = 1 << 16;
/// Reads that may wait for an entry; one more goes elsewhere.
const WAITING_AT_MOST: usize = 1 << 16;

/// An entry that has been received and not applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    /// To be answered when it is on disk, or applied, as the mode says.
    pub(super) call: CallId,
    /// When its primary committed it.
    pub(super) committed: Time,
    /// Whether it has been applied, and may show when those before it do.
    pub(super) done: bool,
    /// Whether it is on disk.
    pub(super) kept: bool,
}

/// State of a replica.
#[derive(Clone, Debug)]
pub struct Follow {
    /// Up to this entry the rows show the log.
    pub(super) applied: u32,
    /// The entries from `applied` + 1 to the end of the log.
    pub(super) queue: VecDeque<Received>,
    /// Entries that overtook others on the way.
    pub(super) early: BTreeMap<u32, (Entry, Time, CallId)>,
    /// Reads that wait until an entry has been applied.
    pub(super) waiting: Vec<(u32, CallId)>,
    /// The rows show everything that was committed before this time.
    pub(super) fresh_at: Time,
    /// Length of the primary's log as last told, and when.
    pub(super) heard: (u32, Time),
    pub(super) heard_end: u32,
    /// Its primary waits for it since the heartbeat sent at this time, from this entry on.
    pub(super) counted: Option<(Time, u32)>,
    /// Its lease last ran out before this time.
    pub(super) lapsed: Time,
    /// It is back from a crash, and no primary has spoken to it yet.
    pub(super) is_back: bool,
    /// A copy under way.
    pub(super) copying: Option<Copying>,
    pub(super) copied: u64,
    /// From commit on the primary to its readers, for the entry last applied.
    pub(super) delay: Time,
    /// How long the primary's last message was on its way.
    pub(super) way: Time,
}

impl Default for Follow {
    fn default() -> Self {
        Follow {
            applied: 0,
            queue: VecDeque::new(),
            early: BTreeMap::new(),
            waiting: Vec::new(),
            fresh_at: 0,
            heard: (0, 0),
            heard_end: 0,
            counted: Some((0, 0)),
            lapsed: 0,
            is_back: false,
            copying: None,
            copied: 0,
            delay: 0,
            way: 0,
        }
    }
}

impl Follow {
    pub(super) fn is_copying(&self) -> bool {
        self.copying.is_some()
    }

    /// What was on the way is gone; what was received is on disk.
    pub(super) fn crash(&mut self) {
        self.early.clear();
        self.waiting.clear();
        self.counted = None;
        self.stop_copying(false);
        for received in &mut self.queue {
            (received.call, received.done, received.kept) = (CallId::NONE, false, true);
        }
    }
}

/// So many entries received and not applied, in the place of an answer that has the right size; none, if they are more.
fn behind(entries: u32) -> NodeId {
    u16::try_from(entries).map_or(NodeId::NONE, NodeId)
}

impl Member {
    /// An entry comes.
    pub(super) fn take_entry(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (sender, epoch, key) = unpack(call.key);
        let (caller, index, version, late) = (call.caller, call.note, call.version, call.verb != SHIP);
        let (asked, written) = (call.asked, Stamp(call.token));
        let committed = if late { written.time(cx.now()) } else { asked };
        // Nobody waits for the answer: the connection on which it came broke meanwhile, its sender has died.
        if !self.follows(caller, sender) || !cx.is_awaited(id) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        if self.follow.is_back {
            return cx.reply(id, Answer::of(Status::Failed));
        }
        let entry = Entry { key, version, previous: 0, epoch, written };
        self.take_in_order(index, entry, (committed, !late), id, cx);
    }

    /// Keeps an entry when all before it are there. `committed` is when its primary wrote it, and whether it comes at once.
    pub(super) fn take_in_order(
        &mut self,
        index: u32,
        entry: Entry,
        committed: (Time, bool),
        id: CallId,
        cx: &mut Ctx<'_>,
    ) {
        let end = self.log.end();
        if index <= end {
            self.take_again(index, id, cx);
        } else if self.follow.early.len() + self.follow.queue.len() >= EARLY_AT_MOST {
            cx.reply(id, Answer::of(Status::Rejected));
        } else if index > end + 1 {
            self.follow.early.insert(index, (entry, committed.0, id));
        } else {
            self.keep(entry, id, committed, cx);
            while let Some((entry, at, id)) = self.follow.early.remove(&(self.log.end() + 1)) {
                self.keep(entry, id, (at, false), cx);
            }
        }
    }

    /// Whether this is our primary speaking.
    fn follows(&self, caller: NodeId, epoch: u32) -> bool {
        !self.leads
            && epoch == self.epoch
            && epoch >= self.promised
            && caller == self.plan.peers[self.primary]
    }

    /// The next entry is on disk.
    fn keep(&mut self, entry: Entry, id: CallId, (committed, at_once): (Time, bool), cx: &mut Ctx<'_>) {
        let index = self.log.push(entry, self.follow.applied.min(self.durable));
        self.follow.heard_end = self.follow.heard_end.max(index);
        if at_once {
            (self.follow.heard, self.follow.way) = ((index, committed), cx.now() - committed);
        }
        let kept = self.desk.keep(index, cx);
        let mut call = id;
        if kept && !self.plan.mode.answers_when_applied {
            cx.reply(id, Answer::ok(self.follow.applied, 0));
            call = CallId::NONE;
        }
        if kept && !self.desk.syncs_later() {
            self.durable = index;
        }
        self.follow.queue.push_back(Received { call, committed, done: false, kept });
        self.apply_later(index, cx);
    }

    fn apply_later(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let Some(entry) = self.log.get(index) else { return };
        let how = if entry.version == ERASED { Apply::Remove } else { Apply::Write };
        self.desk.apply(index, entry.key, how, &self.rows, cx);
    }

    /// After a crash: what is on disk and not applied is applied again.
    pub(super) fn apply_again(&mut self, cx: &mut Ctx<'_>) {
        for index in self.follow.applied + 1..=self.log.end() {
            self.apply_later(index, cx);
        }
    }

    pub(super) fn on_applied(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let Some(place) = index.checked_sub(self.follow.applied + 1) else { return };
        if let Some(received) = self.follow.queue.get_mut(place as usize) {
            received.done = true;
        }
        self.show_applied(cx);
    }

    /// Several appliers work side by side; what they did shows in the order of the log (replica_preserve_commit_order), when it is
    /// on disk.
    pub(super) fn show_applied(&mut self, cx: &mut Ctx<'_>) {
        while self.follow.queue.front().is_some_and(|first| first.done && first.kept) {
            self.apply_next(cx);
        }
        self.after_applying(cx);
    }

    fn apply_next(&mut self, cx: &mut Ctx<'_>) {
        let Some(received) = self.follow.queue.pop_front() else { return };
        let index = self.follow.applied + 1;
        self.follow.applied = index;
        let copying = self.follow.is_copying();
        if let Some(entry) = self.log.get_mut(index) {
            let shown = self.rows.get(entry.key);
            entry.previous = shown;
            // A copy may have brought a newer one; entry 0 writes nothing.
            if let Some(row) = entry.row().filter(|_| !copying || entry.version > shown) {
                self.rows.set(entry.key, row, cx.now());
            }
            if entry.version == ERASED {
                self.desk.correct(entry.key, false);
            }
            if entry.row() == Some(0)
                && let Some(copying) = &mut self.follow.copying
            {
                copying.erased.insert(entry.key);
            }
        }
        self.follow.delay = cx.now() - received.committed;
        self.follow.fresh_at = self.follow.fresh_at.max(received.committed);
        if !received.call.is_none() {
            cx.reply(received.call, Answer::ok(index, 0));
        }
    }

    fn after_applying(&mut self, cx: &mut Ctx<'_>) {
        let (applied, heard) = (self.follow.applied, self.follow.heard);
        if applied >= heard.0 {
            self.follow.fresh_at = self.follow.fresh_at.max(heard.1);
        }
        let (ready, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.follow.waiting).into_iter().partition(|(index, _)| *index <= applied);
        self.follow.waiting = waiting;
        for (_, read) in ready {
            self.begin(read, cx);
        }
        self.open_if_ready(cx);
    }

    /// A read comes to a replica; `version` of the call is the entry it must see.
    pub(super) fn take_read(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let token = cx.call(id).version;
        if !self.may_show(cx.now()) || self.follow.waiting.len() >= WAITING_AT_MOST {
            return self.send_to_primary(id, cx);
        }
        if token > self.follow.applied {
            return self.follow.waiting.push((token, id));
        }
        self.begin(id, cx);
    }

    fn send_to_primary(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let redirect = self.plan.peers[self.primary];
        cx.reply(id, Answer { redirect, ..Answer::of(Status::Moved) });
    }

    /// The primary tells how long its log is, and whether it waits for us.
    pub(super) fn answer_beat(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (sender, ..) = unpack(call.key);
        let (caller, end, counts, asked) = (call.caller, call.version, call.note == 1, call.asked);
        if !self.follows(caller, sender) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        if self.follow.is_back {
            return cx.reply(id, Answer::of(Status::Failed)); // it knows nothing of such a connection
        }
        self.follow.heard_end = self.follow.heard_end.max(end);
        if asked >= self.follow.heard.1 {
            (self.follow.heard, self.follow.way) = ((end, asked), cx.now() - asked);
        }
        self.note_lapse(cx.now());
        self.follow.counted = match self.follow.counted {
            Some(since) if counts && since.0 >= self.follow.lapsed => Some(since),
            _ if counts => Some((asked, end)),
            _ => None,
        };
        self.after_applying(cx);
        let status = if self.follow.is_copying() { Status::Missing } else { Status::Ok };
        let received = self.received();
        let redirect = behind(received.saturating_sub(self.follow.applied));
        cx.reply(id, Answer { version: received, redirect, ..Answer::of(status) });
    }

    /// A primary asks up to where our logs agree; what we have beyond is taken back.
    pub(super) fn answer_hello(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (sender, epoch, _) = unpack(call.key);
        let (caller, index, copy) = (call.caller, call.version, call.note == 1);
        // One that was asked again meanwhile came over a connection that has broken: what has been sent since is not taken back for it.
        let is_over = !cx.is_awaited(id);
        if is_over || sender < self.epoch.max(self.promised) || (self.leads && sender == self.epoch) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        self.follow_new(caller, sender, cx);
        self.follow.is_back = false;
        if copy {
            self.begin_copy(index, epoch, cx);
            return cx.reply(id, Answer::ok(index, 0));
        }
        let answer = if self.follow.is_copying() || index < self.log.base() {
            Answer::of(Status::Rejected)
        } else if index > self.log.end() {
            self.agrees_before(self.log.end())
        } else if self.log.epoch_at(index) == Some(epoch) {
            self.rewind(index, cx);
            Answer::ok(self.received(), 0)
        } else {
            // Entries of newer epochs than the primary's are of a primary that nobody knew; the others it can compare (KIP-101, KIP-279).
            self.log.last_of(epoch, index).map_or(Answer::of(Status::Rejected), |at| self.agrees_before(at))
        };
        cx.reply(id, answer);
    }

    /// "Not up to there; I have this entry, of this epoch": the epoch travels in `redirect`, which has the right size.
    fn agrees_before(&self, index: u32) -> Answer {
        let redirect = NodeId(self.log.epoch_at(index).unwrap_or(0) as u16);
        Answer { version: index, redirect, ..Answer::of(Status::Missing) }
    }

    /// Somebody is primary of this epoch.
    fn follow_new(&mut self, caller: NodeId, epoch: u32, cx: &mut Ctx<'_>) {
        if self.leads {
            self.step_down(cx);
        }
        let is_new = epoch > self.epoch;
        if is_new {
            self.follow.counted = None;
        }
        self.epoch = epoch;
        self.primary = self.plan.peers.iter().position(|peer| *peer == caller).unwrap_or(self.primary);
        if is_new {
            self.send_waiting_on(cx);
        }
        for (_, (_, _, call)) in std::mem::take(&mut self.follow.early) {
            cx.reply(call, Answer::of(Status::Moved));
        }
    }

    /// Another is primary now: what reads wait for may be of a history that is gone. It has what survives.
    pub(super) fn send_waiting_on(&mut self, cx: &mut Ctx<'_>) {
        for (_, read) in std::mem::take(&mut self.follow.waiting) {
            self.send_to_primary(read, cx);
        }
    }

    /// The log begins anew: nothing waits to be applied.
    pub(super) fn forget_queue(&mut self, applied: u32, cx: &mut Ctx<'_>) {
        for received in std::mem::take(&mut self.follow.queue) {
            cx.reply(received.call, Answer::of(Status::Moved));
        }
        (self.follow.applied, self.follow.heard_end) = (applied, applied);
        (self.durable, self.flushing) = (applied, applied);
        self.restart_applier(cx);
    }
}
