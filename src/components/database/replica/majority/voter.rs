//! A member that votes: its rows, its log, its present role.

use super::elect::Ballot;
use super::follow::Follow;
use super::lead::Lead;
use super::snapshot::Copying;
use crate::components::database::replica::coordinator::SWITCH;
use crate::components::database::replica::desk::{Desk, Done, Statement};
use crate::components::database::replica::log::Log;
use crate::components::database::replica::member::{COPY_ON, REPLACE};
use crate::components::database::replica::pieces::Pieces;
use crate::components::database::replica::rows::Rows;
use crate::components::database::replica::wire::{
    ALIVE, APPEND, BEAT, CHECK, COPY, FETCH, INSTALL, POSITION, TIMEOUT_NOW, TRANSFER, VOTE, is_read,
};
use crate::kernel::{
    Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::random::stream::Stream;

/// What all members of a shard know from the beginning.
#[derive(Clone, Debug)]
pub struct VoterPlan {
    /// Whom callers ask.
    pub router: NodeId,
    /// Number of the shard.
    pub shard: u64,
    /// The members, in order.
    pub peers: Vec<NodeId>,
    /// Between two signs of life of a leader.
    pub heartbeat: Time,
    /// Who has heard of no leader for so long, and for a part of `spread`, stands for election.
    pub timeout: Time,
    /// Election time-outs are longer by up to so much.
    pub spread: Time,
    /// Whether anybody does (a script or a test can switch that off).
    pub elects: bool,
    /// Whether followers serve reads: else one that has just led would, to callers who do not know yet.
    pub followers_read: bool,
    /// Replicas that are further behind do not serve reads.
    pub max_lag: Option<Time>,
    /// Whether the answer to a write tells the router its position in the log.
    pub tells_position: bool,
    /// Written rows that fit on the disk.
    pub capacity: Option<u64>,
    /// Entries of the log that are kept once they show.
    pub kept: usize,
    /// Work of reading a row for a copy.
    pub copy_row: Time,
    /// Pause between the beginnings of two pieces of a copy.
    pub pieces: Pieces,
}

pub(super) const HEARTBEAT: u16 = 2;
pub(super) const ELECTION: u16 = 4;

/// A member that votes.
#[derive(Clone)]
pub struct Voter {
    pub(super) plan: VoterPlan,
    /// Its place among the members.
    pub(super) own: usize,
    pub(super) desk: Desk,
    pub(super) rows: Rows,
    pub(super) log: Log,
    /// Entries that are on its disk.
    pub(super) durable: u32,
    /// The newest term it has heard of, and whom it voted for in it.
    pub(super) term: u32,
    pub(super) voted: Option<usize>,
    /// Whom it takes for the leader of its term.
    pub(super) leader: Option<usize>,
    pub(super) leads: bool,
    /// Entries that a majority keeps, as far as it knows.
    pub(super) commit: u32,
    pub(super) ballot: Option<Ballot>,
    /// When it stands for election, unless it hears of a leader; and whether a timer is set.
    pub(super) deadline: Time,
    pub(super) armed: bool,
    pub(super) chance: Option<Stream>,
    pub(super) lead: Lead,
    pub(super) follow: Follow,
    pub(super) copying: Option<Copying>,
    pub(super) silence: Option<TimeoutClass>,
    pub(super) reads: u64,
    pub(super) writes: u64,
    pub(super) copied: u64,
    pub(super) elections: u64,
}

impl Voter {
    /// A member of a shard that begins with member 0 as the leader of term 1.
    pub fn new(plan: VoterPlan, own: usize, desk: Desk, rows: Rows) -> Self {
        Voter {
            own,
            desk,
            durable: 0,
            rows,
            log: Log::new(usize::MAX), // what does not show yet must stay: trimmed where entries are applied
            term: 1,
            voted: Some(0),
            leader: Some(0),
            leads: own == 0,
            commit: 0,
            ballot: None,
            deadline: 0,
            armed: false,
            chance: None,
            lead: Lead::new(plan.peers.len()),
            follow: Follow::default(),
            copying: None,
            silence: None,
            reads: 0,
            writes: 0,
            copied: 0,
            elections: 0,
            plan,
        }
    }

    /// Members that make a majority.
    pub(super) fn majority(&self) -> usize {
        self.plan.peers.len() / 2 + 1
    }

    pub(super) fn peer(&self, node: NodeId) -> usize {
        self.plan.peers.iter().position(|peer| *peer == node).expect("only members speak to members")
    }

    /// The others.
    pub(super) fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let own = self.own;
        (0..self.plan.peers.len()).filter(move |at| *at != own)
    }

    /// Whether it may show its rows to readers.
    fn may_show(&self, now: Time) -> bool {
        if self.leads {
            return self.may_serve(now);
        }
        let is_fresh = self.plan.max_lag.is_none_or(|most| self.staleness(now) <= most);
        self.plan.followers_read && self.copying.is_none() && is_fresh
    }

    /// How far its rows are behind, as a replica of an appointed primary goes by it (`Member::staleness`).
    fn staleness(&self, now: Time) -> Time {
        let (heard, way) = (self.follow.heard, self.follow.way);
        let is_silent = now.saturating_sub(heard.1) > way.saturating_add(2 * self.plan.heartbeat);
        let lacks = self.follow.applied < heard.0.max(self.log.end());
        if is_silent || lacks { now.saturating_sub(self.follow.fresh_at) } else { way }
    }

    fn take_statement(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let verb = cx.call(id).verb;
        match verb {
            _ if is_read(verb) => self.take_read(id, cx),
            _ if !self.leads || self.lead.transfer.is_some() => self.send_on(id, cx),
            FETCH | COPY => self.begin_copying_work(id, verb, cx),
            _ => self.begin(id, cx),
        }
    }

    /// A read; `version` of the call is the entry that it must see. A new leader first finds out what is committed.
    fn take_read(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let token = cx.call(id).version.max(if self.leads { self.lead.first } else { 0 });
        let may_wait = self.leads || (self.plan.followers_read && self.copying.is_none());
        if token > self.follow.applied && may_wait && self.follow.has_room() {
            return self.follow.waiting.push((token, id));
        }
        if !self.may_show(cx.now()) {
            return self.send_on(id, cx);
        }
        self.begin(id, cx);
    }

    /// Ask the leader instead, if one is known.
    pub(super) fn send_on(&self, id: CallId, cx: &mut Ctx<'_>) {
        let leader = self.leader.filter(|leader| *leader != self.own);
        let redirect = leader.map_or(NodeId::NONE, |leader| self.plan.peers[leader]);
        cx.reply(id, Answer { redirect, ..Answer::of(Status::Moved) });
    }

    /// A statement comes into the line for a connection.
    pub(super) fn begin(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if !self.desk.take(id, &mut self.rows, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    /// What has happened at the desk.
    #[inline]
    fn on_done(&mut self, done: Done, cx: &mut Ctx<'_>) {
        match done {
            Done::Statement(statement) => {
                if !self.execute(statement, cx) {
                    self.desk.end(statement, &self.rows, cx);
                }
            }
            Done::Applied(index) => self.on_applied(index, cx),
            Done::Kept(index) => self.on_kept(index, cx),
            Done::SyncBegins | Done::Synced => debug_assert!(false, "votes are counted on what is on disk"),
        }
    }

    /// A statement has been worked on. Whether it waits for others.
    fn execute(&mut self, statement: Statement, cx: &mut Ctx<'_>) -> bool {
        let id = statement.call;
        match cx.call(id).verb {
            COPY => self.copy_piece(id, cx),
            verb if verb == FETCH || is_read(verb) => self.finish_read(statement, cx),
            _ => return self.propose(statement, cx),
        }
        false
    }

    fn finish_read(&mut self, statement: Statement, cx: &mut Ctx<'_>) {
        let id = statement.call;
        if !self.may_show(cx.now()) {
            return self.send_on(id, cx);
        }
        let (key, request) = (cx.call(id).key, cx.call(id).request);
        let bytes = statement.bytes.unwrap_or_else(|| self.desk.engine.bytes(request, cx));
        self.reads += 1;
        let version = self.desk.seen(statement, key, cx, &self.rows);
        cx.reply(id, Answer::ok(version, bytes));
    }

    /// What was in memory is gone; term, vote, log and rows are on disk. Nobody gets a vote until the leader that may
    /// have heard of this member counts on it no more.
    fn crash(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.desk.on_control(control, &self.rows, cx);
        (self.leads, self.leader, self.ballot, self.armed) = (false, None, None, false);
        self.commit = self.follow.applied;
        self.lead.clear();
        self.follow.crash();
        self.lose_undurable(control.verb == Control::CRASH_HOST);
        if let Some(copying) = &mut self.copying {
            copying.stop();
        }
    }

    fn beat(&mut self, cx: &mut Ctx<'_>) {
        cx.timer_in(self.plan.heartbeat, Timer { tag: HEARTBEAT, data: 0 });
        if self.leads {
            self.beat_followers(cx);
        } else {
            self.ask_terms(cx);
        }
    }
}

impl Component for Voter {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.silence = Some(cx.timeout_class(self.plan.timeout));
        self.chance = Some(cx.stream(&format!("election/{}", cx.node().0)));
        cx.timer_in(cx.phase(self.plan.heartbeat, 0), Timer { tag: HEARTBEAT, data: 0 });
        if self.leads {
            self.lead.begin(self.own, self.plan.timeout);
        }
        self.wait_for_leader(cx);
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            APPEND => self.take_append(id, cx),
            BEAT => self.answer_beat(id, cx),
            VOTE => self.answer_vote(id, cx),
            INSTALL => self.take_install(id, cx),
            POSITION => self.answer_newcomer(id, cx),
            TRANSFER => self.begin_transfer(id, cx),
            TIMEOUT_NOW => self.stand_at_once(id, cx),
            CHECK => cx.reply(id, Answer::ok(0, 0)),
            ALIVE => cx.reply(id, Answer::of(if self.leads { Status::Ok } else { Status::Moved })),
            _ => self.take_statement(id, cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.verb {
            APPEND => self.on_appended(&reply, cx),
            BEAT => self.on_beat(&reply, cx),
            VOTE => self.on_vote(&reply, cx),
            INSTALL => self.on_installed(&reply, cx),
            POSITION => self.on_term(&reply),
            COPY => self.on_piece(&reply, cx),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if self.desk.owns(timer) {
            let mut done = self.desk.on_timer(timer, &self.rows, cx);
            while let Some(what) = done {
                self.on_done(what, cx);
                done = self.desk.more(cx);
            }
        } else if timer.tag == HEARTBEAT {
            self.beat(cx);
        } else if timer.tag == ELECTION {
            self.on_deadline(cx);
        } else if timer.tag == COPY_ON {
            self.copy_on(timer.data as u32, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.crash(control, cx),
            REPLACE => self.begin_empty(cx),
            SWITCH => self.ask_for_leadership(cx),
            _ => self.desk.on_control(control, &self.rows, cx),
        }
        if control.verb == Control::RECOVER && control.arg == 1 {
            self.durable = self.log.end();
            self.follow.touched = cx.now();
            cx.timer_in(self.plan.heartbeat, Timer { tag: HEARTBEAT, data: 0 });
            self.wait_for_leader(cx);
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.desk.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
        if self.leads {
            out.gauge("primary", f64::from(self.term));
        } else {
            let behind = self.follow.heard.0.saturating_sub(self.follow.applied);
            out.gauge("lag_entries", f64::from(behind));
            out.gauge("replica_lag", now.saturating_sub(self.follow.fresh_at) as f64);
        }
        out.count("copied_rows", self.copied);
        out.count("promotions", self.elections);
        out.gauge("rows", self.rows.written() as f64);
        out.gauge("log_end", f64::from(self.log.end()));
        out.gauge("commit", f64::from(self.commit));
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.desk.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
