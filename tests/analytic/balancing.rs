//! One balancer in front of many servers.

use crate::common::estimate::{assert_agrees, exact};
use crate::common::run::run;
use crate::common::{World, exponential, index, poisson, seed, text};
use crate::{PRECISE, REPLICATIONS};
use scalelab::catalog::Value;
use scalelab::kernel::NodeId;

/// Mean latency behind a balancer with `servers` servers at a utilisation.
fn balanced(policy: &str, servers: i64, rho: f64, length: f64) -> impl Fn(u64, u64) -> Vec<f64> {
    let mut world = World::default();
    let web = world.add("web", "web", vec![("count", Value::Whole(servers)), ("service", exponential(1.0))]);
    let front = world.add("load_balancer", "front", vec![("to", web.clone()), ("policy", text(policy))]);
    let rate = rho * servers as f64;
    world.add("traffic", "clients", vec![("to", front), ("rate", poisson(rate))]);
    let stations: Vec<NodeId> = (0..servers).map(|n| world.node(&web, n as u16)).collect();
    assert_eq!(index(&web), 0);
    move |seed, replication| {
        let run = run(&world, seed, replication, length);
        stations.iter().take(3).for_each(|station| run.assert_little(*station));
        vec![run.latency_mean()]
    }
}

/// Random: N times M/M/1. Round robin: N times Erlang-N arrivals, W = 1 / (mu (1 - sigma)) with
/// sigma = (N lambda' / (N lambda' + mu (1 - sigma)))^N (lb_policies.csv).
#[test]
fn balancing_blindly() {
    let cases = [
        ("random", 3, 0.7, 3.333333333, 5e4),
        ("random", 10, 0.5, 2.0, 5e3),
        ("round_robin", 2, 0.8, 3.843979767, 6e4),
        ("round_robin", 3, 0.7, 2.357727349, 3e4),
        ("round_robin", 10, 0.8, 2.92226918, 1.2e4),
    ];
    for (policy, servers, rho, time, length) in cases {
        let label = format!("{policy}, {servers} servers, rho {rho}");
        assert_agrees(
            &label,
            REPLICATIONS,
            &[exact("latency", time, PRECISE)],
            balanced(policy, servers, rho, length),
        );
    }
}

/// Two choices out of many: the sum of rho^(2^i - 2) (Vvedenskaya, Dobrushin & Karpelevich 1996; Mitzenmacher 1996).
/// A hundred servers are a few per cent above the limit, never below it.
#[test]
fn power_of_two_is_near_its_limit() {
    for (rho, limit, length) in [(0.7, 1.61445377, 4e3), (0.9, 2.614057377, 6e3)] {
        let sample = balanced("power_of_two", 100, rho, length);
        let times: Vec<f64> = (0..5).map(|replication| sample(seed(), replication)[0]).collect();
        let mean = times.iter().sum::<f64>() / 5.0;
        assert!(mean > 0.995 * limit && mean < 1.04 * limit, "rho {rho}: {mean}, limit {limit}");
    }
}

/// The server with the fewest calls cannot beat one shared queue (M/M/N), and beats turns and pairs. It comes
/// close to the shared queue in heavy traffic (Foschini & Salz 1978).
#[test]
fn least_connections_lies_between_a_shared_queue_and_two_choices() {
    for (servers, rho, shared, in_turn, length) in [
        (2, 0.8, 2.777777778, 3.843979767, 6e4),
        (3, 0.9, 3.723536737, 6.784724388, 1e5),
        (10, 0.8, 1.204590075, 2.92226918, 2e4),
    ] {
        let mean = |policy| {
            let sample = balanced(policy, servers, rho, length);
            (0..8).map(|replication| sample(seed(), replication)[0]).sum::<f64>() / 8.0
        };
        let (least, pairs) = (mean("least_connections"), mean("power_of_two"));
        assert!(least > shared, "{servers} servers: {least} beats one shared queue, {shared}");
        assert!(least < in_turn, "{servers} servers: {least} is no better than turns, {in_turn}");
        assert!(least < pairs || servers == 2, "{servers} servers: {least} is no better than pairs, {pairs}");
        assert!(least < 1.35 * shared, "{servers} servers: {least} is far from {shared}");
    }
}
