//! The coordinator: watches the members of all shards, says who counts, and makes another one the primary when one falls silent.
//!
//! It knows of the members what they answer to its pings, and members and router know of it what it tells them. Each ping carries the time
//! of the last one that was answered, so that both sides know until when a member counts as alive: a fenced primary
//! stops `down_after` after the last ping that it heard had been sent, the first moment at which the coordinator may replace it.

use super::election::Election;
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
    pub(super) node: NodeId,
    /// When the last ping that was answered had been sent.
    heard: Time,
    pub(super) up: bool,
    /// It has its rows: not receiving a copy.
    pub(super) ready: bool,
    /// Length of its log.
    pub(super) end: u32,
    /// It was told to the primary as counting, when the primary's log had this length.
    pub(super) counts_from: Option<u32>,
    /// It has everything that a client was told of.
    pub(super) complete: bool,
    /// With a last entry of this epoch it cannot take over: its log does not reach back to where that ended.
    pub(super) dead_end: Option<u32>,
}

/// A planned switch: the old primary takes no more writes; the new one must have the whole log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switch {
    pub to: usize,
    pub end: Option<u32>,
    pub until: Time,
}

#[derive(Clone, Debug)]
pub(super) struct Shard {
    pub(super) epoch: u32,
    pub(super) primary: usize,
    pub(super) members: Vec<Known>,
    /// First entry of each epoch, less one.
    pub(super) starts: Vec<(u32, u32)>,
    pub(super) election: Option<Election>,
    pub(super) switch: Option<Switch>,
    /// Its primary is to go on: a switch has come to nothing.
    pub(super) reopens: bool,
    /// The members that count, as last told to the primary, and whether it has answered.
    pub(super) told: Option<(u32, bool)>,
}

impl Shard {
    /// The living replicas and the primary, as bits.
    pub(super) fn bits(&self) -> u32 {
        let bit = |(at, known): (usize, &Known)| u32::from(known.up && known.ready) << at;
        self.members.iter().enumerate().map(bit).sum()
    }
}

/// The coordinator.
#[derive(Clone)]
pub struct Coordinator {
    pub(super) watch: Watch,
    pub(super) shards: Vec<Shard>,
    pub(super) silence: Option<TimeoutClass>,
    pub(super) promotions: u64,
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
            dead_end: None,
        };
        let shard = |members: &Vec<NodeId>| Shard {
            epoch: 1,
            primary: 0,
            members: members.iter().map(known).collect(),
            starts: vec![(1, 0)],
            election: None,
            switch: None,
            reopens: false,
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

    /// Who has been silent for too long is dead; a dead primary is replaced. The silence begins with the first ping that was not answered
    /// (Redis Sentinel, sentinelCheckSubjectivelyDown: act_ping_time), which was sent a heartbeat after the last one that was.
    fn judge(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        let (now, granted) = (cx.now(), self.watch.heartbeat.saturating_add(self.watch.down_after));
        let state = &mut self.shards[shard];
        for (at, known) in state.members.iter_mut().enumerate() {
            if known.up && now >= known.heard.saturating_add(granted) {
                known.up = false;
                cx.tell("down", format!("shard {shard}, member {at} does not answer"));
            }
        }
        if let Some(election) = &state.election
            && election.promoted.is_some_and(|at| !state.members[at].up)
        {
            state.election = None; // the candidate has died as well
        }
        if self.look_at_switch(shard, cx) {
            return;
        }
        self.reopen(shard, cx);
        if !self.shards[shard].members[self.shards[shard].primary].up {
            self.replace_primary(shard, cx);
        }
    }

    fn replace_primary(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        if self.watch.failover && self.shards[shard].election.is_none() {
            self.elect(shard, None, cx);
        }
    }

    /// Tells the members of a shard who is primary; the primary also, who counts.
    pub(super) fn tell_view(&mut self, shard: usize, cx: &mut Ctx<'_>) {
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

    pub(super) fn tell_router(&self, shard: usize, cx: &mut Ctx<'_>) {
        let state = &self.shards[shard];
        let start =
            state.starts.iter().rfind(|(epoch, _)| *epoch == state.epoch).map_or(0, |(_, start)| *start);
        let view = Ask::new(self.watch.router, VIEW, pack(state.epoch, shard as u32, u64::from(start)));
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
        let was_up = std::mem::replace(&mut known.up, true);
        if !was_up {
            cx.tell("up", format!("shard {shard}, member {at} answers again"));
        }
        known.ready = reply.status == Status::Ok;
        known.end = reply.version;
        known.complete |= known.ready && known.counts_from.is_some_and(|from| known.end >= from);
        let (end, is_primary) = (known.end, reply.redirect == reply.callee);
        if at == state.primary && !is_primary && state.election.is_none() {
            if let Some(switch) = &mut state.switch {
                switch.end = None; // it will take writes again before it hears of that
            }
            // It was started again. Unless it counted as dead, it leads on with the log that it has, also if its replicas have more: what only its
            // memory had is lost (Redis documentation, "Safety of replication when master has persistence turned off"). Where no acknowledged
            // write may be lost, whoever has them all may lead.
            let wanted = (!self.watch.failover || was_up && !self.watch.clean).then_some(at);
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
}

/// A shard and a member of it, as the note of a question.
pub(super) fn note(shard: usize, at: usize) -> u32 {
    (shard as u32) << 8 | at as u32
}

pub(super) fn place(note: u32) -> (usize, usize) {
    ((note >> 8) as usize, (note & 0xFF) as usize)
}

impl Component for Coordinator {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.silence = Some(cx.timeout_class(self.watch.down_after));
        cx.timer_in(cx.phase(self.watch.heartbeat, 0), Timer { tag: TICK, data: 0 });
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
                    shard.reopens |= shard.switch.is_some();
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
