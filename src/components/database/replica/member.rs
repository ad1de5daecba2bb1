//! A member of a shard: its rows, its log, and its present role.

use super::desk::{Desk, Done, Statement};
use super::feed::Feeding;
use super::follow::Follow;
use super::lead::Lead;
use super::log::Log;
use super::mode::Mode;
use super::pieces::Pieces;
use super::promote::Promotion;
use super::rows::Rows;
use super::wire::{
    ALIVE, BACK, BEAT, CHECK, COPY, FEED, FETCH, GIVE, GO_ON, HELLO, PING, POSITION, PROMOTE, ROW, SHIP,
    SHIP_LATE, STEP_DOWN, VIEW, is_read,
};
use crate::kernel::{
    Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass, Timer,
};

/// What all members of a shard know from the beginning.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When a client has its answer.
    pub mode: Mode,
    /// The members, in order.
    pub peers: Vec<NodeId>,
    /// The first so many of them answer clients; the others are storage.
    pub answering: usize,
    /// Number of the shard's log in the audit.
    pub log: u32,
    /// Between two heartbeats.
    pub heartbeat: Time,
    /// A member that has been silent for so long counts as dead.
    pub down_after: Time,
    /// Whether a primary stops when its lease has run out.
    pub fencing: bool,
    /// Whether a primary that has stopped goes on answering reads, as replicas do (Patroni demotes it to a standby).
    pub reads_on: bool,
    /// Replicas that are further behind do not serve reads.
    pub max_lag: Option<Time>,
    /// Whether the answer to a write tells the router its position in the log.
    pub tells_position: bool,
    /// Written rows that fit on the disk.
    pub capacity: Option<u64>,
    /// Work of reading a row for a copy.
    pub copy_row: Time,
    /// In which pieces its rows are copied.
    pub pieces: Pieces,
    /// A write that has waited so long for a replica makes its primary go on without.
    pub gives_up_after: Option<Time>,
}

const HEARTBEAT: u16 = 2;
/// The first write that waits has perhaps waited for long enough.
pub const GIVE_UP: u16 = 4;
/// The next piece of a copy is due.
pub const COPY_ON: u16 = 3;

/// Control: a new machine with an empty disk stands here.
pub const REPLACE: u16 = Control::FIRST_OWN + 1;

/// A member.
#[derive(Clone)]
pub struct Member {
    pub(super) plan: Plan,
    /// Its place among the members.
    pub(super) own: usize,
    pub(super) desk: Desk,
    pub(super) rows: Rows,
    pub(super) log: Log,
    /// Entries of the log that the crash of its host does not take away.
    pub(super) durable: u32,
    /// Entries that were there when the periodic flush under way began.
    pub(super) flushing: u32,
    /// The newest epoch it has heard of.
    pub(super) epoch: u32,
    /// It takes no entries of epochs older than this.
    pub(super) promised: u32,
    /// Whom it takes for the primary.
    pub(super) primary: usize,
    /// Whether it is the primary of its epoch, as far as it knows.
    pub(super) leads: bool,
    /// Until when the coordinator will not think it dead.
    pub(super) lease_until: Time,
    pub(super) lead: Lead,
    pub(super) follow: Follow,
    pub(super) promotion: Option<Promotion>,
    pub(super) feeding: Option<Feeding>,
    /// The time-out of heartbeats.
    pub(super) silence: Option<TimeoutClass>,
    pub(super) reads: u64,
    pub(super) writes: u64,
}

impl Member {
    /// A member of a shard that begins with member 0 as its primary.
    pub fn new(plan: Plan, own: usize, desk: Desk, rows: Rows, log: Log) -> Self {
        Member {
            own,
            desk,
            rows,
            log,
            durable: 0,
            flushing: 0,
            epoch: 1,
            promised: 0,
            primary: 0,
            leads: own == 0,
            lease_until: plan.heartbeat.saturating_add(plan.down_after),
            lead: Lead::new(plan.peers.len(), plan.answering),
            follow: Follow::default(),
            promotion: None,
            feeding: None,
            silence: None,
            reads: 0,
            writes: 0,
            plan,
        }
    }

    /// Whether its lease is good: nobody thinks it dead.
    pub(super) fn has_lease(&self, now: Time) -> bool {
        now < self.lease_until
    }

    /// Whether it may answer as the primary.
    #[inline]
    pub(super) fn may_lead(&self, now: Time) -> bool {
        self.leads && (!self.plan.fencing || self.has_lease(now))
    }

    /// Whether it may answer a read as primary, or as one that has stopped; the read must show its log up to an entry.
    fn may_read(&self, entry: u32, now: Time) -> bool {
        self.may_lead(now) || (self.leads && self.plan.reads_on && entry <= self.log.end())
    }

    fn take_statement(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let verb = cx.call(id).verb;
        let reads = is_read(verb);
        if verb == FETCH {
            return self.begin_fetch(id, cx);
        }
        if reads && !self.leads {
            return self.take_read(id, cx);
        }
        let may = match reads {
            true => self.may_read(cx.call(id).version, cx.now()),
            false => self.may_lead(cx.now()) && !self.lead.closed,
        };
        if !may {
            return cx
                .reply(id, Answer { redirect: self.plan.peers[self.primary], ..Answer::of(Status::Moved) });
        }
        self.begin(id, cx);
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
            Done::SyncBegins => self.flushing = self.log.end(),
            Done::Synced => self.durable = self.flushing.min(self.log.end()),
        }
    }

    /// What else has happened at the desk: a connection or a row that was let go may have been waited for.
    #[inline]
    fn take_events(&mut self, cx: &mut Ctx<'_>) {
        while let Some(done) = self.desk.more(cx) {
            self.on_done(done, cx);
        }
    }

    /// A statement has been worked on; it takes effect now. True if whoever answers it ends it.
    fn execute(&mut self, statement: Statement, cx: &mut Ctx<'_>) -> bool {
        let id = statement.call;
        match cx.call(id).verb {
            COPY => self.copy_piece(id, cx),
            verb if verb == FETCH || is_read(verb) => self.finish_read(statement, cx),
            _ => return self.commit(statement, cx),
        }
        false
    }

    fn finish_read(&mut self, statement: Statement, cx: &mut Ctx<'_>) {
        let id = statement.call;
        let may = match self.leads {
            true if cx.call(id).verb == FETCH => self.may_lead(cx.now()),
            true => self.may_read(0, cx.now()),
            false => self.may_show(cx.now()),
        };
        if !may {
            return cx
                .reply(id, Answer { redirect: self.plan.peers[self.primary], ..Answer::of(Status::Moved) });
        }
        let (key, request) = (cx.call(id).key, cx.call(id).request);
        let bytes = statement.bytes.unwrap_or_else(|| self.desk.engine.bytes(request, cx));
        self.reads += 1;
        let version = self.desk.seen(statement, key, cx, &self.rows);
        cx.reply(id, Answer::ok(version, bytes));
    }

    /// The coordinator asks; `key` is when it last heard of us, a heartbeat before it asked this, so that both know until when it will
    /// believe in us (`Coordinator::judge`): `down_after` from this question on, and no moment less, or a primary would stop between two
    /// questions that come in time. `version` is
    /// the newest epoch: who leads an older one was deposed while its lease had run out, and a new lease does not undo that.
    fn answer_ping(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (heard, epoch) = (cx.call(id).key, cx.call(id).version);
        if self.leads && epoch > self.epoch {
            self.step_down(cx);
        }
        self.note_lapse(cx.now());
        let granted = self.plan.heartbeat.saturating_add(self.plan.down_after);
        self.lease_until = self.lease_until.max(heard.saturating_add(granted));
        let status = if self.follow.is_copying() { Status::Missing } else { Status::Ok };
        let redirect = self.plan.peers[if self.leads { self.own } else { self.primary }];
        let redirect = if !self.leads && self.primary == self.own { NodeId::NONE } else { redirect };
        cx.reply(id, Answer { version: self.log.end(), redirect, ..Answer::of(status) });
    }

    fn crash(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.desk.on_control(control, &self.rows, cx);
        self.end_lead(cx.now());
        self.promotion = None;
        self.feeding = None;
        self.lead.clear();
        self.follow.crash();
        if self.desk.counts() {
            self.lose_undurable(control.verb == Control::CRASH_HOST, cx.now());
        }
    }

    fn beat(&mut self, cx: &mut Ctx<'_>) {
        cx.timer_in(self.plan.heartbeat, Timer { tag: HEARTBEAT, data: 0 });
        if self.leads {
            self.beat_replicas(cx);
        }
    }
}

impl Component for Member {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.silence = Some(cx.timeout_class(self.plan.down_after));
        cx.timer_in(cx.phase(self.plan.heartbeat, 0), Timer { tag: HEARTBEAT, data: 0 });
        if self.leads {
            self.lead.begin_connected(self.own);
        }
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            SHIP | SHIP_LATE => self.take_entry(id, cx),
            HELLO => self.answer_hello(id, cx),
            BEAT => self.answer_beat(id, cx),
            PING => self.answer_ping(id, cx),
            VIEW => self.take_view(id, cx),
            CHECK => cx.reply(id, Answer::ok(0, 0)),
            ALIVE => {
                let leads = self.may_lead(cx.now());
                cx.reply(id, Answer::of(if leads { Status::Ok } else { Status::Moved }));
            }
            POSITION => self.answer_position(id, cx),
            PROMOTE => self.take_promotion(id, cx),
            STEP_DOWN if !self.leads => cx.reply(id, Answer::of(Status::Moved)),
            STEP_DOWN => {
                self.lead.closed = cx.call(id).key != GO_ON;
                cx.reply(id, Answer::ok(self.log.end(), 0));
            }
            FEED => self.feed(id, cx),
            BACK => self.take_back(id, cx),
            GIVE => self.take_given(id, cx),
            COPY => self.begin_piece(id, cx),
            ROW => self.take_row(id, cx),
            _ => self.take_statement(id, cx),
        }
        self.take_events(cx);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.verb {
            SHIP | SHIP_LATE => self.on_shipped(&reply, cx),
            HELLO => self.on_hello(&reply, cx),
            BEAT => self.on_beat(&reply, cx),
            GIVE => self.on_given(&reply, cx),
            COPY => self.on_piece(&reply, cx),
            BACK => self.on_told_back(&reply, cx),
            _ => {} // a row of a copy: the piece counts them
        }
        self.take_events(cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if self.desk.owns(timer) {
            if let Some(done) = self.desk.on_timer(timer, &self.rows, cx) {
                self.on_done(done, cx);
            }
            self.take_events(cx);
        } else if timer.tag == GIVE_UP {
            self.stop_waiting(cx);
            self.take_events(cx);
        } else if timer.tag == HEARTBEAT {
            self.beat(cx);
        } else if timer.tag == COPY_ON {
            self.copy_on(timer.data as u32, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.crash(control, cx),
            REPLACE => self.begin_empty(cx),
            _ => self.desk.on_control(control, &self.rows, cx),
        }
        if control.verb == Control::RECOVER && control.arg == 1 {
            self.durable = self.log.end();
            cx.timer_in(self.plan.heartbeat, Timer { tag: HEARTBEAT, data: 0 });
            self.apply_again(cx);
            self.follow.is_back = true;
            self.tell_back(self.plan.peers[self.primary], 0, cx);
        }
        self.take_events(cx);
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.desk.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
        if self.leads {
            out.gauge("primary", f64::from(self.epoch));
        } else {
            out.gauge("lag_entries", f64::from(self.follow.heard_end.saturating_sub(self.follow.applied)));
            out.gauge("replica_lag", self.lag(now) as f64);
        }
        out.count("copied_rows", self.follow.copied);
        out.gauge("rows", self.rows.written() as f64);
        out.gauge("log_end", f64::from(self.log.end()));
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.desk.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
