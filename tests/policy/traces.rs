//! Hit counts of whole traces: cold start, unit sizes, every miss inserts. Measured with libCacheSim 0.3.5 (rows LRU, FIFO
//! and LFU of hits.csv and hits_real.csv in the project's cache reference of 2026-11-22).

use flate2::read::MultiGzDecoder;
use scalelab::components::cache::eviction::by_name;
use scalelab::components::cache::shelf::{Item, ShelfPlan};
use scalelab::kernel::NEVER;
use std::io::Read;

/// (items, hits of lru, fifo, lfu)
type Row = (u64, [u64; 3]);

const POLICIES: [&str; 3] = ["lru", "fifo", "lfu"];

fn keys(file: &str, column: usize) -> Vec<u64> {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the trace is there");
    MultiGzDecoder::new(file).read_to_string(&mut text).expect("a gzipped text");
    let key = |line: &str| line.split(',').nth(column).and_then(|key| key.parse().ok());
    text.lines().filter_map(key).collect()
}

fn hits(policy: &str, items: u64, known: Option<u64>, keys: &[u64]) -> u64 {
    let plan = ShelfPlan { items: Some(items), bytes: None, keys: known };
    let mut shelf = by_name(policy, &plan).expect("a policy");
    for &key in keys {
        if shelf.get(key, 0).is_none() {
            shelf.put(Item { key, version: 0, bytes: 1, expires: NEVER }, 0);
        }
    }
    let counts = shelf.counts();
    assert_eq!(counts.hits + counts.misses, keys.len() as u64);
    assert_eq!(counts.insertions, counts.misses);
    assert_eq!(counts.insertions - counts.evictions, shelf.len());
    counts.hits
}

fn check(keys: &[u64], rows: &[Row]) {
    let size = keys.iter().max().expect("keys") + 1;
    for (items, expected) in rows {
        for (policy, expected) in POLICIES.iter().zip(expected) {
            for known in [Some(size), None] {
                let found = hits(policy, *items, known, keys);
                assert_eq!(found, *expected, "{policy}, {items} items, keys known: {known:?}");
            }
        }
    }
}

#[test]
fn zipf_0_8() {
    let keys = keys("zipf08.gz", 0);
    assert_eq!(keys.len(), 200_000);
    check(
        &keys,
        &[
            (50, [20_490, 17_516, 43_400]),
            (200, [43_943, 38_072, 64_919]),
            (1_000, [86_468, 78_212, 101_873]),
            (3_000, [130_198, 121_528, 138_912]),
        ],
    );
}

#[test]
fn zipf_1_0() {
    let keys = keys("zipf10.gz", 0);
    assert_eq!(keys.len(), 200_000);
    check(
        &keys,
        &[
            (50, [61_840, 52_952, 85_427]),
            (200, [94_568, 84_808, 113_082]),
            (1_000, [134_798, 125_903, 145_909]),
            (3_000, [163_752, 156_943, 168_587]),
        ],
    );
}

#[test]
fn a_loop_larger_than_the_cache_never_hits() {
    let keys = keys("loop.gz", 0);
    assert_eq!(keys.len(), 100_000);
    check(&keys, &[(50, [0; 3]), (100, [0; 3]), (500, [0; 3]), (900, [0; 3]), (1_000, [99_000; 3])]);
}

#[test]
fn product_pages_of_a_shop() {
    let keys = keys("cache2k_web07.csv.gz", 1);
    assert_eq!(keys.len(), 76_118);
    check(
        &keys,
        &[
            (100, [25_427, 23_719, 18_789]),
            (500, [34_693, 32_541, 29_317]),
            (2_000, [42_245, 40_288, 39_110]),
        ],
    );
}
