//! Databases of many nodes: how fast they run, how much memory they need, what a resharding costs.
//!
//!     cargo bench --bench data                    all of it, a table
//!     cargo bench --bench data -- asynchronous N  one model, N requests (for callgrind)
//!
//! *asynchronous* and *majority*: a cache in front of 16 shards of three members each, 10 % writes. *rows*: 10^7 rows over 64 nodes, all of them
//! written; memory is the process's largest (VmHWM), so it runs alone. *reshard*: 10^6 rows, all of them written, from 8 to 9 shards while they
//! are served, against the same run without it.

mod common;

use common::{exponential, group, link, median, simulation, timed, yardstick_ns, zipf};
use scalelab::catalog::{KeysPlan, Value};
use scalelab::components::database::replica::RESHARD;
use scalelab::kernel::{Control, NodeId, SECOND, Simulation, Time};
use scalelab::random::keys::Keys;

const S: f64 = 1e9;
const MS: f64 = 1e6;
/// Requests per simulated second.
const RATE: f64 = 300_000.0;
const KEYS: u64 = 1_000_000;

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Clients, an inline cache that answers nine of ten reads, sixteen shards with two replicas each.
fn cached(replication: &str) -> Simulation {
    let database = [
        ("read", exponential(MS)),
        ("write", exponential(MS)),
        ("apply", exponential(0.5 * MS)),
        ("connections", Value::Whole(64)),
        ("shards", Value::Whole(16)),
        ("replicas", Value::Whole(2)),
        ("replication", text(replication)),
    ];
    let cache = [
        ("of", Value::Group(0)),
        ("placement", text("inline")),
        ("items", Value::Whole(500_000)),
        ("preload", Value::Whole(500_000)),
    ];
    let traffic = [
        ("to", Value::Group(1)),
        ("rate", Value::Rate(RATE)),
        ("writes", Value::Share(0.1)),
        ("keys", zipf(KEYS, 1.0)),
    ];
    let groups = vec![
        group("database", "db", database),
        group("cache", "store", cache),
        group("traffic", "users", traffic),
    ];
    simulation(groups, vec![link(2, 1, 0.2 * MS), link(1, 0, 0.2 * MS), link(0, 0, 0.2 * MS)])
}

/// Writes to every row of a database of so many shards, in turn. A log of so many entries is kept for members that fall behind.
fn filled(rows: u64, shards: i64, shards_max: i64, log: i64, rate: f64, writes: f64) -> Simulation {
    let database = [
        ("read", exponential(0.1 * MS)),
        ("write", exponential(0.1 * MS)),
        ("connections", Value::Whole(256)),
        ("shards", Value::Whole(shards)),
        ("shards_max", Value::Whole(shards_max)),
        ("sharding", text("directory")),
        ("log_entries", Value::Whole(log)),
    ];
    let popularity = Keys::uniform(rows).expect("a valid law");
    let traffic = [
        ("to", Value::Group(0)),
        ("rate", Value::Rate(rate)),
        ("writes", Value::Share(writes)),
        ("keys", Value::Keys(KeysPlan { popularity, size: rows, scrambled: false })),
    ];
    simulation(vec![group("database", "db", database), group("traffic", "users", traffic)], Vec::new())
}

/// CPU nanoseconds and events of a request, over `requests` of them after a tenth.
fn run(world: &mut Simulation, rate: f64, requests: u64) -> (f64, f64) {
    let span = |requests: f64| (requests / rate * S) as Time;
    let warm = world.now() + span(0.1 * requests as f64);
    world.run_until(warm);
    let (issued, events) = (world.book().issued(), world.events());
    let (ns, ()) = timed(|| world.run_until(warm + span(requests as f64)));
    world.check_conservation().expect("nothing vanishes");
    let issued = (world.book().issued() - issued) as f64;
    (ns / issued, (world.events() - events) as f64 / issued)
}

fn speed(model: &str, requests: u64) -> (f64, f64) {
    run(&mut cached(if model == "majority" { "majority" } else { "async" }), RATE, requests)
}

/// The largest memory that the process has had, in MiB.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// Uniform writes until almost all of the rows exist: four for each leave e^-4 = 1.8 % out.
fn rows(rows: u64) {
    let rate = 1_000_000.0;
    let mut world = filled(rows, 64, 64, 10_000, rate, 1.0);
    let (ns, ()) = timed(|| world.run_until((4.0 * rows as f64 / rate * S) as Time));
    let peak = peak_mib().map_or("not told here".into(), |mib| format!("{mib:.0} MiB"));
    println!("{rows} rows over 64 nodes: VmHWM {peak} (limit 2048), {:.1} s of CPU time", ns / 1e9);
}

/// Load during a resharding of all rows; the same without it. Returns CPU seconds of both.
fn reshard(rows: u64) -> (f64, f64) {
    let (rate, seconds) = (100_000.0, 20);
    let mut filled = filled(rows, 8, 9, 1_000_000, rate, 1.0);
    filled.run_until((3.0 * rows as f64 / rate * S) as Time);
    let end = filled.now() + seconds * SECOND;
    let mut plain = filled.fork();
    let (without, ()) = timed(|| plain.run_until(end));
    filled.control(NodeId(0), Control::new(RESHARD, 9));
    let (with, ()) = timed(|| filled.run_until(end));
    let ended = filled.journal().entries().iter().any(|entry| entry.event == "reshard ends");
    assert!(ended, "the rows have moved within the time that is compared");
    (with / 1e9, without / 1e9)
}

fn table(rounds: usize, requests: u64) {
    println!("median of {rounds} alternating rounds, CPU time of one thread");
    let models = ["asynchronous", "majority"];
    let (mut times, mut yardsticks) = ([const { Vec::new() }; 2], Vec::new());
    for _ in 0..rounds {
        yardsticks.push(yardstick_ns());
        for (at, model) in models.iter().enumerate() {
            times[at].push(speed(model, requests).0);
        }
    }
    let yardstick = median(&mut yardsticks);
    for (model, times) in models.iter().zip(&mut times) {
        let ns = median(times);
        println!(
            "{model:<13} {ns:>8.1} ns/request {:>10.0} requests/s {:>6.2} yardsticks",
            1e9 / ns,
            ns / yardstick
        );
    }
    println!("yardstick {yardstick:.1} ns");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |usual: u64| arguments.get(1).map_or(usual, |number| number.parse().expect("a number"));
    match arguments.first().map(String::as_str) {
        Some("rows") => rows(number(10_000_000)),
        Some("reshard") => {
            let (with, without) = reshard(number(1_000_000));
            println!(
                "resharding under load: {with:.2} s of CPU time, without {without:.2} s: {:.2} x",
                with / without
            );
        }
        Some(model @ ("asynchronous" | "majority")) => {
            let (ns, events) = speed(model, number(500_000));
            println!("{model}: {ns:.1} ns/request, {events:.3} events/request");
        }
        Some(other) => panic!("\"{other}\": asynchronous, majority, rows or reshard"),
        None => {
            rows(10_000_000); // first: the largest memory is the process's
            table(5, 500_000);
            let (with, without) = reshard(1_000_000);
            println!(
                "resharding 10^6 rows under load: {:.2} x the same run without it (limit 3)",
                with / without
            );
        }
    }
}
