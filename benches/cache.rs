//! The cache room alone: 10^7 look-ups, Zipf 1.0 over 10^6 dense keys in scrambled order, capacity 10^5; what is missed is
//! put in. Words after `--` choose policies and ways; with CACHE_TRACE=FILE it only writes the trace, for peers. The speed reference's
//! `cachebench` has the same trace by hand; libCacheSim's LRU does 2.2 million a second.
//!
//! Ways: `dense`, a table of keys; `ahead`, the same, told of each look-up sixteen look-ups before it comes, as caches in a simulation are told
//! of calls on their way (`Component::foresee`; the reference's LRU has such a variant too); `hashed`.

mod common;

use common::{median, timed, yardstick_ns};
use scalelab::components::cache::eviction::by_name;
use scalelab::components::cache::shelf::{Item, Shelf, ShelfPlan};
use scalelab::kernel::NEVER;
use scalelab::random::Stream;
use scalelab::random::keys::{Keys, Keyspace};
use std::io::Write;

const REQUESTS: usize = 10_000_000;
const KEYS: u64 = 1_000_000;
const CAPACITY: u64 = 100_000;
const ROUNDS: usize = 3;

fn trace() -> Vec<u32> {
    let law = Keys::zipf(KEYS, 1.0).expect("a valid law");
    let names = Keyspace::new(KEYS, 1);
    let mut stream = Stream::named(1, 0, "keys");
    (0..REQUESTS).map(|_| names.id(law.rank(&mut || stream.uniform())) as u32).collect()
}

/// How many look-ups ahead: at 15 ns each, about what main memory takes.
const AHEAD: usize = 16;

fn replay_ahead(shelf: &mut dyn Shelf, trace: &[u32]) {
    for (now, key) in trace.iter().enumerate() {
        if let Some(soon) = trace.get(now + AHEAD) {
            shelf.foresee(u64::from(*soon));
        }
        let (key, now) = (u64::from(*key), now as u64);
        if shelf.get(key, now).is_none() {
            shelf.put(Item { key, version: 0, bytes: 1, expires: NEVER }, now);
        }
    }
}

fn replay(shelf: &mut dyn Shelf, trace: &[u32]) {
    for (now, key) in trace.iter().enumerate() {
        let (key, now) = (u64::from(*key), now as u64);
        if shelf.get(key, now).is_none() {
            shelf.put(Item { key, version: 0, bytes: 1, expires: NEVER }, now);
        }
    }
}

/// The trace as libCacheSim reads it (oracleGeneral): time, key, size, time of the next request for the key (unknown).
fn write(trace: &[u32], path: &str) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for (now, key) in trace.iter().enumerate() {
        file.write_all(&(now as u32).to_le_bytes())?;
        file.write_all(&u64::from(*key).to_le_bytes())?;
        file.write_all(&1_u32.to_le_bytes())?;
        file.write_all(&(-1_i64).to_le_bytes())?;
    }
    file.flush()
}

fn main() {
    let trace = trace();
    if let Some(path) = std::env::var_os("CACHE_TRACE") {
        return write(&trace, &path.to_string_lossy()).expect("a file that can be written");
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let policies = ["lru", "fifo", "sieve", "s3fifo", "clock", "lfu", "2q", "arc"];
    let chosen = |all: &[&'static str]| {
        let some: Vec<&str> =
            all.iter().copied().filter(|one| named.iter().any(|name| name == one)).collect();
        if some.is_empty() { all.to_vec() } else { some }
    };
    let policies = chosen(&policies);
    let keys_of = |index| (index, (index != "hashed").then_some(KEYS));
    let indices: Vec<_> = chosen(&["dense", "ahead", "hashed"]).into_iter().map(keys_of).collect();
    println!(
        "{REQUESTS} requests, Zipf 1.0 over {KEYS} keys, capacity {CAPACITY}; median of {ROUNDS} alternating rounds"
    );
    println!(
        "{:<6} {:<7} {:>18} {:>10} {:>11}",
        "policy", "way", "million requests/s", "hit ratio", "yardsticks"
    );
    let mut rows: Vec<(Vec<f64>, f64)> = vec![(Vec::new(), 0.0); policies.len() * indices.len()];
    let mut yardsticks = Vec::new();
    for _ in 0..ROUNDS {
        yardsticks.push(yardstick_ns());
        let cells = policies.iter().flat_map(|policy| indices.iter().map(move |index| (policy, index)));
        for ((policy, (way, keys)), (times, hits)) in cells.zip(&mut rows) {
            let plan = ShelfPlan { items: Some(CAPACITY), bytes: None, keys: *keys, overhead: 0 };
            let mut shelf = by_name(policy, &plan).expect("registered");
            let replay = if *way == "ahead" { replay_ahead } else { replay };
            let (ns, ()) = timed(|| replay(&mut *shelf, &trace));
            times.push(ns / REQUESTS as f64);
            *hits = shelf.counts().hits as f64 / REQUESTS as f64;
        }
    }
    let yardstick = median(&mut yardsticks);
    let cells = policies.iter().flat_map(|policy| indices.iter().map(move |index| (policy, index)));
    for ((policy, (index, _)), (times, hits)) in cells.zip(&mut rows) {
        let ns = median(times);
        println!("{policy:<6} {index:<7} {:>18.2} {hits:>10.4} {:>11.2}", 1e3 / ns, ns / yardstick);
    }
}
