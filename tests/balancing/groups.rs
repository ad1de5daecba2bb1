//! Target groups, limits, warming up, weights: each against a slow obvious version, or a law.

use crate::common::{World, evenly, index, keys, span};
use proptest::prelude::*;
use scalelab::catalog::{Place, Value};
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, Simulation, Time};
use scalelab::model::{Command, Moment, Target, resolve};
use scalelab::random::keys::Keys;
use std::collections::VecDeque;

fn whole(number: u64) -> Value {
    Value::Whole(number as i64)
}

fn requests(world: &World, simulation: &Simulation, group: &Value, n: u16) -> u64 {
    simulation.readings(world.node(group, n), false).count_of("requests")
}

/// Which of the groups takes a call: the first route that holds its key; else writes go to the writers if there are any; else the rest.
fn slow_route(routes: &[(u64, u64, usize)], writers: Option<usize>, key: u64, writes: bool) -> usize {
    for (first, last, group) in routes {
        if key >= *first && key <= *last {
            return *group;
        }
    }
    if let Some(group) = writers.filter(|_| writes) {
        return group;
    }
    0
}

/// Servers for ever: calls under way at each, and a line before them; all times in whole nanoseconds.
struct Slow {
    busy_until: Vec<Time>,
    line: VecDeque<Time>,
}

/// How many of the calls that come every `gap` are served and turned away until `end`, by `slots` connections that each take `service`.
fn slow_queue(gap: Time, service: Time, slots: usize, most: usize, patience: Time, end: Time) -> (u64, u64) {
    let mut slow = Slow { busy_until: Vec::new(), line: VecDeque::new() };
    let (mut served, mut rejected) = (0, 0);
    // What happens next: a call comes, one leaves, one has waited long enough.
    let mut next_call = gap;
    loop {
        let leaves = slow.busy_until.iter().copied().min().unwrap_or(Time::MAX);
        let overdue = slow.line.front().map_or(Time::MAX, |since| since + patience);
        let now = next_call.min(leaves).min(overdue);
        if now > end {
            return (served, rejected);
        }
        if now == leaves {
            let at = slow.busy_until.iter().position(|until| *until == leaves).unwrap();
            slow.busy_until.remove(at);
            served += 1;
            if slow.line.pop_front().is_some() {
                slow.busy_until.push(now + service);
            }
        } else if now == overdue {
            slow.line.pop_front();
            rejected += 1;
        } else {
            next_call += gap;
            if slow.busy_until.len() < slots {
                slow.busy_until.push(now + service);
            } else if slow.line.len() < most {
                slow.line.push_back(now);
            } else {
                rejected += 1;
            }
        }
    }
}

/// One target group is full and its calls wait; those for another one do not wait behind them.
#[test]
fn a_full_target_group_holds_up_nobody_elses_calls() {
    let mut world = World::default();
    let web = |world: &mut World, name: &str, service| {
        world.add("web", name, vec![("service", span(service)), ("cores", whole(64))])
    };
    let (slow, fast) = (web(&mut world, "slow", 100.0), web(&mut world, "fast", 0.03));
    let routes = Value::List(vec![Value::List(vec![whole(0), whole(0), slow.clone()])]);
    let settings = vec![("to", fast.clone()), ("routes", routes), ("connections", whole(1))];
    let front = world.add("load_balancer", "lb", settings);
    // One call in twenty is for the slow server. The fast one gets 33 a second and can do as many, so that calls wait for it, too.
    let wanted = ("keys", keys(Keys::sequential(20).unwrap()));
    world.add("traffic", "users", vec![("to", front), ("rate", evenly(35.0)), wanted]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(20 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    let (issued, served) = (simulation.book().issued(), requests(&world, &simulation, &fast, 0));
    assert!(served + 10 > issued * 19 / 20, "{served} of {issued}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_call_goes_to_the_first_route_that_fits(
        ranges in prop::collection::vec((0u64..60, 0u64..30, 0usize..4), 0..6),
        writers in prop::option::of(0usize..4),
        writes in any::<bool>(),
    ) {
        let mut world = World::default();
        let groups: Vec<Value> =
            (0..4).map(|n| world.add("web", &format!("group {n}"), vec![("service", span(0.000_001))])).collect();
        let routes: Vec<(u64, u64, usize)> =
            ranges.iter().map(|(first, more, group)| (*first, first + more, *group)).collect();
        let route = |(first, last, group): &(u64, u64, usize)| {
            Value::List(vec![whole(*first), whole(*last), groups[*group].clone()])
        };
        let mut settings = vec![("to", groups[0].clone())];
        if !routes.is_empty() {
            settings.push(("routes", Value::List(routes.iter().map(route).collect())));
        }
        if let Some(writers) = writers {
            settings.push(("writes_to", groups[writers].clone()));
        }
        let front = world.add("load_balancer", "lb", settings);
        let share = Value::Share(if writes { 1.0 } else { 0.0 });
        let wanted = ("keys", keys(Keys::sequential(100).unwrap()));
        world.add("traffic", "users", vec![("to", front), ("rate", evenly(100.0)), wanted, ("writes", share)]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(3 * SECOND + SECOND / 200);
        simulation.check_conservation().expect("nothing vanishes");
        let issued = simulation.book().issued();
        let mut expected = [0u64; 4];
        // Keys come one after the other, from 0 on, again and again.
        for n in 0..issued {
            expected[slow_route(&routes, writers, n % 100, writes)] += 1;
        }
        let counted: Vec<u64> = groups.iter().map(|group| requests(&world, &simulation, group, 0)).collect();
        prop_assert_eq!(counted, expected.to_vec());
    }

    #[test]
    fn a_full_balancer_lets_calls_wait_in_order_and_turns_the_rest_away(
        gap_ms in 2u64..40, service_ms in 5u64..200, servers in 1u64..4, connections in 1u64..4,
        most in 0u64..8, patience_ms in 5u64..300,
    ) {
        // Such fractions that no two things happen at one moment.
        let (gap, service) = (gap_ms * MILLISECOND, service_ms * MILLISECOND + 137);
        let patience = patience_ms * MILLISECOND + 59;
        let mut world = World::default();
        let web = world.add("web", "web", vec![
            ("count", whole(servers)), ("service", Value::Duration(service)), ("cores", whole(64)),
        ]);
        let settings = vec![
            ("to", web.clone()), ("connections", whole(connections)), ("queue", whole(most)),
            ("queue_timeout", Value::Duration(patience)),
        ];
        let front = world.add("load_balancer", "lb", settings);
        world.add("traffic", "users", vec![("to", front.clone()), ("rate", evenly(1e3 / gap_ms as f64))]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(20 * SECOND + 11);
        simulation.check_conservation().expect("nothing vanishes");
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        // The first call comes after the first gap, as `evenly` has it.
        let first = simulation.book().issued() - (20 * SECOND + 11) / gap;
        prop_assert!(first <= 1, "{first}");
        let slots = (servers * connections) as usize;
        let slow = slow_queue(gap, service, slots, most as usize, patience, 20 * SECOND + 11);
        prop_assert_eq!((class.succeeded, class.rejected), slow);
        let told = simulation.readings(world.node(&front, 0), false).count_of("turned_away");
        prop_assert_eq!(told, slow.1);
    }

    /// The weight of a server that comes back grows from nothing to full within `slow_start`: so its part of the calls is known.
    #[test]
    fn a_server_warms_up_along_a_line(length_s in 4u64..40, servers in 2u64..6, rate in 200u64..800) {
        let settings = vec![
            ("policy", Value::Text("weighted".into())),
            ("weights", Value::List((0..servers).map(|_| whole(1)).collect())),
            ("slow_start", Value::Duration(length_s * SECOND)),
            ("check", span(0.5)), ("rise", whole(1)), ("fall", whole(1)),
        ];
        let (world, web, mut simulation) = struck(servers, rate as f64, settings);
        simulation.run_until(9 * SECOND);
        let entries = simulation.journal().entries();
        let back = entries.iter().find(|entry| entry.event == "server_up").expect("found out").time;
        let before = requests(&world, &simulation, &web, 0);
        let begun = simulation.now();
        for part in 1..=4 {
            // A quarter of the length each, but for what has passed already.
            simulation.run_until((back + part * length_s * SECOND / 4).max(begun));
            let got = (requests(&world, &simulation, &web, 0) - before) as f64;
            let (from, to) = ((begun - back) as f64 / 1e9, (simulation.now() - back) as f64 / 1e9);
            // The integral of its share f / (f + n - 1), where f = t / length grows in steps.
            let steps = 20_000;
            let width = (to - from) / f64::from(steps);
            let share = |n: i32| {
                let f = ((from + (f64::from(n) + 0.5) * width) / length_s as f64).min(1.0);
                f / (f + servers as f64 - 1.0)
            };
            let due: f64 = (0..steps).map(|n| share(n) * width * rate as f64).sum();
            // A step is a twentieth of the length; calls come one by one.
            let slack = rate as f64 * length_s as f64 / 20.0 / 20.0 / (servers as f64 - 1.0) * f64::from(part as u32) * 5.0 + 4.0;
            prop_assert!((got - due).abs() <= slack, "part {part}: {got} of {due} (± {slack})");
        }
    }

    /// New weights while it runs: from then on each server has its part, to the call, in every round of the sum of weights.
    #[test]
    fn new_weights_hold_at_once_and_exactly(
        old in prop::collection::vec(0u64..9, 3), new in prop::collection::vec(0u64..9, 3), rounds in 1u64..20,
        careful in any::<bool>(),
    ) {
        prop_assume!(old.iter().sum::<u64>() > 0 && new.iter().sum::<u64>() > 0);
        let list = |weights: &[u64]| Value::List(weights.iter().map(|weight| whole(*weight)).collect());
        let mut world = World::default();
        let web = world.add("web", "web", vec![("count", whole(3)), ("service", span(0.000_1)), ("cores", whole(8))]);
        let mut settings =
            vec![("to", web.clone()), ("policy", Value::Text("weighted".into())), ("weights", list(&old))];
        if careful {
            settings.push(("retries", whole(1)));
        }
        let front = world.add("load_balancer", "lb", settings);
        world.add("traffic", "users", vec![("to", front.clone()), ("rate", evenly(1_000.0))]);
        let mut simulation = world.build(1, 0);
        let millisecond = |n: u64| n * MILLISECOND + MILLISECOND / 2;
        let counts = |simulation: &Simulation| [0, 1, 2].map(|n| requests(&world, simulation, &web, n));
        let sum = |weights: &[u64]| weights.iter().sum::<u64>();
        // Whole rounds of the old weights, so that nobody has anything left over.
        let first = sum(&old) * 7;
        let begun = simulation.book().issued();
        simulation.run_until(millisecond(first));
        let shift = simulation.book().issued() - begun;
        let per_round: Vec<u64> = old.iter().map(|weight| weight * shift / sum(&old)).collect();
        if shift % sum(&old) == 0 {
            prop_assert_eq!(counts(&simulation).to_vec(), per_round);
        }
        let command = Command {
            target: Target::Group(index(&front)), action: "weights".into(), arguments: vec![list(&new)],
            place: Place::default(),
        };
        for order in resolve(&world.check().layout, &command, Moment::Run).unwrap() {
            order.carry_out(&mut simulation);
        }
        let before = counts(&simulation);
        simulation.run_until(millisecond(first + sum(&new) * rounds));
        let after = counts(&simulation);
        for at in 0..3 {
            let (got, due) = (after[at] - before[at], new[at] * rounds);
            prop_assert!(got.abs_diff(due) <= 1, "server {at}: {got} of {due}");
        }
    }
}

/// A balancer with these settings before a few servers, of which the first refuses from second 5 to 8.
fn struck(servers: u64, rate: f64, more: Vec<(&str, Value)>) -> (World, Value, Simulation) {
    let mut world = World::default();
    let settings = vec![("count", whole(servers)), ("service", span(0.000_1)), ("cores", whole(8))];
    let web = world.add("web", "web", settings);
    let settings = [("to", web.clone())].into_iter().chain(more).collect();
    let front = world.add("load_balancer", "lb", settings);
    world.add("traffic", "users", vec![("to", front), ("rate", evenly(rate))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(5 * SECOND);
    simulation.control(world.node(&web, 0), Control::new(Control::CRASH_PROCESS, 0));
    simulation.run_until(8 * SECOND);
    simulation.control(world.node(&web, 0), Control::new(Control::RECOVER, 0));
    (world, web, simulation)
}

/// A server that has rested, because calls to it failed, warms up as one that checks have brought back (nginx: `slow_start`).
#[test]
fn a_server_that_has_rested_warms_up() {
    let settings = vec![
        ("policy", Value::Text("weighted".into())),
        ("weights", Value::List(vec![whole(1), whole(1)])),
        ("slow_start", span(20.0)),
        ("max_fails", whole(1)),
        ("retries", whole(1)),
    ];
    let (world, web, mut simulation) = struck(2, 1_000.0, settings);
    // It rests for 10 s from its failure at second 5 on.
    let mut counts = Vec::new();
    for second in [15, 20, 25, 30, 35, 36, 41] {
        simulation.run_until(second * SECOND);
        counts.push(requests(&world, &simulation, &web, 0));
    }
    let parts: Vec<u64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(parts[0] < 700 && parts[..4].is_sorted(), "{parts:?}");
    assert!((2_490..=2_510).contains(&parts[5]), "half of 5,000 again: {parts:?}");
}

/// With HAProxy's policy weights grow in sixteenths, the first at once; shares in the seconds after the return are those of HAProxy 2.6.12 itself (of
/// about 474 calls a second to three equal servers, `slowstart 16s`).
#[test]
fn a_server_of_haproxy_warms_up_as_there() {
    let measured =
        [13., 27., 29., 52., 53., 74., 75., 95., 102., 112., 114., 122., 129., 137., 145., 157., 158., 158.];
    let settings = vec![
        ("policy", Value::Text("haproxy_roundrobin".into())),
        ("slow_start", span(16.0)),
        ("check", span(0.5)),
        ("rise", whole(1)),
        ("fall", whole(1)),
    ];
    let (world, web, mut simulation) = struck(3, 948.0, settings);
    simulation.run_until(9 * SECOND);
    let entries = simulation.journal().entries();
    let back = entries.iter().find(|entry| entry.event == "server_up").expect("found out").time;
    simulation.run_until(back + SECOND);
    let mut before = requests(&world, &simulation, &web, 0);
    for (second, measured) in (2..).zip(measured.into_iter().skip(1)) {
        simulation.run_until(back + second * SECOND);
        let now = requests(&world, &simulation, &web, 0);
        let got = (now - before) as f64 / 2.0;
        assert!((got - measured).abs() <= 5.0, "second {second}: {got} of {measured}");
        before = now;
    }
}
