//! A hundred producers, a broker, twenty consumers: messages per second of each semantics.
//!
//!     cargo bench --bench queue              all semantics, a table
//!     cargo bench --bench queue -- kafka N   one of them, N messages (for callgrind)

mod common;

use common::{exponential, group, median, simulation, timed, zipf};
use scalelab::catalog::Value;
use scalelab::kernel::{SECOND, Simulation, Time};

/// Messages per simulated second; the twenty consumers can work 100,000 per second: each has 10 threads, and a message takes 2 ms. Kafka's
/// work off a partition one message at a time, whatever their threads: 60 partitions, and a message takes 0.6 ms.
const RATE: f64 = 50_000.0;
/// Members of a Kafka group wait three seconds for one another, and must then work off what came meanwhile.
const WARM_UP: Time = 8 * SECOND;
const CONSUMERS: i64 = 20;
const MS: f64 = 1e6;

const SEMANTICS: [&str; 5] = ["rabbitmq", "kafka", "sqs", "sqs_fifo", "redis_streams"];

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn world(semantics: &str) -> Simulation {
    let wait = ("wait", Value::Duration(20 * SECOND));
    let (queue, consumers) = match semantics {
        "rabbitmq" => (vec![("kind", text("rabbitmq"))], vec![("prefetch", Value::Whole(100))]),
        "kafka" => (
            vec![
                ("kind", text("kafka")),
                ("brokers", Value::Whole(3)),
                ("replicas", Value::Whole(3)),
                ("partitions", Value::Whole(60)),
                ("retention", Value::Duration(10 * SECOND)),
            ],
            vec![("reset", text("earliest"))],
        ),
        "sqs" => (
            vec![("kind", text("sqs")), ("hosts", Value::Whole(10))],
            vec![wait, ("batch", Value::Whole(10))],
        ),
        "sqs_fifo" => (
            vec![("kind", text("sqs")), ("fifo", Value::Flag(true))],
            vec![wait, ("batch", Value::Whole(10))],
        ),
        _ => (
            vec![
                ("kind", text("redis_streams")),
                ("fsync", text("everysec")),
                ("length", Value::Whole(100_000)),
            ],
            vec![("batch", Value::Whole(100))],
        ),
    };
    let usual = [
        ("of", Value::Group(0)),
        ("count", Value::Whole(CONSUMERS)),
        ("threads", Value::Whole(10)),
        ("service", exponential(if semantics == "kafka" { 0.6 * MS } else { 2.0 * MS })),
    ];
    let mut groups = vec![group("queue", "orders", []), group("consumers", "workers", usual)];
    let more = |at: usize, settings: Vec<(&str, Value)>, groups: &mut Vec<scalelab::model::GroupSpec>| {
        for (name, value) in settings {
            groups[at].given.extend(common::given([(name, value)]));
        }
    };
    more(0, queue, &mut groups);
    more(1, consumers, &mut groups);
    for producer in 0..100 {
        let settings =
            [("to", Value::Group(0)), ("rate", Value::Rate(RATE / 100.0)), ("keys", zipf(100_000, 0.5))];
        groups.push(group("traffic", &format!("producer {producer}"), settings));
    }
    simulation(groups, Vec::new())
}

/// Nanoseconds per message, and the messages processed of those published.
fn run(semantics: &str, messages: u64) -> (f64, u64, u64) {
    let mut world = world(semantics);
    world.run_until(WARM_UP);
    let before = world.audit().messages().report(world.now()).expect("messages").processed_count;
    let span = (messages as f64 / RATE * 1e9) as u64;
    let (ns, ()) = timed(|| world.run_until(WARM_UP + span));
    world.check_conservation().expect("nothing vanishes");
    let after = world.audit().messages().report(world.now()).expect("messages");
    let processed = after.processed_count - before;
    (ns / messages as f64, processed, after.backlog_count)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let messages = arguments.get(1).map_or(200_000, |number| number.parse().expect("a number"));
    if let Some(semantics) = arguments.first() {
        let (ns, processed, backlog) = run(semantics, messages);
        return println!("{semantics}: {ns:.0} ns per message, {processed} processed, {backlog} waiting");
    }
    println!("{:<14} {:>14} {:>14} {:>10}", "semantics", "ns/message", "messages/s", "processed");
    for semantics in SEMANTICS {
        let mut runs: Vec<(f64, u64, u64)> = (0..5).map(|_| run(semantics, messages)).collect();
        let mut times: Vec<f64> = runs.iter().map(|(ns, ..)| *ns).collect();
        let ns = median(&mut times);
        let (_, processed, _) = runs.pop().expect("five runs");
        println!("{semantics:<14} {ns:>14.0} {:>14.0} {processed:>10}", 1e9 / ns);
    }
}
