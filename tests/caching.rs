//! What a cache, its callers and its store do together, in small worlds whose figures can be told beforehand.

mod common;

/// A minute of a world, and what must be true of it.
fn holds(world: &str, claims: &str) {
    common::script::holds(&format!(
        "experiment(\"caching\").replications(5).duration(60.s).world(|p| {{ {world} }}){claims};"
    ));
}

/// Nobody touches the cache, which keeps what was first read of each of 20 keys; ten writes a second are answered at once, and stored 2 s later.
fn ack_first(strategy: &str, placement: &str, then: &str) -> String {
    format!(
        r#"let db = database("db", #{{ read: 5.ms, write: constant(2.s), connections: 1000 }});
        let c = cache("c", #{{ of: db, write: {strategy}, placement: "{placement}" }});
        let w = web("w", #{{ reads: c, writes: c }});
        traffic("t", #{{ to: w, rate: constant(50.rps), keys: uniform_keys(20), writes: 20.percent, users: 2 }});
        {then}"#
    )
}

#[test]
fn a_write_that_is_answered_before_it_is_stored_is_expected_from_then_on() {
    for placement in ["aside", "inline"] {
        let claims =
            ".expect(\"old\", |r| r.stale > 0.9).expect(\"own\", |r| r.read_your_writes_violations > 1000)
            .expect(\"none is lost\", |r| r.lost_writes == 0)";
        holds(&ack_first("[\"ack\", \"store\"]", placement, ""), claims);
    }
}

#[test]
fn promises_that_nobody_can_keep_are_lost_writes() {
    let dead = "at(30.s, \"crash\", || db.crash());";
    let all =
        ".expect(\"ten a second\", |r| r.lost_writes > 250).expect(\"no more\", |r| r.lost_writes < 360)";
    holds(&ack_first("[\"ack\", \"store\"]", "aside", dead), all);
    let kept = ".expect(\"stored first\", |r| r.lost_writes == 0)";
    holds(&ack_first("[\"store\", \"ack\"]", "aside", dead), kept);
}

/// A write a second from the first one on, stored 2 s after it was sent. Who sends it dies at 10.5 s; what has been sent by then is carried out,
/// as long as the store lives: it ends one at each full second, and if it dies at 11.5 s, the last one is lost.
#[test]
fn what_was_sent_to_the_store_is_carried_out_though_its_sender_has_died() {
    let world = |plan: &str, placement: &str, then: &str| {
        format!(
            r#"let db = database("db", #{{ read: 5.ms, write: constant(2.s), connections: 1000 }});
            let c = cache("c", #{{ of: db, write: {plan}, placement: "{placement}" }});
            let w = web("w", #{{ reads: c, writes: c }});
            traffic("t", #{{ to: w, rate: constant(1.rps), keys: sequential(1000), writes: 100.percent }});
            at(10.5.s, "crash", || {then});"#
        )
    };
    // The last column: what a cache that waits a second had not sent yet.
    let ways = [
        ("\"back\", flush: 1.s", "aside", "c", 1),
        ("\"back\", flush: 1.s", "inline", "c", 1),
        ("[\"ack\", \"store\"]", "aside", "w", 0),
        ("[\"ack\", \"store\"]", "inline", "c", 0),
    ];
    for (plan, placement, sender, unsent) in ways {
        for how in ["", "\"host\""] {
            let world = world(plan, placement, &format!("{sender}.crash({how})"));
            holds(&world, &format!(".expect(\"unsent\", |r| r.lost_writes == {unsent})"));
            let world = world + "at(11.5.s, \"and\", || db.crash());";
            holds(&world, &format!(".expect(\"one more\", |r| r.lost_writes == {})", unsent + 1));
        }
    }
}

/// Stored 61 ms after it was sent, a first write at 0, one more of the same key at 70 ms, while that is under way, and one of another key at 110 ms:
/// the second is due at 120 ms, before the third, though it stands in line only at 111 ms. What dies at 125 ms has sent it.
#[test]
fn what_is_written_while_its_key_is_stored_is_due_when_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "time,key,size,op\n0.000001,a,1,set\n0.070003,a,1,set\n0.110007,b,1,set\n")
        .unwrap();
    let world = format!(
        r#"let db = database("db", #{{ read: 1.ms, write: 61.ms, connections: 10 }});
        let c = cache("c", #{{ of: db, write: "back", flush: 50.ms }});
        let w = web("w", #{{ reads: c, writes: c }});
        traffic("t", #{{ to: w, rate: trace({path:?}, #{{ bootstrap: false }}) }});
        at(125.ms, "dies", || c.crash());"#
    );
    holds(&world, ".expect(\"the other key\", |r| r.lost_writes == 1)");
}

/// Four hundred reads a second of one key, loads of 50 ms, and a cache that is dead: each of two servers loads twenty times a second at most.
#[test]
fn servers_share_loads_when_their_cache_does_not_answer() {
    let world = r#"let db = database("db", #{ read: constant(50.ms), write: 5.ms, connections: 1000 });
        let c = cache("c", #{ of: db, stampede: "coalesce" });
        let w = web("w", #{ count: 2, reads: c, writes: c });
        traffic("t", #{ to: load_balancer("lb", #{ to: w }), rate: constant(400.rps), keys: uniform_keys(1) });
        at(0.s, "dead", || c.crash());"#;
    holds(world, ".expect(\"forty a second\", |r| r.of(\"db\").reads < 2_410)");
}

/// Twenty keys, ten reads a second, loads of 5 ms: nobody ever meets anybody. Both nodes are gone for ten seconds: a hundred look-ups without
/// an answer, and twenty loads before and after.
#[test]
fn callers_of_a_cluster_that_was_gone_find_its_owners_again() {
    for extra in ["stampede: \"lock\"", "fills: \"lease\"", "fills: \"versioned\""] {
        let world = format!(
            r#"let db = database("db", #{{ read: constant(5.ms), write: 5.ms }});
            let c = cache("c", #{{ of: db, nodes: 2, routing: "cluster", {extra} }});
            let w = web("w", #{{ reads: c, writes: c }});
            traffic("t", #{{ to: w, rate: constant(10.rps), keys: sequential(20) }});
            at(10.s, "crash", || c.crash()); at(20.s, "back", || c.recover());"#
        );
        holds(
            &world,
            ".expect(\"no lock is left\", |r| r.latency_max < 6.ms).expect(\"loads\", |r| r.cache_misses == 140)",
        );
    }
}

/// XFetch with loads of 1 s, two hundred look-ups a second and a life of 3 s: eleven loads a second by the paper's own formula
/// (Vattani et al. 2015, figure 2, played through).
#[test]
fn loads_that_overlap_are_as_long_as_each_of_them() {
    let world = r#"let db = database("db", #{ read: constant(1.s), write: 1.s, connections: 10000 });
        let c = cache("c", #{ of: db, ttl: 3.s, stampede: "early" });
        let w = web("w", #{ count: 1, reads: c });
        traffic("t", #{ to: w, rate: constant(200.rps), keys: uniform_keys(1) });"#;
    holds(
        world,
        ".warmup(30.s).expect(\"eleven a second\", |r| r.of(\"db\").completions > 550).expect(\"not more\", |r| r.of(\"db\").completions < 770)",
    );
}

/// Room for one of a hundred keys: a hundredth of the reads find theirs, and as many the one that waits to be stored.
#[test]
fn what_waits_to_be_stored_takes_room() {
    let world = r#"let db = database("db", #{ read: constant(1.ms), write: constant(1.ms), connections: 1000 });
        let c = cache("c", #{ of: db, items: 1, write: "back", flush: 1000.s });
        let w = web("w", #{ reads: c, writes: c });
        traffic("t", #{ to: w, rate: constant(100.rps), keys: uniform_keys(100), writes: 50.percent });"#;
    holds(world, ".expect(\"hardly any\", |r| r.cache_hit_ratio < 0.05)");
    let in_bytes = world
        .replace("items: 1,", "capacity: 100.bytes,")
        .replace("read: constant", "row: 100.bytes, read: constant");
    holds(&in_bytes, ".expect(\"hardly any\", |r| r.cache_hit_ratio < 0.05)");
}

/// A hundred rows' room for five thousand keys, written faster than the store takes them: writers wait for room, and get it.
#[test]
fn writers_who_wait_for_bytes_get_them() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 2.ms, row: 1.kib });
        let c = cache("c", #{ of: db, write: "back", capacity: 100.kib });
        let w = web("w", #{ service: 0.1.ms, reads: c, writes: c });
        traffic("t", #{ to: w, rate: 500.rps, writes: 50.percent, keys: zipf(5000, 0.6) });"#;
    holds(world, ".expect(\"all are served\", |r| r.availability == 1)");
}

/// A cache without a store that has room for three of five keys, and evicts none: two fifths of the writes are turned away, or more while it fills.
#[test]
fn the_only_copy_turns_away_what_it_has_no_room_for() {
    let world = r#"let c = cache("c", #{ eviction: "none", items: 3 });
        traffic("t", #{ to: c, rate: constant(50.rps), keys: uniform_keys(5), writes: 100.percent });"#;
    holds(
        world,
        ".expect(\"three of five\", |r| r.availability > 0.57).expect(\"no more\", |r| r.availability < 0.63)",
    );
}

/// A hundred keys that are too old after a second and served for ten more while they are loaded: who searches for what is too old leaves them there.
#[test]
fn a_search_for_what_is_too_old_leaves_what_is_still_served() {
    let world = |expiry: &str| {
        format!(
            r#"let db = database("db", #{{ read: constant(200.ms), write: 1.ms, connections: 1000 }});
        let c = cache("c", #{{ of: db, ttl: 1.s, stampede: "lock", poll: 50.ms, stale: 10.s{expiry} }});
        traffic("t", #{{ to: web("w", #{{ reads: c }}), rate: poisson(200.rps), keys: uniform_keys(100) }});"#
        )
    };
    for expiry in ["", ", expiry: \"sampled\""] {
        let claims = ".warmup(10.s).expect(\"they wait for no load\", |r| r.latency_mean < 65.ms)";
        holds(&world(expiry), claims);
    }
}

/// A cache that turns away what finds it busy.
#[test]
fn look_ups_without_an_answer_are_misses() {
    let busy = |placement: &str| {
        format!(
            r#"let db = database("db", #{{ read: constant(1.ms), write: 1.ms, connections: 100 }});
            let c = cache("c", #{{ of: db, placement: "{placement}", service: constant(20.ms), queue: 0 }});
            let w = web("w", #{{ reads: c, writes: c }});
            traffic("t", #{{ to: w, rate: constant(100.rps), keys: uniform_keys(1) }});"#
        )
    };
    for placement in ["inline", "aside"] {
        holds(&busy(placement), ".expect(\"every second\", |r| r.cache_misses > 2_900)");
    }
}

/// A node that has left dead hands nothing over, slot by slot, in ten seconds each.
#[test]
fn slots_of_a_dead_node_that_left_go_to_the_others_at_once() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms });
        let c = cache("c", #{ of: db, nodes: 4, routing: "cluster", placement: "inline" });
        let w = web("w", #{ count: 2, reads: c, writes: c, timeout: 100.ms });
        let lb = load_balancer("lb", #{ to: w });
        traffic("t", #{ to: lb, rate: constant(100.rps), keys: uniform_keys(200) });
        at(5.s, "crash", || c.crash("host")); at(8.s, "leave", || c.remove_node()); at(10.s, "back", || c.recover());"#;
    holds(world, ".expect(\"what came meanwhile, and little more\", |r| r.requests_failed < 1_000)");
}

/// Writes in front of the store take 300 ms there; whose slot has left its node meanwhile are put where it is now.
#[test]
fn a_node_in_front_of_its_store_follows_a_slot_that_has_left_it_while_it_wrote() {
    holds(
        r#"let db = database("db", #{ read: 5.ms, write: constant(300.ms), connections: 1000 });
        let c = cache("c", #{ of: db, nodes: 4, write: "through", placement: "inline", routing: "cluster", on_cache_error: "fail" });
        let w = web("w", #{ reads: c, writes: c });
        traffic("t", #{ to: w, rate: 200.rps, keys: uniform_keys(400), writes: 100.percent });
        at(30.s, || c[3].remove_node());"#,
        ".expect(\"nobody fails\", |r| r.availability >= 1)",
    );
}

/// Loads of half a second, five writes a second over twenty keys: who loads sees what was committed when it began. A dozen lines of Python
/// that play it through give 6.5 to 9.8 % stale reads (eight seeds); with leases none.
#[test]
fn a_slow_load_brings_back_what_may_be_old_by_then() {
    let world = |database: &str, fills: &str| {
        format!(
            r#"let db = database("db", #{{ {database}, connections: 1000 }});
            let c = cache("c", #{{ of: db, fills: "{fills}" }});
            let w = web("w", #{{ reads: c, writes: c }});
            traffic("t", #{{ to: w, rate: 100.rps, keys: uniform_keys(20), writes: 5.percent }});"#
        )
    };
    let declared = "read: constant(500.ms), write: constant(10.ms)";
    let some =
        ".warmup(10.s).expect(\"some\", |r| r.stale > 0.05).expect(\"and no more\", |r| r.stale < 0.12)";
    holds(&world(declared, "plain"), some);
    for members in [
        "replicas: 1",
        "replicas: 2, replication: \"majority\"",
        "replicas: 2, replication: \"quorum\"",
        "shards: 4",
    ] {
        holds(&world(&format!("{declared}, {members}"), "plain"), some);
    }
    let none = ".warmup(10.s).expect(\"none\", |r| r.stale == 0.0)";
    holds(&world(declared, "lease"), none);
    holds(&world(declared, "versioned"), none);
}

/// What a broker has sent to its consumer when the way between them is cut for half a second: TCP sends it again. Without connections it is lost,
/// and nobody asks for it: RabbitMQ goes on when it is acknowledged.
#[test]
fn a_short_cut_delays_what_connections_carry_and_loses_nothing() {
    let world = |connect: &str| {
        format!(
            r#"let q = queue("q", #{{ kind: "rabbitmq" }});
            let w = consumers("w", #{{ of: q, service: 10.ms, prefetch: 10 }});
            link(w, q, #{{ latency: 0.5.ms, connect: "{connect}" }});
            traffic("t", #{{ to: q, rate: 70.rps, keys: uniform_keys(300) }});
            at(30.s, "cut", || partition(w, q)); at(30.5.s, "healed", || heal(w, q));"#
        )
    };
    let all = ".warmup(10.s).expect(\"all\", |r| r.queue_backlog_end < 20).expect(\"soon\", |r| r.message_age_p99 < 2.s)";
    holds(&world("tcp"), all);
    // What RabbitMQ pushes is a stream whatever the link says.
    holds(&world("none"), all);
}

/// One key that expires each second and takes 95 ms to load, a hundred look-ups a second: with locks and `stale` the nine that come meanwhile get what has
/// expired. That is no fresh copy: of 1,008 look-ups in ten seconds (nine poll at first) ten loads, nine waits and eighty expired answers are misses.
#[test]
fn what_has_expired_is_no_hit() {
    let script = r#"experiment("stale").replications(2).duration(10.s).world(|p| {
        let db = database("db", #{ read: 95.ms, write: 1.ms, connections: 100 });
        let c = cache("c", #{ of: db, ttl: 1.s, stampede: "lock", poll: 95.ms, stale: 5.s });
        traffic("t", #{ to: web("w", #{ reads: c }), rate: constant(100.rps), keys: uniform_keys(1) });
    }).expect("misses", |r| r.cache_misses > 90).expect("few", |r| r.cache_misses < 105).expect("hits", |r| r.cache_hit_ratio < 0.91);"#;
    common::script::holds(script);
}

/// A dead cache does not look, whether callers ask the store instead or it stands before the store: half of the reads find something.
#[test]
fn look_ups_that_a_dead_cache_leaves_unanswered_are_misses_wherever_it_stands() {
    for (placement, dies) in [
        ("aside", "c.crash()"),
        ("inline", "c.crash()"),
        ("inline", "c.crash(\"host\")"),
        ("inline", "c.hang()"),
    ] {
        let world = format!(
            r#"let db = database("db", #{{ read: 3.ms, write: 5.ms }});
            let c = cache("c", #{{ of: db, placement: "{placement}" }});
            traffic("t", #{{ to: web("w", #{{ reads: c, timeout: 500.ms }}), rate: constant(10.rps), keys: uniform_keys(1) }});
            at(30050.ms, "dies", || {dies});"#
        );
        holds(
            &world,
            ".expect(\"half\", |r| r.cache_hit_ratio > 0.48).expect(\"no more\", |r| r.cache_hit_ratio < 0.51)",
        );
    }
}

/// Forty reads of a key that weighs 50,000 bytes, kept for 1 s and loaded anew by the cache itself from half of that on: no load of its own makes
/// it weigh what a row does.
#[test]
fn what_a_cache_loads_ahead_weighs_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows = (0..40).map(|row| format!("{}.{}5,a,50000,get\n", row / 10, row % 10));
    std::fs::write(&path, format!("time,key,size,op\n{}", rows.collect::<String>())).unwrap();
    for store in ["read: 1.ms, write: 1.ms, row: 1.kb", "model: \"key_value\", rows: 1000"] {
        let world = format!(
            r#"let db = database("db", #{{ {store} }});
            let c = cache("c", #{{ of: db, ttl: 1.s, refresh_ahead: 50.percent, capacity: 1.mb }});
            let w = web("w", #{{ reads: c, egress_price: 0.1 }});
            traffic("t", #{{ to: w, rate: trace({path:?}, #{{ bootstrap: false }}) }});"#
        );
        holds(
            &world,
            ".expect(\"bytes\", |r| r.of(\"w\").egress_bytes == 2_000_000).expect(\"loads\", |r| r.of(\"db\").reads > 5)",
        );
    }
}

/// Ten rows, each written once in two seconds and read 50 times a second from a replica that is 20 ms behind: most of those who miss after a write are told
/// the row as it was before it. What versions keep out is as stale as the replica is, and no longer.
#[test]
fn versions_keep_out_what_a_replica_tells_that_is_behind() {
    let world = |fills: &str| {
        format!(
            r#"let db = database("db", #{{ read: 2.ms, write: 2.ms, connections: 50, apply: 1.ms, replicas: 1, reads: "any" }});
            link(db, db, #{{ latency: 20.ms }});
            let c = cache("c", #{{ of: db, fills: "{fills}", ttl: 10.s }});
            let w = web("w", #{{ reads: c, writes: c }});
            traffic("t", #{{ to: w, rate: 505.rps, writes: 1.percent, keys: uniform_keys(10) }});"#
        )
    };
    holds(&world("plain"), ".expect(\"a third\", |r| r.stale_ratio > 0.3)");
    holds(
        &world("versioned"),
        ".expect(\"one in a hundred\", |r| r.stale_ratio < 0.02).expect(\"a cache still\", |r| r.cache_hit_ratio > 0.9)",
    );
}
