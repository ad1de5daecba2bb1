//! Which site users are sent to: by address, by position, by routes. Each rule against the slow obvious version.

mod common;

use common::{World, evenly, exponential, index, span, text, texts};
use proptest::prelude::*;
use scalelab::catalog::{ClientsPlan, Place, Problems, Value};
use scalelab::components::network::geo::{Coordinates, GeoIp, Geography, Map, countries};
use scalelab::kernel::time::{MILLISECOND, SECOND, from_seconds};
use scalelab::kernel::{Simulation, Time};
use scalelab::model::{Command, MapSpec, Moment, Target, check, resolve};
use std::sync::Arc;

const REGIONS: [&str; 4] = ["eu-central-1", "us-east-1", "ap-northeast-1", "sa-east-1"];

/// Sites that answer at once, one at each region.
fn sites(world: &mut World, regions: &[&str]) -> Vec<Value> {
    let site = |region: &&str| {
        world.add("web", region, vec![("service", Value::Duration(1)), ("region", text(region))])
    };
    regions.iter().map(site).collect()
}

fn people(homes: &[&str]) -> ClientsPlan {
    let homes = homes.iter().map(|home| (home.to_string(), 1.0)).collect();
    ClientsPlan { homes, ..ClientsPlan::at("") }
}

struct Scene {
    world: World,
    sites: Vec<Value>,
    front: Value,
    users: Value,
}

/// Users who reach four sites through a component of this kind.
fn scene(kind: &'static str, settings: Vec<(&str, Value)>, plan: ClientsPlan, gps: f64) -> Scene {
    let mut world = World::default();
    let sites = sites(&mut world, &REGIONS);
    let to = vec![("to", Value::List(sites.clone()))];
    let front = world.add(kind, "front", [to, settings].concat());
    let mut settings = vec![
        ("to", front.clone()),
        ("users", Value::Whole(400)),
        ("rate", evenly(50.0)),
        ("timeout", span(1.0)),
        ("access", Value::Duration(1)),
        ("from", Value::Clients(plan)),
    ];
    if kind == "geo_router" {
        settings.push(("gps", Value::Share(gps)));
    }
    let users = world.add("traffic", "users", settings);
    Scene { world, sites, front, users }
}

impl Scene {
    fn run(&self, seed: u64, seconds: f64) -> Simulation {
        let mut simulation = self.world.build(seed, 0);
        simulation.run_until(from_seconds(seconds));
        simulation.check_conservation().unwrap();
        simulation
    }

    fn count(&self, simulation: &Simulation, group: &Value, metric: &str) -> u64 {
        simulation.readings(self.world.node(group, 0), false).count_of(metric)
    }

    /// Share of the attempts that were sent elsewhere than to the nearest.
    fn misrouted(&self, simulation: &Simulation) -> f64 {
        let count = |metric| self.count(simulation, &self.users, metric) as f64;
        count("misrouted") / count("routed")
    }

    fn served(&self, simulation: &Simulation) -> Vec<u64> {
        self.sites.iter().map(|site| self.count(simulation, site, "requests")).collect()
    }

    fn act(&self, simulation: &mut Simulation, group: &Value, action: &str, arguments: Vec<Value>) {
        let target = Target::Group(index(group));
        let command = Command { target, action: action.into(), arguments, place: Place::default() };
        for order in resolve(&self.world.check().layout, &command, Moment::Run).unwrap() {
            order.carry_out(simulation);
        }
    }
}

fn router(by: &str) -> Vec<(&'static str, Value)> {
    vec![("by", text(by)), ("region", text("us-east-1"))]
}

fn anycast(odd: f64, convergence_s: f64) -> Vec<(&'static str, Value)> {
    vec![("odd_routes", Value::Share(odd)), ("convergence", span(convergence_s)), ("check", span(1.0))]
}

/// The nearest of the sites by network, or by distance from a point, as anybody would write it.
fn nearest(far: impl Fn(&str) -> f64) -> usize {
    (0..REGIONS.len()).min_by(|a, b| far(REGIONS[*a]).total_cmp(&far(REGIONS[*b]))).unwrap()
}

/// Countries whose networks both sources know alike.
fn plain_countries() -> Vec<&'static str> {
    let geoip = GeoIp::usual();
    let alike = |country: &countries::Country| {
        country.networks().all(|network| {
            (0..256).all(|n| geoip.country(network | n << 8 | 77).as_deref() == Some(country.code))
        })
    };
    countries::all().take(40).filter(alike).map(|country| country.code).collect()
}

#[test]
fn an_address_misleads_only_about_those_who_come_out_elsewhere() {
    let homes = plain_countries();
    assert!(homes.len() >= 10, "{homes:?}");
    // The nearest by distance is the nearest by network from these.
    let map = Map::preset("aws").unwrap();
    let agree = |home: &&&str| {
        let here = map.coordinates(home).unwrap();
        let km = |region: &str| here.distance_km(map.coordinates(region).unwrap());
        nearest(km) == nearest(|region| map.rtt(home, region).unwrap() as f64)
    };
    let homes: Vec<&str> = homes.iter().filter(agree).copied().collect();
    let ip = |plan: ClientsPlan| {
        let scene = scene("geo_router", router("ip"), plan, 0.0);
        scene.misrouted(&scene.run(1, 60.0))
    };
    assert_eq!(ip(people(&homes)), 0.0, "at home on lines of their own: {homes:?}");
    let shares = ClientsPlan { mobile: 0.3, nat: 0.3, behind: 1_000, ..people(&homes) };
    assert_eq!(ip(shares), 0.0, "who comes out in his own country is found there");
    // All of these homes are nearer to another site than New Zealand's, seen from where they come out.
    let elsewhere = |plan: ClientsPlan| ip(ClientsPlan { behind: 1_000, ..plan });
    let homes = ["DE", "US", "BR"];
    for plan in [
        ClientsPlan { mobile: 0.25, gateway: Some("JP".into()), ..people(&homes) },
        ClientsPlan { vpn: 0.25, exit: Some("JP".into()), ..people(&homes) },
        ClientsPlan { nat: 0.25, office: Some("JP".into()), ..people(&homes) },
    ] {
        let share = elsewhere(plan);
        assert!((share - 0.25).abs() < 0.08, "a quarter comes out in Japan: {share}");
    }
}

#[test]
fn who_sends_the_position_is_sent_home_and_the_rest_by_address() {
    let plan = || ClientsPlan { vpn: 1.0, exit: Some("JP".into()), ..people(&["DE", "BR"]) };
    let run = |gps| {
        let scene = scene("geo_router", router("gps"), plan(), gps);
        let simulation = scene.run(1, 60.0);
        let asked = scene.count(&simulation, &scene.front, "queries") as f64;
        let told = scene.count(&simulation, &scene.front, "by_position") as f64;
        (scene.misrouted(&simulation), told / asked)
    };
    assert_eq!(run(0.0), (1.0, 0.0));
    assert_eq!(run(1.0), (0.0, 1.0));
    let (misrouted, told) = run(0.4);
    assert!((misrouted - 0.6).abs() < 0.08 && (told - 0.4).abs() < 0.08, "{misrouted} {told}");
}

#[test]
fn packets_take_the_detour_whatever_the_router_says() {
    let extra_ms = |by, gps| {
        let plan = ClientsPlan { vpn: 1.0, exit: Some("JP".into()), ..people(&["DE"]) };
        let scene = scene("geo_router", router(by), plan, gps);
        let simulation = scene.run(1, 30.0);
        let readings = simulation.readings(scene.world.node(&scene.users, 0), true);
        let Some(scalelab::kernel::readings::Reading::Histogram(extra)) = readings.get("extra_rtt") else {
            panic!("it is measured")
        };
        extra.mean().unwrap() / MILLISECOND as f64
    };
    let map = Map::preset("aws").unwrap();
    let detour = (map.rtt("JP", "eu-central-1").unwrap() - map.rtt("JP", "ap-northeast-1").unwrap()) as f64;
    assert_eq!(extra_ms("ip", 0.0), 0.0, "the site at the tunnel's end is best for them");
    assert!((extra_ms("gps", 1.0) - detour / MILLISECOND as f64).abs() < 2.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Each request goes to the site of least round-trip time, but for the share of odd routes, which go to another.
    #[test]
    fn anycast_brings_all_but_the_odd_to_the_nearest(seed in 1_u64..1000, odd in 0.0..1.0_f64, home in 0_usize..30) {
        let home = countries::all().nth(home).unwrap().code;
        let scene = scene("anycast", anycast(odd, 5.0), people(&[home]), 0.0);
        let simulation = scene.run(seed, 40.0);
        let map = Map::preset("aws").unwrap();
        let expected = nearest(|region| map.rtt(home, region).unwrap() as f64);
        // Health checks are answered by all sites: one per second.
        let served: Vec<f64> = scene.served(&simulation).iter().map(|n| (*n as f64 - 40.0).max(0.0)).collect();
        let share = served[expected] / served.iter().sum::<f64>();
        prop_assert!((share - (1.0 - odd)).abs() < 0.1, "{home}: {share} at odd {odd}");
        prop_assert!((scene.misrouted(&simulation) - odd).abs() < 0.1);
    }

    /// A site that dies is withdrawn after its checks have failed, and nobody is sent to it once its network has converged: no time to
    /// live delays that. What was sent in between is lost.
    #[test]
    fn a_withdrawal_takes_detection_and_convergence(seed in 1_u64..1000, convergence in 0.0..20.0_f64, fall in 1_i64..5) {
        let settings = [anycast(0.0, convergence), vec![("fall", Value::Whole(fall)), ("check_timeout", span(0.5))]];
        let scene = scene("anycast", settings.concat(), people(&["DE"]), 0.0);
        let mut simulation = scene.run(seed, 10.1);
        scene.act(&mut simulation, &scene.sites[0], "crash", vec![text("host")]);
        // The next check comes within a second, fails after its time-out, and then `fall` - 1 more do.
        let mut ahead = simulation.fork();
        ahead.run_until(from_seconds(20.0));
        let told = ahead.journal().entries().iter().find(|entry| entry.event == "health").map(|entry| entry.time);
        let found_out = told.expect("found out") as f64 / SECOND as f64;
        let earliest = 10.1 + 0.5 + (fall - 1) as f64;
        prop_assert!((earliest..=earliest + 1.01).contains(&found_out), "{found_out} {earliest}");
        let switched = found_out + convergence;
        simulation.run_until(from_seconds(switched - 0.02));
        let lost = |simulation: &Simulation| scene.count(simulation, &scene.users, "attempts_to_down_sites");
        let until = lost(&simulation);
        let expected = (switched - 0.02 - 10.1) * 50.0;
        prop_assert!((until as f64 - expected).abs() <= 2.0, "{until} {expected}");
        simulation.run_until(from_seconds(switched + 0.04));
        let settled = lost(&simulation);
        simulation.run_until(from_seconds(switched + 20.0));
        prop_assert_eq!(lost(&simulation), settled, "nobody is lost any more");
        prop_assert!(settled - until <= 3);
        simulation.check_conservation().unwrap();
    }

    /// What a zone or router answers is the site nearest to where the file says that the address is.
    #[test]
    fn an_answer_by_address_is_that_of_the_file(address in 1_u32..) {
        let places = REGIONS.map(String::from).to_vec();
        let map = Map::preset("aws").unwrap();
        let geography = Geography::new(&map, places).unwrap();
        if let Some(seen) = GeoIp::usual().locate(address) {
            let country = GeoIp::usual().country(address).unwrap();
            let obvious = countries::find(&country).unwrap().at;
            let km = |from: Coordinates| move |region: &str| from.distance_km(Map::preset("aws").unwrap().coordinates(region).unwrap());
            let by_file = (1..=4_u16).min_by(|a, b| geography.distance_km(seen, *a).total_cmp(&geography.distance_km(seen, *b)));
            prop_assert_eq!(by_file.unwrap() as usize - 1, nearest(km(obvious)));
        }
    }
}

#[test]
fn networks_change_their_ways_one_after_the_other_and_back() {
    let scene =
        scene("anycast", vec![("check", span(1.0)), ("odd_routes", Value::Share(0.0))], people(&["DE"]), 0.0);
    let mut simulation = scene.run(3, 20.0);
    let first = |simulation: &Simulation| scene.served(simulation)[0];
    let in_ten_seconds = |simulation: &mut Simulation| {
        let (before, now) = (first(simulation), simulation.now());
        simulation.run_until(now + 10 * SECOND);
        first(simulation) - before
    };
    assert!(in_ten_seconds(&mut simulation) >= 499);
    scene.act(&mut simulation, &scene.front, "withdraw", vec![scene.sites[0].clone()]);
    let draining = in_ten_seconds(&mut simulation);
    assert!(
        (150..350).contains(&draining),
        "mean 6.2 s: about half of the 500 still come in ten seconds: {draining}"
    );
    simulation.run_until(simulation.now() + 100 * SECOND);
    assert!(in_ten_seconds(&mut simulation) <= 11, "but for its health checks");
    let lost = scene.count(&simulation, &scene.users, "attempts_to_down_sites");
    assert_eq!(lost, 0, "the site works: nothing is lost when it is withdrawn by hand");
    scene.act(&mut simulation, &scene.front, "announce", vec![scene.sites[0].clone()]);
    simulation.run_until(simulation.now() + 100 * SECOND);
    assert!(in_ten_seconds(&mut simulation) >= 499);
}

#[test]
fn an_address_without_sites_is_unreachable_and_an_accelerator_fails_open() {
    let run = |profile: &str| {
        let settings = vec![("profile", text(profile)), ("check", span(1.0)), ("convergence", span(1.0))];
        let scene = scene("anycast", settings, people(&["DE"]), 0.0);
        let mut simulation = scene.run(1, 5.0);
        for site in &scene.sites {
            scene.act(&mut simulation, &scene.front, "withdraw", vec![site.clone()]);
        }
        simulation.run_until(from_seconds(15.0));
        simulation.measure_from_now();
        simulation.run_until(from_seconds(25.0));
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        (class.succeeded, class.failed)
    };
    let (succeeded, failed) = run("bgp");
    assert!(succeeded == 0 && failed >= 490, "{succeeded} {failed}");
    let (succeeded, failed) = run("global_accelerator");
    assert!(succeeded >= 490 && failed == 0, "{succeeded} {failed}");
}

/// Users of one resolver in Germany, all of them in Japan.
fn named(policy: &str, client_subnet: bool) -> (Scene, f64) {
    let mut world = World::default();
    let sites = sites(&mut world, &REGIONS);
    let to = ("to", Value::List(sites.clone()));
    let front = world.add("dns", "zone", vec![to, ("policy", text(policy)), ("region", text("us-east-1"))]);
    let settings = vec![("region", text("DE")), ("client_subnet", Value::Flag(client_subnet))];
    let isp = world.add("resolver", "isp", settings);
    let to =
        vec![("to", front.clone()), ("resolver", isp), ("users", Value::Whole(200)), ("rate", evenly(20.0))];
    let users = world.add("traffic", "users", [to, vec![("from", Value::Clients(people(&["JP"])))]].concat());
    let scene = Scene { world, sites, front, users };
    let simulation = scene.run(1, 60.0);
    let queries = scene.count(&simulation, &scene.front, "queries") as f64;
    let looks = matches!(policy, "geolocation" | "latency");
    assert!(
        if client_subnet && looks { queries > 4.0 } else { queries < 3.0 },
        "an answer for each network, if it matters: {queries}"
    );
    let misrouted = scene.misrouted(&simulation);
    (scene, misrouted)
}

#[test]
fn a_zone_sees_the_resolver_unless_it_is_told_the_users_network() {
    assert_eq!(named("geolocation", false).1, 1.0, "sent to where the resolver is");
    assert_eq!(named("geolocation", true).1, 0.0);
    named("weighted", true);
}

#[test]
fn a_name_may_lead_to_an_address_of_several_sites() {
    let mut world = World::default();
    let sites = sites(&mut world, &REGIONS);
    let address = world.add(
        "anycast",
        "address",
        [vec![("to", Value::List(sites.clone()))], anycast(0.0, 1.0)].concat(),
    );
    let front = world.add("dns", "zone", vec![("to", address.clone()), ("ttl", span(600.0))]);
    let isp = world.add("resolver", "isp", vec![]);
    let settings =
        vec![("to", front.clone()), ("resolver", isp), ("users", Value::Whole(100)), ("rate", evenly(50.0))];
    let people = vec![("from", Value::Clients(people(&["DE", "JP"]))), ("timeout", span(1.0))];
    let users = world.add("traffic", "users", [settings, people].concat());
    let scene = Scene { world, sites, front, users };
    let mut simulation = scene.run(1, 30.0);
    assert_eq!(scene.misrouted(&simulation), 0.0);
    scene.act(&mut simulation, &scene.sites[0], "crash", vec![text("host")]);
    simulation.run_until(from_seconds(60.0));
    let lost = scene.count(&simulation, &scene.users, "attempts_to_down_sites");
    assert!((50..300).contains(&lost), "seconds, not the ten minutes that the name holds: {lost}");
}

/// Clients did not begin with the run: whenever a site dies, what they know ends evenly within the 60 s of an answer. Each of 400 users wants
/// something each 8 s on average, so that 60 of 68 know something, which holds for 30 s more: 26.5 s of traffic; who asks in the 1.5 s
/// until the router knows adds 1.3 s. (Three standard errors of 400 ends and 1,400 requests are 3.5 s.) In step it would be anything from 0 to 60 s.
#[test]
fn what_clients_were_told_ends_at_any_moment_of_its_life() {
    let lost = |crash: u64| {
        let settings = vec![("check", span(1.0)), ("fall", Value::Whole(1)), ("check_timeout", span(0.5))];
        let scene = scene("geo_router", settings, people(&["DE"]), 0.0);
        let mut simulation = scene.run(1, crash as f64);
        let near = scene.served(&simulation);
        let near = (0..near.len()).max_by_key(|at| near[*at]).unwrap();
        scene.act(&mut simulation, &scene.sites[near], "crash", vec![]);
        simulation.run_until((crash + 100) * SECOND);
        scene.count(&simulation, &scene.users, "attempts_to_down_sites") as f64 / 50.0
    };
    for crash in [120, 140, 160] {
        assert!((24.3..31.3).contains(&lost(crash)), "{crash}: {}", lost(crash));
    }
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let said = |scene: &Scene, end: Time| {
        let problems: Problems = check(&scene.world.spec, end, &[]).expect_err("there is a mistake");
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let wrong = |kind, settings, plan| said(&scene(kind, settings, plan, 0.0), Time::MAX);
    assert!(
        wrong("anycast", vec![("odd_routes", Value::Share(2.0))], people(&["DE"])).contains("`odd_routes`")
    );
    let late = scene("anycast", vec![("check", span(60.0))], people(&["DE"]), 0.0);
    assert!(said(&late, 30 * SECOND).contains("no shorter than the whole run"));
    let late = scene("geo_router", vec![("check", span(60.0))], people(&["DE"]), 0.0);
    assert!(said(&late, 30 * SECOND).contains("no shorter than the whole run"));
    let mut nowhere = World::default();
    let shops = ["a", "b"].map(|name| nowhere.add("web", name, vec![("service", exponential(0.001))]));
    let address = nowhere.add("anycast", "address", vec![("to", Value::List(shops.to_vec()))]);
    nowhere.add(
        "traffic",
        "users",
        vec![("to", address.clone()), ("rate", evenly(1.0)), ("gps", Value::Share(0.5))],
    );
    let scene = Scene { world: nowhere, sites: vec![], front: address.clone(), users: address };
    let all = said(&scene, Time::MAX);
    assert!(all.contains("\"a\" is nowhere") && all.contains("these are nowhere"), "{all}");
    assert!(all.contains("only a geo_router looks at positions"), "{all}");
    let zone = |region: Vec<(&str, Value)>| {
        let mut world = World::default();
        let sites = sites(&mut world, &REGIONS);
        let to = vec![("to", Value::List(sites.clone())), ("policy", text("geolocation"))];
        let front = world.add("dns", "zone", to);
        let isp = world.add("resolver", "isp", region);
        let users = world.add(
            "traffic",
            "users",
            vec![("to", front.clone()), ("resolver", isp), ("rate", evenly(1.0)), ("region", texts(&["DE"]))],
        );
        Scene { world, sites, front, users }
    };
    assert!(said(&zone(vec![]), Time::MAX).contains("the resolver \"isp\" has none"));
}

/// With the users' network, nearness by network is theirs and not their resolver's.
#[test]
fn nearness_by_network_is_the_users_if_the_resolver_tells_it() {
    assert_eq!(named("latency", false).1, 1.0, "sent to what is near the resolver");
    assert_eq!(named("latency", true).1, 0.0);
}

/// How long the first question of a user takes whose resolver is there, in ms; the zone's servers are at these places.
fn first_lookup_ms(resolver: &str, settings: Vec<(&str, Value)>) -> f64 {
    let mut world = World::default();
    let site = world.add("web", "site", vec![("service", span(0.000_001))]);
    let zone = world.add("dns", "zone", [vec![("to", site)], settings].concat());
    let isp = world.add("resolver", "isp", vec![("region", text(resolver))]);
    let user = vec![("to", zone), ("resolver", isp), ("rate", evenly(1.0))];
    world.add("traffic", "user", user);
    let mut simulation = world.build(1, 0);
    simulation.run_until(from_seconds(1.9));
    let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
    assert_eq!((class.succeeded, class.failed), (1, 0));
    class.latency.mean().unwrap() / 1e6
}

#[test]
fn name_servers_that_share_an_address_are_near_everybody() {
    let rtt = |a: &str, b: &str| Map::preset("aws").unwrap().rtt(a, b).unwrap() as f64 / 1e6;
    let places = ["us-east-1", "eu-central-1", "ap-northeast-1"];
    for resolver in ["ap-northeast-2", "eu-west-1", "us-east-1", "sa-east-1"] {
        let one = first_lookup_ms(resolver, vec![("region", text("us-east-1"))]);
        let shared = first_lookup_ms(resolver, vec![("anycast", texts(&places))]);
        let nearest = places.iter().map(|place| rtt(resolver, place)).fold(f64::INFINITY, f64::min);
        assert!((shared - nearest).abs() < 0.01 * nearest + 0.02, "{resolver}: {shared} {nearest}");
        assert!(one > 0.9 * rtt(resolver, "us-east-1").min(0.76), "{resolver}: {one}");
        if resolver.starts_with("ap") {
            assert!(shared < one / 3.0, "{resolver}: {shared} {one}");
        }
    }
}

/// Members take the places of the list in turn, whatever nodes stand before them, and so do groups behind one with aides.
#[test]
fn the_first_member_is_at_the_first_place() {
    let places = ["us-east-1", "eu-west-1", "ap-northeast-1"];
    let latency = |replication: &str, home: &str| {
        let mut world = World::default();
        let microsecond = || span(0.000_001);
        let settings = vec![
            ("read", microsecond()),
            ("write", microsecond()),
            ("replicas", Value::Whole(2)),
            ("replication", text(replication)),
            ("region", texts(&places)),
        ];
        let database = world.add("database", "db", settings);
        let server = vec![("reads", database.clone()), ("writes", database), ("region", text(home))];
        let tier = world.add("web", "web", server);
        let standby = vec![("to", tier), ("standby", Value::Flag(true)), ("region", text(home))];
        let balancer = world.add("load_balancer", "lb", standby);
        let near = world.add("web", "near", vec![("service", microsecond()), ("region", text("sa-east-1"))]);
        world.add(
            "traffic",
            "user",
            vec![("to", balancer), ("rate", evenly(10.0)), ("region", text(home)), ("access", microsecond())],
        );
        world.add(
            "traffic",
            "other",
            vec![("to", near.clone()), ("rate", evenly(1.0)), ("region", text("sa-east-1"))],
        );
        let checked = world.check();
        let first = usize::from(checked.layout.groups[index(&near)].first);
        let place = checked.layout.node_places()[first];
        assert_eq!(checked.layout.map.name(place), Some("sa-east-1"), "behind a balancer with an aide");
        let mut simulation = world.build(1, 0);
        simulation.run_until(from_seconds(20.0));
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        class.latency.quantile(0.5).unwrap() as f64 / 1e6
    };
    let rtt = |a: &str, b: &str| Map::preset("aws").unwrap().rtt(a, b).unwrap() as f64 / 1e6;
    for replication in ["async", "sync"] {
        for home in places {
            let (found, right) = (latency(replication, home), rtt(home, places[0]));
            assert!((found - right).abs() < 8.0, "{replication}, {home}: {found} instead of {right}");
        }
    }
}

/// A table of round trips may have another figure for each direction: that of whoever asks counts, for question and answer.
#[test]
fn who_asks_has_the_figure_of_its_own_row() {
    let latency = |asker: &str, asked: &str| {
        let mut world = World::default();
        let map = Map::parse("from,here,there\nhere,1,100\nthere,40,1\n", true).unwrap();
        world.spec.map = Some(MapSpec { map: Arc::new(map), given: Vec::new(), place: Place::default() });
        let times = vec![("read", span(0.001)), ("write", span(0.001)), ("region", text(asked))];
        let database = world.add("database", "db", times);
        let site = vec![
            ("reads", database.clone()),
            ("writes", database),
            ("region", text(asker)),
            ("service", span(0.001)),
        ];
        let site = world.add("web", "web", site);
        world.add("traffic", "user", vec![("to", site), ("rate", evenly(10.0))]);
        let mut simulation = world.build(1, 0);
        simulation.run_until(from_seconds(5.0));
        let class = simulation.book().close(simulation.requests(), simulation.now())[0].clone();
        class.latency.max().unwrap() / MILLISECOND
    };
    assert_eq!([latency("here", "there"), latency("there", "here")], [102, 42]);
}

/// Of two sites the near one dies after a quarter, and nobody is sent elsewhere: three quarters go to the wrong one.
#[test]
fn who_is_sent_to_a_dead_site_is_sent_to_a_wrong_one_while_another_is_up() {
    let script = |also: &str, checks: &str| {
        format!(
            r#"experiment("dead").replications(2).duration(40.s).world(|p| {{
                regions("aws");
                let near = web("near", #{{ region: "eu-west-3", service: 1.ms }});
                let far = web("far", #{{ region: "us-east-1", service: 1.ms }});
                let name = dns("name", #{{ to: [near, far], points_to: near, region: "eu-west-3" }});
                traffic("t", #{{ to: name, resolver: resolver("isp"), rate: constant(20.rps), from: clients(["eu-west-3"]), timeout: 1.s }});
                at(10.s, "die", || near.crash("host"));
                {also}
            }}){checks};"#
        )
    };
    common::script::holds(&script(
        "",
        ".expect(\"three quarters\", |r| r.misrouted > 0.74).expect(\"no more\", |r| r.misrouted < 0.76)
         .expect(\"who got through had the best\", |r| r.extra_rtt_mean == 0.ms)",
    ));
    let nobody = "at(10.s, \"too\", || far.crash(\"host\"));";
    common::script::holds(&script(nobody, ".expect(\"no better one\", |r| r.misrouted == 0)"));
}

/// Half a minute of a world, and what must be true of it.
fn holds(world: &str, claims: &str) {
    common::script::holds(&format!(
        "experiment(\"geo\").replications(2).duration(30.s).world(|p| {{ {world} }}){claims};"
    ));
}

/// Sydney to Virginia takes 200 ms there and back, as the map says, and whatever a link or the network adds in each direction.
#[test]
fn links_and_the_network_add_to_what_the_map_says() {
    let world = |more: &str| {
        format!(
            r#"regions("aws");
            let w = web("w", #{{ service: 1.ms, region: "us-east-1" }});
            let t = traffic("t", #{{ to: w, users: 1, think: 1.s, region: "ap-southeast-2", access: 0.ms }});
            {more}"#
        )
    };
    let added = [
        ("", 201),
        ("link(t, w, #{ latency: 50.ms });", 301),
        ("link(t, w, #{ loss: 0.percent });", 201),
        ("network(#{ latency: 25.ms });", 251),
        ("network(#{ latency: 25.ms }); link(t, w, #{ latency: 50.ms });", 301),
    ];
    for (more, ms) in added {
        let (low, high) = (ms - 3, ms + 3);
        let claims = format!(
            ".expect(\"so far\", |r| r.latency_mean > {low}.ms).expect(\"no farther\", |r| r.latency_mean < {high}.ms)"
        );
        holds(&world(more), &claims);
    }
}

/// A cold resolver beside its user in Sydney, a zone in Virginia: root and top-level domain are near everybody, the zone's server is not.
#[test]
fn root_and_top_level_domain_are_near_everybody() {
    let world = r#"regions("aws");
        let w = web("w", #{ service: 1.ms, region: "ap-southeast-2" });
        let zone = dns("zone", #{ to: w, region: "us-east-1", root: 2.ms, tld: 3.ms, ttl: 300.s });
        let r = resolver("r", #{ region: "ap-southeast-2", cold: true });
        traffic("t", #{ to: zone, resolver: r, users: 1, think: 20.s, region: "ap-southeast-2", access: 0.ms });"#;
    holds(
        world,
        ".expect(\"one way to Virginia\", |r| r.lookup_p99 < 212.ms).expect(\"and back\", |r| r.lookup_p99 > 200.ms)",
    );
}

/// Who is named first is the primary, as long as it works.
#[test]
fn a_zone_fails_over_in_the_order_that_it_was_told() {
    let world = |then: &str| {
        format!(
            r#"let a = web("a", #{{ service: 1.ms }});
            let b = web("b", #{{ service: 1.ms }});
            let zone = dns("zone", #{{ to: [a, b], policy: "failover", ttl: 1.s, check: 5.s }});
            traffic("t", #{{ to: zone, resolver: resolver("r"), users: 20, think: 100.ms, browser_ttl: 1.s }});
            {then}"#
        )
    };
    let all_but_a_few = "at(0.s, \"swap\", || zone.point_to([b, a]));";
    holds(
        &world(""),
        ".expect(\"a\", |r| r.of(\"a\").completions > 4000).expect(\"b\", |r| r.of(\"b\").completions < 10)",
    );
    holds(&world(all_but_a_few), ".expect(\"b\", |r| r.of(\"b\").completions > 4000)");
    let back = "at(0.s, \"swap\", || zone.point_to([b, a])); at(1.s, \"back\", || zone.point_to([a, b]));";
    holds(&world(back), ".expect(\"a\", |r| r.of(\"a\").completions > 4000)");
}

/// A zone that refuses, and a thousand users who ask for it: a resolver asks again after 5 s, and not for each of them.
#[test]
fn a_resolver_remembers_that_a_look_up_has_failed() {
    let world = |ttl: &str| {
        format!(
            r#"let w = web("w", #{{ service: 1.ms }});
            let zone = dns("zone", #{{ to: w, ttl: 60.s }});
            let r = resolver("r", #{{ cold: true{ttl} }});
            traffic("t", #{{ to: zone, resolver: r, users: 1000, think: 1.s }});
            at(0.s, "dies", || zone.crash());"#
        )
    };
    holds(&world(""), ".expect(\"six times five\", |r| r.upstream_queries < 45)");
    holds(&world(", servfail_ttl: 0.s"), ".expect(\"each time\", |r| r.upstream_queries > 10000)");
}

/// A region that dies is all who stand there: the same as killing each by hand, users and the other region live on.
#[test]
fn a_region_dies_as_a_whole_and_comes_back() {
    let script = r#"experiment("region").vary("how", ["region", "by hand", "not"]).replications(2).duration(60.s).world(|p| {
        regions("aws");
        let sites = [];
        let stores = [];
        let machines = [];
        for r in ["us-east-1", "eu-central-1"] {
            let machine = host(`host ${r}`, #{ cores: 4 });
            let db = database(`db ${r}`, #{ read: 2.ms, write: 4.ms, region: r, replicas: 1 });
            let w = web(`web ${r}`, #{ service: 2.ms, reads: db, writes: db, on: machine, region: r });
            machines += w;
            stores += db;
            sites += w;
        }
        let wide = web("wide", #{ service: 1.ms, count: 2, region: ["us-east-1", "eu-central-1"] });
        traffic("wide users", #{ to: load_balancer("lb", #{ to: wide, region: "us-east-1" }), rate: 20.rps, from: clients(["US"]), timeout: 2.s });
        traffic("t", #{ to: anycast("front", #{ to: sites }), rate: 50.rps, writes: 10.percent, from: clients(["US", "DE"]), timeout: 2.s });
        if p.how == "region" {
            at(20.s, "dies", || region("eu-central-1").crash());
            at(40.s, "is back", || region("eu-central-1").recover());
        }
        if p.how == "by hand" {
            at(20.s, "dies", || { machines[1].crash("host"); stores[1].crash("host"); wide[1].crash("host"); });
            at(40.s, "is back", || { machines[1].recover(); stores[1].recover(); wide[1].recover(); });
        }
    })
        .claim("no better", |all| all.where(#{ how: "region" }).requests_timed_out - all.where(#{ how: "by hand" }).requests_timed_out < 1)
        .claim("no worse", |all| all.where(#{ how: "region" }).requests_timed_out - all.where(#{ how: "by hand" }).requests_timed_out > -1)
        .claim("it hurts", |all| all.where(#{ how: "region" }).requests_timed_out > 100)
        .claim("or not", |all| all.where(#{ how: "not" }).requests_timed_out == 0);"#;
    common::script::holds(script);
}

/// All servers stand in a region that is down from 20 to 50 s. Neither an autoscaler nor add_node() nor recover() brings one up there before.
#[test]
fn nobody_starts_in_a_region_that_is_down() {
    for how in ["crash", "hang"] {
        let script = format!(
            r#"experiment("dark").vary("n", [0, 1]).replications(2).duration(60.s).world(|p| {{
            regions("aws");
            let w = web("w", #{{ count: 2, service: 40.ms, region: "eu-central-1" }});
            let lb = load_balancer("lb", #{{ to: w, region: "us-east-1", check: 1.s, rise: 1 }});
            if p.n == 1 {{ autoscaler("s", #{{ of: w, region: "us-east-1", utilization: 50.percent, min: 2, max: 8, period: 4.s, replace: "silent", boot: 2.s }}); }}
            traffic("t", #{{ to: lb, rate: constant(20.rps), region: "us-east-1", timeout: 1.s }});
            at(20.s, "dies", || region("eu-central-1").{how}());
            at(30.s, "more", || w.add_node());
            at(35.s, "back by hand", || w[0].recover());
            at(50.s, "back", || region("eu-central-1").recover());
        }})
            .expect("nobody is served", |r| r.availability < 0.53)
            .expect("then all are", |r| r.availability > 0.35);"#
        );
        common::script::holds(&script);
    }
}
