//! Who draws a time of its own: what is done twice is not done twice in the same time, and nobody draws for others.

use assert_cmd::Command;
use std::collections::HashMap;

/// The figures of each variant, in the order of the variants: means over the replications of summary.csv.
fn figures(world: &str, varied: &str, column: &str) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("draws.rhai");
    let text = format!(
        "experiment(\"draws\"){varied}.replications(2).warmup(5.s).duration(100.s).world(|p| {{ {world} }});"
    );
    std::fs::write(&script, text).unwrap();
    let out = folder.path().join("out");
    Command::cargo_bin("scalelab")
        .unwrap()
        .args(["run", "-q"])
        .arg(&script)
        .arg("-o")
        .arg(&out)
        .assert()
        .success();
    let csv = std::fs::read_to_string(out.join("summary.csv")).unwrap();
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let at = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (variant, figure) = (at("variant"), at(column));
    let (mut order, mut found) = (Vec::new(), HashMap::<String, Vec<f64>>::new());
    for line in lines {
        let name = line[variant].to_string();
        if !order.contains(&name) {
            order.push(name.clone());
        }
        found.entry(name).or_default().push(line[figure].parse().unwrap());
    }
    order.iter().map(|name| found[name].iter().sum::<f64>() / found[name].len() as f64).collect()
}

fn near(found: f64, right: f64) {
    assert!((found - right).abs() < 0.04 * right, "{found} instead of {right}");
}

/// Two reads of one row in one request: p99 of Erlang-2, not twice that of one.
#[test]
fn a_step_that_is_repeated_takes_a_time_of_its_own() {
    let world = r#"
        let db = database("db", #{ read: exponential(1.ms), write: 1.ms, connections: 1_000 });
        let w = web("w", #{ reads: db, on_read: ["read", "read"] });
        traffic("t", #{ to: w, rate: 500.rps, keys: uniform_keys(10_000) });"#;
    near(figures(world, "", "latency_p99_ms")[0], 6.638);
}

/// A balancer that gives a slow server up finds the other one slow with the same chance, whatever the first had.
#[test]
fn a_retry_at_another_server_takes_a_time_of_its_own() {
    let world = r#"
        let w = web("w", #{ count: 2, service: mixture([[0.5, 1.ms], [0.5, 100.ms]]), cores: 1_000 });
        let lb = load_balancer("lb", #{ to: w, timeout: 50.ms, retries: 1, retry_timeouts: true });
        traffic("t", #{ to: lb, rate: 100.rps });"#;
    near(figures(world, "", "availability_ratio")[0], 0.75);
}

/// What the asked server asks in turn is drawn anew as well.
#[test]
fn so_does_what_is_asked_on_its_behalf() {
    let world = r#"
        let db = database("db", #{ read: mixture([[0.5, 1.ms], [0.5, 100.ms]]), write: 1.ms, connections: 1_000 });
        let w = web("w", #{ count: 2, reads: db });
        let lb = load_balancer("lb", #{ to: w, timeout: 50.ms, retries: 1, retry_timeouts: true });
        traffic("t", #{ to: lb, rate: 100.rps });"#;
    near(figures(world, "", "availability_ratio")[0], 0.75);
}

/// The slowest of n - 1 copies, after the home's own time: 1 + H(n - 1).
#[test]
fn copies_in_other_shards_each_take_a_time_of_their_own() {
    let world = r#"
        let db = database("db", #{ read: 1.ms, write: exponential(1.ms), shards: p.n, copied: 1, connections: 1_000 });
        traffic("t", #{ to: db, rate: 500.rps, writes: 1, keys: uniform_keys(1) });"#;
    let means = figures(world, ".vary(\"n\", [2, 4, 8])", "write_latency_mean_ms");
    for (found, right) in means.iter().zip([2.0, 1.0 + 11.0 / 6.0, 1.0 + 363.0 / 140.0]) {
        near(*found, right);
    }
}

/// A message is handed out again when its work takes longer than the queue hides it: with probability e^-2 each time.
#[test]
fn each_delivery_takes_a_time_of_its_own() {
    let world = r#"
        let q = queue("q", #{ kind: "sqs", hosts: 3, visibility: 1.s, max_deliveries: p.m });
        consumers("c", #{ of: q, count: 60, service: exponential(500.ms), wait: 20.s, batch: 1 });
        traffic("t", #{ to: q, rate: 30.rps, keys: uniform_keys(100_000) });"#;
    let dead = figures(world, ".vary(\"m\", [1, 2])", "messages_dead_count");
    let again = dead[1] / dead[0];
    assert!((again - (-2.0_f64).exp()).abs() < 0.04, "{again} of those that were late once are late twice");
}

/// A second pipeline that nothing joins to the first changes nothing there.
#[test]
fn a_queue_beside_draws_nothing_from_the_first() {
    let first = r#"
        let q = queue("q", #{ kind: "rabbitmq" });
        let k = consumers("k", #{ of: q, count: 2, service: exponential(3.ms), prefetch: 3 });
        link(q, k, #{ latency: exponential(1.ms) });
        traffic("p", #{ to: q, rate: 100.rps, keys: uniform_keys(100) });"#;
    let second = r#"
        let zq = queue("zq", #{ kind: "kafka" });
        let zk = consumers("zk", #{ of: zq, service: exponential(1.ms) });
        link(zq, zk, #{ latency: exponential(1.ms) });
        traffic("zt", #{ to: zq, rate: 50.rps });"#;
    let rows = |world: String| {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("beside.rhai");
        let text = format!("experiment(\"beside\").warmup(5.s).duration(20.s).world(|p| {{ {world} }});");
        std::fs::write(&script, text).unwrap();
        let out = folder.path().join("out");
        let mut run = Command::cargo_bin("scalelab").unwrap();
        run.args(["run", "-q"]).arg(&script).arg("-o").arg(&out).assert().success();
        let csv = std::fs::read_to_string(out.join("components.csv")).unwrap();
        csv.lines()
            .filter(|line| line.contains(",k/") || line.contains(",q,"))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let (alone, beside) = (rows(first.into()), rows(format!("{first}{second}")));
    assert!(alone.len() > 10, "{alone:?}");
    assert_eq!(alone, beside);
}
