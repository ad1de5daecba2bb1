//! The network: how long a message takes between two groups, what it costs to send, and what gets lost.

mod connection;
mod cuts;
mod cutting;
mod express;
pub mod geo;
mod home;
mod link;
mod question;
mod resending;
mod retransmission;
pub mod tokens;
mod transfer;

pub use home::{AccessPlan, Home};
pub use link::{ENTRY, Link, LinkPlan};
pub use transfer::{SETUPS, Setup};

use super::client::population::Access;
use crate::kernel::call::{Call, CallId, Calls};
use crate::kernel::request::Requests;
use crate::kernel::transit::{End, HELD_UP, LOST, LinkCommand, Message, Transit};
use crate::kernel::{NodeId, Time};
use crate::parts::verbs;
use crate::random::mix::hash_name;
use crate::random::stream::Stream;
use connection::Connections;
use cuts::{Cut, Cuts, Member};
use express::{Express, Way};
use geo::{Geography, Spot};
use question::Hop;
use retransmission::Timer;
use std::sync::Arc;
use transfer::note_transfer;

/// Links between groups of nodes, or within one. Without a link nodes talk in no time, and so does a node with itself. The
/// link within a group of several parts (a database with replicas) lies between its inner nodes, those behind its first one, unless
/// that one has no front: a router that reads from the nearest members of one place, or coordinates equal copies, is as far from them as
/// they are from each other.
#[derive(Clone)]
pub struct Network {
    /// Group of each node.
    group: Vec<u16>,
    groups: usize,
    /// For each pair of groups (from, to): index of the link plus one, 0 = none.
    between: Vec<u32>,
    links: Vec<Link>,
    /// Which pairs of groups have a link that only takes time, or none.
    express: Express,
    /// The node that stands for its group, if there is one: no link lies between it and the others of the group.
    fronts: Vec<NodeId>,
    /// The same for a group at several places: its front stands beside each of its callers (see [`Network::for_caller`]).
    beside: Vec<NodeId>,
    /// Between whom nothing passes.
    cuts: Cuts,
    /// Draws of background messages, which belong to no request: for each link a stream of its own.
    backgrounds: Vec<Stream>,
    /// Seed and replication.
    seeds: (u64, u64),
    connections: Connections,
    map: Arc<Geography>,
    /// Where the nodes of each group are, in turn.
    homes: Vec<Home>,
    /// Where each node is.
    spots: Vec<Spot>,
    /// The place whose cuts concern each node; 0 = none does.
    sides: Vec<u16>,
}

impl Network {
    /// A network over nodes whose groups are given, without links.
    pub fn new(group: Vec<u16>, groups: usize, seeds: (u64, u64)) -> Self {
        let spots = vec![Spot::default(); group.len()];
        Network {
            group,
            groups,
            between: vec![0; groups * groups],
            links: Vec::new(),
            express: Express::without_links(groups),
            fronts: vec![NodeId::NONE; groups],
            beside: vec![NodeId::NONE; groups],
            cuts: Cuts::default(),
            backgrounds: Vec::new(),
            seeds,
            connections: Connections::new(),
            map: Arc::default(),
            homes: Vec::new(),
            sides: vec![0; spots.len()],
            spots,
        }
    }

    /// Puts the nodes of each group where it is at home, once all links are there.
    pub fn settle(&mut self, map: Arc<Geography>, homes: Vec<Home>) {
        self.draw_up();
        self.map = map;
        self.homes = homes;
        for node in 0..self.group.len() {
            (self.spots[node], self.sides[node]) = self.stand(node);
        }
    }

    /// Where a node is, and whose cuts concern it.
    fn stand(&self, node: usize) -> (Spot, u16) {
        let group = self.group[node];
        let number = self.group[..node].iter().filter(|other| **other == group).count();
        let home = self.homes.get(usize::from(group));
        home.map_or_else(Default::default, |home| (home.spot(number), home.side(number)))
    }

    /// This node stands for its group; beside each caller if the group is at several places.
    pub fn set_front(&mut self, group: u16, node: NodeId, beside_callers: bool) {
        let fronts = if beside_callers { &mut self.beside } else { &mut self.fronts };
        fronts[usize::from(group)] = node;
    }

    /// The message between a member and the front of its group, as one between the member and the caller that the front works for. A group
    /// at several places has callers at several places; each has a driver beside it that talks to the members itself. `None`: the front
    /// does something of its own accord, from its own place.
    #[cold]
    #[inline(never)]
    fn for_caller(&self, message: &Message, calls: &Calls) -> Option<Message> {
        let caller = calls.get(message.parent)?.caller;
        let mut message = Message { parent: CallId::NONE, ..*message };
        let near_end = if message.returning { &mut message.to } else { &mut message.from };
        let of_group = self.group[near_end.index()] == self.group[caller.index()];
        *near_end = caller;
        (!of_group).then_some(message)
    }

    /// Whether one end is the front of a group whose callers have it beside them.
    #[inline]
    fn is_beside(&self, message: &Message, from: u16, to: u16) -> bool {
        self.beside[usize::from(from)] == message.from || self.beside[usize::from(to)] == message.to
    }

    /// Whether a message within a group goes from a node to itself, or has the group's first node at one end.
    #[inline(never)]
    fn is_at_front(&self, message: &Message, group: u16) -> bool {
        let front = self.fronts[usize::from(group)];
        message.from == message.to || message.from == front || message.to == front
    }

    /// Joins two groups in both directions.
    pub fn join(&mut self, a: u16, b: u16, link: Link) {
        self.backgrounds.push(Stream::of(self.seeds.0, self.seeds.1, link.name()));
        self.links.push(link);
        let index = self.links.len() as u32;
        for (from, to) in [(a, b), (b, a)] {
            self.between[from as usize * self.groups + to as usize] = index;
        }
    }

    /// Links or cuts have changed.
    fn draw_up(&mut self) {
        self.express = Express::draw_up(&self.between, &self.links, &self.beside, &self.cuts);
    }

    /// What [`Transit::delay`] does not have at hand: with what it asks it in turn, so that nothing need be kept for a call there.
    #[inline(never)]
    fn delay_otherwise(
        &mut self,
        (from, to): (NodeId, NodeId),
        call: &Call,
        returning: bool,
        requests: &Requests,
    ) -> Time {
        let Way::Link(number) = self.express.way(self.group[from.index()], self.group[to.index()]) else {
            unreachable!("it goes over a link");
        };
        let message = Message::of(call, (from, to), returning, 0);
        self.links[number].latency(&message, requests, || &mut self.backgrounds[number]).min(LOST)
    }

    /// Takes a message over a link that is more than a delay.
    #[inline(never)]
    fn travel(&mut self, link: usize, message: &Message, requests: &mut Requests) -> Option<Time> {
        let number = link;
        let token =
            tokens::brought(self.homes.get(usize::from(self.group[message.to.index()])), message, requests);
        let message = &Message { bytes: message.bytes.saturating_add(token), ..*message };
        let link = &self.links[number];
        let connection = link.connection().filter(|_| !verbs::is_datagram(message.verb));
        let background = &mut self.backgrounds[number];
        let luck = link.luck(message, requests, background);
        let lost = luck.filter(|luck| link.loses(*luck));
        if lost.is_some() && connection.is_none() && !verbs::is_of_stream(message.verb) {
            return None;
        }
        let way = self.one_way(number, message, requests);
        let link = &self.links[number];
        let datagram = verbs::is_datagram(message.verb);
        let request = requests.get_mut(message.request);
        let asked_by_client =
            |client: NodeId| client == if message.returning { message.to } else { message.from };
        let request = request.filter(|request| asked_by_client(request.client));
        let Some(plan) = connection else {
            let transfer = link.pour(message.bytes, 2 * way);
            note_transfer(request.filter(|_| message.returning && !datagram), transfer);
            let late = lost.map_or(Some(0), |lost| link.retransmit(lost, Timer::established(2 * way)))?;
            return arrives(way.saturating_add(transfer).saturating_add(late));
        };
        let ends = link::ends(message, request.as_deref().map_or(0, |request| request.user));
        let (rtt, timer) = (2 * way, Timer::established(2 * way));
        if message.returning {
            let open = self.connections.find(ends);
            let doubled = open.as_ref().map_or(0, |open| open.answers.doubled(message.now, timer.first()));
            let (transfer, doubled) = link.transfer(message.bytes, rtt, doubled);
            note_transfer(request, transfer);
            let late = lost.map_or(Some(0), |lost| link.retransmit(lost, timer))?;
            let arrival = way.saturating_add(transfer).saturating_add(late);
            if let Some(open) = open {
                let [sent, there] = [transfer, arrival].map(|after| message.now.saturating_add(after));
                open.answer((sent, there), plan.1, doubled);
            }
            return arrives(arrival);
        }
        let late = lost.map_or(Some(0), |lost| link.retransmit(lost, timer))?;
        let sent = self.send_question(Hop { number, luck, ends, rtt }, message, request);
        arrives(sent.saturating_add(way).saturating_add(late))
    }

    /// Round-trip time between the two ends of a message, the clients' own way to the network included. Where the map has two figures for
    /// two places, that of the asker's row counts, for the answer too.
    fn way(&self, message: &Message, requests: &Requests) -> Time {
        let (asker, asked) = match message.returning {
            false => (message.from, message.to),
            true => (message.to, message.from),
        };
        let (here, there) = (self.spots[asker.index()], self.spots[asked.index()]);
        let request = requests.get(message.request).filter(|request| request.client == asker);
        let Some(request) = request else { return self.map.rtt_of_servers(here, there) };
        let server = there.place;
        let group = usize::from(self.group[asker.index()]);
        let Some(plan) = &self.homes[group].access else { return self.map.rtt(request.region, server) };
        let access = Access::of(request.access);
        let last_mile = if access == Access::Mobile { &plan.mobile } else { &plan.fixed };
        let last_mile = last_mile.sample_ns_of(request.bits(LAST_MILE, message.key));
        let rtt = match plan.outlets[usize::from(access.code())] {
            0 => self.map.rtt(request.region, server),
            outlet => self.map.rtt(request.region, outlet) + self.map.rtt(outlet, server),
        };
        rtt.saturating_add(last_mile)
    }

    /// The link between two groups; one is made if there was none, since now it has a state.
    fn link_mut(&mut self, a: u16, b: u16) -> &mut Link {
        if self.between[a as usize * self.groups + b as usize] == 0 {
            self.join(a, b, Link::instant());
        }
        let index = self.between[a as usize * self.groups + b as usize];
        &mut self.links[index as usize - 1]
    }
}

impl Transit for Network {
    #[inline]
    fn delay(
        &mut self,
        (from, to): (NodeId, NodeId),
        call: &Call,
        returning: bool,
        requests: &Requests,
    ) -> Time {
        let number = match self.express.way(self.group[from.index()], self.group[to.index()]) {
            Way::Ask => return HELD_UP,
            Way::NoTime => return 0,
            Way::Link(number) => number,
        };
        let link = &mut self.links[number];
        link.mark();
        // A plain link looks neither at the time nor at who asked whom for whom.
        match link.latency_at_hand(&Message::of(call, (from, to), returning, 0), requests) {
            Some(latency) => latency,
            None => self.delay_otherwise((from, to), call, returning, requests),
        }
    }

    fn transit(&mut self, message: &Message, requests: &mut Requests, calls: &Calls) -> Option<Time> {
        let (from, to) = (self.group[message.from.index()], self.group[message.to.index()]);
        let index = self.between[usize::from(from) * self.groups + usize::from(to)];
        let stopped = self.stopped(message);
        if stopped == Some(Cut::Node) {
            return self.tries_again(index, message);
        }
        let beside = self.is_beside(message, from, to);
        if beside && let Some(message) = self.for_caller(message, calls).filter(|_| from == to) {
            return self.transit(&message, requests, calls);
        }
        let free = if from == to { !beside && self.is_at_front(message, from) } else { beside };
        if stopped.is_some() && !free {
            return self.tries_again(index, message);
        }
        if index == 0 || free {
            return Some(0);
        }
        let link = &mut self.links[index as usize - 1];
        link.mark();
        if !link.is_plain() {
            return self.travel(index as usize - 1, message, requests);
        }
        arrives(link.latency(message, requests, || &mut self.backgrounds[index as usize - 1]))
    }

    fn again(&mut self, message: &Message, sent: Time, opens: bool, requests: &mut Requests) -> Option<Time> {
        if opens { self.reopen(message, sent, requests) } else { self.resend(message, sent, requests) }
    }

    fn keeps_trying(&mut self, message: &Message, requests: &mut Requests) -> bool {
        self.forget_if_opening(message, requests);
        !verbs::is_datagram(message.verb)
    }

    fn opens(&self, message: &Message, sent: Time, requests: &Requests) -> bool {
        self.is_opening(message, sent, requests)
    }

    fn gives_up_connecting(&mut self, message: &Message, now: Time, requests: &mut Requests) -> bool {
        self.stops_connecting(message, now, requests)
    }

    fn has_link(&self, node: NodeId) -> bool {
        let group = self.group.get(node.index());
        if group.is_some() && self.cuts.concern(self.member(node)) {
            return true;
        }
        let row = group.map(|group| *group as usize * self.groups);
        row.is_some_and(|row| self.between[row..row + self.groups].iter().any(|link| *link != 0))
    }

    fn place(&mut self, node: NodeId, group: u16) {
        debug_assert_eq!(node.index(), self.group.len());
        self.group.push(group);
        let (spot, side) = self.stand(node.index());
        self.spots.push(spot);
        self.sides.push(side);
    }

    fn command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Cut(a, b) => self.say((a, b), true),
            LinkCommand::Heal(a, b) => self.say((a, b), false),
            LinkCommand::Slow(a, b, factor) => self.link_mut(a, b).slow(factor),
        }
        self.draw_up();
    }

    fn is_cut(&self) -> bool {
        !self.cuts.is_empty()
    }

    fn place_of(&self, node: NodeId) -> u16 {
        self.sides[node.index()]
    }

    fn is_cut_off(&self, node: NodeId, place: u16) -> bool {
        self.cuts.are_apart(self.member(node), Member { node: NodeId::NONE, group: u16::MAX, place })
    }

    fn idle_cuts(&self) -> Vec<(End, End)> {
        self.cuts.idle()
    }

    fn has_carried(&self, a: u16, b: u16) -> bool {
        let link = self.between[usize::from(a) * self.groups + usize::from(b)].checked_sub(1);
        link.is_none_or(|link| self.links[link as usize].has_carried())
    }

    fn restart(&mut self, node: NodeId, now: Time) {
        self.connections.restart(node, now);
    }

    fn fork(&self) -> Box<dyn Transit> {
        Box::new(self.clone())
    }
}

/// Draws of the clients' way to the network.
const LAST_MILE: u64 = hash_name("last mile");

/// See [`LOST`].
#[inline]
fn arrives(delay: Time) -> Option<Time> {
    (delay < LOST).then_some(delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::slab::Tenant;
    use crate::random::variate::Variate;

    /// `network(..)` links all pairs: with 400 components there are more links than fit into 16 bits.
    #[test]
    fn so_many_links_are_told_apart() {
        const GROUPS: u16 = 400;
        let mut network = Network::new((0..GROUPS).collect(), usize::from(GROUPS), (1, 0));
        for a in 0..GROUPS {
            for b in a + 1..GROUPS {
                let latency = Variate::constant(u64::from(a) * 1_000 + u64::from(b));
                network.join(a, b, Link::new(LinkPlan::instant(latency), "a", "b"));
            }
        }
        network.settle(Arc::default(), Vec::new());
        let mut delay = |from: u16, to: u16| {
            let call = Call::vacant();
            network.delay((NodeId(from), NodeId(to)), &call, false, &Requests::default())
        };
        assert!(delay(0, 1) == 1 && delay(398, 399) == 398_399, "the first and the last");
        assert_eq!([delay(200, 300), delay(300, 200)], [200_300; 2]);
    }
}
