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

/// What one region has written comes to the other when the cut is healed: hints wait with those who wrote. (They are handed over one after the
/// other, a round trip of 90 ms each, and nobody writes from 45 s on: 200 rows would have come before the cut is over.)
#[test]
fn hints_do_not_cross_a_cut() {
    let copies = "#{ replicas: 1, replication: \"quorum\", r: 1, w: 1, heartbeat: 1.s, down_after: 2.s }";
    let writers = "writes: 100.percent, rate: steps([[0.s, 100.rps], [45.s, 0.rps]])";
    let script = script(copies, (writers, "writes: 0.percent"), "");
    let stale = over_time(&script, "us", "stale_ratio");
    let worst = |from: f64, to: f64| {
        stale
            .iter()
            .filter(|(t, _)| *t > from && *t <= to)
            .fold(0.0, |most: f64, (_, value)| most.max(*value))
    };
    assert!(worst(5.0, 30.0) < 0.1, "on their way");
    let least = stale.iter().filter(|(t, _)| *t > 75.0 && *t <= 90.0).map(|(_, value)| *value);
    assert!(least.fold(1.0, f64::min) > 0.9, "nearly every row has been written meanwhile");
    assert_eq!(worst(112.0, 120.0), 0.0, "all were handed over");
    assert_eq!(sum(&over_time(&script, "us", "errors_per_s"), 0.0, 120.0), 0.0, "a copy of their own");
}

/// Users of one site in two regions, through a balancer that stands in neither.
fn on_both_sides(database: &str, events: &str) -> String {
    format!(
        r#"experiment("both sides").replications(3).warmup(0.s).duration(20.s).world(|p| {{
    regions("aws");
    let db = database("db", #{{ read: 1.ms, write: 2.ms, heartbeat: 200.ms, down_after: 2.s, coordinator_region: "us-east-1" }} + {database});
    let site = #{{ cores: 4, service: 1.ms, reads: db, writes: db, timeout: 1.s }};
    let a = web("a", site + #{{ region: "eu-central-1" }});
    let b = web("b", site + #{{ region: "us-east-1" }});
    let lb = load_balancer("lb", #{{ to: [a, b] }});
    traffic("t", #{{ to: lb, users: 100, think: exponential(50.ms), writes: 50.percent, keys: uniform_keys(20), timeout: 2.s }});
    {events}
}}).expect("own writes are seen", |r| r.read_your_writes_violations == 0);"#
    )
}

/// Who has written to the new primary, and reads where only the old one is known: entries of its dead log are none of the session's.
#[test]
fn a_session_that_wrote_elsewhere_is_not_shown_another_history() {
    let cut = "at(7.s, || partition(region(\"eu-central-1\"), region(\"us-east-1\")));";
    let regions = "reads: \"read_your_writes\", region: [\"eu-central-1\", \"us-east-1\"]";
    let dies = format!("at(3.s, || db.replica(1).crash()); {cut} at(7.s, || db.replica(1).recover());");
    holds(&on_both_sides(&format!("#{{ replicas: 1, {regions} }}"), &dies));
    let three = "reads: \"read_your_writes\", region: [\"eu-central-1\", \"us-east-1\", \"eu-central-1\"]";
    holds(&on_both_sides(&format!("#{{ replicas: 2, {three} }}"), cut));
}

/// Only Frankfurt hears nothing of the coordinator: the old primaries name the new ones, also to who writes copies of rows.
#[test]
fn copies_of_rows_are_written_where_an_old_primary_says() {
    let script = |copied: u32| {
        format!(
            r#"experiment("copied").replications(1).warmup(0.s).duration(40.s).window(5.s).world(|p| {{
    regions("aws");
    let db = database("db", #{{ read: 1.ms, write: 5.ms, replicas: 1, shards: 2, copied: {copied}, heartbeat: 500.ms, down_after: 2.s, region: ["eu-central-1", "us-east-1"], coordinator_region: "ap-southeast-1" }});
    let a = web("a", #{{ cores: 4, service: 1.ms, reads: db, writes: db, region: "eu-central-1", timeout: 1.s }});
    traffic("ta", #{{ to: a, rate: 100.rps, writes: 50.percent, keys: zipf(2_000, 0.9), region: "eu-central-1", timeout: 2.s }});
    at(5.s, || partition(region("eu-central-1"), region("ap-southeast-1")));
    at(30.s, || heal(region("eu-central-1"), region("ap-southeast-1")));
}});"#
        )
    };
    let failed = |copied| sum(&over_time(&script(copied), "ta", "errors_per_s"), 10.0, 40.0);
    assert_eq!([failed(0), failed(20)], [0.0; 2]);
}
