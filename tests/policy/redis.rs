//! The sampled policies of Redis against a real redis-server. The rows were measured on Redis 7.0.15 on 2026-11-28 by
//! `.ci/peers/redis_eviction.py`; `.ci/run` measures them anew and names its own file in `REDIS_PACED`.

use crate::traces::keys;
use scalelab::components::cache::eviction::by_name;
use scalelab::components::cache::shelf::{Item, ShelfPlan};
use scalelab::kernel::{NEVER, SECOND};
use scalelab::random::Stream;

/// Half a percentage point.
const WITHIN: f64 = 0.005;
/// Which items are drawn is chance, there and here: a row holds the mean of six servers, and these are as many seeds. One of a case
/// differs from another by up to a quarter of a percentage point, the means by a tenth.
const SEEDS: u64 = 6;

/// The share of hits when these keys are wanted so many times a second, on average over the seeds.
fn hit_ratio(policy: &str, items: u64, rate_per_s: u64, keys: &[u64]) -> f64 {
    (0..SEEDS).map(|seed| hit_ratio_of(policy, items, rate_per_s, keys, seed)).sum::<f64>() / SEEDS as f64
}

fn hit_ratio_of(policy: &str, items: u64, rate_per_s: u64, keys: &[u64], seed: u64) -> f64 {
    let plan = ShelfPlan { items: Some(items), bytes: None, keys: None, overhead: 0 };
    let mut shelf = by_name(policy, &plan).expect("a policy");
    shelf.draw_from(Stream::named(seed, 0, "eviction"));
    for (at, &key) in (0..).zip(keys) {
        let now = at * SECOND / rate_per_s;
        if shelf.get(key, now).is_none() {
            shelf.put(Item { key, version: 0, bytes: 1, expires: NEVER }, now);
        }
    }
    shelf.counts().hits as f64 / keys.len() as f64
}

fn trace(name: &str) -> Vec<u64> {
    let mut keys = match name {
        "shop" => keys("cache2k_web07.csv.gz", 1),
        _ => keys(&format!("{name}.gz"), 0),
    };
    keys.truncate(100_000);
    keys
}

fn measured() -> String {
    let usual = format!("{}/tests/data/redis_paced.csv", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(std::env::var("REDIS_PACED").unwrap_or(usual)).expect("measured rows")
}

#[test]
fn hit_ratios_are_those_of_a_real_redis_at_the_same_pace() {
    let rows = measured();
    assert_eq!(rows.lines().count(), 9, "{rows}");
    let mut wrong = Vec::new();
    for row in rows.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let number = |at: usize| cells[at].parse::<u64>().expect("a number");
        let keys = trace(cells[1]);
        assert_eq!(keys.len() as u64, number(4), "{row}");
        let ours = hit_ratio(cells[0], number(3), number(2), &keys);
        let theirs = number(5) as f64 / keys.len() as f64;
        println!("{row}: ours {ours:.4}, Redis {theirs:.4}");
        if (ours - theirs).abs() > WITHIN {
            wrong.push(format!("{row}: ours {ours:.4}, Redis {theirs:.4}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The reference's point 3: at realistic rates like exact LRU, replayed at full speed like random choice; even a little worse, since
/// the table offers the newest items rather than any.
#[test]
fn sampled_lru_hangs_on_the_pace() {
    let keys = trace("zipf08");
    let [exact, random] = ["lru", "random"].map(|policy| hit_ratio(policy, 1_000, 1, &keys));
    let [paced, replayed] = [50, 1_000_000].map(|rate| hit_ratio("redis_lru", 1_000, rate, &keys));
    assert!((paced - exact).abs() < WITHIN, "{paced} {exact}");
    assert!((0.0..0.015).contains(&(random - replayed)), "{replayed} {random}");
    assert!(exact - random > 0.03, "{exact} {random}");
}
