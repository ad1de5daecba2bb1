//! How many load a popular key when it expires, who waits, and what happens when the one who loads does not come back.

mod common;

use common::{World, evenly, index, keys, poisson, span, text};
use scalelab::catalog::{Place, Value};
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation};
use scalelab::model::{Command, Moment, Target, resolve};
use scalelab::random::keys::Keys;

const SERVERS: u16 = 4;

struct Popular {
    simulation: Simulation,
    store: NodeId,
    cache: NodeId,
    web: NodeId,
}

/// One key, 1,000 look-ups a second on four servers, a load of 50 ms, a TTL of 1 s.
fn popular(settings: Vec<(&str, Value)>, load: Value) -> Popular {
    let mut world = World::default();
    let store = world.add("database", "store", vec![("read", span(0.05)), ("write", span(0.05))]);
    let own = vec![("of", store.clone()), ("ttl", span(1.0))];
    let cache = world.add("cache", "cache", [own, settings].concat());
    let count = ("count", Value::Whole(SERVERS.into()));
    let web = world.add("web", "web", vec![("reads", cache.clone()), ("writes", cache.clone()), count]);
    let front = world.add("load_balancer", "front", vec![("to", web.clone())]);
    let one = keys(Keys::uniform(1).unwrap());
    world.add("traffic", "clients", vec![("to", front), ("rate", load), ("keys", one)]);
    let (store, cache, web) = (world.node(&store, 0), world.node(&cache, 0), world.node(&web, 0));
    Popular { simulation: world.build(common::seed(), 0), store, cache, web }
}

impl Popular {
    fn loads(&self) -> u64 {
        self.simulation.readings(self.store, false).count_of("reads")
    }

    fn of_cache(&self, metric: &str) -> u64 {
        self.simulation.readings(self.cache, false).count_of(metric)
    }

    /// Loads and slowest answer in ms within ten seconds, after the first two.
    fn ten_seconds(&mut self) -> (u64, u64) {
        self.simulation.run_until(2 * SECOND);
        self.simulation.measure_from_now();
        let before = self.loads();
        self.simulation.run_until(12 * SECOND);
        self.simulation.check_conservation().unwrap();
        let reads = &self.simulation.book().close(self.simulation.requests(), 0)[0];
        assert!(reads.succeeded > 9_900, "{} answers", reads.succeeded);
        (self.loads() - before, reads.latency.max().unwrap() / MILLISECOND)
    }
}

fn settings(policy: &str) -> Vec<(&'static str, Value)> {
    vec![("stampede", text(policy))]
}

/// An item lives 1.05 s from expiry to expiry: nine or ten of them end within ten seconds.
#[test]
fn loads_per_expiry() {
    let load = || evenly(1_000.0);
    let (loads, slowest) = popular(settings("none"), load()).ten_seconds();
    assert!((9 * 50..=10 * 51).contains(&loads), "everybody who comes within 50 ms: {loads}");
    assert_eq!(slowest, 50);

    let (loads, slowest) = popular(settings("coalesce"), load()).ten_seconds();
    assert!((9 * 4..=10 * 4).contains(&loads), "one for each server: {loads}");
    assert_eq!(slowest, 50);

    let inline = [settings("coalesce"), vec![("placement", text("inline"))]].concat();
    let (loads, _) = popular(inline, load()).ten_seconds();
    assert!((9..=10).contains(&loads), "one for the cache: {loads}");

    let (loads, slowest) = popular(settings("lock"), load()).ten_seconds();
    assert!((9..=10).contains(&loads), "one: {loads}");
    assert_eq!(slowest, 100, "the others ask again after 100 ms");

    let stale = [settings("lock"), vec![("stale", span(0.5))]].concat();
    let mut world = popular(stale, load());
    let (loads, slowest) = world.ten_seconds();
    assert!((9..=10).contains(&loads), "one: {loads}");
    assert_eq!(slowest, 50, "only the one who loads waits");
    assert!(world.of_cache("stale_hits") >= 9 * 45);
}

#[test]
fn early_loads_come_before_the_expiry() {
    let mut early = popular(settings("early"), poisson(1_000.0));
    let (loads, _) = early.ten_seconds();
    assert!((10..200).contains(&loads), "a few for each expiry: {loads}");
    assert!(early.of_cache("early_loads") > 10 && early.of_cache("expired") <= 2, "nobody sees it expire");
    let ahead = vec![("refresh_ahead", Value::Share(0.8))];
    let mut ahead = popular(ahead, evenly(1_000.0));
    let (loads, slowest) = ahead.ten_seconds();
    assert!((10..=13).contains(&loads), "one every 0.85 s: {loads}");
    assert_eq!((slowest, ahead.of_cache("expired")), (0, 0), "nobody waits");
}

/// The holder of the lock dies: the others load when the lock ends, not before.
#[test]
fn a_lock_outlives_its_holder_until_its_own_expiry() {
    let lock = vec![("stampede", text("lock")), ("lock", span(2.0))];
    let mut world = popular(lock, evenly(1_000.0));
    world.simulation.run_until(20 * MILLISECOND);
    assert_eq!(world.of_cache("waits"), 18, "the first one, after 1 ms, loads");
    for server in 0..SERVERS {
        let node = NodeId(world.web.0 + server);
        world.simulation.control(node, Control::new(Control::CRASH_PROCESS, 0));
        world.simulation.control(node, Control::new(Control::RECOVER, 1));
    }
    world.simulation.run_until(1_900 * MILLISECOND);
    assert_eq!((world.loads(), world.of_cache("hits")), (1, 0), "its load is done for nobody");
    world.simulation.run_until(2_200 * MILLISECOND);
    assert_eq!(world.loads(), 2);
    assert!(world.of_cache("hits") > 50);
}

/// The load fails: its holder gives the lock up, and the next one tries.
#[test]
fn a_failed_load_gives_the_lock_up() {
    let mut world = popular(settings("lock"), evenly(1_000.0));
    let store = world.store;
    world.simulation.control(store, Control::new(Control::CRASH_PROCESS, 0));
    world.simulation.run_until(500 * MILLISECOND);
    world.simulation.control(store, Control::new(Control::RECOVER, 1));
    world.simulation.run_until(700 * MILLISECOND);
    assert_eq!(world.loads(), 1, "a lock of 10 s would still hold");
    assert!(world.of_cache("hits") > 100);
}

/// By hand: one key, or all; what is loaded afterwards counts.
#[test]
fn items_are_removed_by_hand() {
    for argument in [Value::Whole(0), text("all")] {
        let mut world = World::default();
        let store = world.add("database", "store", vec![("read", span(0.05)), ("write", span(0.05))]);
        let cache = world.add("cache", "cache", vec![("of", store.clone())]);
        let web = world.add("web", "web", vec![("reads", cache.clone())]);
        world.add("traffic", "clients", vec![("to", web), ("rate", evenly(10.0))]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(SECOND);
        let loads = |simulation: &Simulation| simulation.readings(NodeId(0), false).count_of("reads");
        assert_eq!(loads(&simulation), 1);
        let command = Command {
            target: Target::Group(index(&cache)),
            action: "invalidate".into(),
            arguments: vec![argument],
            place: Place::default(),
        };
        for order in resolve(&world.check().layout, &command, Moment::Run).unwrap() {
            order.carry_out(&mut simulation);
        }
        simulation.run_until(2 * SECOND);
        assert_eq!(loads(&simulation), 2);
    }
}
