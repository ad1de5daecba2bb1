//! A copy of the rows, for a follower that is too far behind, and for a new machine with an empty disk.
//!
//! The follower fetches piece by piece from the leader, which goes on serving and pays for every row it reads. Its log begins at the
//! entry that showed when the copy began; rows come with their versions, and the newer one stays.
//!
//! A machine that comes in another's place has forgotten votes and entries that others count on. So it first asks all the others for
//! their terms (each forgets what its predecessor had confirmed) and then fetches a copy from a leader of none older; until
//! then it neither votes nor confirms.

use super::voter::Voter;
use crate::components::database::replica::member::COPY_ON;
use crate::components::database::replica::wire::{COPY, FETCH, POSITION, pack, unpack};
use crate::kernel::parcel::ParcelId;
use crate::kernel::{Answer, Ask, CallId, Ctx, Reply, Status, Time, Timer};
use std::collections::BTreeSet;

/// A copy under way, or waited for.
#[derive(Clone, Debug)]
pub(super) struct Copying {
    /// The term of the leader that it comes from; 0: of none yet.
    term: u32,
    /// Keys below this one are here.
    cursor: u64,
    /// Numbers the pieces.
    attempt: u32,
    /// The question for the last of them. There is never another one that it waits for: all pieces come in the same parcel.
    asked: CallId,
    since: Time,
    /// A new machine, and who has told it a term, as bits.
    newcomer: Option<u32>,
    /// How many others there are to ask.
    others: u32,
    /// Rows erased meanwhile: a piece read before must not bring them back.
    pub(super) erased: BTreeSet<u64>,
}

impl Copying {
    /// A crash: it begins from the start when a leader says so.
    pub fn stop(&mut self) {
        (self.term, self.cursor, self.attempt) = (0, 0, self.attempt + 1);
    }

    fn knows_terms(&self) -> bool {
        self.newcomer.is_none_or(|known| known.count_ones() == self.others)
    }

    /// Whether the leader of this term has to say that it begins.
    pub fn waits_for(&self, term: u32) -> bool {
        self.term != term && self.knows_terms()
    }
}

impl Voter {
    /// Whether it stands in another's place and may not speak for it yet.
    pub(super) fn is_newcomer(&self) -> bool {
        self.copying.as_ref().is_some_and(|copying| copying.newcomer.is_some())
    }

    fn copy_anew(&mut self, term: u32, newcomer: Option<u32>, cx: &mut Ctx<'_>) {
        let before = self.copying.as_ref();
        before.into_iter().for_each(|copying| cx.abandon(copying.asked));
        let attempt = before.map_or(0, |copying| copying.attempt + 1);
        let others = self.plan.peers.len() as u32 - 1;
        let (asked, erased) = (CallId::NONE, BTreeSet::new());
        self.copying = Some(Copying { term, cursor: 0, attempt, asked, since: 0, newcomer, others, erased });
    }

    /// A new machine with an empty disk stands here.
    pub(super) fn begin_empty(&mut self, cx: &mut Ctx<'_>) {
        self.follow_term(self.term, None, cx);
        self.plan.pieces.tell_emptied(&self.rows, self.own as u32, self.plan.peers.len(), cx);
        self.forget_all(0, 0, cx);
        (self.term, self.voted) = (0, None);
        self.copy_anew(0, Some(0), cx);
        cx.tell("replaced", "an empty machine asks the others for their terms, then for a copy");
        self.ask_terms(cx);
    }

    fn forget_all(&mut self, index: u32, epoch: u32, cx: &mut Ctx<'_>) {
        self.rows.clear();
        self.desk.empty();
        self.log.restart(index, epoch);
        self.drop_early(cx);
        self.drop_keeping(cx);
        self.desk.stop_applying(cx);
        self.follow.restart(index);
        self.durable = index;
        self.commit = index;
        for (_, call) in std::mem::take(&mut self.follow.waiting) {
            self.send_on(call, cx);
        }
    }

    /// A newcomer asks those whose terms it does not know.
    pub(super) fn ask_terms(&mut self, cx: &mut Ctx<'_>) {
        let Some(known) = self.copying.as_ref().and_then(|copying| copying.newcomer) else { return };
        for at in self.others().filter(|at| known & (1 << at) == 0) {
            let ask = Ask::new(self.plan.peers[at], POSITION, 0);
            let attempt = self.copying.as_ref().map_or(0, |copying| copying.attempt);
            cx.ask(Ask { note: attempt, timeout: self.silence, ..ask });
        }
    }

    /// A newcomer asks for the term: what its predecessor had confirmed counts no more.
    pub(super) fn answer_newcomer(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let at = self.peer(cx.call(id).caller);
        if self.is_newcomer() {
            return cx.reply(id, Answer::of(Status::Rejected)); // it knows nothing either
        }
        if self.leads {
            let link = &mut self.lead.links[at];
            link.forget(cx);
            (link.matched, link.copying, link.is_empty) = (0, true, true);
        }
        cx.reply(id, Answer::ok(self.term, 0));
    }

    pub(super) fn on_term(&mut self, reply: &Reply) {
        let at = self.peer(reply.callee);
        let Some(copying) = &mut self.copying else { return };
        if let Some(known) = &mut copying.newcomer
            && reply.status == Status::Ok
        {
            *known |= 1 << at;
            if reply.version > self.term {
                (self.term, self.voted, self.leader) = (reply.version, None, None);
            }
        }
    }

    /// The leader says: what you need is not in my log any more, fetch a copy.
    pub(super) fn take_install(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let ((term, epoch, _), index) = (unpack(call.key), call.version);
        if !self.heed(id, term, cx) {
            return;
        }
        let is_known = self.copying.as_ref().is_some_and(|copying| !copying.knows_terms());
        if is_known || index <= self.follow.applied && self.copying.is_none() {
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        self.forget_all(index, epoch, cx);
        let newcomer = self.copying.as_ref().and_then(|copying| copying.newcomer);
        self.copy_anew(term, newcomer, cx);
        cx.tell("copy begins", format!("of {} rows", self.plan.pieces.rows()));
        self.ask_piece(cx);
        cx.reply(id, Answer::ok(index, 0));
    }

    fn ask_piece(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(leader) = self.leader else { return };
        let Some(copying) = &mut self.copying else { return };
        copying.since = now;
        let ask = Ask::new(self.plan.peers[leader], COPY, pack(copying.term, 0, copying.cursor));
        // An election time-out does not bound it (Raft, ch. 7: a snapshot is sent until it has come).
        let timeout = Some(cx.timeout_class(self.plan.pieces.patience(self.plan.timeout)));
        copying.asked = cx.ask(Ask { note: copying.attempt, timeout, ..ask });
    }

    /// The source: rows for another shard, or a piece of a copy, are read like any statement, through a connection. (No rows: one that was read
    /// along with others.)
    pub(super) fn begin_copying_work(&mut self, id: CallId, verb: u16, cx: &mut Ctx<'_>) {
        let rows = u64::from(cx.call(id).version);
        if verb == FETCH && rows == 0 {
            return self.desk.give(id, &self.rows, cx);
        }
        let (count, work) = match verb {
            COPY => {
                let keys = self.plan.pieces.keys(unpack(cx.call(id).key).2);
                (keys.end - keys.start, self.plan.pieces.work(keys, &self.rows))
            }
            _ => (1, rows * self.plan.copy_row),
        };
        if !self.desk.take_copy(id, count, work, &self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    /// The source has read a piece: its written rows travel with the answer.
    pub(super) fn copy_piece(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let ((term, _, cursor), attempt) = (unpack(call.key), call.note);
        let to = self.peer(call.caller);
        if !self.leads || term != self.term || !cx.is_awaited(id) {
            return cx.reply(id, Answer::of(Status::Moved));
        }
        let parcel = *self.lead.links[to].copies.get_or_insert_with(|| cx.open_parcel());
        let contents = cx.parcel_mut(parcel);
        contents.clear();
        contents.push([u64::from(attempt), 0, 0]);
        let keys = self.plan.pieces.keys(cursor);
        let (desk, rows) = (&mut self.desk, &self.rows);
        contents
            .extend(keys.filter(|key| desk.has(*key, rows)).map(|key| [key, u64::from(rows.get(key)), 0]));
        let bytes = self.desk.engine.row_bytes.saturating_mul(contents.len() as u32 - 1);
        cx.reply(id, Answer::ok(parcel.0, bytes));
    }

    pub(super) fn on_piece(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(copying) = &mut self.copying else { return };
        if copying.attempt != reply.note || copying.term != unpack(reply.key).0 {
            return;
        }
        let (attempt, since) = (copying.attempt, copying.since);
        if reply.status != Status::Ok {
            return self.copy_at(cx.now().saturating_add(self.plan.heartbeat), attempt, cx);
        }
        let parcel = ParcelId(reply.version);
        debug_assert_eq!(cx.parcel(parcel)[0][0], u64::from(attempt), "the last piece asked for");
        let piece = self.plan.pieces.keys(copying.cursor);
        copying.cursor = piece.end;
        for item in &cx.parcel(parcel)[1..] {
            self.copied += 1;
            if copying.erased.contains(&item[0]) {
                continue;
            }
            self.desk.correct(item[0], true);
            if item[1] as u32 > self.rows.get(item[0]) {
                self.rows.set(item[0], item[1] as u32, cx.now());
            }
        }
        let due = since.saturating_add(self.plan.pieces.pause(piece));
        if due > cx.now() { self.copy_at(due, attempt, cx) } else { self.copy_on(attempt, cx) }
    }

    fn copy_at(&mut self, at: Time, attempt: u32, cx: &mut Ctx<'_>) {
        cx.timer_at(at.max(cx.now()), Timer { tag: COPY_ON, data: u64::from(attempt) });
    }

    /// Time for the next piece, or for the same one again.
    pub(super) fn copy_on(&mut self, attempt: u32, cx: &mut Ctx<'_>) {
        let Some(copying) = self.copying.as_mut().filter(|copying| copying.attempt == attempt) else {
            return;
        };
        if copying.term != self.term {
            return;
        }
        if self.plan.pieces.are_over(copying.cursor) {
            self.copying = None;
            self.plan.pieces.tell_filled(&self.rows, self.own as u32, self.plan.peers.len(), cx);
            return cx.tell("copy ends", format!("{} written rows came", self.copied));
        }
        copying.attempt += 1;
        self.ask_piece(cx);
    }
}
