//! Edges, browsers and sites that are published anew: purges, versions, bytes and money. Each rule against arithmetic.

mod common;

use common::{World, evenly, index, keys, span, text, texts};
use proptest::prelude::*;
use scalelab::catalog::{Place, Problem, Problems, Value};
use scalelab::components::egress::DOLLAR;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::from_seconds;
use scalelab::kernel::{SECOND, Simulation, Time};
use scalelab::model::{Command, Moment, Order, Target, check, resolve};
use scalelab::random::keys::Keys;

fn at(seconds: f64) -> Time {
    from_seconds(seconds)
}

fn orders(world: &World, group: &Value, action: &str, arguments: Vec<Value>) -> Result<Vec<Order>, Problem> {
    let target = Target::Group(index(group));
    let command = Command { target, action: action.into(), arguments, place: Place::default() };
    resolve(&world.check().layout, &command, Moment::Run)
}

fn act(world: &World, simulation: &mut Simulation, group: &Value, action: &str, arguments: Vec<Value>) {
    for order in orders(world, group, action, arguments).unwrap() {
        order.carry_out(simulation);
    }
}

fn told(world: &World, simulation: &Simulation, group: &Value, metric: &str) -> u64 {
    simulation.readings(world.node(group, 0), false).count_of(metric)
}

fn whole(number: i64) -> Value {
    Value::Whole(number)
}

/// A hundred objects of 1,000 bytes at one edge, each wanted once a second, in turn.
fn hundred(settings: Vec<(&str, Value)>, traffic: Vec<(&str, Value)>) -> (World, Value, Value) {
    let mut world = World::default();
    let times =
        vec![("read", Value::Duration(1)), ("write", Value::Duration(1)), ("row", Value::Bytes(1_000))];
    let store = world.add("database", "store", times);
    let edge = world.add("cdn", "edge", [vec![("of", store)], settings].concat());
    let load =
        vec![("to", edge.clone()), ("rate", evenly(100.0)), ("keys", keys(Keys::sequential(100).unwrap()))];
    let users = world.add("traffic", "visitors", [load, traffic].concat());
    (world, edge, users)
}

/// Copies removed by a purge, and fetches because of it: of what it is about, and of nothing else.
fn purged(settings: Vec<(&str, Value)>, what: Value) -> (u64, u64) {
    let (world, edge, _) = hundred(settings, vec![]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(2.5));
    let count = |simulation: &Simulation, metric| told(&world, simulation, &edge, metric);
    assert_eq!(count(&simulation, "origin_fetches"), 100);
    act(&world, &mut simulation, &edge, "invalidate", vec![what]);
    simulation.run_until(at(20.0));
    simulation.check_conservation().unwrap();
    assert_eq!(count(&simulation, "purges"), 1);
    (count(&simulation, "purged_copies"), count(&simulation, "origin_fetches") - 100)
}

#[test]
fn a_purge_removes_what_it_is_about_and_nothing_else() {
    for (what, copies) in [("/7", 1), ("/1*", 11), ("/0*", 1), ("/9*", 11), ("all", 100)] {
        assert_eq!(purged(vec![], text(what)), (copies, copies), "{what}");
    }
    assert_eq!(purged(vec![], whole(7)), (1, 1));
    assert_eq!(purged(vec![("tags", whole(8))], text("tag:3")), (13, 13), "3, 11, .. 99");
    let folders = || vec![("folders", whole(8))];
    assert_eq!(purged(folders(), text("/3/*")), (13, 13));
    assert_eq!(purged(folders(), text("/3/1*")), (2, 2), "11 and 19");
    assert_eq!(purged(folders(), text("/3/11")), (1, 1));
}

#[test]
fn a_purge_of_what_no_edge_holds_is_taken_and_paid_for_and_one_of_what_cannot_exist_is_a_mistake() {
    let dear = vec![("egress_price", whole(0)), ("free_purges", whole(0))];
    let (world, edge, _) = hundred([dear, vec![("items", whole(1)), ("tags", whole(3))]].concat(), vec![]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(0.655));
    act(&world, &mut simulation, &edge, "invalidate", vec![text("/7")]);
    simulation.run_until(at(0.656));
    let count = |metric| told(&world, &simulation, &edge, metric);
    assert_eq!((count("purges"), count("purged_copies"), count("cost")), (1, 0, DOLLAR / 200));
    let said = |what: Value| orders(&world, &edge, "invalidate", vec![what]).unwrap_err().to_string();
    assert!(said(whole(100)).contains("there is no key 100"), "{}", said(whole(100)));
    for wrong in ["/100", "/07", "/7/"] {
        assert!(said(text(wrong)).contains("there is no URL"), "{wrong}: {}", said(text(wrong)));
    }
    for wrong in ["/100*", "/01*", "/x*"] {
        assert!(said(text(wrong)).contains("no URL begins with"), "{wrong}: {}", said(text(wrong)));
    }
    assert!(said(text("tag:3")).contains("the tags of \"edge\" are 0 to 2"));
    assert!(said(text("7")).contains("is no URL"));
}

#[test]
fn more_purges_than_the_network_takes_are_turned_away() {
    let taken = |settings: Vec<(&str, Value)>, what: &str, times: usize| {
        let (world, edge, _) = hundred(settings, vec![]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(at(2.5));
        (0..times).for_each(|_| act(&world, &mut simulation, &edge, "invalidate", vec![text(what)]));
        simulation.run_until(at(2.6));
        let count = |metric| told(&world, &simulation, &edge, metric);
        (count("purges"), count("purges_refused"))
    };
    let cloudflare = |plan| vec![("profile", text("cloudflare")), ("plan", text(plan))];
    assert_eq!(taken(cloudflare("free"), "/1*", 30), (25, 5));
    assert_eq!(taken(cloudflare("business"), "/1*", 60), (50, 10));
    assert_eq!(taken(cloudflare("free"), "/1", 60), (60, 0));
    assert_eq!(taken(vec![("profile", text("cloudfront"))], "/1*", 20), (15, 5));
}

/// The network takes purges, and asks for money, whichever of its edges is down: that one carries them out when it is back, the same one as often
/// as it was asked for, though some come while others wait.
#[test]
fn purges_are_booked_while_an_edge_is_down_and_felt_when_it_is_back() {
    for crash in [vec![], vec![text("host")]] {
        let prices = vec![("free_purges", whole(0)), ("region", text("us-east-1"))];
        let (world, edge, _) = hundred(prices, vec![]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(at(2.5));
        act(&world, &mut simulation, &edge, "invalidate", vec![whole(7)]);
        act(&world, &mut simulation, &edge, "crash", crash);
        for second in [3.0, 3.0, 4.0] {
            simulation.run_until(at(second));
            act(&world, &mut simulation, &edge, "invalidate", vec![whole(7)]);
        }
        simulation.run_until(at(60.0));
        let count = |simulation: &Simulation, metric| told(&world, simulation, &edge, metric);
        let booked =
            |simulation: &Simulation| (count(simulation, "purges"), count(simulation, "purged_copies"));
        assert_eq!(booked(&simulation), (4, 0));
        assert!(count(&simulation, "cost") >= 4 * DOLLAR / 200);
        act(&world, &mut simulation, &edge, "recover", vec![]);
        simulation.run_until(at(60.001));
        assert_eq!(booked(&simulation), (4, 1), "felt at once; its copies were on disk");
        act(&world, &mut simulation, &edge, "invalidate", vec![whole(7)]);
        simulation.run_until(at(120.0));
        assert_eq!(booked(&simulation), (5, 2));
        let readings = simulation.readings(world.node(&edge, 0), true);
        let Some(Reading::Histogram(times)) = readings.get("purge_time") else { panic!("purges took times") };
        let median = times.quantile(0.5).unwrap().abs_diff(57 * SECOND);
        assert!(times.count() == 5 && median < SECOND / 2, "{median}");
        simulation.check_conservation().unwrap();
    }
}

#[test]
fn bytes_and_purges_cost_what_the_list_says() {
    let us = ("region", text("us-east-1"));
    let (world, edge, _) = hundred(vec![us, ("free_purges", whole(0))], vec![]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(9.995));
    for key in 0..5 {
        act(&world, &mut simulation, &edge, "invalidate", vec![whole(key)]);
    }
    simulation.run_until(at(9.996));
    let sent = told(&world, &simulation, &edge, "egress_bytes");
    assert_eq!(sent % 1_000, 0);
    // $0.085 per GB; $0.01 per 10,000 requests; five purges at $0.005.
    let requests = told(&world, &simulation, &edge, "cdn_lookups");
    let cost = sent * 85 + requests * (DOLLAR / 1_000_000) + 5 * DOLLAR / 200;
    assert_eq!(told(&world, &simulation, &edge, "cost"), cost);
    let (world, edge, _) = hundred(vec![], vec![]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(1.0));
    let readings = simulation.readings(world.node(&edge, 0), false);
    assert!(readings.get("cost").is_none(), "nobody knows what it costs nowhere");
}

/// One user who wants the one object of 1,000 bytes every 10 s, until `end_s`: requests, browser hits, edge hits, bytes sent.
fn one_user(settings: Vec<(&str, Value)>, end_s: f64) -> [u64; 4] {
    let mut world = World::default();
    let times =
        vec![("read", Value::Duration(1)), ("write", Value::Duration(1)), ("row", Value::Bytes(1_000))];
    let store = world.add("database", "store", times);
    let edge = world.add("cdn", "edge", vec![("of", store), ("ttl", span(100_000.0))]);
    let user = vec![("to", edge.clone()), ("users", whole(1)), ("think", span(10.0))];
    let user = world.add("traffic", "user", [user, settings].concat());
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(end_s));
    simulation.check_conservation().unwrap();
    let user = |metric| told(&world, &simulation, &user, metric);
    let edge = |metric| told(&world, &simulation, &edge, metric);
    [user("requests"), user("browser_hits"), edge("cdn_lookups"), edge("egress_bytes")]
}

#[test]
fn a_304_has_no_body_and_a_fresh_copy_needs_no_question() {
    let slots = || ("browser_slots", whole(4));
    // Requests at 10, 20, .. 200 s.
    assert_eq!(one_user(vec![], 205.0), [20, 0, 20, 20_000]);
    assert_eq!(one_user(vec![slots()], 205.0), [20, 0, 20, 1_000], "each is asked about, one has a body");
    // Fresh for 35 s of the copy's age, which the edge counts from 10 s on: only the first copy is young enough.
    let [requests, hits, asked, sent] = one_user(vec![slots(), ("max_age", span(35.0))], 205.0);
    assert_eq!((requests, hits, asked, sent), (20, 3, 17, 1_000));
    // Fresh all the time, but every visit is a reload.
    let reloads = vec![slots(), ("max_age", span(10_000.0)), ("reloads", Value::Share(1.0))];
    assert_eq!(one_user(reloads, 205.0), [20, 0, 20, 1_000]);
    assert_eq!(one_user(vec![slots(), ("max_age", span(10_000.0))], 205.0), [20, 19, 1, 1_000]);
}

struct Published {
    world: World,
    site: Value,
    edges: Value,
    users: Value,
}

/// Twenty readers of a site behind an edge.
fn published(settings: Vec<(&str, Value)>) -> Published {
    let mut world = World::default();
    let own = vec![
        ("pages", whole(12)),
        ("assets", whole(20)),
        ("page_size", Value::Bytes(10)),
        ("asset_size", Value::Bytes(1_000)),
    ];
    let site = world.add("website", "site", [own, settings].concat());
    let edges = vec![("of", site.clone()), ("profile", text("cloudflare")), ("ttl", span(60.0))];
    let edges = world.add("cdn", "edges", edges);
    let readers = vec![
        ("to", edges.clone()),
        ("users", whole(20)),
        ("think", span(4.0)),
        ("keys", keys(Keys::uniform(12).unwrap())),
        ("browser_slots", whole(16)),
    ];
    let users = world.add("traffic", "readers", readers);
    Published { world, site, edges, users }
}

impl Published {
    /// Publishes every `period_s`, with a purge of the pages if so wished: broken pages, missing and old assets, pages, stale pages.
    fn run(&self, seed: u64, period_s: f64, purges: bool) -> [u64; 5] {
        let mut simulation = self.world.build(seed, 0);
        for build in 1..=10 {
            simulation.run_until(at(period_s * f64::from(build)));
            act(&self.world, &mut simulation, &self.site, "publish", vec![]);
            if purges {
                act(&self.world, &mut simulation, &self.edges, "invalidate", vec![text("/page/*")]);
            }
        }
        simulation.run_until(at(period_s * 11.0));
        simulation.check_conservation().unwrap();
        ["broken_pages", "pages_missing_asset", "old_assets", "pages", "stale_reads"]
            .map(|metric| told(&self.world, &simulation, &self.users, metric))
    }
}

fn site(versioning: &str, per_page: i64, changes: f64) -> Vec<(&'static str, Value)> {
    vec![
        ("per_page", whole(per_page)),
        ("changes", Value::Share(changes)),
        ("versioning", text(versioning)),
        ("asset_max_age", span(10_000.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// With a URL for each content (or build) and old files kept, no page is ever broken, however old it is.
    #[test]
    fn versions_in_urls_never_break_a_page(
        per_page in 1i64..8, changes in 0.05f64..1.0, period in 5u32..90, seed in 0u64..1_000, purges: bool, by_hash: bool,
    ) {
        let versioning = if by_hash { "hash" } else { "build" };
        let [broken, missing, old, pages, _] =
            published(site(versioning, per_page, changes)).run(seed, period.into(), purges);
        prop_assert!(pages > 100);
        prop_assert_eq!([broken, missing, old], [0; 3]);
    }
}

/// Which assets a build changes is drawn for each replication, and is the same in every variant of it.
#[test]
fn builds_change_other_assets_in_each_replication() {
    let changed = |think: f64, replication: u64| {
        let mut world = published(site("hash", 20, 0.3));
        let readers = &mut world.world.spec.groups[index(&world.users)].given;
        readers.iter_mut().filter(|given| given.name == "think").for_each(|given| given.value = span(think));
        let mut simulation = world.world.build(1, replication);
        simulation.run_until(at(100.0));
        act(&world.world, &mut simulation, &world.site, "publish", vec![]);
        simulation.run_until(at(300.0));
        // Every page needs all twenty assets of 1,000 bytes, and the edge keeps each version; its pages have 10 bytes.
        told(&world.world, &simulation, &world.edges, "origin_bytes") / 1_000 - 20
    };
    let counts = |think: f64| (0..8).map(|replication| changed(think, replication)).collect::<Vec<_>>();
    let found = counts(4.0);
    assert!(found.iter().any(|count| *count != found[0]), "{found:?}");
    assert!((24..=72).contains(&found.iter().sum::<u64>()), "30 % of 160: {found:?}");
    assert_eq!(found, counts(5.0), "in another variant");
}

#[test]
fn without_versions_or_without_old_files_pages_break() {
    let run = |settings: Vec<(&str, Value)>, purges| published(settings).run(1, 30.0, purges);
    let [broken, missing, old, ..] = run(site("none", 4, 0.3), true);
    assert!(broken > 100 && missing == 0 && old > 100, "{broken} {missing} {old}");
    // Nobody forgets and all pages are new at once: only the moments between the build and the purge are left.
    let [careful, ..] = run(site("manual", 4, 0.3), true);
    let [careless, ..] = run([site("manual", 4, 0.3), vec![("forgets", Value::Share(0.5))]].concat(), true);
    assert!(careful < careless / 4 && careless < broken, "{careful} {careless} {broken}");
    // An edge that may keep an asset has it still when the origin has not: only what it must ask about is gone.
    let asks = |keeps| {
        let mut settings = site("hash", 4, 0.3);
        settings.retain(|(name, _)| *name != "asset_max_age");
        [settings, vec![("keeps", whole(keeps)), ("asset_max_age", span(5.0))]].concat()
    };
    let [broken, missing, old, ..] = run(asks(0), false);
    assert!(missing > 10 && broken == missing && old == 0, "{broken} {missing} {old}");
    assert_eq!(run(asks(3), false)[1], 0, "an edge's pages are at most 60 s old: two builds");
}

#[test]
fn a_purge_of_the_pages_makes_them_fresh_and_leaves_assets_where_they_are() {
    let stale = |purges| published(site("hash", 4, 0.3)).run(1, 30.0, purges)[4];
    assert!(stale(true) * 4 < stale(false), "{} {}", stale(true), stale(false));
    let fetched = |what: &str| {
        let world = published(site("hash", 4, 0.3));
        let mut simulation = world.world.build(1, 0);
        simulation.run_until(at(100.0));
        act(&world.world, &mut simulation, &world.edges, "invalidate", vec![text(what)]);
        let before = told(&world.world, &simulation, &world.edges, "origin_bytes");
        simulation.run_until(at(130.0));
        told(&world.world, &simulation, &world.edges, "origin_bytes") - before
    };
    assert!(fetched("/page/*") < 1_000, "pages have 10 bytes each, assets 1,000: {}", fetched("/page/*"));
}

/// A site answers "unchanged" to an edge whose copy has ended, which goes on with the old one.
#[test]
fn a_revalidated_copy_costs_the_origin_no_bytes() {
    let settings = vec![("per_page", whole(4)), ("changes", Value::Share(0.2)), ("asset_max_age", span(5.0))];
    let world = published(settings);
    let mut simulation = world.world.build(1, 0);
    simulation.run_until(at(300.0));
    let count = |metric| told(&world.world, &simulation, &world.edges, metric);
    // Without a new build every object comes once: 12 pages, and the assets that some page needs.
    let assets = (count("origin_bytes") - 12 * 10) / 1_000;
    assert!((12..=20).contains(&assets), "{assets}");
    assert_eq!(count("origin_bytes"), 12 * 10 + assets * 1_000);
    assert!(count("cdn_revalidated") > 200, "{}", count("cdn_revalidated"));
    assert_eq!(count("origin_fetches"), count("cdn_revalidated") + 12 + assets);
}

#[test]
fn a_visit_whose_server_is_gone_fails_and_a_second_attempt_asks_for_the_rest() {
    let mut world = published(site("hash", 4, 0.3));
    let attempts = [("attempts", whole(20)), ("backoff", span(1.0)), ("timeout", span(2.0))];
    let users = &mut world.world.spec.groups[index(&world.users)];
    users.given.extend(attempts.map(|(name, value)| scalelab::catalog::Given {
        name: name.into(),
        value,
        place: Place::default(),
    }));
    let mut simulation = world.world.build(1, 0);
    simulation.run_until(at(20.0));
    act(&world.world, &mut simulation, &world.edges, "crash", vec![]);
    simulation.run_until(at(24.0));
    act(&world.world, &mut simulation, &world.edges, "recover", vec![]);
    simulation.run_until(at(60.0));
    simulation.check_conservation().unwrap();
    let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
    assert_eq!(class.failed + class.timed_out, 0);
    assert!(told(&world.world, &simulation, &world.users, "retries") > 0);
    assert_eq!(told(&world.world, &simulation, &world.users, "broken_pages"), 0);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let said = |world: &World| {
        let problems: Problems = check(&world.spec, Time::MAX, &[]).expect_err("there is a mistake");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let edge = |settings| said(&hundred(settings, vec![]).0);
    assert!(edge(vec![("plan", text("pro"))]).contains("is for profile \"cloudflare\""));
    let user = |settings| said(&hundred(vec![], settings).0);
    assert!(user(vec![("browser_slots", whole(4))]).contains("belongs to a user"));
    assert!(user(vec![("max_age", span(4.0))]).contains("browsers that keep copies"));
    let site =
        |settings: Vec<(&str, Value)>| said(&published([site("none", 4, 0.3), settings].concat()).world);
    assert!(site(vec![("per_page", whole(30))]).contains("cannot need 30 of 20"));
    assert!(site(vec![("keeps", whole(1))]).contains("nothing to keep"));
    assert!(site(vec![("forgets", Value::Share(0.1))]).contains("nobody can forget"));
    assert!(site(vec![("pages", whole(5))]).contains("`keys` are 12 pages, but \"site\" has 5"));
    let world = published(self::site("none", 4, 0.3));
    let wrong = orders(&world.world, &world.site, "publish", vec![text("v2")]).unwrap_err();
    assert!(wrong.to_string().contains("takes no arguments"), "{wrong}");
    let wrong = orders(&world.world, &world.site, "publish", vec![span(60.0)]).unwrap_err();
    assert!(wrong.to_string().contains("is one machine, which is new at once"), "{wrong}");
    assert!(edge(vec![("failover_on", texts(&["missing"]))]).contains("no other origin to fail over to"));
    let mut two = published(self::site("none", 4, 0.3)).world;
    let other = two.add("web", "other", vec![("service", span(0.001))]);
    let both = two.add("dns", "shop", vec![("to", Value::List(vec![Value::Group(0), other]))]);
    let isp = two.add("resolver", "isp", vec![]);
    two.add(
        "traffic",
        "lost",
        vec![("to", both), ("resolver", isp), ("users", whole(2)), ("think", span(1.0))],
    );
    assert!(
        said(&two).contains("\"other\" does not have the pages and assets of \"site\""),
        "{}",
        said(&two)
    );
    let metered = || vec![("profile", text("cloudflare")), ("monthly_requests", whole(5))];
    assert!(edge(metered()).contains("bills no traffic, however much it is"));
    let priced = || vec![("egress_price", whole(1)), ("monthly_bytes", Value::Bytes(1))];
    assert!(edge(priced()).contains("leave one of them out"));
}

/// Rows of 1,000 bytes, wanted again and again through an edge whose copies end after 2 s, with this between edge and rows:
/// fetches, copies found unchanged, and bytes that came from the origin; then the same after a write of one row.
fn behind_an_edge(between: &str, etag: bool) -> [u64; 3] {
    let mut world = World::default();
    let row = ("row", Value::Bytes(1_000));
    let rows = world.add("database", "rows", vec![("read", span(0.001)), ("write", span(0.001)), row]);
    let server = |world: &mut World, name: &str| {
        world.add("web", name, vec![("reads", rows.clone()), ("etag", Value::Flag(etag))])
    };
    let origin = match between {
        "nothing" => rows.clone(),
        "web" => server(&mut world, "server"),
        "balancer" => {
            let servers = ["one", "two"].map(|name| server(&mut world, name));
            world.add("load_balancer", "balancer", vec![("to", Value::List(servers.to_vec()))])
        }
        "careful balancer" => {
            let servers = ["one", "two"].map(|name| server(&mut world, name));
            let settings = vec![("to", Value::List(servers.to_vec())), ("retries", whole(2))];
            world.add("load_balancer", "balancer", settings)
        }
        _ => world.add("cache", "memory", vec![("of", rows.clone()), ("placement", text("inline"))]),
    };
    let edge = world.add("cdn", "edge", vec![("of", origin), ("ttl", span(2.0))]);
    let wanted = ("keys", keys(Keys::sequential(10).unwrap()));
    world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0)), wanted]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(60.05));
    simulation.check_conservation().unwrap();
    ["origin_fetches", "cdn_revalidated", "origin_bytes"].map(|name| told(&world, &simulation, &edge, name))
}

/// Whatever stands behind an edge: what has not changed is not sent again, and the edge still knows its size.
#[test]
fn an_edge_revalidates_against_whatever_stands_behind_it() {
    for between in ["nothing", "web", "balancer", "careful balancer", "cache"] {
        let [fetches, unchanged, bytes] = behind_an_edge(between, true);
        assert!((190..=310).contains(&fetches), "each of ten rows each 2 to 3 s: {fetches} {between}");
        assert_eq!((unchanged, bytes), (fetches - 10, 10 * 1_000), "{between}");
    }
    for between in ["web", "balancer"] {
        let [fetches, unchanged, bytes] = behind_an_edge(between, false);
        assert_eq!((unchanged, bytes), (0, fetches * 1_000), "{between} without ETags");
    }
}

/// What is written between is sent anew, once; the others are not.
#[test]
fn what_has_changed_is_sent_with_its_body() {
    let mut world = World::default();
    let row = ("row", Value::Bytes(1_000));
    let rows = world.add("database", "rows", vec![("read", span(0.001)), ("write", span(0.001)), row]);
    let site = world.add("web", "site", vec![("reads", rows.clone()), ("writes", rows)]);
    let edge = world.add("cdn", "edge", vec![("of", site.clone()), ("ttl", span(2.0))]);
    let ten = || ("keys", keys(Keys::sequential(10).unwrap()));
    world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(100.0)), ten()]);
    let writes = ("writes", Value::Share(1.0));
    world.add("traffic", "editor", vec![("to", site), ("rate", evenly(0.5)), ten(), writes]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(61.0));
    simulation.check_conservation().unwrap();
    let count = |metric| told(&world, &simulation, &edge, metric);
    // A write each 2 s, each to another row: 30 of them, of which the last may not have been fetched yet.
    let bodies = count("origin_fetches") - count("cdn_revalidated");
    assert!((38..=40).contains(&bodies), "{bodies}");
    assert_eq!(count("origin_bytes"), bodies * 1_000);
}

#[test]
fn a_browser_asks_a_server_without_an_edge_too() {
    let mut world = World::default();
    let row = ("row", Value::Bytes(1_000));
    let rows = world.add("database", "rows", vec![("read", span(0.001)), ("write", span(0.001)), row]);
    let site = world.add("web", "site", vec![("reads", rows)]);
    let user =
        vec![("to", site.clone()), ("users", whole(1)), ("think", span(10.0)), ("browser_slots", whole(4))];
    world.add("traffic", "user", user);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(205.0));
    assert_eq!(told(&world, &simulation, &site, "not_modified"), 19, "20 requests, the first has a body");
}

/// What the network sends in a month sets the price of what it sends now.
#[test]
fn a_large_network_pays_less_for_each_byte_and_a_small_one_nothing() {
    let cost = |settings: Vec<(&str, Value)>, regions: &[&str]| {
        let region = ("region", texts(regions));
        let (world, edge, _) = hundred([settings, vec![region]].concat(), vec![]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(at(9.996));
        let count = |metric| told(&world, &simulation, &edge, metric) as f64;
        (count("cost") / DOLLAR as f64, count("egress_bytes") / 1e9, count("cdn_lookups"))
    };
    let month = |gb: u64, requests: i64| {
        vec![("monthly_bytes", Value::Bytes(gb * 1_000_000_000)), ("monthly_requests", whole(requests))]
    };
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * other + 1e-12;
    let (paid, ..) = cost(month(900, 9_000_000), &["us-east-1"]);
    assert_eq!(paid, 0.0, "all of it is free");
    // 60 TB less the free one: 10 at 0.085, 40 at 0.080, 9 at 0.060; 40 of 50 million requests at $0.01 per 10,000.
    let (paid, sent, requests) = cost(month(60_000, 50_000_000), &["us-east-1"]);
    let average = (10_000.0 * 0.085 + 40_000.0 * 0.080 + 9_000.0 * 0.060) / 60_000.0;
    assert!(near(paid, sent * average + requests * 1e-6 * 0.8), "{paid}");
    let (paid, _, requests) =
        cost(vec![("egress_price", whole(0)), ("request_price", whole(1))], &["eu-west-1"]);
    assert!(near(paid, requests / 10_000.0), "{paid}");
}

/// In two price regions each has half of what is free in a month.
#[test]
fn what_is_free_is_spread_over_the_regions_of_the_list() {
    let mut world = World::default();
    let row = ("row", Value::Bytes(1_000));
    let rows = world.add("database", "rows", vec![("read", span(0.001)), ("write", span(0.001)), row]);
    let regions = texts(&["us-east-1", "us-west-2", "sa-east-1"]);
    let month = [
        ("monthly_bytes", Value::Bytes(10_000_000_000_000)),
        ("monthly_requests", whole(50_000_000)),
        ("region", regions),
    ];
    let edges = world.add("cdn", "edges", [vec![("of", rows)], month.to_vec()].concat());
    let zone = world.add("dns", "www", vec![("to", edges.clone()), ("policy", text("latency"))]);
    for place in ["us-east-1", "sa-east-1"] {
        let isp = world.add("resolver", &format!("isp of {place}"), vec![("region", texts(&[place]))]);
        let settings =
            vec![("to", zone.clone()), ("resolver", isp), ("rate", evenly(20.0)), ("region", text(place))];
        world.add("traffic", place, settings);
    }
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(30.0));
    let mut busy = 0;
    for (n, gigabyte, request) in [(0, 0.085, 1.0e-6), (1, 0.085, 1.0e-6), (2, 0.110, 2.2e-6)] {
        let readings = simulation.readings(world.node(&edges, n), false);
        let count = |metric| readings.count_of(metric) as f64;
        let due = count("egress_bytes") / 1e9 * gigabyte * 0.95 + count("cdn_lookups") * request * 0.9;
        let paid = count("cost") / DOLLAR as f64;
        assert!((paid - due).abs() < 1e-9 * due + 1e-12, "{n}: {paid} {due}");
        busy += u32::from(paid > 0.0);
    }
    assert!(busy > 0);
}

/// Visitors of one object behind an edge; what was asked of the origin, kept answers, and requests that failed until `end_s`.
fn failing(settings: Vec<(&str, Value)>, crash: &str, end_s: f64) -> [u64; 3] {
    let mut world = World::default();
    let site = world.add("web", "site", vec![("service", span(0.001))]);
    let edge =
        world.add("cdn", "edge", [vec![("of", site.clone()), ("timeout", span(0.5))], settings].concat());
    world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0))]);
    let mut simulation = world.build(1, 0);
    act(&world, &mut simulation, &site, "crash", vec![text(crash)]);
    simulation.run_until(at(end_s));
    simulation.check_conservation().unwrap();
    let failed = simulation.book().close(simulation.requests(), simulation.now())[0].failed;
    let count = |metric| told(&world, &simulation, &edge, metric);
    [count("origin_fetches"), count("cdn_negative_hits"), failed]
}

/// An error is given out again for as long as it is kept, and then the origin is asked anew.
#[test]
fn an_error_is_kept_as_long_as_the_network_says_and_no_longer() {
    for (ttl, asked) in [(10.0, 4), (5.0, 8), (13.0, 4)] {
        let [fetches, kept, failed] = failing(vec![("error_ttl", span(ttl))], "process", 40.05);
        assert_eq!((fetches, kept + fetches, failed), (asked, 400, 400), "{ttl}");
    }
    assert_eq!(failing(vec![], "process", 40.05), [4, 396, 400], "cloudfront: 10 s");
    assert_eq!(failing(vec![("profile", text("cloudflare"))], "process", 40.05), [400, 0, 400]);
    // A silent origin: those who come in the half second of waiting wait for the same fetch.
    let [fetches, kept, failed] = failing(vec![], "host", 40.05);
    assert!(
        fetches == 4 && failed > 390 && kept + 4 * 6 > 390 && kept < failed - 4 * 4,
        "{fetches} {kept} {failed}"
    );
}

/// While the origin is silent, an edge that holds a copy asks once in each `error_ttl`: those who want the object in the half second of the
/// question wait with it, all others get the copy at once, whether it may be given out because of the error or while it is refreshed.
#[test]
fn an_error_is_kept_beside_a_copy_that_has_ended() {
    let run = |settings: Vec<(&str, Value)>| {
        let mut world = World::default();
        let site = world.add("web", "site", vec![("service", span(0.001))]);
        let own = vec![("of", site.clone()), ("timeout", span(0.5)), ("ttl", span(2.0))];
        let edge = world.add("cdn", "edge", [own, settings].concat());
        world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0))]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(at(10.05));
        act(&world, &mut simulation, &site, "crash", vec![text("host")]);
        simulation.measure_from_now();
        let before = told(&world, &simulation, &edge, "origin_fetches");
        simulation.run_until(at(50.05));
        let count = |metric| told(&world, &simulation, &edge, metric);
        let seen = [count("origin_fetches") - before, count("cdn_stale"), count("cdn_negative_hits")];
        act(&world, &mut simulation, &site, "recover", vec![]);
        simulation.run_until(at(80.05));
        simulation.check_conservation().unwrap();
        assert!(told(&world, &simulation, &edge, "cdn_hits") > 100, "it is well again");
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        (seen, class.failed, class.latency.mean().unwrap() / 1e6)
    };
    let ttl = |seconds: f64| vec![("error_ttl", span(seconds))];
    // Questions at about 12, 22.6, 33.2 and 43.8 s, and each half second.
    let ([fetches, stale, _], failed, mean_ms) = run(ttl(10.0));
    assert!(
        fetches == 4 && failed == 0 && stale >= 355 && mean_ms < 12.0,
        "{fetches} {failed} {stale} {mean_ms}"
    );
    assert_eq!(run(vec![]).0[0], 4, "cloudfront: 10 s");
    assert_eq!(run(ttl(15.0)).0[0], 3);
    let ([fetches, _, _], failed, mean_ms) = run(ttl(0.0));
    assert!((60..85).contains(&fetches) && failed == 0 && mean_ms > 100.0, "{fetches} {failed} {mean_ms}");
    let refreshed = |seconds: f64| {
        [ttl(10.0), vec![("stale_while_revalidate", span(seconds)), ("stale_if_error", span(0.0))]].concat()
    };
    let ([fetches, stale, _], failed, mean_ms) = run(refreshed(100.0));
    assert!(
        fetches == 4 && failed == 0 && stale > 380 && mean_ms < 5.0,
        "{fetches} {failed} {stale} {mean_ms}"
    );
    // It may not be given out from 17 s on, and that the origin fails is known until 22.5 s.
    let ([fetches, stale, errors], failed, _) = run(refreshed(5.0));
    assert!(
        fetches == 4 && (45..55).contains(&stale) && errors > 320 && failed > 330,
        "{fetches} {stale} {errors} {failed}"
    );
}

/// A page that names what is not there: the origin is asked once for each `missing_ttl`, at each edge, and a purge ends it.
#[test]
fn a_404_is_kept_until_its_time_is_over_or_a_purge_comes() {
    let run = |missing_ttl: f64, purges: bool| {
        let mut settings = site("hash", 4, 1.0);
        settings.extend([("keeps", whole(0)), ("page_s_maxage", span(100_000.0))]);
        let mut world = published(settings);
        let given = &mut world.world.spec.groups[index(&world.edges)].given;
        given.push(scalelab::catalog::Given {
            name: "missing_ttl".into(),
            value: span(missing_ttl),
            place: Place::default(),
        });
        let mut simulation = world.world.build(1, 0);
        simulation.run_until(at(50.0));
        act(&world.world, &mut simulation, &world.site, "publish", vec![]);
        // Assets are forgotten at the edge, pages are not: they go on naming what is gone.
        act(&world.world, &mut simulation, &world.edges, "invalidate", vec![text("/asset/*")]);
        simulation.run_until(at(120.0));
        if purges {
            for _ in 0..10 {
                act(&world.world, &mut simulation, &world.edges, "invalidate", vec![text("/asset/*")]);
                simulation.run_until(simulation.now() + at(12.0));
            }
        }
        simulation.run_until(at(250.0));
        simulation.check_conservation().unwrap();
        let at_site = told(&world.world, &simulation, &world.site, "site_missing");
        (at_site, told(&world.world, &simulation, &world.edges, "cdn_negative_hits"))
    };
    let (long, kept) = run(10_000.0, false);
    assert!(long <= 20 && kept > 100, "each of 20 assets once: {long} {kept}");
    let (short, _) = run(10.0, false);
    assert!(short > 5 * long, "{short} {long}");
    assert!(run(10_000.0, true).0 > 5 * long, "a purge makes the edge ask again");
}

/// Visits go through whatever leads to the site: a balancer before it, a router or an address before its edges.
#[test]
fn a_site_may_stand_behind_a_balancer_a_router_and_an_address() {
    let pages = |way: &str| {
        let mut world = World::default();
        let own = vec![("pages", whole(12)), ("assets", whole(20)), ("region", text("eu-west-1"))];
        let site = world.add("website", "site", [own, site("hash", 4, 0.3)].concat());
        let checked = vec![("to", site.clone()), ("check", span(1.0))];
        let front =
            world.add("load_balancer", "front", [checked, vec![("region", text("eu-west-1"))]].concat());
        let regions = texts(&["eu-central-1", "us-east-1"]);
        let edges = world.add("cdn", "edges", vec![("of", front.clone()), ("region", regions)]);
        let to = match way {
            "balancer" => front,
            "geo_router" => world.add("geo_router", "way", vec![("to", edges)]),
            _ => world.add("anycast", "way", vec![("to", edges)]),
        };
        let readers = vec![
            ("to", to),
            ("users", whole(20)),
            ("think", span(4.0)),
            ("region", text("eu-central-1")),
            ("keys", keys(Keys::uniform(12).unwrap())),
            ("browser_slots", whole(16)),
        ];
        let users = world.add("traffic", "readers", readers);
        let mut simulation = world.build(1, 0);
        simulation.run_until(at(60.0));
        act(&world, &mut simulation, &site, "publish", vec![]);
        simulation.run_until(at(120.0));
        simulation.check_conservation().unwrap();
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        let count = |metric| told(&world, &simulation, &users, metric);
        assert_eq!((class.failed, count("broken_pages")), (0, 0), "{way}");
        [
            count("pages"),
            count("assets"),
            count("browser_hits"),
            told(&world, &simulation, &site, "site_not_modified"),
        ]
    };
    for way in ["balancer", "geo_router", "anycast"] {
        let [pages, assets, hits, unchanged] = pages(way);
        assert!(pages > 400 && assets == 4 * pages && hits > 100, "{way}: {pages} {assets} {hits}");
        assert!(
            way != "balancer" || unchanged > 50,
            "pages are asked about, and mostly unchanged: {unchanged}"
        );
    }
}

/// Two origins with the same content behind an edge: who was asked how often, and what failed.
fn group(settings: Vec<(&str, Value)>, traffic: Vec<(&str, Value)>, crash: Option<&str>) -> [u64; 4] {
    let mut world = World::default();
    let times = || vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(1_000))];
    let rows = ["first", "second"].map(|name| world.add("database", name, times()));
    let of = vec![("of", rows[0].clone()), ("secondary", rows[1].clone()), ("timeout", span(0.5))];
    let edge = world.add("cdn", "edge", [of, settings].concat());
    let ten = ("keys", keys(Keys::sequential(10).unwrap()));
    let load = vec![("to", edge.clone()), ("rate", evenly(10.0)), ten];
    world.add("traffic", "visitors", [load, traffic].concat());
    let mut simulation = world.build(1, 0);
    if let Some(crash) = crash {
        act(&world, &mut simulation, &rows[0], "crash", vec![text(crash)]);
    }
    simulation.run_until(at(30.05));
    simulation.check_conservation().unwrap();
    let class = simulation.book().close(simulation.requests(), simulation.now());
    let failed = class.iter().map(|class| class.failed).sum();
    let count = |metric| told(&world, &simulation, &edge, metric);
    [count("origin_fetches"), count("origin_failovers"), told(&world, &simulation, &rows[1], "reads"), failed]
}

#[test]
fn the_secondary_origin_answers_what_the_primary_does_not() {
    assert_eq!(group(vec![], vec![], None), [10, 0, 0, 0], "it is not asked while the primary answers");
    for crash in ["process", "host"] {
        assert_eq!(group(vec![], vec![], Some(crash)), [20, 10, 10, 0], "each copy once, {crash}");
        let dynamic = vec![("dynamic", Value::Share(1.0))];
        let [fetches, failovers, reads, failed] = group(dynamic, vec![], Some(crash));
        assert!(failovers >= 294 && reads >= 294 && fetches >= 2 * 294 && failed == 0, "{failovers} {reads}");
    }
    // A write is asked once: nobody knows whether it was done.
    let writes = || vec![("writes", Value::Share(1.0))];
    let [_, failovers, _, failed] = group(vec![], writes(), Some("process"));
    assert_eq!((failovers, failed), (0, 300));
}

/// What has ended is revalidated at whoever answers.
#[test]
fn the_secondary_origin_is_asked_about_copies_too() {
    let [fetches, failovers, reads, failed] = group(vec![("ttl", span(5.0))], vec![], Some("process"));
    assert_eq!((fetches, failed), (2 * failovers, 0));
    assert!(failovers >= 50 && reads == failovers, "{failovers} {reads}");
}

/// Of a rolling deploy: for as long as it goes on, new pages may ask old machines; then all have the build.
#[test]
fn a_roll_out_breaks_pages_while_it_goes_on_and_not_after() {
    let broken = |machines: i64, length_s: f64, until_s: f64| {
        let mut settings = site("hash", 6, 1.0);
        settings.extend([("machines", whole(machines)), ("page_s_maxage", span(1.0))]);
        let world = published(settings);
        let mut simulation = world.world.build(1, 0);
        simulation.run_until(at(60.0));
        act(&world.world, &mut simulation, &world.site, "publish", vec![span(length_s)]);
        simulation.run_until(at(until_s));
        simulation.check_conservation().unwrap();
        let count = |metric| told(&world.world, &simulation, &world.users, metric);
        [count("pages_missing_asset"), count("stale_reads")]
    };
    // Not a moment before the first machine is new.
    assert_eq!(broken(2, 40.0, 79.9)[0], 0);
    let [missing, _] = broken(2, 40.0, 100.0);
    assert!(missing > 10, "{missing}");
    // Cloudflare keeps a 404 for three minutes; after that nothing is left of it.
    assert_eq!(broken(2, 40.0, 320.0)[0], broken(2, 40.0, 500.0)[0]);
    // Until the last machine is new, nobody has been promised the new pages.
    assert_eq!(broken(2, 40.0, 99.9)[1], 0);
}

/// What a 304 leaves on the shelf is the old copy with its bytes.
#[test]
fn a_revalidated_copy_is_as_large_as_before() {
    let mut world = World::default();
    let row = vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(1_000))];
    let rows = world.add("database", "rows", row);
    let edge = world.add("cdn", "edge", vec![("of", rows), ("ttl", span(2.0))]);
    world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(30.05));
    let count = |metric| told(&world, &simulation, &edge, metric);
    assert!(count("cdn_revalidated") > 10);
    assert_eq!(count("egress_bytes"), 1_000 * simulation.book().issued());
}

/// What is made for each user comes from the origin as well.
#[test]
fn bytes_of_dynamic_answers_come_from_the_origin() {
    let mut world = World::default();
    let row = vec![("read", span(0.001)), ("write", span(0.001)), ("row", Value::Bytes(1_000))];
    let rows = world.add("database", "rows", row);
    let edge = world.add("cdn", "edge", vec![("of", rows), ("dynamic", Value::Share(1.0))]);
    world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(30.05));
    let count = |metric| told(&world, &simulation, &edge, metric);
    assert_eq!(count("origin_bytes"), 1_000 * simulation.book().issued());
    assert_eq!(count("origin_bytes"), count("egress_bytes"));
}

/// Each network gives a silent origin up after a time of its own: an edge that waited for ever would hold all that wait for the same object.
#[test]
fn a_silent_origin_is_given_up() {
    for (profile, patience_s) in [("cloudfront", 30.0), ("cloudflare", 120.0)] {
        let mut world = World::default();
        let site = world.add("web", "site", vec![("service", span(0.001))]);
        let edge = world.add("cdn", "edge", vec![("of", site.clone()), ("profile", text(profile))]);
        world.add("traffic", "visitors", vec![("to", edge), ("rate", evenly(1.0))]);
        let mut simulation = world.build(1, 0);
        act(&world, &mut simulation, &site, "crash", vec![text("host")]);
        let failed = |simulation: &mut Simulation, until| {
            simulation.run_until(at(until));
            let classes = simulation.book().close(simulation.requests(), simulation.now());
            classes.iter().map(|class| class.failed).sum::<u64>()
        };
        assert_eq!(failed(&mut simulation, patience_s - 0.1), 0, "{profile}");
        assert!(failed(&mut simulation, patience_s + 2.0) > 0, "{profile}");
    }
}

/// Through a shield an error is kept no longer than without one: the Age of what the shield kept counts.
#[test]
fn an_error_from_a_shield_is_as_old_as_the_shields() {
    let mut world = World::default();
    let us = ("region", text("us-east-1"));
    let site = world.add("web", "site", vec![("service", span(0.001)), us.clone()]);
    let regions = ("region", texts(&["us-east-1", "eu-central-1"]));
    let settings = vec![("of", site.clone()), ("shield", Value::Flag(true)), ("error_ttl", span(10.0))];
    let edges = world.add("cdn", "edges", [settings, vec![regions.clone()]].concat());
    let policy = ("policy", text("latency"));
    let zone = world.add("dns", "zone", vec![("to", edges), policy, us]);
    let isp = world.add("resolver", "isp", vec![("count", whole(2)), regions]);
    for (name, region, gap_s) in [("near", "us-east-1", 0.1), ("far", "eu-central-1", 7.0)] {
        let to = vec![("to", zone.clone()), ("resolver", isp.clone()), ("region", text(region))];
        world.add("traffic", name, [to, vec![("rate", evenly(1.0 / gap_s))]].concat());
    }
    let mut simulation = world.build(1, 0);
    act(&world, &mut simulation, &site, "crash", vec![]);
    simulation.run_until(at(8.0));
    act(&world, &mut simulation, &site, "recover", vec![]);
    let failed = |simulation: &Simulation| {
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        classes.iter().map(|class| class.failed).sum::<u64>()
    };
    // The far visitors come at 7 s, when the shield has known it for nearly 7 s, and at 14 s, when nobody may know it any more.
    simulation.run_until(at(13.0));
    let before = failed(&simulation);
    assert!((100..=102).contains(&before), "near ones until 10 s, and the far one: {before}");
    simulation.run_until(at(20.0));
    assert_eq!(failed(&simulation), before);
}

/// A purge that an edge has not felt when it dies, or that comes while it is dead, is felt when it is back: its copies are on disk.
#[test]
fn a_purge_reaches_an_edge_that_was_down() {
    for (purge_s, purges) in [(9.9, 1), (11.0, 1), (13.0, 1), (100.0, 0)] {
        let (world, edge, _) = hundred(vec![("profile", text("cloudfront"))], vec![]);
        let mut simulation = world.build(1, 0);
        let mut at_edge = |second: f64, action: &str, arguments: Vec<Value>| {
            simulation.run_until(at(second));
            act(&world, &mut simulation, &edge, action, arguments);
        };
        let actions: [(&str, f64); 3] = [("crash", 10.0), ("recover", 12.0), ("invalidate", purge_s)];
        let mut actions: Vec<_> = actions.into_iter().filter(|(_, second)| *second < 50.0).collect();
        actions.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (action, second) in actions {
            at_edge(second, action, if action == "invalidate" { vec![text("all")] } else { vec![] });
        }
        simulation.run_until(at(40.0));
        let removed = told(&world, &simulation, &edge, "purged_copies");
        assert_eq!(
            (told(&world, &simulation, &edge, "purges"), removed > 0),
            (purges, purges > 0),
            "{purge_s}"
        );
    }
}

/// A 404 is an answer: it is given out though there is an old copy, and ends that copy even if it is not kept itself.
#[test]
fn a_404_ends_the_copy_that_there_was() {
    let missing = |settings: Vec<(&str, Value)>| {
        let gone =
            vec![("keeps", whole(0)), ("page_s_maxage", span(100_000.0)), ("asset_max_age", span(5.0))];
        let mut own = site("hash", 4, 1.0);
        own.retain(|(name, _)| *name != "asset_max_age");
        let mut world = published([own, gone].concat());
        let given = &mut world.world.spec.groups[index(&world.edges)].given;
        given.extend(settings.into_iter().map(|(name, value)| scalelab::catalog::Given {
            name: name.into(),
            value,
            place: Place::default(),
        }));
        let mut simulation = world.world.build(1, 0);
        simulation.run_until(at(50.0));
        act(&world.world, &mut simulation, &world.site, "publish", vec![]);
        simulation.run_until(at(150.0));
        told(&world.world, &simulation, &world.users, "pages_missing_asset")
    };
    let plain = missing(vec![]);
    assert!(plain > 300, "old pages ask for what is gone: {plain}");
    assert_eq!(missing(vec![("stale_if_error", span(1_000.0))]), plain, "it is no error");
    let meanwhile = || ("stale_while_revalidate", span(1_000.0));
    for kept in [0.0, 180.0] {
        let later = missing(vec![meanwhile(), ("missing_ttl", span(kept))]);
        assert!(
            later > plain * 8 / 10,
            "the first one gets the old copy, the next ones do not: {later} {plain}"
        );
    }
}

/// That one must log in is an answer, too.
#[test]
fn an_old_copy_hides_no_login() {
    let mut world = World::default();
    let site = world.add("web", "site", vec![("service", span(0.001)), ("sessions", text("memory"))]);
    let edge = world.add("cdn", "edge", vec![("of", site.clone()), ("ttl", span(2.0))]);
    let users = ("users", whole(5));
    let readers = world.add("traffic", "readers", vec![("to", edge), ("rate", evenly(10.0)), users]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(at(10.0));
    act(&world, &mut simulation, &site, "crash", vec![]);
    simulation.run_until(at(11.0));
    act(&world, &mut simulation, &site, "recover", vec![]);
    simulation.run_until(at(60.0));
    simulation.check_conservation().unwrap();
    assert!(told(&world, &simulation, &readers, "sessions_lost") > 0);
}

/// Which answers make an edge ask its second origin: those of `failover_on`, else errors and refusals.
#[test]
fn the_secondary_origin_is_asked_after_the_answers_that_are_named() {
    let run = |primary: &str, on: &[&str]| {
        let mut world = World::default();
        let times = || vec![("read", span(0.001)), ("write", span(0.001))];
        let (rows, dead) = (world.add("database", "rows", times()), world.add("database", "dead", times()));
        let first = match primary {
            "failed" => world.add("web", "first", vec![("reads", dead.clone())]),
            // It works on one question for ever, and turns the others away.
            _ => world.add(
                "web",
                "first",
                vec![("service", span(1_000.0)), ("concurrency", whole(1)), ("queue", whole(0))],
            ),
        };
        let mut settings = vec![("of", first), ("secondary", rows)];
        if !on.is_empty() {
            settings.push(("failover_on", texts(on)));
        }
        let edge = world.add("cdn", "edge", settings);
        let wanted = ("keys", keys(Keys::sequential(1_000).unwrap()));
        world.add("traffic", "visitors", vec![("to", edge.clone()), ("rate", evenly(10.0)), wanted]);
        let mut simulation = world.build(1, 0);
        act(&world, &mut simulation, &dead, "crash", vec![]);
        simulation.run_until(at(10.05));
        simulation.check_conservation().unwrap();
        told(&world, &simulation, &edge, "origin_failovers") > 50
    };
    for primary in ["failed", "rejected"] {
        assert!(run(primary, &[]), "{primary}, by default");
        for on in ["failed", "rejected", "missing"] {
            assert_eq!(run(primary, &[on]), primary == on, "{primary}, on {on}");
        }
    }
}

/// Two dead origins are asked once each, and an edge behind a shield leaves the choice to the shield.
#[test]
fn a_second_origin_is_asked_once_and_by_the_shield_alone() {
    let mut world = World::default();
    let us = ("region", text("us-east-1"));
    let times = || vec![("read", span(0.001)), ("write", span(0.001)), us.clone()];
    let rows = ["first", "second"].map(|name| world.add("database", name, times()));
    let regions = ("region", texts(&["us-east-1", "eu-central-1"]));
    let of = vec![("of", rows[0].clone()), ("secondary", rows[1].clone()), ("error_ttl", span(0.0))];
    let edges = world.add("cdn", "edges", [of, vec![("shield", Value::Flag(true)), regions]].concat());
    let way = world.add("geo_router", "way", vec![("to", edges.clone())]);
    let far = vec![("to", way), ("rate", evenly(10.0)), ("region", text("eu-central-1"))];
    world.add("traffic", "far", far);
    let mut simulation = world.build(1, 0);
    for origin in &rows {
        act(&world, &mut simulation, origin, "crash", vec![]);
    }
    simulation.run_until(at(20.05));
    simulation.check_conservation().unwrap();
    let at_edge = |n: u16, metric| simulation.readings(world.node(&edges, n), false).count_of(metric);
    let [shield, edge] = [0, 1].map(|n| [at_edge(n, "origin_fetches"), at_edge(n, "origin_failovers")]);
    assert!(shield[1] > 100 && shield[0] == 2 * shield[1], "{shield:?}");
    assert_eq!(edge, [0, 0], "it asks the shield");
}

/// A roll-out goes on though a machine room fails in the meantime, and nothing is published into the midst of it.
#[test]
fn a_roll_out_comes_to_its_end_before_the_next_one_begins() {
    let mut settings = site("hash", 6, 1.0);
    settings.push(("machines", whole(4)));
    let world = published(settings);
    let mut simulation = world.world.build(1, 0);
    let mut at_site = |second: f64, action: &str, arguments: Vec<Value>| {
        simulation.run_until(at(second));
        act(&world.world, &mut simulation, &world.site, action, arguments);
    };
    at_site(10.0, "publish", vec![span(40.0)]);
    at_site(20.0, "publish", vec![]);
    at_site(30.0, "crash", vec![]);
    at_site(35.0, "recover", vec![]);
    simulation.run_until(at(90.0));
    let told_at = |event: &str| -> Vec<u64> {
        let entries = simulation.journal().entries().iter().filter(|entry| entry.event == event);
        entries.map(|entry| entry.time / at(1.0)).collect()
    };
    assert_eq!((told_at("not published"), told_at("published")), (vec![20], vec![50]));
    assert_eq!(told(&world.world, &simulation, &world.site, "publishes"), 1);
}

/// Every object has a thousand bytes, and many answers are copies past their end: by bytes as many were fresh as by number. A shield's stale
/// answers to another edge are none to a user.
#[test]
fn stale_answers_are_answers() {
    let world = r#"experiment("stale").replications(3).duration(100.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, row: 1000.bytes });
        let site = web("site", #{ reads: db, writes: db, service: 1.ms });
        let edges = cdn("edges", #{ of: site, ttl: 5.s, stale_while_revalidate: 5.s });
        link(edges, site, #{ latency: 1500.ms });
        traffic("r", #{ to: edges, rate: constant(10.rps), keys: uniform_keys(3) });
    })
    .expect("many are stale", |r| r.cdn_stale_ratio > 0.1)
    .claim("bytes tell what numbers tell", |all| all.best("cdn_hit_ratio").cdn_byte_hit_ratio < all.best("cdn_hit_ratio").cdn_hit_ratio + 0.01)
    .claim("and no less", |all| all.best("cdn_hit_ratio").cdn_byte_hit_ratio > all.best("cdn_hit_ratio").cdn_hit_ratio - 0.01);"#;
    common::script::holds(world);
}

/// An origin without ETags gives edges nothing to compare by, and browsers neither.
#[test]
fn edges_compare_what_their_origin_says() {
    let world = |etag: bool, claims: &str| {
        format!(
            r#"experiment("etag").replications(2).duration(100.s).world(|p| {{
                let db = database("db", #{{ read: 1.ms, write: 1.ms, row: 1000.bytes }});
                let site = web("site", #{{ reads: db, writes: db, etag: {etag} }});
                let edges = cdn("e", #{{ of: site, ttl: 1.day }});
                traffic("r", #{{ to: edges, rate: constant(1.rps), users: 1, browser_slots: 4, max_age: 10.s }});
            }}){claims};"#
        )
    };
    common::script::holds(&world(true, ".expect(\"one body\", |r| r.egress_bytes < 5_000)"));
    common::script::holds(&world(
        false,
        ".expect(\"all bodies\", |r| r.egress_bytes > 80_000).expect(\"no 304\", |r| r.browser_revalidated == 0)",
    ));
}
