//! What the coordinator tells the router: who leads, and who is there.
//!
//! The router stands for the drivers of all callers. Those in a region that is cut off from who tells go on believing what they were told
//! before, until they are told again.

use super::reads::Seen;
use super::router::{Router, Shard};
use super::wire::unpack;
use crate::kernel::{Answer, CallId, Ctx, Reply};
use std::collections::BTreeMap;

/// What is told of a shard.
#[derive(Clone, Debug)]
pub(super) struct View {
    epoch: u32,
    /// The entry behind which that epoch began.
    start: u32,
    primary: usize,
    members: Vec<Seen>,
}

impl View {
    /// What is known of a shard.
    fn of(shard: &Shard) -> Self {
        let Shard { epoch, start, primary, ref members, .. } = *shard;
        View { epoch, start, primary, members: members.clone() }
    }

    /// Puts this in the place of what is known, and that in the place of this.
    fn swap(&mut self, shard: &mut Shard) {
        std::mem::swap(&mut self.epoch, &mut shard.epoch);
        std::mem::swap(&mut self.start, &mut shard.start);
        std::mem::swap(&mut self.primary, &mut shard.primary);
        std::mem::swap(&mut self.members, &mut shard.members);
    }
}

/// What callers in regions that are cut off still believe.
#[derive(Clone, Debug)]
pub(super) struct Beliefs {
    /// Regions are numbered from 1 to this.
    places: u16,
    /// By region and shard.
    old: BTreeMap<(u16, usize), View>,
    /// The region as whose callers know the members something is being done.
    now: u16,
}

impl Beliefs {
    /// Everybody knows the same, in so many regions.
    pub fn shared(places: usize) -> Self {
        Beliefs { places: places as u16, old: BTreeMap::new(), now: 0 }
    }
}

impl Router {
    /// The view of a shard.
    pub(super) fn take_view(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let teller = call.caller;
        let (epoch, shard, start) = unpack(call.key);
        let (bits, primary) = (call.version, call.note as usize);
        cx.reply(id, Answer::ok(0, 0));
        if cx.is_cut_off(teller, cx.place_of(cx.node())) {
            return; // the router is one machine, which does not hear it
        }
        let shard = shard as usize;
        let start = if self.lasting { self.shards[shard].start } else { start as u32 };
        let up = |(at, seen): (usize, &Seen)| Seen { up: bits & (1 << at) != 0, ..*seen };
        let members = self.shards[shard].members.iter().enumerate().map(up).collect();
        let told = View { epoch, start, primary, members };
        self.tell_regions(shard, &told, |place| cx.is_cut_off(teller, place));
        let state = &mut self.shards[shard];
        if epoch >= state.epoch {
            let is_new = epoch > state.epoch;
            { told }.swap(state);
            if is_new && !self.lasting {
                self.copy_anew("a shard has another primary", cx);
            }
        }
    }

    /// Callers in each region hear of it, or are cut off and believe what all have known.
    fn tell_regions(&mut self, shard: usize, told: &View, is_cut_off: impl Fn(u16) -> bool) {
        let state = &self.shards[shard];
        for place in 1..=self.beliefs.places {
            if is_cut_off(place) {
                self.beliefs.old.entry((place, shard)).or_insert_with(|| View::of(state));
            } else if told.epoch >= state.epoch {
                self.beliefs.old.remove(&(place, shard));
            } else if let Some(old) = self.beliefs.old.get_mut(&(place, shard))
                && told.epoch >= old.epoch
            {
                *old = told.clone();
            }
        }
    }

    /// The region of whoever made a call, if what is believed there may differ.
    fn region_of(&self, id: CallId, cx: &Ctx<'_>) -> u16 {
        match self.beliefs.old.is_empty() || id.is_none() || !cx.is_open(id) {
            true => 0,
            false => cx.place_of(cx.call(id).caller),
        }
    }

    /// Does something for a caller in a region, which knows what is believed there. What is done for one may let others go on.
    fn as_seen_from(&mut self, place: u16, work: impl FnOnce(&mut Self)) {
        let before = self.look_from(place);
        work(self);
        self.look_from(before);
    }

    /// From now on the members are known as callers in this region know them; before, as those in the region that is returned.
    fn look_from(&mut self, place: u16) -> u16 {
        let before = std::mem::replace(&mut self.beliefs.now, place);
        if before != place {
            self.swap_beliefs(before);
            self.swap_beliefs(place);
        }
        before
    }

    fn swap_beliefs(&mut self, place: u16) {
        if place > 0 {
            for ((_, shard), view) in self.beliefs.old.range_mut((place, 0)..=(place, usize::MAX)) {
                view.swap(&mut self.shards[*shard]);
            }
        }
    }

    /// Sends a statement to the shard that has its row, as its caller knows the members.
    pub(super) fn route(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let place = self.region_of(id, cx);
        self.as_seen_from(place, |router| router.send_statement(id, cx));
    }

    /// A statement or a part of one is over, or what the router asks of its own accord.
    pub(super) fn take_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let place = self.region_of(reply.parent, cx);
        self.as_seen_from(place, |router| router.take_answer(reply, cx));
    }
}
