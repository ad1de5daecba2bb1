//! Whatever comes, goes and breaks, in whatever order.

use crate::common::{seed, span, text};
use crate::group::{KEYS, counted, world_at};
use proptest::prelude::*;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::{Control, NodeId, SECOND, Simulation, Time};
use scalelab::model::Order;
use scalelab::parts::ring::SLOTS;

/// Number of the cache's group, and its first node.
const CACHE: u16 = 1;

#[derive(Clone, Copy, Debug)]
enum Act {
    Join,
    Leave(usize),
    Crash(usize, bool),
    Hang(usize),
    Recover(usize),
}

/// Something happens this long after the last thing.
#[derive(Clone, Copy, Debug)]
struct Step {
    wait: Time,
    act: Act,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let act = prop_oneof![
        3 => Just(Act::Join),
        2 => (0usize..8).prop_map(Act::Leave),
        2 => (0usize..8, any::<bool>()).prop_map(|(n, host)| Act::Crash(n, host)),
        1 => (0usize..8).prop_map(Act::Hang),
        3 => (0usize..8).prop_map(Act::Recover),
    ];
    let step = (1u64..3_000, act).prop_map(|(ms, act)| Step { wait: ms * SECOND / 1000, act });
    prop::collection::vec(step, 1..10)
}

/// The nodes of the cache that were ever there, and those of them that are members.
struct Nodes {
    ever: Vec<NodeId>,
    members: Vec<NodeId>,
}

fn act(nodes: &mut Nodes, act: Act, simulation: &mut Simulation) {
    let any = |n: usize| nodes.ever[n % nodes.ever.len()];
    let control = |verb| Control::new(verb, 0);
    match act {
        Act::Join => {
            let node = simulation.grow(CACHE);
            nodes.ever.push(node);
            nodes.members.push(node);
        }
        Act::Leave(_) if nodes.members.len() == 1 => {}
        Act::Leave(n) => {
            let node = nodes.members.remove(n % nodes.members.len());
            Order::Retire(node).carry_out(simulation);
        }
        Act::Crash(n, true) => simulation.control(any(n), control(Control::CRASH_HOST)),
        Act::Crash(n, false) => simulation.control(any(n), control(Control::CRASH_PROCESS)),
        Act::Hang(n) => simulation.control(any(n), control(Control::HANG)),
        Act::Recover(n) => simulation.control(any(n), control(Control::RECOVER)),
    }
}

/// A run in which all nodes are back at the end and everything has had time to settle.
fn run(routing: &str, write: &str, on_dead: Option<&str>, steps: &[Step]) -> (Simulation, Nodes) {
    let mut settings = vec![("routing", text(routing)), ("write", text(write)), ("timeout", span(0.5))];
    settings.extend(on_dead.map(|on_dead| ("on_dead", text(on_dead))));
    let (world, cache) = world_at(300.0, 3, settings);
    let mut simulation = world.build(seed(), 0);
    let first: Vec<NodeId> = (0..3).map(|n| world.node(&cache, n)).collect();
    let mut nodes = Nodes { ever: first.clone(), members: first };
    for step in steps {
        simulation.run_until(simulation.now() + step.wait);
        act(&mut nodes, step.act, &mut simulation);
        simulation.check_conservation().expect("nothing vanishes");
    }
    for node in nodes.ever.clone() {
        simulation.control(node, Control::new(Control::RECOVER, 0));
    }
    simulation.run_until(simulation.now() + 60 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    (simulation, nodes)
}

fn gauge(simulation: &Simulation, node: NodeId, metric: &str) -> u64 {
    match simulation.readings(node, false).get(metric) {
        Some(Reading::Gauge(value)) => *value as u64,
        other => panic!("{metric} of {node:?} is {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// In the end every slot has one owner, a member; keys are where the slots are, and everything is found again.
    #[test]
    fn a_cluster_settles(steps in steps(), back in any::<bool>()) {
        let (mut simulation, nodes) = run("cluster", if back { "back" } else { "through" }, None, &steps);
        let owned = |node: &NodeId| gauge(&simulation, *node, "slots");
        let members: Vec<u64> = nodes.members.iter().map(owned).collect();
        prop_assert_eq!(members.iter().sum::<u64>(), u64::from(SLOTS), "{:?}", members);
        prop_assert!(members.iter().max().unwrap() - members.iter().min().unwrap() <= 1, "{:?}", members);
        for node in nodes.ever.iter().filter(|node| !nodes.members.contains(node)) {
            prop_assert_eq!((owned(node), gauge(&simulation, *node, "items")), (0, 0));
        }
        let items: u64 = nodes.members.iter().map(|node| gauge(&simulation, *node, "items")).sum();
        prop_assert!(items <= KEYS, "{} items of {} keys: some are in two places", items, KEYS);
        prop_assert_eq!(simulation.audit().report().lost_writes_count == 0 || back, true);
        // Each caller learns of a slot when it asks for one of its keys.
        simulation.run_until(simulation.now() + 120 * SECOND);
        let before = (counted(&simulation, "misses"), counted(&simulation, "redirects"));
        simulation.run_until(simulation.now() + 5 * SECOND);
        let after = (counted(&simulation, "misses"), counted(&simulation, "redirects"));
        // Everything is found again, but what nobody has asked for since it was lost.
        prop_assert!(after.0 - before.0 < 5, "{} misses", after.0 - before.0);
        prop_assert!(after.1 - before.1 < 50, "{} redirects", after.1 - before.1);
    }

    /// With callers or a proxy who hash, members end with all keys, too, those that were ejected meanwhile included.
    #[test]
    fn rings_settle(steps in steps(), proxy in any::<bool>(), eject in any::<bool>()) {
        let (routing, on_dead) = (if proxy { "proxy" } else { "client" }, if eject { "eject" } else { "keep" });
        let (mut simulation, nodes) = run(routing, "through", Some(on_dead), &steps);
        simulation.run_until(simulation.now() + 60 * SECOND);
        let misses = counted(&simulation, "misses");
        let look_ups = |simulation: &Simulation, node: NodeId| {
            let readings = simulation.readings(node, false);
            readings.count_of("hits") + readings.count_of("misses")
        };
        let asked: Vec<u64> = nodes.ever.iter().map(|node| look_ups(&simulation, *node)).collect();
        simulation.run_until(simulation.now() + 5 * SECOND);
        simulation.check_conservation().expect("nothing vanishes");
        prop_assert!(counted(&simulation, "misses") - misses < 5);
        for (node, before) in nodes.ever.iter().zip(asked) {
            let is_member = nodes.members.contains(node);
            prop_assert_eq!(look_ups(&simulation, *node) > before, is_member, "{:?}", node);
        }
    }

    /// The same seed and the same schedule: the same events; and a fork in the middle ends like the original.
    #[test]
    fn schedules_are_repeatable(steps in steps(), cluster in any::<bool>()) {
        let routing = if cluster { "cluster" } else { "client" };
        let (first, _) = run(routing, "aside", None, &steps);
        let (second, _) = run(routing, "aside", None, &steps);
        prop_assert_eq!((first.events(), first.digest()), (second.events(), second.digest()));
        let (mut here, mut there) = (first.fork(), first);
        here.run_until(here.now() + SECOND);
        there.run_until(there.now() + SECOND);
        prop_assert_eq!((here.events(), here.digest()), (there.events(), there.digest()));
    }
}
