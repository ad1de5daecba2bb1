//! What is sent to clients costs what its price says; what servers send to each other does not.

use crate::common::{World, evenly, span};
use scalelab::catalog::Value;
use scalelab::components::egress::DOLLAR;
use scalelab::kernel::time::SECOND;

/// A balancer and a website that answer clients, a web tier that answers the balancer: all have a price.
#[test]
fn bytes_to_clients_are_paid_for_once() {
    let mut world = World::default();
    let price = |dollars: f64| ("egress_price", Value::Number(dollars));
    let rows = vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(200_000))];
    let store = world.add("database", "files", rows);
    let settings = vec![("reads", store), ("service", span(0.001)), ("count", Value::Whole(2)), price(0.5)];
    let web = world.add("web", "web", settings);
    let lb =
        world.add("load_balancer", "lb", vec![("to", web.clone()), ("retries", Value::Whole(1)), price(0.1)]);
    let plain = world.add("load_balancer", "plain", vec![("to", web.clone()), price(0.1)]);
    world.add("traffic", "through", vec![("to", lb.clone()), ("rate", evenly(10.0))]);
    world.add("traffic", "plainly", vec![("to", plain.clone()), ("rate", evenly(10.0))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(100 * SECOND + SECOND / 20);
    for (balancer, told) in [(&lb, 0.1), (&plain, 0.1)] {
        let readings = simulation.readings(world.node(balancer, 0), false);
        let bytes = readings.count_of("egress_bytes");
        assert_eq!(bytes, readings.count_of("calls") * 200_000, "{told}");
        assert_eq!(readings.count_of("cost"), bytes * (DOLLAR / 10_000_000_000));
    }
    for server in 0..2 {
        let readings = simulation.readings(world.node(&web, server), false);
        assert_eq!((readings.get("egress_bytes").is_some(), readings.count_of("egress_bytes")), (true, 0));
    }
}

#[test]
fn a_server_that_answers_clients_itself_pays_for_it() {
    let mut world = World::default();
    let rows = vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(1_000))];
    let store = world.add("database", "files", rows);
    let settings = vec![("reads", store), ("service", span(0.001)), ("egress_price", Value::Number(1.0))];
    let web = world.add("web", "web", settings);
    world.add("traffic", "users", vec![("to", web.clone()), ("rate", evenly(10.0))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(100 * SECOND + SECOND / 20);
    let readings = simulation.readings(world.node(&web, 0), false);
    assert_eq!(readings.count_of("egress_bytes"), readings.count_of("answered") * 1_000);
    assert_eq!(readings.count_of("cost"), readings.count_of("egress_bytes") * (DOLLAR / 1_000_000_000));
}

/// What clients send is not sent back to them: of a written megabyte nothing is paid for.
#[test]
fn uploads_are_not_egress() {
    let mut world = World::default();
    let rows = vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(1_000))];
    let store = world.add("database", "files", rows);
    let data = vec![("reads", store.clone()), ("writes", store.clone())];
    let web = world.add("web", "web", [data, vec![("egress_price", Value::Number(1.0))]].concat());
    let load = vec![("to", web.clone()), ("rate", evenly(10.0)), ("writes", Value::Share(0.5))];
    world.add("traffic", "users", [load, vec![("size", Value::Bytes(1_000_000))]].concat());
    let mut simulation = world.build(1, 0);
    simulation.run_until(100 * SECOND + SECOND / 20);
    let count = |group, name| simulation.readings(world.node(group, 0), false).count_of(name);
    assert!((400..600).contains(&count(&store, "reads")), "half of them");
    assert_eq!(count(&web, "egress_bytes"), count(&store, "reads") * 1_000);
}
