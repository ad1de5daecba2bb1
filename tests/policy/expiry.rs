//! Who finds what is too old: nobody until it is asked for (lazy), or a cycle that draws items (sampled), against a slow model
//! that keeps a list of the moments at which items run out.

use crate::common::{World, keys, poisson, span, text};
use scalelab::catalog::Value;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::{MILLISECOND, SECOND, Simulation};
use scalelab::random::Stream;
use scalelab::random::keys::Keys;

const RATE: u64 = 500;
const TTL: u64 = 2 * SECOND;
/// So many that hardly one is wanted twice.
const KEYS: u64 = 10_000_000;
const END_S: u64 = 60;

/// Items held (fresh and too old) at the end of each second of the second half.
fn held(expiry: &str) -> Vec<f64> {
    let mut world = World::default();
    let store = world.add("database", "store", vec![("read", span(1e-9)), ("write", span(1e-9))]);
    let settings = vec![("of", store), ("ttl", Value::Duration(TTL)), ("expiry", text(expiry))];
    let cache = world.add("cache", "cache", settings);
    let web = world.add("web", "web", vec![("reads", cache.clone())]);
    let popularity = Keys::uniform(KEYS).expect("keys");
    let settings = vec![("to", web), ("rate", poisson(RATE as f64)), ("keys", keys(popularity))];
    world.add("traffic", "readers", settings);
    let node = world.node(&cache, 0);
    let mut simulation = world.build(crate::common::seed(), 0);
    let items = |simulation: &Simulation| match simulation.readings(node, false).get("items") {
        Some(Reading::Gauge(items)) => *items,
        other => panic!("{other:?}"),
    };
    let at = |second: u64| {
        simulation.run_until(second * SECOND);
        items(&simulation)
    };
    (END_S / 2..END_S).map(at).collect()
}

/// Redis' documentation of EXPIRE, word for word: ten times a second draw twenty, delete the expired, and begin again if they were
/// more than a quarter.
fn slow_model() -> Vec<f64> {
    let mut stream = Stream::named(7, 0, "slow");
    let (mut due, mut held): (Vec<u64>, Vec<f64>) = (Vec::new(), Vec::new());
    for cycle in 1..END_S * 10 {
        let now = cycle * 100 * MILLISECOND;
        due.extend((0..RATE / 10).map(|n| now - n * SECOND / RATE + TTL));
        loop {
            let mut drawn: Vec<usize> = (0..20).map(|_| stream.below(due.len() as u64) as usize).collect();
            drawn.retain(|at| due[*at] <= now);
            drawn.sort_unstable();
            drawn.dedup();
            drawn.iter().rev().for_each(|at| {
                due.swap_remove(*at);
            });
            if drawn.len() <= 5 || due.is_empty() {
                break;
            }
        }
        if cycle % 10 == 0 && cycle >= END_S * 5 {
            held.push(due.len() as f64);
        }
    }
    held
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn sampled_expiry_holds_what_the_slow_model_holds() {
    let (ours, slow) = (mean(&held("sampled")), mean(&slow_model()));
    let fresh = (RATE * TTL / SECOND) as f64;
    assert!((ours / slow - 1.0).abs() < 0.05, "{ours} {slow}");
    // A lucky draw ends a cycle early, so that more than a quarter are too old; by far not all that were ever put in.
    let ever = (RATE * END_S) as f64;
    assert!(ours > 1.05 * fresh && ours < 0.1 * ever, "{ours} of which {fresh} fresh, {ever} put in");
}

#[test]
fn lazy_expiry_holds_what_nobody_asks_for() {
    let held = held("lazy");
    let (last, put_in) = (held.last().expect("held"), (RATE * (END_S - 1)) as f64);
    assert!((last / put_in - 1.0).abs() < 0.03, "all that were ever put in: {last} of {put_in}");
}
