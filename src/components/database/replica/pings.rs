//! How a router that reads from the nearest members knows how far they are: it pings them.
//!
//! As the monitors of MongoDB's drivers do (github.com/mongodb/specifications, server-selection.md, "Calculation of Average Round Trip
//! Times", and server-monitoring.md, "Polling Protocol" and "Network or command error during server check", read 2026-11): each member is
//! asked by itself, again so long after the last answer came; the first round trip is the average, each further one weighs a fifth. A ping
//! that fails makes the member unknown, and so does a connection that breaks under a statement: it has no average then and is not asked,
//! until a ping is answered. A ping that fails while the member was known is repeated at once, others wait for their turn. A statement
//! that is answered late changes nothing.
//!
//! A ping needs no connection of the pool and no work of the member's: it sees the way, not how busy the member is. All are pinged when the
//! router starts; the second pings come within the interval, at a moment drawn for each member, so that members are not asked together
//! nor in step with a script.
//!
//! The pings begin where the router is, at the database's first place. Members at several places are as far as they are from the caller, which
//! has a driver of its own beside it, which knows whom it cannot reach: what the map says of the way from there takes the place of what it says of the way from the router.

use super::reads::Seen;
use super::reads::nearest::{Candidate, select};
use super::router::Router;
use super::wire::CHECK;
use crate::components::Site;
use crate::kernel::{Ask, CallId, Ctx, NodeId, Reply, Status, Time, Timer};

/// The timer that a member is to be pinged; its data is which.
pub(super) const PING_DUE: u16 = 2;
/// Weight of the newest round trip, one in so many: the specification's alpha of 0.2.
const WEIGHT: Time = 5;

/// What is known of a member.
#[derive(Clone, Copy, Debug)]
struct Target {
    node: NodeId,
    /// Average round trip; none while the member is unknown.
    round_trip: Option<Time>,
    /// The ping under way.
    ping: Option<CallId>,
    /// Pings answered or failed since the router started.
    pings: u32,
    /// Statements that it has not answered.
    operations: u32,
}

/// Round trips to the members of all shards.
#[derive(Clone, Debug)]
pub struct Pings {
    interval: Time,
    threshold: Time,
    purpose: u64,
    /// By node, from the first one.
    targets: Vec<Target>,
    far: Option<Far>,
}

/// How far members at several places are from callers at several places, or how much farther than from the router.
#[derive(Clone, Debug)]
pub struct Far {
    /// Where each node is that the world begins with.
    places: Vec<u16>,
    /// Round trips from each place to each member, as the map says, or less those from the router; none from nowhere.
    farther: Vec<Vec<i64>>,
}

impl Far {
    /// To these members; without what the way from the router takes, if that is measured.
    pub fn new(site: &Site<'_>, members: &[NodeId], is_measured: bool) -> Self {
        let (places, map) = (site.layout.node_places(), &site.layout.map);
        let router = places[site.layout.first(site.index).index()];
        let rtt = |from: u16, member: &NodeId| map.rtt(from, places[member.index()]) as i64;
        let known = |member: &NodeId| if is_measured { rtt(router, member) } else { 0 };
        let farther = |from: u16| move |member: &NodeId| rtt(from, member) - known(member);
        let of = |from: u16| match from {
            0 => vec![0; members.len()],
            _ => members.iter().map(farther(from)).collect(),
        };
        Far { farther: (0..=map.len() as u16).map(of).collect(), places }
    }

    /// From whoever made this call.
    pub fn from(&self, id: CallId, cx: &Ctx<'_>) -> &[i64] {
        let call = cx.call(id);
        let client = cx.request(call.request).filter(|request| request.client == call.caller);
        let added = || cx.place_of(call.caller);
        let of_server = || self.places.get(call.caller.index()).copied().unwrap_or_else(added);
        &self.farther[usize::from(client.map_or_else(of_server, |request| request.region))]
    }
}

/// One of several, by lot.
pub(super) fn one_of(several: impl Iterator<Item = usize> + Clone, lot: u64) -> Option<usize> {
    let count = several.clone().count() as u64;
    several.clone().nth((lot % count.max(1)) as usize)
}

impl Pings {
    /// As the settings say; nothing is known of the members yet. Of each shard the first so many answer.
    pub fn new(site: &Site<'_>, shards: &[Vec<NodeId>], answering: usize) -> Self {
        let target =
            |node: &NodeId| Target { node: *node, round_trip: None, ping: None, pings: 0, operations: 0 };
        let time = |name| site.settings().duration(name).expect("preset");
        let targets: Vec<Target> =
            shards.iter().flat_map(|members| members.iter().take(answering)).map(target).collect();
        let nodes: Vec<NodeId> = targets.iter().map(|target| target.node).collect();
        let scattered = super::is_scattered(site.layout, site.index);
        Pings {
            far: scattered.then(|| Far::new(site, &nodes, true)),
            interval: time("ping_every"),
            threshold: time("local_threshold"),
            purpose: site.purpose("nearest"),
            targets,
        }
    }

    /// Nodes are numbered shard by shard, so that targets are in order.
    fn place(&self, node: NodeId) -> Option<usize> {
        self.targets.binary_search_by_key(&node.0, |target| target.node.0).ok()
    }

    /// The member to ask for this call; none if nobody who is up has been measured.
    fn pick(&self, id: CallId, members: &[Seen], draws: (f64, f64), cx: &Ctx<'_>) -> Option<usize> {
        let far = self.far.as_ref().map(|far| far.from(id, cx));
        let place = cx.place_of(cx.call(id).caller);
        let candidate = |(member, seen): (usize, &Seen)| {
            let at = self.place(seen.node)?;
            let Target { round_trip, operations, .. } = self.targets[at];
            let round_trip = round_trip
                .filter(|_| seen.up && !cx.is_cut_off(seen.node, place))?
                .saturating_add_signed(far.map_or(0, |far| far[at]));
            Some(Candidate { member, round_trip, operations })
        };
        let mut candidates = members.iter().enumerate().filter_map(candidate).collect();
        select(&mut candidates, self.threshold, draws)
    }

    /// The router has died: all is forgotten.
    pub(super) fn clear(&mut self) {
        for target in &mut self.targets {
            *target = Target { round_trip: None, ping: None, operations: 0, ..*target };
        }
    }

    /// A connection to a member has broken: it is unknown until a ping is answered that begins when it is due.
    fn forget(&mut self, at: usize, cx: &mut Ctx<'_>) {
        self.targets[at].round_trip = None;
        if let Some(ping) = self.targets[at].ping.take() {
            cx.abandon(ping);
            cx.timer_in(self.interval, due(at));
        }
    }

    /// When the next ping of a member is due: within the interval after the first one, else after the interval.
    fn pause(&self, at: usize, cx: &Ctx<'_>) -> Time {
        match self.targets[at].pings {
            1 => cx.phase(self.interval, at as u64),
            _ => self.interval,
        }
    }
}

fn due(at: usize) -> Timer {
    Timer { tag: PING_DUE, data: at as u64 }
}

/// The average with another round trip.
fn averaged(before: Option<Time>, round_trip: Time) -> Time {
    before.map_or(round_trip, |before| before - before / WEIGHT + round_trip / WEIGHT)
}

impl Router {
    /// A statement is sent to a member.
    #[inline]
    pub(super) fn note_sent(&mut self, node: NodeId) {
        if let Some(pings) = &mut self.pings
            && let Some(at) = pings.place(node)
        {
            pings.targets[at].operations += 1;
        }
    }

    /// It has been answered, or will not be.
    #[inline]
    pub(super) fn note_answered(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(pings) = &mut self.pings else { return };
        let Some(at) = pings.place(reply.callee) else { return };
        pings.targets[at].operations -= 1;
        if reply.status == Status::Reset {
            pings.forget(at, cx);
        }
    }

    /// All members are pinged now.
    pub(super) fn begin_pings(&mut self, cx: &mut Ctx<'_>) {
        let count = self.pings.as_ref().map_or(0, |pings| pings.targets.len());
        (0..count).for_each(|at| cx.timer_in(0, due(at)));
    }

    /// The nearest member of a shard, or one that is nearly so, for this call.
    pub(super) fn pick_nearest(&self, shard: usize, id: CallId, cx: &mut Ctx<'_>) -> usize {
        let request = cx.call(id).request;
        let (state, pings) = (&self.shards[shard], self.pings.as_ref().expect("it measures"));
        let mut draw = |second| cx.draw(request, pings.purpose, 2 * shard as u64 + second);
        let draws = (draw(0), draw(1));
        pings
            .pick(id, &state.members, draws, cx)
            .unwrap_or_else(|| (self.reads.pick)(&state.members, state.primary, state.turn))
    }

    pub(super) fn ping(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let Some(pings) = &mut self.pings else { return };
        let target = &mut pings.targets[at];
        let ask = Ask::new(target.node, CHECK, 0);
        target.ping = Some(cx.ask(Ask { note: at as u32, timeout: self.timeout, ..ask }));
    }

    pub(super) fn on_pinged(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(pings) = &mut self.pings else { return };
        let at = reply.note as usize;
        let target = &mut pings.targets[at];
        target.ping = None;
        target.pings = target.pings.saturating_add(1);
        if reply.status == Status::Ok {
            target.round_trip = Some(averaged(target.round_trip, cx.now() - reply.asked));
        } else if target.round_trip.take().is_some() {
            return self.ping(at, cx);
        }
        cx.timer_in(pings.pause(at, cx), due(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_round_trip_counts_whole_further_ones_a_fifth() {
        let first = averaged(None, 1_000);
        assert_eq!((first, averaged(Some(first), 2_000)), (1_000, 1_200));
        // The specification: the nine newest have about 85 % of the weight.
        let after_nine = (0..9).fold(0, |before, _| averaged(Some(before), 1_000_000));
        assert_eq!((after_nine + 5_000) / 10_000, 87);
    }
}
