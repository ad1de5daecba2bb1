//! Terms and votes.

use super::keep::VOTE_KEPT;
use super::voter::{ELECTION, Voter};
use crate::components::database::replica::wire::{TRANSFER, VOTE, pack, unpack};
use crate::kernel::{Answer, Ask, CallId, Ctx, Reply, Status, Timer};

/// Asks who would vote for us, and changes nothing.
const TRIAL: u64 = 0;
/// Asks for votes.
const EARNEST: u64 = 1;
/// The same, on the leader's order: who has just heard of that leader may vote all the same.
const ORDERED: u64 = 2;

/// An election in which it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ballot {
    kind: u64,
    term: u32,
    /// Who votes for us, as bits.
    votes: u32,
}

impl Voter {
    /// From now on it waits for a sign of life: for the election time-out and a part of the spread.
    pub(super) fn wait_for_leader(&mut self, cx: &mut Ctx<'_>) {
        let (timeout, spread) = (self.plan.timeout, self.plan.spread);
        let chance = self.chance.as_mut().map_or(0, |stream| stream.below(spread.max(1)));
        self.deadline = cx.now().saturating_add(timeout + chance);
        if !self.armed && !self.leads {
            self.armed = true;
            cx.timer_at(self.deadline, Timer { tag: ELECTION, data: 0 });
        }
    }

    pub(super) fn on_deadline(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        if self.leads {
            return;
        }
        if cx.now() < self.deadline {
            self.armed = true;
            return cx.timer_at(self.deadline, Timer { tag: ELECTION, data: 0 });
        }
        if self.plan.elects {
            return self.stand(TRIAL, cx);
        }
        self.wait_for_leader(cx);
    }

    /// Term and number of the last entry.
    fn last(&self) -> (u32, u32) {
        let end = self.log.end();
        (self.log.epoch_at(end).unwrap_or(0), end)
    }

    /// Stands for election.
    fn stand(&mut self, kind: u64, cx: &mut Ctx<'_>) {
        if self.copying.is_some() {
            return self.wait_for_leader(cx); // it lacks rows
        }
        let term = self.term + 1;
        if kind != TRIAL {
            (self.term, self.voted, self.leader) = (term, Some(self.own), None);
        }
        self.ballot = Some(Ballot { kind, term, votes: 1 << self.own });
        self.wait_for_leader(cx);
        let (last_term, end) = self.last();
        for at in self.others() {
            let vote = Ask::new(self.plan.peers[at], VOTE, pack(term, last_term, kind));
            cx.ask(Ask { version: end, timeout: self.silence, ..vote });
        }
    }

    /// Somebody stands for election.
    pub(super) fn answer_vote(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (term, last_term, kind) = unpack(call.key);
        let (end, candidate) = (call.version, self.peer(call.caller));
        let granted = self.grants(term, kind, candidate, (last_term, end), cx);
        let status = if granted { Status::Ok } else { Status::Missing };
        let answer = Answer { version: self.term, ..Answer::of(status) };
        let is_kept = !granted || kind == TRIAL || self.desk.keep(VOTE_KEPT, cx);
        if is_kept {
            return cx.reply(id, answer);
        }
        self.follow.votes.push_back((id, answer));
    }

    fn grants(&mut self, term: u32, kind: u64, candidate: usize, last: (u32, u32), cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let hears = now < self.follow.touched.saturating_add(self.plan.timeout) || self.may_serve(now);
        if self.is_newcomer() || (hears && kind != ORDERED) || term < self.term {
            return false;
        }
        let is_behind = last < self.last();
        if kind == TRIAL {
            return term > self.term && !is_behind;
        }
        if term > self.term {
            self.follow_term(term, None, cx);
        }
        if is_behind || self.voted.is_some_and(|voted| voted != candidate) {
            return false;
        }
        self.voted = Some(candidate);
        self.wait_for_leader(cx);
        true
    }

    pub(super) fn on_vote(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (term, _, kind) = unpack(reply.key);
        if reply.status == Status::Missing && reply.version > self.term {
            return self.follow_term(reply.version, None, cx);
        }
        let at = self.peer(reply.callee);
        let Some(ballot) = self.ballot.as_mut().filter(|ballot| ballot.term == term && ballot.kind == kind)
        else {
            return;
        };
        if reply.status != Status::Ok {
            return;
        }
        ballot.votes |= 1 << at;
        let votes = ballot.votes;
        if (votes.count_ones() as usize) < self.majority() {
            return;
        }
        self.ballot = None;
        if kind == TRIAL { self.stand(EARNEST, cx) } else { self.begin_term(votes, cx) }
    }

    /// A newer term, or a leader of the present one.
    pub(super) fn follow_term(&mut self, term: u32, leader: Option<usize>, cx: &mut Ctx<'_>) {
        debug_assert!(term >= self.term, "terms only grow");
        if term > self.term || self.leader != leader {
            self.follow.verified = self.commit; // what it said before, or another, tells nothing of this leader's log
        }
        if term > self.term {
            (self.term, self.voted) = (term, None);
        }
        (self.leader, self.ballot) = (leader, None);
        if self.leads {
            self.leads = false;
            self.stop_leading(cx);
            self.wait_for_leader(cx);
        }
    }

    /// A script wants this member to lead: it asks the leader to hand over (thesis, ch. 3.10).
    pub(super) fn ask_for_leadership(&mut self, cx: &mut Ctx<'_>) {
        match self.leader {
            _ if self.leads => {
                let detail = format!("shard {}, member {} is the primary already", self.plan.shard, self.own);
                cx.tell("promotion ignored", detail);
            }
            Some(leader) => {
                let ask = Ask::new(self.plan.peers[leader], TRANSFER, pack(self.term, 0, 0));
                cx.ask(Ask { timeout: self.silence, ..ask });
            }
            // (A leader that it has just heard may count on its not voting.)
            None if cx.now() >= self.follow.touched.saturating_add(self.plan.timeout) => {
                self.stand(TRIAL, cx)
            }
            None => cx.tell("promotion ignored", "there is no leader to hand over"),
        }
    }

    /// The leader hands over: it serves nothing any more, whatever becomes of this.
    pub(super) fn stand_at_once(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (term, ..) = unpack(cx.call(id).key);
        cx.reply(id, Answer::of(Status::Ok));
        if term == self.term && !self.leads {
            self.stand(ORDERED, cx);
        }
    }
}
