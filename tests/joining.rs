//! Machines that come while a world runs know and are known as those that were there from the start.

mod common;

use common::script::{holds, rows};

/// Ten milliseconds from a server in Tokyo to the member there, 150 to those elsewhere.
#[test]
fn a_server_that_comes_later_reads_from_the_nearest_member() {
    for database in [r#"reads: "nearest""#, r#"replication: "quorum", r: 1, w: 3"#] {
        let script = format!(
            r#"experiment("later").replications(2).warmup(10.s).duration(20.s).world(|p| {{
                regions("aws");
                let three = ["us-east-1", "ap-northeast-1", "eu-west-1"];
                let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, region: three, {database} }});
                let site = web("site", #{{ service: 4.ms, reads: db, region: "ap-northeast-1" }});
                let lb = load_balancer("lb", #{{ to: site, region: "ap-northeast-1" }});
                at(2.s, || site.add_node());
                traffic("users", #{{ to: lb, rate: 50.rps, keys: uniform_keys(100), region: "ap-northeast-1" }});
            }}).expect("all are near", |r| r.latency_p99 < 40.ms);"#
        );
        holds(&script);
    }
}

/// One process has one client library with one map of the nodes: it writes where it reads, whenever it hears of a new node.
#[test]
fn one_server_has_one_map_of_a_cache() {
    holds(
        r#"experiment("one map").replications(2).warmup(5.s).duration(115.s).world(|p| {
            let db = database("db", #{ read: 3.ms, write: 3.ms });
            let store = cache("store", #{ of: db, ttl: 600.s, write: "aside" });
            let site = web("site", #{ service: 0.1.ms, cores: 10, reads: store, writes: store });
            network(#{ latency: 1.ms });
            at(20.s, || store.add_node());
            traffic("users", #{ to: site, rate: 300.rps, writes: 5.percent, keys: uniform_keys(300) });
        }).expect("keys have moved", |r| r.keys_moved > 50)
          .expect("nothing old is read", |r| r.stale_reads == 0);"#,
    );
}

/// An empty machine has a log that agrees with nothing: the leader's next sign of life tells, also where nobody writes.
#[test]
fn an_empty_machine_is_filled_though_nobody_writes() {
    let script = r#"experiment("replaced").replications(1).warmup(5.s).duration(55.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 2, replication: "majority", down_after: 3.s });
        network(#{ latency: 5.ms });
        traffic("readers", #{ to: db, rate: 50.rps, keys: uniform_keys(1_000) });
        traffic("writers", #{ to: db, rate: steps([[0.s, 50.rps], [8.s, 0.rps]]), keys: uniform_keys(1_000), writes: 1.0 });
        at(10.s, || db.replica(1).crash());
        at(20.s, || db.replica(1).replace());
    });"#;
    let (header, rows) = rows(script, "events.csv");
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let (time, event) = (at("t_s"), at("event"));
    let told: Vec<f64> = rows
        .iter()
        .filter(|row| &row[event] == "copy ends")
        .map(|row| row[time].parse().expect("a number"))
        .collect();
    assert!(matches!(told[..], [at] if at < 22.0), "{told:?}");
    // A round trip that is longer than a heartbeat: what has come is not thrown away because it is told again.
    let far = script
        .replace("latency: 5.ms", "latency: 150.ms")
        .replace("down_after: 3.s", "down_after: 3.s, heartbeat: 100.ms");
    assert_eq!(rows_of(&far, "copy begins"), 1);
}

fn rows_of(script: &str, event: &str) -> usize {
    let (header, rows) = rows(script, "events.csv");
    let at = header.iter().position(|column| column == "event").expect("a column");
    rows.iter().filter(|row| &row[at] == event).count()
}

/// All requests wait for a database that hangs: no latency is told, and nothing is decided (it was taken for a latency of 0).
#[test]
fn who_is_answered_nothing_is_not_fast() {
    let script = r#"experiment("hangs").replications(1).duration(150.s).world(|p| {
        let db = database("db", #{ read: exponential(5.ms), write: exponential(5.ms) });
        let site = web("site", #{ count: 4, reads: db });
        let lb = load_balancer("lb", #{ to: site, policy: "least_connections" });
        autoscaler("scaler", #{ of: site, latency: 5.ms, period: 20.s, cooldown: 15.s, min: 1, max: 6 });
        traffic("users", #{ to: lb, rate: 300.rps, timeout: 5.s });
        at(60.s, || db.hang());
        at(125.s, || db.recover());
    });"#;
    let (header, rows) = rows(script, "events.csv");
    let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
    let (time, event) = (at("t_s"), at("event"));
    let of = |name: &str| -> Vec<f64> {
        rows.iter()
            .filter(|row| &row[event] == name)
            .map(|row| row[time].parse().expect("a number"))
            .collect()
    };
    assert!(!of("hang").is_empty());
    let meanwhile: Vec<f64> =
        of("scale_in").into_iter().filter(|time| (85.0..125.0).contains(time)).collect();
    assert!(meanwhile.is_empty(), "{meanwhile:?}");
}
