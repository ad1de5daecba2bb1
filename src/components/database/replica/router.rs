//! The router: the part of a database that its callers see (a proxy, or the driver in the caller). It passes statements on
//! to members, and knows of these what the coordinator tells it and what it sees itself.

use super::load::Load;
use super::note::{TRIES, generation, note, place};
use super::patience::{LOOK, Patience};
use super::pings::{PING_DUE, Pings};
use super::questions::Counted;
use super::reads::{Reads, Seen};
use super::reshard::{RESHARD, Reshard};
use super::sessions::Position;
use super::sharding::Map;
use super::spread::{COPY_AGAIN, COPY_LATER, Join, Spread};
use super::view::Beliefs;
use super::wire::{ALIVE, CHECK, ERASE, FETCH, MIRROR, VIEW, is_part, is_read};
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::parts::verbs::READ;
use foldhash::fast::FixedState;
use std::collections::HashMap;

const SEED: u64 = 0x5e55_1045;

/// What the router knows of a shard.
#[derive(Clone, Debug)]
pub(super) struct Shard {
    pub(super) epoch: u32,
    /// The entry behind which that epoch began.
    pub(super) start: u32,
    /// Up to here its log has the rows that came with reshardings, and those that come with the one under way.
    pub(super) moved_in: Position,
    pub(super) coming: Position,
    pub(super) primary: usize,
    pub(super) members: Vec<Seen>,
    pub(super) turn: usize,
}

/// What else a router is told.
#[derive(Clone, Debug)]
pub struct RouterPlan {
    /// Number of keys.
    pub keys: u64,
    /// How long it waits for an answer.
    pub timeout: Time,
    /// Most rows per second that a resharding moves.
    pub copy_rate: Option<f64>,
    /// Rows of a resharding that a shard reads at a time.
    pub batch: usize,
    /// The first so many members of a shard answer clients.
    pub answering: usize,
    /// Whether it obeys an order to reshard (a test can switch that off).
    pub can_reshard: bool,
    /// Whether a new primary has everything that clients were told of, at the same place of its log.
    pub lasting: bool,
    /// What it must know of rows whose work is counted.
    pub counted: Option<Counted>,
    /// How far its members are, if it reads from the nearest.
    pub pings: Option<Box<Pings>>,
    /// Regions of the map, if its callers are beside it in several.
    pub regions: usize,
    /// What it waits for as long as it takes, if primaries may have to wait for their replicas, or readers for a replica.
    pub patience: Option<Box<Patience>>,
}

/// The router of a group.
#[derive(Clone)]
pub struct Router {
    pub(super) reads: Reads,
    pub(super) pings: Option<Box<Pings>>,
    pub(super) patience: Option<Box<Patience>>,
    pub(super) map: Map,
    pub(super) spread: Spread,
    pub(super) shards: Vec<Shard>,
    pub(super) beliefs: Beliefs,
    /// Number of keys.
    pub(super) keys: u64,
    pub(super) reshard: Option<Reshard>,
    /// Reshardings begun.
    pub(super) reshards: u32,
    /// Writes sent and not answered.
    pub(super) open_writes: u64,
    pub(super) erase: Option<super::erase::Erase>,
    /// Most rows per second that a resharding moves.
    pub(super) copy_rate: Option<f64>,
    pub(super) batch: usize,
    can_reshard: bool,
    pub(super) lasting: bool,
    pub(super) counted: Option<Counted>,
    /// Rows copied to another shard, again if need be.
    pub(super) moved: u64,
    pub(super) load: Load,
    /// Rows that lie elsewhere since the reshardings that are complete, and rows that there were.
    pub(super) rehomed: (u64, u64),
    pub(super) joins: Vec<Join>,
    pub(super) free_joins: Vec<u32>,
    pub(super) timeout_length: Time,
    pub(super) timeout: Option<TimeoutClass>,
    /// Position of the last write by session and shard: sessions have them from the answers they got (MySQL tells GTIDs so), whatever happens here.
    pub(super) positions: HashMap<u64, Position, FixedState>,
    calls: u64,
    pub(super) errors: u64,
    /// Reads, and those of them that went to all shards.
    asked: u64,
    pub(super) scattered: u64,
    /// Copies of writes that other shards have made.
    pub(super) mirrored: u64,
    /// Writes that one of several shards has done.
    written: u64,
    /// Statements sent on to a second member.
    pub(super) passed_on: u64,
}

impl Router {
    /// A router for these members; the first of each shard is its primary.
    pub fn new(reads: Reads, map: Map, spread: Spread, shards: &[Vec<NodeId>], plan: RouterPlan) -> Self {
        let seen = |node: &NodeId| Seen { node: *node, up: true };
        let shard = |members: &Vec<NodeId>| Shard {
            epoch: 1,
            start: 0,
            moved_in: Position::default(),
            coming: Position::default(),
            primary: 0,
            members: members.iter().take(plan.answering).map(seen).collect(),
            turn: 0,
        };
        Router {
            reads,
            pings: plan.pings,
            patience: plan.patience,
            map,
            spread,
            keys: plan.keys,
            reshard: None,
            reshards: 0,
            open_writes: 0,
            erase: None,
            copy_rate: plan.copy_rate,
            batch: plan.batch,
            can_reshard: plan.can_reshard,
            lasting: plan.lasting,
            counted: plan.counted,
            moved: 0,
            load: Load::new(shards.len()),
            rehomed: (0, 0),
            joins: Vec::new(),
            free_joins: Vec::new(),
            asked: 0,
            scattered: 0,
            mirrored: 0,
            written: 0,
            shards: shards.iter().map(shard).collect(),
            timeout_length: plan.timeout,
            timeout: None,
            positions: HashMap::with_hasher(FixedState::with_seed(SEED)),
            calls: 0,
            errors: 0,
            passed_on: 0,
            beliefs: Beliefs::shared(plan.regions),
        }
    }

    /// Counts a statement for its shard, to see how even the load is.
    #[inline]
    pub(super) fn count_call(&mut self, shard: usize) {
        self.load.count(shard);
    }

    pub(super) fn send_statement(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, request) = (call.verb, call.key, call.request);
        let mut shard = self.map.shard(key);
        let reads = is_read(verb);
        self.asked += u64::from(reads);
        if reads && self.ask_several(id, verb, key, cx) {
            return;
        }
        if verb == READ {
            if self.must_scatter(request, key, cx) {
                match self.copy_home(key) {
                    Some(home) => shard = home,
                    None => return self.scatter(id, cx),
                }
            }
            if self.is_copied(key) {
                shard = self.any_shard(request, cx);
            }
        }
        if self.is_split(key) {
            if verb == READ && self.sums() {
                return self.sum_parts(id, key, cx);
            }
            shard = self.part_of(key, request, cx);
        }
        let mut generation = 0;
        if !reads {
            match self.open_write(id, key, cx) {
                Some(current) => generation = current,
                None => return, // it waits for a cut-over
            }
        }
        self.count_call(shard);
        let member = if reads { self.reader(shard, id, cx).0 } else { self.shards[shard].primary };
        self.send(id, shard, member, generation << 6, cx);
    }

    /// The member for a read.
    #[inline]
    pub(super) fn pick(&mut self, shard: usize, id: CallId, cx: &mut Ctx<'_>) -> usize {
        if self.pings.is_some() {
            return self.pick_nearest(shard, id, cx);
        }
        let state = &mut self.shards[shard];
        state.turn = state.turn.wrapping_add(1);
        (self.reads.pick)(&state.members, state.primary, state.turn)
    }

    /// Sends a statement to a member. Tries are counted in the note.
    #[inline]
    fn send(&mut self, id: CallId, shard: usize, member: usize, tries: u32, cx: &mut Ctx<'_>) {
        let ask = Ask::on_behalf_of(id, cx.call(id), self.shards[shard].members[member].node);
        let mut version = ask.version;
        if self.reads.carries_position && is_read(ask.verb) {
            version = self.wanted(ask.request, shard, cx);
        }
        self.note_sent(ask.to);
        let again = ask.again.saturating_add((tries & TRIES) as u8);
        self.ask_member(shard, Ask { version, again, note: note(shard, member, tries), ..ask }, cx);
    }

    /// A member has not done it: perhaps another one does.
    #[cold]
    fn try_another(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let (shard, member, tries) = place(reply.note);
        let state = &mut self.shards[shard];
        if (tries & TRIES) as usize > state.members.len() {
            return false;
        }
        let next = match reply.status {
            Status::Moved => state.members.iter().position(|seen| seen.node == reply.redirect),
            // A refused connection is no answer: until the coordinator says otherwise, others are asked. A
            // write is not sent twice: it may have been done.
            Status::Reset if is_read(reply.verb) => {
                state.members[member].up = false;
                Some(self.pick(shard, reply.parent, cx))
            }
            _ => None,
        };
        let Some(next) = next.filter(|next| *next != member) else { return false };
        self.passed_on += 1;
        self.send(reply.parent, shard, next, tries + 1, cx);
        true
    }

    pub(super) fn take_answer(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.verb {
            CHECK => return self.on_pinged(&reply, cx),
            ALIVE => return self.on_alive(&reply, cx),
            FETCH if reply.note == COPY_LATER => match reply.status {
                Status::Ok => return self.renew_copy(reply.key, reply.version, cx),
                _ => return self.on_copied(&reply, cx),
            },
            MIRROR if reply.note == COPY_LATER => return self.on_copied(&reply, cx),
            FETCH => return self.on_fetched(&reply, cx),
            ERASE => return self.row_erased(&reply, cx),
            MIRROR if reply.note == u32::MAX => {
                match reply.status {
                    Status::Ok => self.note_coming(&reply),
                    Status::TimedOut => self.slow_down(),
                    Status::Rejected => self.refused(cx),
                    _ => {}
                }
                return self.row_done(reply.key, reply.status == Status::Ok, cx);
            }
            verb if verb == MIRROR || is_part(verb) => return self.on_part(&reply, cx),
            _ => {}
        }
        self.note_answered(&reply, cx);
        let writes = !is_read(reply.verb);
        let (shard, ..) = place(reply.note);
        if matches!(reply.status, Status::Ok | Status::Missing) {
            let mut answer = reply.pass_on();
            self.written += u64::from(writes && self.map.shards() > 1);
            if self.reads.carries_position && writes {
                self.remember(&reply, shard, cx);
                (answer.bytes, answer.redirect) = (0, NodeId::NONE);
            }
            let is_whole = !writes || !self.moves_to_the_dead(reply.key);
            if is_whole
                && writes
                && let Some(others) = self.other_homes(reply.key)
            {
                return self.mirror(&reply, answer, others, cx);
            }
            if writes {
                self.write_done(reply.parent, reply.key, generation(reply.note), is_whole, cx);
                self.renew_copy(reply.key, reply.version, cx);
            }
            return cx.reply(reply.parent, answer);
        }
        if matches!(reply.status, Status::Moved | Status::Reset) && self.try_another(&reply, cx) {
            return;
        }
        self.errors += 1;
        let answer = match reply.status {
            Status::Reset | Status::TimedOut | Status::Moved => Answer::of(Status::Failed),
            _ => reply.pass_on(),
        };
        if writes {
            self.write_done(reply.parent, reply.key, generation(reply.note), false, cx);
        }
        cx.reply(reply.parent, answer);
    }
}

impl Component for Router {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.timeout_length));
        self.begin_pings(cx);
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        if cx.call(id).verb == VIEW {
            return self.take_view(id, cx);
        }
        self.calls += 1;
        self.route(id, cx);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.is_answered(reply.call);
        self.take_reply(reply, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            COPY_AGAIN => self.copy_again(timer.data, cx),
            PING_DUE => self.ping(timer.data as usize, cx),
            LOOK => self.look(cx),
            _ => self.tick(cx),
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if control.verb == RESHARD {
            return if self.can_reshard {
                self.begin_reshard(control.arg, cx)
            };
        }
        if control.verb == Control::RECOVER && control.arg == 1 {
            self.begin_pings(cx);
            return self.resume_reshard(cx);
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.joins.clear();
            self.free_joins.clear();
            self.open_writes = 0;
            if let Some(pings) = &mut self.pings {
                pings.clear();
            }
            if let Some(patience) = &mut self.patience {
                patience.clear();
            }
        }
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.load.restart();
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("calls", self.calls);
        out.count("errors", self.errors);
        out.count("passed_on", self.passed_on);
        out.count("routed_reads", self.asked);
        out.count("scattered_reads", self.scattered);
        out.count("sharded_writes", self.written + self.mirrored);
        out.count("moved_rows", self.moved);
        out.count("keys_moved", self.rehomed.0);
        out.count("keys_held", self.rehomed.1);
        if let Some(skew) = self.load.skew(self.map.shards()) {
            out.maximum("shard_skew", skew);
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
