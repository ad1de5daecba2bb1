//! What functions of a script see of the components while a world runs.

mod common;

use assert_cmd::Command;
use common::script::{holds, told};

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

/// Servers that join when measurements have begun have percentiles like the others.
#[test]
fn who_joins_late_has_percentiles_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.rhai");
    let script = r#"experiment("late").replications(2).warmup(5.s).duration(60.s).world(|p| {
        let w = web("w", #{ service: constant(5.ms) });
        let lb = load_balancer("lb", #{ to: w });
        traffic("a", #{ to: lb, rate: constant(100.rps) });
        at(20.s, "one more", || { w.add_node(); });
        at(21.s, "a slow one", || w[1].slow(0.25));
    }).expect("the slow one counts", |r| r.of("w").service_p99 > 15.ms);"#;
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).assert().success();
}

/// Two servers, half busy; one more joins and leaves again. Who has left is no idle server, in no figure.
#[test]
fn who_has_left_is_not_idle() {
    let world = r#"
    let w = web("w", #{ count: 2, service: constant(10.ms) });
    let lb = load_balancer("lb", #{ to: w });
    traffic("a", #{ to: lb, rate: constant(100.rps) });
    at(20.s, "one more", || { w.add_node(); });
    at(40.s, "one less", || w[1].remove_node());
    at(70.s, "one less", || w[2].remove_node());
    every(10.s, "look", || note(`${w.utilization}`));
    "#;
    let seen: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    let wanted = [0.5, 0.5, 1.0 / 3.0, 1.0 / 3.0, 0.5, 0.5, 0.5, 1.0, 1.0];
    assert_eq!(seen.len(), wanted.len(), "{seen:?}");
    for (seen, wanted) in seen.iter().zip(wanted) {
        assert!((seen - wanted).abs() < 0.01, "{seen}, not {wanted}");
    }
}

/// Two busy shards out of eight that there could be.
#[test]
fn shards_that_are_not_there_yet_are_not_idle() {
    let world = r#"
    let db = database("db", #{ read: constant(10.ms), write: constant(10.ms), connections: 1, shards: 2, shards_max: 8 });
    traffic("a", #{ to: db, rate: constant(100.rps), keys: uniform_keys(1_000) });
    at(90.s, "look", || note(`${db.utilization}`));
    "#;
    let seen = number(&notes(world)[0]);
    assert!((seen - 0.5).abs() < 0.02, "{seen}");
}

/// The same of components.csv: of a server that has left while it was there, and of all of them together.
#[test]
fn a_server_is_as_busy_as_while_it_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("left.rhai");
    let script = r#"experiment("left").replications(2).duration(100.s).world(|p| {
        let w = web("w", #{ count: 2, service: constant(10.ms) });
        let lb = load_balancer("lb", #{ to: w });
        traffic("a", #{ to: lb, rate: constant(100.rps) });
        at(20.s, "one less", || w[1].remove_node());
    })
    .expect("10 s of 20", |r| r.of("w/1").utilization > 0.49)
    .expect("and no more", |r| r.of("w/1").utilization < 0.51)
    .expect("100 s of 120", |r| r.of("w").utilization > 0.82)
    .expect("and no more than that", |r| r.of("w").utilization < 0.85);"#;
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).assert().success();
}

/// What comes to a router comes to a member next: it came once.
#[test]
fn what_comes_to_a_group_counts_at_its_front() {
    let world = r#"
    let db = database("db", #{ read: constant(1.ms), write: constant(1.ms), shards: 2 });
    let k = cache("k", #{ of: db, items: 10, nodes: 2, routing: "proxy", proxy_service: 10.us, service: 10.us });
    traffic("a", #{ to: db, rate: constant(100.rps), keys: uniform_keys(1_000) });
    let w = web("w", #{ reads: k, writes: k });
    traffic("b", #{ to: w, rate: constant(50.rps), keys: uniform_keys(10) });
    at(90.s, "look", || { note(`${db.arrivals_per_s}`); note(`${k.arrivals_per_s}`); });
    "#;
    let seen: Vec<f64> = notes(world).iter().map(|note| number(note)).collect();
    assert!((seen[0] - 100.0).abs() < 2.0 && (seen[1] - 50.0).abs() < 1.0, "{seen:?}");
    holds(&format!(
        "experiment(\"front\").replications(2).duration(100.s).world(|p| {{ {world} }})
         .expect(\"once\", |r| r.of(\"db\").arrivals < 10_200)
         .expect(\"and not less\", |r| r.of(\"db\").arrivals > 9_900)
         .expect(\"of the proxy\", |r| r.of(\"k\").arrivals < 5_100);"
    ));
}

/// Blue and green: who joins a tier weighs what its tier weighs, and is switched with it.
#[test]
fn who_joins_a_weighted_tier_is_switched_with_it() {
    for careful in ["", ", check: 1.s"] {
        let world = format!(
            r#"
            let b = web("b", #{{ count: 2, service: constant(1.ms) }});
            let g = web("g", #{{ count: 2, service: constant(1.ms) }});
            let lb = load_balancer("lb", #{{ to: [b, g], policy: "weighted", weights: [10, 10, 0, 0]{careful} }});
            traffic("a", #{{ to: lb, rate: constant(300.rps) }});
            at(20.s, "one more of each", || {{ b.add_node(); g.add_node(); }});
            at(50.s, "green", || {{ note(`${{b.arrivals_per_s}}`); note(`${{g.arrivals_per_s}}`); lb.weights([0, 0, 10, 10]); }});
            at(55.s, "look", || note(`${{b.arrivals_per_s}}`));
            every(90.s, "look", || {{ note(`${{b.arrivals_per_s}}`); note(`${{g.arrivals_per_s}}`); }});
            "#
        );
        let seen: Vec<f64> = notes(&world).iter().map(|note| number(note)).collect();
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert!((seen[0] - 300.0).abs() < 3.0 && seen[1] == 0.0, "green has nothing yet: {seen:?}");
        let green = 300.0 * 40.0 / 90.0;
        assert!((seen[4] - green).abs() < 2.0, "and then all: {seen:?}");
    }
}

/// A component knows the keys that it is asked for, and not those of others.
#[test]
fn keys_are_those_of_the_traffic_that_asks() {
    holds(
        r#"experiment("keys").replications(5).duration(50.s).world(|p| {
            let declared = #{ read: constant(1.ms), write: constant(1.ms) };
            let d1 = database("d1", declared);
            let d2 = database("d2", declared + #{ shards: 4, sharding: "range" });
            let c1 = cache("c1", #{ of: d1, items: 100, preload: 100, eviction: "none" });
            let c2 = cache("c2", #{ of: d1, items: 100, preload: 100, eviction: "none" });
            let rows = database("rows", #{ model: "relational", rows: 1_000 });
            let w1 = web("w1", #{ reads: c1 });
            let w2 = web("w2", #{ reads: c2 });
            traffic("a", #{ to: w1, rate: poisson(100.rps), keys: zipf(100_000, 1.0) });
            traffic("b", #{ to: w2, rate: poisson(100.rps), keys: latest(5_000, 1.2) });
            traffic("c", #{ to: d2, rate: poisson(100.rps), keys: uniform_keys(1_000) });
            traffic("d", #{ to: rows, rate: poisson(1.rps), keys: uniform_keys(1_000) });
        })
        .expect("of a", |r| r.of("c1").hit_ratio > 0.38)
        .expect("and no more", |r| r.of("c1").hit_ratio < 0.48)
        .expect("of b, the newest", |r| r.of("c2").hit_ratio > 0.70)
        .expect("all shards of d2", |r| r.of("d2/shard-3").arrivals > 1_000);"#,
    );
}

/// What is preloaded from counted rows is as large as they are.
#[test]
fn preloaded_rows_have_their_size() {
    holds(
        r#"experiment("size").replications(2).duration(20.s).world(|p| {
            let rows = database("rows", #{ model: "relational", rows: 1_000, columns: 500 });
            let c = cache("c", #{ of: rows, capacity: 100.mib, preload: 1_000 });
            let w = web("w", #{ reads: c, writes: c, egress_price: 0.09 });
            traffic("a", #{ to: w, rate: constant(100.rps), keys: uniform_keys(1_000) });
        })
        .expect("100 a second of 50 kB", |r| r.egress_bytes > 90_000_000)
        .expect("all found", |r| r.of("c").hit_ratio > 0.99);"#,
    );
}

#[test]
fn a_text_in_a_list_is_found_and_not_called() {
    holds(
        r#"const STAGES = ["plain", "cdn", "web"];
        experiment("stages").replications(2).duration(1.s).vary("stage", STAGES).world(|p| {
            let n = STAGES.index_of(p.stage);
            let w = web("w", #{ cores: n + 1, service: 1.ms });
            traffic("a", #{ to: w, rate: constant(100.rps) });
            if STAGES.index_of("none") != -1 || STAGES.index_of("plain", 1) != -1 || STAGES.index_of("web", -1) != 2 { throw "no"; }
        })
        .expect_for(#{ stage: "cdn" }, "the second", |r| r.throughput > 50);"#,
    );
}

/// The users of two traffics are different people: who only reads cannot miss what others wrote. (One traffic that does both misses some.)
#[test]
fn users_of_two_traffics_are_different_people() {
    holds(
        r#"experiment("people").vary("traffics", [1, 2]).replications(2).duration(100.s).world(|p| {
            let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 1, reads: "any", apply: 1.ms });
            link(db, db, #{ latency: 500.ms });
            let w = web("w", #{ reads: db, writes: db });
            let settings = #{ to: w, users: 10, keys: uniform_keys(100) };
            if p.traffics == 1 {
                traffic("both", settings + #{ rate: poisson(100.rps), writes: 50.percent });
            } else {
                traffic("writers", settings + #{ rate: poisson(50.rps), writes: 100.percent });
                traffic("readers", settings + #{ rate: poisson(50.rps) });
            }
        })
        .expect_for(#{ traffics: 1 }, "one misses own writes", |r| r.read_your_writes_violations > 10)
        .expect_for(#{ traffics: 2 }, "nobody does", |r| r.read_your_writes_violations == 0);"#,
    );
}

/// Nobody hears that a broker which does not lead refuses a message: a producer that waits for nothing stays with one that pauses.
#[test]
fn acks_0_loses_nothing_beside_a_leader_that_pauses() {
    holds(
        r#"experiment("pause").replications(2).duration(60.s).world(|p| {
            let q = queue("q", #{ kind: "kafka", brokers: 3, replicas: 3, partitions: 1, acks: "0", request_timeout: 1.s });
            consumers("c", #{ of: q, service: 1.ms });
            network(#{ latency: 1.ms });
            traffic("t", #{ to: q, rate: constant(50.rps), keys: uniform_keys(100) });
            at(30.s, "a pause", || q[0].hang());
            at(33.s, "is over", || q[0].recover());
        })
        .expect("all arrive", |r| r.messages_lost == 0);"#,
    );
}

/// A cache of ten of a hundred items evicts all it puts in but the last ten; what a warm-up counts is not counted.
#[test]
fn what_a_component_counts_is_in_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("measures.rhai");
    let script = r#"experiment("measures").replications(1).warmup(10.s).duration(100.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms });
        let c = cache("c", #{ of: db, items: 10, eviction: "fifo" });
        let w = web("w", #{ reads: c });
        traffic("t", #{ to: w, rate: constant(10.rps), keys: sequential(100) });
    });"#;
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).assert().success();
    let table = std::fs::read_to_string(out.join("measures.csv")).unwrap();
    let row = |wanted: &str| table.lines().any(|line| line.ends_with(wanted));
    assert!(row(",c,cache,evictions_count,1000") && row(",c,cache,misses_count,1000"), "{table}");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.args(["explain", "evictions_count"]).assert().success();
}

/// A write-back cache dies with what it has not flushed, at the very end of the warm-up.
#[test]
fn what_happens_as_the_warm_up_ends_is_measured() {
    holds(
        r#"experiment("edge").replications(3).warmup(10.s).duration(10.s).world(|p| {
            let db = database("db", #{ read: 1.ms, write: 1.ms });
            let c = cache("c", #{ of: db, write: "back", flush: 2.s, placement: "inline" });
            let w = web("w", #{ reads: c, writes: c });
            traffic("t", #{ to: w, rate: 100.rps, writes: 50.percent, keys: uniform_keys(500) });
            at(10.s, "crash", || c.crash()); at(11.s, "back", || c.recover());
        }).expect("loses what was dirty", |r| r.lost_writes > 20);"#,
    );
}

/// 50 a second are done of 190 that come. They wait from the beginning on: after the warm-up those of the warm-up are done.
#[test]
fn messages_count_when_it_happens_and_those_that_wait_have_an_age() {
    holds(
        r#"experiment("cohorts").replications(2).warmup(30.s).duration(30.s).world(|p| {
            let q = queue("q", #{ kind: "rabbitmq" });
            consumers("w", #{ of: q, service: constant(20.ms), count: 1 });
            traffic("t", #{ to: q, rate: constant(190.rps) });
        }).expect("as many as can be", |r| r.messages_processed >= 1_490)
          .expect("and no more", |r| r.messages_processed <= 1_510)
          .expect("the oldest that wait", |r| r.message_age_p99 > 40.s)
          .expect("all that came", |r| r.messages_published > 5_600);"#,
    );
}

/// Three servers die one after the other, at 10, 20 and 30 s of a minute: a third of all is answered.
#[test]
fn each_turn_of_a_loop_keeps_its_variables() {
    let world = r#"let w = web("w", #{ count: 3, service: 1.ms });
            let lb = load_balancer("lb", #{ to: w });
            traffic("t", #{ to: lb, rate: constant(50.rps) });"#;
    let actions = r#"for i in 0..3 { at((10 + i * 10).s, "crash", || w[i].crash()); }"#;
    let limits =
        r#"for share in [0.3, 0.2, 0.1] { e = e.expect("more than " + share, |r| r.availability > share); }"#;
    holds(&format!(
        r#"let e = experiment("turns").replications(2).duration(60.s).world(|p| {{ {world} {actions} }})
            .expect("a third", |r| r.availability < 0.36);
        {limits}"#
    ));
    let shared = r#"let seen = 0; every(10.s, || { seen += 1; }); at(45.s, || note("" + seen));"#;
    assert_eq!(notes(&format!("{world} {shared}")), ["4"], "what functions count up together they share");
}

/// Rows of a CSV of a run.
fn rows(script: &str, file: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("components.rhai"), folder.path().join("out"));
    std::fs::write(&path, script).unwrap();
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).assert().success();
    let mut reader = csv::Reader::from_path(out.join(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn column(script: &str, component: &str, column: &str) -> f64 {
    let rows = rows(script, "components.csv");
    let row = rows.iter().find(|row| row["component"] == component).expect("such a component");
    number(&row[column])
}

/// Twenty requests a second go to two servers; one hangs at 5 s with a line that grows to 50, and is no member any more at 10 s: a
/// mean of 12.5 over its ten seconds, whatever stays lying at its door.
#[test]
fn what_lies_at_a_server_that_has_left_is_no_queue_of_its_time() {
    let script = "experiment(\"left\").replications(1).duration(60.s).world(|p| {
        let w = web(\"w\", #{ count: 2, service: 1.ms });
        let lb = load_balancer(\"lb\", #{ to: w });
        traffic(\"t\", #{ to: lb, rate: constant(20.rps), timeout: 1.s });
        at(5.s, \"hangs\", || w[0].hang());
        at(10.s, \"goes\", || w[0].remove_node());
    });";
    let (mean, longest) = (column(script, "w/0", "queue_len_mean"), column(script, "w/0", "queue_len_max"));
    assert!((mean - 12.5).abs() < 0.3, "{mean}");
    assert_eq!(longest, 50.0);
}

/// Jobs of 8 s come every 10 s to each of two servers; the first is busy for 9 of the 31 s of its membership, and finishes what it has.
#[test]
fn a_server_that_has_left_was_busy_while_it_was_there() {
    let script = "experiment(\"left\").replications(1).duration(100.s).world(|p| {
        let w = web(\"w\", #{ count: 2, service: 8.s });
        let lb = load_balancer(\"lb\", #{ to: w });
        traffic(\"t\", #{ to: lb, rate: constant(0.1.rps) });
        at(31.s, \"goes\", || w[0].remove_node());
    });";
    assert!((column(script, "w/0", "utilization_ratio") - 9.0 / 31.0).abs() < 1e-6);
}

/// Fifty requests a second for a server that does ten; it stands still from 5 s on, with 50 served, one in service and 199 in line. What comes
/// then waits as well: 449 in the end, whether it is down to the last or goes on or dies just before.
#[test]
fn the_longest_queue_is_the_line_and_what_lies_at_the_door() {
    for end in ["", "at(9999.ms, || w.recover());", "at(9999.ms, || w.crash());"] {
        for discipline in ["fifo", "lifo"] {
            let script = format!(
                "experiment(\"still\").replications(1).warmup(6.s).duration(4.s).world(|p| {{
                let w = web(\"w\", #{{ service: 100.ms, discipline: \"{discipline}\" }});
                traffic(\"t\", #{{ to: w, rate: constant(50.rps) }});
                at(5.s, || w.hang());
                {end}
            }});"
            );
            let longest = column(&script, "w", "queue_len_max");
            assert!((449.0..=450.0).contains(&longest), "{discipline} {end}: {longest}");
        }
    }
}

#[test]
fn the_longest_queue_may_be_the_one_at_the_end_of_the_warm_up() {
    for discipline in ["fifo", "lifo", "processor_sharing"] {
        let script = format!(
            "experiment(\"stands\").replications(1).warmup(10.s).duration(50.s).world(|p| {{
            let w = web(\"w\", #{{ service: 100.ms, discipline: \"{discipline}\" }});
            traffic(\"t\", #{{ to: w, rate: steps([[0.s, 100.rps], [9.s, 0.001.rps]]) }});
        }});"
        );
        let (mean, longest) = (column(&script, "w", "queue_len_mean"), column(&script, "w", "queue_len_max"));
        assert!(mean > 400.0 && longest > mean, "{discipline}: {mean} {longest}");
    }
}

/// What a cut of 20 s holds up goes with TCP's next retransmission. Strangers' SYNs go again after 1, 3, 7, 15 and 31 s: the longest request takes
/// that, a round trip of 20 ms for the connection, one for the question, and a millisecond. A visitor's question, on a connection that is
/// open, goes after 0.22 s (200 ms and a round trip), and each time after twice as long: 127 times that in all.
#[test]
fn a_cut_holds_up_questions_and_what_opens_connections() {
    let script = |traffic: &str| {
        format!(
            "experiment(\"cut\").replications(1).duration(60.s).world(|p| {{
                let w = web(\"w\", #{{ service: 1.ms, cores: 8 }});
                let t = traffic(\"t\", #{{ to: w, {traffic} }});
                link(t, w, #{{ connect: \"tcp\", latency: 10.ms }});
                at(10.s, \"cut\", || partition(t, w));
                at(30.s, \"heal\", || heal(t, w));
            }});"
        )
    };
    let figures = |traffic: &str| {
        let rows = rows(&script(traffic), "summary.csv");
        ["requests_total_count", "latency_max_ms", "connect_mean_ms"].map(|column| number(&rows[0][column]))
    };
    let [requests, longest, connect] = figures("rate: constant(1.rps)");
    assert_eq!(longest, 31_041.0);
    // Of 59 or 60 requests some 5 wait for 31 s, 8 for 15 s, 4 for 7 s, 2 for 3 s and 1 for 1 s.
    let waited = (connect - 20.0) * requests / 1_000.0;
    assert!((280.0..340.0).contains(&waited), "{waited} s");
    let [requests, longest, connect] = figures("users: 1, think: 100.ms");
    assert_eq!(longest, 127.0 * 220.0 + 21.0);
    assert!((connect * requests - 20.0).abs() < 1.0, "one connection: {connect}");
}

/// A server with 100 workers that wait for a machine as long as TCP does. Those whose question met silence are told by a reset that it is back,
/// at the next retransmission: the last began to wait at 21 s, and at 46.4 s at the latest (25.4 s later) all serve again.
/// Who was about to open a connection is let in then: SYNs go again after 31 s.
#[test]
fn a_machine_that_is_back_is_found_by_those_who_wait() {
    let served = |link: &str, from: f64, to: f64| {
        let script = format!(
            "experiment(\"silence\").replications(1).window(1.s).duration(80.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms }});
                let w = web(\"w\", #{{ service: 1.ms, cores: 8, concurrency: 100, reads: db }});
                traffic(\"t\", #{{ to: w, rate: constant(100.rps), timeout: 5.s }});
                {link}
                at(20.s, \"dies\", || db.crash(\"host\"));
                at(40.s, \"is back\", || db.recover());
            }});"
        );
        let rows = rows(&script, "timeseries.csv");
        let served =
            rows.iter().filter(|row| row["metric"] == "throughput_per_s" && row["component"] == "all");
        let within = served.filter(|row| (from..=to).contains(&number(&row["t_s"])));
        within.map(|row| number(&row["value"])).collect::<Vec<_>>()
    };
    for link in ["", "link(w, db, #{ connect: \"tcp\", latency: 1.ms });"] {
        assert_eq!(served(link, 23.0, 40.0), [0.0; 18], "{link}");
        let again = served(link, 48.0, 80.0);
        assert!(
            again.len() == 33 && again.iter().all(|rate| (95.0..=105.0).contains(rate)),
            "{link} {again:?}"
        );
    }
    let strangers = "link(t, w, #{ connect: \"tcp\", latency: 10.ms });";
    let script = format!(
        "experiment(\"strangers\").replications(1).duration(80.s).world(|p| {{
            let w = web(\"w\", #{{ service: 1.ms }});
            let t = traffic(\"t\", #{{ to: w, rate: constant(1.rps) }});
            {strangers}
            at(20.s, \"dies\", || w.crash(\"host\"));
            at(40.s, \"is back\", || w.recover());
        }});"
    );
    let row = &rows(&script, "summary.csv")[0];
    assert_eq!(number(&row["latency_max_ms"]), 31_041.0);
    assert_eq!(
        (number(&row["requests_failed_count"]), number(&row["requests_in_flight_end_count"])),
        (0.0, 0.0)
    );
}

/// A balancer's machine dies at 20 s for good, and its standby has the address from 23.6 s on. Fifty users without time-outs hear so from it with the
/// next retransmission: whose question left at 20 s at 20.2, 20.6, 21.4, 23 and 26.2 s, whose left later than 20.4 s before 29 s.
#[test]
fn a_stand_in_is_found_by_those_who_wait() {
    let served = |standby: bool| {
        let script = format!(
            "experiment(\"standby\").replications(1).window(1.s).duration(60.s).world(|p| {{
                let w = web(\"w\", #{{ count: 2, service: 5.ms }});
                let lb = load_balancer(\"lb\", #{{ to: w, standby: {standby} }});
                traffic(\"t\", #{{ to: lb, users: 50, think: 500.ms }});
                at(20.s, || lb.crash(\"host\"));
            }});"
        );
        let rows = rows(&script, "timeseries.csv");
        let served =
            rows.iter().filter(|row| row["metric"] == "throughput_per_s" && row["component"] == "all");
        let late = served.filter(|row| number(&row["t_s"]) >= 30.0);
        late.map(|row| number(&row["value"])).collect::<Vec<_>>()
    };
    assert!(served(false).iter().all(|rate| *rate == 0.0));
    let again = served(true);
    assert!(again.len() == 31 && again.iter().all(|rate| (70.0..130.0).contains(rate)), "{again:?}");
}

/// Of a hundred strangers who come between 1 and 2 s while the machine is silent (0.5 to 2.5 s), those who have given up after 1.5 s, before their next SYN 3 s
/// after the first, send nothing any more; whose SYN goes again after a second connect at once. The time-outs and what waits show no handshake twice.
#[test]
fn who_gives_up_connecting_sends_nothing() {
    for connect in ["tcp", "tls12", "tls13"] {
        let script = format!(
            "experiment(\"given up\").replications(1).duration(10.s).world(|p| {{
                let w = web(\"w\", #{{ cores: 10, service: 10.ms }});
                let t = traffic(\"t\", #{{ to: w, rate: steps([[0.s, 0.rps], [1.s, 100.rps], [2.s, 0.rps]]), timeout: 1500.ms }});
                link(t, w, #{{ latency: 10.ms, connect: \"{connect}\" }});
                at(500.ms, || w.crash(\"host\"));
                at(2500.ms, || w.recover());
            }});"
        );
        let row = &rows(&script, "summary.csv")[0];
        let [all, given_up, late, connect] =
            ["requests_total_count", "requests_timed_out_count", "late_replies_count", "connect_mean_ms"]
                .map(|column| number(&row[column]));
        assert!(given_up >= 2.0 && all > given_up, "{given_up} of {all}");
        assert_eq!((late, connect), (0.0, 1_020.0));
        let components = rows(&script, "components.csv");
        let web = components.iter().find(|row| row["kind"] == "web").expect("the tier");
        assert_eq!(number(&web["arrivals_count"]), all - given_up);
    }
}

/// Times that nobody means are long, and no mistake of arithmetic: a copy that takes a year for each page does not end, and the run does.
#[test]
fn absurd_times_of_counted_work_do_not_overflow() {
    for time in ["memory_time", "step_time", "row_time", "page_read_time"] {
        let script = format!(
            "experiment(\"absurd\").replications(1).duration(3.s).world(|p| {{
                let db = database(\"db\", #{{ model: \"key_value\", rows: 10_000, columns: 1_000, replicas: 2, {time}: 365.days }});
                traffic(\"t\", #{{ to: db, rate: 10.rps }});
                at(1.s, || db.replica(0).replace());
            }});"
        );
        assert!(number(&rows(&script, "summary.csv")[0]["requests_total_count"]) > 10.0, "{time}");
    }
}

/// Over a connection that is kept, 50,000 bytes take three flights (10, 20 and 5 segments) once, whoever sends them: later they fit into the window.
#[test]
fn who_goes_on_sending_keeps_the_window() {
    let script = |writes: u8| {
        format!(
            "experiment(\"window\").replications(1).warmup(5.s).duration(20.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms, row: 50_000.bytes }});
                traffic(\"t\", #{{ to: db, users: 1, think: 50.ms, writes: {writes}, size: 50_000.bytes }});
                network(#{{ latency: 10.ms, connect: \"tcp\" }});
            }});"
        )
    };
    for writes in [0, 1] {
        assert_eq!(
            number(&rows(&script(writes), "summary.csv")[0]["latency_max_ms"]),
            21.0,
            "writes: {writes}"
        );
    }
}

/// What components.csv says of the only traffic is what the summary says of all: time-outs and what is open at the end count there too.
#[test]
fn the_latencies_of_a_traffic_hold_its_time_outs() {
    for timeout in ["timeout: 4.ms", "attempts: 1"] {
        let script = format!(
            "experiment(\"impatient\").replications(2).warmup(2.s).duration(20.s).world(|p| {{
                let w = web(\"w\", #{{ service: exponential(2.ms), cores: 2 }});
                traffic(\"t\", #{{ to: w, rate: 950.rps, {timeout} }});
            }});"
        );
        let (summary, components) = (rows(&script, "summary.csv"), rows(&script, "components.csv"));
        let traffic: Vec<_> = components.iter().filter(|row| row["kind"] == "traffic").collect();
        for (all, own) in summary.iter().zip(traffic) {
            for column in ["latency_p50_ms", "latency_p99_ms"] {
                assert_eq!(all[column], own[column], "{timeout}, {column}");
            }
        }
    }
}

/// Checks of an address that is a CDN's edge are the edge's own business: it fetches and keeps nothing for them, and users find what they would find without.
#[test]
fn checks_do_not_fill_edges() {
    let figures = |check: &str| {
        let script = format!(
            "experiment(\"checked\").replications(1).duration(30.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms, row: 1000.bytes, region: \"us-east-1\" }});
                regions(\"aws\");
                let shop = web(\"shop\", #{{ reads: db, region: \"us-east-1\" }});
                let edge = cdn(\"edge\", #{{ of: shop, ttl: 100.s, region: [\"us-east-1\"] }});
                let router = geo_router(\"router\", #{{ to: [edge]{check} }});
                traffic(\"t\", #{{ to: router, rate: constant(1.rps), keys: uniform_keys(5), from: clients([[\"US\", 1]]) }});
            }});"
        );
        let row = &rows(&script, "summary.csv")[0];
        ["cdn_hit_ratio", "origin_fetches_count", "egress_bytes"].map(|column| row[column].clone())
    };
    assert_eq!(figures(""), figures(", check: 1.s"));
}

/// nginx counts no failures of a single server, which is never taken out; of two each rests.
#[test]
fn a_single_server_does_not_rest() {
    let events = |count: u64| {
        let script = format!(
            "experiment(\"rest\").replications(1).duration(60.s).world(|p| {{
                let w = web(\"w\", #{{ count: {count}, service: 1.ms }});
                let lb = load_balancer(\"lb\", #{{ to: w, max_fails: 1, fail_timeout: 10.s }});
                traffic(\"t\", #{{ to: lb, rate: constant(100.rps) }});
                at(20.s, || w.crash()); at(20500.ms, || w.recover());
            }});"
        );
        let rows = rows(&script, "events.csv");
        let told = |event: &str| rows.iter().filter(|row| row["event"] == event).count();
        (told("server_rests"), told("server_rested"))
    };
    assert_eq!((events(1), events(2)), ((0, 0), (2, 2)));
}

/// Health checks ask an edge as users do, but are nobody's requests: neither bytes sent to users nor look-ups.
#[test]
fn health_checks_of_an_edge_are_nobodys_requests() {
    for check in ["1.s", "50.s"] {
        let script = format!(
            "experiment(\"checks\").replications(1).duration(100.s).world(|p| {{
                regions(\"aws\");
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms, row: 100.kib, region: \"us-east-1\" }});
                let w = web(\"w\", #{{ reads: db, region: \"us-east-1\" }});
                let c = cdn(\"c\", #{{ of: w, region: [\"us-east-1\", \"eu-west-1\"] }});
                let any = anycast(\"any\", #{{ to: c, odd_routes: 0.0, check: {check} }});
                traffic(\"t\", #{{ to: any, rate: constant(1.rps), keys: uniform_keys(50), region: \"us-east-1\" }});
            }});"
        );
        let rows = rows(&script, "measures.csv");
        let sum = |measure: &str| -> f64 {
            rows.iter().filter(|row| row["measure"] == measure).map(|row| number(&row["value"])).sum()
        };
        let look_ups = sum("cdn_lookups_count");
        assert!((98.0..=100.0).contains(&look_ups), "{check}: {look_ups}");
        assert!(sum("egress_bytes") <= 100.0 * 102_400.0, "{check}");
    }
}

/// An action on "the primary" hits a node: events.csv names it as components.csv does, whoever is primary by then.
#[test]
fn events_name_the_nodes_that_they_hit() {
    let script = r#"experiment("hit").replications(1).duration(60.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 2, heartbeat: 200.ms, down_after: 1.s });
        traffic("t", #{ to: db, rate: constant(50.rps), writes: 20.percent });
        at(10.s, || db.primary().crash());
        at(30.s, || db.primary().crash());
        at(50.s, || db.shard(0).crash());
        let c = cache("c", #{ of: db, nodes: 3, routing: "cluster" });
        traffic("u", #{ to: web("w", #{ reads: c }), rate: constant(5.rps) });
        at(55.s, || c.coordinator().crash());
    });"#;
    let hit = rows(script, "events.csv").into_iter().filter(|row| row["event"] == "crash");
    let hit: Vec<String> = hit.map(|row| row["component"].clone()).collect();
    assert_eq!(
        (&hit[0][..], &hit[2][..], &hit[3][..]),
        ("db/replica-0", "db shard 0 (all)", "c/coordinator")
    );
    assert!(["db/replica-1", "db/replica-2"].contains(&&hit[1][..]), "{hit:?}");
}

/// One connection to a server that needs 30 ms, fifty calls a second, and ten may wait: the eleventh turned away, the rest wait for nine to ten answers.
#[test]
fn the_line_at_a_balancer_has_a_row_of_its_own() {
    let of = |more: &str| {
        let script = format!(
            "experiment(\"line\").replications(1).duration(60.s).world(|p| {{
                let w = web(\"w\", #{{ service: constant(30.ms) }});
                let lb = load_balancer(\"lb\", #{{ to: w, retries: 0 {more} }});
                traffic(\"t\", #{{ to: lb, rate: constant(50.rps) }});
            }});"
        );
        rows(&script, "components.csv").into_iter().find(|row| row["component"] == "lb connections")
    };
    let line = of(", connections: 1, queue: 10").expect("there is one");
    let seen =
        ["queue_len_mean", "queue_len_max", "wait_p99_ms", "errors_count"].map(|name| number(&line[name]));
    let turned_away = 60.0 * (50.0 - 1.0 / 0.03) - 10.0;
    for (seen, (low, high)) in seen.into_iter().zip([
        (9.0, 10.0),
        (10.0, 10.0),
        (270.0, 300.0),
        (turned_away - 2.0, turned_away + 2.0),
    ]) {
        assert!((low..=high).contains(&seen), "{seen} is not within {low} to {high}: {line:?}");
    }
    assert!(line["utilization_ratio"].is_empty() && of("").is_none(), "nothing bounds what servers get");
}

/// Three sizes of a tier at 90 requests a second of 10 ms: one server is too slow, the second is enough, and cheaper than three. What is not
/// decided of a variant that would be the cheapest leaves the answer open; what nobody does is nobody's.
#[test]
fn the_cheapest_that_is_fast_enough_is_found_by_a_filter() {
    let script = |claims: &str| {
        format!(
            r#"experiment("cheapest").vary("n", [1, 2, 3]).replications(4).duration(20.s).warmup(2.s).world(|p| {{
            let w = web("w", #{{ count: p.n, cores: 1, service: exponential(10.ms), price_per_hour: 1.0 }});
            traffic("t", #{{ to: load_balancer("lb", #{{ to: w, price_per_hour: 0.1 }}), rate: poisson(90.rps) }});
        }}){claims};"#
        )
    };
    holds(&script(
        r#".claim("two", |all| all.filter(|r| r.latency_p99 < 100.ms).best("cost_per_hour").n == 2)
        .claim("how many", |all| all.filter(|r| r.latency_p99 < 100.ms).len() == 2)
        .claim("by level", |all| all.filter(|r| r.n > 1).latency_p99 < 100.ms)
        .claim("dearest", |all| all.filter(|r| r.latency_p99 < 100.ms).variants().map(|r| r.n) == [2, 3])"#,
    ));
    let told = told(&script(
        r#".claim("open", |all| all.filter(|r| r.latency_p99 < 180.ms).best("cost_per_hour").n == 2)
        .claim("only open", |all| all.where(#{ n: 1 }).filter(|r| r.latency_p99 < 180.ms).best("cost_per_hour").n == 1)
        .claim("nobody", |all| all.filter(|r| r.latency_p99 < 1.ms).best("cost_per_hour").n == 2)
        .claim("of nobody", |all| all.filter(|r| r.latency_p99 < 1.ms).latency_p50 < 1.ms)
        .claim("nobody's level", |all| all.filter(|r| r.latency_p99 < 1.ms).best("cost_per_hour").n != 1)
        .claim("not nobody's", |all| !(all.filter(|r| r.latency_p99 < 1.ms).best("cost_per_hour").n == 1))
        .claim("all of nobody", |all| all.filter(|r| r.latency_p99 < 1.ms).variants().all(|r| r.n == 7))
        .claim("where of nobody", |all| all.filter(|r| r.latency_p99 < 1.ms).where(#{ n: 1 }).best("cost_per_hour").n != 1)"#,
    ));
    for line in [
        "? open: of n=1 it is undecided: latency_p99_ms",
        "? only open: of n=1 it is undecided: latency_p99_ms",
        "✗ nobody: no variant does what `filter` asks for",
        "✗ of nobody: no variant does what `filter` asks for",
        "✗ nobody's level: no variant does what `filter` asks for",
        "✗ not nobody's: no variant does what `filter` asks for",
        "✗ all of nobody: no variant does what `filter` asks for",
        "✗ where of nobody: no variant does what `filter` asks for",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

/// A world that several experiments share compares its levels with those of all of them; also if each is run in turn.
#[test]
fn experiments_that_share_a_world_share_its_levels() {
    holds(
        r#"let world = |p| {
            let size = switch p.size { "small" => 10, "large" => 100, _ => 1 };
            let db = database("db", #{ read: 1.ms, write: 1.ms });
            let c = cache("c", #{ of: db, items: size });
            let w = web("w", #{ service: 1.ms, reads: c, writes: c });
            traffic("t", #{ to: w, rate: 10.rps, keys: uniform_keys(50) });
        };
        for size in ["small", "large"] {
            experiment("first " + size).vary("size", [size]).replications(2).duration(5.s).world(|p| {
                if p.size == "small" || p.size == "large" { print("known"); }
                let db = database("db", #{ read: 1.ms, write: 1.ms });
                traffic("t", #{ to: db, rate: 10.rps });
            }).run();
        }
        experiment("small").vary("size", ["small"]).replications(2).duration(5.s).world(world);
        experiment("large").vary("size", ["large"]).replications(2).duration(5.s).world(world);"#,
    );
}
