//! What each write strategy costs its caller, exactly: cache 1 ms per command, store 4 ms per read and 5 ms per write.

mod common;

use common::{World, evenly, keys, text, texts};
use scalelab::catalog::Value;
use scalelab::kernel::{Control, MILLISECOND, SECOND};
use scalelab::random::keys::Keys;

fn ms(span: u64) -> Value {
    Value::Duration(span * MILLISECOND)
}

/// Latencies in ms of ten requests a second apart: that of the first, and the median of all; and how many failed.
fn latencies(strategy: Value, inline: bool, write: bool, crashed: Option<&str>) -> (Option<u64>, u64, u64) {
    let mut world = World::default();
    let store = world.add("database", "store", vec![("read", ms(4)), ("write", ms(5))]);
    let placement = text(if inline { "inline" } else { "aside" });
    let settings = vec![("of", store), ("write", strategy), ("placement", placement), ("service", ms(1))];
    let cache = world.add("cache", "cache", settings);
    let on_error = text(crashed.unwrap_or("store"));
    let web = world.add(
        "web",
        "web",
        vec![("reads", cache.clone()), ("writes", cache.clone()), ("on_cache_error", on_error)],
    );
    let writes = Value::Share(f64::from(u8::from(write)));
    let one = keys(Keys::uniform(1).unwrap());
    world.add(
        "traffic",
        "clients",
        vec![("to", web), ("rate", evenly(1.0)), ("writes", writes), ("keys", one)],
    );
    let node = world.node(&cache, 0);
    let mut simulation = world.build(1, 0);
    if crashed.is_some() {
        simulation.control(node, Control::new(Control::CRASH_PROCESS, 0));
    }
    simulation.run_until(SECOND + SECOND / 2);
    let class = usize::from(write);
    let first = simulation.book().close(simulation.requests(), 0)[class].latency.max();
    simulation.run_until(10 * SECOND + SECOND / 2);
    simulation.check_conservation().unwrap();
    let book = &simulation.book().close(simulation.requests(), 0)[class];
    let rest = book.latency.quantile(0.5).unwrap_or(0);
    (first.map(|span| span / MILLISECOND), (rest as f64 / MILLISECOND as f64).round() as u64, book.failed)
}

#[test]
fn what_a_write_costs() {
    for inline in [false, true] {
        for (strategy, cost) in [
            (text("through"), 5 + 1),
            (text("around"), 5),
            (text("aside"), 5 + 1),
            (text("back"), 1),
            (texts(&["store", "ack", "cache"]), 5),
            (texts(&["ack", "store"]), 0),
        ] {
            let label = format!("{strategy:?}, inline: {inline}");
            assert_eq!(latencies(strategy, inline, true, None), (Some(cost), cost, 0), "{label}");
        }
    }
}

/// A miss asks the cache, loads, and fills; then the cache answers.
#[test]
fn what_a_read_costs() {
    for inline in [false, true] {
        assert_eq!(
            latencies(text("aside"), inline, false, None),
            (Some(1 + 4 + 1), 1, 0),
            "inline: {inline}"
        );
    }
}

/// Without its cache a tier goes to the store, also with what it would have written back; or it gives up.
#[test]
fn what_a_dead_cache_costs() {
    for (strategy, write, cost) in [
        ("aside", false, 4),
        ("through", true, 5),
        ("around", true, 5),
        ("aside", true, 5),
        ("back", true, 5),
    ] {
        let label = format!("{strategy}, write: {write}");
        assert_eq!(latencies(text(strategy), false, write, Some("store")), (Some(cost), cost, 0), "{label}");
        let (_, _, failed) = latencies(text(strategy), false, write, Some("fail"));
        let touches_the_cache = strategy != "around";
        assert_eq!(failed, if touches_the_cache { 10 } else { 0 }, "{label}");
    }
    let (first, _, failed) = latencies(text("through"), true, false, Some("store"));
    assert_eq!((first, failed), (None, 10), "a cache in front of its store takes it along");
}
