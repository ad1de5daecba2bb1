//! Who gives slots to nodes and has them moved (what `redis-cli --cluster rebalance` does, when a node joins or leaves).
//!
//! One slot after the other: the new owner is told to expect it, the old one to hand it over, then everybody who has it. A step that
//! fails is tried again each second. What nodes must know waits for them until they have heard it.

use super::super::Site;
use super::cluster::pack;
use super::group;
use crate::kernel::Answer;
use crate::kernel::{
    Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, SECOND, Status, Time, TimeoutClass, Timer,
    time_text,
};
use crate::parts::ring::slots::Move;
use crate::parts::ring::{SLOTS, Server, SlotTable};
use crate::parts::verbs::{IMPORT, MIGRATE, SET_SLOTS};
use std::collections::VecDeque;

/// A node that does not answer a short command for so long is asked again.
const SHORT: Time = SECOND;
/// A slot that has not moved in this time is asked for again: its node may be dead.
const LONG: Time = 10 * SECOND;
const AGAIN: Time = SECOND;

const MOVE_AGAIN: u16 = 0;
const TELL_AGAIN: u16 = 1;

#[derive(Clone)]
pub(super) struct Coordinator {
    group: u16,
    name: String,
    /// Nodes that the group ever had.
    known: u64,
    members: Vec<Server>,
    table: SlotTable,
    /// As it was at t = 0, and as a newcomer knows it.
    first: SlotTable,
    plan: VecDeque<Move>,
    current: Option<Move>,
    /// The members have changed since the plan was made.
    is_stale: bool,
    /// Nodes that have left and did not hand over what they were asked for: nobody waits for them slot by slot.
    silent: Vec<u16>,
    letters: Vec<Letters>,
    short: Option<TimeoutClass>,
    long: Option<TimeoutClass>,
    began: Time,
    slots: u64,
    keys: u64,
    slots_moved: u64,
}

/// What a node has still to hear: slots, from the first to the last, and their owner.
#[derive(Clone)]
struct Letters {
    node: NodeId,
    queue: VecDeque<(u16, u16, u16)>,
    /// The first one is under way.
    is_busy: bool,
    /// It has left and does not answer: the one letter is to see whether it is back.
    is_behind: bool,
}

impl Letters {
    fn new(node: NodeId) -> Self {
        Letters { node, queue: VecDeque::new(), is_busy: false, is_behind: false }
    }
}

impl Coordinator {
    pub fn new(site: &Site<'_>) -> Self {
        let table = group::first_slots(site);
        let members = group::servers(site);
        Coordinator {
            group: site.index as u16,
            name: site.group().name.clone(),
            known: members.len() as u64,
            letters: members.iter().map(|server| Letters::new(NodeId(server.id))).collect(),
            members,
            first: table.clone(),
            table,
            plan: VecDeque::new(),
            current: None,
            is_stale: false,
            silent: Vec::new(),
            short: None,
            long: None,
            began: 0,
            slots: 0,
            keys: 0,
            slots_moved: 0,
        }
    }

    fn is_member(&self, node: u16) -> bool {
        self.members.iter().any(|server| server.id == node)
    }

    // ---- members

    fn join(&mut self, node: NodeId, cx: &mut Ctx<'_>) {
        self.members.push(Server::new(node.0, format!("{}/{}", self.name, self.known)));
        self.known += 1;
        self.letters.push(Letters { queue: self.news_since_the_start(), ..Letters::new(node) });
        self.deliver(self.letters.len() - 1, cx);
        self.changed(cx);
    }

    fn leave(&mut self, node: NodeId, cx: &mut Ctx<'_>) {
        self.members.retain(|server| server.id != node.0);
        self.changed(cx);
    }

    fn changed(&mut self, cx: &mut Ctx<'_>) {
        self.is_stale = true;
        if self.current.is_none() {
            self.next(cx);
        }
    }

    /// Where the table differs from that of t = 0.
    fn news_since_the_start(&self) -> VecDeque<(u16, u16, u16)> {
        self.owners(|slot| self.table.owner(slot) != self.first.owner(slot))
    }

    /// Who owns these slots, in ranges.
    fn owners(&self, wanted: impl Fn(u16) -> bool) -> VecDeque<(u16, u16, u16)> {
        let mut news: VecDeque<(u16, u16, u16)> = VecDeque::new();
        for slot in (0..SLOTS).filter(|slot| wanted(*slot)) {
            let owner = self.table.owner(slot);
            match news.back_mut() {
                Some((_, last, of)) if *last + 1 == slot && *of == owner => *last = slot,
                _ => news.push_back((slot, slot, owner)),
            }
        }
        news
    }

    // ---- moving

    /// The next slot, of a new plan if the members have changed.
    fn next(&mut self, cx: &mut Ctx<'_>) {
        if std::mem::take(&mut self.is_stale) {
            if self.plan.is_empty() {
                (self.began, self.slots, self.keys) = (cx.now(), 0, 0);
            }
            self.plan = self.table.rebalance(&self.members).into();
        }
        self.current = self.plan.pop_front();
        match self.current {
            Some(each) => self.ask(each.to, IMPORT, pack(each.slot, each.slot, each.from), self.short, cx),
            None if self.slots > 0 => {
                let took = time_text(cx.now() - self.began);
                let detail = format!("{} slots with {} keys have moved in {took}", self.slots, self.keys);
                self.slots = 0;
                cx.tell("slots balanced", detail);
            }
            None => {}
        }
    }

    fn ask(&self, to: u16, verb: u16, key: u64, timeout: Option<TimeoutClass>, cx: &mut Ctx<'_>) {
        cx.ask(Ask { timeout, ..Ask::new(NodeId(to), verb, key) });
    }

    fn migrate(&self, each: Move, cx: &mut Ctx<'_>) {
        self.ask(each.from, MIGRATE, pack(each.slot, each.slot, each.to), self.long, cx);
    }

    /// The old owner has handed the slot over, or cannot.
    fn migrated(&mut self, each: Move, reply: &Reply, cx: &mut Ctx<'_>) {
        let is_gone = !self.is_member(each.from);
        match reply.status {
            Status::Ok => {
                self.keys += u64::from(reply.bytes);
                self.settle(each, cx);
            }
            // It has left and does not answer: its keys are lost, its slots are not.
            Status::Reset | Status::TimedOut if is_gone => {
                self.silent.push(each.from);
                self.settle(each, cx);
            }
            Status::TimedOut if self.is_member(each.to) => self.migrate(each, cx),
            _ => cx.timer_in(AGAIN, Timer { tag: MOVE_AGAIN, data: 0 }),
        }
    }

    fn settle(&mut self, each: Move, cx: &mut Ctx<'_>) {
        self.table.give(each.slot, each.to);
        self.slots += 1;
        self.slots_moved += 1;
        self.announce((each.slot, each.slot, each.to), cx);
        self.next(cx);
    }

    /// Once more; or, if the members have changed, the slot stays where it is for now.
    fn again(&mut self, cx: &mut Ctx<'_>) {
        let Some(each) = self.current else { return };
        if self.is_stale {
            self.announce((each.slot, each.slot, each.from), cx);
            return self.next(cx);
        }
        self.ask(each.to, IMPORT, pack(each.slot, each.slot, each.from), self.short, cx);
    }

    // ---- letters

    fn announce(&mut self, news: (u16, u16, u16), cx: &mut Ctx<'_>) {
        for at in 0..self.letters.len() {
            if !self.letters[at].is_behind {
                self.letters[at].queue.push_back(news);
                self.deliver(at, cx);
            }
        }
    }

    fn deliver(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let letters = &mut self.letters[at];
        let Some((first, last, owner)) = letters.queue.front().copied().filter(|_| !letters.is_busy) else {
            return;
        };
        letters.is_busy = true;
        let ask = Ask::new(letters.node, SET_SLOTS, pack(first, last, owner));
        cx.ask(Ask { timeout: self.short, note: at as u32, ..ask });
    }

    /// A node has heard, or has not. For one that has left and does not answer no letters are kept: should it come back, with data of
    /// slots that are others' by then, it hears how things stand.
    fn heard(&mut self, at: usize, status: Status, cx: &mut Ctx<'_>) {
        let is_member = self.is_member(self.letters[at].node.0);
        let letters = &mut self.letters[at];
        match status {
            Status::Ok => {
                letters.is_busy = false;
                letters.queue.pop_front();
                if std::mem::take(&mut letters.is_behind) {
                    self.letters[at].queue = self.owners(|_| true);
                }
                self.deliver(at, cx);
            }
            _ => {
                if !is_member {
                    letters.queue.truncate(1);
                    letters.is_behind = true;
                }
                cx.timer_in(AGAIN, Timer { tag: TELL_AGAIN, data: at as u64 });
            }
        }
    }
}

impl Component for Coordinator {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.short = Some(cx.timeout_class(SHORT));
        self.long = Some(cx.timeout_class(LONG));
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        debug_assert!(false, "nobody asks the coordinator");
        cx.reply(call, Answer::of(Status::Failed));
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.verb == SET_SLOTS {
            return self.heard(reply.note as usize, reply.status, cx);
        }
        let Some(each) = self.current else { return };
        match (reply.verb, reply.status) {
            (IMPORT, Status::Ok) if self.silent.contains(&each.from) => self.settle(each, cx),
            (IMPORT, Status::Ok) => self.migrate(each, cx),
            (IMPORT, _) => cx.timer_in(AGAIN, Timer { tag: MOVE_AGAIN, data: 0 }),
            _ => self.migrated(each, &reply, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == MOVE_AGAIN {
            return self.again(cx);
        }
        let at = timer.data as usize;
        self.letters[at].is_busy = false;
        self.deliver(at, cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        let (group, node) = control.subject();
        match control.verb {
            Control::JOIN if group == self.group => self.join(node, cx),
            Control::LEAVE if group == self.group => self.leave(node, cx),
            // Its questions and timers died with it. The table is on disk, and so is what others have to hear.
            Control::RECOVER if control.arg == 1 => {
                self.letters.iter_mut().for_each(|letters| letters.is_busy = false);
                (0..self.letters.len()).for_each(|at| self.deliver(at, cx));
                self.again(cx);
            }
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("slots_moved", self.slots_moved);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
