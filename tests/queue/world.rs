//! Small worlds with a queue, and what is done to them.

use crate::common::{World, keys, span, text};
use proptest::prelude::*;
use scalelab::audit::MessageReport;
use scalelab::catalog::{Load, Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::{Control, NodeId, SECOND, Simulation, Time};
use scalelab::model::{Checked, Command, Moment, Target, build, resolve};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;
use scalelab::stats::Histogram;

/// The traffic ends here.
pub const TRAFFIC_ENDS: Time = 10 * SECOND;

pub struct Described {
    pub checked: Checked,
    pub queue: usize,
    pub consumers: usize,
}

pub type Settings = Vec<(&'static str, Value)>;

/// Producers at `rate` (until [`TRAFFIC_ENDS`]) over ten keys, a queue, consumers.
pub fn describe(rate: f64, queue: Settings, consumers: Settings) -> Described {
    describe_with(rate, queue, consumers, |_, _| {})
}

/// The same with something more: `more` gets the world and the queue.
pub fn describe_with(
    rate: f64,
    queue: Settings,
    consumers: Settings,
    more: impl FnOnce(&mut World, &Value),
) -> Described {
    let queue = |world: &mut World| world.add("queue", "orders", queue);
    described(rate, consumers, queue, more)
}

/// The same with a queue that `queue` adds, and what belongs to it.
pub fn describe_from(rate: f64, consumers: Settings, queue: impl FnOnce(&mut World) -> Value) -> Described {
    described(rate, consumers, queue, |_, _| {})
}

fn described(
    rate: f64,
    consumers: Settings,
    queue: impl FnOnce(&mut World) -> Value,
    more: impl FnOnce(&mut World, &Value),
) -> Described {
    let mut world = World::default();
    let orders = queue(&mut world);
    let workers = world.add("consumers", "workers", [vec![("of", orders.clone())], consumers].concat());
    more(&mut world, &orders);
    let load = Arrivals::steps(vec![(0, rate), (TRAFFIC_ENDS, 0.0)]).expect("a load");
    world.add(
        "traffic",
        "producers",
        vec![
            ("to", orders.clone()),
            ("rate", Value::Load(Load::Open(load))),
            ("keys", keys(Keys::uniform(10).expect("keys"))),
            ("timeout", span(2.0)),
            ("attempts", Value::Whole(3)),
        ],
    );
    let index = crate::common::index;
    Described { checked: world.check(), queue: index(&orders), consumers: index(&workers) }
}

impl Described {
    pub fn start(&self, seed: u64) -> Simulation {
        let mut simulation = build(&self.checked, seed, 0);
        simulation.measure_from_now();
        simulation
    }

    pub fn node(&self, group: usize, n: u16) -> NodeId {
        NodeId(self.checked.layout.first(group).0 + n)
    }

    /// Does something to a group or to one of its nodes.
    pub fn order(&self, simulation: &mut Simulation, target: Target, action: &str, arguments: Vec<Value>) {
        let command = Command { target, action: action.into(), arguments, place: Place::default() };
        for order in resolve(&self.checked.layout, &command, Moment::Run).expect("a fine command") {
            order.carry_out(simulation);
        }
    }

    /// Sum of a gauge over the nodes of a group.
    pub fn gauge(&self, simulation: &Simulation, group: usize, metric: &str) -> u64 {
        let nodes = self.checked.layout.groups[group].nodes();
        let value = |node| match simulation.readings(node, false).get(metric) {
            Some(Reading::Gauge(value)) => *value as u64,
            _ => 0,
        };
        nodes.map(value).sum()
    }

    pub fn count(&self, simulation: &Simulation, node: NodeId, metric: &str) -> u64 {
        simulation.readings(node, false).count_of(metric)
    }
}

/// The counts, without the histogram of ages, which nobody wants to read in a message.
pub fn messages(simulation: &Simulation) -> MessageReport {
    MessageReport { age: Histogram::new(), ..report(simulation) }
}

pub fn report(simulation: &Simulation) -> MessageReport {
    simulation.audit().messages().report(simulation.now()).expect("messages were published")
}

/// A fault of one node, and how long it lasts.
#[derive(Clone, Debug)]
pub struct Fault {
    pub at: Time,
    pub lasts: Time,
    pub of_queue: bool,
    pub node: u64,
    pub kind: &'static str,
}

/// Up to six faults while the traffic lasts.
pub fn faults(queue_too: bool) -> impl Strategy<Value = Vec<Fault>> {
    let kind = proptest::sample::select(&["process", "host", "hang"][..]);
    let fault = (0..TRAFFIC_ENDS, 1..4 * SECOND, any::<bool>(), 0..3u64, kind);
    let fault = fault.prop_map(move |(at, lasts, of_queue, node, kind)| Fault {
        at,
        lasts,
        of_queue: of_queue && queue_too,
        node,
        kind,
    });
    proptest::collection::vec(fault, 0..6)
}

/// Runs through the faults, mends everything when the traffic has ended, and lets the world come to rest until `end`.
pub fn suffer(described: &Described, faults: &[Fault], simulation: &mut Simulation, end: Time) {
    let mut steps: Vec<(Time, bool, &Fault)> = faults
        .iter()
        .flat_map(|fault| [(fault.at, true, fault), (fault.at + fault.lasts, false, fault)])
        .collect();
    steps.sort_by_key(|(at, begins, _)| (*at, *begins));
    for (at, begins, fault) in steps {
        simulation.run_until(at);
        let group = if fault.of_queue { described.queue } else { described.consumers };
        let node = fault.node % described.checked.layout.groups[group].count;
        let target = Target::Node(group, node);
        match (begins, fault.kind) {
            (false, _) => described.order(simulation, target, "recover", Vec::new()),
            (true, "hang") => described.order(simulation, target, "hang", Vec::new()),
            (true, kind) => described.order(simulation, target, "crash", vec![text(kind)]),
        }
        simulation.check_conservation().expect("nothing vanishes");
    }
    simulation.run_until(TRAFFIC_ENDS + 5 * SECOND);
    for node in 0..simulation.nodes() {
        simulation.control(NodeId(node as u16), Control::new(Control::RECOVER, 0));
    }
    simulation.run_until(end);
    simulation.check_conservation().expect("nothing vanishes");
}
