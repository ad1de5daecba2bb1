//! The balancer as a point of failure, and what a standby makes of it; servers that pause.

use crate::common::{World, evenly, span};
use scalelab::catalog::Value;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation, Time};

/// Failed requests of 100 a second through a balancer that is down from second 10 to 30.
fn failed(standby: bool, verb: u16) -> (u64, Simulation) {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(2)), ("service", span(0.001))]);
    let settings = vec![("to", web), ("standby", Value::Flag(standby))];
    let front = world.add("load_balancer", "lb", settings);
    let traffic = vec![("to", front.clone()), ("rate", evenly(100.0)), ("timeout", span(0.5))];
    world.add("traffic", "users", traffic);
    let (node, mut simulation) = (world.node(&front, 0), world.build(1, 0));
    simulation.run_until(10 * SECOND);
    simulation.control(node, Control::new(verb, 0));
    simulation.run_until(30 * SECOND);
    simulation.control(node, Control::new(Control::RECOVER, 0));
    simulation.run_until(50 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    (classes.iter().map(|class| class.failed + class.timed_out).sum(), simulation)
}

#[test]
fn without_a_standby_all_is_down_and_with_one_for_the_dead_interval() {
    for verb in [Control::CRASH_PROCESS, Control::CRASH_HOST] {
        let (alone, _) = failed(false, verb);
        assert!((1_999..=2_001).contains(&alone), "{alone}");
        // The last advertisement was at most a second old.
        let (pair, simulation) = failed(true, verb);
        assert!((260..=362).contains(&pair), "{pair}");
        let told: Vec<(&str, Time)> =
            simulation.journal().entries().iter().map(|entry| (entry.event, entry.time)).collect();
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].0, told[1].0), ("takes_over", "stands_back"));
        assert!(told[1].1 < 31 * SECOND + MILLISECOND);
    }
}

#[test]
fn a_pausing_server_stands_still_and_goes_on() {
    let mut world = World::default();
    let settings = vec![("service", span(0.001)), ("pause", span(0.2)), ("pause_every", span(0.8))];
    let web = world.add("web", "web", settings);
    world.add("traffic", "users", vec![("to", web.clone()), ("rate", evenly(100.0))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(100 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    let node: NodeId = world.node(&web, 0);
    assert_eq!(simulation.readings(node, false).count_of("pauses"), 100);
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    let longest = classes.iter().filter_map(|class| class.latency.max()).max().unwrap();
    assert!((200..230).contains(&(longest / MILLISECOND)), "{longest}");
    // A pause that an operator's hang meets does not end the hang.
    simulation.run_until(100 * SECOND + 900 * MILLISECOND);
    simulation.control(node, Control::new(Control::HANG, 0));
    simulation.run_until(110 * SECOND);
    let pauses = simulation.readings(node, false).count_of("pauses");
    simulation.control(node, Control::new(Control::RECOVER, 0));
    simulation.run_until(120 * SECOND);
    assert!(simulation.readings(node, false).count_of("pauses") > pauses + 8);
    simulation.check_conservation().expect("nothing vanishes");
}
