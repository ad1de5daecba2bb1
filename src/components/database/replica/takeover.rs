//! How the coordinator puts another member in the primary's place: asks where all stand, chooses, and orders it.

use super::coordinator::{Coordinator, Shard, Switch, note, place};
use super::election::{Election, Found};
use super::mode::shared_storage::READ as STORAGE_READ;
use super::wire::{FEED, GO_ON, POSITION, PROMOTE, STEP_DOWN, pack};
use crate::kernel::{Ask, Ctx, Reply, Status};

impl Coordinator {
    /// Asks all living members where they stand.
    pub(super) fn elect(&mut self, shard: usize, wanted: Option<usize>, cx: &mut Ctx<'_>) {
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

    pub(super) fn on_position(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
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
        let may = |found: &Found| {
            let (at, known) = (found.at, &state.members[found.at]);
            let is_complete = !clean || at == state.primary || known.complete;
            at < answering && is_complete && known.dead_end != Some(found.epoch)
        };
        let Some((at, mut start)) = election.best(&state.starts, state.primary, may) else {
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
    pub(super) fn on_fed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
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

    pub(super) fn on_promoted(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let epoch = (reply.key >> 48) as u32;
        let shards = &mut self.shards;
        let shard =
            shards.iter().position(|shard| shard.members.iter().any(|known| known.node == reply.callee));
        let Some(shard) = shard else { return };
        let state = &mut shards[shard];
        let Some(election) =
            state.election.take_if(|election| election.epoch == epoch && election.promoted.is_some())
        else {
            return;
        };
        if reply.status != Status::Ok {
            return self.promotion_failed(shard, &election, reply.status, cx);
        }
        let at = election.promoted.expect("just seen");
        (state.epoch, state.primary, state.reopens) = (epoch, at, false);
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

    /// The chosen one has not opened the epoch: nothing ceases to count for that. Another one is chosen with the next tick.
    fn promotion_failed(&mut self, shard: usize, election: &Election, why: Status, cx: &mut Ctx<'_>) {
        let state = &mut self.shards[shard];
        if let Some((_, start)) = state.starts.iter_mut().rfind(|(epoch, _)| *epoch == election.epoch) {
            *start = u32::MAX;
        }
        let chosen = election.found.iter().find(|found| Some(found.at) == election.promoted);
        let Some(chosen) = chosen.filter(|_| why == Status::Missing) else { return };
        state.members[chosen.at].dead_end = Some(chosen.epoch);
        let member = format!("shard {shard}, member {}", chosen.at);
        cx.tell("not promoted", format!("{member}: its log does not reach back to where it ceased to count"));
    }

    /// A planned switch begins: the present primary takes no more writes, and the other gets the rest of the log.
    pub(super) fn begin_switch(&mut self, member: u64, cx: &mut Ctx<'_>) {
        let size = self.shards.first().map_or(1, |shard| shard.members.len());
        let (shard, at) = (member as usize / size, member as usize % size);
        let until = cx.now().saturating_add(self.watch.down_after);
        let state = &mut self.shards[shard];
        if at == state.primary && state.members[at].up {
            return cx
                .tell("promotion ignored", format!("shard {shard}, member {at} is the primary already"));
        }
        if state.election.is_some() || state.switch.is_some() {
            return cx.tell("promotion ignored", format!("shard {shard} is being switched already"));
        }
        if !state.members[state.primary].up {
            return self.elect(shard, Some(at), cx);
        }
        if !state.members[at].ready {
            let why = format!("shard {shard}, member {at} has no rows yet: it is down, or being copied");
            return cx.tell("promotion ignored", why);
        }
        state.switch = Some(Switch { to: at, end: None, until });
        self.ask_to_step_down(shard, at, cx);
    }

    fn ask_to_step_down(&self, shard: usize, to: usize, cx: &mut Ctx<'_>) {
        let state = &self.shards[shard];
        let step_down = Ask::new(state.members[state.primary].node, STEP_DOWN, 0);
        cx.ask(Ask { note: note(shard, to), timeout: self.silence, ..step_down });
    }

    /// Looks after a planned switch: a primary that has not heard of it is asked again. When time is up, one that is dead is replaced; one that
    /// lives goes on, since the other lacks what it has acknowledged (MongoDB, replSetStepDown: nobody caught up within secondaryCatchUpPeriodSecs).
    /// False if there is none.
    pub(super) fn look_at_switch(&mut self, shard: usize, cx: &mut Ctx<'_>) -> bool {
        let state = &mut self.shards[shard];
        let Some(switch) = state.switch else { return false };
        let is_alive = state.members[state.primary].up;
        if cx.now() < switch.until && is_alive {
            if switch.end.is_none() && state.election.is_none() {
                self.ask_to_step_down(shard, switch.to, cx);
            }
            return true;
        }
        let to = switch.to;
        state.switch = None;
        if is_alive {
            cx.tell("promotion ignored", format!("shard {shard}: member {to} does not catch up"));
            state.reopens = true;
        } else {
            self.elect(shard, Some(to), cx);
        }
        true
    }

    /// A primary that has closed its log for a switch that came to nothing is told to go on, until it has heard it.
    pub(super) fn reopen(&mut self, shard: usize, cx: &mut Ctx<'_>) {
        let state = &self.shards[shard];
        if state.reopens {
            let go_on = Ask::new(state.members[state.primary].node, STEP_DOWN, GO_ON);
            cx.ask(Ask { note: note(shard, state.primary), timeout: self.silence, ..go_on });
        }
    }

    pub(super) fn on_stepped_down(&mut self, reply: &Reply) {
        let (shard, _) = place(reply.note);
        if reply.key == GO_ON {
            self.shards[shard].reopens &= reply.status != Status::Ok;
            return;
        }
        if let Some(switch) = &mut self.shards[shard].switch
            && reply.status == Status::Ok
        {
            switch.end = Some(reply.version);
        }
    }
}
