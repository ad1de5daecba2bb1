//! What is done to one node of a tier is done to that one only, and really done.

use crate::common::{World, evenly, index, span, text};
use scalelab::catalog::{Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::SECOND;
use scalelab::kernel::{Control, Simulation};
use scalelab::model::{Command, Moment, Part, Role, Target, resolve};

fn command(world: &World, target: Target, action: &str, arguments: Vec<Value>, simulation: &mut Simulation) {
    let command = Command { target, action: action.into(), arguments, place: Place::default() };
    for order in resolve(&world.check().layout, &command, Moment::Run).expect("a valid command") {
        order.carry_out(simulation);
    }
}

/// One server in four is cut off from its balancer, or from what it reads: one request in four gets no answer, no more and no fewer.
#[test]
fn a_node_is_cut_off_alone() {
    for from_store in [false, true] {
        let mut world = World::default();
        let store = world.add("database", "db", vec![("read", span(0.001)), ("write", span(0.001))]);
        let settings = vec![
            ("count", Value::Whole(4)),
            ("service", span(0.001)),
            ("reads", store.clone()),
            ("timeout", span(0.5)),
        ];
        let tier = world.add("web", "web", settings);
        let lb = world.add("load_balancer", "lb", vec![("to", tier.clone())]);
        world.add(
            "traffic",
            "users",
            vec![("to", lb.clone()), ("rate", evenly(100.0)), ("timeout", span(0.9))],
        );
        let mut simulation = world.build(1, 0);
        simulation.measure_from_now();
        let part = |n| Some(Part { shard: None, role: Role::Node(n) });
        let ends = match from_store {
            true => ((index(&tier), part(2)), (index(&store), None)),
            false => ((index(&lb), None), (index(&tier), part(2))),
        };
        let mut unanswered = 0;
        for (until, action, expected) in [(10, "", 0), (20, "partition", 250), (32, "heal", 0)] {
            if !action.is_empty() {
                command(&world, Target::Apart(ends.0, ends.1), action, Vec::new(), &mut simulation);
            }
            simulation.run_until(until * SECOND - SECOND / 200);
            let book = simulation.book().close(simulation.requests(), simulation.now());
            let now: u64 = book.iter().map(|class| class.failed + class.timed_out).sum();
            let new = now - unanswered;
            assert!(new.abs_diff(expected) <= 25, "{from_store} {action}: {new} requests had no answer");
            unanswered = now;
        }
    }
}

/// heal() of two whole components heals what was cut between their nodes.
#[test]
fn all_is_healed_between_two_components() {
    let mut world = World::default();
    let tier = world.add("web", "web", vec![("count", Value::Whole(2)), ("service", span(0.001))]);
    let lb = world.add("load_balancer", "lb", vec![("to", tier.clone())]);
    world.add("traffic", "users", vec![("to", lb.clone()), ("rate", evenly(100.0)), ("timeout", span(0.5))]);
    let mut simulation = world.build(1, 0);
    let node = Some(Part { shard: None, role: Role::Node(0) });
    let apart = Target::Apart((index(&lb), None), (index(&tier), node));
    command(&world, apart, "partition", Vec::new(), &mut simulation);
    simulation.run_until(5 * SECOND);
    command(&world, Target::Between(index(&lb), index(&tier)), "heal", Vec::new(), &mut simulation);
    simulation.run_until(6 * SECOND);
    simulation.measure_from_now();
    simulation.run_until(10 * SECOND);
    let book = simulation.book().close(simulation.requests(), simulation.now());
    assert_eq!(book.iter().map(|class| class.failed + class.timed_out).sum::<u64>(), 0);
}

/// A guest that is slow needs its host for longer; others on the host do not.
#[test]
fn a_guest_is_slowed_on_its_host() {
    let mut world = World::default();
    let host = world.add("host", "host", vec![("cores", Value::Whole(8))]);
    let own = |host: &Value| vec![("service", span(0.002)), ("on", host.clone())];
    let slow = world.add("web", "slow", own(&host));
    let other = world.add("web", "other", own(&host));
    let counted = vec![("model", text("relational")), ("rows", Value::Whole(100)), ("on", host.clone())];
    let store = world.add("database", "db", counted);
    let groups = [&slow, &other, &store];
    for (name, group) in ["a", "b", "c"].iter().zip(groups) {
        let settings = vec![
            ("to", (*group).clone()),
            ("rate", evenly(50.0)),
            ("keys", crate::common::keys(scalelab::random::keys::Keys::uniform(100).unwrap())),
        ];
        world.add("traffic", name, settings);
    }
    let busy = |slowed: &[&Value]| {
        let mut simulation = world.build(1, 0);
        for group in slowed {
            command(&world, Target::Group(index(group)), "slow", vec![Value::Number(0.1)], &mut simulation);
        }
        simulation.run_until(20 * SECOND);
        simulation.readings(world.node(&host, 0), false).area_of("busy")
    };
    let (none, one, both) = (busy(&[]), busy(&[&slow]), busy(&[&slow, &store]));
    assert!(
        (one - none - 20.0 * 50.0 * 0.018).abs() < 0.2,
        "{none} {one}: nine times 2 ms more for each request"
    );
    assert!(both > one + 0.1, "{one} {both}: the database computes ten times as long");
}

/// Whoever comes to a node that stands still waits at its door; that is part of the wait that the node tells.
#[test]
fn waiting_at_the_door_of_a_node_that_stands_still_is_waiting() {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("service", span(0.001))]);
    world.add("traffic", "users", vec![("to", web.clone()), ("rate", evenly(100.0))]);
    let (node, mut simulation) = (world.node(&web, 0), world.build(1, 0));
    simulation.run_until(20 * SECOND);
    simulation.control(node, Control::new(Control::HANG, 0));
    simulation.run_until(30 * SECOND);
    simulation.control(node, Control::new(Control::RECOVER, 0));
    simulation.run_until(100 * SECOND);
    let readings = simulation.readings(node, true);
    let Some(Reading::Histogram(wait)) = readings.get("wait") else { panic!("it waits") };
    // A thousand came in the ten seconds, one every 10 ms, and are served in 1 ms each from the thirtieth on: the n-th has waited
    // 10 s - 9 n ms in all.
    let wanted = |beyond: f64| 10.0 - 0.009 * beyond;
    for (q, beyond) in [(0.99, 100.0), (0.95, 500.0)] {
        let seen = wait.quantile(q).expect("many") as f64 / SECOND as f64;
        assert!((seen - wanted(beyond)).abs() < 0.1, "{q}: {seen}, not {}", wanted(beyond));
    }
}
