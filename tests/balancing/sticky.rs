//! Who came once comes back: cookies while a server is down and when it is back, addresses, sessions.

use crate::common::{World, evenly, span, text};
use scalelab::catalog::Value;
use scalelab::kernel::time::SECOND;
use scalelab::kernel::{Control, NodeId, Simulation};

/// One user who asks once a second, and three servers.
struct Sticky {
    simulation: Simulation,
    servers: Vec<NodeId>,
}

fn sticky(by: &str, sessions: Option<&str>) -> Sticky {
    let mut world = World::default();
    let mut settings = vec![("count", Value::Whole(3)), ("service", span(0.001))];
    settings.extend(sessions.map(|kind| ("sessions", text(kind))));
    let web = world.add("web", "web", settings);
    let mut settings = vec![("to", web.clone()), ("check", span(0.2)), ("retries", Value::Whole(2))];
    if by != "none" {
        settings.push(("sticky", text(by)));
    }
    let front = world.add("load_balancer", "lb", settings);
    let traffic = vec![
        ("to", front),
        ("rate", evenly(1.0)),
        ("users", Value::Whole(1)),
        ("addresses", Value::Whole(1)),
    ];
    world.add("traffic", "users", traffic);
    let servers = (0..3).map(|n| world.node(&web, n)).collect();
    Sticky { simulation: world.build(3, 0), servers }
}

impl Sticky {
    /// Requests that each server has taken so far.
    fn taken(&self) -> Vec<u64> {
        self.servers
            .iter()
            .map(|server| self.simulation.readings(*server, false).count_of("requests"))
            .collect()
    }

    /// The servers that take requests until a time.
    fn busy_until(&mut self, second: u64) -> Vec<usize> {
        let before = self.taken();
        self.simulation.run_until(second * SECOND);
        let after = self.taken();
        (0..3).filter(|at| after[*at] > before[*at]).collect()
    }

    fn control(&mut self, server: usize, verb: u16) {
        self.simulation.control(self.servers[server], Control::new(verb, 0));
    }

    fn told(&self, metric: &str) -> u64 {
        let nodes = 0..self.simulation.nodes();
        nodes.map(|node| self.simulation.readings(NodeId(node as u16), false).count_of(metric)).sum()
    }
}

#[test]
fn a_user_stays_and_is_recookied_only_while_the_server_is_down() {
    for by in ["cookie", "address"] {
        let mut sticky = sticky(by, None);
        let home = sticky.busy_until(10);
        assert_eq!(home.len(), 1, "{by}");
        sticky.control(home[0], Control::CRASH_PROCESS);
        let refuge = sticky.busy_until(20);
        assert_eq!(refuge.len(), 1, "{by}");
        assert_ne!(home, refuge, "{by}");
        sticky.control(home[0], Control::RECOVER);
        assert_eq!(sticky.busy_until(30), refuge, "{by}: who got a new cookie keeps it");
    }
    assert_eq!(sticky("none", None).busy_until(10).len(), 3);
}

#[test]
fn an_unchanged_old_cookie_goes_back_when_its_server_returns() {
    let mut sticky = sticky("cookie", None);
    let home = sticky.busy_until(10);
    // Down and back between two requests of the user, who notices nothing.
    sticky.simulation.run_until(10 * SECOND + SECOND / 20);
    sticky.control(home[0], Control::CRASH_PROCESS);
    sticky.simulation.run_until(10 * SECOND + 9 * SECOND / 20);
    sticky.control(home[0], Control::RECOVER);
    assert_eq!(sticky.busy_until(30), home);
}

#[test]
fn a_session_in_memory_dies_with_its_server_and_others_do_not() {
    for (by, sessions, lost) in [("cookie", "memory", 1), ("cookie", "token", 0)] {
        let mut sticky = sticky(by, Some(sessions));
        let home = sticky.busy_until(10);
        assert_eq!(sticky.told("logins"), 1, "{sessions}");
        sticky.control(home[0], Control::CRASH_PROCESS);
        sticky.simulation.run_until(20 * SECOND);
        assert_eq!(sticky.told("sessions_lost"), lost, "{sessions}");
        assert_eq!(sticky.told("logins"), 1 + lost, "{sessions}");
    }
}

#[test]
fn without_stickiness_a_session_is_known_to_one_server_only() {
    let mut sticky = sticky("none", Some("memory"));
    sticky.simulation.run_until(30 * SECOND);
    assert!(sticky.told("sessions_lost") > 8, "{}", sticky.told("sessions_lost"));
    let failed: u64 = sticky
        .simulation
        .book()
        .close(sticky.simulation.requests(), sticky.simulation.now())
        .iter()
        .map(|class| class.failed)
        .sum();
    assert!(failed > 8, "after the login the next server does not know the user either: {failed}");
}

/// How many of ten users, who ask ten times a second together, have lost their sessions after 100 s: these are kept in a cache with
/// such settings.
fn logins_beside_a_store(settings: Vec<(&str, Value)>) -> u64 {
    let mut world = World::default();
    let store = world.add("cache", "sessions", settings);
    let web = vec![
        ("service", span(0.001)),
        ("sessions", text("store")),
        ("session_store", store),
        ("session_size", Value::Bytes(2048)),
    ];
    let web = world.add("web", "web", web);
    let traffic = vec![("to", web), ("rate", evenly(10.0)), ("users", Value::Whole(10))];
    world.add("traffic", "users", traffic);
    let mut simulation = world.build(3, 0);
    simulation.run_until(100 * SECOND);
    simulation.check_conservation().unwrap();
    let nodes = 0..simulation.nodes();
    nodes.map(|node| simulation.readings(NodeId(node as u16), false).count_of("sessions_lost")).sum()
}

/// A store of sessions may be too small, and sessions may end: who comes back then logs in again, and is counted.
#[test]
fn sessions_that_their_store_throws_out_are_lost_logins() {
    for roomy in [
        vec![],
        vec![("items", Value::Whole(10))],
        vec![("capacity", Value::Bytes(20 * 1024))],
        vec![("ttl", span(60.0)), ("ttl_kind", text("sliding"))],
    ] {
        assert_eq!(logins_beside_a_store(roomy.clone()), 0, "{roomy:?}");
    }
    for scarce in [
        vec![("items", Value::Whole(5))],
        vec![("capacity", Value::Bytes(10 * 1024))],
        vec![("ttl", span(10.0))],
    ] {
        let lost = logins_beside_a_store(scarce.clone());
        assert!(lost > 50, "{scarce:?}: {lost}");
    }
}
