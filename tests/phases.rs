//! Phases: parts of a run with figures of their own.

mod common;

use common::script::{holds, rows};
use std::collections::BTreeMap;

/// A shop whose database dies from 40 s to 60 s; jobs wait for it, a cache helps, users are known.
fn script(timing: &str, phases: &str, checks: &str) -> String {
    format!(
        r#"experiment("shop").replications(2).{timing}{phases}.world(|p| {{
            let db = database("db", #{{ read: exponential(4.ms), write: exponential(8.ms), connections: 8, price_per_hour: 2.0 }});
            let store = cache("store", #{{ of: db, items: 50, ttl: 5.s }});
            let jobs = queue("jobs", #{{ kind: "rabbitmq" }});
            consumers("workers", #{{ of: jobs, service: exponential(10.ms), count: 2 }});
            let site = web("site", #{{ service: exponential(2.ms), cores: 4, reads: store, writes: store, timeout: 300.ms, price_per_hour: 0.5 }});
            traffic("users", #{{ to: site, rate: 150.rps, writes: 10.percent, users: 40, keys: zipf(200, 0.9), timeout: 1.s }});
            traffic("buyers", #{{ to: jobs, rate: 20.rps, writes: 1.0 }});
            at(40.s, || db.hang());
            at(60.s, || db.recover());
        }}){checks};"#
    )
}

const TIMING: &str = "warmup(10.s).duration(90.s)";

/// The metrics of each row, by the text in `key`.
fn figures(script: &str, file: &str, key: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let (header, rows) = rows(script, file);
    let at = header.iter().position(|column| column == key).expect("a column");
    let number = |(column, cell): (&str, &str)| Some((column.to_string(), cell.parse().ok()?));
    rows.iter()
        .map(|row| (row[at].to_string(), header.iter().zip(row).filter_map(number).collect()))
        .collect()
}

/// What ends in one phase ends in no other: counts of phases without gaps between them add up to those of the whole, whatever happens meanwhile.
#[test]
fn phases_without_gaps_make_up_the_whole() {
    let phases = ".phase(\"before\", 10.s, 40.s).phase(\"outage\", 40.s, 60.s).phase(\"soon\", 60.s, 70.s).phase(\"after\", 70.s, 100.s)";
    let script = script(TIMING, phases, "").replace("replications(2)", "replications(1)");
    let parts = figures(&script, "phases.csv", "phase");
    let whole = &figures(&script, "summary.csv", "experiment")["shop"];
    let sum = |column: &str| parts.values().map(|part| part[column]).sum::<f64>();
    for column in [
        "requests_failed_count",
        "retries_count",
        "stale_reads_count",
        "lost_writes_count",
        "cache_misses_count",
        "late_replies_count",
        "messages_published_count",
        "messages_processed_count",
        "write_unavailable_s",
    ] {
        assert_eq!(sum(column), whole[column], "{column}");
    }
    assert!(
        whole["late_replies_count"] > 0.0 && whole["requests_failed_count"] > 100.0,
        "something has happened"
    );
    let ended = |of: &BTreeMap<String, f64>| of["requests_total_count"] - of["requests_in_flight_end_count"];
    assert_eq!(parts.values().map(ended).sum::<f64>(), ended(whole));
    let served = |of: &BTreeMap<String, f64>| of["throughput_per_s"] * of["sim_duration_s"];
    assert!((parts.values().map(served).sum::<f64>() - served(whole)).abs() < 0.2);
    assert_eq!(parts["outage"]["cost_per_hour"], 2.5);
    assert!(parts["before"]["availability_ratio"] == 1.0 && parts["outage"]["availability_ratio"] < 0.95);
    assert!(!parts["outage"].contains_key("queue_drain_s") && whole.contains_key("queue_drain_s"));
}

/// One that is all that is measured has its figures.
#[test]
fn the_whole_as_a_phase_is_the_whole() {
    let script =
        script(TIMING, ".phase(\"all\", 10.s, 100.s)", "").replace("replications(2)", "replications(1)");
    let part = figures(&script, "phases.csv", "phase").remove("all").expect("it is there");
    let whole = figures(&script, "summary.csv", "experiment").remove("shop").expect("it is there");
    let missing: Vec<&String> = whole.keys().filter(|column| !part.contains_key(*column)).collect();
    assert_eq!(missing, ["queue_backlog_max_count", "queue_drain_s"]);
    for (column, value) in &part {
        // (What is known of a difference are the edges of the buckets.)
        let is_largest = column.ends_with("_max_ms");
        let is_whole = column == "events_count" || column.starts_with("phase_");
        let near = if is_largest { 0.005 * value } else { 0.0 };
        assert!(is_whole || (whole[column] - value).abs() <= near, "{column}: {value} of {}", whole[column]);
    }
}

/// That somebody looks changes nothing.
#[test]
fn a_phase_leaves_the_run_as_it_is() {
    let of = |phases: &str| figures(&script(TIMING, phases, ""), "summary.csv", "replication");
    assert_eq!(of(""), of(".phase(\"odd\", 33.333.s, 47.1.s)"));
}

#[test]
fn checks_look_at_phases_and_their_components() {
    holds(&script(
        TIMING,
        ".phase(\"calm\", 10.s, 40.s).phase(\"outage\", 40.s, 60.s)",
        r#"
        .expect("all is well", |r| r.phase("calm").availability == 1)
        .expect("and then not", |r| r.phase("outage").availability < 95.percent)
        .expect("the database stands still", |r| r.phase("outage").of("db").completions < 10)
        .expect("and did not", |r| r.phase("calm").of("db").utilization > 3.percent)
        .expect("its users wait", |r| r.phase("outage").of("users").latency_p99 > r.phase("calm").of("users").latency_p99)
        .claim("as all see", |all| all.phase("outage").requests_failed > 100)"#,
    ));
}
