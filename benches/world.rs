//! A whole world: 8 regions, DNS caches, 40 edges, 3 data centres, browsers of a million users.
//!
//!     cargo bench --bench world              four million requests
//!     cargo bench --bench world -- N         N requests
//!
//! Aim: at least 400,000 requests per second on one core, in less than 1.5 GiB.

mod common;

use common::{exponential, group, timed, zipf};
use scalelab::catalog::{ClientsPlan, Place, Value};
use scalelab::components::network::geo::Map;
use scalelab::kernel::{NodeId, SECOND, Simulation, Time};
use scalelab::model::{GroupSpec, MapSpec, WorldSpec, build, check};
use std::sync::Arc;

const MS: f64 = 1e6;
const USERS: i64 = 1_000_000;
/// Objects; at Zipf 1.0 the edges come to answer nine of ten questions, as CDNs do.
const KEYS: u64 = 100_000;
/// Requests per simulated second.
const RATE: f64 = 200_000.0;

const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-2",
    "sa-east-1",
    "eu-west-1",
    "eu-central-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-southeast-2",
];
const EDGES_OF_EACH: usize = 5;
const CENTRES: [&str; 3] = ["us-east-1", "eu-central-1", "ap-northeast-1"];

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| text(item)).collect())
}

/// Groups in the order of their numbers: 0 database, 1 cache, 2 web, 3 balancer, 4 edges, 5 zone, 6 resolvers, 7 visitors.
fn groups() -> Vec<GroupSpec> {
    let here = ("region", text(CENTRES[0]));
    let rows = ("row", Value::Bytes(40 << 10));
    let database = [
        ("read", exponential(MS)),
        ("write", exponential(MS)),
        ("connections", Value::Whole(256)),
        rows,
        here.clone(),
    ];
    let cache = [("of", Value::Group(0)), ("items", Value::Whole(34_000)), here.clone()];
    let web = [
        ("count", Value::Whole(12)),
        ("cores", Value::Whole(32)),
        ("service", exponential(0.25 * MS)),
        ("reads", Value::Group(1)),
        ("region", texts(&CENTRES)),
    ];
    let balancer = [("to", Value::Group(2)), here.clone()];
    let places: Vec<&str> = REGIONS.iter().copied().cycle().take(EDGES_OF_EACH * REGIONS.len()).collect();
    let edges = [
        ("of", Value::Group(3)),
        ("items", Value::Whole(50_000)),
        ("ttl", Value::Duration(3_600 * SECOND)),
        ("region", texts(&places)),
    ];
    let zone = [("to", Value::Group(4)), ("policy", text("latency")), here];
    let resolvers = [("count", Value::Whole(16)), ("region", texts(&REGIONS))];
    let homes = REGIONS.iter().map(|region| (region.to_string(), 1.0)).collect();
    let clients = ClientsPlan {
        homes,
        mobile: 0.3,
        vpn: 0.0,
        nat: 0.0,
        behind: 1,
        exit: None,
        gateway: None,
        office: None,
    };
    let visitors = [
        ("to", Value::Group(5)),
        ("resolver", Value::Group(6)),
        ("rate", Value::Rate(RATE)),
        ("users", Value::Whole(USERS)),
        ("keys", zipf(KEYS, 1.0)),
        ("browser_slots", Value::Whole(16)),
        ("max_age", Value::Duration(60 * SECOND)),
        ("from", Value::Clients(clients)),
    ];
    vec![
        group("database", "db", database),
        group("cache", "memory", cache),
        group("web", "web", web),
        group("load_balancer", "lb", balancer),
        group("cdn", "edges", edges),
        group("dns", "www.example", zone),
        group("resolver", "isp", resolvers),
        group("traffic", "visitors", visitors),
    ]
}

fn world() -> (Simulation, NodeId, Vec<NodeId>) {
    let map = Arc::new(Map::preset("aws").expect("it is built in"));
    let map = MapSpec { map, given: Vec::new(), place: Place::default() };
    let spec = WorldSpec { groups: groups(), map: Some(map), ..WorldSpec::default() };
    let world = check(&spec, u64::MAX, &[]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let visitors = world.layout.first(7);
    let edges = world.layout.groups[4].nodes().collect();
    (build(&world, 1, 0), visitors, edges)
}

/// Largest memory of this process so far, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let requests: f64 = arguments.next().map_or(4e6, |number| number.parse().expect("a number"));
    let (mut world, visitors, edges) = world();
    let span = |requests: f64| (requests / RATE * SECOND as f64) as Time;
    // As many before are not timed: memory grows and caches fill.
    let warm = span(requests);
    world.run_until(warm);
    let (issued, events) = (world.book().issued(), world.events());
    let (ns, ()) = timed(|| world.run_until(warm + span(requests)));
    world.check_conservation().expect("nothing vanishes");
    let (issued, events) = ((world.book().issued() - issued) as f64, (world.events() - events) as f64);
    let of_users = world.readings(visitors, false);
    let of_edges: Vec<_> = edges.iter().map(|edge| world.readings(*edge, false)).collect();
    let share = |part: u64, whole: u64| part as f64 / whole as f64;
    let edge = |metric: &str| of_edges.iter().map(|readings| readings.count_of(metric)).sum::<u64>();
    println!("requests/s       {:>12.0}", issued * 1e9 / ns);
    println!("ns/request       {:>12.1}", ns / issued);
    println!("events/request   {:>12.2}", events / issued);
    println!("peak memory      {:>12.0} MiB", peak_mib());
    println!("in flight        {:>12}", world.requests().len());
    let found = share(of_users.count_of("browser_hits"), of_users.count_of("browser_lookups"));
    println!("browser hits     {found:>12.4}");
    println!("edge hits        {:>12.4}", share(edge("cdn_hits"), edge("cdn_lookups")));
    println!("digest           {:>12x}", world.digest());
}
