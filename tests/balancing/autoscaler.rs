//! An autoscaler replaces dead servers, and counts on no work of theirs.

use crate::common::{World, evenly, index, poisson, span};
use scalelab::catalog::{Load, Value};
use scalelab::kernel::time::SECOND;
use scalelab::kernel::{Control, NodeId, Simulation, Time};
use scalelab::random::arrivals::Arrivals;

const DIES: Time = 100 * SECOND;

fn text(word: &str) -> Value {
    Value::Text(word.into())
}

struct Scaled {
    simulation: Simulation,
    scaler: NodeId,
    web: Value,
    world: World,
}

/// Four servers at 60 % of what they can do, the target 70 %; every ten seconds they are asked.
fn scaled(replace: &str, more: Vec<(&str, Value)>) -> Scaled {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(4)), ("service", span(0.01))]);
    let settings = vec![("to", web.clone()), ("check", span(1.0)), ("retries", Value::Whole(2))];
    let front = world.add("load_balancer", "lb", settings);
    let mut settings = vec![
        ("of", web.clone()),
        ("utilization", Value::Share(0.7)),
        ("max", Value::Whole(8)),
        ("period", span(10.0)),
        ("boot", span(5.0)),
        ("replace", text(replace)),
    ];
    settings.extend(more);
    let scaler = world.add("autoscaler", "scaler", settings);
    world.add("traffic", "users", vec![("to", front), ("rate", poisson(240.0)), ("timeout", span(5.0))]);
    let (simulation, scaler) = (world.build(3, 0), world.node(&scaler, 0));
    Scaled { simulation, scaler, web, world }
}

impl Scaled {
    fn strike(&mut self, server: u16, verb: u16, at: Time) -> NodeId {
        self.simulation.run_until(at);
        let node = self.world.node(&self.web, server);
        self.simulation.control(node, Control::new(verb, 0));
        node
    }

    fn counts(&self) -> [u64; 2] {
        let readings = self.simulation.readings(self.scaler, false);
        ["replaced", "added"].map(|name| readings.count_of(name))
    }

    /// When a member left, and when one joined, after the blow.
    fn changes(&self) -> (Option<Time>, Option<Time>) {
        let group = index(&self.web) as u16;
        let of = |joined: bool| {
            let changes = self.simulation.memberships().iter();
            changes
                .filter(|change| change.group == group && change.time > DIES)
                .find(|change| change.joined == joined)
        };
        (of(false).map(|change| change.time - DIES), of(true).map(|change| change.time - DIES))
    }
}

#[test]
fn a_silent_server_is_replaced_within_a_period_and_its_time_out() {
    let mut scaled = scaled("silent", vec![]);
    let node = scaled.strike(1, Control::CRASH_HOST, DIES);
    scaled.simulation.run_until(2 * DIES);
    scaled.simulation.check_conservation().expect("nothing vanishes");
    assert_eq!(scaled.counts(), [1, 1]);
    let (left, joined) = scaled.changes();
    let left = left.expect("it is taken away");
    assert!((5 * SECOND..=15 * SECOND).contains(&left), "{left}");
    assert_eq!(joined, Some(left + 5 * SECOND), "a new one is there when it has booted");
    let gone = scaled.simulation.memberships().iter().find(|change| !change.joined).map(|change| change.node);
    assert_eq!(gone, Some(node));
}

#[test]
fn a_server_that_refuses_is_replaced_only_if_checks_of_a_balancer_count() {
    let mut by_itself = scaled("silent", vec![]);
    by_itself.strike(1, Control::CRASH_PROCESS, DIES);
    by_itself.simulation.run_until(3 * DIES);
    assert_eq!(by_itself.counts()[0], 0);
    let mut by_checks = scaled("unhealthy", vec![]);
    by_checks.strike(1, Control::CRASH_PROCESS, DIES);
    by_checks.simulation.run_until(3 * DIES);
    assert_eq!(by_checks.counts(), [1, 1]);
    // Three checks a second apart, then the next question.
    let left = by_checks.changes().0.expect("it is taken away");
    assert!((2 * SECOND..=13 * SECOND).contains(&left), "{left}");
}

/// Three that work are 80 % busy; four would be at 60 %: one more is needed for each that does not work, replaced or not.
#[test]
fn dead_servers_are_no_capacity() {
    let mut scaled = scaled("never", vec![]);
    scaled.strike(0, Control::CRASH_HOST, DIES);
    scaled.strike(1, Control::CRASH_HOST, DIES + 1);
    scaled.simulation.run_until(3 * DIES);
    let [replaced, added] = scaled.counts();
    assert_eq!(replaced, 0);
    assert!((2..=3).contains(&added), "{added}");
    let mut without = self::scaled("never", vec![]);
    without.simulation.run_until(3 * DIES);
    assert_eq!(without.counts()[1], 0, "nobody is added as long as all work");
}

#[test]
fn checks_do_not_count_in_the_time_of_grace() {
    let second_left = |grace: f64| {
        let mut scaled = scaled("unhealthy", vec![("grace", span(grace))]);
        scaled.strike(1, Control::CRASH_PROCESS, DIES);
        // The one that came for it dies too, soon after it has joined.
        scaled.simulation.run_until(DIES + 20 * SECOND);
        let new =
            scaled.simulation.memberships().iter().find(|change| change.joined).expect("a new one").node;
        scaled.simulation.control(new, Control::new(Control::CRASH_PROCESS, 0));
        scaled.simulation.run_until(4 * DIES);
        let left =
            scaled.simulation.memberships().iter().filter(|change| !change.joined && change.node == new);
        left.map(|change| change.time - DIES).next().expect("in the end")
    };
    let (at_once, later) = (second_left(0.001), second_left(100.0));
    assert!(at_once < 35 * SECOND, "{at_once}");
    assert!((100 * SECOND..=130 * SECOND).contains(&later), "{later}");
}

/// A server that joins late tells of its own time, not of all the time before it was there: the next decision is as good as any.
#[test]
fn late_joiners_tell_of_their_own_time() {
    let mut world = World::default();
    let settings = vec![("count", Value::Whole(2)), ("cores", Value::Whole(10)), ("service", span(0.1))];
    let web = world.add("web", "web", settings);
    let front = world.add("load_balancer", "lb", vec![("to", web.clone())]);
    let settings = vec![
        ("of", web),
        ("utilization", Value::Share(0.5)),
        ("max", Value::Whole(8)),
        ("period", span(10.0)),
        ("boot", span(0.5)),
        ("cooldown", span(2.0)),
    ];
    world.add("autoscaler", "scaler", settings);
    // 9 busy processors of 20, from 1,000 s on 14.5: three servers, at 48 % each.
    let more = Arrivals::constant(55.0, 1_000 * SECOND).expect("a rate");
    world.add("traffic", "users", vec![("to", front.clone()), ("rate", evenly(90.0))]);
    world.add("traffic", "more", vec![("to", front), ("rate", Value::Load(Load::Open(more)))]);
    let mut simulation = world.build(3, 0);
    simulation.run_until(1_200 * SECOND);
    let told: Vec<&str> = simulation.journal().entries().iter().map(|entry| entry.event).collect();
    assert_eq!(told, ["scale_out"], "once, and it stays");
}
