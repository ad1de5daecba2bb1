//! What a follower does: keeps the leader's entries, drops its own that conflict.

use super::apply::Received;
use super::voter::Voter;
use crate::components::database::replica::log::{Entry, Stamp};
use crate::components::database::replica::wire::unpack;
use crate::kernel::parcel::{Item, ParcelId};
use crate::kernel::{Answer, CallId, Ctx, Status, Time};
use std::collections::{BTreeMap, VecDeque};

/// Entries that may wait for an applier; a batch more is refused, and sent again later.
const BEHIND_AT_MOST: u32 = 1 << 16;
/// Batches that may wait for their predecessors.
const EARLY_AT_MOST: usize = 1 << 8;
/// Reads that may wait for an entry; one more goes elsewhere.
const WAITING_AT_MOST: usize = 1 << 16;

/// State of a follower; a leader has it too: its rows follow its log.
#[derive(Clone, Debug, Default)]
pub(super) struct Follow {
    /// Up to this entry the rows show the log.
    pub applied: u32,
    /// Committed entries behind `applied` that are being applied.
    pub queue: VecDeque<Received>,
    /// Entries that are known to agree with the leader's.
    pub verified: u32,
    /// Batches whose entries are on their way to the disk: number of the last one, and whom to answer. Votes likewise, in order.
    pub keeping: Vec<(u32, CallId)>,
    pub votes: VecDeque<(CallId, Answer)>,
    /// Batches that overtook others on the way, by the entry they come behind.
    early: BTreeMap<u32, CallId>,
    /// Reads that wait until an entry has been applied.
    pub waiting: Vec<(u32, CallId)>,
    /// Committed entries as last told, and when.
    pub heard: (u32, Time),
    /// How long that was on its way.
    pub way: Time,
    /// The rows show everything that was committed before this time.
    pub fresh_at: Time,
    /// When it last heard of a leader.
    pub touched: Time,
}

impl Follow {
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_AT_MOST
    }

    pub fn crash(&mut self) {
        self.queue.clear();
        self.keeping.clear();
        self.votes.clear();
        self.early.clear();
        self.waiting.clear();
        self.verified = self.applied;
    }

    /// The log begins anew behind entry `index`.
    pub fn restart(&mut self, index: u32) {
        self.queue.clear();
        (self.applied, self.verified) = (index, index);
    }
}

impl Voter {
    /// Somebody speaks as the leader of `term`: whether that is so.
    pub(super) fn heed(&mut self, id: CallId, term: u32, cx: &mut Ctx<'_>) -> bool {
        if term < self.term {
            cx.reply(id, Answer { version: self.term, ..Answer::of(Status::Moved) });
            return false;
        }
        let leader = self.peer(cx.call(id).caller);
        assert!(!self.leads || term > self.term, "two leaders of one term");
        if term > self.term || self.leader != Some(leader) {
            self.follow_term(term, Some(leader), cx);
            self.drop_early(cx);
        }
        self.ballot = None;
        self.follow.touched = cx.now();
        self.wait_for_leader(cx);
        true
    }

    pub(super) fn drop_early(&mut self, cx: &mut Ctx<'_>) {
        for (_, call) in std::mem::take(&mut self.follow.early) {
            cx.reply(call, Answer::of(Status::Failed));
        }
    }

    /// A batch of entries comes.
    pub(super) fn take_append(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let ((term, ..), before) = (unpack(call.key), call.version);
        // Its sender has died or given it up: its parcel may be used again.
        if !cx.is_awaited(id) {
            return cx.reply(id, Answer::of(Status::Failed));
        }
        if !self.heed(id, term, cx) {
            return;
        }
        if let Some(copying) = &self.copying {
            let status = if copying.waits_for(term) { Status::Denied } else { Status::Rejected };
            return cx.reply(id, Answer::of(status));
        }
        let end = self.log.end();
        if end - self.follow.applied >= BEHIND_AT_MOST {
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        if before > end && self.is_stream(id, cx) && self.follow.early.len() < EARLY_AT_MOST {
            if let Some(older) = self.follow.early.insert(before, id) {
                cx.reply(older, Answer::of(Status::Failed));
            }
            return;
        }
        self.merge(id, cx);
        while let Some((before, id)) = self.follow.early.first_key_value().map(|(at, id)| (*at, *id))
            && before <= self.log.end()
        {
            self.follow.early.remove(&before);
            if cx.is_awaited(id) {
                self.merge(id, cx);
            } else {
                cx.reply(id, Answer::of(Status::Failed));
            }
        }
    }

    /// Whether a batch follows another one that is on its way.
    fn is_stream(&self, id: CallId, cx: &Ctx<'_>) -> bool {
        cx.parcel(ParcelId(cx.call(id).note)).first().is_some_and(|header| header[1] == 1)
    }

    /// Takes a batch into the log, if the logs agree before it.
    fn merge(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (_, epoch, commit) = unpack(call.key);
        let (before, parcel, number, asked) = (call.version, ParcelId(call.note), call.token, call.asked);
        // What is committed agrees with every leader's log.
        if before > self.commit && self.log.epoch_at(before) != Some(epoch) {
            let end = self.log.end();
            let agree = if before > end { end } else { self.log.before_epoch_of(before) };
            let version = agree.max(self.commit);
            return cx.reply(id, Answer { version, ..Answer::of(Status::Missing) });
        }
        let items = std::mem::take(cx.parcel_mut(parcel));
        debug_assert_eq!(items[0][0], u64::from(number), "a parcel is used again only when nobody waits");
        for (index, item) in (before + 1..).zip(&items[1..]) {
            self.merge_entry(index, item, cx);
        }
        let last = before + items.len() as u32 - 1;
        *cx.parcel_mut(parcel) = items;
        self.follow.verified = self.follow.verified.max(last);
        self.keep_batch(last, id, cx);
        self.hear_commit(commit as u32, asked, cx);
    }

    fn merge_entry(&mut self, index: u32, item: &Item, cx: &mut Ctx<'_>) {
        let entry = Entry {
            key: item[0],
            version: item[1] as u32,
            previous: item[2] as u32,
            epoch: (item[1] >> 32) as u32,
            written: Stamp::default(),
        };
        if index <= self.commit {
            return;
        }
        if index <= self.log.end() {
            if self.log.epoch_at(index) == Some(entry.epoch) {
                return; // it is here already
            }
            self.drop_from(index, cx);
        }
        self.log.push(entry, 0);
    }

    /// The leader says what is committed; what is known to agree with its log is, too.
    pub(super) fn hear_commit(&mut self, commit: u32, asked: Time, cx: &mut Ctx<'_>) {
        if asked >= self.follow.heard.1 {
            (self.follow.heard, self.follow.way) = ((commit, asked), cx.now() - asked);
        }
        let known = commit.min(self.follow.verified).min(self.durable);
        if known > self.commit {
            self.commit = known;
            self.apply_committed(cx);
        }
        self.note_freshness();
    }

    /// A sign of life of the leader.
    pub(super) fn answer_beat(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let ((term, _, commit), asked) = (unpack(call.key), call.asked);
        if !self.heed(id, term, cx) {
            return;
        }
        let status = if self.copying.is_some() { Status::Missing } else { Status::Ok };
        if status == Status::Ok {
            self.hear_commit(commit as u32, asked, cx);
        }
        cx.reply(id, Answer { version: self.follow.applied, ..Answer::of(status) });
    }
}
