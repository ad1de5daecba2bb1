//! Databases whose work is counted: what connections, buffer, log, locks and processors do to statements.

mod common;

use common::run::{Run, observe};
use common::{World, evenly, index, keys, poisson, seed, span, text};
use scalelab::catalog::Value;
use scalelab::kernel::book::ClassBook;
use scalelab::kernel::time::from_seconds;
use scalelab::kernel::{Control, NodeId, SECOND, Simulation};
use scalelab::model::check;
use scalelab::random::keys::Keys;

const FSYNC_S: f64 = 0.002;

/// Many writers, one database: `key_count` rows are written, at `rate` a second.
fn writers(rate: f64, key_count: u64, more: Vec<(&'static str, Value)>) -> (World, NodeId) {
    let mut world = World::default();
    let mut settings = vec![
        ("model", text("relational")),
        ("rows", Value::Whole(1_000)),
        ("cores", Value::Whole(8)),
        ("fsync_time", span(FSYNC_S)),
    ];
    settings.extend(more);
    let db = world.add("database", "db", settings);
    let wanted = keys(Keys::uniform(key_count).unwrap());
    let settings =
        vec![("to", db.clone()), ("rate", poisson(rate)), ("writes", Value::Share(1.0)), ("keys", wanted)];
    world.add("traffic", "writers", settings);
    let node = world.node(&db, 0);
    (world, node)
}

fn writes(world: &World, seconds: f64) -> Run {
    observe(&mut world.build(seed(), 0), seconds)
}

/// One fsync at a time would bear 500 commits a second; shared ones bear any number, as each takes all that wait.
#[test]
fn commits_share_an_fsync() {
    let (shared, node) = writers(2_000.0, 1_000, vec![]);
    let run = writes(&shared, 5.0);
    assert!(run.rate(node, "commits") > 1_900.0, "{}", run.rate(node, "commits"));
    let fsyncs = run.rate(node, "fsyncs");
    assert!(fsyncs < 501.0 && fsyncs > 450.0, "the log is always busy, 2 ms at a time: {fsyncs}");
    assert!(run.latency(0.99) < 2.5 * FSYNC_S, "at most the rest of one fsync and a whole one");
    let (alone, node) = writers(2_000.0, 1_000, vec![("group_commit", Value::Flag(false))]);
    let run = writes(&alone, 5.0);
    assert!((run.rate(node, "commits") - 500.0).abs() < 2.0, "{}", run.rate(node, "commits"));
}

/// Writers of one row follow each other, each from its work to its commit: shared fsyncs do not help them.
#[test]
fn writers_of_a_hot_row_follow_each_other() {
    let (hot, node) = writers(2_000.0, 1, vec![]);
    let run = writes(&hot, 5.0);
    let (commits, waits) = (run.rate(node, "commits"), run.rate(node, "lock_waits"));
    assert!(commits < 500.0 && commits > 450.0, "{commits}");
    assert!(waits > 400.0, "{waits}");
    let (cool, node) = writers(2_000.0, 1_000, vec![]);
    assert!(writes(&cool, 5.0).rate(node, "lock_waits") < 100.0);
}

/// Statements beyond the connections wait; beyond the queue they are turned away.
#[test]
fn connections_bound_what_is_under_way() {
    let settings = vec![("connections", Value::Whole(2)), ("queue", Value::Whole(3))];
    let (world, node) = writers(2_000.0, 1_000, settings);
    let run = writes(&world, 5.0);
    // Two connections, each held for one or two fsyncs.
    assert!(run.rate(node, "commits") <= 1_001.0);
    assert!(run.rejected_ratio() > 0.3, "{}", run.rejected_ratio());
    assert!(run.level(node, "pool_held") > 1.9);
}

/// What an acknowledged write is worth when the process or the host dies, by log policy.
#[test]
fn a_crash_loses_what_the_log_says() {
    let lost = |policy: &str, crash: u16| {
        let (world, node) = writers(500.0, 1_000, vec![("log", text(policy)), ("sync_every", span(0.5))]);
        let mut simulation = world.build(seed(), 0);
        simulation.run_until(from_seconds(3.3));
        simulation.control(node, Control::new(crash, 0));
        simulation.run_until(4 * SECOND);
        simulation.control(node, Control::new(Control::RECOVER, 0));
        simulation.run_until(6 * SECOND);
        simulation.check_conservation().unwrap();
        simulation.audit().report().lost_writes_count
    };
    assert_eq!(lost("commit", Control::CRASH_HOST), 0);
    assert_eq!(lost("commit", Control::CRASH_PROCESS), 0);
    assert_eq!(lost("interval", Control::CRASH_PROCESS), 0, "the system has what the process logged");
    let at_most = 500.0 * (0.5 + 2.0 * FSYNC_S);
    let tail = lost("interval", Control::CRASH_HOST) as f64;
    assert!(tail > 10.0 && tail < 1.3 * at_most, "at most what came since the last flush: {tail}");
}

/// Readers of 10,000 rows of 1,000 bytes, 1,250 pages, with memory for `pages` of them.
fn readers(pages: u64, on_timeline: impl Fn(&mut Simulation, NodeId)) -> (f64, ClassBook) {
    let mut world = World::default();
    let buffer = Value::Bytes(pages * 8192);
    let settings = vec![("model", text("key_value")), ("rows", Value::Whole(10_000)), ("buffer", buffer)];
    let db = world.add("database", "db", settings);
    let wanted = keys(Keys::uniform(10_000).unwrap());
    world.add("traffic", "readers", vec![("to", db.clone()), ("rate", evenly(1_000.0)), ("keys", wanted)]);
    let node = world.node(&db, 0);
    let mut simulation = world.build(seed(), 0);
    simulation.run_until(20 * SECOND);
    on_timeline(&mut simulation, node);
    let before = simulation.readings(node, false);
    let run = observe_from(&mut simulation, 30.0);
    let after = simulation.readings(node, false);
    let count = |name: &str| (after.count_of(name) - before.count_of(name)) as f64;
    (count("buffer_hits") / (count("buffer_hits") + count("buffer_misses")), run)
}

fn observe_from(simulation: &mut Simulation, until_s: f64) -> ClassBook {
    simulation.measure_from_now();
    simulation.run_until(from_seconds(until_s));
    simulation.check_conservation().unwrap();
    simulation.book().close(simulation.requests(), from_seconds(until_s))[0].clone()
}

/// Under uniform access any policy that keeps the last pages hits in proportion to what it can keep.
#[test]
fn the_buffer_hits_in_proportion_to_its_size() {
    // A page holds 8 rows of 1,000 bytes: 1,250 pages.
    for pages in [125, 625, 2_000] {
        let (ratio, book) = readers(pages, |_, _| {});
        let expected = (pages as f64 / 1_250.0).min(1.0);
        assert!((ratio - expected).abs() < 0.02, "{pages}: {ratio} for {expected}");
        let mean_s = book.latency.mean().unwrap() / 1e9;
        let predicted = 34.45e-6 + (1.0 - ratio) * 150e-6;
        assert!((mean_s / predicted - 1.0).abs() < 0.05, "{pages}: {mean_s} for {predicted}");
    }
}

#[test]
fn after_a_crash_the_buffer_is_cold() {
    let (ratio, book) = readers(2_000, |simulation, node| {
        simulation.control(node, Control::new(Control::CRASH_PROCESS, 0));
        simulation.control(node, Control::new(Control::RECOVER, 0));
    });
    // 1,250 pages of 10,000 touches are missed again.
    assert!((ratio - (1.0 - 1_250.0 / 10_000.0)).abs() < 0.01, "{ratio}");
    assert_eq!(book.failed, 0);
}

/// A row of one database, asked by traffic, perhaps through others: the mistakes found.
fn mistakes(model: Option<&str>, asks: &str, through_web: bool) -> Vec<String> {
    let mut world = World::default();
    let settings = match model {
        Some(model) => vec![("model", text(model)), ("rows", Value::Whole(100))],
        None => vec![("read", span(0.001)), ("write", span(0.001))],
    };
    let mut to = world.add("database", "db", settings);
    if through_web {
        let cache = world.add("cache", "cache", vec![("of", to)]);
        let web = world.add("web", "web", vec![("count", Value::Whole(2)), ("reads", cache)]);
        to = world.add("load_balancer", "lb", vec![("to", web)]);
    }
    let wanted = keys(Keys::uniform(100).unwrap());
    let settings = vec![("to", to), ("rate", evenly(10.0)), ("keys", wanted), ("asks", text(asks))];
    world.add("traffic", "t", settings);
    match check(&world.spec, SECOND, &[]) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// A question that a model has no way to answer is refused when the world is built, wherever it comes from.
#[test]
fn impossible_questions_are_refused() {
    for through_web in [false, true] {
        let found = mistakes(Some("key_value"), "friends_of_friends", through_web);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("is key_value: it has no way to answer \"friends_of_friends\""),
            "{found:?}"
        );
        assert!(found[0].contains("\"graph\""), "the hint names models that can: {found:?}");
        assert_eq!(mistakes(Some("graph"), "friends_of_friends", through_web), [""; 0]);
        let declared = mistakes(None, "join", through_web);
        assert!(declared[0].contains("declared times"), "{declared:?}");
        assert_eq!(mistakes(None, "point", through_web), [""; 0]);
    }
}

/// Web and database on one machine share its processors: at 2 x 1 ms a request, one core bears 500 requests a second.
#[test]
fn guests_of_a_host_share_its_processors() {
    let throughput = |shared: bool| {
        let mut world = World::default();
        let host = world.add("host", "server", vec![("cores", Value::Whole(1))]);
        let other = world.add("host", "other", vec![("cores", Value::Whole(1))]);
        let settings = vec![
            ("model", text("key_value")),
            ("rows", Value::Whole(10)),
            ("statement_time", span(0.001)),
            ("on", if shared { host.clone() } else { other }),
        ];
        let db = world.add("database", "db", settings);
        let settings = vec![("on", host.clone()), ("service", span(0.001)), ("reads", db)];
        let web = world.add("web", "web", settings);
        let wanted = keys(Keys::uniform(10).unwrap());
        world.add("traffic", "t", vec![("to", web), ("rate", evenly(800.0)), ("keys", wanted)]);
        let node = world.node(&host, 0);
        assert_eq!(index(&host), 0);
        let run = observe(&mut world.build(seed(), 0), 10.0);
        (run.requests.succeeded as f64 / 10.0, run.utilisation(node))
    };
    let (together, busy) = throughput(true);
    assert!(together < 505.0 && busy > 0.999, "{together} at {busy}");
    let (apart, busy) = throughput(false);
    assert!(apart > 795.0 && (busy - 0.8).abs() < 0.01, "{apart} at {busy}");
}

/// Settings that do not go together are found when the world is checked, each with what to write instead.
#[test]
fn mistakes_in_a_database_are_found() {
    let mistakes = |settings: Vec<(&str, Value)>| {
        let mut world = World::default();
        let db = world.add("database", "db", settings);
        let wanted = keys(Keys::uniform(100).unwrap());
        world.add("traffic", "t", vec![("to", db), ("rate", evenly(10.0)), ("keys", wanted)]);
        let problems = check(&world.spec, SECOND, &[]).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let whole = Value::Whole;
    assert_eq!(mistakes(vec![("model", text("graph"))]), "", "rows come from the traffic");
    assert_eq!(mistakes(vec![("profile", text("cassandra"))]), "", "no published times: its work is counted");
    assert_eq!(mistakes(vec![("profile", text("mysql"))]), "", "published times");
    let found = mistakes(vec![("model", text("graph")), ("rows", whole(50))]);
    assert!(found.contains("has 50 rows, but 100 keys are asked for"), "{found}");
    let found = mistakes(vec![("rows", whole(500))]);
    assert!(found.contains("has `rows` but no data model"), "{found}");
    let found = mistakes(vec![("profile", text("mysql")), ("cores", whole(4))]);
    assert!(found.contains("`cores` counts only where work is counted"), "{found}");
    let found = mistakes(vec![("profile", text("redis")), ("read", span(0.001))]);
    assert!(found.contains("needs the setting `write`"), "{found}");
    let found = mistakes(vec![("model", text("graph")), ("write", span(0.001))]);
    assert!(found.contains("`write` declares a time"), "{found}");
    let found = mistakes(vec![("model", text("wide_column")), ("columns", whole(2))]);
    assert!(found.contains("5 families for 2 columns"), "{found}");
    let found = mistakes(vec![("profile", text("mysq"))]);
    assert!(found.contains("did you mean `mysql`"), "{found}");
    let found = mistakes(vec![("model", text("relational")), ("rows", whole(100_000_000))]);
    assert!(found.contains("more than one node can hold"), "{found}");
}

/// A question goes through balancer and web tier, past a cache beside the store, and is answered: as a step of the web tier, or
/// passed on for the traffic that asks it.
#[test]
fn questions_find_their_way_to_the_store() {
    for with_cache in [false, true] {
        let mut world = World::default();
        let db = world.add("database", "db", vec![("model", text("graph")), ("rows", Value::Whole(200))]);
        let node = NodeId(0);
        let reads = if with_cache { world.add("cache", "cache", vec![("of", db)]) } else { db };
        let steps = common::texts(&["read", "aggregate"]);
        let settings = vec![("count", Value::Whole(2)), ("reads", reads), ("on_read", steps)];
        let web = world.add("web", "web", settings);
        let to = world.add("load_balancer", "lb", vec![("to", web)]);
        for (name, asks) in [("a", "point"), ("b", "friends_of_friends")] {
            let wanted = keys(Keys::uniform(200).unwrap());
            let settings =
                vec![("to", to.clone()), ("rate", evenly(100.0)), ("keys", wanted), ("asks", text(asks))];
            world.add("traffic", name, settings);
        }
        let run = observe(&mut world.build(seed(), 0), 10.0);
        assert_eq!((run.requests.failed, run.requests.succeeded > 1_950), (0, true));
        // An aggregate for everybody, friends for every second; plain reads only where no cache answers them.
        let reads = run.rate(node, "reads");
        let expected = if with_cache { 300.0..320.0 } else { 395.0..405.0 };
        assert!(expected.contains(&reads), "{reads} with cache: {with_cache}");
    }
}

/// A database with room for some rows takes no new one beyond, and goes on with those that it has: declared, counted, replicated.
#[test]
fn a_full_database_turns_new_rows_away() {
    let counted =
        || vec![("model", text("relational")), ("rows", Value::Whole(30)), ("fsync_time", span(0.001))];
    let declared = || vec![("read", span(0.001)), ("write", span(0.001))];
    let replicated = |mode: &str| vec![("replicas", Value::Whole(2)), ("replication", text(mode))];
    let metric = |counts: bool| if counts { "stored_rows" } else { "rows" };
    for (counts, more) in [
        (false, vec![]),
        (true, vec![]),
        (false, replicated("async")),
        (true, replicated("async")),
        (true, replicated("majority")),
        (true, vec![("shards_max", Value::Whole(2))]),
    ] {
        let mut world = World::default();
        let mut settings = if counts { counted() } else { declared() };
        let nodes = more.len();
        settings.extend(more);
        settings.push(("capacity", Value::Whole(50)));
        let db = world.add("database", "db", settings);
        let wanted = keys(Keys::uniform(100).unwrap());
        let settings = vec![
            ("to", db.clone()),
            ("rate", poisson(400.0)),
            ("writes", Value::Share(1.0)),
            ("keys", wanted),
        ];
        world.add("traffic", "writers", settings);
        let mut simulation = world.build(seed(), 0);
        simulation.run_until(10 * SECOND);
        simulation.check_conservation().expect("nothing vanishes");
        let book = &simulation.book().close(simulation.requests(), simulation.now())[1];
        let share = book.rejected as f64 / (book.succeeded + book.rejected) as f64;
        assert!((share - 0.5).abs() < 0.06, "{counts} {nodes}: {share}");
        let written = (0..100).filter(|key| simulation.audit().surviving_head(*key) > 0).count();
        assert_eq!(written, 50, "{counts} {nodes}");
        let told = |n: usize| match simulation.readings(NodeId(n as u16), false).get(metric(counts)) {
            Some(scalelab::kernel::readings::Reading::Gauge(rows)) => Some(*rows as u64),
            _ => None,
        };
        let rows: Vec<u64> = (0..simulation.nodes()).filter_map(told).collect();
        assert!(rows.iter().all(|rows| [0, 50].contains(rows)), "{counts} {nodes}: {rows:?}");
        assert_eq!(rows.contains(&50), nodes > 0);
    }
}

/// Members at several places are reached from where the caller is, its driver beside it, also over a link of their own: 10 ms there and 10 ms back, 1 ms
/// of work in each of the two, and 19.4 ms of the users' own way.
#[test]
fn a_driver_is_beside_its_caller_whatever_the_link_between_them() {
    common::script::holds(
        r#"
experiment("beside").replications(3).duration(10.s).world(|p| {
    regions("aws");
    let db = database("db", #{
        read: 1.ms, write: 1.ms, replicas: 2, replication: "async", reads: "nearest",
        region: ["us-east-1", "eu-central-1", "ap-northeast-1"],
    });
    let site = web("site", #{ cores: 9, service: 1.ms, reads: db, writes: db, region: "us-east-1" });
    traffic("users", #{ to: site, rate: 100.rps, writes: 0.1, keys: uniform_keys(100), region: "us-east-1" });
    link(site, db, #{ latency: 10.ms });
}).expect("there and back", |r| r.latency_p50 > 40.ms).expect("once", |r| r.latency_p50 < 45.ms);
"#,
    );
}

/// Key 7 of one service is not key 7 of another: what has nothing in common but a machine or a resolver has data of its own. (Half of
/// the reads were stale.) Two ways to one database have the same.
#[test]
fn services_that_have_nothing_in_common_have_data_of_their_own() {
    let traffic = "rate: 100.rps, writes: 50.percent, keys: uniform_keys(10)";
    let apart = format!(
        "let machine = host(\"machine\", #{{ cores: 8 }});
        for name in [\"orders\", \"users\"] {{
            let db = database(name, #{{ read: exponential(1.ms), write: exponential(1.ms) }});
            let shop = web(`${{name}} shop`, #{{ service: 1.ms, on: machine, reads: db, writes: db }});
            traffic(`to ${{name}}`, #{{ to: shop, {traffic} }});
        }}"
    );
    let together = format!(
        "let db = database(\"db\", #{{ read: exponential(1.ms), write: exponential(1.ms) }});
        let store = cache(\"store\", #{{ of: db, items: 10, ttl: 10.s }});
        traffic(\"writers\", #{{ to: db, {traffic} }});
        traffic(\"readers\", #{{ to: web(\"w\", #{{ service: 1.ms, reads: store, writes: db }}), {traffic} }});"
    );
    let stale = |world: &str, expected: &str| {
        common::script::holds(&format!(
            "experiment(\"data\").replications(3).duration(20.s).world(|p| {{ {world} }})
                .expect(\"stale\", |r| r.stale_ratio {expected}).expect(\"reads\", |r| r.throughput > 150.rps);"
        ));
    };
    stale(&apart, "== 0");
    stale(&together, "> 0.2");
}

/// A thread looks once a second whether there is something to flush: of writes half a second old about half are on disk when the machine dies.
#[test]
fn a_periodic_log_is_looked_at_once_a_period() {
    common::script::holds(
        r#"experiment("looks").replications(40).duration(25.s).world(|p| {
            let db = database("db", #{ model: "key_value", rows: 1000, storage: "memory", log: "interval", sync_every: 1.s });
            traffic("t", #{ to: db, rate: constant(0.1.rps), writes: 100.percent, keys: sequential(100).unscrambled() });
            at(20500.ms, "machine dies", || db.crash("host")); at(22.s, "back", || db.recover());
        }).expect("some are", |r| r.lost_writes < 0.8).expect("some are not", |r| r.lost_writes > 0.2);"#,
    );
}

/// A question about two columns walks along one family that has both, or along two that have one each.
#[test]
fn two_columns_in_two_families_are_read_from_two() {
    common::script::holds(
        r#"experiment("wide").vary("families", [5, 10]).replications(2).duration(100.s).world(|p| {
            let db = database("db", #{ model: "wide_column", rows: 1000, columns: 10, families: p.families });
            traffic("t", #{ to: db, rate: constant(1.rps), asks: "columns", keys: sequential(10).unscrambled() });
        }).claim("twice", |all| all.where(#{ families: 10 }).rows_read / all.where(#{ families: 5 }).rows_read == 2.0);"#,
    );
}
