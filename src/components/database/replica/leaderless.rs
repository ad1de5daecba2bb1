//! Databases without a primary: the router asks as many copies as the quorum wants.
//!
//! Writes get their version where they begin, so that the last one wins. A copy that did not answer a write is owed it: the router
//! keeps a hint and hands it over when the copy answers again (hinted handoff). A copy found out of date by a read gets the
//! newer version (read repair). A copy that refuses, or is silent for longer than the router waits, counts as dead: it is asked nothing and
//! owed everything until it answers a look of the router's, one each heartbeat (the coordinator asks who can be reached: DeCandia et al.,
//! Dynamo, SOSP 2007, 4.5 and 4.8.3; Cassandra's failure detector). The router stands for a coordinator in each region: if regions are cut off from
//! each other, a copy is dead, and owed, for those who cannot reach it. A copy that is replaced by an empty machine is filled from others (see [`super::refill`]).

use super::pings::{Far, one_of};
use super::sharding::Map;
use super::speculation::Speculation;
use super::wire::is_read;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Request, RequestId, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::verbs::{FLUSH, PUT, WRITE};
use crate::random::mix::mix64;
use std::collections::{BTreeMap, BTreeSet};

/// Most copies of a row.
pub const COPIES_MAX: usize = 16;
/// From this note on a question belongs to no operation: repairs, and hints of each region.
pub(super) const REPAIR: u32 = u32::MAX - u16::MAX as u32;
/// Tag of the timers of reads that may ask one copy more; the other one looks after the dead.
const SPECULATE: u16 = 1;

/// A read or write under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The call to answer; none once that is done.
    parent: CallId,
    request: RequestId,
    /// Where its caller is.
    pub(super) region: u16,
    pub(super) key: u64,
    /// How copies are asked.
    verb: u16,
    pub(super) writes: bool,
    /// Of a write: its version. Of a read: the newest that was found.
    pub(super) version: u32,
    bytes: u32,
    /// What each copy has answered to a read.
    found: [Option<u32>; COPIES_MAX],
    /// Copies asked, as bits.
    asked: u32,
    /// Good answers, and answers still to come.
    good: u32,
    open: u32,
    /// Its number, from 0: places are used again.
    number: u32,
    /// Its place is free.
    pub(super) is_over: bool,
}

/// What a router without primaries is told.
#[derive(Clone, Debug)]
pub struct QuorumPlan {
    /// The copies of each shard.
    pub shards: Vec<Vec<NodeId>>,
    /// Copies that make a read.
    pub reads: u32,
    /// Copies that make a write.
    pub writes: u32,
    /// How long it waits for a copy.
    pub timeout: Time,
    /// When a read asks one copy more.
    pub speculation: Speculation,
    /// How often it tries to hand over hints.
    pub heartbeat: Time,
    /// Whether the disks of copies get writes from time to time only.
    pub syncs_later: bool,
    /// How far the copies are from each caller, shard by shard, if they are at several places.
    pub far: Option<Far>,
    /// Whether it hands over hints and repairs what reads find (a test can switch that off).
    pub repairs: bool,
}

/// The router of a database without primaries.
#[derive(Clone)]
pub struct QuorumRouter {
    pub(super) plan: QuorumPlan,
    map: Map,
    pub(super) operations: Vec<Operation>,
    pub(super) free: Vec<u32>,
    pub(super) timeout: Option<TimeoutClass>,
    /// Copies that count as dead.
    pub(super) dead: BTreeSet<u16>,
    /// Those that count as dead in a region which is cut off from them.
    pub(super) cut_off: BTreeSet<(u16, u16)>,
    /// When each node answered last, by its index; 0 = never.
    heard: Vec<Time>,
    /// The first and the last version of a row that a copy is owed, by copy, region of the writer, and row.
    pub(super) hints: BTreeMap<(u16, u16, u64), (u32, u32)>,
    repaired: u64,
    speculated: u64,
    pub(super) dropped_hints: u64,
    calls: u64,
    errors: u64,
}

impl QuorumRouter {
    /// A router for these copies.
    pub fn new(plan: QuorumPlan, map: Map) -> Self {
        QuorumRouter {
            plan,
            map,
            operations: Vec::new(),
            free: Vec::new(),
            timeout: None,
            dead: BTreeSet::new(),
            cut_off: BTreeSet::new(),
            heard: Vec::new(),
            hints: BTreeMap::new(),
            repaired: 0,
            speculated: 0,
            dropped_hints: 0,
            calls: 0,
            errors: 0,
        }
    }

    fn begin(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, request, flushed, bytes) =
            (call.verb, call.key, call.request, call.version, call.bytes);
        let region = cx.place_of(call.caller);
        debug_assert!(is_read(verb) || matches!(verb, WRITE | FLUSH), "a database takes no verb {verb}");
        let version = match verb {
            verb if is_read(verb) => 0,
            FLUSH if !cx.audit().survives(key, flushed) => return cx.reply(id, Answer::ok(flushed, 0)),
            FLUSH => {
                cx.audit().persist(key, flushed);
                flushed
            }
            _ => cx.audit().commit(key),
        };
        if !is_read(verb) {
            cx.audit().write_all(key);
            cx.audit().begin_way(key);
        }
        if self.plan.syncs_later && !is_read(verb) {
            let copies = (1u32 << self.copies(key).len()) - 1;
            cx.audit().spread(key, version, copies);
        }
        let operation = Operation {
            parent: id,
            request,
            region,
            key,
            verb: if is_read(verb) { verb } else { PUT },
            writes: !is_read(verb),
            version,
            bytes,
            found: [None; COPIES_MAX],
            asked: 0,
            good: 0,
            open: 0,
            number: self.calls as u32,
            is_over: false,
        };
        let at = self.place(operation);
        let wanted = if is_read(verb) { self.plan.reads } else { self.copies(key).len() as u32 };
        for _ in 0..wanted {
            self.ask_next(at, cx);
        }
        if !is_read(verb) {
            self.owe_the_dead((key, version), region, cx);
        } else if let Some(after) = self.plan.speculation.after(cx.now(), self.plan.timeout) {
            let data = u64::from(self.operations[at as usize].number) << u32::BITS | u64::from(at);
            cx.timer_in(after, Timer { tag: SPECULATE, data });
        }
        if self.operations[at as usize].open < wanted {
            self.settle(at, cx); // too few are left, perhaps
        }
    }

    /// A read that has waited for long asks one copy more.
    fn speculate(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let (at, number) = (timer.data as u32, (timer.data >> u32::BITS) as u32);
        let is_waiting = self.operations.get(at as usize).is_some_and(|operation| {
            operation.number == number && !operation.is_over && !operation.parent.is_none()
        });
        if is_waiting && self.ask_next(at, cx) {
            self.speculated += 1;
        }
    }

    /// A copy has answered, or has not: what it was asked before it answered last tells nothing new (TCP may bring an old question to a machine
    /// that is back, which resets it). One that is back is handed over what it is owed.
    fn heed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let copy = reply.callee.index();
        self.heard.resize(self.heard.len().max(copy + 1), 0);
        if matches!(reply.status, Status::Reset | Status::TimedOut) {
            let region = self.region_of(reply);
            if self.heard[copy] > reply.asked {
                return;
            }
            match cx.is_cut_off(reply.callee, region) {
                true => self.cut_off.insert((region, reply.callee.0)),
                false => self.dead.insert(reply.callee.0),
            };
            return;
        }
        self.heard[copy] = cx.now();
        if self.dead.remove(&reply.callee.0) && self.plan.repairs {
            self.hint_next(reply.callee, cx);
        }
    }

    /// Of the operation that a question belongs to: where its caller is.
    fn region_of(&self, reply: &Reply) -> u16 {
        if reply.note >= REPAIR { 0 } else { self.operations[(reply.note >> 4) as usize].region }
    }

    /// Whether a copy counts as dead for callers in a region.
    pub(super) fn is_dead(&self, copy: NodeId, region: u16) -> bool {
        self.dead.contains(&copy.0) || self.cut_off.contains(&(region, copy.0))
    }

    fn place(&mut self, operation: Operation) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.operations[at as usize] = operation;
                at
            }
            None => {
                self.operations.push(operation);
                self.operations.len() as u32 - 1
            }
        }
    }

    pub(super) fn copies(&self, key: u64) -> &[NodeId] {
        &self.plan.shards[self.map.shard(key)]
    }

    /// Asks a copy that was not asked yet and is not dead, of several places the nearest to the caller; false if there is none. Those that are as good
    /// get equal shares, whoever is dead or farther away. (Cassandra's snitch orders copies by proximity, and a read asks as many as it needs: no more, as Dynamo's do.)
    fn ask_next(&mut self, at: u32, cx: &mut Ctx<'_>) -> bool {
        let operation = self.operations[at as usize];
        let copies = self.copies(operation.key);
        let number = |request: &Request| {
            request.number.wrapping_add(u64::from(request.attempts.saturating_sub(1)) << 40)
        };
        let number = cx.request(operation.request).map_or(operation.key, number);
        let is_left = |copy: &usize| {
            operation.asked & (1 << copy) == 0 && !self.is_dead(copies[*copy], operation.region)
        };
        let left = (0..copies.len()).filter(is_left);
        let lot = mix64(number.wrapping_add(operation.asked.into()));
        let copy = match &self.plan.far {
            Some(far) if !operation.parent.is_none() => {
                let far = &far.from(operation.parent, cx)[self.map.shard(operation.key) * copies.len()..];
                let nearest = left.clone().map(|copy| far[copy]).min();
                one_of(left.filter(|copy| Some(far[*copy]) == nearest), lot)
            }
            _ => one_of(left, lot),
        };
        let Some(copy) = copy else { return false };
        let to = copies[copy];
        cx.ask(Ask {
            version: operation.version,
            bytes: if operation.writes { operation.bytes } else { 0 },
            note: at << 4 | copy as u32,
            parent: operation.parent,
            request: operation.request,
            timeout: self.timeout,
            ..Ask::new(to, operation.verb, operation.key)
        });
        let operation = &mut self.operations[at as usize];
        operation.asked |= 1 << copy;
        operation.open += 1;
        true
    }

    fn on_answer(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (at, copy) = (reply.note >> 4, reply.note as usize & 0xF);
        let operation = &mut self.operations[at as usize];
        operation.open -= 1;
        let writes = operation.writes;
        if reply.status == Status::Ok {
            operation.good += 1;
            if !writes {
                operation.found[copy] = Some(reply.version);
                operation.version = operation.version.max(reply.version);
                operation.bytes = reply.bytes;
            }
        } else if writes && reply.status == Status::Missing {
            // It has the write, and is being filled: that does not count.
        } else if writes {
            let (key, version, region) = (operation.key, operation.version, operation.region);
            self.owe(reply.callee, region, (key, version), cx);
        } else if !operation.parent.is_none() {
            self.ask_next(at, cx); // another copy, if there is one
        }
        self.settle(at, cx);
    }

    /// Answers the client when enough copies have answered, or cannot any more.
    fn settle(&mut self, at: u32, cx: &mut Ctx<'_>) {
        let operation = self.operations[at as usize];
        let needed = if operation.writes { self.plan.writes } else { self.plan.reads };
        if !operation.parent.is_none() {
            let answer = if operation.good >= needed {
                Some(Answer::ok(operation.version, if operation.writes { 0 } else { operation.bytes }))
            } else if operation.good + operation.open < needed {
                self.errors += 1;
                Some(Answer::of(Status::Failed))
            } else {
                None
            };
            if let Some(answer) = answer {
                self.operations[at as usize].parent = CallId::NONE;
                if !operation.writes {
                    let asked = cx.call(operation.parent).asked;
                    self.plan.speculation.record(cx.now() - asked, cx.now());
                }
                cx.reply(operation.parent, answer);
            }
        }
        if operation.open == 0 {
            self.repair(at, cx);
            self.operations[at as usize].is_over = true;
            self.free.push(at);
            if operation.writes {
                cx.audit().end_way(operation.key);
            }
        }
    }

    /// Copies that a read found out of date get the newest version.
    fn repair(&mut self, at: u32, cx: &mut Ctx<'_>) {
        let operation = self.operations[at as usize];
        if operation.writes || !self.plan.repairs {
            return;
        }
        for (copy, _) in operation
            .found
            .iter()
            .enumerate()
            .filter(|(_, found)| found.is_some_and(|v| v < operation.version))
        {
            let to = self.copies(operation.key)[copy];
            self.repaired += 1;
            cx.ask(Ask {
                version: operation.version,
                note: REPAIR,
                timeout: self.timeout,
                ..Ask::new(to, PUT, operation.key)
            });
        }
    }
}

impl Component for QuorumRouter {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.plan.timeout));
        cx.timer_in(cx.phase(self.plan.heartbeat, 0), Timer { tag: 0, data: 0 });
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        self.calls += 1;
        self.begin(id, cx);
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.heed(&reply, cx);
        if reply.note >= REPAIR { self.on_repaired(&reply, cx) } else { self.on_answer(&reply, cx) }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == SPECULATE { self.speculate(timer, cx) } else { self.hand_over(cx) }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.forget(cx),
            Control::RECOVER if control.arg == 1 => {
                cx.timer_in(self.plan.heartbeat, Timer { tag: 0, data: 0 })
            }
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("calls", self.calls);
        out.count("errors", self.errors);
        out.count("repaired_rows", self.repaired);
        out.count("speculative_reads", self.speculated);
        out.count("dropped_hints", self.dropped_hints);
        out.gauge("hints", self.hints.len() as f64);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
