//! What functions of a script see of the components while a world runs.

use assert_cmd::Command;

/// The notes that a world makes, one a line.
fn notes(world: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures.rhai");
    let script = format!(
        "experiment(\"figures\").replications(1).duration(100.s).world(|p| {{ {world} }}).expect(\"all\", |r| r.availability == 1.0);"
    );
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let run = command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).output().unwrap();
    assert!(out.exists(), "{}", String::from_utf8_lossy(&run.stderr));
    let events = std::fs::read_to_string(out.join("events.csv")).unwrap();
    let of_note = |line: &str| line.contains(",note,").then(|| line.rsplit(',').next().unwrap().to_string());
    events.lines().filter_map(of_note).collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

#[test]
fn a_function_sees_the_time_since_it_happened_last() {
    let world = r#"
    let w = web("w", #{ cores: 10, service: constant(10.ms) });
    traffic("a", #{ to: w, rate: constant(100.rps) });
    traffic("b", #{ to: w, rate: steps([[0.s, 0.rps], [60.s, 100.rps]]) });
    every(20.s, "look", || note(`${w.utilization}`));
    "#;
    let plain: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    // Ten processors: 100 a second keep 10 % of them busy; the second traffic comes in the last forty seconds.
    assert_eq!(plain.len(), 4);
    for (seen, wanted) in plain.iter().zip([0.1, 0.1, 0.1, 0.2]) {
        assert!((seen - wanted).abs() < 0.01, "{plain:?}");
    }
    let beside = format!("{world} when(|| w.utilization > 0.15, \"busy\", || w.slow(1));");
    let beside: Vec<f64> = notes(&beside).iter().map(|note| number(note)).collect();
    assert_eq!(plain, beside, "whoever else looks");
}

/// Weights 9 to 1 at 500 a second, 10 ms, 5 cores each.
#[test]
fn nodes_have_figures_of_their_own() {
    let world = r#"
    let w = web("w", #{ count: 2, cores: 5, service: constant(10.ms) });
    let lb = load_balancer("lb", #{ to: w, policy: "weighted", weights: [9, 1] });
    traffic("a", #{ to: lb, rate: constant(500.rps) });
    at(90.s, "look", || { note(`${w[0].utilization}`); note(`${w[1].utilization}`); note(`${w.utilization}`); });
    "#;
    let seen: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    for (seen, wanted) in seen.iter().zip([0.9, 0.1, 0.5]) {
        assert!((seen - wanted).abs() < 0.01, "{seen}, not {wanted}");
    }
    assert_eq!(seen.len(), 3);
}

/// Routers and coordinators have no processors to be busy.
#[test]
fn a_database_is_as_busy_as_its_members() {
    let world = r#"
    let db = database("db", #{ read: constant(10.ms), write: constant(10.ms), connections: 10, shards: 2 });
    traffic("a", #{ to: db, rate: constant(1000.rps), keys: uniform_keys(1) });
    let one = database("one", #{ read: constant(4.ms), write: constant(4.ms), connections: 10, replicas: 2, reads: "primary" });
    traffic("b", #{ to: one, rate: constant(1000.rps), keys: uniform_keys(1) });
    at(90.s, "look", || {
        note(`${db.utilization}`);
        note(`${db.shard(0).primary().utilization + db.shard(1).primary().utilization}`);
        note(`${one.primary().utilization}`);
        note(`${one.utilization}`);
    });
    "#;
    let seen: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    for (seen, wanted) in seen.iter().zip([0.5, 1.0, 0.4, 0.4 / 3.0]) {
        assert!((seen - wanted).abs() < 0.01, "{seen}, not {wanted}");
    }
    assert_eq!(seen.len(), 4);
}

/// Of several nodes hits over look-ups, not the mean of their ratios.
#[test]
fn hit_ratios_of_groups_are_of_all_look_ups() {
    let world = r#"
    let db = database("db", #{ read: 1.ms, write: 1.ms });
    let c = cache("c", #{ of: db, nodes: 4, items: 100, weights: [100, 1, 1, 1] });
    let w = web("w", #{ reads: c, writes: c, service: 1.ms, cores: 8 });
    traffic("a", #{ to: w, rate: constant(500.rps), keys: zipf(1000, 0.9) });
    at(90.s, "look", || {
        note(`${c.hit_ratio}`);
        note(`${c[0].hit_ratio}`);
        note(`${(c[0].hit_ratio + c[1].hit_ratio + c[2].hit_ratio + c[3].hit_ratio) / 4.0}`);
    });
    "#;
    let seen: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    assert_eq!(seen.len(), 3);
    assert!((seen[0] - seen[1]).abs() < 0.02, "nearly all go to the first: {seen:?}");
    assert!((seen[0] - seen[2]).abs() > 0.1, "else this shows nothing: {seen:?}");
}
