//! The rules of SQS, from its developer guide.

use crate::common::{exponential, seed, span, text};
use crate::world::{Settings, TRAFFIC_ENDS, describe, messages};
use scalelab::catalog::Value;
use scalelab::kernel::{MILLISECOND, SECOND};
use scalelab::model::Target;

fn standard(hosts: i64, more: Settings) -> Settings {
    [vec![("kind", text("sqs")), ("hosts", Value::Whole(hosts))], more].concat()
}

fn fifo(more: Settings) -> Settings {
    [vec![("kind", text("sqs")), ("fifo", Value::Flag(true))], more].concat()
}

fn workers(count: i64, service: f64, more: Settings) -> Settings {
    let usual = vec![
        ("count", Value::Whole(count)),
        ("service", exponential(service)),
        ("wait", span(20.0)),
        ("batch", Value::Whole(10)),
    ];
    [usual, more].concat()
}

#[test]
fn a_standard_queue_reorders_and_a_fifo_queue_does_not() {
    let reordered = |queue: Settings| {
        // One worker with a heap of messages before it: only the queue can change their order.
        let described = describe(200.0, queue, workers(1, 0.006, vec![]));
        let mut simulation = described.start(seed());
        simulation.run_until(5 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert_eq!((counts.processed_count, counts.lost_count), (counts.published_count, 0));
        counts.reordered_count
    };
    assert!(reordered(standard(8, vec![])) > 100);
    assert_eq!(reordered(standard(1, vec![])), 0, "a single host keeps its order");
    assert_eq!(reordered(fifo(vec![])), 0);
}

/// Work that takes longer than the visibility time-out is done by somebody else as well.
#[test]
fn work_beyond_the_visibility_timeout_is_done_twice() {
    let duplicates = |visibility: f64| {
        let queue = standard(3, vec![("visibility", span(visibility))]);
        let settings = [workers(2, 0.001, vec![]), vec![("service", span(0.5))]].concat();
        let settings = settings.into_iter().rev().fold(Vec::new(), |mut kept: Settings, setting| {
            if kept.iter().all(|(name, _)| *name != setting.0) {
                kept.push(setting);
            }
            kept
        });
        let described = describe(2.0, queue, settings);
        let mut simulation = described.start(seed());
        simulation.run_until(20 * TRAFFIC_ENDS);
        messages(&simulation).duplicated_count
    };
    assert!(duplicates(0.4) > 10);
    assert_eq!(duplicates(30.0), 0);
}

/// What a dead worker had comes back after the visibility time-out, not before.
#[test]
fn what_a_dead_worker_had_is_hidden_until_its_timeout() {
    let described = describe(50.0, fifo(vec![("visibility", span(8.0))]), workers(1, 0.03, vec![]));
    let mut simulation = described.start(seed());
    simulation.run_until(TRAFFIC_ENDS);
    described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
    let hidden = described.gauge(&simulation, described.queue, "in_flight");
    described.order(&mut simulation, Target::Group(described.consumers), "recover", Vec::new());
    assert!(hidden > 0);
    simulation.run_until(TRAFFIC_ENDS + 7 * SECOND);
    let broker = described.node(described.queue, 0);
    let early = described.count(&simulation, broker, "redelivered");
    simulation.run_until(10 * TRAFFIC_ENDS);
    let late = described.count(&simulation, broker, "redelivered");
    assert_eq!((early, late), (0, hidden));
    assert_eq!(messages(&simulation).lost_count, 0);
}

/// Hosts that are away while a message is received and deleted bring their copy back.
#[test]
fn a_host_outage_makes_duplicates_in_a_standard_queue() {
    let duplicates = |outages: Settings| {
        let described = describe(100.0, standard(4, outages), workers(2, 0.005, vec![]));
        let mut simulation = described.start(seed());
        simulation.run_until(10 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert_eq!(counts.lost_count, 0);
        counts.duplicated_count
    };
    assert_eq!(duplicates(vec![]), 0);
    let outages = vec![("host_outages", Value::Rate(1.0)), ("host_outage", span(0.5))];
    assert!(duplicates(outages) > 0);
}

/// A producer that did not hear the answer sends again: a FIFO queue takes the message once, a standard one twice.
#[test]
fn a_fifo_queue_refuses_what_a_producer_sends_twice() {
    let run = |queue: Settings| {
        let mut world = crate::common::World::default();
        let orders = world.add("queue", "orders", queue);
        world.add("consumers", "workers", [vec![("of", orders.clone())], workers(1, 0.001, vec![])].concat());
        let traffic = world.add(
            "traffic",
            "producers",
            vec![
                ("to", orders.clone()),
                ("rate", crate::common::poisson(50.0)),
                ("timeout", span(0.2)),
                ("attempts", Value::Whole(3)),
            ],
        );
        world.link(&traffic, &orders, vec![("latency", span(0.01)), ("loss", Value::Share(0.1))]);
        let mut simulation = world.build(seed(), 0);
        simulation.run_until(20 * SECOND);
        messages(&simulation)
    };
    let counts = run(fifo(vec![]));
    assert_eq!((counts.duplicated_count, counts.lost_count), (0, 0));
    let counts = run(standard(1, vec![]));
    assert!(counts.duplicated_count > 20);
}

#[test]
fn dead_letters_come_after_so_many_receives() {
    let queue = standard(3, vec![("max_deliveries", Value::Whole(3)), ("visibility", span(0.5))]);
    let described = describe(30.0, queue, workers(2, 0.001, vec![("poison", Value::Share(0.2))]));
    let mut simulation = described.start(seed());
    simulation.run_until(3 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    assert!(counts.dead_count > 20);
    assert_eq!(counts.dead_count + counts.processed_count, counts.published_count);
    let broker = described.node(described.queue, 0);
    assert_eq!(described.count(&simulation, broker, "redelivered"), 2 * counts.dead_count);
}

/// A poll without waiting asks a sample of the hosts and misses what the others have.
#[test]
fn short_polls_find_less_than_long_ones() {
    let age = |poll: Settings| {
        let settings = [vec![("service", span(0.001)), ("count", Value::Whole(1))], poll].concat();
        let described = describe(20.0, standard(10, vec![("sample", Value::Whole(2))]), settings);
        let mut simulation = described.start(seed());
        simulation.run_until(2 * TRAFFIC_ENDS);
        let report = crate::world::report(&simulation);
        report.age.quantile(0.99).expect("ages")
    };
    let long = age(vec![("wait", span(20.0))]);
    let short = age(vec![("poll", span(0.1))]);
    assert!(long < 10 * MILLISECOND && short > 200 * MILLISECOND, "{long} {short}");
}

#[test]
fn old_messages_are_deleted_whatever_became_of_them() {
    let described = describe(50.0, fifo(vec![("retention", span(60.0))]), workers(1, 10.0, vec![]));
    let mut simulation = described.start(seed());
    simulation.run_until(100 * SECOND);
    let counts = messages(&simulation);
    assert!(counts.lost_count > 400);
    assert_eq!(described.gauge(&simulation, described.queue, "lag"), 0);
}
