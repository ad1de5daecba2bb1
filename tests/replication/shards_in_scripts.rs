//! Shards, regions and quorums as a script sees them.

use crate::common::script::{holds, told};

/// A minute of a world, and what must be true of it.
fn experiment(world: &str, claims: &str) -> String {
    format!("experiment(\"shards\").replications(2).duration(60.s).world(|p| {{ {world} }}){claims};")
}

/// Rows of two shards whose replicas are always 10 ms behind: a query over both goes to the primaries, as a read of one row does.
#[test]
fn a_query_finds_members_that_are_near_enough_to_the_present() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 1, shards: 2, reads: "lag_bounded", max_lag: 5.ms, queries: 100.percent });
        link(db, db, #{ latency: 10.ms });
        traffic("t", #{ to: db, rate: constant(100.rps), writes: 30.percent, keys: uniform_keys(200) });"#;
    holds(&experiment(world, ".expect(\"all are answered\", |r| r.availability == 1)"));
}

/// A replica that refuses connections: for a second nobody knows, and queries go to the other members all the same.
#[test]
fn a_query_passes_over_a_replica_that_refuses() {
    for reads in ["any", "read_your_writes"] {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, shards: 2, reads: "{reads}", queries: 100.percent, heartbeat: 1.s, down_after: 5.s }});
            traffic("t", #{{ to: db, rate: constant(100.rps), writes: 10.percent, users: 5, keys: uniform_keys(200) }});
            at(20.s, "dies", || db.shard(0).replica(1).crash());"#
        );
        holds(&experiment(&world, ".expect(\"all are answered\", |r| r.availability == 1)"));
    }
}

/// Three regions with a copy each, and readers beside one of them: one copy is the near one; of two the farther is the nearer of the others.
#[test]
fn a_quorum_is_read_from_the_nearest_copies() {
    let world = |r: u32| {
        format!(
            r#"regions("aws");
            let db = database("db", #{{ read: 1.ms, write: 1.ms, replication: "quorum", replicas: 2, r: {r}, w: {r}, region: ["us-east-1", "eu-central-1", "ap-northeast-1"] }});
            let w = web("w", #{{ service: 0.ms, reads: db, writes: db, region: "eu-central-1" }});
            traffic("t", #{{ to: w, rate: constant(20.rps), writes: 20.percent, keys: uniform_keys(200), region: "eu-central-1", access: 0.ms }});"#
        )
    };
    for (r, low, high) in [(1, 1, 8), (2, 80, 110), (3, 200, 300)] {
        let claims = format!(
            ".expect(\"so far\", |r| r.read_latency_mean > {low}.ms).expect(\"no farther\", |r| r.read_latency_mean < {high}.ms)"
        );
        holds(&experiment(&world(r), &claims));
    }
}

/// Half of 120 reads of 10 ms a second for each of the two copies that are left.
/// Another copy is dead, or on the other side of an ocean, and its share is nobody's.
#[test]
fn what_a_copy_does_not_read_is_shared_by_the_others() {
    let dead = "replicas: 2, down_after: 2.s";
    let far = |regions: &str, others: u32| format!("replicas: {others}, region: [{regions}]");
    let (us, eu) = ("\"us-east-1\"", "\"eu-central-1\"");
    for (copies, one, another) in [
        (dead.to_string(), 1, 2),
        (far(&format!("{us}, {eu}, {eu}"), 2), 1, 2),
        (far(&format!("{us}, {eu}, {us}, {eu}, {us}"), 4), 1, 3),
        (far(&format!("{eu}, {eu}, {us}, {us}, {us}"), 4), 0, 1),
    ] {
        let (place, kill) = match copies.contains("region") {
            true => (format!(", region: {eu}, access: 0.ms"), ""),
            false => (String::new(), "at(1.s, \"dies\", || db.replica(0).crash(\"host\"));"),
        };
        let world = format!(
            r#"regions("aws");
            let db = database("db", #{{ read: 10.ms, write: 2.ms, connections: 1, replication: "quorum", r: 1, w: 2, {copies} }});
            traffic("t", #{{ to: db, rate: constant(120.rps), keys: uniform_keys(1000){place} }});
            {kill}"#
        );
        let even = |copy: u32| {
            format!(
                ".expect(\"{copy} is not the busier\", |r| r.of(\"db/replica-{copy}\").utilization < 65.percent)"
            )
        };
        holds(&experiment(&world, &[even(one), even(another)].concat()));
    }
}

/// One copy of five hardly answers: a request that asks it gives up, and asks another one as likely as not. One in 125 finds it three times.
#[test]
fn an_attempt_does_not_ask_whom_the_one_before_it_asked() {
    let world = r#"let db = database("db", #{ read: 5.ms, write: 2.ms, connections: 100, replication: "quorum", replicas: 4, r: 1, w: 5, down_after: 50.s });
        traffic("t", #{ to: db, rate: constant(50.rps), keys: uniform_keys(1000), timeout: 200.ms, attempts: 3 });
        at(0.s, "slow", || db.replica(2).slow(0.001));"#;
    holds(&experiment(world, ".expect(\"few give up\", |r| r.requests_timed_out < 70)"));
}

/// What shards are given to write, over what clients wrote: twice as much where a server writes twice, a part of it behind a cache that writes
/// the newest only.
#[test]
fn writes_are_amplified_by_whoever_writes_more() {
    let world = |load: &str| {
        format!(
            "let db = database(\"db\", #{{ read: 1.ms, write: 1.ms, connections: 20, shards: 4 }});\n{load}"
        )
    };
    let twice = "let w = web(\"w\", #{ reads: db, writes: db, on_write: [\"write\", \"write\"] });
        traffic(\"t\", #{ to: w, rate: 200.rps, writes: 30.percent, keys: uniform_keys(1000) });";
    holds(&experiment(
        &world(twice),
        ".expect(\"no less\", |r| r.write_amplification > 1.99).expect(\"no more\", |r| r.write_amplification < 2.01)",
    ));
    let later = "let c = cache(\"c\", #{ of: db, write: \"back\", flush: 1.s });
        traffic(\"t\", #{ to: web(\"w\", #{ reads: c, writes: c }), rate: 400.rps, writes: 50.percent, keys: uniform_keys(20) });";
    holds(&experiment(&world(later), ".expect(\"once a second\", |r| r.write_amplification < 0.12)"));
    let elsewhere = "let b = database(\"b\", #{ read: 1.ms, write: 1.ms });
        let load = #{ rate: constant(100.rps), writes: 100.percent, keys: uniform_keys(1000) };
        traffic(\"t\", load + #{ to: db });
        traffic(\"u\", load + #{ to: b });";
    holds(&experiment(
        &world(elsewhere),
        ".expect(\"half of all writes\", |r| r.write_amplification < 0.51)",
    ));
}

/// Denormalised copies on four shards, one of which is dead for 14 s: writes that it refuses are tried again, and count when they are made.
#[test]
fn writes_that_are_refused_are_no_writes() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms, connections: 20, shards: 4, queries: 10.percent, query_by: "country", denormalised: true });
        traffic("t", #{ to: db, rate: constant(200.rps), writes: 100.percent, keys: uniform_keys(1000) });
        at(5.s, "dies", || db.shard(2).crash());
        at(19.s, "is back", || db.shard(2).recover());"#;
    holds(&experiment(world, ".expect(\"two at most\", |r| r.write_amplification < 1.9)"));
}

/// A shard that is to get rows is dead, as is known when the resharding begins: writes do not wait for it, whether it refuses or is silent; and
/// that it never ends is told.
#[test]
fn writes_do_not_wait_for_a_new_home_that_is_known_to_be_dead() {
    for how in ["", "\"host\""] {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, connections: 20, shards: 4, shards_max: 8, heartbeat: 200.ms, down_after: 1.s }});
            traffic("t", #{{ to: db, rate: constant(200.rps), writes: 30.percent, keys: uniform_keys(1000), timeout: 1.s }});
            at(1.s, "dies", || db.shard(6).crash({how}));
            at(5.s, "reshard", || db.reshard(8));"#
        );
        let script = experiment(
            &world,
            ".expect(\"no waiting\", |r| r.write_latency_mean < 3.ms).expect(\"all\", |r| r.availability == 1)",
        );
        holds(&script);
        let told = told(&script);
        assert!(
            told.contains("warning: the resharding of db that began at 5 s was not over at the end"),
            "{told}"
        );
    }
}

/// Ranges of half the length: half of the rows move, and it comes to an end although shards have room for little more than they hold.
#[test]
fn ranges_are_split_when_shards_are_added() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms, connections: 20, shards: 4, shards_max: 8, sharding: "range", capacity: 300 });
        traffic("t", #{ to: db, rate: constant(200.rps), writes: 100.percent, keys: uniform_keys(1000) });
        at(30.s, "reshard", || db.reshard(8));"#;
    holds(&experiment(
        world,
        ".expect(\"half\", |r| r.keys_moved == 500).expect(\"all\", |r| r.availability == 1)",
    ));
}

/// A copy that begins anew while the new homes have a line of what they were sent before: it sends less until that is done, and ends.
#[test]
fn a_copy_that_begins_anew_does_not_drown_its_target() {
    let script = r#"experiment("anew").seed(332).replications(3).duration(60.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: exponential(2.ms), connections: 2, replicas: 3, replication: "semi_sync", heartbeat: 200.ms, down_after: 500.ms, shards: 4, sharding: "range", copy_row: 100.us });
        link(db, db, #{ latency: 10.ms });
        traffic("t", #{ to: db, rate: poisson(200.rps), writes: 30.percent, keys: uniform_keys(2000), timeout: 2.s });
        at(2042.ms, "reshard", || db.reshard(2));
        at(2145.ms, "promote", || db.shard(2).replica(2).promote());
    }).expect("it ends", |r| r.keys_moved > 0).expect("soon", |r| r.write_latency_mean < 100.ms);"#;
    holds(script);
}

/// 200 rows find room in four shards and not in two: what holds up the resharding is told. Who asks for the number that there is calls off what waits.
#[test]
fn shards_without_room_and_wishes_that_are_called_off_are_told() {
    let world = |capacity: u32, then: &str| {
        format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 0, shards: 4, shards_max: 8, capacity: {capacity} }});
            traffic("t", #{{ to: db, rate: constant(100.rps), writes: 90.percent, keys: uniform_keys(200) }});
            {then}"#
        )
    };
    let full = told(&experiment(&world(75, "at(20.s, \"fewer\", || db.reshard(2));"), ""));
    assert!(full.contains("(shards have no room for those that move to them)"), "{full}");
    let wishes = r#"at(20.s, "more", || db.reshard(8)); at(20.3.s, "one", || db.reshard(1)); at(20.6.s, "more", || db.reshard(8));"#;
    let off = told(&experiment(&world(1_000, wishes), ""));
    assert!(off.contains("there are 8 shards already; the one that waits is called off"), "{off}");
    assert!(!off.contains("was not over"), "{off}");
}
