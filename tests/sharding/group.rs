//! One thing at a time.

use crate::common::{World, evenly, exponential, keys, span, text};
use scalelab::catalog::Value;
use scalelab::kernel::{Control, NodeId, Simulation, time};
use scalelab::model::{Order, WorldSpec, check};
use scalelab::random::keys::Keys;

/// Uniform keys, so that every node has its part.
pub const KEYS: u64 = 1_000;

/// Two web servers read (and write one in ten) through a cache of so many nodes, which holds everything at t = 0.
pub fn world(nodes: i64, more: Vec<(&str, Value)>) -> (World, Value) {
    world_at(2_000.0, nodes, more)
}

/// The same with so many requests per second.
pub fn world_at(rate: f64, nodes: i64, more: Vec<(&str, Value)>) -> (World, Value) {
    let mut world = World::default();
    let database = vec![("read", exponential(0.002)), ("write", exponential(0.002))];
    let store = world.add("database", "db", database);
    let mut settings =
        vec![("of", store), ("nodes", Value::Whole(nodes)), ("preload", Value::Whole(KEYS as i64))];
    settings.extend(more);
    let cache = world.add("cache", "c", settings);
    let web = vec![("count", Value::Whole(2)), ("reads", cache.clone()), ("writes", cache.clone())];
    let web = world.add("web", "web", web);
    for pair in [(&web, &cache), (&cache, &cache)] {
        world.link(pair.0, pair.1, vec![("latency", span(0.0002))]);
    }
    let front = world.add("load_balancer", "lb", vec![("to", web)]);
    let traffic = vec![
        ("to", front),
        ("rate", evenly(rate)),
        ("writes", Value::Share(0.1)),
        ("keys", keys(Keys::uniform(KEYS).unwrap())),
    ];
    world.add("traffic", "clients", traffic);
    (world, cache)
}

/// Counted by the cache's nodes together.
pub fn counted(simulation: &Simulation, metric: &str) -> u64 {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), false).count_of(metric)).sum()
}

fn hit_ratio_until(simulation: &mut Simulation, end: f64) -> f64 {
    let before = (counted(simulation, "hits"), counted(simulation, "misses"));
    simulation.run_until((end * 1e9) as time::Time);
    let (hits, misses) = (counted(simulation, "hits") - before.0, counted(simulation, "misses") - before.1);
    hits as f64 / (hits + misses) as f64
}

fn failed(simulation: &Simulation) -> u64 {
    simulation.book().close(simulation.requests(), 0).iter().map(|class| class.failed).sum()
}

/// The cache is the group of this number.
const CACHE: u16 = 1;

#[test]
fn a_group_finds_everything_whatever_its_sharding() {
    for routing in ["client", "proxy"] {
        for policy in scalelab::parts::ring::POLICIES {
            let (world, _) = world(4, vec![("routing", text(routing)), ("sharding", text(policy.name))]);
            let mut simulation = world.build(1, 0);
            // A write removes its key: the next read of it is a miss.
            let ratio = hit_ratio_until(&mut simulation, 5.0);
            assert!(ratio > 0.85, "{routing} {}: {ratio}", policy.name);
            simulation.check_conservation().unwrap();
            assert_eq!(failed(&simulation), 0);
        }
    }
}

/// A fifth node: modulo forgets four keys of five, rings one of five; the hit ratio tells.
#[test]
fn a_node_joins() {
    let dip = |policy: &str| {
        let settings =
            vec![("sharding", text(policy)), ("config_delay", span(0.001)), ("write", text("through"))];
        let (world, _) = world(4, settings);
        let mut simulation = world.build(1, 0);
        simulation.run_until(time::SECOND);
        Order::Grow(CACHE).carry_out(&mut simulation);
        let ratio = hit_ratio_until(&mut simulation, 1.2);
        let moved = counted(&simulation, "keys_moved") as f64 / counted(&simulation, "keys_held") as f64;
        simulation.check_conservation().unwrap();
        (moved, ratio)
    };
    let (modulo, ketama) = (dip("modulo"), dip("ketama"));
    assert!((modulo.0 - 0.8).abs() < 0.03 && modulo.1 < 0.4, "{modulo:?}");
    assert!((ketama.0 - 0.2).abs() < 0.06 && ketama.1 > 0.75, "{ketama:?}");
}

/// Nobody is told for ten seconds: nothing changes meanwhile.
#[test]
fn callers_learn_late() {
    let (world, _) = world(4, vec![("config_delay", span(10.0)), ("write", text("through"))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(time::SECOND);
    Order::Grow(CACHE).carry_out(&mut simulation);
    let newcomer = NodeId(simulation.nodes() as u16 - 1);
    assert!(hit_ratio_until(&mut simulation, 10.9) > 0.999);
    let asked = |simulation: &Simulation| {
        let readings = simulation.readings(newcomer, false);
        readings.count_of("hits") + readings.count_of("misses")
    };
    assert_eq!(asked(&simulation), 0);
    simulation.run_until(12 * time::SECOND);
    assert!(asked(&simulation) > 100);
}

/// A dead node takes its own keys only; ejected, the others take them over.
#[test]
fn a_node_dies() {
    let ratio_without = |on_dead: &str| {
        let mut settings = vec![("on_dead", text(on_dead)), ("write", text("through"))];
        if on_dead == "eject" {
            settings.push(("retry_dead", span(100.0)));
        }
        let (world, cache) = world(4, settings);
        let mut simulation = world.build(1, 0);
        simulation.run_until(time::SECOND);
        simulation.control(world.node(&cache, 2), Control::new(Control::CRASH_PROCESS, 0));
        let store = NodeId(0);
        let reads = |simulation: &Simulation| simulation.readings(store, false).count_of("reads");
        simulation.run_until(5 * time::SECOND);
        let before = reads(&simulation);
        simulation.run_until(6 * time::SECOND);
        simulation.check_conservation().unwrap();
        assert_eq!(failed(&simulation), 0, "the store answers for it");
        reads(&simulation) - before
    };
    let kept = ratio_without("keep");
    assert!((350..550).contains(&kept), "{kept}: a quarter of 1,800 reads per second goes to the store");
    assert_eq!(ratio_without("eject"), 0);
}

#[test]
fn a_proxy_is_one_hop_more_and_its_clients_learn_nothing() {
    let mean = |settings: Vec<(&str, Value)>| {
        let (world, _) = world(4, settings);
        let mut simulation = world.build(1, 0);
        simulation.run_until(2 * time::SECOND);
        simulation.book().close(simulation.requests(), 0)[0].latency.quantile(0.5).unwrap()
    };
    let direct = mean(vec![("write", text("through"))]);
    let proxied = mean(vec![("write", text("through")), ("routing", text("proxy"))]);
    let hop = (proxied as f64 - direct as f64) / 1e6;
    assert!((hop - 0.4).abs() < 0.01, "there and back: {hop} ms");
    let with_work = vec![
        ("write", text("through")),
        ("routing", text("proxy")),
        ("proxy_service", span(0.0001)),
        ("proxies", Value::Whole(2)),
    ];
    assert!(mean(with_work) >= proxied + 99_000);
}

/// Slots move while they serve: no error, no miss, callers are sent on and learn.
#[test]
fn a_cluster_spreads_to_a_new_node() {
    let settings = vec![("routing", text("cluster")), ("write", text("through"))];
    let (world, _) = world(4, settings);
    let mut simulation = world.build(1, 0);
    simulation.run_until(time::SECOND);
    assert_eq!(counted(&simulation, "redirects"), 0);
    Order::Grow(CACHE).carry_out(&mut simulation);
    assert!(hit_ratio_until(&mut simulation, 15.0) > 0.999, "what is on its way is found");
    let moved = counted(&simulation, "keys_moved") as f64 / KEYS as f64;
    assert!((moved - 0.2).abs() < 0.04, "{moved}");
    assert_eq!(counted(&simulation, "slots_moved"), 16_384 / 5);
    let told = counted(&simulation, "redirects");
    assert!(told > 100, "{told}");
    let entries = simulation.journal().entries();
    assert_eq!(entries.iter().filter(|entry| entry.event == "slots balanced").count(), 1, "{entries:?}");
    // Both servers ask for every key of every slot again: nobody is sent on any more.
    simulation.run_until(20 * time::SECOND);
    let settled = counted(&simulation, "redirects");
    simulation.run_until(25 * time::SECOND);
    assert!(counted(&simulation, "redirects") - settled < 30);
    assert_eq!(failed(&simulation), 0);
    simulation.check_conservation().unwrap();
}

/// Keys go at the pace that is set.
#[test]
fn slots_move_no_faster_than_they_may() {
    let settings =
        vec![("routing", text("cluster")), ("write", text("through")), ("migration_rate", Value::Rate(20.0))];
    let (world, _) = world(2, settings);
    let mut simulation = world.build(1, 0);
    Order::Grow(CACHE).carry_out(&mut simulation);
    simulation.run_until(5 * time::SECOND);
    let moved = counted(&simulation, "keys_moved");
    assert!((80..=202).contains(&moved), "{moved} of 20 per second and node, one node at a time");
}

#[test]
fn a_node_of_a_cluster_leaves() {
    let (world, cache) = world(4, vec![("routing", text("cluster")), ("write", text("through"))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(time::SECOND);
    Order::Retire(world.node(&cache, 1)).carry_out(&mut simulation);
    assert!(hit_ratio_until(&mut simulation, 15.0) > 0.999);
    assert_eq!(counted(&simulation, "slots_moved"), 4096);
    let gone = simulation.readings(world.node(&cache, 1), false);
    assert!(
        matches!(gone.get("items"), Some(scalelab::kernel::readings::Reading::Gauge(items)) if *items == 0.0)
    );
    assert_eq!(failed(&simulation), 0);
}

/// What is dirty moves too, and is stored by its new owner.
#[test]
fn dirty_data_moves() {
    let settings = vec![("routing", text("cluster")), ("write", text("back")), ("flush", span(3.0))];
    let (world, cache) = world(2, settings);
    let mut simulation = world.build(1, 0);
    simulation.run_until(2 * time::SECOND);
    Order::Retire(world.node(&cache, 1)).carry_out(&mut simulation);
    simulation.run_until(60 * time::SECOND);
    assert_eq!(failed(&simulation), 0);
    assert_eq!(simulation.audit().report().stale_reads_count, 0);
    assert_eq!(simulation.audit().report().lost_writes_count, 0);
    simulation.check_conservation().unwrap();
}

/// What cannot be is said before anything runs.
#[test]
fn mistakes_are_found() {
    let complaint = |settings: Vec<(&'static str, Value)>| {
        let (world, _) = world(2, settings);
        let spec: WorldSpec = world.spec;
        check(&spec, u64::MAX, &[]).err().map_or(String::new(), |problems| format!("{problems:?}"))
    };
    let weights = |list: &[i64]| Value::List(list.iter().map(|weight| Value::Whole(*weight)).collect());
    assert!(complaint(vec![("weights", weights(&[1, 2, 3]))]).contains("3 weights for 2 nodes"));
    assert!(complaint(vec![("weights", weights(&[1, 1000]))]).contains("no point"));
    assert!(
        complaint(vec![("weights", weights(&[1, 2])), ("sharding", text("jump"))])
            .contains("knows no weights")
    );
    assert!(complaint(vec![("nodes", Value::Whole(0))]).contains("from 1"));
    assert!(complaint(vec![("proxies", Value::Whole(2))]).contains("routing"));
    assert!(complaint(vec![("routing", text("cluster")), ("sharding", text("jump"))]).contains("slots"));
    assert!(complaint(vec![("retry_dead", span(1.0))]).contains("eject"));
    assert!(complaint(vec![("sharding", text("ketame"))]).contains("did you mean `ketama`"));
}

/// A node leaves, its slots move, then its machine is switched off. Callers that still hold it for the owner of some slots are refused,
/// hear from another node who has them, and do there what they were about to do: no read, write or invalidation is lost.
#[test]
fn callers_find_the_owner_when_a_node_that_has_left_is_switched_off() {
    let strategies = [("write", "aside"), ("write", "through"), ("write", "back"), ("placement", "inline")];
    for (setting, strategy) in strategies {
        let settings = vec![("routing", text("cluster")), (setting, text(strategy))];
        let (world, cache) = world_at(100.0, 3, settings);
        let mut simulation = world.build(1, 0);
        simulation.run_until(time::SECOND);
        let left = world.node(&cache, 1);
        Order::Retire(left).carry_out(&mut simulation);
        simulation.run_until(10 * time::SECOND);
        let entries = simulation.journal().entries();
        assert_eq!(entries.iter().filter(|entry| entry.event == "slots balanced").count(), 1, "{entries:?}");
        let told = counted(&simulation, "redirects");
        simulation.control(left, Control::new(Control::CRASH_PROCESS, 0));
        simulation.run_until(60 * time::SECOND);
        assert!(counted(&simulation, "redirects") - told > 100, "{strategy}: many did not know");
        let report = simulation.audit().report();
        assert_eq!((report.stale_reads_count, report.lost_writes_count), (0, 0), "{strategy}");
        assert_eq!(failed(&simulation), 0, "{strategy}");
        simulation.check_conservation().unwrap();
    }
}
