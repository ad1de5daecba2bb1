//! Hit ratios through client, web tier, cache and database.

use crate::common::estimate::{assert_agrees, exact};
use crate::common::run::{Run, run};
use crate::common::{World, keys, poisson, span, text};
use scalelab::catalog::Value;
use scalelab::kernel::NodeId;
use scalelab::random::keys::Keys;

/// Readers at a rate who go through a web tier to a cache beside a store that answers within a nanosecond.
fn world(rate: f64, popularity: Keys, settings: Vec<(&str, Value)>) -> (World, NodeId) {
    let mut world = World::default();
    let store = world.add("database", "store", vec![("read", span(1e-9)), ("write", span(1e-9))]);
    let settings = [("of", store)].into_iter().chain(settings).collect();
    let cache = world.add("cache", "cache", settings);
    let web = world.add("web", "web", vec![("reads", cache.clone())]);
    world.add("traffic", "readers", vec![("to", web), ("rate", poisson(rate)), ("keys", keys(popularity))]);
    let node = world.node(&cache, 0);
    (world, node)
}

fn hit_ratio(run: &Run, cache: NodeId) -> f64 {
    let (hits, misses) = (run.rate(cache, "hits"), run.rate(cache, "misses"));
    hits / (hits + misses)
}

/// A fixed TTL under Poisson reads of one key: lambda T / (1 + lambda T); of many, the mean over keys (ttl.csv).
#[test]
fn fixed_time_to_live() {
    let one = || Keys::uniform(1).unwrap();
    let zipf = |exponent| Keys::zipf(10_000, exponent).unwrap();
    for (label, rate, ttl, popularity, length, ratio) in [
        ("one key, 0.1/s, 1 s", 0.1, 1.0, one(), 2e5, 0.0909090909),
        ("one key, 1/s, 1 s", 1.0, 1.0, one(), 2e4, 0.5),
        ("one key, 0.1/s, 60 s", 0.1, 60.0, one(), 4e5, 0.8571428571),
        ("one key, 10/s, 1 s", 10.0, 1.0, one(), 4e3, 0.9090909091),
        ("Zipf 0.8, 10/s, 10 s", 10.0, 10.0, zipf(0.8), 3e3, 0.1239896682),
        ("Zipf 1.2, 100/s, 10 s", 100.0, 10.0, zipf(1.2), 5e2, 0.7174560187),
        ("Zipf 1.2, 100/s, 60 s", 100.0, 60.0, zipf(1.2), 2e3, 0.8323346240),
    ] {
        let (world, cache) = world(rate, popularity, vec![("ttl", span(ttl))]);
        assert_agrees(label, 10, &[exact("hit ratio", ratio, 0.03)], |seed, replication| {
            vec![hit_ratio(&run(&world, seed, replication, length), cache)]
        });
    }
}

/// A sliding TTL: a read hits if the one before was less than T ago, 1 - exp(-lambda T); of many, the mean over reads (ttl.csv).
#[test]
fn sliding_time_to_live() {
    let one = || Keys::uniform(1).unwrap();
    let zipf = |exponent| Keys::zipf(10_000, exponent).unwrap();
    for (label, rate, ttl, popularity, length, ratio) in [
        ("one key, 0.1/s, 1 s", 0.1, 1.0, one(), 2e5, 0.0951625820),
        ("one key, 0.1/s, 10 s", 0.1, 10.0, one(), 1e5, 0.6321205588),
        ("one key, 1/s, 1 s", 1.0, 1.0, one(), 2e4, 0.6321205588),
        ("Zipf 0.8, 10/s, 10 s", 10.0, 10.0, zipf(0.8), 3e3, 0.1485737376),
        ("Zipf 0.8, 100/s, 10 s", 100.0, 10.0, zipf(0.8), 5e2, 0.3843014278),
        ("Zipf 1.0, 100/s, 60 s", 100.0, 60.0, zipf(1.0), 2e3, 0.7675479522),
    ] {
        let settings = vec![("ttl", span(ttl)), ("ttl_kind", text("sliding"))];
        let (world, cache) = world(rate, popularity, settings);
        assert_agrees(label, 10, &[exact("hit ratio", ratio, 0.03)], |seed, replication| {
            vec![hit_ratio(&run(&world, seed, replication, length), cache)]
        });
    }
}

/// Jitter spreads a fixed TTL around its mean, and only the mean counts: lambda T / (1 + lambda T) as without it. Under a sliding TTL
/// each read draws anew: 1 - exp(-lambda T) sinh(lambda T j) / (lambda T j) for a jitter of j.
#[test]
fn jitter_of_the_time_to_live() {
    for (kind, rate, ttl, jitter, ratio) in [
        ("fixed", 1.0, 1.0, 0.9, 0.5),
        ("fixed", 0.1, 60.0, 0.5, 0.8571428571),
        ("sliding", 1.0, 1.0, 0.9, 0.5804062288),
        ("sliding", 1.0, 2.0, 0.5, 0.8409538),
    ] {
        let settings =
            vec![("ttl", span(ttl)), ("ttl_kind", text(kind)), ("ttl_jitter", Value::Share(jitter))];
        let (world, cache) = world(rate, Keys::uniform(1).unwrap(), settings);
        let label = format!("{kind}, {rate}/s, {ttl} s, jitter {jitter}");
        assert_agrees(&label, 10, &[exact("hit ratio", ratio, 0.01)], |seed, replication| {
            vec![hit_ratio(&run(&world, seed, replication, 4e4), cache)]
        });
    }
}

/// Independent references to eight keys: the exact stationary hit ratio (King 1971; irm_exact_small.csv).
#[test]
fn tiny_caches() {
    for (eviction, exponent, items, ratio) in [
        ("lru", 0.0, 3, 0.375),
        ("lru", 0.8, 3, 0.478768425936),
        ("lru", 1.2, 5, 0.811848634689),
        ("fifo", 0.8, 2, 0.326044326057),
        ("fifo", 0.8, 5, 0.698467697917),
        ("fifo", 1.2, 3, 0.562797406783),
    ] {
        let settings = vec![("items", Value::Whole(items)), ("eviction", text(eviction))];
        let (world, cache) = world(1.0, Keys::zipf(8, exponent).unwrap(), settings);
        let label = format!("{eviction}, exponent {exponent}, {items} items");
        assert_agrees(&label, 10, &[exact("hit ratio", ratio, 0.01)], |seed, replication| {
            vec![hit_ratio(&run(&world, seed, replication, 2e4), cache)]
        });
    }
}
