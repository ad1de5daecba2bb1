//! Nodes that come and go while a simulation runs.
//!
//! The kernel knows neither what a new node does nor who must learn of it: a [`Nursery`] does. Indices are never
//! reused, and a node that leaves stays in the books.

use super::component::{Component, Control};
use super::event::NodeId;
use super::node::Health;
use super::readings::Readings;
use super::simulation::Simulation;
use super::time::Time;

/// Makes new nodes and knows the groups they belong to; group numbers are its own.
pub trait Nursery: Send {
    /// A node for this group, of which it is a member from now on.
    fn make(&mut self, group: u16, node: NodeId) -> Box<dyn Component>;
    /// The node is a member no more; the group it was a member of, `None` if it was of none.
    fn retire(&mut self, node: NodeId) -> Option<u16>;
    /// Where a node stands; 0 = nowhere in particular.
    fn place(&self, node: NodeId) -> u16;
    /// The data set that the group works with.
    fn data_set(&self, group: u16) -> u16;
    /// Who learns that a group has changed: its members and those who use it.
    fn listeners(&self, group: u16) -> Vec<NodeId>;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Nursery>;
}

/// A group got another member, or lost one.
#[derive(Clone, Debug)]
pub struct Membership {
    /// When.
    pub time: Time,
    /// Number of the group.
    pub group: u16,
    /// The node that came or went.
    pub node: NodeId,
    /// Whether it came.
    pub joined: bool,
    /// What it told of itself then, if it went.
    pub readings: Option<Readings>,
}

/// Nothing ever grows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Barren;

impl Nursery for Barren {
    fn make(&mut self, _group: u16, _node: NodeId) -> Box<dyn Component> {
        unreachable!("no group of this world grows")
    }
    fn retire(&mut self, _node: NodeId) -> Option<u16> {
        None
    }
    fn place(&self, _node: NodeId) -> u16 {
        0
    }
    fn data_set(&self, _group: u16) -> u16 {
        0
    }
    fn listeners(&self, _group: u16) -> Vec<NodeId> {
        Vec::new()
    }
    fn fork(&self) -> Box<dyn Nursery> {
        Box::new(*self)
    }
}

impl Simulation {
    /// Who makes new nodes.
    pub fn set_nursery(&mut self, nursery: Box<dyn Nursery>) {
        self.nursery = nursery;
    }

    /// A new member of a group begins to work, and all whom it concerns are told ([`Control::JOIN`]), the new member not.
    pub fn grow(&mut self, group: u16) -> NodeId {
        self.start();
        let node = NodeId(self.nodes() as u16);
        let component = self.nursery.make(group, node);
        self.core.place(node, group);
        let placed = self.add(component);
        debug_assert_eq!(placed, node);
        self.set_data(node, self.nursery.data_set(group));
        self.start_node(node);
        self.stay_down(node);
        self.tell_of_change(group, node, Control::JOIN);
        node
    }

    /// A node is no member of its group any more. All whom it concerns are told ([`Control::LEAVE`]), the node itself first; what
    /// it still has to do, it does.
    pub fn retire(&mut self, node: NodeId) {
        if let Some(group) = self.nursery.retire(node) {
            self.tell(node, Control::member(Control::LEAVE, group, node));
            self.tell_of_change(group, node, Control::LEAVE);
        }
    }

    fn tell_of_change(&mut self, group: u16, node: NodeId, verb: u16) {
        let (time, joined) = (self.now(), verb == Control::JOIN);
        let readings = (!joined).then(|| self.readings(node, false));
        self.memberships.push(Membership { time, group, node, joined, readings });
        for listener in self.nursery.listeners(group) {
            if listener != node {
                self.tell(listener, Control::member(verb, group, node));
            }
        }
    }

    /// News of a group, or of what a node is to be like from now on. Who is down hears of it when it is back.
    pub fn tell(&mut self, listener: NodeId, news: Control) {
        if matches!(self.health(listener), Health::Up | Health::Hung) {
            self.control(listener, news);
        } else {
            self.missed.push((listener, news));
        }
    }

    /// What a node has missed while it was down.
    pub(super) fn catch_up(&mut self, node: NodeId) {
        if self.missed.is_empty() {
            return;
        }
        let (for_it, rest) = std::mem::take(&mut self.missed).into_iter().partition(|(who, _)| *who == node);
        self.missed = rest;
        for (listener, news) in for_it {
            self.control(listener, news);
        }
    }

    /// Who has missed so far what it was told to do, in order: it was down and is not back.
    pub fn unheard(&self) -> impl Iterator<Item = NodeId> {
        let orders =
            self.missed.iter().filter(|(_, news)| ![Control::JOIN, Control::LEAVE].contains(&news.verb));
        orders.map(|(node, _)| *node)
    }

    /// Who came and who went, in order of time.
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::{Answer, CallId};
    use super::super::ctx::Ctx;
    use super::super::readings::Readings;
    use super::super::transit::Instant;
    use super::*;

    /// Counts the news it hears.
    #[derive(Clone, Default)]
    struct Member {
        joined: u64,
        left: u64,
    }

    impl Component for Member {
        fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
            cx.reply(call, Answer::ok(0, 0));
        }
        fn on_control(&mut self, control: Control, _cx: &mut Ctx<'_>) {
            match control.verb {
                Control::JOIN => self.joined += 1,
                Control::LEAVE => self.left += 1 + u64::from(control.subject().1.0) * 100,
                _ => {}
            }
        }
        fn measure(&self, _now: Time, out: &mut Readings) {
            out.count("joined", self.joined);
            out.count("left", self.left);
        }
        fn fork(&self) -> Box<dyn Component> {
            Box::new(self.clone())
        }
    }

    /// One group of everybody.
    #[derive(Clone)]
    struct All(Vec<NodeId>);

    impl Nursery for All {
        fn make(&mut self, _group: u16, node: NodeId) -> Box<dyn Component> {
            self.0.push(node);
            Box::new(Member::default())
        }
        fn retire(&mut self, node: NodeId) -> Option<u16> {
            let at = self.0.iter().position(|member| *member == node)?;
            self.0.remove(at);
            Some(0)
        }
        fn place(&self, node: NodeId) -> u16 {
            node.0 % 2
        }
        fn data_set(&self, _group: u16) -> u16 {
            0
        }
        fn listeners(&self, _group: u16) -> Vec<NodeId> {
            self.0.clone()
        }
        fn fork(&self) -> Box<dyn Nursery> {
            Box::new(self.clone())
        }
    }

    fn world() -> Simulation {
        let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
        let first = simulation.add(Box::new(Member::default()));
        simulation.set_nursery(Box::new(All(vec![first])));
        simulation
    }

    fn heard(simulation: &Simulation, node: u16) -> (u64, u64) {
        let readings = simulation.readings(NodeId(node), false);
        (readings.count_of("joined"), readings.count_of("left"))
    }

    #[test]
    fn members_learn_who_comes_and_who_goes() {
        let mut simulation = world();
        assert_eq!((simulation.grow(0), simulation.grow(0)), (NodeId(1), NodeId(2)));
        assert_eq!([0, 1, 2].map(|node| heard(&simulation, node).0), [2, 1, 0]);
        simulation.retire(NodeId(1));
        assert_eq!([0, 1, 2].map(|node| heard(&simulation, node).1), [101, 101, 101]);
        simulation.retire(NodeId(1)); // no member any more: nothing happens
        assert_eq!(simulation.memberships().len(), 3);
        assert_eq!(simulation.grow(0), NodeId(3), "indices are never reused");
    }

    /// Node 1 stands at place 1, where nobody starts for a while, node 2 elsewhere.
    #[test]
    fn nobody_starts_where_all_is_down() {
        let mut simulation = world();
        simulation.darken(1, true);
        let (there, elsewhere) = (simulation.grow(0), simulation.grow(0));
        assert_eq!((simulation.health(there), simulation.health(elsewhere)), (Health::Silent, Health::Up));
        simulation.control(there, Control::new(Control::RECOVER, 0));
        assert_eq!(simulation.fork().health(there), Health::Silent);
        simulation.darken(1, false);
        simulation.control(there, Control::new(Control::RECOVER, 0));
        assert_eq!(simulation.health(there), Health::Up);
    }

    #[test]
    fn who_is_down_hears_of_it_when_it_is_back() {
        let mut simulation = world();
        simulation.control(NodeId(0), Control::new(Control::CRASH_HOST, 0));
        simulation.grow(0);
        assert_eq!(heard(&simulation, 0).0, 0);
        simulation.control(NodeId(0), Control::new(Control::RECOVER, 0));
        assert_eq!(heard(&simulation, 0).0, 1);
    }
}
