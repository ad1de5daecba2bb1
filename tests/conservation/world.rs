//! Small worlds with every kind of component, and schedules of what breaks in them.

use crate::common::{World, exponential, index, keys, span, text};
use proptest::prelude::*;
use scalelab::catalog::{Load, Place, Value};
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Simulation, Time};
use scalelab::model::{Checked, Command, Moment, Target, resolve};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;

/// Traffic ends here; what is broken is mended, and the world comes to rest.
pub const TRAFFIC_ENDS: Time = 8 * SECOND;
/// Long after the last time-out: a single worker may have hundreds of calls in line, each of which waits for its own.
pub const END: Time = 10_000 * SECOND;
/// Users of closed load never rest.
pub const END_OF_CLOSED: Time = 12 * SECOND;

#[derive(Clone, Debug)]
pub struct CachePlan {
    pub strategy: &'static str,
    pub inline: bool,
    pub fails: bool,
    pub items: i64,
    pub ttl: Option<f64>,
    pub service: bool,
    pub flush: f64,
    pub batch: Option<i64>,
    pub dirty: Option<i64>,
    pub fills: &'static str,
    pub stampede: &'static str,
    pub refresh_ahead: Option<f64>,
    /// A bus hears of writes and tells the cache.
    pub bus: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct WorldPlan {
    pub users: Option<i64>,
    pub attempts: i64,
    pub budget: bool,
    pub balancer: Option<&'static str>,
    /// What the balancer does besides: retries, limits with a queue, sticky clients, passive checks; one bit each.
    pub care: u8,
    pub servers: i64,
    pub concurrency: Option<i64>,
    pub queue: Option<i64>,
    pub web_discipline: &'static str,
    pub cache: Option<CachePlan>,
    pub connections: i64,
    pub discipline: &'static str,
    pub latency: Option<f64>,
    pub loss: Option<f64>,
}

/// Something that happens to one of the components, all counted as if there were four.
#[derive(Clone, Debug)]
pub struct Fault {
    pub at: Time,
    pub action: &'static str,
    pub target: usize,
    pub other: usize,
    pub factor: f64,
}

const DISCIPLINES: [&str; 4] = ["fifo", "lifo", "processor_sharing", "priority"];

fn cache_plan() -> impl Strategy<Value = CachePlan> {
    let strategy = prop_oneof![Just("through"), Just("around"), Just("aside"), Just("back"), Just("back")];
    let places = (any::<bool>(), any::<bool>(), 1..30i64);
    let times = (proptest::option::of(0.05..2.0), any::<bool>(), prop_oneof![Just(0.01), 0.1..2.0]);
    let bounds = (proptest::option::of(1..4i64), proptest::option::of(1..6i64));
    let fills = proptest::sample::select(&["plain", "lease", "versioned"][..]);
    let stampede = proptest::sample::select(&["none", "coalesce", "lock", "early"][..]);
    let bus = proptest::option::of(proptest::sample::select(&["nobody", "bus", "caches"][..]));
    let loads = (fills, stampede, proptest::option::of(0.0..1.0), bus);
    (strategy, places, times, bounds, loads).prop_map(
        |(strategy, (inline, fails, items), (ttl, service, flush), (batch, dirty), loads)| CachePlan {
            fills: loads.0,
            stampede: if ttl.is_none() && loads.1 == "early" { "none" } else { loads.1 },
            refresh_ahead: loads.2.filter(|_| ttl.is_some()),
            bus: loads.3,
            strategy,
            inline,
            fails,
            items,
            ttl,
            service,
            flush,
            batch,
            dirty,
        },
    )
}

pub fn world_plan() -> impl Strategy<Value = WorldPlan> {
    let client = (proptest::option::of(1..20i64), 1..4i64, any::<bool>());
    let policy = proptest::sample::select(
        &[
            "round_robin",
            "random",
            "least_connections",
            "power_of_two",
            "least_latency",
            "haproxy_roundrobin",
        ][..],
    );
    let front = (proptest::option::of(policy), 1..4i64, prop_oneof![Just(0u8), 0..16u8]);
    let bounds = (proptest::option::of(1..5i64), proptest::option::of(0..5i64));
    let disciplines =
        (proptest::sample::select(&DISCIPLINES[..]), proptest::sample::select(&DISCIPLINES[..]));
    let network = (proptest::option::of(0.0001..0.05), proptest::option::of(0.0..0.3));
    (client, front, bounds, disciplines, proptest::option::of(cache_plan()), 1..4i64, network).prop_map(
        |(client, (balancer, servers, care), bounds, disciplines, cache, connections, (latency, loss))| {
            WorldPlan {
                users: client.0,
                attempts: client.1,
                budget: client.2,
                balancer,
                care,
                servers: if balancer.is_some() { servers } else { 1 },
                concurrency: bounds.0,
                queue: bounds.1,
                web_discipline: disciplines.0,
                cache,
                connections,
                discipline: disciplines.1,
                latency,
                loss,
            }
        },
    )
}

pub fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let action = proptest::sample::select(
        &["crash", "crash host", "hang", "recover", "recover", "slow", "partition", "heal", "slow_link"][..],
    );
    // Whole milliseconds, so that things happen at once.
    let fault = (0..8_000u64, action, 0..6usize, 0..6usize, prop_oneof![Just(1.0), 0.01..3.0]);
    let fault = fault.prop_map(|(at, action, target, other, factor)| Fault {
        at: at * MILLISECOND,
        action,
        target,
        other,
        factor,
    });
    proptest::collection::vec(fault, 0..16).prop_map(|mut faults| {
        faults.sort_by_key(|fault| fault.at);
        faults
    })
}

/// A world that has been described, and its components in the order in which calls pass them.
pub struct Described {
    pub checked: Checked,
    pub groups: Vec<usize>,
    pub cache: Option<usize>,
}

fn cache_settings(plan: &CachePlan, store: &Value) -> Vec<(&'static str, Value)> {
    let mut settings = vec![
        ("of", store.clone()),
        ("write", text(plan.strategy)),
        ("placement", text(if plan.inline { "inline" } else { "aside" })),
        ("on_cache_error", text(if plan.fails { "fail" } else { "store" })),
        ("items", Value::Whole(plan.items)),
        ("flush", span(plan.flush)),
        ("timeout", span(0.4)),
        ("fills", text(plan.fills)),
        ("stampede", text(plan.stampede)),
    ];
    settings.extend(plan.refresh_ahead.map(|share| ("refresh_ahead", Value::Share(share))));
    settings.extend(plan.ttl.map(|ttl| ("ttl", span(ttl))));
    settings.extend(plan.service.then(|| ("service", exponential(0.0005))));
    settings.extend(plan.batch.map(|batch| ("batch", Value::Whole(batch))));
    settings.extend(plan.dirty.map(|dirty| ("dirty", Value::Whole(dirty))));
    settings
}

/// Every wait has an end: clients, balancer and servers all have time-outs.
pub fn describe(plan: &WorldPlan) -> Described {
    let mut world = World::default();
    let store = world.add(
        "database",
        "store",
        vec![
            ("read", exponential(0.004)),
            ("write", span(0.005)),
            ("connections", Value::Whole(plan.connections)),
            ("discipline", text(plan.discipline)),
        ],
    );
    let cache = plan.cache.as_ref().map(|cache| world.add("cache", "cache", cache_settings(cache, &store)));
    let data = cache.clone().unwrap_or(store.clone());
    let mut settings = vec![
        ("reads", data.clone()),
        ("writes", data),
        ("count", Value::Whole(plan.servers)),
        ("service", exponential(0.003)),
        ("timeout", span(0.5)),
        ("discipline", text(plan.web_discipline)),
        (
            "on_cache_error",
            text(if plan.cache.as_ref().is_some_and(|cache| cache.fails) { "fail" } else { "store" }),
        ),
    ];
    let bus = plan.cache.as_ref().and_then(|cache| cache.bus).map(|awaits| {
        let told = cache.clone().expect("a cache");
        world.add(
            "invalidation_bus",
            "bus",
            vec![("to", told), ("awaits", text(awaits)), ("timeout", span(0.2))],
        )
    });
    settings.extend(bus.clone().map(|bus| ("announces", bus)));
    settings.extend(plan.concurrency.map(|most| ("concurrency", Value::Whole(most))));
    settings.extend(plan.queue.map(|most| ("queue", Value::Whole(most))));
    let web = world.add("web", "web", settings);
    let balancer = plan.balancer.map(|policy| {
        let mut settings = vec![("to", web.clone()), ("policy", text(policy)), ("timeout", span(1.0))];
        settings.extend(care_settings(plan.care));
        world.add("load_balancer", "front", settings)
    });
    let to = balancer.clone().unwrap_or(web.clone());
    let clients = world.add("traffic", "clients", client_settings(plan, to));
    if plan.latency.is_some() || plan.loss.is_some() {
        let mut settings = vec![("latency", exponential(plan.latency.unwrap_or(0.001)))];
        settings.extend(plan.loss.map(|loss| ("loss", Value::Share(loss))));
        let front = balancer.as_ref().unwrap_or(&web);
        world.link(&clients, front, settings.clone());
        world.link(&web, cache.as_ref().unwrap_or(&store), settings);
    }
    let groups = [Some(&store), cache.as_ref(), Some(&web), balancer.as_ref(), bus.as_ref()];
    let groups = groups.into_iter().flatten().map(index).collect();
    Described { checked: world.check(), groups, cache: cache.as_ref().map(index) }
}

fn care_settings(care: u8) -> Vec<(&'static str, Value)> {
    let mut settings = Vec::new();
    let mut when = |bit: u8, more: Vec<(&'static str, Value)>| {
        if care & bit != 0 {
            settings.extend(more);
        }
    };
    when(1, vec![("retries", Value::Whole(2)), ("retry_timeouts", Value::Flag(true))]);
    when(2, vec![("connections", Value::Whole(2)), ("queue", Value::Whole(3)), ("queue_timeout", span(0.3))]);
    when(4, vec![("sticky", text("cookie"))]);
    when(8, vec![("max_fails", Value::Whole(1)), ("fail_timeout", span(0.5))]);
    settings
}

fn client_settings(plan: &WorldPlan, to: Value) -> Vec<(&'static str, Value)> {
    let mut settings = vec![
        ("to", to),
        ("keys", keys(Keys::zipf(40, 0.9).unwrap())),
        ("writes", Value::Share(0.4)),
        ("timeout", span(2.0)),
        ("attempts", Value::Whole(plan.attempts)),
        ("backoff", span(0.05)),
    ];
    settings.extend(plan.budget.then_some(("retry_budget", Value::Share(0.2))));
    match plan.users {
        Some(users) => settings.extend([("users", Value::Whole(users)), ("think", exponential(0.1))]),
        None => {
            let steps = Arrivals::steps(vec![(0, 60.0), (TRAFFIC_ENDS, 0.0)]).unwrap();
            settings.extend([("rate", Value::Load(Load::Open(steps))), ("users", Value::Whole(10))]);
        }
    }
    settings
}

/// Does to a world what a fault says.
pub fn strike(described: &Described, fault: &Fault, simulation: &mut Simulation) {
    let pick = |n: usize| described.groups[n % described.groups.len()];
    let group = pick(fault.target);
    // Links are between two different groups.
    let others: Vec<usize> = described.groups.iter().copied().filter(|other| *other != group).collect();
    let other = others.get(fault.other % others.len().max(1)).copied().unwrap_or(group);
    let nodes = described.checked.layout.groups[group].count;
    let node = Target::Node(group, fault.other as u64 % nodes);
    let factor = vec![Value::Number(fault.factor)];
    let (target, action, arguments) = match fault.action {
        "crash host" => (node, "crash", vec![text("host")]),
        "slow" => (node, "slow", factor),
        "slow_link" | "partition" | "heal" if other == group => return,
        "slow_link" if described.checked.layout.link(group, other).is_none() => return,
        "slow_link" => (Target::Between(group, other), "slow_link", factor),
        action @ ("partition" | "heal") => (Target::Between(group, other), action, Vec::new()),
        action => (node, action, Vec::new()),
    };
    order(described, target, action, arguments, simulation);
}

/// All works again.
pub fn mend(described: &Described, simulation: &mut Simulation) {
    for &a in &described.groups {
        order(described, Target::Group(a), "recover", Vec::new(), simulation);
        order(described, Target::Group(a), "slow", vec![Value::Whole(1)], simulation);
        for &b in described.groups.iter().filter(|&&b| b != a) {
            order(described, Target::Between(a, b), "heal", Vec::new(), simulation);
            if described.checked.layout.link(a, b).is_some() {
                order(described, Target::Between(a, b), "slow_link", vec![Value::Whole(1)], simulation);
            }
        }
    }
}

pub fn order(
    described: &Described,
    target: Target,
    action: &str,
    arguments: Vec<Value>,
    simulation: &mut Simulation,
) {
    let command = Command { target, action: action.into(), arguments, place: Place::default() };
    let orders = resolve(&described.checked.layout, &command, Moment::Run);
    if action == "slow" && orders.is_err() {
        return; // it does no work of its own
    }
    for order in orders.expect("a fine command") {
        order.carry_out(simulation);
    }
}
