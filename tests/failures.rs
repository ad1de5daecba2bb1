//! What is down, what it takes with it, and how it comes back.

mod common;

/// Three replications of a world, whose checks must hold.
fn holds(world: &str, rest: &str) {
    common::script::holds(&format!("experiment(\"e\").replications(3).world(|p| {{ {world} }}){rest};"));
}

const COUNTED: &str = r#"model: "key_value", rows: 5_000, storage: "memory", connections: 100"#;

/// 100 a second for 40 s; nobody answers from 10 s to 20 s.
#[test]
fn a_guest_starts_with_its_machine_and_not_before() {
    for guest in [
        format!("database(\"d\", #{{ {COUNTED}, statement_time: 2.ms, on: m }})"),
        "web(\"d\", #{ service: 2.ms, on: m, concurrency: 50 })".into(),
    ] {
        let world = format!(
            r#"let m = host("m", #{{ cores: 1 }}); let d = {guest};
            traffic("t", #{{ to: d, rate: constant(100.rps), timeout: 1.s, keys: uniform_keys(5_000) }});
            at(10.s, "dies", || m.crash()); at(15.s, "too early", || d.recover()); at(20.s, "back", || m.recover());"#
        );
        holds(
            &world,
            // Of the last second's some are told by a reset that the machine is back, and has begun anew.
            ".duration(40.s).expect(\"ten seconds\", |r| r.requests_timed_out + r.requests_failed > 998)
                .expect(\"no more\", |r| r.requests_timed_out + r.requests_failed < 1_003).expect(\"silence\", |r| r.requests_timed_out > 900)
                .expect(\"nobody works in vain\", |r| r.late_replies == 0)",
        );
    }
}

/// A log that goes to disk every ten seconds, at a time drawn for each run; 1,000 writes a second.
#[test]
fn what_a_process_has_logged_is_lost_with_its_host() {
    let world = |events: &str| {
        format!(
            r#"let d = database("d", #{{ {COUNTED}, log: "interval", sync_every: 10.s }});
            traffic("t", #{{ to: d, rate: constant(1_000.rps), writes: 100.percent, keys: uniform_keys(5_000), timeout: 5.s }});
            {events} at(17.s, "back", || d.recover());"#
        )
    };
    let process = "at(15_400.ms, \"process\", || d.crash());";
    let host = "at(15_500.ms, \"host\", || d.crash(\"host\"));";
    let lost = |check: &str| format!(".duration(20.s).expect(\"lost\", |r| r.lost_writes {check})");
    holds(&world(process), &lost("== 0"));
    holds(&world(&format!("{process} {host}")), &lost("> 2_000"));
    holds(
        &world(&format!(
            "{process} at(16.s, \"back\", || d.recover()); at(16_100.ms, \"host\", || d.crash(\"host\"));"
        )),
        &lost("< 110"),
    );
}

#[test]
fn a_shard_without_replicas_needs_no_coordinator() {
    let world = r#"let d = database("d", #{ read: 1.ms, write: 1.ms, shards: 4, heartbeat: 100.ms, down_after: 1.s });
        traffic("t", #{ to: d, rate: 500.rps, keys: uniform_keys(1_000), timeout: 1.s });
        at(10.s, "dies", || d.coordinator().crash("host")); at(20.s, "back", || d.coordinator().recover());"#;
    holds(world, ".duration(30.s).expect(\"all\", |r| r.availability == 1.0)");
}

/// Every copy has each acknowledged write (W = N); two machines are replaced 7 ms apart, while the first asks the second for its rows.
#[test]
fn a_copy_that_was_replaced_since_it_was_asked_is_no_source() {
    let world = r#"let d = database("d", #{ read: 1.ms, write: 2.ms, connections: 1_000, replicas: 2, replication: "quorum", r: 1, w: 3,
            heartbeat: 100.ms, down_after: 1.s, copy_row: 10.us });
        link(d, d, #{ latency: 5.ms });
        traffic("t", #{ to: d, rate: 400.rps, writes: 5.percent, keys: uniform_keys(2_000), users: 50, timeout: 800.ms });
        at(10.s, "one", || d.replica(1).replace()); at(10_007.ms, "another", || d.replica(2).replace());"#;
    holds(world, ".warmup(5.s).duration(25.s).expect(\"nothing old\", |r| r.stale_reads < 3)");
}

/// A copy in a region that dies is asked until it counts as dead, after `down_after`: reads that ask another one in time do not wait for that.
#[test]
fn a_read_asks_another_copy_when_one_does_not_answer_in_time() {
    let world = |more: &str| {
        format!(
            r#"let db = database("db", #{{ read: 2.ms, write: 3.ms, replicas: 2, replication: "quorum", {more}
                region: ["eu-west-1", "us-east-1", "us-west-2"] }});
            traffic("t", #{{ to: db, region: "eu-west-1", rate: 50.rps, keys: uniform_keys(100), timeout: 1.s }});
            at(10.s, "dies", || region("us-east-1").crash()); at(20.s, "is back", || region("us-east-1").recover());"#
        )
    };
    let measured = ".warmup(5.s).duration(20.s)";
    holds(
        &world("speculative_retry: 200.ms,"),
        &format!(
            "{measured}.expect(\"all\", |r| r.availability == 1.0).expect(\"late\", |r| r.latency_p99 > 300.ms).expect(\"only then\", |r| r.of(\"db/router\").speculative_reads < 520)"
        ),
    );
    holds(&world(""), &format!("{measured}.expect(\"half of the time\", |r| r.availability < 0.6)"));
    // Who answers in time is asked alone.
    holds(
        &world("speculative_retry: 900.ms, r: 1,"),
        &format!("{measured}.expect(\"none\", |r| r.of(\"db/router\").speculative_reads == 0)"),
    );
}

/// Records are those of the servers that there were at first; who comes later does not shift them.
#[test]
fn a_name_points_to_the_same_servers_when_a_tier_has_grown() {
    let world = r#"let old = web("old", #{ service: 1.ms }); let next = web("next", #{ service: 1.ms });
        let name = dns("shop.example", #{ to: [old, next], points_to: old, ttl: 1.s });
        traffic("t", #{ to: name, resolver: resolver("isp", #{}), users: 20, think: exponential(500.ms), browser_ttl: 1.s });
        let lb = load_balancer("lb", #{ to: old }); traffic("few", #{ to: lb, rate: 1.rps });
       at(5.s, "grows", || old.add_node()); at(10.s, "the other one", || { name.point_to(next); old.crash(); });"#;
    holds(
        world,
        ".warmup(15.s).duration(20.s).expect(\"all\", |r| r.of(\"next\").arrivals > 600).expect(\"none\", |r| r.of(\"old\").arrivals == 0)",
    );
}

#[test]
fn how_fast_it_will_be_can_be_said_of_who_is_down() {
    let world = r#"let w = web("w", #{ service: constant(10.ms) });
        traffic("t", #{ to: w, rate: constant(5.rps) });
        at(10.s, "slow", || w.slow(0.1)); at(11.s, "dies", || w.crash()); at(12.s, "mended", || w.slow(1)); at(13.s, "back", || w.recover());"#;
    holds(world, ".warmup(30.s).duration(40.s).expect(\"as ever\", |r| r.latency_max < 11.ms)");
}

/// Acknowledged before the work, a batch is nobody else's: members that come and go lose none of it, nor one that hung.
#[test]
fn a_share_that_was_acknowledged_is_done_before_it_is_given_up() {
    let world = |events: &str| {
        format!(
            r#"let q = queue("q", #{{ kind: "kafka", session: 10.s, partitions: 20 }});
            let w = consumers("w", #{{ of: q, count: 2, service: constant(2.ms), reset: "earliest", ack: "before" }});
            network(#{{ latency: 20.ms }});
            traffic("t", #{{ to: q, rate: steps([[0.s, 300.rps], [60.s, 0.rps]]), keys: uniform_keys(700) }});
            {events}"#
        )
    };
    let all = ".duration(100.s).expect(\"all\", |r| r.messages_lost == 0).expect(\"and nothing waits\", |r| r.queue_backlog_end == 0)";
    holds(&world("for i in 0..10 { at(10.s + i * 2.s, \"more\", || w.add_node()); }"), all);
    holds(&world("at(18.s, \"hangs\", || w[0].hang()); at(40.s, \"back\", || w[0].recover());"), all);
    // What a dead one had in hand is lost, and not waited for.
    let gone = ".replications(10).duration(100.s).expect(\"told\", |r| r.messages_lost > 0).expect(\"and nothing waits\", |r| r.queue_backlog_end == 0)";
    holds(&world("at(18.s, \"dies\", || w[0].crash()); at(40.s, \"back\", || w[0].recover());"), gone);
}

/// Messages of a connection that is over may still come when the next one is open; their numbers mean nothing there.
#[test]
fn what_comes_late_over_an_old_connection_takes_no_place_in_the_new_one() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: exponential(5.ms) });
        let q = queue("q", #{ kind: "rabbitmq", heartbeat: 10.s });
        let w = consumers("w", #{ of: q, count: 2, service: exponential(20.ms), writes: db, timeout: 500.ms });
        network(#{ latency: 20.ms });
        traffic("t", #{ to: q, rate: steps([[0.s, 20.rps], [40.s, 0.rps]]), keys: uniform_keys(7) });
        at(20.s, "dies", || w[0].crash("host")); at(22.s, "back", || w[0].recover());
        at(22.s, "dies too", || db.crash()); at(34.s, "back too", || db.recover());"#;
    let all = ".replications(20).seed(1137).duration(150.s).expect(\"all\", |r| r.queue_backlog_end == 0).expect(\"once\", |r| r.messages_duplicated == 0)";
    holds(world, all);
}

/// A query that all shards answer has all parts of a row at hand.
#[test]
fn a_query_over_all_shards_sums_a_row_that_is_split() {
    let world = r#"let d = database("d", #{ read: 1.ms, write: 1.ms, connections: 1_000, shards: 4, queries: 1.0, split: 1_000, split_reads: "sum" });
        traffic("t", #{ to: d, rate: 1_000.rps, writes: 50.percent, keys: uniform_keys(1_000) });"#;
    holds(world, ".warmup(2.s).duration(10.s).expect(\"exact\", |r| r.stale_reads == 0)");
}

/// Consumers that wait at a broker that is back from a crash get their empty answer in time, and ask again at once: none of the few messages
/// comes while nobody asks.
#[test]
fn who_waits_at_a_broker_that_was_down_waits_as_long_as_before() {
    for kind in ["\"sqs\", hosts: 3", "\"redis_streams\""] {
        let world = format!(
            r#"let q = queue("q", #{{ kind: {kind} }});
            let w = consumers("w", #{{ of: q, service: 1.ms, wait: 2.s }});
            traffic("t", #{{ to: q, rate: constant(0.1333.rps) }});
            at(3.s, "dies", || q.crash()); at(4.s, "back", || q.recover());"#
        );
        holds(&world, ".warmup(20.s).duration(400.s).expect(\"at once\", |r| r.message_age_p99 < 50.ms)");
    }
}

/// A producer that was down gives messages up in time as it did before: its callers hear of it after `delivery_timeout`.
#[test]
fn a_kafka_producer_that_was_down_gives_up_in_time() {
    let world = r#"let q = queue("q", #{ kind: "kafka", brokers: 1, replicas: 1, delivery_timeout: 5.s, request_timeout: 2.s, length: 100_000 });
        let w = web("w", #{ service: 1.ms, on_write: ["cpu", "publish"], publishes: q });
        traffic("t", #{ to: w, rate: constant(10.rps), writes: 100.percent });
        at(10.s, "dies", || w.crash()); at(11.s, "back", || w.recover()); at(20.s, "for good", || q[0].crash("host"));"#;
    holds(
        world,
        ".warmup(12.s).duration(60.s).expect(\"failed\", |r| r.requests_failed > 300).expect(\"in time\", |r| r.requests_in_flight_end < 80)",
    );
}

/// A server whose jobs share its processors has timers that mean nothing any more; none of them is the producer's.
#[test]
fn a_server_with_shared_processors_publishes_to_kafka() {
    let world = r#"let q = queue("q", #{ kind: "kafka" });
        let w = web("w", #{ service: exponential(5.ms), discipline: "processor_sharing", on_write: ["cpu", "publish"], publishes: q });
        consumers("c", #{ of: q, service: 1.ms });
        traffic("t", #{ to: w, rate: 100.rps, writes: 100.percent });"#;
    holds(
        world,
        ".duration(30.s).expect(\"all\", |r| r.messages_processed > 2_500).expect(\"served\", |r| r.availability == 1.0)",
    );
}

/// Acknowledgements that a cut holds up for longer than the broker waits for signs of life: those of the 20 messages that were on their way to
/// the worker then are processed again, and no others; nor is what a dying worker had said before.
#[test]
fn what_was_processed_and_not_acknowledged_is_processed_twice() {
    let world = |idempotent: bool, events: &str| {
        format!(
            r#"let q = queue("q", #{{ kind: "rabbitmq", heartbeat: 2.s }});
            let w = consumers("w", #{{ of: q, count: 2, service: exponential(1.ms), idempotent: {idempotent} }});
            link(q, w, #{{ latency: 100.ms }});
            traffic("t", #{{ to: q, rate: constant(200.rps) }});
            {events}"#
        )
    };
    let cut = "at(3.s, \"cut\", || partition(w, q)); at(13.s, \"whole\", || heal(w, q));";
    let dies = "at(3.s, \"dies\", || w[0].crash(\"host\")); at(4.s, \"back\", || w[0].recover());";
    let rest = |least: u32, most: u32| {
        format!(
            ".duration(60.s).expect(\"all\", |r| r.queue_backlog_end < 25).expect(\"twice\", |r| r.messages_duplicated >= {least})
            .expect(\"no others\", |r| r.messages_duplicated <= {most})"
        )
    };
    holds(&world(false, cut), &rest(15, 21));
    holds(&world(true, cut), &rest(0, 0));
    holds(&world(false, dies), &rest(0, 0));
}

/// One copy and the hints of the router have what is written while the others are cut off; both go. (What the router is sending as it dies is not
/// followed.)
#[test]
fn what_only_a_dead_router_and_a_lost_copy_had_is_lost() {
    let world = r#"let db = database("d", #{ read: 0.5.ms, write: 1.ms, connections: 500, replicas: 2, replication: "quorum", w: 1, r: 3,
            heartbeat: 100.ms, down_after: 500.ms });
        link(db, db, #{ latency: 1.ms });
        traffic("w", #{ to: db, rate: steps([[0.s, 300.rps], [10_500.ms, 0.rps]]), writes: 100.percent, keys: uniform_keys(3_000), timeout: 800.ms });
        traffic("r", #{ to: db, rate: steps([[0.s, 0.rps], [13.s, 300.rps]]), keys: uniform_keys(3_000), timeout: 800.ms });
        at(10.s, "cut", || { db.replica(1).partition(); db.replica(2).partition(); });
        at(12.s, "whole", || { db.replica(1).heal(); db.replica(2).heal(); });
        at(11_100.ms, "dies", || db.router().crash("host")); at(11_130.ms, "back", || db.router().recover());
        at(11_200.ms, "gone", || db.replica(0).replace());"#;
    let all = ".warmup(5.s).duration(40.s).expect(\"lost\", |r| r.lost_writes > 100).expect(\"and not old as well\", |r| r.stale_reads < 20)";
    holds(world, all);
}

/// A greeting that TCP brings late, to a replica that was greeted again meanwhile and has gone on: it takes back nothing for it. (A builder with
/// assertions stopped when the replica was promoted, without entries that all had confirmed.)
#[test]
fn a_greeting_that_comes_late_takes_nothing_back() {
    holds(
        r#"let db = database("db0", #{ read: 5.984.ms, write: lognormal(3.393.ms, 0.7), connections: 1, replicas: 4, replication: "sync",
                failover: false, shards: 4, shards_max: 6, sharding: "consistent", heartbeat: 100.ms, down_after: 300.ms });
            link(db, db, #{ latency: 3.62.ms, loss: 2.percent, connect: "tcp" });
            traffic("u0", #{ to: db, keys: uniform_keys(300), writes: 90.percent, rate: 144.rps, users: 20 });
            network(#{ latency: 2.086.ms, connect: "tls13" });
            at(3.s, "", || db.shard(0).replica(3).promote());"#,
        ".replications(12).duration(6.s).expect(\"nothing is lost\", |r| r.lost_writes == 0)",
    );
}

/// Redis is away for a moment while a consumer works: the entry is pending in the append-only file, and its acknowledgement is said again over the
/// next connection.
#[test]
fn an_acknowledgement_outlives_a_restart_of_redis() {
    let world = r#"let q = queue("q", #{ kind: "redis_streams", fsync: "always" });
        consumers("c", #{ of: q, service: constant(900.ms), claim_after: 3.s });
        traffic("t", #{ to: q, rate: constant(0.5.rps) });
        at(2500.ms, "away", || q.crash()); at(2600.ms, "back", || q.recover());"#;
    holds(
        world,
        ".duration(20.s).expect(\"once\", |r| r.messages_duplicated == 0).expect(\"all\", |r| r.messages_processed >= 8)",
    );
}

/// After a restart with nothing on disk entries are counted anew, but an ID of Redis is a time: an acknowledgement from before is for none of them. The
/// consumer that has the new entry dies with it in hand, and it comes back.
#[test]
fn an_old_acknowledgement_is_for_no_new_entry() {
    let world = r#"let q = queue("q", #{ kind: "redis_streams", fsync: "none" });
        let c = consumers("c", #{ of: q, count: 2, service: constant(3.s), claim_after: 2.s });
        traffic("t", #{ to: q, rate: constant(0.5.rps) });
        at(2500.ms, "away", || q.crash()); at(2600.ms, "back", || q.recover());
        at(6500.ms, "dies", || { c[0].crash(); c[1].crash(); }); at(6600.ms, "back", || c.recover());"#;
    holds(world, ".duration(40.s).expect(\"none\", |r| r.messages_lost == 0)");
}

/// A consumer of Kafka that its group has given up while it stood still hears of it when it asks for more: it does the rest of what it had fetched, and all
/// of that is done once more. (It fetches some hundred messages at 5.5 s, and has done a dozen of them by 6 s.)
#[test]
fn a_kafka_consumer_that_was_given_up_finishes_what_it_has_fetched() {
    let world = r#"let q = queue("q", #{ kind: "kafka", session: 4.s, rebalance_delay: 5.s });
        let c = consumers("c", #{ of: q, service: 40.ms, reset: "earliest" });
        traffic("t", #{ to: q, rate: constant(20.rps) });
        at(6.s, "stands still", || c.hang()); at(16.s, "goes on", || c.recover());"#;
    holds(
        world,
        ".duration(60.s).expect(\"all\", |r| r.messages_duplicated > 60).expect(\"once\", |r| r.messages_duplicated < 150)",
    );
}

/// max.poll.interval.ms: who has more in hand than can be done within it is given up again and again, and everything is done again and again.
#[test]
fn a_batch_that_takes_too_long_is_done_again_and_again() {
    let world = |batch: u32| {
        format!(
            r#"let q = queue("q", #{{ kind: "kafka", partitions: 4, rebalance_timeout: 20.s }});
            consumers("c", #{{ of: q, count: 2, batch: {batch}, service: 1.s, reset: "earliest" }});
            traffic("t", #{{ to: q, rate: steps([[0.s, 100.rps], [1.s, 0.rps]]), keys: uniform_keys(100) }});"#
        )
    };
    holds(&world(5), ".duration(600.s).expect(\"once\", |r| r.messages_duplicated == 0)");
    holds(&world(500), ".duration(600.s).expect(\"again and again\", |r| r.messages_duplicated > 500)");
}

/// 2 to 1 shards and back: what was to be erased at a machine that was silent reaches it when the rows have come back to it.
#[test]
fn an_erasure_that_comes_late_takes_no_row_that_has_come_back() {
    let world = r#"let db = database("db", #{ read: 0.54.ms, write: 3.ms, shards: 2, heartbeat: 150.ms, down_after: 2.s });
        link(db, db, #{ connect: "tcp" });
        traffic("t", #{ to: db, keys: zipf(50, 0.9), writes: 50.percent, rate: 143.rps, users: 20 });
        at(1300.ms, "in", || db.reshard(1)); at(1700.ms, "dies", || db.shard(1).primary().crash("host"));
        at(4200.ms, "out", || db.reshard(2)); at(6100.ms, "back", || db.recover());"#;
    holds(world, ".duration(15.s).expect(\"one copy of each row\", |r| r.stale_reads == 0)");
}

/// A worker that is busy to the end has what it has polled in hand, of however many partitions (max.poll.records): that much is done again.
#[test]
fn a_kafka_consumer_has_one_poll_in_hand() {
    for partitions in [4, 24] {
        let world = format!(
            r#"let q = queue("q", #{{ kind: "kafka", partitions: {partitions}, session: 10.s }});
            let w = consumers("w", #{{ of: q, count: 2, service: constant(20.ms), batch: 60, reset: "earliest" }});
            traffic("t", #{{ to: q, rate: steps([[0.s, 150.rps], [60.s, 0.rps]]), keys: uniform_keys(5_000) }});
            at(50.s, "hangs", || w[0].hang()); at(70.s, "back", || w[0].recover());"#
        );
        holds(
            &world,
            ".duration(3.minutes).expect(\"some of a poll\", |r| r.messages_duplicated > 5).expect(\"no more than it\", |r| r.messages_duplicated <= 61)
                .expect(\"all\", |r| r.messages_lost == 0).expect(\"nothing waits\", |r| r.queue_backlog_end == 0)",
        );
    }
}
