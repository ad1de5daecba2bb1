//! Members that are rebuilt, cut off or overloaded, and effects that come too late: small worlds whose figures can be counted by hand.

mod common;

fn script(world: &str, claims: &str) -> String {
    format!("experiment(\"rebuild\").replications(3).duration(40.s).world(|p| {{ {world} }}){claims};")
}

fn holds(world: &str, claims: &str) {
    common::script::holds(&script(world, claims));
}

/// When the first events of these names happened, in the first replication.
fn times<const N: usize>(world: &str, events: [&str; N]) -> [f64; N] {
    let rows = rows(world, "events.csv");
    events.map(|event| {
        let of = |row: &&csv::StringRecord| &row[1] == "0" && &row[4] == event;
        rows.iter().find(of).unwrap_or_else(|| panic!("no {event} in {rows:?}"))[2].parse().unwrap()
    })
}

fn replaced(settings: &str, rows: u32, whom: &str) -> String {
    format!(
        r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, heartbeat: 200.ms, down_after: 1.s, {settings} }});
        traffic("t", #{{ to: db, rate: constant(50.rps), keys: uniform_keys({rows}), writes: 20.percent }});
        at(5.s, "replace", || {whom}.replace());"#
    )
}

/// A copy costs as much as the shard has rows, to the row; a throttle holds, too; and an election time-out does not end a copy that takes longer.
#[test]
fn a_copy_takes_as_long_as_its_rows() {
    let took = |settings: &str, rows: u32, whom: &str| {
        let [begins, ends] = times(&replaced(settings, rows, whom), ["copy begins", "copy ends"]);
        ends - begins
    };
    let near = |took: f64, wanted: f64, what: &str| {
        assert!((took - wanted).abs() < 0.02, "{what}: {took}, not {wanted}")
    };
    for mode in ["async", "sync", "majority"] {
        for rows in [1, 100, 2500] {
            let settings = format!("replication: \"{mode}\", copy_row: 1.ms, connections: 100");
            near(took(&settings, rows, "db.replica(1)"), f64::from(rows) / 1e3, &format!("{mode} {rows}"));
        }
        let slow = format!("replication: \"{mode}\", copy_row: 4.ms, connections: 100");
        near(took(&slow, 2000, "db.replica(1)"), 8.0, mode);
        let held = format!("replication: \"{mode}\", copy_row: 1.us, copy_rate: 500.rps");
        near(took(&held, 1001, "db.replica(1)"), 2.0, mode);
        let sharded = format!(
            "replication: \"{mode}\", copy_row: 1.ms, shards: 4, sharding: \"range\", shard_key: \"id\""
        );
        near(took(&sharded, 1600, "db.shard(2).replica(1)"), 0.4, mode);
    }
}

/// Every machine of a database is replaced by an empty one: what it had acknowledged is lost, but where the storage is apart.
#[test]
fn what_nobody_has_any_more_is_lost() {
    let world = |mode: &str| {
        replaced(&format!("replication: \"{mode}\""), 100, "db.replica(0)")
            .replace("db.replica(0).replace()", "{ for n in 0..3 { db.replica(n).replace(); } }")
    };
    for mode in ["async", "semi_sync", "sync", "remote_apply", "majority", "quorum"] {
        let claims = ".expect(\"fifty of before\", |r| r.lost_writes > 25).expect(\"no more\", |r| r.lost_writes < 75)";
        holds(&world(mode), claims);
    }
    holds(
        &world("shared_storage"),
        ".expect(\"kept\", |r| r.lost_writes == 0).expect(\"served\", |r| r.availability > 0.9)",
    );
}

/// Three copies, all of which must write: one that is cut off is missed, as one that is dead.
#[test]
fn a_copy_that_is_cut_off_does_not_count() {
    let world = |w: u32| {
        format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, replication: "quorum", r: 1, w: {w}, heartbeat: 200.ms, down_after: 500.ms }});
            link(db, db, #{{ latency: 2.ms }});
            traffic("t", #{{ to: db, rate: constant(100.rps), keys: uniform_keys(100), writes: 50.percent, timeout: 1.s }});
            at(10.s, "cut", || db.replica(1).partition()); at(20.s, "whole", || db.replica(1).heal());"#
        )
    };
    let quarter = ".expect(\"an eighth of all\", |r| r.availability < 0.9).expect(\"no more\", |r| r.availability > 0.85)";
    holds(&world(3), quarter);
    holds(&world(2), ".expect(\"two are enough\", |r| r.availability > 0.97)");
}

/// A commit takes 41 ms, so ten connections do 244 a second. 300 a second wait, in every mode, and 200 do not.
#[test]
fn commits_of_a_majority_keep_their_connections() {
    for mode in ["sync", "majority"] {
        let world = |rate: u32| {
            format!(
                r#"let db = database("db", #{{ read: 1.ms, write: constant(1.ms), replicas: 2, replication: "{mode}", connections: 10 }});
                link(db, db, #{{ latency: 20.ms }});
                traffic("t", #{{ to: db, rate: constant({rate}.rps), keys: uniform_keys(1000), writes: 100.percent }});"#
            )
        };
        holds(
            &world(200),
            ".expect(\"41 ms\", |r| r.latency_p99 < 42.ms).expect(\"all\", |r| r.availability == 1.0)",
        );
        holds(
            &world(300),
            ".expect(\"a line\", |r| r.latency_p50 > 1.s).expect(\"nobody is turned away\", |r| r.availability == 1.0)",
        );
    }
}

/// A consumer gives up what takes longer than 200 ms; its database stands still for a second, and then does what it was asked. Whatever comes again is done
/// twice, unless the message's number is stored with its effect.
#[test]
fn effects_that_come_too_late_are_effects() {
    let world = |idempotent: bool| {
        format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, connections: 1000 }});
            let q = queue("q", #{{ kind: "rabbitmq" }});
            consumers("c", #{{ of: q, writes: db, timeout: 200.ms, threads: 50, prefetch: 50, service: 1.ms, idempotent: {idempotent} }});
            traffic("t", #{{ to: q, rate: constant(100.rps), writes: 100.percent, keys: uniform_keys(100) }});
            at(10.s, "hangs", || db.hang()); at(11.s, "goes on", || db.recover());"#
        )
    };
    holds(&world(false), ".expect(\"twice\", |r| r.messages_duplicated > 50)");
    holds(&world(true), ".expect(\"once\", |r| r.messages_duplicated == 0)");
}

/// The primary is cut off for ten seconds and comes back as a replica: commits that wait for it again wait a round trip, not for what had been asked of it
/// while it was away.
#[test]
fn a_member_that_is_back_is_asked_at_once() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 2, replication: "sync", heartbeat: 200.ms, down_after: 1.s, connections: 1000 });
        link(db, db, #{ latency: 2.ms });
        traffic("t", #{ to: db, rate: constant(500.rps), writes: 100.percent, keys: uniform_keys(100), timeout: 20.s });
        at(5.s, "cut", || db.replica(0).partition()); at(15.s, "whole", || db.replica(0).heal());"#;
    holds(world, ".expect(\"nobody waits for long\", |r| r.latency_max < 100.ms)");
}

/// The rows of a file of results.
fn rows(world: &str, file: &str) -> Vec<csv::StringRecord> {
    common::script::rows(&script(world, ""), file).1
}

/// How often events of this name happened, in all replications.
fn count(world: &str, event: &str) -> usize {
    rows(world, "events.csv").iter().filter(|row| row[4] == *event).count()
}

/// A figure over time: seconds and values.
fn figures(world: &str, metric: &str) -> Vec<(f64, f64)> {
    let rows = rows(world, "timeseries.csv").into_iter().filter(|row| row[5] == *metric);
    let figures: Vec<_> = rows.map(|row| (row[2].parse().unwrap(), row[6].parse().unwrap())).collect();
    assert!(!figures.is_empty());
    figures
}

/// Questions that nobody has answered while the machine was dead time out later; they say nothing of the new one.
#[test]
fn a_replica_that_was_dead_for_long_is_copied_once() {
    for gap in [3, 10, 20] {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 1, heartbeat: 1.s, down_after: 10.s, connections: 8, copy_row: 1.ms }});
            traffic("t", #{{ to: db, rate: constant(100.rps), keys: uniform_keys(4000), writes: 20.percent }});
            at(5.s, "dies", || db.replica(1).crash("host"));
            at({}.s, "replace", || db.replica(1).replace());"#,
            5 + gap
        );
        assert_eq!(count(&world, "copy begins"), 3, "{gap}");
    }
}

/// A primary that is away for 0.6 s when another is promoted hands over when it is back, whatever kept it away.
#[test]
fn a_primary_that_is_back_hands_over_what_it_has() {
    for (away, back) in [
        ("db.primary().partition()", "db.replica(0).heal()"),
        ("db.primary().hang()", "db.replica(0).recover()"),
        ("db.primary().crash()", "db.replica(0).recover()"),
        ("note(\"nothing\")", "note(\"nothing\")"),
    ] {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 2.ms, apply: 2.ms, replicas: 2, heartbeat: 1.s, down_after: 10.s }});
            link(db, db, #{{ latency: 20.ms }});
            traffic("t", #{{ to: db, rate: constant(100.rps), writes: 100.percent, keys: uniform_keys(100), timeout: 5.s }});
            at(13.9.s, "away", || {away}); at(14.s, "switch", || db.replica(2).promote()); at(14.5.s, "back", || {back});"#
        );
        holds(
            &world,
            ".expect(\"nothing is lost\", |r| r.lost_writes == 0).expect(\"soon\", |r| r.write_unavailable < 6.s)",
        );
        let leader = "db/replica-2";
        assert!(
            rows(&world, "events.csv").iter().any(|row| &row[3] == leader && &row[4] == "promoted"),
            "{away}"
        );
    }
}

/// Fifty writes a second for ten seconds, ten milliseconds of work each: the first that is missing when the replica is back is ten seconds old, and
/// it takes half of the time since to catch up, whatever had kept the replica away.
#[test]
fn a_replica_that_catches_up_is_as_old_as_what_it_lacks() {
    for (away, back) in [
        ("db.replica(1).crash()", "db.replica(1).recover()"),
        ("db.replica(1).hang()", "db.replica(1).recover()"),
        ("db.replica(1).partition()", "db.replica(1).heal()"),
    ] {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 2.ms, apply: constant(10.ms), appliers: 1, replicas: 1, heartbeat: 200.ms, down_after: 60.s }});
            link(db, db, #{{ latency: 5.ms }});
            traffic("t", #{{ to: db, rate: constant(50.rps), writes: 100.percent, keys: uniform_keys(100) }});
            at(10.s, "away", || {away}); at(20.s, "back", || {back});"#
        );
        for (second, lag) in figures(&world, "replica_lag_ms") {
            let due = 30_000.0 - second * 1e3;
            let is_right = !(21.0..29.5).contains(&second) || (due - 1.0..due + 700.0).contains(&lag);
            assert!(is_right, "{away}: {lag} at {second}");
        }
    }
}

/// Two thousand rows, half of which move: a row is there whether it was written since the run began or not, and is written at its new shard. One
/// connection writes them in 4 ms each.
#[test]
fn a_resharding_takes_as_long_as_its_rows_whoever_wrote_them() {
    let took = |writes: &str| {
        let world = format!(
            r#"let db = database("db", #{{ read: 1.ms, write: constant(4.ms), connections: 1, shards: 1, shards_max: 2, sharding: "range", copy_row: 1.us }});
            traffic("t", #{{ to: db, rate: constant(20.rps), writes: {writes}, keys: uniform_keys(2000) }});
            at(10.s, "two", || db.reshard(2));"#
        );
        let [begins, ends] = times(&world, ["reshard begins", "cut-over begins"]);
        ends - begins
    };
    let (unwritten, written) = (took("0.percent"), took("20.percent"));
    assert!((unwritten - 4.0).abs() < 0.2 && (written - 4.0).abs() < 0.5, "{unwritten} {written}");
}

/// One of three copies dies, and counts as dead after thirty seconds only: who reads asks another after the time that 99 of 100 reads take, as
/// Cassandra does by default. Without that a third of the reads wait for the dead one.
#[test]
fn reads_of_cassandra_do_not_wait_for_a_dead_copy() {
    let world = |more: &str, least: &str| {
        let world = format!(
            r#"let db = database("db", #{{ profile: "cassandra", rows: 10_000, replicas: 2, down_after: 30.s{more} }});
            traffic("t", #{{ to: db, rate: constant(100.rps), keys: zipf(10_000, 0.9), timeout: 1.s }});
            at(10.s, "dies", || db.replica(1).crash("host"));"#
        );
        holds(&world, &format!(".expect(\"available\", |r| r.availability {least})"));
    };
    world("", "> 99.9.percent");
    world(", speculative_retry: 29.s", "< 80.percent");
}

/// Who was primary until it died has shown everything until then: ten seconds later it is ten seconds behind, and not as long as the run.
#[test]
fn a_primary_that_died_is_behind_since_then() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 1, heartbeat: 200.ms, down_after: 1.s });
        traffic("t", #{ to: db, rate: constant(50.rps), writes: 100.percent, keys: uniform_keys(100) });
        at(20.s, "dies", || db.primary().crash("host"));"#;
    let of_old = rows(world, "timeseries.csv")
        .into_iter()
        .filter(|row| &row[5] == "replica_lag_ms" && &row[4] == "db/replica-0");
    let of_old: Vec<(f64, f64)> =
        of_old.map(|row| (row[2].parse().unwrap(), row[6].parse().unwrap())).collect();
    assert!(of_old.len() > 10);
    for (second, lag) in of_old {
        assert!((lag - (second - 20.0) * 1e3).abs() < 1_000.0, "{lag} at {second}");
    }
}

/// A replica that is being copied shows nothing: it is behind since its rows are gone, and nobody can be told to lead with them. What comes of a
/// copy is told of that one.
#[test]
fn a_replica_that_is_copied_is_behind_and_leads_nobody() {
    let world = |promote: &str| {
        format!(
            r#"let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 1, heartbeat: 200.ms, down_after: 1.s, copy_row: 10.ms, connections: 100 }});
            traffic("t", #{{ to: db, rate: constant(50.rps), writes: 100.percent, keys: sequential(500) }});
            at(10.s, "first", || db.replica(1).replace()); at(20.s, "second", || db.replica(1).replace());
            at(22.s, "promote", || {promote});"#
        )
    };
    let told = rows(&world("db.replica(1).promote()"), "events.csv");
    let of = |event: &str| told.iter().filter(|row| &row[1] == "0" && &row[4] == event).count();
    assert_eq!((of("promotion ignored"), of("promoted"), of("copy begins"), of("copy ends")), (1, 0, 2, 2));
    let ends = told.iter().filter(|row| &row[4] == "copy ends");
    let came = ends.map(|row| row[5].split(' ').next().unwrap().parse::<u32>().unwrap());
    assert!(came.clone().all(|rows| rows <= 700), "{:?}", came.collect::<Vec<_>>());
    let copied = figures(&world("note(\"nothing\")"), "replica_lag_ms");
    let at = |from: f64, to: f64| copied.iter().filter(move |(second, _)| (from..to).contains(second));
    assert!(at(12.0, 15.0).all(|(second, lag)| (lag - (second - 10.0) * 1e3).abs() < 300.0), "{copied:?}");
    assert!(at(17.0, 19.5).all(|(_, lag)| *lag < 300.0), "{copied:?}");
}
