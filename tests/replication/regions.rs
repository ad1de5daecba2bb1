//! Regions that are cut off from each other, and live on.

use crate::common::script::{holds, rows};

/// Europeans and Americans, each with a shop in their region; the link between the regions breaks at 30 s and is mended at 90 s.
fn script(database: &str, (europeans, americans): (&str, &str), expects: &str) -> String {
    let replications = if expects.is_empty() { 1 } else { 3 };
    format!(
        r#"experiment("apart").replications({replications}).warmup(5.s).duration(115.s).window(5.s)
    .world(|p| {{
        let db = database("db", #{{ read: 1.ms, write: 2.ms, connections: 50, region: ["eu-central-1", "us-east-1"] }} + {database});
        let shop = #{{ service: 1.ms, cores: 8, reads: db, writes: db, timeout: 1.s }};
        let people = #{{ rate: constant(100.rps), keys: uniform_keys(200), timeout: 2.s }};
        traffic("eu", people + #{{ to: web("frankfurt", shop + #{{ region: "eu-central-1" }}), region: "eu-central-1", {europeans} }});
        traffic("us", people + #{{ to: web("virginia", shop + #{{ region: "us-east-1" }}), region: "us-east-1", {americans} }});
        at(30.s, || region("us-east-1").partition());
        at(90.s, || heal(region("us-east-1"), region("eu-central-1")));
    }}){expects};"#
    )
}

const WATCHED: &str = r#"#{ replicas: 1, reads: "nearest", heartbeat: 1.s, down_after: 10.s, "#;
const ALIKE: (&str, &str) = ("writes: 20.percent", "writes: 20.percent");

/// The figures of a traffic in each window, by the second with which it ends.
fn over_time(script: &str, traffic: &str, metric: &str) -> Vec<(f64, f64)> {
    let (header, rows) = rows(script, "timeseries.csv");
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let (component, named, t, value) = (at("component"), at("metric"), at("t_s"), at("value"));
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let wanted = rows.iter().filter(|row| &row[component] == traffic && &row[named] == metric);
    wanted.filter(|row| !row[value].is_empty()).map(|row| (number(&row[t]), number(&row[value]))).collect()
}

fn sum(figures: &[(f64, f64)], from: f64, to: f64) -> f64 {
    figures.iter().filter(|(t, _)| *t > from && *t <= to).map(|(_, value)| value * 5.0).sum()
}

#[test]
fn who_is_cut_off_from_the_primary_reads_on_and_writes_nothing() {
    for coordinator in ["", "coordinator_region: \"eu-central-1\""] {
        let script = script(&format!("{WATCHED}{coordinator} }}"), ALIKE, "");
        let [eu, us] = ["eu", "us"].map(|traffic| over_time(&script, traffic, "errors_per_s"));
        assert_eq!(sum(&eu, 0.0, 120.0), 0.0, "the primary is here: {coordinator}");
        let failed = sum(&us, 30.0, 95.0);
        assert!((1_080.0..1_320.0).contains(&failed), "60 s of 20 writes each: {failed}, {coordinator}");
        assert_eq!(sum(&us, 100.0, 120.0), 0.0, "it is over: {coordinator}");
    }
}

/// The primary's side is cut off from the coordinator: it is fenced `down_after` later and goes on answering reads; without that, whoever asks it
/// believes it as long as the cut lasts, and all that was written there is lost.
#[test]
fn callers_beside_an_old_primary_believe_it_until_they_hear_of_another() {
    let fenced = script(&format!("{WATCHED} coordinator_region: \"us-east-1\" }}"), ALIKE, "");
    let failed = sum(&over_time(&fenced, "eu", "errors_per_s"), 40.0, 95.0);
    assert!((880.0..1_120.0).contains(&failed), "50 s of 20 writes each, and no read: {failed}");
    let failed = sum(&over_time(&fenced, "us", "errors_per_s"), 45.0, 120.0);
    assert_eq!(failed, 0.0, "a primary of their own");
    let lost = ".expect(\"writes of ten seconds\", |r| r.lost_writes > 150).expect(\"no more\", |r| r.lost_writes < 260)";
    holds(&script(&format!("{WATCHED} coordinator_region: \"us-east-1\" }}"), ALIKE, lost));
    let all = ".expect(\"writes of a minute\", |r| r.lost_writes > 1_080).expect(\"no more\", |r| r.lost_writes < 1_320)
        .expect(\"nobody is refused for long\", |r| r.availability > 98.percent)";
    let free = format!("{WATCHED} coordinator_region: \"us-east-1\", fencing: false }}");
    holds(&script(&free, ALIKE, all));
}

/// Two of three copies are in Frankfurt.
#[test]
fn a_majority_on_one_side_serves_that_side() {
    let elected = "#{ replicas: 2, replication: \"majority\", reads: \"nearest\" }";
    let us = over_time(&script(elected, ALIKE, ""), "us", "errors_per_s");
    let failed = sum(&us, 30.0, 95.0);
    assert!((1_080.0..1_320.0).contains(&failed), "writes only: {failed}");
    let quorum = script("#{ replicas: 2, replication: \"quorum\" }", ALIKE, "");
    assert_eq!(sum(&over_time(&quorum, "eu", "errors_per_s"), 0.0, 120.0), 0.0);
    let failed = sum(&over_time(&quorum, "us", "errors_per_s"), 30.0, 95.0);
    assert!((5_600.0..6_300.0).contains(&failed), "all: {failed}");
}

/// A majority without its leader elects another one; the old leader's side goes on asking it, in vain.
#[test]
fn a_leader_of_the_smaller_side_leads_no_more() {
    let regions = "region: [\"us-east-1\", \"eu-central-1\", \"eu-central-1\"]";
    let elected = format!("#{{ replicas: 2, replication: \"majority\", reads: \"nearest\", {regions} }}");
    holds(&script(&elected, ALIKE, ".expect(\"nothing is lost\", |r| r.lost_writes == 0)"));
    let script = script(&elected, ALIKE, "");
    assert_eq!(sum(&over_time(&script, "eu", "errors_per_s"), 40.0, 120.0), 0.0, "they have one");
    let failed = sum(&over_time(&script, "us", "errors_per_s"), 30.0, 95.0);
    assert!((1_080.0..1_320.0).contains(&failed), "writes only: {failed}");
}

/// What one region has written comes to the other when the cut is healed: hints wait with those who wrote.
#[test]
fn hints_do_not_cross_a_cut() {
    let copies = "#{ replicas: 1, replication: \"quorum\", r: 1, w: 1, heartbeat: 1.s, down_after: 2.s }";
    let script = script(copies, ("writes: 100.percent", "writes: 0.percent"), "");
    let stale = over_time(&script, "us", "stale_ratio");
    let worst = |from: f64, to: f64| {
        stale
            .iter()
            .filter(|(t, _)| *t > from && *t <= to)
            .fold(0.0, |most: f64, (_, value)| most.max(*value))
    };
    assert!(worst(5.0, 30.0) < 0.1, "on their way");
    let least = stale.iter().filter(|(t, _)| *t > 60.0 && *t <= 90.0).map(|(_, value)| *value);
    assert!(least.fold(1.0, f64::min) > 0.9, "nearly every row has been written meanwhile");
    assert!(worst(100.0, 120.0) < 0.1, "all were handed over");
    assert_eq!(sum(&over_time(&script, "us", "errors_per_s"), 0.0, 120.0), 0.0, "a copy of their own");
}
