//! The web tier: balancers, servers and the machines that they stand on, in small worlds whose figures can be told beforehand.

mod common;

use assert_cmd::Command;
use std::collections::HashMap;

fn script(world: &str, claims: &str) -> String {
    format!("experiment(\"tier\").replications(3).duration(60.s).world(|p| {{ {world} }}){claims};")
}

fn holds(world: &str, claims: &str) {
    common::script::holds(&script(world, claims));
}

/// What the nodes of a world counted in its first replication, by "component measure".
fn measures(world: &str) -> HashMap<String, f64> {
    let (headers, rows) = common::script::rows(&script(world, ""), "measures.csv");
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (replication, component, measure, value) =
        (column("replication"), column("component"), column("measure"), column("value"));
    let rows = rows.into_iter().filter(|row| &row[replication] == "0");
    rows.map(|row| (format!("{} {}", &row[component], &row[measure]), row[value].parse().unwrap())).collect()
}

/// Two servers at two thirds of what they can do. With a bound on open calls those who are bound wait at the balancer, and not at the server:
/// nothing else changes.
#[test]
fn who_is_bound_to_a_server_waits_for_that_one() {
    for how in ["sticky: \"cookie\"", "sticky: \"address\"", "policy: \"source\""] {
        for connections in [1, 2, 10] {
            let world = format!(
                r#"let w = web("w", #{{ count: 2, service: exponential(10.ms), sessions: "memory" }});
                let lb = load_balancer("lb", #{{ to: w, {how}, connections: {connections} }});
                traffic("t", #{{ to: lb, rate: poisson(130.rps), users: 100, addresses: 100 }});"#
            );
            let claims = ".expect(\"nobody is sent elsewhere\", |r| r.sessions_lost == 0)
                .expect(\"nobody fails\", |r| r.availability == 1.0)
                .expect(\"the same wait\", |r| r.latency_p50 < 40.ms)";
            holds(&world, claims);
        }
    }
}

/// The only server of some who wait dies: they go to the other one, and come back to nobody.
#[test]
fn who_waits_for_a_server_that_dies_goes_elsewhere() {
    let world = r#"let w = web("w", #{ count: 2, service: constant(10.ms), sessions: "token" });
        let lb = load_balancer("lb", #{ to: w, policy: "source", connections: 1, check: 100.ms, retries: 2 });
        traffic("t", #{ to: lb, rate: constant(90.rps), users: 100, addresses: 100, timeout: 5.s });
        at(20.s, "dies", || w[0].crash());
        at(40.s, "back", || w[0].recover());"#;
    holds(world, ".expect(\"all are answered\", |r| r.availability > 0.99)");
}

/// Ten seconds of refusals at 100 a second. A balancer with another server tries that one; one without has nobody to try.
#[test]
fn tries_that_were_made_are_counted() {
    let world = |count: u32, dead: &str| {
        format!(
            r#"let w = web("w", #{{ count: {count}, service: constant(1.ms) }});
            let lb = load_balancer("lb", #{{ to: w, retries: 5 }});
            traffic("t", #{{ to: lb, rate: constant(100.rps) }});
            at(10.s, "dies", || {dead}.crash());
            at(20.s, "back", || {dead}.recover());"#
        )
    };
    let of = |found: &HashMap<String, f64>, name: &str| found[&format!("lb {name}")];
    let alone = measures(&world(1, "w"));
    assert_eq!([of(&alone, "redispatched_count"), of(&alone, "no_server_count")], [0.0, 0.0]);
    let both = measures(&world(2, "w"));
    assert!((of(&both, "redispatched_count") - 1000.0).abs() < 3.0, "each call at both: {both:?}");
    let one = measures(&world(2, "w[0]"));
    assert!(
        (of(&one, "redispatched_count") - 1000.0).abs() < 3.0,
        "it is the next one's turn, and then again: {one:?}"
    );
}

/// A server that rests is not in service, and one that stands in two target groups is one.
#[test]
fn servers_in_service_are_those_that_take_somebody_new() {
    let world = r#"let a = web("a", #{ count: 2, service: constant(1.ms) });
        let b = web("b", #{ service: constant(1.ms) });
        let lb = load_balancer("lb", #{ to: a, routes: [[0, 9, b], [10, 19, a]], writes_to: b, max_fails: 1, fail_timeout: 100.s });
        traffic("t", #{ to: lb, rate: constant(100.rps), keys: uniform_keys(100) });"#;
    assert_eq!(measures(world)["lb servers_in_service_count"], 3.0);
    let dies = format!("{world} at(10.s, \"dies\", || a[0].crash());");
    // It rests in the group for the rest, where its failures were seen, and in that of the second route.
    assert_eq!(measures(&dies)["lb servers_in_service_count"], 2.0);
}

/// A machine that dies is found out as its guests are: checks find nobody, and calls to them get no answer.
#[test]
fn a_machine_takes_its_guests_with_it() {
    let world = |what: &str| {
        format!(
            r#"let h = host("h", #{{ cores: 2 }}); let other = host("other", #{{ cores: 2 }});
            let v = web("v", #{{ service: constant(5.ms), on: h }});
            let w = web("w", #{{ service: constant(5.ms), on: other }});
            let lb = load_balancer("lb", #{{ to: [v, w], check: 1.s }});
            traffic("t", #{{ to: lb, rate: constant(100.rps), timeout: 1.s }});
            {what}"#
        )
    };
    // Three checks of a second without an answer, begun a second after the last: 5 to 7 s of 50 calls each.
    let few = ".expect(\"until it is found out\", |r| r.availability > 0.94).expect(\"no sooner\", |r| r.availability < 0.97)";
    for what in ["crash", "hang"] {
        holds(&world(&format!("at(20.s, \"gone\", || h.{what}());")), few);
    }
    let back = world("at(20.s, \"dies\", || h.crash()); at(30.s, \"back\", || h.recover());");
    holds(&back, few);
    let found = measures(&back);
    assert_eq!(found["lb servers_in_service_count"], 2.0, "both take calls again");
}

/// Ten friends each: a graph follows references, a document store finds each friend's document by an index, a table each friendship.
#[test]
fn friends_of_friends_are_nearest_in_a_graph() {
    let costs = |model: &str| {
        format!(
            "(|all| all.where(#{{ model: \"{model}\" }}).latency_p50 > all.where(#{{ model: \"graph\" }}).latency_p50)"
        )
    };
    let script = format!(
        "experiment(\"friends\").vary(\"model\", [\"graph\", \"document\", \"relational\"]).replications(3).duration(20.s).world(|p| {{
            let db = database(\"d\", #{{ model: p.model, rows: 5000, friends: 10, storage: \"memory\" }});
            traffic(\"t\", #{{ to: db, rate: constant(50.rps), asks: \"friends_of_friends\", keys: uniform_keys(5000) }});
        }}).claim(\"documents\", {}).claim(\"tables\", {});",
        costs("document"),
        costs("relational")
    );
    common::script::holds(&script);
}

/// A machine that only stood still does not bring back who had died on it.
#[test]
fn a_machine_that_stood_still_starts_nobody() {
    let world = |back: &str| {
        format!(
            r#"let h = host("h", #{{ cores: 2 }});
            let w = web("w", #{{ service: constant(5.ms), on: h }});
            traffic("t", #{{ to: w, rate: constant(100.rps), timeout: 1.s }});
            at(20.s, "dies", || w.crash()); at(21.s, "still", || h.{back}()); at(30.s, "back", || h.recover());"#
        )
    };
    holds(&world("hang"), ".expect(\"a third\", |r| r.availability < 0.35)");
    holds(&world("crash"), ".expect(\"five sixths\", |r| r.availability > 0.8)");
}

/// Ten answers of 100,000 bytes over 100,000 bytes per second, from servers that read nowhere: a way of 10 ms each, work of 1 ms, and a second.
#[test]
fn what_a_trace_weighs_is_sent_by_who_reads_nowhere_too() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..10).map(|row| format!("{}.5,k{},100000,get\n", row * 2, row % 3));
    std::fs::write(folder.path().join("t.csv"), format!("time,key,size,op\n{}", rows.collect::<String>()))
        .unwrap();
    let world = r#"network(#{ latency: 10.ms, bandwidth: 100.kb });
        let w = web("w", #{ service: 1.ms });
        traffic("t", #{ to: w, rate: trace("t.csv", #{ bootstrap: false }) });"#;
    let path = folder.path().join("tier.rhai");
    std::fs::write(&path, script(world, "")).unwrap();
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args([
        "-q",
        "--check",
        "latency_p50_ms > 1015",
        "--check",
        "latency_max_ms < 1026",
    ]);
    command.arg("-o").arg(folder.path().join("out")).assert().success();
}

/// Ten reads of three keys that weigh 5,000, 6,000 and 7,000 bytes: what a row weighs by the schema (10 columns of 100 bytes) counts only where
/// nobody tells, at one node, at members, by quorum, at voters, beside a cache; a page made of other answers weighs what the trace says too.
#[test]
fn what_a_trace_weighs_is_sent_whatever_a_database_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows = (0..10).map(|row| format!("{}.5,{},{},get\n", row, row % 3, 5_000 + row % 3 * 1_000));
    std::fs::write(&path, format!("time,key,size,op\n{}", rows.collect::<String>())).unwrap();
    let due = f64::from((0..10).map(|row| 5_000 + row % 3 * 1_000).sum::<i32>());
    let counted = "model: \"key_value\", rows: 1000";
    for (database, tier) in [
        ("read: 1.ms, write: 1.ms, row: 1.kb", "reads: db"),
        (counted, "reads: db"),
        ("model: \"key_value\", rows: 1000, replicas: 1", "reads: db"),
        ("model: \"key_value\", rows: 1000, replicas: 2, replication: \"quorum\"", "reads: db"),
        ("model: \"key_value\", rows: 1000, replicas: 2, replication: \"majority\"", "reads: db"),
        ("model: \"key_value\", rows: 1000, shards: 2", "reads: db"),
        (counted, "reads: c"),
        ("model: \"relational\", rows: 1000", "reads: db, on_read: [\"read\", \"columns\"]"),
    ] {
        let measured = measures(&format!(
            r#"let db = database("db", #{{ {database} }});
            let c = cache("c", #{{ of: db, capacity: 1.mb }});
            let w = web("w", #{{ {tier}, service: 1.ms, egress_price: 0.1 }});
            traffic("t", #{{ to: w, rate: trace({path:?}, #{{ bootstrap: false }}) }});"#
        ));
        assert_eq!(measured["w egress_bytes"], due, "{database} {tier}");
    }
}

/// Five reads of 100,000 bytes, a copy that is old after half a second and given out for three more: nobody wants anything when it is fetched anew.
#[test]
fn what_an_edge_fetches_by_itself_weighs_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let rows = (0..5).map(|row| format!("{row}.5,k,100000,get\n"));
    std::fs::write(&path, format!("time,key,size,op\n{}", rows.collect::<String>())).unwrap();
    let counted = ", reads: database(\"db\", #{ model: \"key_value\", rows: 1000 })";
    for (store, etag, fetched) in [
        ("", true, 100_000.0),
        ("", false, 500_000.0),
        (counted, true, 100_000.0),
        (counted, false, 500_000.0),
    ] {
        let measured = measures(&format!(
            r#"let w = web("w", #{{ service: 1.ms, etag: {etag}{store} }});
            let c = cdn("c", #{{ of: w, ttl: 500.ms, stale_while_revalidate: 3.s }});
            traffic("t", #{{ to: c, rate: trace({path:?}, #{{ bootstrap: false }}) }});"#
        ));
        let of_edge = |measure: &str| {
            let found = measured.iter().find(|(name, _)| name.starts_with("c ") && name.ends_with(measure));
            *found.unwrap().1
        };
        assert_eq!((of_edge(" egress_bytes"), of_edge(" origin_bytes")), (500_000.0, fetched), "{store}");
    }
}

/// Every request takes 3 s, whoever else there is; the target is 3.5 s. While nothing has been answered, nothing is known.
#[test]
fn a_latency_below_its_target_adds_no_server() {
    for period in ["1.s", "5.s"] {
        let measured = measures(&format!(
            r#"let w = web("w", #{{ service: constant(3.s), cores: 1000 }});
            let lb = load_balancer("lb", #{{ to: w }});
            autoscaler("s", #{{ of: w, period: {period}, min: 1, max: 100, latency: 3500.ms }});
            traffic("t", #{{ to: lb, rate: steps([[0.s, 10.rps], [20.s, 60.rps]]) }});"#
        ));
        assert_eq!(measured["s added_count"], 0.0, "{period}");
    }
}

/// Two servers at 15 % each, one of which dies. The measure is decided on a while after it was taken, when the next round is under way: the dead one
/// stays on top of those that are wanted, and the living one stays.
#[test]
fn a_dead_server_is_no_capacity_however_late_it_is_decided() {
    for delay in ["0.s", "3.s", "8.s"] {
        let world = format!(
            r#"let w = web("w", #{{ count: 2, service: exponential(10.ms) }});
            let lb = load_balancer("lb", #{{ to: w, check: 500.ms, timeout: 2.s }});
            autoscaler("s", #{{ of: w, period: 5.s, delay: {delay}, cooldown: 20.s, min: 1, max: 6, utilization: 60.percent, replace: "never" }});
            traffic("t", #{{ to: lb, rate: 30.rps, timeout: 5.s }});
            at(10.s, "dies", || w[0].crash("host"));"#
        );
        holds(&world, ".expect(\"one goes on\", |r| r.availability > 0.95)");
    }
}

/// An autoscaler whose machine was down goes on when it is back: also if it died while it waited for servers.
#[test]
fn an_autoscaler_that_is_back_goes_on() {
    for away in ["12.s", "26.s"] {
        let measured = measures(&format!(
            r#"regions("aws");
            let w = web("w", #{{ service: constant(10.ms), region: "us-east-1" }});
            let lb = load_balancer("lb", #{{ to: w, region: "us-east-1" }});
            autoscaler("s", #{{ of: w, region: "eu-central-1", period: 2.s, boot: 4.s, cooldown: 3.s, min: 1, max: 10, utilization: 60.percent }});
            traffic("t", #{{ to: lb, rate: steps([[0.s, 30.rps], [25.s, 150.rps]]), region: "us-east-1" }});
            at({away}, "dies", || region("eu-central-1").crash());
            at(30.s, "back", || region("eu-central-1").recover());"#
        ));
        assert!(measured["s added_count"] >= 2.0, "{away}: {measured:?}");
    }
}

/// 1.8 servers' worth of work, a target of 60 %: three are wanted of six. A figure that is told late is of the servers that there were then, however
/// many there are now: it is not counted twice.
#[test]
fn a_late_figure_is_of_those_that_were_asked() {
    let measured = measures(
        r#"let w = web("w", #{ count: 6, service: constant(10.ms) });
        autoscaler("s", #{ of: w, period: 2.s, delay: 20.s, cooldown: 3.s, min: 1, max: 10, utilization: 70.percent });
        traffic("t", #{ to: load_balancer("lb", #{ to: w }), rate: constant(180.rps) });"#,
    );
    assert_eq!((measured["s removed_count"], measured["s added_count"]), (3.0, 0.0));
}

/// Browsers keep files for so long as the site says, also if there is no edge before it.
#[test]
fn a_site_without_an_edge_says_how_long_browsers_keep_its_files() {
    let measured = measures(
        r#"let site = website("site", #{ pages: 10, assets: 20, per_page: 2, changes: 0.1, page_max_age: 1.s, asset_max_age: 600.s });
        let lb = load_balancer("lb", #{ to: site });
        traffic("t", #{ to: lb, users: 5, keys: uniform_keys(10), browser_slots: 64, think: 1.s });"#,
    );
    assert!(measured["t browser_hits_count"] > 100.0, "{measured:?}");
}

/// Calls at 0, 10, 60 and 61 ms. `a` works for a second at a time, `b` for 100 ms and is dead until 50 ms: the second call was refused by it and
/// waits for `a`; the others need not.
#[test]
fn who_may_not_go_to_a_server_lets_those_behind_it_go_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "time,key,size,op\n0.000,k,1,get\n0.010,k,1,get\n0.060,k,1,get\n0.061,k,1,get\n")
        .unwrap();
    let world = |bound: &str| {
        format!(
            r#"let a = web("a", #{{ service: constant(1.s) }}); let b = web("b", #{{ service: constant(100.ms) }});
            let lb = load_balancer("lb", #{{ to: [a, b], connections: 1, retries: 1{bound} }});
            link(lb, b, #{{ latency: 5.ms }});
            traffic("t", #{{ to: lb, rate: trace({path:?}, #{{ bootstrap: false }}) }});
            at(1.us, "dies", || b.crash()); at(50.ms, "back", || b.recover());"#
        )
    };
    holds(
        &world(""),
        ".expect(\"the third\", |r| r.latency_p50 < 250.ms).expect(\"1000, 1990, 110 and 219 ms\", |r| r.latency_mean < 832.ms)",
    );
    holds(&world(", queue_timeout: 300.ms"), ".expect(\"the second\", |r| r.requests_rejected == 1)");
}

/// A server that comes back has a line of 80 s to grow along, whatever one writes for equal weights: 3,000 calls come from 0.5 to 3.5 s of it.
#[test]
fn equal_weights_grow_alike_however_they_are_written() {
    let of_back = ["[1, 1]", "[5, 5]", "[100, 100]"].map(|weights| {
        let measured = measures(&format!(
            r#"let a = web("a", #{{ service: 1.us }}); let b = web("b", #{{ service: 1.us }});
            let lb = load_balancer("lb", #{{ to: [a, b], check: 100.ms, rise: 1, fall: 1, policy: "weighted", slow_start: 80.s, weights: {weights} }});
            traffic("t", #{{ to: lb, rate: constant(1000.rps) }});
            at(1.s, "dies", || b.crash()); at(2.s, "back", || b.recover());"#
        ));
        measured["b requests_count"]
    });
    assert!(of_back.iter().all(|count| (count - of_back[0]).abs() <= 25.0), "{of_back:?}");
}

/// Who is nobody in particular has no writes of one's own.
#[test]
fn without_users_nobody_misses_own_writes() {
    let world = r#"let db = database("db", #{ read: 1.ms, write: 1.ms }); traffic("t", #{ to: db, writes: 50.percent, rate: 10.rps });"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tier.rhai");
    std::fs::write(&path, script(world, ".expect(\"own\", |r| r.read_your_writes_violations == 0)")).unwrap();
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let run =
        command.arg("run").arg(&path).args(["-q", "-o"]).arg(folder.path().join("out")).output().unwrap();
    assert_eq!(run.status.code(), Some(99));
    let told = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
    assert!(told.contains("read_your_writes_violations_count was not measured"), "{told}");
}

/// A user asks three times before the first answer has come: nobody can have asked about a copy. A second later the copy is asked about, and still good.
#[test]
fn a_copy_is_revalidated_if_somebody_asked_about_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    for (again, revalidated) in [("", 0.0), ("1.5,k,1\n", 1.0)] {
        std::fs::write(&path, format!("time,key,client\n0.0,k,1\n0.01,k,1\n0.02,k,1\n{again}")).unwrap();
        let measured = measures(&format!(
            r#"let db = database("db", #{{ read: 50.ms, write: 50.ms, connections: 10 }});
            let c = cdn("c", #{{ of: db, ttl: 10.ms }});
            traffic("t", #{{ to: c, rate: trace({path:?}, #{{ bootstrap: false }}), users: 1, browser_slots: 4, max_age: 1.s }});"#
        ));
        assert_eq!(measured["t browser_revalidated_count"], revalidated, "{again}");
    }
}

/// One server of four gets all requests, 50 a second of 60 ms; the target is 30 ms: twice as many are wanted, whoever stands idle.
#[test]
fn a_latency_is_that_of_requests_and_not_of_servers() {
    let measured = measures(
        r#"let w = web("w", #{ count: 4, cores: 100, service: constant(60.ms) });
        let lb = load_balancer("lb", #{ to: w, policy: "consistent_hash" });
        autoscaler("s", #{ of: w, latency: 30.ms, period: 10.s, boot: 1.s, cooldown: 10.s, max: 8 });
        traffic("t", #{ to: lb, rate: constant(50.rps) });"#,
    );
    assert_eq!((measured["s added_count"], measured["s removed_count"]), (4.0, 0.0));
}

/// One server is too little for what takes two and a half: another is ordered, which takes 20 s. What a script adds meanwhile is not that one: there
/// are two, and one comes, so that of four at most one more is ordered.
#[test]
fn who_is_added_by_hand_is_not_taken_for_who_was_ordered() {
    let measured = measures(
        r#"let w = web("w", #{ service: constant(8.ms), queue: 100 });
        let lb = load_balancer("lb", #{ to: w });
        autoscaler("s", #{ of: w, utilization: 50.percent, period: 5.s, boot: 20.s, cooldown: 100.s, max: 4 });
        traffic("t", #{ to: lb, rate: constant(300.rps) });
        at(12.s, "by hand", || w.add_node());"#,
    );
    assert_eq!(measured["s added_count"], 3.0);
}

/// A tier that is too large shrinks; when a script takes one away itself, the autoscaler waits for its cool-down.
#[test]
fn a_server_taken_away_by_hand_is_a_change_too() {
    let removed = |by_hand: &str| {
        measures(&format!(
            r#"let w = web("w", #{{ count: 6, service: constant(8.ms) }});
            let lb = load_balancer("lb", #{{ to: w }});
            autoscaler("s", #{{ of: w, utilization: 50.percent, period: 2.s, cooldown: 31.s, min: 1, max: 6 }});
            traffic("t", #{{ to: lb, rate: constant(100.rps) }});
            at(30.s, "by hand", || {by_hand});"#
        ))["s removed_count"]
    };
    assert_eq!((removed("note(\"nobody\")"), removed("w.remove_node()")), (4.0, 1.0));
}

/// What an autoscaler has taken away before, no script can: it is told, and the experiment goes on.
#[test]
fn what_an_autoscaler_has_taken_away_cannot_be_removed_again() {
    for whom in ["w", "w[2]"] {
        let world = format!(
            r#"let w = web("w", #{{ count: 3, service: constant(1.ms) }});
            let lb = load_balancer("lb", #{{ to: w }});
            autoscaler("s", #{{ of: w, utilization: 50.percent, period: 2.s, cooldown: 2.s, max: 6 }});
            traffic("t", #{{ to: lb, rate: constant(10.rps) }});
            at(40.s, "by hand", || {whom}.remove_node());"#
        );
        let told = common::script::told(&script(&world, ""));
        assert!(
            told.contains("nothing came of remove_node()") && told.contains("taken it away"),
            "{whom}: {told}"
        );
    }
}

/// Whether sessions are found says nothing of the data: `cache_hit_ratio` is the same wherever sessions are kept.
#[test]
fn look_ups_of_sessions_are_no_look_ups_of_data() {
    common::script::holds(
        r#"experiment("logins").vary("sessions", ["memory", "store", "one cache"]).replications(2).warmup(10.s).duration(30.s).world(|p| {
            let db = database("db", #{ read: 1.ms, write: 1.ms });
            let pages = cache("pages", #{ of: db, items: 1_000 });
            let redis = cache("redis", #{});
            let own = #{ reads: pages, writes: pages, sessions: "memory", service: 1.ms };
            if p.sessions != "memory" { own += #{ sessions: "store", session_store: if p.sessions == "store" { redis } else { db } }; }
            traffic("users", #{ to: web("site", own), rate: 100.rps, users: 200, keys: uniform_keys(10_000) });
        })
        .expect("a tenth", |r| r.cache_hit_ratio < 20.percent)
        .expect_for(#{ sessions: "store" }, "sessions are found", |r| r.of("redis").hit_ratio > 90.percent)
        .claim("and so it is everywhere", |all| all.where(#{ sessions: "store" }).cache_misses == all.where(#{ sessions: "memory" }).cache_misses);"#,
    );
}

/// 4,000 bytes at 100 kB/s are 40 ms; what is written behind the server are the 1,000 bytes of the request alone.
#[test]
fn a_token_travels_with_each_request_and_no_further() {
    let world = |size: u32| {
        format!(
            r#"let db = database("db", #{{ read: constant(1.ms), write: constant(1.ms) }});
            let w = web("w", #{{ service: constant(1.ms), login: constant(1.ms), reads: db, writes: db, sessions: "token", session_size: {size}.bytes }});
            let lb = load_balancer("lb", #{{ to: w }});
            let t = traffic("t", #{{ to: lb, rate: constant(5.rps), users: 5, writes: 50.percent, size: 1_000.bytes, keys: uniform_keys(10) }});
            link(t, lb, #{{ latency: constant(0.ms), bandwidth: 100.kb }});
            link(w, db, #{{ latency: constant(0.ms), bandwidth: 100.kb }});"#
        )
    };
    let is = |reads: u32, writes: u32| {
        format!(
            ".expect(\"reads\", |r| r.read_latency_p50 > ({reads} - 0.5) * 1.ms).expect(\"no more\", |r| r.read_latency_p50 < ({reads} + 0.5) * 1.ms)
             .expect(\"writes\", |r| r.write_latency_p50 > ({writes} - 0.5) * 1.ms).expect(\"either\", |r| r.write_latency_p50 < ({writes} + 0.5) * 1.ms)"
        )
    };
    holds(&world(4_000), &is(42, 62));
    holds(&world(1), &is(2, 22));
}

/// Of two tiers behind one balancer one keeps sessions in memory: nobody shows it a token, and what is written there is as large as it was sent.
#[test]
fn a_tier_that_wants_no_token_stores_none() {
    let world = |size: u32| {
        format!(
            r#"let db = database("db", #{{ read: constant(1.ms), write: constant(1.ms) }});
            let w = web("w", #{{ service: constant(1.ms), login: constant(1.ms), reads: db, writes: db, sessions: "token", session_size: {size}.bytes }});
            let v = web("v", #{{ service: constant(1.ms), reads: db, writes: db }});
            let lb = load_balancer("lb", #{{ to: [w, v] }});
            let t = traffic("t", #{{ to: lb, rate: constant(5.rps), users: 5, writes: 100.percent, size: 1_000.bytes, keys: uniform_keys(10) }});
            link(w, db, #{{ latency: constant(0.ms), bandwidth: 100.kb }});
            link(v, db, #{{ latency: constant(0.ms), bandwidth: 100.kb }});"#
        )
    };
    let is = ".expect(\"writes\", |r| r.write_latency_max > 11.5.ms).expect(\"no more, but for a login\", |r| r.write_latency_max < 13.5.ms)";
    holds(&world(8_000), is);
}
