//! What is lost and what is stale, where it can be counted by hand.

use crate::common::{World, exponential, index, keys, poisson, span, text};
use crate::world::{Described, order};
use scalelab::catalog::Value;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::SECOND;
use scalelab::kernel::{Simulation, Time};
use scalelab::model::{Target, build};
use scalelab::random::keys::Keys;

/// Clients, a web tier, a cache with a write strategy, a database; no time on the way.
fn describe(strategy: &str, inline: bool, popularity: Keys, writes: f64) -> Described {
    let mut world = World::default();
    let store =
        world.add("database", "store", vec![("read", exponential(0.004)), ("write", exponential(0.005))]);
    let placement = text(if inline { "inline" } else { "aside" });
    let settings = vec![
        ("of", store.clone()),
        ("write", text(strategy)),
        ("placement", placement),
        ("flush", span(0.7)),
    ];
    let cache = world.add("cache", "cache", settings);
    let web = world.add("web", "web", vec![("reads", cache.clone()), ("writes", cache.clone())]);
    world.add(
        "traffic",
        "clients",
        vec![
            ("to", web.clone()),
            ("rate", poisson(100.0)),
            ("users", Value::Whole(20)),
            ("writes", Value::Share(writes)),
            ("keys", keys(popularity)),
        ],
    );
    let groups = [&store, &cache, &web].map(index).to_vec();
    Described { checked: world.check(), groups, cache: Some(index(&cache)) }
}

fn dirty(described: &Described, simulation: &Simulation) -> u64 {
    let node = described.checked.layout.first(described.cache.expect("a cache"));
    match simulation.readings(node, false).get("dirty_items") {
        Some(Reading::Gauge(items)) => *items as u64,
        other => panic!("{other:?}"),
    }
}

/// Crashes the cache at these times and brings it back a second later; returns what was dirty each time.
fn crash_at(described: &Described, simulation: &mut Simulation, kind: &str, times: &[Time]) -> u64 {
    let cache = Target::Group(described.cache.expect("a cache"));
    let mut gone = 0;
    for &time in times {
        simulation.run_until(time);
        gone += dirty(described, simulation);
        order(described, cache, "crash", vec![text(kind)], simulation);
        simulation.run_until(time + SECOND);
        order(described, cache, "recover", Vec::new(), simulation);
    }
    simulation.run_until(times[times.len() - 1] + 10 * SECOND);
    gone
}

/// Every request writes a key of its own, so that dirty keys are writes; acknowledgements take no time.
#[test]
fn write_back_loses_exactly_what_was_dirty() {
    for (inline, kind) in [(false, "process"), (true, "process"), (false, "host"), (true, "host")] {
        let described = describe("back", inline, Keys::sequential(1 << 20).unwrap(), 1.0);
        let mut simulation = build(&described.checked, crate::common::seed(), 0);
        let times = [3 * SECOND + 123_456_789, 7 * SECOND, 12 * SECOND + 1];
        let gone = crash_at(&described, &mut simulation, kind, &times);
        assert!(gone > 100, "something is dirty at any time, here {gone}");
        let report = simulation.audit().report();
        assert_eq!(report.lost_writes_count, gone, "inline: {inline}, {kind}");
        assert!(report.writes_acknowledged_count > gone);
        simulation.check_conservation().unwrap();
    }
}

#[test]
fn the_others_lose_nothing_in_a_crash() {
    for strategy in ["through", "around", "aside"] {
        for inline in [false, true] {
            let described = describe(strategy, inline, Keys::zipf(50, 0.9).unwrap(), 0.5);
            let mut simulation = build(&described.checked, crate::common::seed(), 0);
            assert_eq!(crash_at(&described, &mut simulation, "process", &[3 * SECOND, 7 * SECOND]), 0);
            let report = simulation.audit().report();
            assert!(report.writes_acknowledged_count > 500);
            assert_eq!(report.lost_writes_count, 0, "{strategy}, inline: {inline}");
        }
    }
}

/// Without time on the way a fill is overtaken by a write only while the store reads for it, which takes milliseconds: write-around alone
/// leaves old values in the cache.
#[test]
fn staleness_is_where_the_strategy_leaves_it() {
    for inline in [false, true] {
        for strategy in ["through", "around", "aside", "back"] {
            let described = describe(strategy, inline, Keys::zipf(50, 0.9).unwrap(), 0.3);
            let mut simulation = build(&described.checked, crate::common::seed(), 0);
            simulation.run_until(60 * SECOND);
            let report = simulation.audit().report();
            assert!(report.reads_count > 3000);
            if strategy == "around" {
                assert!(report.stale_reads_count > 1000, "old values stay until they expire, here for ever");
                assert!(report.read_your_writes_violations_count > 10);
            } else {
                let stale = report.stale_reads_count;
                assert!(stale * 50 < report.reads_count, "{strategy}, inline: {inline}: {stale}");
            }
        }
    }
}

/// A cut between cache and store delays the flush; when it is healed everything is stored and nothing was lost.
#[test]
fn dirty_data_outlives_a_partition() {
    let described = describe("back", false, Keys::zipf(50, 0.9).unwrap(), 0.5);
    let (store, cache) = (described.groups[0], described.groups[1]);
    let mut simulation = build(&described.checked, crate::common::seed(), 0);
    simulation.run_until(2 * SECOND);
    order(&described, Target::Between(cache, store), "partition", Vec::new(), &mut simulation);
    simulation.run_until(20 * SECOND);
    order(&described, Target::Between(cache, store), "heal", Vec::new(), &mut simulation);
    let waiting = dirty(&described, &simulation);
    assert!(waiting > 30, "{waiting} keys wait");
    simulation.run_until(60 * SECOND);
    let stored: u64 = simulation.readings(described.checked.layout.first(store), false).count_of("writes");
    assert!(stored > waiting, "{stored} writes are stored");
    order(&described, Target::Group(cache), "crash", Vec::new(), &mut simulation);
    let lost = simulation.audit().report().lost_writes_count;
    assert!(lost < 100, "{lost} writes are lost, many more than wait for the next flush");
}
