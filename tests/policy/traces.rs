//! Hit counts of whole traces: cold start, unit sizes, every miss inserts. Measured with libCacheSim 0.3.5 (hits.csv and
//! hits_real.csv in the project's cache reference of 2026-11-22; `libcachesim_hits.csv` by us, with the same version).

use flate2::read::MultiGzDecoder;
use scalelab::components::cache::eviction::by_name;
use scalelab::components::cache::shelf::{Item, ShelfPlan};
use scalelab::kernel::NEVER;
use std::io::Read;

/// (items, hits of each of [`POLICIES`])
type Row = (u64, [u64; 8]);

const POLICIES: [&str; 8] = ["lru", "fifo", "lfu", "clock", "sieve", "s3fifo", "2q", "arc"];

pub fn keys(file: &str, column: usize) -> Vec<u64> {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the trace is there");
    MultiGzDecoder::new(file).read_to_string(&mut text).expect("a gzipped text");
    let key = |line: &str| line.split(',').nth(column).and_then(|key| key.parse().ok());
    text.lines().filter_map(key).collect()
}

fn hits(policy: &str, items: u64, known: Option<u64>, keys: &[u64]) -> u64 {
    let plan = ShelfPlan { items: Some(items), bytes: None, keys: known, overhead: 0 };
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
            (50, [20_490, 17_516, 43_400, 22_284, 44_034, 43_935, 40_123, 42_205]),
            (200, [43_943, 38_072, 64_919, 46_168, 67_797, 67_653, 63_458, 65_633]),
            (1_000, [86_468, 78_212, 101_873, 89_056, 102_881, 104_237, 99_848, 101_384]),
            (3_000, [130_198, 121_528, 138_912, 132_044, 138_952, 138_063, 134_508, 134_389]),
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
            (50, [61_840, 52_952, 85_427, 64_613, 86_833, 87_165, 82_559, 85_198]),
            (200, [94_568, 84_808, 113_082, 97_193, 115_411, 114_551, 110_611, 112_995]),
            (1_000, [134_798, 125_903, 145_909, 136_854, 146_235, 146_639, 143_314, 145_047]),
            (3_000, [163_752, 156_943, 168_587, 165_038, 168_587, 167_984, 165_596, 166_473]),
        ],
    );
}

#[test]
fn a_loop() {
    let keys = keys("loop.gz", 0);
    assert_eq!(keys.len(), 100_000);
    check(
        &keys,
        &[
            (50, [0, 0, 0, 0, 0, 4_455, 0, 0]),
            (100, [0, 0, 0, 0, 0, 8_910, 0, 0]),
            (500, [0, 0, 0, 0, 0, 44_550, 0, 0]),
            (900, [0, 0, 0, 0, 0, 64_390, 80_236, 0]),
            (1_000, [99_000, 99_000, 99_000, 99_000, 99_000, 99_000, 99_000, 99_000]),
        ],
    );
}

#[test]
fn product_pages_of_a_shop() {
    let keys = keys("cache2k_web07.csv.gz", 1);
    assert_eq!(keys.len(), 76_118);
    check(
        &keys,
        &[
            (100, [25_427, 23_719, 18_789, 26_010, 28_039, 28_974, 29_218, 27_969]),
            (500, [34_693, 32_541, 29_317, 35_129, 36_918, 38_106, 37_515, 36_724]),
            (2_000, [42_245, 40_288, 39_110, 42_682, 44_031, 44_204, 43_269, 44_042]),
        ],
    );
}

/// The arithmetic of `tests/data/libcachesim_hits.py`.
fn made([seed, keys, requests, skew, shift]: [u64; 5]) -> Vec<u64> {
    let mut state = seed;
    let key = |at: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = state >> 33;
        let skewed = (0..skew).fold(uniform, |skewed, _| (skewed * uniform) >> 31);
        (((keys * skewed) >> 31) + at.checked_div(shift).unwrap_or(0)) % keys
    };
    (0..requests).map(key).collect()
}

#[test]
fn made_traces_of_many_shapes_and_sizes() {
    let path = format!("{}/tests/data/libcachesim_hits.csv", env!("CARGO_MANIFEST_DIR"));
    let rows = std::fs::read_to_string(path).expect("the table is there");
    assert_eq!(rows.lines().count(), 73);
    for row in rows.lines().skip(1) {
        let cells: Vec<Option<u64>> = row.split(',').map(|cell| cell.parse().ok()).collect();
        let keys = made(std::array::from_fn(|at| cells[at].expect("a number")));
        let items = cells[5].expect("a number");
        for (policy, expected) in POLICIES.iter().zip(&cells[6..]) {
            if let Some(expected) = expected {
                assert_eq!(hits(policy, items, None, &keys), *expected, "{policy}: {row}");
            }
        }
    }
}
