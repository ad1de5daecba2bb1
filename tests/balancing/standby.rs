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
    let pauses = simulation.readings(node, false).count_of("pauses");
    assert!((100..=101).contains(&pauses), "once a second, from somewhere in the first 0.8 s on: {pauses}");
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

/// When each of two servers that pause every ten seconds begins its first pause.
fn first_pauses(replication: u64) -> Vec<Time> {
    let mut world = World::default();
    let pauses = vec![("pause", span(0.1)), ("pause_every", span(10.0)), ("count", Value::Whole(2))];
    let web = world.add("web", "web", pauses.into_iter().chain([("service", span(0.001))]).collect());
    let front = world.add("load_balancer", "lb", vec![("to", web.clone())]);
    world.add("traffic", "users", vec![("to", front), ("rate", evenly(1.0))]);
    let mut simulation = world.build(1, replication);
    let mut begun = vec![Time::MAX; 2];
    for now in 0..=200 {
        simulation.run_until(now * 50 * MILLISECOND);
        for (n, at) in begun.iter_mut().enumerate() {
            let node = world.node(&web, n as u16);
            let paused = simulation.readings(node, false).count_of("pauses") > 0;
            *at = if paused { (*at).min(now * 50 * MILLISECOND) } else { *at };
        }
    }
    begun
}

/// A constant time between pauses must not make all servers of all replications pause in step.
#[test]
fn servers_pause_in_phases_of_their_own() {
    let mut all: Vec<Time> = (0..20).flat_map(first_pauses).collect();
    assert!(all.iter().all(|at| *at <= 10 * SECOND + 50 * MILLISECOND), "{all:?}");
    let early = all.iter().filter(|at| **at < 5 * SECOND).count();
    assert!((8..=32).contains(&early), "{all:?}");
    all.sort_unstable();
    all.dedup();
    assert!(all.len() > 25, "{all:?}");
    assert_eq!(first_pauses(3), first_pauses(3));
}
