//! The coordinator: watches the members of all shards, says who counts, and makes another one the primary when one falls silent.
//!
//! It knows of the members what they answer to its pings, and members and router know of it what it tells them. Each ping carries the time
//! of the last one that was answered, so that both sides know until when a member counts as alive: a fenced primary
//! stops at the moment from which on the coordinator may replace it.

use super::election::{Election, Found};
use super::mode::shared_storage::READ as STORAGE_READ;
use super::wire::{FEED, PING, POSITION, PROMOTE, STEP_DOWN, VIEW, pack};
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass, Timer,
};

/// Control: member `arg` (its number among all members) shall be primary.
pub const SWITCH: u16 = Control::FIRST_OWN;

/// What the coordinator is told at the beginning.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Whom callers ask.
    pub router: NodeId,
    /// The members of each shard.
    pub shards: Vec<Vec<NodeId>>,
    /// Between two pings.
    pub heartbeat: Time,
    /// Silent for so long: dead.
    pub down_after: Time,
    /// Whether it promotes by itself.
    pub failover: bool,
    /// Whether only members that had everything may take over.
    pub clean: bool,
    /// The first so many members of a shard answer clients; the others are storage.
    pub answering: usize,
}

/// What is known of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    node: NodeId,
    /// When the last ping that was answered had been sent.
    heard: Time,
    up: bool,
    /// It has its rows: not receiving a copy.
    ready: bool,
    /// Length of its log.
    end: u32,
    /// It was told to the primary as counting, when the primary's log had this length.
    counts_from: Option<u32>,
    /// It has everything that a client was told of.
    pub(super) complete: bool,
}

/// A planned switch: the old primary takes no more writes; the new one must have the whole log.
#[derive(Clone, Copy, Debug)]
struct Switch {
    to: usize,
    end: Option<u32>,
    until: Time,
}

#[derive(Clone, Debug)]
pub(super) struct Shard {
    pub(super) epoch: u32,
    pub(super) primary: usize,
    pub(super) members: Vec<Known>,
    /// First entry of each epoch, less one.
    pub(super) starts: Vec<(u32, u32)>,
    pub(super) election: Option<Election>,
    switch: Option<Switch>,
    /// The members that count, as last told to the primary, and whether it has answered.
    told: Option<(u32, bool)>,
}

impl Shard {
    /// The living replicas and the primary, as bits.
    fn bits(&self) -> u32 {
        let bit = |(at, known): (usize, &Known)| u32::from(known.up && known.ready) << at;
        self.members.iter().enumerate().map(bit).sum()
    }
}

/// The coordinator.
#[derive(Clone)]
pub struct Coordinator {
    watch: Watch,
    shards: Vec<Shard>,
    silence: Option<TimeoutClass>,
    promotions: u64,
}

const TICK: u16 = 0;

impl Coordinator {
    /// All members are there, the first of each shard is its primary.
    pub fn new(watch: Watch) -> Self {
        let known = |node: &NodeId| Known {
            node: *node,
            heard: 0,
            up: true,
            ready: true,
            end: 0,
            counts_from: Some(0),
            complete: true,
        };
        let shard = |members: &Vec<NodeId>| Shard {
            epoch: 1,
            primary: 0,
            members: members.iter().map(known).collect(),
            starts: vec![(1, 0)],
            election: None,
            switch: None,
            told: None,
        };
        let shards = watch.shards.iter().map(shard).collect();
        Coordinator { watch, shards, silence: None, promotions: 0 }
    }

    fn tick(&mut self, cx: &mut Ctx<'_>) {
        cx.timer_in(self.watch.heartbeat, Timer { tag: TICK, data: 0 });
        for shard in 0..self.shards.len() {
            self.ping_all(shard, cx);
            self.judge(shard, cx);
            self.tell_view(shard, cx);
            self.tell_router(shard, cx);
        }
    }

    fn ping_all(&self, shard: usize, cx: &mut Ctx<'_>) {
        let epoch = self.shards[shard].starts.last().map_or(1, |(epoch, _)| *epoch);
        for (at, known) in self.shards[shard].members.iter().enumerate() {
            let ping = Ask::new(known.node, PING, known.heard);
            cx.ask(Ask { version: epoch, note: note(shard, at), timeout: self.silence, ..ping });
        }
    }

    /// Who has been silent for too long is dead; a dead primary is replaced.
    fn judge(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        let (now, down_after) = (cx.now(), self.watch.down_after);
        let state = &mut self.shards[shard];
        for (at, known) in state.members.iter_mut().enumerate() {
            if known.up && now >= known.heard.saturating_add(down_after) {
                known.up = false;
                cx.tell("down", format!("shard {shard}, member {at} does not answer"));
            }
        }
        if let Some(election) = &state.election
            && election.promoted.is_some_and(|at| !state.members[at].up)
        {
            state.election = None; // the candidate has died as well
        }
        if let Some(switch) = state.switch
            && now >= switch.until
        {
            state.switch = None;
            self.elect(shard, Some(switch.to), cx);
            return;
        }
        if !self.shards[shard].members[self.shards[shard].primary].up {
            self.replace_primary(shard, cx);
        }
    }

    fn replace_primary(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        if self.watch.failover && self.shards[shard].election.is_none() {
            self.elect(shard, None, cx);
        }
    }

    /// Asks all living members where they stand.
    fn elect(&mut self, shard: usize, wanted: Option<usize>, cx: &mut Ctx<'_>) {
        let state = &mut self.shards[shard];
        let epoch = state.starts.last().map_or(1, |(epoch, _)| *epoch) + 1;
        let asked: Vec<usize> = (0..state.members.len()).filter(|at| state.members[*at].up).collect();
        if asked.is_empty() {
            return;
        }
        state.election = Some(Election::new(epoch, wanted, asked.len()));
        for at in asked {
            let position = Ask::new(state.members[at].node, POSITION, pack(epoch, 0, 0));
            cx.ask(Ask { note: note(shard, at), timeout: self.silence, ..position });
        }
    }

    fn on_position(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (shard, at) = place(reply.note);
        let state = &mut self.shards[shard];
        let Some(election) = &mut state.election else { return };
        if (reply.key >> 48) as u32 != election.epoch || election.promoted.is_some() {
            return;
        }
        election.open -= 1;
        if reply.status == Status::Ok {
            let found = Found { at, epoch: u32::from(reply.redirect.0), end: reply.version };
            election.found.push(found);
        }
        if election.open == 0 {
            self.promote_best(shard, cx);
        }
    }

    fn promote_best(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        let clean = self.watch.clean;
        let state = &mut self.shards[shard];
        let bits = state.bits();
        let Some(election) = &mut state.election else { return };
        let answering = self.watch.answering;
        let complete = |at: usize| at < answering && (!clean || at == state.primary || state.members[at].complete);
        let Some((at, mut start)) = election.best(&state.starts, state.primary, complete) else {
            state.election = None; // nobody may; asked again with the next tick
            return;
        };
        if answering < state.members.len() {
            let Some((source, end, own)) = election.source(&state.starts, answering, STORAGE_READ, at) else {
                state.election = None; // too few storage nodes answer to know what there is
                return;
            };
            start = end;
            if own < end {
                election.chosen = Some((at, start, bits));
                let feed = Ask::new(state.members[source].node, FEED, pack(election.epoch, 0, at as u64));
                cx.ask(Ask { version: own, note: start, timeout: self.silence, ..feed });
                return;
            }
        }
        self.promote(shard, (at, start, bits), cx);
    }

    /// The chosen one has got what it lacked.
    fn on_fed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let epoch = (reply.key >> 48) as u32;
        let asks = |shard: &Shard| {
            shard.election.as_ref().is_some_and(|election| election.epoch == epoch)
                && shard.members.iter().any(|known| known.node == reply.callee)
        };
        let Some(shard) = self.shards.iter().position(asks) else { return };
        let chosen = self.shards[shard].election.as_ref().and_then(|election| election.chosen);
        match (reply.status, chosen) {
            (Status::Ok, Some(chosen)) => self.promote(shard, chosen, cx),
            _ => self.shards[shard].election = None, // again with the next tick
        }
    }

    fn promote(&mut self, shard: usize, (at, start, bits): (usize, u32, u32), cx: &mut Ctx<'_>) {
        let state = &mut self.shards[shard];
        let Some(election) = &mut state.election else { return };
        election.promoted = Some(at);
        let epoch = election.epoch;
        state.starts.push((epoch, start));
        let promote = Ask::new(state.members[at].node, PROMOTE, pack(epoch, 0, 0));
        // Its note goes with the question: the answer is known by its callee.
        cx.ask(Ask { version: start, note: bits, ..promote });
    }

    fn on_promoted(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let epoch = (reply.key >> 48) as u32;
        let shards = &mut self.shards;
        let shard = shards.iter().position(|shard| shard.members.iter().any(|known| known.node == reply.callee));
        let Some(shard) = shard else { return };
        let state = &mut shards[shard];
        let Some(at) = state.election.as_ref().filter(|e| e.epoch == epoch).and_then(|e| e.promoted) else { return };
        state.election = None;
        if reply.status != Status::Ok {
            return;
        }
        (state.epoch, state.primary) = (epoch, at);
        state.told = None;
        let bits = state.bits();
        for (at, known) in state.members.iter_mut().enumerate() {
            // The new primary waits for whom it was told of, from its first entry on; the others may lack the end.
            known.counts_from = (bits & (1 << at) != 0).then_some(reply.version);
            known.complete = known.end >= reply.version && known.complete;
        }
        self.promotions += 1;
        self.tell_view(shard, cx);
        self.tell_router(shard, cx);
    }

    /// Tells the members of a shard who is primary; the primary also, who counts.
    fn tell_view(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        let state = &mut self.shards[shard];
        let bits = state.bits();
        if !state.members[state.primary].up || state.election.is_some() || state.told == Some((bits, true)) {
            return;
        }
        for (at, known) in state.members.iter_mut().enumerate() {
            if bits & (1 << at) == 0 {
                (known.counts_from, known.complete) = (None, false); // from now on clients may be told without it
            }
        }
        state.told = Some((bits, false));
        for known in state.members.iter().filter(|known| known.up) {
            let view = Ask::new(known.node, VIEW, pack(state.epoch, 0, u64::from(bits)));
            cx.ask(Ask { version: bits, note: state.primary as u32, timeout: self.silence, ..view });
        }
    }

    fn tell_router(&self, shard: usize, cx: &mut Ctx<'_>) {
        let state = &self.shards[shard];
        let view = Ask::new(self.watch.router, VIEW, pack(state.epoch, 0, shard as u64));
        cx.ask(Ask { version: state.bits(), note: state.primary as u32, timeout: self.silence, ..view });
    }

    /// The primary has taken the view: who counts has everything from here on once its log is so long.
    fn on_view(&mut self, reply: &Reply) {
        let (epoch, bits) = ((reply.key >> 48) as u32, reply.key as u32);
        let holds = |shard: &&mut Shard| {
            shard.epoch == epoch
                && shard.members[shard.primary].node == reply.callee
                && shard.told == Some((bits, false))
        };
        let Some(state) = self.shards.iter_mut().find(holds) else { return };
        if reply.status != Status::Ok {
            return;
        }
        state.told = Some((bits, true));
        for (at, known) in state.members.iter_mut().enumerate() {
            if bits & (1 << at) != 0 && known.counts_from.is_none() {
                known.counts_from = Some(reply.version);
            }
        }
    }

    fn on_pong(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (shard, at) = place(reply.note);
        let state = &mut self.shards[shard];
        let known = &mut state.members[at];
        if !matches!(reply.status, Status::Ok | Status::Missing) {
            return;
        }
        known.heard = known.heard.max(reply.asked);
        if !known.up {
            cx.tell("up", format!("shard {shard}, member {at} answers again"));
        }
        known.up = true;
        known.ready = reply.status == Status::Ok;
        known.end = reply.version;
        known.complete |= known.ready && known.counts_from.is_some_and(|from| known.end >= from);
        let (end, is_primary) = (known.end, reply.redirect == reply.callee);
        if at == state.primary && !is_primary && state.election.is_none() {
            // It came back from a crash as a replica. Without failover it is the one that leads again.
            let wanted = (!self.watch.failover).then_some(at);
            return self.elect(shard, wanted, cx);
        }
        if let Some(switch) = state.switch
            && switch.to == at
            && switch.end.is_some_and(|wanted| end >= wanted)
        {
            state.switch = None;
            self.elect(shard, Some(at), cx);
        }
    }

    /// A planned switch begins: the present primary takes no more writes, and the other gets the rest of the log.
    fn begin_switch(&mut self, member: u64, cx: &mut Ctx<'_>) {
        let size = self.shards.first().map_or(1, |shard| shard.members.len());
        let (shard, at) = (member as usize / size, member as usize % size);
        let until = cx.now().saturating_add(self.watch.down_after);
        let state = &mut self.shards[shard];
        if at == state.primary && state.members[at].up {
            return cx.tell("promotion ignored", format!("shard {shard}, member {at} is the primary already"));
        }
        if state.election.is_some() || state.switch.is_some() {
            return cx.tell("promotion ignored", format!("shard {shard} is being switched already"));
        }
        if !state.members[state.primary].up {
            return self.elect(shard, Some(at), cx);
        }
        state.switch = Some(Switch { to: at, end: None, until });
        let step_down = Ask::new(state.members[state.primary].node, STEP_DOWN, 0);
        cx.ask(Ask { note: note(shard, at), timeout: self.silence, ..step_down });
    }

    fn on_stepped_down(&mut self, reply: &Reply) {
        let (shard, _) = place(reply.note);
        if let Some(switch) = &mut self.shards[shard].switch
            && reply.status == Status::Ok
        {
            switch.end = Some(reply.version);
        }
    }
}

/// A shard and a member of it, as the note of a question.
fn note(shard: usize, at: usize) -> u32 {
    (shard as u32) << 8 | at as u32
}

fn place(note: u32) -> (usize, usize) {
    ((note >> 8) as usize, (note & 0xFF) as usize)
}

impl Component for Coordinator {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.silence = Some(cx.timeout_class(self.watch.down_after));
        cx.timer_in(self.watch.heartbeat, Timer { tag: TICK, data: 0 });
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        cx.reply(id, Answer::of(Status::Failed)); // nobody asks it anything
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match reply.verb {
            PING => self.on_pong(&reply, cx),
            POSITION => self.on_position(&reply, cx),
            PROMOTE => self.on_promoted(&reply, cx),
            VIEW => self.on_view(&reply),
            STEP_DOWN => self.on_stepped_down(&reply),
            FEED => self.on_fed(&reply, cx),
            _ => {}
        }
    }

    fn on_timer(&mut self, _timer: Timer, cx: &mut Ctx<'_>) {
        self.tick(cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            SWITCH => self.begin_switch(control.arg, cx),
            Control::CRASH_PROCESS | Control::CRASH_HOST => {
                for shard in &mut self.shards {
                    (shard.election, shard.switch, shard.told) = (None, None, None);
                }
            }
            // Nobody is dead only because the coordinator was: all get the time they are granted.
            Control::RECOVER if control.arg == 1 => {
                let now = cx.now();
                let members = self.shards.iter_mut().flat_map(|shard| &mut shard.members);
                members.for_each(|known| known.heard = known.heard.max(now));
                cx.timer_in(self.watch.heartbeat, Timer { tag: TICK, data: 0 });
            }
            _ => {}
        }
    }

    fn measure(&self, _now: Time, out: &mut Readings) {
        out.count("promotions", self.promotions);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
