//! Health checks find out what the reference says, and when: for any interval, time-out and moment of the failure.

use crate::common::{World, evenly, exponential, poisson, span};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation, Time};

struct Checked {
    simulation: Simulation,
    server: NodeId,
}

/// Three servers behind a balancer that checks them; the clients ask rarely.
fn checked(interval: Time, timeout: Time, rise: i64, fall: i64) -> Checked {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(3)), ("service", span(0.001))]);
    let settings = vec![
        ("to", web.clone()),
        ("check", Value::Duration(interval)),
        ("check_timeout", Value::Duration(timeout)),
        ("rise", Value::Whole(rise)),
        ("fall", Value::Whole(fall)),
    ];
    let front = world.add("load_balancer", "lb", settings);
    world.add("traffic", "users", vec![("to", front), ("rate", evenly(1.0))]);
    let server = world.node(&web, 1);
    Checked { simulation: world.build(1, 0), server }
}

/// When the balancer tells of this event.
fn told(simulation: &Simulation, event: &str) -> Option<Time> {
    simulation.journal().entries().iter().find(|entry| entry.event == event).map(|entry| entry.time)
}

fn strike(checked: &mut Checked, verb: u16, at: Time, until: Time) {
    checked.simulation.run_until(at);
    checked.simulation.control(checked.server, Control::new(verb, 0));
    checked.simulation.run_until(until);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_refusing_server_is_down_after_fall_minus_one_to_fall_intervals(
        interval in 100u64..5_000, fall in 1i64..6, moment in 0.0..1.0f64,
    ) {
        let interval = interval * MILLISECOND;
        let mut checked = checked(interval, interval, 2, fall);
        let dies = 5 * interval + (moment * interval as f64) as Time;
        strike(&mut checked, Control::CRASH_PROCESS, dies, dies + (fall as u64 + 2) * interval);
        let took = told(&checked.simulation, "server_down").expect("found out") - dies;
        let fall = fall as u64;
        prop_assert!(((fall - 1) * interval..=fall * interval).contains(&took), "{took} of {interval}");
    }

    #[test]
    fn a_hanging_server_is_down_after_at_most_fall_times_interval_and_timeout(
        interval in 100u64..5_000, timeout in 50u64..3_000, fall in 1i64..6, moment in 0.0..1.0f64,
    ) {
        let (interval, timeout) = (interval * MILLISECOND, timeout * MILLISECOND);
        let mut checked = checked(interval, timeout, 2, fall);
        let hangs = 5 * interval + (moment * interval as f64) as Time;
        let round = interval + timeout;
        strike(&mut checked, Control::HANG, hangs, hangs + (fall as u64 + 2) * round);
        let took = told(&checked.simulation, "server_down").expect("found out") - hangs;
        let fall = fall as u64;
        let range = (fall - 1) * round + timeout..=fall * round;
        prop_assert!(range.contains(&took), "{took}, not in {range:?}");
    }

    #[test]
    fn a_server_is_back_after_rise_minus_one_to_rise_intervals(
        interval in 100u64..5_000, rise in 1i64..6, moment in 0.0..1.0f64,
    ) {
        let interval = interval * MILLISECOND;
        let mut checked = checked(interval, interval, rise, 1);
        strike(&mut checked, Control::CRASH_PROCESS, 5 * interval, 8 * interval);
        let back = 8 * interval + (moment * interval as f64) as Time;
        strike(&mut checked, Control::RECOVER, back, back + (rise as u64 + 2) * interval);
        let took = told(&checked.simulation, "server_up").expect("found out") - back;
        let rise = rise as u64;
        prop_assert!(((rise - 1) * interval..=rise * interval).contains(&took), "{took} of {interval}");
    }
}

/// How long it takes until a server that refuses from second 50 on is found out, with so many components made before the balancer.
fn found_out(replication: u64, before: usize) -> Time {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(3)), ("service", span(0.001))]);
    for other in 0..before {
        world.add("web", &format!("other {other}"), vec![("service", span(0.001))]);
    }
    let settings = vec![("to", web.clone()), ("check", span(10.0)), ("fall", Value::Whole(1))];
    let front = world.add("load_balancer", "lb", settings);
    world.add("traffic", "users", vec![("to", front), ("rate", evenly(1.0))]);
    let mut checked = Checked { server: world.node(&web, 1), simulation: world.build(1, replication) };
    strike(&mut checked, Control::CRASH_PROCESS, 50 * SECOND, 70 * SECOND);
    told(&checked.simulation, "server_down").expect("found out") - 50 * SECOND
}

/// A fault at a fixed time must not meet every replication at the same moment between two checks, or intervals are too narrow; variants
/// are compared at the same one.
#[test]
fn checks_begin_at_another_moment_in_each_replication_and_at_the_same_in_each_variant() {
    let took: Vec<Time> = (0..40).map(|replication| found_out(replication, 0)).collect();
    assert!(took.iter().all(|took| *took <= 10 * SECOND));
    let early = took.iter().filter(|took| **took < 5 * SECOND).count();
    assert!((8..=32).contains(&early), "{took:?}");
    let mean = took.iter().sum::<Time>() / 40;
    assert!((3_500..6_500).contains(&(mean / MILLISECOND)), "{mean}");
    for replication in 0..3 {
        let apart = found_out(replication, 2).abs_diff(took[replication as usize]);
        assert!(apart < MILLISECOND, "{apart}");
    }
}

/// Four servers, of which one refuses from second 10 to 40.
fn failed(care: Vec<(&'static str, Value)>) -> u64 {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(4)), ("service", span(0.001))]);
    let mut settings = vec![("to", web.clone())];
    settings.extend(care);
    let front = world.add("load_balancer", "lb", settings);
    world.add("traffic", "users", vec![("to", front), ("rate", poisson(200.0))]);
    let (node, mut simulation) = (world.node(&web, 2), world.build(7, 0));
    simulation.run_until(10 * SECOND);
    simulation.control(node, Control::new(Control::CRASH_PROCESS, 0));
    simulation.run_until(40 * SECOND);
    simulation.control(node, Control::new(Control::RECOVER, 0));
    simulation.run_until(60 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    classes.iter().map(|class| class.failed + class.rejected + class.timed_out).sum()
}

#[test]
fn a_share_of_the_requests_fails_until_checks_or_redispatch_help() {
    let unchecked = failed(vec![]);
    assert!((1350..1650).contains(&unchecked), "a quarter of 30 s: {unchecked}");
    let check = |interval| vec![("check", span(interval))];
    let (one, four) = (failed(check(1.0)), failed(check(4.0)));
    assert!((90..170).contains(&one), "a quarter of 2 to 3 s: {one}");
    assert!((330..620).contains(&four), "a quarter of 8 to 12 s: {four}");
    let redispatch = failed(vec![("check", span(4.0)), ("retries", Value::Whole(3))]);
    assert_eq!(redispatch, 0);
}

#[test]
fn passive_checks_lose_one_request_per_rest_and_none_with_the_next_server() {
    // It fails at once, then rests of 10 s each: at 10 s, 20 s and 30 s; one call may be under way when it dies.
    let passive = failed(vec![("max_fails", Value::Whole(1))]);
    assert!((3..=5).contains(&passive), "{passive}");
    assert_eq!(failed(vec![("max_fails", Value::Whole(1)), ("retries", Value::Whole(1))]), 0);
}

#[test]
fn to_the_same_server_a_retry_does_not_help() {
    let same = vec![("retries", Value::Whole(3)), ("redispatch", Value::Flag(false))];
    assert!(failed(same) > 1200);
}

/// A tenth of the messages each way gets lost: 19 % of the calls. What is sent again has chances of its own, at another server or the same.
#[test]
fn a_call_that_is_sent_again_is_not_lost_again() {
    for redispatch in [true, false] {
        let mut world = World::default();
        let web = world.add("web", "web", vec![("count", Value::Whole(4)), ("service", span(0.001))]);
        let settings = vec![
            ("to", web.clone()),
            ("timeout", span(0.1)),
            ("retries", Value::Whole(3)),
            ("retry_timeouts", Value::Flag(true)),
            ("redispatch", Value::Flag(redispatch)),
        ];
        let front = world.add("load_balancer", "lb", settings);
        world.add("traffic", "users", vec![("to", front.clone()), ("rate", poisson(200.0))]);
        world.link(&front, &web, vec![("latency", span(0.005)), ("loss", Value::Share(0.1))]);
        let mut simulation = world.build(7, 0);
        simulation.run_until(100 * SECOND);
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        let failed: u64 = classes.iter().map(|class| class.failed).sum();
        // 20,000 x 0.19^4 = 26.
        assert!((8..=50).contains(&failed), "{failed}");
    }
}

/// Each time that a call is sent it takes a time of its own on the way: who is too late once may be in time the next time.
#[test]
fn what_is_sent_again_takes_another_time_on_the_way() {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(4)), ("service", span(1e-6))]);
    let settings = vec![
        ("to", web.clone()),
        ("timeout", span(0.1)),
        ("retries", Value::Whole(3)),
        ("retry_timeouts", Value::Flag(true)),
    ];
    let front = world.add("load_balancer", "lb", settings);
    world.add("traffic", "users", vec![("to", front.clone()), ("rate", poisson(50.0))]);
    world.link(&front, &web, vec![("latency", exponential(0.05))]);
    let mut simulation = world.build(7, 0);
    simulation.run_until(200 * SECOND);
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    let failed: u64 = classes.iter().map(|class| class.failed).sum();
    // There and back is Erlang: longer than two means with e^-2 (1 + 2) = 0.406; 10,000 x 0.406^4 = 272.
    assert!((200..=350).contains(&failed), "{failed}");
}

/// A plain balancer forgets at a crash whose turn it was.
#[test]
fn a_crash_begins_the_turns_anew() {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(3)), ("service", span(0.001))]);
    let front = world.add("load_balancer", "lb", vec![("to", web.clone())]);
    world.add("traffic", "users", vec![("to", front.clone()), ("rate", evenly(1.0))]);
    let (mut simulation, balancer) = (world.build(1, 0), world.node(&front, 0));
    simulation.run_until(SECOND + SECOND / 2);
    simulation.control(balancer, Control::new(Control::CRASH_PROCESS, 0));
    simulation.control(balancer, Control::new(Control::RECOVER, 0));
    simulation.run_until(2 * SECOND + SECOND / 2);
    let asked = [0, 1, 2].map(|n| simulation.readings(world.node(&web, n), false).count_of("requests"));
    assert_eq!(asked, [2, 0, 0]);
}

/// A balancer that has no server in service answers a check as it answers requests: with an error.
#[test]
fn a_balancer_without_servers_is_down_for_the_one_before_it() {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("service", span(0.001))]);
    let inner = world.add("load_balancer", "inner", vec![("to", web.clone()), ("check", span(1.0))]);
    let outer = world.add("load_balancer", "outer", vec![("to", inner), ("check", span(1.0))]);
    world.add("traffic", "users", vec![("to", outer.clone()), ("rate", evenly(10.0))]);
    let (web, outer) = (world.node(&web, 0), world.node(&outer, 0));
    let mut simulation = world.build(1, 0);
    let by_outer = |simulation: &Simulation, event: &str| {
        simulation.journal().entries().iter().any(|entry| entry.node == outer && entry.event == event)
    };
    simulation.run_until(10 * SECOND);
    assert!(!by_outer(&simulation, "server_down"));
    simulation.control(web, Control::new(Control::CRASH_HOST, 0));
    simulation.run_until(30 * SECOND);
    assert!(by_outer(&simulation, "server_down") && !by_outer(&simulation, "server_up"));
    simulation.control(web, Control::new(Control::RECOVER, 0));
    simulation.run_until(50 * SECOND);
    assert!(by_outer(&simulation, "server_up"));
}
