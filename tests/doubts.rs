//! What is said of figures that mislead: a comparison that pays for traffic in one variant only, users who are all strangers.

use assert_cmd::Command;

/// What a script's run says on stderr.
fn said(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doubts.rhai");
    std::fs::write(&path, script).unwrap();
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let run = command.arg("run").arg(&path).arg("-o").arg(folder.path().join("out")).assert().success();
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

/// Sites behind a balancer, or a CDN before it; `price` is a setting of the balancer.
fn cdn_or_not(variants: &str, price: &str) -> String {
    let script = r#"
experiment("cdn or not").vary("cdn", VARIANTS).replications(2).duration(20.s).world(|p| {
    regions("aws");
    let site = web("site", #{ region: "us-east-1", service: 1.ms, price_per_hour: 0.2 });
    let lb = load_balancer("lb", #{ region: "us-east-1", to: site, PRICE });
    let edges = if p.cdn { cdn("edges", #{ of: lb, region: ["us-east-1", "eu-west-1"], ttl: 1.minute }) } else { lb };
    let front = if p.cdn { geo_router("dns", #{ to: edges, region: "us-east-1" }) } else { lb };
    traffic("us", #{ to: front, rate: 20.rps, region: "us-east-1", keys: zipf(100, 0.9), users: 50 });
});
"#;
    script.replace("VARIANTS", variants).replace("PRICE", price)
}

#[test]
fn costs_with_and_without_traffic_are_not_compared_in_silence() {
    let warning = "what clients are sent has no price";
    assert!(said(&cdn_or_not("[false, true]", "")).contains(warning));
    assert!(!said(&cdn_or_not("[false, true]", "egress_price: 0.09")).contains(warning));
    assert!(
        !said(&cdn_or_not("[false, \"\"]", "").replace("p.cdn", "p.cdn == true")).contains(warning),
        "none pays"
    );
}

#[test]
fn published_times_beside_counted_work_are_told() {
    let of = |profiles: &str, more: &str| {
        said(&format!(
            "experiment(\"which\").vary(\"profile\", {profiles}).replications(2).duration(5.s).world(|p| {{
                let db = database(\"db\", #{{ profile: p.profile, {more} }});
                traffic(\"t\", #{{ to: db, rate: 20.rps, keys: uniform_keys(100) }});
            }});"
        ))
    };
    let warning = "no work is counted in db: it takes the times published for profile \"mysql\"";
    assert!(of("[\"mysql\", \"postgresql\"]", "").contains(warning));
    assert!(!of("[\"mysql\", \"postgresql\"]", "rows: 100").contains(warning));
    assert!(!of("[\"mysql\"]", "").contains(warning), "nothing to compare with");
}

#[test]
fn calls_that_are_open_for_nobody_are_told() {
    let of = |more: &str, back: &str| {
        said(&format!(
            "experiment(\"held\").replications(2).duration(30.s).world(|p| {{
                let w = web(\"w\", #{{ count: 2, service: 5.ms }});
                let lb = load_balancer(\"lb\", #{{ to: w, connections: 10, {more} }});
                traffic(\"t\", #{{ to: lb, rate: 100.rps, timeout: 1.s }});
                at(10.s, \"silent\", || w.crash(\"host\"));
                at(15.s, \"back\", || {back});
            }});"
        ))
    };
    assert!(of("", "note(\"no\")").contains("calls of lb are still open for which no client waits"));
    assert!(!of("timeout: 2.s", "note(\"no\")").contains("are still open"));
    assert!(
        !of("", "w.recover()").contains("are still open"),
        "TCP is told that the machine knows of nothing"
    );
}

#[test]
fn a_price_for_what_is_sent_belongs_to_whoever_sends_it() {
    let warning = "no client is answered by site itself: its `egress_price` counts nothing; give it to whoever answers them (here lb)";
    let priced = |script: String| script.replace("price_per_hour: 0.2", "egress_price: 0.09");
    assert!(said(&priced(cdn_or_not("[false]", ""))).contains(warning));
    let direct = priced(cdn_or_not("[false]", "")).replace("to: front", "to: site");
    assert!(said(&direct).contains("no client is answered by site with a single byte"), "nothing has a size");
    let stored = direct.replace(
        "service: 1.ms, ",
        "service: 1.ms, reads: database(\"db\", #{ read: 1.ms, write: 1.ms, row: 1.kib }), ",
    );
    assert!(!said(&stored).contains("no client is answered"));
    assert!(
        !said(&cdn_or_not("[true, false]", "egress_price: 0.09"))
            .contains("no client is answered by lb itself"),
        "in one variant it does"
    );
}

/// A node whose keys stay its own while it is dead: a quarter of the look-ups find nothing, and the store is asked.
#[test]
fn look_ups_that_a_dead_node_does_not_answer_are_misses() {
    let script = r#"
experiment("dead node").replications(3).warmup(5.s).duration(30.s).world(|p| {
    let store = database("store", #{ read: 1.ms, write: 1.ms, connections: 1_000 });
    let cache = cache("cache", #{ of: store, preload: 1_000, nodes: 4, on_dead: "keep", sharding: "rendezvous" });
    let site = web("site", #{ reads: cache });
    traffic("users", #{ to: site, rate: 100.rps, keys: uniform_keys(1_000) });
    at(5.s, "one of four dies", || cache[1].crash());
})
.claim("three quarters are found", |all| all.cache_hit_ratio > 0.7)
.claim("and no more", |all| all.cache_hit_ratio < 0.8);
"#;
    said(script);
}

/// Those that stand for drivers and services cost nothing: a primary and two replicas are three machines.
#[test]
fn routers_and_coordinators_are_not_rented() {
    let script = r#"
experiment("prices").replications(2).duration(2.s)
    .variant("single", #{ more: #{}, machines: 1 })
    .variant("replicas", #{ more: #{ replicas: 2 }, machines: 3 })
    .variant("shards", #{ more: #{ shards: 4 }, machines: 4 })
    .variant("quorum", #{ more: #{ replicas: 2, replication: "quorum" }, machines: 3 })
    .variant("storage", #{ more: #{ replicas: 2, replication: "shared_storage" }, machines: 3 })
    .world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, price_per_hour: 1.0 } + p.more);
        traffic("users", #{ to: db, rate: 10.rps, keys: uniform_keys(10) });
    })
    .expect_for(#{ machines: 1 }, "one", |r| r.cost_per_hour == 1.0)
    .expect_for(#{ machines: 3 }, "three", |r| r.cost_per_hour == 3.0)
    .expect_for(#{ machines: 4 }, "four", |r| r.cost_per_hour == 4.0);
"#;
    said(script);
}

/// The second machine of a pair is paid for like the first, and a server that boots like one that serves: one is ordered at about 10 s, joins
/// 20 s later and stays.
#[test]
fn machines_that_stand_by_or_boot_are_rented() {
    let script = r#"
experiment("prices").replications(8).duration(60.s).world(|p| {
    let w = web("w", #{ service: constant(15.ms), price_per_hour: 1.0 });
    let lb = load_balancer("lb", #{ to: w, standby: true, price_per_hour: 0.25 });
    let scaler = autoscaler("scaler", #{ of: w, utilization: 60.percent, max: 2, period: 10.s, boot: 20.s });
    traffic("t", #{ to: lb, rate: constant(55.rps) });
})
.expect("both of the pair", |r| r.of("lb").cost_per_hour == 0.5)
.expect("it boots a third of the time", |r| r.of("scaler").cost_per_hour > 0.333)
.expect("and no longer", |r| r.of("scaler").cost_per_hour < 0.334)
.expect("one is decided upon before 20 s", |r| r.cost_per_hour > 2.16)
.expect("and after 10 s", |r| r.cost_per_hour < 2.34);
"#;
    said(script);
}

/// A read of all parts of a split row is none that one shard could answer.
#[test]
fn sums_of_split_rows_concern_all_shards() {
    let script = r#"
experiment("parts").vary("reads", ["sum", "pick"]).replications(2).duration(5.s).world(|p| {
    let db = database("db", #{ read: 1.ms, write: 1.ms, shards: 4, split: 1, split_reads: p.reads });
    traffic("t", #{ to: db, rate: 100.rps, keys: uniform_keys(1) });
})
.expect_for(#{ reads: "sum" }, "all", |r| r.single_shard_ratio == 0.0)
.expect_for(#{ reads: "pick" }, "one", |r| r.single_shard_ratio == 1.0);
"#;
    said(script);
}

/// What is left out of a trace stands in the manifest, whoever looks at the screen.
#[test]
fn skipped_lines_are_spoken_of() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("rows.csv");
    std::fs::write(&trace, "time,key,op\n0,a,get\n0.1,b,put_object\n0.2,c,W\nx,d,get\n").unwrap();
    let script = format!(
        r#"
experiment("rows").replications(2).duration(1.s).world(|p| {{
    let db = database("db", #{{ read: 1.ms, write: 1.ms }});
    traffic("t", #{{ to: db, rate: trace("{}", #{{ on_error: "skip" }}) }});
}});
"#,
        trace.display()
    );
    let text = said(&script);
    assert!(text.contains("t: 2 lines of"), "{text}");
    assert!(text.contains("line 3: the operation `put_object` is not known"), "{text}");
}

/// Users without pauses whom nothing takes time ask as often as was assumed.
#[test]
fn users_who_are_answered_in_no_time_are_spoken_of() {
    let script = r#"
experiment("hurry").replications(2).duration(1.s).world(|p| {
    let w = web("w", #{ service: THINKS });
    traffic("t", #{ to: w, users: 2, think: PAUSE });
    at(500.ms, "dies", || w.crash());
    at(501.ms, "back", || w.recover());
});
"#;
    let with = |service, think| said(&script.replace("THINKS", service).replace("PAUSE", think));
    assert!(with("1.ms", "0.s").contains("requests were answered in no time, and their users asked again"));
    assert!(!with("1.ms", "1.ms").contains("in no time"));
}

#[test]
fn users_who_are_all_strangers_are_spoken_of() {
    let script = |users: &str| {
        format!(
            r#"
experiment("strangers").replications(2).duration(20.s).world(|p| {{
    regions("aws");
    let sites = [web("us", #{{ region: "us-east-1", service: 1.ms }}), web("eu", #{{ region: "eu-west-1", service: 1.ms }})];
    let front = geo_router("dns", #{{ to: sites, region: "us-east-1" }});
    traffic("people", #{{ to: front, rate: 20.rps, region: "us-east-1"{users} }});
}});
"#
        )
    };
    let warning = "every request of people asked first where to go";
    assert!(said(&script("")).contains(warning));
    assert!(!said(&script(", users: 50")).contains(warning));
}

#[test]
fn a_member_that_is_copied_at_an_assumed_cost_is_spoken_of() {
    let script = |setting: &str, built: &str| {
        format!(
            r#"
experiment("copies").replications(2).duration(20.s).world(|p| {{
    let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2{setting} }});
    traffic("people", #{{ to: web("shop", #{{ service: 1.ms, reads: db, writes: db }}), rate: 50.rps, writes: 50.percent, keys: zipf(200, 0.5) }});
    at(5.s, "a new one is built", || {built});
}});
"#
        )
    };
    let warning = "figures rest on assumptions: `copy_row` of db";
    let replaced = "db.replica(1).replace()";
    assert!(said(&script("", replaced)).contains(warning));
    assert!(!said(&script(", copy_row: 50.us", replaced)).contains(warning));
    assert!(!said(&script("", "db.replica(1).slow(0.9)")).contains(warning), "nobody is copied");
}

/// With reads "nearest" the way to the members is travelled, with others it is not.
#[test]
fn near_and_far_are_not_compared_in_silence() {
    let script = |reads: &str| {
        format!(
            r#"
experiment("near").vary("reads", {reads}).replications(2).duration(20.s).world(|p| {{
    let db = database("db", #{{ read: 1.ms, write: 1.ms, replicas: 2, reads: p.reads }});
    traffic("people", #{{ to: db, rate: 50.rps, keys: zipf(200, 0.5), users: 50 }});
}});
"#
        )
    };
    let warning = "the way from router to members takes time";
    assert!(said(&script("[\"any\", \"nearest\"]")).contains(warning));
    assert!(!said(&script("[\"any\", \"primary\"]")).contains(warning));
    assert!(!said(&script("[\"nearest\"]")).contains(warning));
}

/// Addresses of clients at a place are addresses of that place: a router by address sends them to the nearest site.
#[test]
fn given_addresses_lead_to_the_nearest_site() {
    let script = r#"
experiment("addresses").replications(2).duration(20.s).world(|p| {
    regions("aws");
    let sites = [web("us", #{ region: "us-east-1", service: 1.ms }), web("eu", #{ region: "eu-west-1", service: 1.ms })];
    let front = geo_router("dns", #{ to: sites });
    traffic("people", #{ to: front, rate: 50.rps, region: "eu-west-1", users: 500, addresses: 500 });
}).expect("nobody goes astray", |r| r.misrouted < 1.percent);
"#;
    said(script);
}

/// A percentile that a check looks at needs ten measurements beyond it; one that nobody looks at may be what it is.
#[test]
fn percentiles_of_few_measurements_are_spoken_of() {
    let script = |metric: &str, seconds: u64| {
        format!(
            r#"
experiment("few").replications(2).duration({seconds}.s).world(|p| {{
    traffic("people", #{{ to: web("site", #{{ service: 1.ms }}), rate: constant(101.rps) }});
}}).expect("soon", |r| r.{metric} < 1.s);
"#
        )
    };
    let warning = "rests on too few measurements";
    for (metric, enough) in [("latency_p95", 2), ("latency_p99", 10), ("latency_p999", 100)] {
        let few = said(&script(metric, enough - 1));
        assert!(few.contains(&format!("{metric}_ms {warning}")), "{few}");
        assert!(!said(&script(metric, enough)).contains(warning), "{metric}");
    }
    assert!(!said(&script("latency_mean", 1)).contains(warning));
}

/// A machine that dies in silence takes its users with it, if they never give up.
#[test]
fn users_whose_server_has_died_are_spoken_of() {
    let script = |patience: &str, end: &str, back: &str| {
        format!(
            r#"
experiment("silence").replications(2).duration(30.s).world(|p| {{
    let site = web("site", #{{ cores: 10, service: 1.ms }});
    traffic("people", #{{ to: site, users: 20, think: 500.ms{patience} }});
    at(10.s, "dies", || site.{end});
    at(12.s, "is back", || {back});
}});
"#
        )
    };
    let (back, never) = ("site.recover()", "note(\"no\")");
    let warning = "half the users of people or more wait at the end";
    assert!(said(&script("", "crash(\"host\")", never)).contains(warning));
    assert!(!said(&script("", "crash(\"host\")", back)).contains(warning), "a reset tells them");
    assert!(!said(&script(", timeout: 1.s", "crash(\"host\")", never)).contains(warning));
    assert!(!said(&script("", "crash()", back)).contains(warning), "they are refused, and go on");
    assert!(!said(&script("", "hang()", back)).contains(warning), "they are answered late");
}

/// A user who sends one request at a time and never gives up is gone with the first message that is lost.
#[test]
fn users_who_wait_for_ever_are_spoken_of() {
    let script = |patience: &str, patience_of_site: &str, link: &str| {
        format!(
            r#"
experiment("patience").replications(2).duration(20.s).world(|p| {{
    let db = database("db", #{{ read: 1.ms, write: 1.ms }});
    let site = web("site", #{{ service: 1.ms, reads: db{patience_of_site} }});
    let users = traffic("people", #{{ to: load_balancer("lb", #{{ to: site }}), users: 20, think: 100.ms{patience} }});
    link({link});
}});
"#
        )
    };
    let warning = "users of people wait for ever when a message between";
    let lossy = "site, db, #{ loss: 1.percent }";
    assert!(
        said(&script("", "", lossy)).contains("wait for ever when a message between site and db is lost")
    );
    assert!(!said(&script(", timeout: 1.s", "", lossy)).contains(warning));
    assert!(!said(&script("", ", timeout: 1.s", lossy)).contains(warning), "the site answers them");
    assert!(!said(&script("", "", "site, db, #{ latency: 1.ms }")).contains(warning));
    assert!(!said(&script("", "", "site, db, #{ loss: 1.percent, connect: \"tcp\" }")).contains(warning));
}

#[test]
fn a_partition_that_parts_nobody_is_told() {
    let of = |ends: &str| {
        said(&format!(
            "experiment(\"parted\").replications(2).duration(5.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms }});
                let web = web(\"web\", #{{ reads: db }});
                let lb = load_balancer(\"lb\", #{{ to: web }});
                let users = traffic(\"users\", #{{ to: lb, rate: 20.rps, keys: uniform_keys(100) }});
                at(2.s, || partition({ends}));
                at(3.s, || heal({ends}));
            }});"
        ))
    };
    let warning =
        "no message met the partition of lb and db: while it lasted neither sent the other anything";
    assert!(of("lb, db").contains(warning), "{}", of("lb, db"));
    assert!(!of("web, db").contains("no message met"));
}

/// What was up cannot recover, and what is whole cannot be healed: most likely the script means somebody or some time else.
#[test]
fn actions_that_find_nothing_to_do_are_told() {
    let of = |events: &str| {
        said(&format!(
            "experiment(\"idle\").vary(\"who\", [0, 1]).replications(2).duration(10.s).world(|p| {{
                let w = web(\"w\", #{{ count: 2, service: 1.ms }});
                let t = traffic(\"t\", #{{ to: load_balancer(\"lb\", #{{ to: w, timeout: 1.s }}), rate: 100.rps }});
                link(t, w, #{{ latency: 1.ms }});
                {events}
            }});"
        ))
    };
    let told = |events: &str| of(events).contains("nothing came of");
    assert!(
        of("at(5.s, || w.recover());").contains("nothing came of recover() of w in line 5: nothing was down")
    );
    assert!(
        of("at(5.s, || heal(w, t));").contains("nothing came of heal() of w - t in line 5: nothing was cut")
    );
    assert!(
        of("at(2.s, || w.crash()); at(5.s, || w[1].crash());")
            .contains("crash() of w/1 in line 5: it was down before")
    );
    let promoted = |before: &str| {
        of(&format!(
            "let db = database(\"db\", #{{ replicas: 2, replication: \"async\", read: 1.ms, write: 1.ms }});
                traffic(\"c\", #{{ to: db, rate: 10.rps }});
                {before} at(5.s, || db.replica(1).promote());"
        ))
    };
    let dead = promoted("at(4.s, || db.replica(1).crash());");
    assert!(dead.contains("nothing came of promote() of db replica 1 in line 7: it was down"), "{dead}");
    assert!(!promoted("at(4.s, || db.primary().crash());").contains("nothing came of"));
    assert!(!told("at(2.s, || w[1].hang()); at(5.s, || w.recover());"));
    assert!(
        !told("at(2.s, || w[p.who].crash()); at(5.s, || w[0].recover());"),
        "one variant has a use for it"
    );
    assert!(!told("every(3.s, || { w[1].crash(); w[1].recover(); });"));
    assert!(!told("at(2.s, || w[0].crash()); at(3.s, || w[0].crash(\"host\"));"), "the machine dies as well");
}

/// Servers that keep sessions themselves, and a balancer that sends nobody back.
#[test]
fn sessions_that_are_not_found_are_spoken_of() {
    let of = |count: i64, sticky: &str| {
        said(&format!(
            "experiment(\"astray\").replications(2).duration(30.s).world(|p| {{
                let w = web(\"w\", #{{ count: {count}, service: 1.ms, sessions: \"memory\" }});
                traffic(\"t\", #{{ to: load_balancer(\"lb\", #{{ to: w{sticky} }}), users: 50, think: 1.s }});
            }});"
        ))
    };
    let warning = "many users of w come to a server that does not know them";
    assert!(of(2, "").contains(warning) && of(4, "").contains(warning));
    assert!(!of(2, ", sticky: \"cookie\"").contains(warning));
    assert!(!of(1, "").contains(warning));
    let first_logins = said(
        "experiment(\"first\").replications(2).duration(30.s).world(|p| {
            let w = web(\"w\", #{ count: 4, service: 1.ms, sessions: \"memory\" });
            let lb = load_balancer(\"lb\", #{ to: w, sticky: \"cookie\" });
            traffic(\"t\", #{ to: lb, rate: 50.rps, users: 1000 });
        });",
    );
    assert!(!first_logins.contains(warning), "who logs in for the first time is not lost: {first_logins}");
}

#[test]
fn what_a_component_did_not_do_is_told() {
    let said = said(
        "experiment(\"ignored\").replications(2).duration(20.s).world(|p| {
            let db = database(\"db\", #{ read: 1.ms, write: 1.ms, replicas: 2, shards: 2, shards_max: 4 });
            let site = website(\"site\", #{ pages: 10, assets: 3, per_page: 3, changes: 0.1, machines: 4 });
            traffic(\"t\", #{ to: db, rate: 20.rps, keys: uniform_keys(100) });
            traffic(\"v\", #{ to: site, users: 3, think: 1.s });
            at(5.s, || { db.shard(0).primary().promote(); db.reshard(2); });
            at(6.s, || site.publish(10.s));
            at(9.s, || site.publish(10.s));
        });",
    );
    for told in [
        "promotion ignored: shard 0, member 0 is the primary already",
        "reshard ignored: there are 2 shards already",
        "not published: the last build is still being rolled out",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

/// A partition has one reader of a group.
#[test]
fn consumers_without_a_partition_are_spoken_of() {
    let of = |kind: &str| {
        said(&format!(
            "experiment(\"idle\").replications(2).duration(10.s).world(|p| {{
                let q = queue(\"q\", #{{ kind: \"{kind}\" }});
                consumers(\"c\", #{{ of: q, count: 10, service: 30.ms }});
                traffic(\"t\", #{{ to: q, rate: 10.rps }});
            }});"
        ))
    };
    let warning = "9 of 10 workers of c have nothing to do: q has a partition for 1 of them";
    assert!(of("kafka").contains(warning));
    assert!(!of("rabbitmq").contains("have nothing to do"));
}

/// A price that one variant has and another has not, or that none has: what it stands for is paid all the same.
#[test]
fn a_forgotten_price_is_told() {
    let of = |first: &str, second: &str| {
        said(&format!(
            "experiment(\"price\").vary(\"priced\", [true, false]).replications(2).duration(10.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 2.ms }} + if p.priced {{ #{{ {first} }} }} else {{ #{{ {second} }} }});
                traffic(\"t\", #{{ to: web(\"w\", #{{ reads: db, price_per_hour: 0.1 }}), rate: 10.rps }});
            }});"
        ))
    };
    let warning = "costs leave out db: add a `price_per_hour`";
    assert!(of("price_per_hour: 1.0", "").contains(warning));
    assert!(!of("price_per_hour: 1.0", "price_per_hour: 2.0").contains(warning));
    assert!(of("", "").contains(warning), "neither has one");
    assert!(!of("price_per_hour: 0.0", "price_per_hour: 0.0").contains(warning), "it costs nothing");
}

/// A link joins two who talk; between others it is slow for nobody.
#[test]
fn a_link_that_nothing_goes_over_is_told() {
    let of = |link: &str| {
        said(&format!(
            "experiment(\"link\").replications(2).duration(10.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 2.ms }});
                let w = web(\"w\", #{{ service: 1.ms, reads: db }});
                let t = traffic(\"t\", #{{ to: w, rate: 10.rps, keys: uniform_keys(10) }});
                {link}
            }});"
        ))
    };
    let warning = "nothing went over the link of t and db in line 5";
    assert!(of("link(t, db, #{ latency: 50.ms });").contains(warning));
    assert!(of("link(db, t, #{ latency: 1.ms, connect: \"tcp\" });").contains("link of db and t"));
    for used in
        ["link(t, w, #{ latency: 50.ms });", "link(w, db, #{ latency: 1.ms, loss: 0.5, connect: \"tcp\" });"]
    {
        assert!(!of(used).contains("nothing went over"), "{used}");
    }
}

/// A ramp that is longer than the run was not seen as it was written.
#[test]
fn a_ramp_that_the_run_cuts_short_is_told() {
    let of = |points: &str| {
        said(&format!(
            "experiment(\"ramp\").replications(2).warmup(5.s).duration(30.s).world(|p| {{
                traffic(\"t\", #{{ to: web(\"w\", #{{ service: 1.ms }}), rate: ramp([{points}]) }});
            }});"
        ))
    };
    let cut = of("[0.s, 100.rps], [350.s, 1100.rps]");
    assert!(
        cut.contains(
            "the rate of t is still on its way at the end: it has come to 200.0000 of 1100 a second by 35 s"
        ),
        "{cut}"
    );
    assert!(!of("[0.s, 100.rps], [35.s, 200.rps]").contains("still on its way"));
}

/// Shards, partitions and nodes share keys: where all requests want one, one of them does all the work.
#[test]
fn one_key_for_several_shards_is_told() {
    let of = |made: &str, keys: &str| {
        said(&format!(
            "experiment(\"one\").replications(2).duration(10.s).world(|p| {{ let made = {made};
                traffic(\"t\", #{{ to: made, rate: 10.rps {keys} }}); }});"
        ))
    };
    let database = "database(\"db\", #{ read: 1.ms, write: 1.ms, shards: 4 })";
    let warning = "all requests want one key: one shard of db does all the work";
    assert!(of(database, "").contains(warning));
    assert!(!of(database, ", keys: uniform_keys(100)").contains(warning));
    assert!(!of(&database.replace(", shards: 4", ""), "").contains("all requests want one key"));
    let queue =
        "queue(\"q\", #{ kind: \"kafka\", partitions: 4 }); consumers(\"c\", #{ of: made, service: 1.ms })";
    assert!(of(queue, "").contains("one partition of q does all the work"));
    // Of one key a copy has all or nothing, and each write makes every replica stale.
    let cache = "load_balancer(\"lb\", #{ to: web(\"w\", #{ reads: cache(\"c\", #{ of: database(\"db\", #{ read: 1.ms, write: 1.ms }) }) }) })";
    assert!(of(cache, "").contains("all requests want one key: c has it from the first request on"));
    assert!(!of(cache, ", keys: uniform_keys(100)").contains("all requests want one key"));
    let replicas = "database(\"db\", #{ read: 1.ms, write: 1.ms, replicas: 1, reads: \"any\" })";
    assert!(of(replicas, ", writes: 10.percent").contains("each write makes all replicas of db stale"));
    assert!(!of(replicas, "").contains("all requests want one key"));
    let sessions =
        "cache(\"c\", #{}); made = web(\"w\", #{ service: 1.ms, sessions: \"store\", session_store: made })";
    assert!(!of(sessions, ", users: 10").contains("all requests want one key"));
}

/// What is written to another database never comes to where it is read.
#[test]
fn a_tier_that_reads_one_database_and_writes_another_is_told() {
    let of = |writes: &str| {
        said(&format!(
            "experiment(\"two\").replications(2).duration(10.s).world(|p| {{
                let a = database(\"a\", #{{ read: 1.ms, write: 1.ms }});
                let b = database(\"b\", #{{ read: 1.ms, write: 1.ms }});
                let c = cache(\"c\", #{{ of: a }});
                traffic(\"t\", #{{ to: web(\"w\", #{{ reads: c, writes: {writes} }}), rate: 10.rps, writes: 10.percent, keys: uniform_keys(9) }});
            }});"
        ))
    };
    assert!(of("b").contains("w reads a and writes b: what is written never comes to a"));
    assert!(!of("c").contains("never comes"));
    assert!(!of("a").contains("never comes"), "beside the cache, but the same data");
}

/// An edge network whose prices nobody knows takes the costs of all with it.
#[test]
fn costs_that_are_not_known_are_told() {
    let of = |edge: &str| {
        said(&format!(
            "experiment(\"cost\").replications(2).duration(10.s).world(|p| {{
                let o = web(\"o\", #{{ service: 5.ms, price_per_hour: 0.2 }});
                let c = cdn(\"e\", #{{ of: o {edge} }});
                traffic(\"t\", #{{ to: c, rate: 10.rps, keys: uniform_keys(9) }});
            }});"
        ))
    };
    assert!(of("").contains("`cost_per_hour` is not known: nothing tells what e costs"));
    assert!(!of(", region: \"us-east-1\"").contains("is not known"));
}

/// What the script changes itself is not expected to settle.
#[test]
fn a_load_that_the_script_changes_is_not_told_to_settle() {
    let rate = |rate: &str| {
        said(&format!(
            "experiment(\"level\").replications(3).warmup(20.s).duration(2.minutes).world(|p| {{
                let w = web(\"w\", #{{ service: exponential(8.ms) }});
                traffic(\"t\", #{{ to: w, rate: {rate} }});
            }});"
        ))
    };
    assert!(!rate("steps([[0.s, 20.rps], [1.minute, 100.rps]])").contains("settles late"));
}

/// Four appliers of 4 ms take a thousand writes a second; no latency tells that more come.
#[test]
fn a_replica_that_applies_less_than_is_written_is_told() {
    let of = |writes: u32| {
        said(&format!(
            "experiment(\"behind\").replications(2).duration(5.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 4.ms, replicas: 1, reads: \"any\", connections: 100 }});
                traffic(\"t\", #{{ to: db, rate: 3_000.rps, writes: {writes}.percent, keys: uniform_keys(1_000) }});
            }});"
        ))
    };
    let warning = "a replica falls behind: the appliers of db/replica-1 were busy all the time";
    assert!(of(50).contains(warning));
    assert!(!of(20).contains("falls behind"));
}

/// The discipline is that of the cores: whoever holds a worker has one.
#[test]
fn an_order_that_nobody_waits_in_is_told() {
    let world = |more: &str| {
        format!(
            "experiment(\"order\").replications(2).duration(20.s).world(|p| {{ let w = web(\"w\", #{{ service: 10.ms, cores: 2, {more} }});
            traffic(\"t\", #{{ to: w, rate: 90.rps, writes: 20.percent }}); }});"
        )
    };
    let warning = "no order to choose at w";
    assert!(said(&world("discipline: \"priority\", concurrency: 2")).contains(warning));
    assert!(!said(&world("discipline: \"priority\", concurrency: 3")).contains(warning));
    assert!(!said(&world("discipline: \"priority\"")).contains(warning));
    assert!(!said(&world("concurrency: 1")).contains(warning));
}

/// A `let` inside of braces ends there: the cache is made, and asked by nobody wherever it is.
#[test]
fn a_component_that_nobody_asks_in_its_only_variant_is_told() {
    let world = |word: &str| {
        format!(
            r#"experiment("shadow").replications(2).duration(20.s).vary("cache", [false, true]).world(|p| {{
            let db = database("db", #{{ read: 1.ms, write: 1.ms }});
            let store = db;
            if p.cache {{ {word} store = cache("c", #{{ of: db }}); }}
            let w = web("w", #{{ service: 1.ms, reads: store, writes: store }});
            traffic("t", #{{ to: w, rate: 50.rps }}); }});"#
        )
    };
    let warning = "nobody asks c: no component names it, and nothing came to it (2 of 4 runs";
    assert!(said(&world("let")).contains(warning));
    assert!(!said(&world("")).contains("nobody asks"));
}

#[test]
fn a_queue_without_a_message_is_told() {
    let world = |writes: &str| {
        format!(
            r#"experiment("empty").replications(2).duration(20.s).world(|p| {{
            let q = queue("q", #{{ kind: "rabbitmq" }});
            let w = web("w", #{{ service: 1.ms, publishes: q }});
            consumers("c", #{{ of: q, service: 1.ms }});
            traffic("t", #{{ to: w, rate: 50.rps, {writes} }}); }});"#
        )
    };
    assert!(said(&world("")).contains("nothing was published to q"));
    assert!(!said(&world("writes: 10.percent")).contains("nothing was published"));
}

/// An hour of which a minute is replayed, and who it was in a column that nobody looks at.
#[test]
fn what_of_a_trace_is_not_replayed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let of = |header: &str, options: &str| {
        let rows: String = (0..360).map(|row| format!("{},k{row},u\n", row * 10)).collect();
        std::fs::write(&path, format!("{header}\n{rows}")).unwrap();
        said(&format!(
            r#"experiment("e").duration(60.s).world(|p| {{ let w = web("w", #{{ service: 1.ms }});
            traffic("t", #{{ to: w, rate: trace({path:?}, #{{ bootstrap: false{options} }}) }}); }});"#
        ))
    };
    let column = "its column `user` is not looked at; name it `client`";
    let all = of("time,key,user", "");
    assert!(all.contains("of the trace of t the first") && all.contains(column), "{all}");
    let some = of("time,key,client", ", limit: 6");
    assert!(!some.contains("of the trace of t the first") && !some.contains("column"), "{some}");
    assert!(!of("time,key,client", ", speed: 60").contains("of the trace of t the first"));
}

/// What is published to a site that does not come back comes to nothing.
#[test]
fn what_a_dead_one_was_told_is_told() {
    let of = |back: &str| {
        said(&format!(
            r#"experiment("e").duration(30.s).world(|p| {{
            let s = website("s", #{{ pages: 3, assets: 2, per_page: 2, changes: 50.percent }});
            traffic("t", #{{ to: s, rate: 5.rps, users: 10, keys: uniform_keys(3), timeout: 1.s }});
            at(10.s, "dies", || s.crash()); at(12.s, "late", || s.publish()); {back} }});"#
        ))
    };
    let warning = "what the script wanted of s while it was down was not done";
    assert!(of("").contains(warning));
    assert!(!of(r#"at(20.s, "back", || s.recover());"#).contains(warning));
}

/// A queue at 0.9 for half a minute, whose 99th percentile a check looks at; and one that is idle for most of the time.
#[test]
fn latencies_that_wander_are_told() {
    let of = |rate: &str| {
        said(&format!(
            r#"experiment("e").warmup(5.s).duration(30.s).world(|p| {{ let w = web("w", #{{ service: exponential(5.ms) }});
            traffic("t", #{{ to: w, rate: {rate} }}); }}).expect("x", |r| r.latency_p99 < 10.s);"#
        ))
    };
    let warning = "latency_p99_ms rests on too little: latencies rise and fall so slowly";
    assert!(of("180.rps").contains(warning));
    assert!(!of("60.rps").contains(warning));
}

/// A cache that is written to and not read, one that is read as well, and one that only readers have.
#[test]
fn a_cache_that_nobody_reads_is_told() {
    let of = |reads: &str| {
        said(&format!(
            r#"experiment("w").replications(2).duration(10.s).world(|p| {{
                let db = database("db", #{{ read: 1.ms, write: 1.ms }});
                let c = cache("c", #{{ of: db }});
                let w = web("w", #{{ reads: {reads}, writes: c }});
                traffic("t", #{{ to: w, rate: 20.rps, writes: 20.percent, keys: uniform_keys(10) }});
            }});"#
        ))
    };
    assert!(of("db").contains("nobody reads from c: w writes to it and reads elsewhere"));
    assert!(!of("c").contains("nobody reads from c"));
}

/// Writes by a queue, whose users have an answer long before: what checks look at of writes does not know them.
#[test]
fn checks_of_writes_that_go_by_a_queue_are_told_what_they_miss() {
    let of = |check: &str| {
        said(&format!(
            r#"experiment("q").replications(2).duration(10.s).world(|p| {{
                let db = database("db", #{{ read: 1.ms, write: 1.ms }});
                let q = queue("q", #{{ kind: "rabbitmq" }});
                consumers("c", #{{ of: q, service: 1.ms, writes: db }});
                let w = web("w", #{{ service: 1.ms, reads: db, publishes: q }});
                traffic("t", #{{ to: w, rate: 20.rps, users: 5, writes: 20.percent, keys: uniform_keys(10) }});
            }}).expect("x", |r| {check});"#
        ))
    };
    let told = of("r.lost_writes == 0");
    assert!(told.contains("lost_writes_count knows nothing of what waits in \"q\""), "{told}");
    assert!(!of("r.latency_p50 < 1.s").contains("knows nothing of what waits"));
}

/// A trace of two seconds, played for ten: what happens in the fifth second meets nobody. Its fourth line belongs before the third.
#[test]
fn what_happens_after_all_traces_and_lines_that_were_sorted_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), "time,key\n0,a\n1,b\n2,c\n1.5,d\nx,e\n").unwrap();
    let script = |at: &str| {
        format!(
            r#"experiment("t").replications(2).duration(10.s).world(|p| {{
                let db = database("db", #{{ read: 1.ms, write: 1.ms }});
                traffic("t", #{{ to: db, rate: trace("t.csv", #{{ on_error: "skip", bootstrap: false }}) }});
                at({at}, "dies", || db.crash());
            }});"#
        )
    };
    let said = |at: &str| {
        let path = folder.path().join("t.rhai");
        std::fs::write(&path, script(at)).unwrap();
        let mut command = Command::cargo_bin("scalelab").unwrap();
        let run = command.arg("run").arg(&path).arg("-v").arg("-o").arg(folder.path().join("out")).output();
        String::from_utf8(run.unwrap().stderr).unwrap()
    };
    let late = said("5.s");
    assert!(
        late.contains("what happens at 5 s (line 4) meets no request: all traces are over after 2"),
        "{late}"
    );
    assert!(
        late.contains("t.csv were sorted by time: up to 1 of them were out of place, by 0.5 s at most (t)"),
        "{late}"
    );
    assert!(late.contains("t: 1 lines of t.csv were skipped; the first one: "), "{late}");
    assert!(!said("1.s").contains("meets no request"));
}

/// Who varies less for a while leaves the branches of the rest in the world: told, and no mistake.
#[test]
fn branches_of_levels_that_are_not_varied_are_told() {
    let of = |levels: &str, world: &str| {
        said(&format!(
            "experiment(\"less\").vary(\"mode\", {levels}).replications(2).duration(10.s).world(|p| {{
                {world}
                let w = web(\"w\", #{{ service: 1.ms, cores: n }});
                traffic(\"t\", #{{ to: w, rate: 10.rps }});
            }});"
        ))
    };
    let switch = "let n = switch p.mode { \"sync\" => 1, \"async\" => 2, _ => 3 };";
    let told = of("[\"sync\", \"none\"]", switch);
    assert!(
        told.contains(
            "no variant has the level \"async\" of `mode` (line 2): its levels are \"sync\", \"none\""
        ),
        "{told}"
    );
    assert!(!of("[\"sync\", \"async\"]", switch).contains("no variant"));
    let numbers = of("[1, 2]", "let n = if p.mode == 4 { 8 } else { p.mode };");
    assert!(numbers.contains("warning: no variant has the level 4 of `mode` (line 2)"), "{numbers}");
}

/// A factor that begins with none: what the others need is there in two of three variants, and nothing is said; where it is there in none, it is
/// refused (see the golden messages).
#[test]
fn a_sweep_may_begin_with_no_replica_and_one_shard() {
    let text = said(
        "experiment(\"sweep\").vary(\"n\", [0, 1, 2]).replications(2).duration(10.s).world(|p| {
            let db = database(\"db\", #{ read: 1.ms, write: 1.ms, replicas: p.n, reads: \"any\", replication: \"sync\", shards: p.n + 1,
                sharding: \"hash\", queries: 10.percent });
            traffic(\"t\", #{ to: db, rate: 10.rps, writes: 10.percent, keys: uniform_keys(10) });
        });",
    );
    assert!(!text.contains("counts only") && !text.contains("needs"), "{text}");
}

/// Among 100,000 rows nobody comes upon what he has just written; of a hundred users with ten rows many do.
#[test]
fn who_never_looks_at_once_sees_no_replica_behind() {
    let warning = "read_your_writes_violations_count says little";
    let script = |keys: &str, check: &str| {
        format!(
            r#"experiment("own").replications(2).warmup(1.s).duration(20.s).world(|p| {{
    let db = database("db", #{{ read: 1.ms, write: 1.ms, connections: 50, replicas: 1, reads: "read_your_writes" }});
    let site = web("site", #{{ service: 1.ms, cores: 8, reads: db, writes: db }});
    traffic("t", #{{ to: site, rate: 500.rps, users: 100, writes: 20.percent, keys: uniform_keys({keys}) }});
}}).expect("it holds", |r| {check});"#
        )
    };
    let own = "r.read_your_writes_violations == 0";
    assert!(said(&script("100_000", own)).contains(warning));
    assert!(!said(&script("10", own)).contains(warning));
    assert!(!said(&script("100_000", "r.lost_writes == 0")).contains(warning), "nobody asks");
}

/// Who is nowhere is as near to users in Paris as to servers in Tokyo.
#[test]
fn who_is_nowhere_beside_those_that_are_somewhere_is_told() {
    let of = |lb: &str, more: &str| {
        said(&format!(
            "experiment(\"where\").replications(2).duration(5.s).world(|p| {{
                regions(\"aws\");
                let site = web(\"site\", #{{ service: 1.ms, region: \"ap-northeast-1\" }});
                let lb = load_balancer(\"lb\", #{{ to: site, {lb} }});
                {more}
                traffic(\"t\", #{{ to: lb, rate: 20.rps, region: \"eu-west-3\" }});
            }});"
        ))
    };
    let warning = "no distance between lb and site: lb is nowhere, and 0 ms from everywhere";
    assert!(of("", "").contains(warning));
    assert!(!of("region: \"ap-northeast-1\"", "").contains("no distance"));
    assert!(!of("", "network(#{ latency: 5.ms });").contains("no distance"));
}

/// A log with writes that come to servers which know no store for them.
#[test]
fn writes_of_a_log_that_reach_no_store_are_told() {
    let of = |op: &str, web: &str| {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<String> = (0..100)
            .map(|n| format!("{},k{n},100,{}", n / 20, if n % 10 == 0 { op } else { "read" }))
            .collect();
        let log = folder.path().join("log.csv");
        std::fs::write(&log, format!("time,key,size,op\n{}\n", rows.join("\n"))).unwrap();
        said(&format!(
            "experiment(\"log\").replications(2).duration(5.s).world(|p| {{
                let db = database(\"db\", #{{ read: 1.ms, write: 1.ms }});
                let site = web(\"site\", #{{ service: 1.ms, reads: db, {web} }});
                traffic(\"t\", #{{ to: site, rate: trace({log:?}) }});
            }});"
        ))
    };
    let warning = "the trace of t holds writes, and site has `reads` but no `writes`: they reached no store";
    assert!(of("write", "").contains(warning));
    assert!(!of("read", "").contains(warning), "it has none");
    assert!(!of("write", "writes: db").contains(warning));
}
