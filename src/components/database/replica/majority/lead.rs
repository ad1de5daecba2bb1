//! What a leader does: takes writes into its log, calls those committed that a majority keeps, and knows until when it leads.

use super::commit::committed;
use super::send::Link;
use super::voter::Voter;
use super::{NOTHING, kind};
use crate::components::database::replica::desk::Statement;
use crate::components::database::replica::log::{Entry, Stamp};
use crate::components::database::replica::wire::{BEAT, ERASE, MIRROR, TIMEOUT_NOW, VIEW, pack, unpack};
use crate::kernel::{Answer, Ask, CallId, Ctx, Reply, Status, Time};
use crate::parts::verbs::FLUSH;
use std::collections::{BTreeSet, VecDeque};

/// Most members of a shard.
const MEMBERS_MAX: usize = 16;

/// State of a leader.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub links: Vec<Link>,
    /// Writes that wait for a majority, and keep their connections so long: number of the entry, and whom to answer.
    pub pending: VecDeque<(u32, Statement)>,
    /// The entry with which its term began: what is before it may lack a commit that nobody here knows of.
    pub first: u32,
    /// When it was elected.
    since: Time,
    /// A majority refuses votes until then.
    lease_until: Time,
    /// Whom it hands over to, and until when that is tried: no more writes are taken.
    pub transfer: Option<(usize, Time)>,
}

impl Lead {
    pub fn new(members: usize) -> Self {
        let links = (0..members).map(|_| Link::default()).collect();
        Lead { links, pending: VecDeque::new(), first: 0, since: 0, lease_until: 0, transfer: None }
    }

    /// At the start all logs are empty and all members there.
    pub fn begin(&mut self, own: usize, timeout: Time) {
        self.lease_until = timeout;
        let others = self.links.iter_mut().enumerate().filter(|(at, _)| *at != own);
        others.for_each(|(_, link)| link.begin(0, Some(0)));
    }

    /// Nothing is known any more.
    pub fn clear(&mut self) {
        self.pending.clear();
        self.links.iter_mut().for_each(|link| link.begin(0, None));
        (self.first, self.since, self.lease_until, self.transfer) = (0, 0, 0, None);
    }
}

impl Voter {
    /// Elected: the term begins with an entry of its own, which commits all before it.
    pub(super) fn begin_term(&mut self, votes: u32, cx: &mut Ctx<'_>) {
        let (term, votes, of) = (self.term, votes.count_ones(), self.plan.peers.len());
        (self.leads, self.leader) = (true, Some(self.own));
        self.lead.clear();
        self.elections += 1;
        let end = self.log.end();
        self.lead.links.iter_mut().for_each(|link| link.begin(end, None));
        self.lead.since = cx.now();
        let first = self.log.push(
            Entry { key: NOTHING, version: 0, previous: kind::WRITE, epoch: term, written: Stamp::default() },
            0,
        );
        self.keep_own(first, cx);
        self.lead.first = first;
        let detail = format!("shard {}, term {term}: {votes} of {of} votes", self.plan.shard);
        cx.tell("elected", format!("{detail}; the log has {end} entries, {} committed", self.commit));
        self.beat_followers(cx);
        self.send_all(cx);
    }

    /// Whether it may answer reads: a majority has heard of it lately and refuses votes, and all that was committed shows.
    #[inline]
    pub(super) fn may_serve(&self, now: Time) -> bool {
        self.leads
            && now < self.lead.lease_until
            && self.follow.applied >= self.lead.first
            && self.lead.transfer.is_none()
    }

    /// A write has been worked on: it comes into the log. Whether it waits there.
    pub(super) fn propose(&mut self, statement: Statement, cx: &mut Ctx<'_>) -> bool {
        let id = statement.call;
        let call = cx.call(id);
        let (verb, key, version, resharding) = (call.verb, call.key, call.version, call.token);
        let outdated = self.rows.comes_too_late(verb, resharding);
        if !self.leads || self.lead.transfer.is_some() {
            self.desk.undo(key, &self.rows);
            self.send_on(id, cx);
            return false;
        }
        if outdated || self.lacks_room(key) {
            self.desk.undo(key, &self.rows);
            cx.reply(id, Answer::of(if outdated { Status::Failed } else { Status::Rejected }));
            return false;
        }
        let (previous, version) = match verb {
            MIRROR if version == 0 && self.rows.get(key) == 0 => (kind::BORN, 0),
            FLUSH | MIRROR if !self.is_news(verb, key, version, cx) => {
                cx.reply(id, Answer::ok(version, 0));
                return false;
            }
            FLUSH => (kind::FLUSH, version),
            MIRROR => (kind::MIRROR, version),
            ERASE if self.rows.get(key) == 0 && !self.desk.counts() => {
                cx.reply(id, Answer::ok(0, 0));
                return false;
            }
            ERASE => (kind::ERASE, 0),
            _ => (kind::WRITE, 0),
        };
        self.writes += 1;
        let index =
            self.log.push(Entry { key, version, previous, epoch: self.term, written: Stamp::default() }, 0);
        self.lead.pending.push_back((index, statement));
        self.worked_on(index, cx);
        self.send_all(cx);
        true
    }

    /// Whether a version that exists elsewhere changes anything here: what was given up for lost is nothing.
    fn is_news(&self, verb: u16, key: u64, version: u32, cx: &mut Ctx<'_>) -> bool {
        let own = self.rows.get(key);
        match verb {
            FLUSH => cx.audit().survives(key, version) && version > own,
            _ => version > own || !cx.audit().survives(key, own),
        }
    }

    /// Whether a new row would be one more than the disk holds, with those that wait for a majority.
    fn lacks_room(&self, key: u64) -> bool {
        self.plan.capacity.is_some_and(|most| {
            let entries = self.lead.pending.iter().filter_map(|(index, _)| self.log.get(*index));
            let coming: BTreeSet<u64> = entries
                .map(|entry| entry.key)
                .filter(|other| *other != key && self.rows.get(*other) == 0)
                .collect();
            self.desk.lacks_room(key, most.saturating_sub(coming.len() as u64), &self.rows)
        })
    }

    /// Commits what may be committed now.
    pub(super) fn advance(&mut self, cx: &mut Ctx<'_>) {
        let (own, end) = (self.own, self.log.end());
        let mut kept = [0; MEMBERS_MAX];
        for (at, link) in self.lead.links.iter().enumerate() {
            kept[at] = if at == own { end.min(self.durable) } else { link.matched };
        }
        let kept = &mut kept[..self.lead.links.len()];
        let commit = committed(kept, self.commit, self.term, |index| self.log.epoch_at(index));
        if commit > self.commit {
            self.commit = commit;
            self.apply_committed(cx);
            self.tell_commit(cx); // etcd's raft: bcastAppend when maybeCommit
        }
        self.hand_over_if_ready(cx);
    }

    /// A follower has answered something that was asked at `asked`: until an election time-out after that it votes for nobody.
    pub(super) fn note_answer(&mut self, at: usize, asked: Time) {
        let link = &mut self.lead.links[at];
        link.answered = link.answered.max(Some(asked));
        let mut times = [None; MEMBERS_MAX];
        self.others().for_each(|at| times[at] = self.lead.links[at].answered);
        times.sort_unstable_by(|a, b| b.cmp(a));
        if let Some(time) = times[self.majority() - 2] {
            self.lead.lease_until = self.lead.lease_until.max(time.saturating_add(self.plan.timeout));
        }
    }

    /// A sign of life to everybody, with what is committed.
    fn tell_commit(&self, cx: &mut Ctx<'_>) {
        for at in self.others() {
            let beat = Ask::new(self.plan.peers[at], BEAT, pack(self.term, 0, u64::from(self.commit)));
            cx.ask(Ask { timeout: self.silence, ..beat });
        }
    }

    /// A sign of life to everybody. A leader that a majority does not answer for so long that it may have been replaced leads no more.
    pub(super) fn beat_followers(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        if now >= self.lead.lease_until.max(self.lead.since.saturating_add(self.plan.timeout)) {
            cx.tell("steps down", format!("term {}: no majority answers", self.term));
            return self.follow_term(self.term, None, cx);
        }
        if self.lead.transfer.is_some_and(|(_, until)| now >= until) {
            self.lead.transfer = None;
            cx.tell("promotion ignored", "the other does not catch up");
        }
        self.tell_commit(cx);
        let lives = |at: &usize| {
            let link = &self.lead.links[*at];
            !link.copying && link.answered.is_some_and(|at| now < at.saturating_add(self.plan.timeout))
        };
        let bits = self.others().filter(lives).fold(1u32 << self.own, |bits, at| bits | 1 << at);
        let view = Ask::new(self.plan.router, VIEW, pack(self.term, self.plan.shard as u32, 0));
        cx.ask(Ask { version: bits, note: self.own as u32, timeout: self.silence, ..view });
    }

    pub(super) fn on_beat(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        match reply.status {
            Status::Ok | Status::Missing => {
                self.note_answer(at, reply.asked);
                let link = &mut self.lead.links[at];
                link.copying = reply.status == Status::Missing;
                link.applied = link.applied.max(reply.version);
                let shown = self.others().map(|at| self.lead.links[at].applied).min().unwrap_or(0);
                let everywhere = shown.min(self.follow.applied);
                cx.audit().confirm_entries(u32::from(self.plan.peers[0].0), self.term, everywhere);
                self.send_after_beat(at, reply.asked, cx);
            }
            Status::Moved if reply.version > self.term => self.follow_term(reply.version, None, cx),
            _ => {}
        }
    }

    /// The follower that answers, if the question was of this term.
    pub(super) fn link_of(&self, reply: &Reply) -> Option<usize> {
        (self.leads && unpack(reply.key).0 == self.term).then(|| self.peer(reply.callee))
    }

    /// No longer leader. Clients whose writes wait get an error: they cannot know what becomes of them.
    pub(super) fn stop_leading(&mut self, cx: &mut Ctx<'_>) {
        for at in self.others() {
            self.lead.links[at].forget(cx);
        }
        for (_, statement) in std::mem::take(&mut self.lead.pending) {
            cx.reply(statement.call, Answer::of(Status::Failed));
            self.desk.end(statement, &self.rows, cx);
        }
        self.lead.clear();
        for (_, call) in std::mem::take(&mut self.follow.waiting) {
            self.send_on(call, cx);
        }
    }

    /// A member asks to lead instead.
    pub(super) fn begin_transfer(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let at = self.peer(cx.call(id).caller);
        cx.reply(id, Answer::of(Status::Ok));
        if self.leads && self.lead.transfer.is_none() {
            self.lead.transfer = Some((at, cx.now().saturating_add(self.plan.timeout)));
            self.hand_over_if_ready(cx);
        }
    }

    /// The other has the whole log: it stands for election at once, and this one serves nothing from here on.
    fn hand_over_if_ready(&mut self, cx: &mut Ctx<'_>) {
        let Some((to, _)) = self.lead.transfer else { return };
        if self.lead.links[to].matched < self.log.end() || self.commit < self.log.end() {
            return;
        }
        let order = Ask::new(self.plan.peers[to], TIMEOUT_NOW, pack(self.term, 0, 0));
        cx.ask(Ask { timeout: self.silence, ..order });
        self.follow_term(self.term, None, cx);
    }
}
