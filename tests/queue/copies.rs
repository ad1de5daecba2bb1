//! Producers that send a message again while its first copy is still under way: it is one message, whichever copy comes first, and whether or not
//! anybody waits for either any more.

use crate::common::{World, exponential, keys, seed, span, text};
use crate::kafka::topic;
use crate::world::{Settings, messages};
use scalelab::audit::MessageReport;
use scalelab::catalog::{Load, Value};
use scalelab::kernel::{Control, MILLISECOND, SECOND, Simulation, Time};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;

/// The traffic ends here, and all are over long before [`END`].
const TRAFFIC_ENDS: Time = 20 * SECOND;
const END: Time = 120 * SECOND;

/// Every semantics, and whether its broker knows a message that comes again.
fn queues() -> Vec<(&'static str, Settings, bool)> {
    let sqs = |own| vec![("kind", text("sqs")), own];
    vec![
        ("rabbitmq", vec![("kind", text("rabbitmq"))], false),
        ("sqs", sqs(("hosts", Value::Whole(3))), false),
        ("sqs fifo", sqs(("fifo", Value::Flag(true))), true),
        ("redis_streams", vec![("kind", text("redis_streams")), ("fsync", text("always"))], false),
        ("kafka", topic(1, 1, "all", vec![]), true),
        ("kafka acks 1", topic(1, 1, "1", vec![]), false),
    ]
}

fn workers(name: &str, idempotent: bool) -> Settings {
    let polls = if name.starts_with("sqs") { vec![("wait", span(20.0))] } else { vec![] };
    [vec![("service", span(0.001)), ("idempotent", Value::Flag(idempotent))], polls].concat()
}

fn producers(attempts: i64, timeout: f64) -> Settings {
    let load = Arrivals::steps(vec![(0, 20.0), (TRAFFIC_ENDS, 0.0)]).expect("a load");
    vec![
        ("rate", Value::Load(Load::Open(load))),
        ("keys", keys(Keys::uniform(10).expect("keys"))),
        ("timeout", span(timeout)),
        ("attempts", Value::Whole(attempts)),
    ]
}

/// Requests issued, what became of the messages, those that a worker knew and did nothing for.
struct Seen {
    issued: u64,
    counts: MessageReport,
    suppressed: u64,
    /// Copies that the brokers have taken in.
    taken: u64,
}

fn seen(world: &World, orders: &Value, consumers: &Value) -> Seen {
    let mut simulation = world.build(seed(), 0);
    simulation.measure_from_now();
    simulation.run_until(END);
    simulation.check_conservation().expect("nothing vanishes");
    let brokers = world.check().layout.groups[crate::common::index(orders)].count as u16;
    let count = |simulation: &Simulation, group, n, what| {
        simulation.readings(world.node(group, n), false).count_of(what)
    };
    Seen {
        issued: simulation.book().close(simulation.requests(), simulation.now())[1].total(),
        counts: messages(&simulation),
        suppressed: count(&simulation, consumers, 0, "suppressed"),
        taken: (0..brokers).map(|n| count(&simulation, orders, n, "calls")).sum(),
    }
}

fn send(name: &str, queue: Settings, idempotent: bool, attempts: i64, timeout: f64, latency: Value) -> Seen {
    let mut world = World::default();
    let orders = world.add("queue", "orders", queue);
    let of = vec![("of", orders.clone())];
    let consumers = world.add("consumers", "workers", [of, workers(name, idempotent)].concat());
    let to = vec![("to", orders.clone())];
    let clients = world.add("traffic", "producers", [to, producers(attempts, timeout)].concat());
    world.link(&clients, &orders, vec![("latency", latency)]);
    seen(&world, &orders, &consumers)
}

/// Both copies arrive when the request is over.
#[test]
fn a_copy_that_is_still_under_way_is_the_same_message() {
    for (name, queue, knows) in queues() {
        for idempotent in [false, true] {
            let Seen { issued, counts, suppressed, taken } =
                send(name, queue.clone(), idempotent, 2, 1.0, span(3.0));
            let twice = if knows { 0 } else { issued };
            let effects = if idempotent { (0, twice) } else { (twice, 0) };
            assert!(issued > 300, "{name}: {issued}");
            assert_eq!((counts.duplicated_count, suppressed), effects, "{name} {idempotent}");
            assert_eq!((counts.processed_count, counts.published_count), (issued, issued), "{name}");
            assert_eq!((counts.lost_count, counts.backlog_count), (0, 0), "{name}");
            // SQS takes the copy, and finds out then.
            assert_eq!(taken, if name == "kafka" { issued } else { 2 * issued }, "{name}");
        }
    }
}

/// Some come through at once, some after their request was over, copies overtake one another.
#[test]
fn copies_that_overtake_one_another_are_one_message() {
    for (name, queue, knows) in queues() {
        let Seen { issued, counts, taken, .. } = send(name, queue, false, 4, 0.5, exponential(0.4));
        assert_eq!(counts.processed_count, issued, "{name}: {counts:?}");
        assert!(counts.published_count <= issued && counts.lost_count == 0, "{name}: {counts:?}");
        if knows {
            assert_eq!(counts.duplicated_count, 0, "{name}");
        } else {
            assert!(counts.duplicated_count > 200, "{name}: {counts:?}");
            assert_eq!(counts.processed_count + counts.duplicated_count, taken, "{name}");
        }
    }
}

/// A producer that waits for no answer takes for published what is under way: it is not lost when it arrives, and it is one message.
#[test]
fn what_is_taken_for_published_and_arrives_is_not_lost() {
    let Seen { issued, counts, .. } = send("kafka", topic(1, 1, "0", vec![]), false, 2, 1.0, span(3.0));
    assert_eq!((counts.published_count, counts.processed_count), (issued, issued));
    assert_eq!((counts.lost_count, counts.backlog_count), (0, 0));
}

/// Servers publish for requests that are over already when they begin, one after the other for each attempt. Kafka knows what a producer sends
/// again by itself, not what a server sends for another attempt; SQS looks at the content.
#[test]
fn what_servers_publish_for_one_request_is_one_message_for_each_step() {
    for (name, queue, knows) in queues() {
        for steps in [1, 2] {
            let mut world = World::default();
            let orders = world.add("queue", "orders", queue.clone());
            let of = vec![("of", orders.clone())];
            let consumers = world.add("consumers", "workers", [of, workers(name, false)].concat());
            let plan = crate::common::texts(&["cpu", "publish", "publish"][..=steps]);
            let shop = vec![("publishes", orders.clone()), ("on_write", plan), ("count", Value::Whole(2))];
            let shop = world.add("web", "shop", shop);
            // In turn: the second attempt comes to the other server.
            let front = world.add("load_balancer", "front", vec![("to", shop)]);
            let to = vec![("to", front.clone()), ("writes", Value::Share(1.0))];
            let clients = world.add("traffic", "buyers", [to, producers(2, 1.0)].concat());
            world.link(&clients, &front, vec![("latency", span(3.0))]);
            let Seen { issued, counts, .. } = seen(&world, &orders, &consumers);
            let sent = issued * steps as u64;
            assert_eq!(counts.processed_count, sent, "{name} {steps}");
            let knows = knows && name != "kafka";
            assert_eq!(counts.duplicated_count, if knows { 0 } else { sent }, "{name} {steps}");
        }
    }
}

/// A stream holds the copies of a message one by one: a crash that takes one of them leaves the other, and who loses that one too has lost it.
#[test]
fn a_crash_that_takes_one_copy_leaves_the_other() {
    let mut world = World::default();
    let queue =
        vec![("kind", text("redis_streams")), ("fsync", text("everysec")), ("length", Value::Whole(10))];
    let orders = world.add("queue", "orders", queue);
    let of = vec![("of", orders.clone())];
    let consumers = world.add("consumers", "workers", [of, workers("", false)].concat());
    let to = vec![("to", orders.clone())];
    let clients = world.add("traffic", "producers", [to, producers(4, 0.5)].concat());
    world.link(&clients, &orders, vec![("latency", exponential(0.4))]);
    let mut simulation = world.build(seed(), 0);
    simulation.measure_from_now();
    // Nobody takes anything out.
    simulation.control(world.node(&consumers, 0), Control::new(Control::CRASH_PROCESS, 0));
    for crash in 1..=12 {
        simulation.run_until(crash * 1_700 * MILLISECOND);
        simulation.control(world.node(&orders, 0), Control::new(Control::CRASH_HOST, 0));
        simulation.control(world.node(&orders, 0), Control::new(Control::RECOVER, 0));
    }
    simulation.run_until(END);
    let counts = messages(&simulation);
    assert!(counts.backlog_count <= 10, "there is no room for more: {counts:?}");
    assert_eq!(counts.lost_count + counts.backlog_count, counts.published_count);
}
