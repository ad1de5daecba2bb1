//! A cache of several nodes: who has which key, and who knows it.

use super::super::Site;
use crate::catalog::{Kind, Param, Policy, Preset, Problem, Problems, Settings, Value};
use crate::kernel::{NodeId, SECOND};
use crate::parts::plan::{Ejection, Hashed, HashedPlan, Route, SlotMap};
use crate::parts::ring::{self, Ring, Server, SlotTable};
use crate::random::variate::{Uniform, Variate};

const ROUTINGS: &[Policy] = &[
    Policy {
        name: "client",
        about: "callers hash the key and hold a map of the nodes each: no hop more, changes must reach everybody",
        source: "libmemcached; chapter 6.9",
        wrong_when: "nodes change often, or callers are of many kinds",
    },
    Policy {
        name: "proxy",
        about: "callers ask a proxy, which hashes the key: callers know nothing of the nodes",
        source: "twemproxy, mcrouter (Nishtala et al., NSDI 2013); chapter 6.10",
        wrong_when: "every hop counts, or the proxy is the bottleneck",
    },
    Policy {
        name: "cluster",
        about: "nodes share 16,384 slots and send callers on to the right one; slots move while they serve (if a node dies the others go on: cluster-require-full-coverage no)",
        source: "Redis cluster specification; chapter 6.11",
        wrong_when: "callers cannot follow redirects",
    },
];

const ON_DEAD: &[Policy] = &[
    Policy {
        name: "keep",
        about: "its keys stay its own: they are misses until it is back",
        source: "libmemcached and twemproxy, if nothing is said (auto_eject_hosts: false)",
        wrong_when: "the store cannot bear the misses of one node for long",
    },
    Policy {
        name: "eject",
        about: "after some failures the others take its keys over for a while",
        source: "twemproxy, auto_eject_hosts; libmemcached, MEMCACHED_BEHAVIOR_REMOVE_FAILED_SERVERS",
        wrong_when: "callers disagree on who is dead: both nodes then hold the key, and one grows old",
    },
];

pub(super) const NODES: Param = Param {
    name: "nodes",
    kind: Kind::Count(1, 10_000),
    preset: Preset::Count(1),
    about: "number of nodes; `items` and `capacity` are those of each",
};
pub(super) const SHARDING: Param = Param {
    name: "sharding",
    kind: Kind::Choice(ring::POLICIES),
    preset: Preset::Choice("ketama"),
    about: "several nodes: which one has a key (routing \"cluster\": slots)",
};
pub(super) const WEIGHTS: Param = Param {
    name: "weights",
    kind: Kind::Weights,
    preset: Preset::Absent("all equal; a node that joins later has weight 1"),
    about: "several nodes: their shares, in their order",
};
pub(super) const ROUTING: Param = Param {
    name: "routing",
    kind: Kind::Choice(ROUTINGS),
    preset: Preset::Choice("client"),
    about: "several nodes: who knows where a key is",
};
pub(super) const CONFIG_DELAY: Param = Param {
    name: "config_delay",
    kind: Kind::Variate,
    preset: Preset::Absent(
        "client: between 0 and 60 s (ElastiCache Auto Discovery asks every 60 s); proxy: at once",
    ),
    about: "how long after a change each caller (or proxy) learns of it; until then they may disagree",
};
pub(super) const DEAD: Param = Param {
    name: "on_dead",
    kind: Kind::Choice(ON_DEAD),
    preset: Preset::Choice("keep"),
    about: "client, proxy: what becomes of the keys of a node that does not answer: it refuses, or is silent for the caller's `timeout` (a proxy has the cache's)",
};
pub(super) const DEAD_AFTER: Param = Param {
    name: "dead_after",
    kind: Kind::Count(1, 1_000_000),
    preset: Preset::Count(2),
    about: "failures one behind the other before a node is ejected (2: server_failure_limit of twemproxy, its README)",
};
pub(super) const RETRY_DEAD: Param = Param {
    name: "retry_dead",
    kind: Kind::Duration,
    preset: Preset::Duration(30 * SECOND),
    about: "how long a node stays ejected (30 s: server_retry_timeout of twemproxy, its README)",
};
pub(super) const PROXIES: Param = Param {
    name: "proxies",
    kind: Kind::Count(1, 10_000),
    preset: Preset::Count(1),
    about: "routing \"proxy\": number of proxies; callers ask them in turn",
};
pub(super) const PROXY_SERVICE: Param = Param {
    name: "proxy_service",
    kind: Kind::Variate,
    preset: Preset::Absent("0: its own work is not modelled"),
    about: "routing \"proxy\": own work of a proxy per command",
};
pub(super) const PROXY_CORES: Param = Param {
    name: "proxy_cores",
    kind: Kind::Count(1, 1024),
    preset: Preset::Count(1),
    about: "commands a proxy works on at a time, if `proxy_service` is given (twemproxy: 1)",
};

pub(super) const MIGRATION_RATE: Param = Param {
    name: "migration_rate",
    kind: Kind::Rate,
    preset: Preset::Absent("no limit but 10 keys at a time (redis-cli: --cluster-pipeline 10)"),
    about: "routing \"cluster\": most keys per second that a node hands over when slots move",
};

fn routing(settings: &Settings) -> &'static str {
    ROUTINGS[settings.choice("routing")].name
}

/// Whether the nodes share slots and move them themselves.
pub(super) fn is_cluster(settings: &Settings) -> bool {
    routing(settings) == "cluster"
}

/// How many nodes hold items.
pub(super) fn nodes(settings: &Settings) -> u64 {
    settings.count("nodes").expect("preset")
}

/// Who serves the group beside these.
pub(super) fn aides(settings: &Settings) -> (&'static str, u64) {
    match routing(settings) {
        "proxy" => ("proxy", settings.count("proxies").expect("preset")),
        "cluster" => ("coordinator", 1),
        _ => ("", 0),
    }
}

fn weights(settings: &Settings) -> Vec<u32> {
    let weight = |value: &Value| match value {
        Value::Whole(weight) => *weight as u32,
        _ => 1,
    };
    settings.list("weights").iter().map(weight).collect()
}

/// The ring that holds, by index: a cluster has slots.
fn sharding(site: &Site<'_>) -> usize {
    let named =
        |name: &str| ring::POLICIES.iter().position(|policy| policy.name == name).expect("registered");
    match is_cluster(site.settings()) {
        true => named("slots"),
        false if site.is_disabled("consistent_hashing") => named("modulo"),
        false => site.settings().choice("sharding"),
    }
}

/// All nodes that the group ever had, named and weighted.
fn ever(site: &Site<'_>) -> impl Iterator<Item = Server> {
    let group = site.group();
    let weights = weights(&group.settings);
    group.nodes().enumerate().map(move |(n, node)| Server {
        weight: weights.get(n).copied().unwrap_or(1),
        ..Server::new(node.0, group.node_name(n as u64))
    })
}

/// The members as they are now.
pub(super) fn servers(site: &Site<'_>) -> Vec<Server> {
    ever(site).filter(|server| !site.group().left.contains(&NodeId(server.id))).collect()
}

/// The slots as they were dealt out at t = 0: what a newcomer knows until it is told better.
pub(super) fn first_slots(site: &Site<'_>) -> SlotTable {
    SlotTable::new(&ever(site).take(site.group().count as usize).collect::<Vec<_>>())
}

/// The ring over the members as they are now.
pub(super) fn ring(site: &Site<'_>) -> Ring {
    Ring::new(sharding(site), servers(site))
}

/// The most wanted keys, as many as `preload` says, each at its node; the most wanted last, so that they are the most recent.
pub(super) fn preloaded(site: &Site<'_>) -> Vec<Vec<u64>> {
    let count = nodes(site.settings()) as usize;
    let mut keys = vec![Vec::new(); count];
    let wanted = site.settings().count("preload").unwrap_or(0);
    let Some(popular) = site.layout.popular(site.index, wanted).filter(|_| wanted > 0) else { return keys };
    let ring = ring(site);
    for key in popular.into_iter().rev() {
        let owner = ring.place(key).expect("at least one node");
        keys[usize::from(owner - site.group().first)].push(key);
    }
    keys
}

/// How a caller reaches the nodes.
pub(super) fn route(site: &Site<'_>) -> Route {
    match routing(site.settings()) {
        "proxy" => Route::Proxies { nodes: site.group().aides().collect(), turn: 0 },
        "cluster" => {
            let nodes = site.group().members().map(|node| node.0).collect();
            Route::Slots(Box::new(SlotMap::new(first_slots(site), nodes)))
        }
        _ => {
            let minute = Uniform::new(0.0, 60.0 * SECOND as f64).expect("a valid interval");
            hashed(site, Some(Variate::from(minute)))
        }
    }
}

/// How somebody reaches the nodes who hashes keys; `delay` holds if the script says nothing.
pub(super) fn hashed(site: &Site<'_>, delay: Option<Variate>) -> Route {
    let settings = site.settings();
    let ejects = ON_DEAD[settings.choice("on_dead")].name == "eject";
    let ejection = Ejection {
        failures: settings.count("dead_after").expect("preset"),
        pause: settings.duration("retry_dead").expect("preset"),
    };
    Route::Hashed(Box::new(Hashed::new(HashedPlan {
        group: site.index as u16,
        name: site.group().name.clone(),
        known: site.group().nodes().count() as u64,
        servers: servers(site),
        sharding: sharding(site),
        ejection: ejects.then_some(ejection),
        delay: settings.variate("config_delay").or(delay),
        purpose: site.purpose("config"),
    })))
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    check_weights(site, problems);
    let settings = site.settings();
    let routing = routing(settings);
    if routing == "cluster" && settings.is_given("sharding") && settings.choice("sharding") != sharding(site)
    {
        let message = "a cluster shares slots, whatever `sharding` says";
        problems.push(settings.problem("sharding", message).hint("leave `sharding` out"));
    }
    let mut only = |names: &[&str], needed: &str, hint: &str| {
        for name in names.iter().filter(|name| settings.is_given(name)) {
            let message = format!("`{name}` counts only {needed}");
            problems.push(settings.problem(name, message).hint(hint));
        }
    };
    if routing != "proxy" {
        let names = ["proxies", "proxy_service", "proxy_cores"];
        only(&names, "with routing \"proxy\"", "add `routing: \"proxy\"`");
    }
    if routing != "cluster" {
        only(&["migration_rate"], "with routing \"cluster\"", "add `routing: \"cluster\"`");
    } else {
        only(
            &["on_dead", "config_delay"],
            "where somebody hashes",
            "a cluster's callers follow its redirects",
        );
    }
    if ON_DEAD[settings.choice("on_dead")].name == "keep" {
        only(&["dead_after", "retry_dead"], "with on_dead \"eject\"", "add `on_dead: \"eject\"`");
    }
}

fn check_weights(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let (weights, nodes) = (weights(settings), nodes(settings));
    if weights.is_empty() {
        return;
    }
    if weights.len() as u64 != nodes {
        let message = format!("{} weights for {nodes} nodes", weights.len());
        let problem: Problem = settings.problem("weights", message);
        problems.push(problem.hint("one weight for each node"));
    }
    if let Some((message, hint)) = ring::weights_problem(sharding(site), &weights) {
        problems.push(settings.problem("weights", message).hint(hint));
    }
}
