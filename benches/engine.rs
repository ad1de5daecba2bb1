//! The whole engine on five models, built from the real components as a script would have them built.
//!
//!     cargo bench --bench engine              all models, a table
//!     cargo bench --bench engine -- tandem N  one model, N requests, one JSON line (for peers.sh)
//!
//! mm1, mm8 and tandem are the models of the speed reference (its README), which have no unit: their 1 is a millisecond here, as of a web
//! service.
//! In tandem the replies travel back as real calls through server and balancer.

mod common;

use common::{exponential, group, link, median, simulation, timed, yardstick_ns, zipf};
use scalelab::catalog::Value;
use scalelab::kernel::{Call, Request, SECOND, Simulation, Time, time};

const MS: f64 = 1e6;
/// The unit of time of the models of the speed reference.
const UNIT: f64 = MS;
/// Arrivals are per second.
const PER_UNIT: f64 = 1_000.0;

struct Model {
    name: &'static str,
    /// Requests per simulated second.
    rate: f64,
    requests: u64,
    build: fn(f64) -> Simulation,
}

const MODELS: [Model; 5] = [
    Model { name: "mm1", rate: 0.8 * PER_UNIT, requests: 1_000_000, build: |rate| queue(rate, 1) },
    Model { name: "mm8", rate: 6.4 * PER_UNIT, requests: 1_000_000, build: |rate| queue(rate, 8) },
    Model { name: "tandem", rate: PER_UNIT, requests: 500_000, build: tandem },
    Model { name: "cache_cluster", rate: 300_000.0, requests: 500_000, build: cache_cluster },
    Model { name: "full_path", rate: 300_000.0, requests: 500_000, build: full_path },
];

fn queue(rate: f64, servers: i64) -> Simulation {
    let service =
        [("read", exponential(UNIT)), ("write", exponential(UNIT)), ("connections", Value::Whole(servers))];
    let traffic = [("to", Value::Group(0)), ("rate", Value::Rate(rate))];
    simulation(vec![group("database", "db", service), group("traffic", "users", traffic)], Vec::new())
}

fn tandem(rate: f64) -> Simulation {
    let groups = vec![
        group(
            "database",
            "db",
            [
                ("read", exponential(0.7 * UNIT)),
                ("write", exponential(UNIT)),
                ("connections", Value::Whole(1)),
            ],
        ),
        group(
            "web",
            "web",
            [("count", Value::Whole(4)), ("service", exponential(3.2 * UNIT)), ("reads", Value::Group(0))],
        ),
        group("load_balancer", "lb", [("to", Value::Group(1)), ("service", exponential(0.5 * UNIT))]),
        group("traffic", "users", [("to", Value::Group(2)), ("rate", Value::Rate(rate))]),
    ];
    simulation(groups, vec![link(3, 2, UNIT)])
}

/// Client, balancer, eight servers, a cache beside a database; 90 % hits, latencies below a millisecond on every hop.
fn full_path(rate: f64) -> Simulation {
    const KEYS: u64 = 1_000_000;
    const ITEMS: i64 = 340_000;
    let database = [("read", exponential(MS)), ("write", exponential(MS)), ("connections", Value::Whole(64))];
    let cache = [("of", Value::Group(0)), ("items", Value::Whole(ITEMS)), ("preload", Value::Whole(ITEMS))];
    let web = [
        ("count", Value::Whole(8)),
        ("cores", Value::Whole(16)),
        ("service", exponential(0.25 * MS)),
        ("reads", Value::Group(1)),
        ("writes", Value::Group(1)),
    ];
    let balancer = [("to", Value::Group(2)), ("service", exponential(0.01 * MS)), ("cores", Value::Whole(8))];
    let traffic = [("to", Value::Group(3)), ("rate", Value::Rate(rate)), ("keys", zipf(KEYS, 1.0))];
    let groups = vec![
        group("database", "db", database),
        group("cache", "store", cache),
        group("web", "web", web),
        group("load_balancer", "lb", balancer),
        group("traffic", "users", traffic),
    ];
    let links = vec![link(4, 3, 0.9 * MS), link(3, 2, 0.2 * MS), link(2, 1, 0.2 * MS), link(2, 0, 0.3 * MS)];
    simulation(groups, links)
}

/// Client, balancer, eight servers, a cluster of 16 cache nodes beside a database; 10 % writes, 95 % hits.
fn cache_cluster(rate: f64) -> Simulation {
    const KEYS: u64 = 1_000_000;
    const ITEMS_OF_EACH: i64 = 40_000;
    let database =
        [("read", exponential(MS)), ("write", exponential(MS)), ("connections", Value::Whole(256))];
    let cache = [
        ("of", Value::Group(0)),
        ("nodes", Value::Whole(16)),
        ("routing", Value::Text("cluster".into())),
        ("items", Value::Whole(ITEMS_OF_EACH)),
        ("preload", Value::Whole(16 * ITEMS_OF_EACH)),
        ("write", Value::Text("through".into())),
        ("service", exponential(0.01 * MS)),
    ];
    let web = [
        ("count", Value::Whole(8)),
        ("cores", Value::Whole(16)),
        ("service", exponential(0.25 * MS)),
        ("reads", Value::Group(1)),
        ("writes", Value::Group(1)),
    ];
    let balancer = [("to", Value::Group(2))];
    let traffic = [
        ("to", Value::Group(3)),
        ("rate", Value::Rate(rate)),
        ("writes", Value::Share(0.1)),
        ("keys", zipf(KEYS, 1.0)),
    ];
    let groups = vec![
        group("database", "db", database),
        group("cache", "store", cache),
        group("web", "web", web),
        group("load_balancer", "lb", balancer),
        group("traffic", "users", traffic),
    ];
    let links = vec![link(4, 3, 0.9 * MS), link(2, 1, 0.2 * MS), link(2, 0, 0.3 * MS)];
    simulation(groups, links)
}

/// One measured run.
struct Run {
    ns: f64,
    requests: f64,
    events: f64,
    in_flight: usize,
    mean_s: f64,
    digest: u64,
}

/// The first tenth of the requests is not timed: memory grows and caches fill.
fn run(model: &Model, requests: u64) -> Run {
    let mut world = (model.build)(model.rate);
    let span = |requests: f64| (requests / model.rate * SECOND as f64) as Time;
    let warm = span(0.1 * requests as f64);
    world.run_until(warm);
    let (issued, events) = (world.book().issued(), world.events());
    let (ns, ()) = timed(|| world.run_until(warm + span(requests as f64)));
    world.check_conservation().expect("nothing vanishes");
    let latency = &world.book().close(world.requests(), world.now())[0].latency;
    Run {
        ns,
        requests: (world.book().issued() - issued) as f64,
        events: (world.events() - events) as f64,
        in_flight: world.requests().len(),
        mean_s: latency.mean().unwrap_or(0.0) / SECOND as f64,
        digest: world.digest(),
    }
}

fn table(rounds: usize) {
    println!(
        "median of {rounds} alternating rounds, CPU time of one thread; yardstick: one hold of a BinaryHeap of 1,000"
    );
    println!(
        "{:<10} {:>12} {:>14} {:>14} {:>13} {:>10} {:>11} {:>12}",
        "model",
        "ns/request",
        "requests/s",
        "events/s",
        "events/req",
        "in flight",
        "yardsticks",
        "mean latency"
    );
    let mut times = [const { Vec::new() }; MODELS.len()];
    let mut last = [const { None }; MODELS.len()];
    let mut yardsticks = Vec::new();
    for _ in 0..rounds {
        yardsticks.push(yardstick_ns());
        for (at, model) in MODELS.iter().enumerate() {
            let run = run(model, model.requests);
            times[at].push(run.ns / run.requests);
            last[at] = Some(run);
        }
    }
    let yardstick = median(&mut yardsticks);
    for ((model, times), last) in MODELS.iter().zip(&mut times).zip(last) {
        let (ns, last) = (median(times), last.expect("at least one round"));
        let events = last.events / last.requests;
        println!(
            "{:<10} {ns:>12.1} {:>14.0} {:>14.0} {events:>13.2} {:>10} {:>11.2} {:>10.4} s",
            model.name,
            1e9 / ns,
            events * 1e9 / ns,
            last.in_flight,
            ns / yardstick,
            last.mean_s
        );
    }
    println!("yardstick {yardstick:.1} ns");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(name) = arguments.first() else {
        println!("memory: request {} bytes, call {} bytes", size_of::<Request>(), size_of::<Call>());
        return table(5);
    };
    let model = MODELS
        .iter()
        .find(|model| model.name == name.as_str())
        .expect("mm1, mm8, tandem, cache_cluster or full_path");
    let requests = arguments.get(1).map_or(model.requests, |number| number.parse().expect("a number"));
    let run = run(model, requests);
    println!(
        "{{\"tool\":\"scalelab\",\"model\":\"{name}\",\"n\":{},\"ns_req\":{:.2},\"mean\":{:.4},\"simulated_s\":{:.1},\"digest\":\"{:016x}\"}}",
        run.requests,
        run.ns / run.requests,
        run.mean_s,
        time::seconds((requests as f64 / model.rate * UNIT) as Time),
        run.digest
    );
}
