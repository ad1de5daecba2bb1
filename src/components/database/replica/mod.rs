//! Databases of several nodes: a router, a coordinator, and for each shard a primary with its replicas.

mod coordinator;
mod copy;
mod election;
mod engine;
mod equal;
mod erase;
mod feed;
mod follow;
mod lead;
mod leaderless;
mod log;
mod majority;
mod member;
pub mod mode;
mod params;
mod promote;
pub mod reads;
mod reshard;
mod router;
mod rows;
mod shape;
pub mod sharding;
mod split;
mod spread;
mod takeover;
mod wire;

use crate::catalog::{Problem, Problems};
use crate::components::Site;
use crate::kernel::{Component, NodeId, SECOND, Time};
use coordinator::{Coordinator, Watch};
use engine::{Engine, appliers, connections};
use equal::Copy;
use leaderless::{QuorumPlan, QuorumRouter};
use log::Log;
use majority::{Voter, VoterPlan};
use member::{APPLY, Member, Plan, SERVE};
pub use params::*;
use router::{Router, RouterPlan};
use rows::Rows;
pub use shape::{COORDINATOR, ROUTER, Shape};
use sharding::{KeyPart, Map};
use spread::Spread;

pub use coordinator::SWITCH;
pub use member::REPLACE;
pub use reshard::RESHARD;

/// The connections of a member, and its appliers.
type Stations = (crate::parts::station::Station, crate::parts::station::Station);

/// Mistakes that concern several settings.
pub fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let replicated = settings.count("replicas").unwrap_or(0) > 0;
    let reads = reads::READS[settings.choice("reads")].name;
    if !replicated && settings.is_given("reads") && reads != "primary" {
        let message = format!("`reads: \"{reads}\"` needs replicas, and there are none");
        problems.push(settings.problem("reads", message).hint("add `replicas: 2`"));
    }
    if !replicated && settings.is_given("replication") {
        let problem = settings.problem("replication", "`replication` needs replicas, and there are none");
        problems.push(problem.hint("add `replicas: 2`"));
    }
    if reads == "lag_bounded" && settings.duration("max_lag").is_none() {
        let place = settings.place("reads").unwrap_or(&site.group().place);
        let problem = Problem::at(place, "reads \"lag_bounded\" needs the setting `max_lag`");
        problems.push(problem.hint("add `max_lag: 1.s`"));
    }
    check_shards(site, problems);
    check_split(site, problems);
    check_quorum(site, problems);
    let (heartbeat, down_after) = times(site);
    if down_after < 2 * heartbeat {
        let place =
            settings.place("down_after").or(settings.place("heartbeat")).unwrap_or(&site.group().place);
        let problem = Problem::at(place, "`down_after` must be at least two heartbeats");
        problems.push(problem.hint("a single late answer must not look like a death"));
    }
}

fn check_quorum(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let leaderless = Shape::of(settings).leaderless;
    let copies = settings.count("replicas").unwrap_or(0) + 1;
    for name in ["r", "w"] {
        match settings.count(name) {
            Some(_) if !leaderless => {
                let message = format!("`{name}` counts only for replication \"quorum\"");
                problems.push(settings.problem(name, message).hint("add `replication: \"quorum\"`"));
            }
            Some(wanted) if wanted > copies => {
                let message = format!("`{name}: {wanted}` of {copies} copies can never answer");
                problems.push(
                    settings.problem(name, message).hint("there is the first copy and `replicas` others"),
                );
            }
            _ => {}
        }
    }
    for name in ["reads", "copied", "queries", "denormalised", "capacity", "split"] {
        if leaderless && settings.is_given(name) {
            let message = format!("`{name}` does not go with replication \"quorum\"");
            problems.push(settings.problem(name, message).hint("`r` says how many copies make a read"));
        }
    }
}

fn check_shards(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let shards = settings.count("shards").unwrap_or(1);
    let several = Shape::of(settings).shards > 1;
    const SHARDED: &[&str] = &[
        "sharding",
        "shard_key",
        "queries",
        "query_by",
        "denormalised",
        "dedicated",
        "copied",
        "split",
        "split_over",
        "split_reads",
    ];
    for name in SHARDED {
        if !several && settings.is_given(name) {
            let message = format!("`{name}` needs several shards");
            problems.push(settings.problem(name, message).hint("add `shards: 4`"));
        }
    }
    for name in ["dedicated", "copied", "split"] {
        if settings.count(name).unwrap_or(0) > 0 && site.layout.popular().is_none() {
            let message = format!("`{name}` needs traffic that says which keys are popular");
            problems
                .push(settings.problem(name, message).hint("give the traffic `keys: zipf(10_000, 0.99)`"));
        }
    }
    if settings.flag("denormalised") && settings.count("shards_max").is_some_and(|most| most > shards) {
        let problem =
            settings.problem("denormalised", "copies by another attribute do not move with a resharding");
        problems.push(problem.hint("leave out `shards_max` or `denormalised`"));
    }
    if settings.count("shards_max").is_some_and(|most| most < shards) {
        let problem = settings.problem("shards_max", "`shards_max` is less than `shards`");
        problems.push(problem.hint("it counts all shards, those of the beginning included"));
    }
    if several && site.layout.keys().is_none() {
        let problem = Problem::at(&site.group().place, "shards need to know how many keys there are");
        problems.push(problem.hint("give each traffic `keys:`"));
    }
}

/// Splitting the version of a row over several logs is sound only if none of them ever takes a write back.
fn check_split(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let shards = settings.count("shards").unwrap_or(1);
    if settings.count("split_over").is_some_and(|parts| parts > shards) {
        let problem = settings.problem("split_over", format!("more parts than the {shards} shards"));
        problems.push(problem.hint("each part lies in a shard of its own"));
    }
    if settings.count("split").unwrap_or(0) == 0 {
        return;
    }
    if settings.count("shards_max").is_some_and(|most| most > shards) {
        let problem = settings.problem("split", "parts of rows do not move with a resharding");
        problems.push(problem.hint("leave out `shards_max` or `split`"));
    }
    for name in ["copied", "denormalised"] {
        if settings.is_given(name) {
            let problem = settings.problem("split", format!("`{name}` and `split` do not go together"));
            problems
                .push(problem.hint("the one is for rows that are read, the other for rows that are written"));
        }
    }
    let mode = mode::MODES[settings.choice("replication")].name;
    if settings.count("replicas").unwrap_or(0) > 0 && !matches!(mode, "sync" | "remote_apply" | "majority") {
        let problem =
            settings.problem("split", format!("`split` needs shards that lose no write, unlike \"{mode}\""));
        problems.push(
            problem.hint("take replication \"majority\", \"sync\" or \"remote_apply\", or no replicas"),
        );
    }
}

/// How writes are answered, by index in [`mode::MODES`]; the first one asks no replica.
fn mode_choice(site: &Site<'_>) -> usize {
    if site.is_disabled("replica_acks") { 0 } else { site.settings().choice("replication") }
}

/// Who answers reads; the first policy is the primary.
fn reads(site: &Site<'_>) -> reads::Reads {
    let choice = if site.is_disabled("replica_reads") { 0 } else { site.settings().choice("reads") };
    let policy = reads::reads(choice);
    reads::Reads {
        carries_position: policy.carries_position && !site.is_disabled("session_position"),
        ..policy
    }
}

/// The shard key, by index in [`sharding::KEYS`]; the first one is the row's own number.
fn shard_key(site: &Site<'_>) -> usize {
    if site.is_disabled("shard_key") { 0 } else { site.settings().choice("shard_key") }
}

/// The rows that are wanted most, so many of them.
fn popular(site: &Site<'_>, count: u64) -> Vec<u64> {
    let popular = site.layout.popular();
    popular.map_or_else(Vec::new, |(keys, size)| (0..count.min(size)).map(|rank| keys.id(rank)).collect())
}

fn map(site: &Site<'_>) -> Map {
    let settings = site.settings();
    let key = KeyPart::new(shard_key(site), site.layout.keys().unwrap_or(1));
    let dedicated =
        if site.is_disabled("hot_key_cure") { 0 } else { settings.count("dedicated").unwrap_or(0) };
    let shards = settings.count("shards").unwrap_or(1) as u16;
    Map::new(settings.choice("sharding"), key, shards, popular(site, dedicated))
}

fn spread(site: &Site<'_>) -> Spread {
    let settings = site.settings();
    let cure = |name| if site.is_disabled("hot_key_cure") { 0 } else { settings.count(name).unwrap_or(0) };
    let (copied, split) = (cure("copied"), cure("split"));
    Spread {
        queries: settings.share("queries").unwrap_or(0.0),
        one_shard: settings.choice("query_by") == shard_key(site),
        denormalised: (settings.flag("denormalised") && !site.is_disabled("denormalised"))
            .then(|| KeyPart::new(settings.choice("query_by"), site.layout.keys().unwrap_or(1))),
        purpose: site.purpose("queries"),
        copied: popular(site, copied),
        split: split::Split::new(site, popular(site, split)),
    }
}

fn times(site: &Site<'_>) -> (Time, Time) {
    let settings = site.settings();
    let time = |name: &str, elected| match Shape::of(settings).elected && !settings.is_given(name) {
        true => elected,
        false => settings.duration(name).expect("preset"),
    };
    (time("heartbeat", ELECTED_HEARTBEAT), time("down_after", ELECTED_DOWN_AFTER))
}

/// The nodes of a database of several: router, coordinator, members.
pub fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let (group, settings) = (site.group(), site.settings());
    let shape = Shape::of(settings);
    let node = |n: u64| NodeId(group.first + n as u16);
    let shards: Vec<Vec<NodeId>> =
        (0..shape.shards).map(|shard| shape.shard(shard).map(node).collect()).collect();
    if shape.leaderless {
        return leaderless(site, &shards);
    }
    if shape.elected {
        return elected(site, &shards);
    }
    let (heartbeat, down_after) = times(site);
    let mode = mode::mode(mode_choice(site));
    let watch = Watch {
        router: node(ROUTER),
        shards: shards.clone(),
        heartbeat,
        down_after,
        failover: settings.flag("failover") && !site.is_disabled("failover"),
        clean: mode.clean,
        answering: shape.answering() as usize,
    };
    let mut nodes: Vec<Box<dyn Component>> =
        vec![Box::new(router(site, &shards)), Box::new(Coordinator::new(watch))];
    for members in &shards {
        let plan = plan(site, members.clone());
        nodes.extend((0..members.len()).map(|own| member(site, &plan, own)));
    }
    nodes
}

fn router(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Router {
    let shape = Shape::of(site.settings());
    let routing = RouterPlan {
        keys: site.layout.keys().unwrap_or(0),
        timeout: times(site).1,
        copy_rate: site.settings().rate("copy_rate"),
        answering: shape.answering() as usize,
        can_reshard: !site.is_disabled("reshard"),
        lasting: shape.elected,
    };
    Router::new(reads(site), map(site), spread(site), shards, routing)
}

/// The nodes of a database whose members elect their leaders: router, members.
fn elected(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Vec<Box<dyn Component>> {
    let mut nodes: Vec<Box<dyn Component>> = vec![Box::new(router(site, shards))];
    let scattered = shards.len() > 1;
    for (shard, peers) in (0..).zip(shards) {
        let plan = voter_plan(site, shard, peers.clone());
        let voter = |own| {
            let stations = (connections(site, SERVE), appliers(site, APPLY));
            Voter::new(plan.clone(), own, Engine::new(site), stations, Rows::new(scattered))
        };
        nodes.extend((0..peers.len()).map(|own| Box::new(voter(own)) as Box<dyn Component>));
    }
    nodes
}

fn voter_plan(site: &Site<'_>, shard: u64, peers: Vec<NodeId>) -> VoterPlan {
    let common = plan(site, peers);
    VoterPlan {
        router: NodeId(site.group().first + ROUTER as u16),
        shard,
        peers: common.peers,
        heartbeat: common.heartbeat,
        timeout: common.down_after,
        elects: site.settings().flag("failover") && !site.is_disabled("failover"),
        followers_read: !site.is_disabled("replica_reads")
            && reads::READS[site.settings().choice("reads")].name != "primary",
        max_lag: common.max_lag,
        tells_position: common.tells_position,
        capacity: common.capacity,
        keys: common.keys,
        kept: site.settings().count("log_entries").expect("preset") as usize,
        copy_row: common.copy_row,
        copy_pause: common.copy_pause,
        pending_at_most: common.pending_at_most,
    }
}

/// The nodes of a database without primaries: router, copies.
fn leaderless(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let (heartbeat, timeout) = times(site);
    let majority = shards[0].len() as u32 / 2 + 1;
    let quorum = |name| settings.count(name).map_or(majority, |count| count as u32);
    let scattered = shards.len() > 1;
    let plan = QuorumPlan {
        shards: shards.to_vec(),
        reads: if site.is_disabled("replica_acks") { 1 } else { quorum("r") },
        writes: if site.is_disabled("replica_acks") { 1 } else { quorum("w") },
        timeout,
        heartbeat,
        repairs: !site.is_disabled("quorum_repair"),
    };
    let copy = |_| Copy::new(Engine::new(site), connections(site, SERVE), Rows::new(scattered));
    let copies = shards.iter().flatten().map(copy).map(|copy| Box::new(copy) as Box<dyn Component>);
    let router: Box<dyn Component> = Box::new(QuorumRouter::new(plan, map(site)));
    std::iter::once(router).chain(copies).collect()
}

fn member(site: &Site<'_>, plan: &Plan, own: usize) -> Box<dyn Component> {
    let settings = site.settings();
    let scattered = Shape::of(settings).shards > 1; // each has a part of the rows
    let kept = settings.count("log_entries").expect("preset") as usize;
    let stations = (connections(site, SERVE), appliers(site, APPLY));
    let engine = Engine::new(site);
    let engine = if own < plan.answering { engine } else { engine.of_storage() };
    Box::new(Member::new(plan.clone(), own, engine, stations, Rows::new(scattered), Log::new(kept)))
}

fn plan(site: &Site<'_>, peers: Vec<NodeId>) -> Plan {
    let settings = site.settings();
    let (heartbeat, down_after) = times(site);
    let reads = reads(site);
    let pause = settings.rate("copy_rate").map_or(0.0, |rate| copy::PIECE as f64 / rate * SECOND as f64);
    Plan {
        mode: mode::mode(mode_choice(site)),
        answering: Shape::of(settings).answering() as usize,
        log: u32::from(peers[0].0),
        peers,
        heartbeat,
        down_after,
        fencing: settings.flag("fencing"),
        max_lag: settings.duration("max_lag").filter(|_| reads.bounds_lag),
        tells_position: reads.carries_position,
        capacity: settings.count("capacity"),
        keys: site.layout.keys().unwrap_or(0),
        copy_row: if site.is_disabled("copy_cost") {
            0
        } else {
            settings.duration("copy_row").expect("preset")
        },
        copy_pause: pause as Time,
        pending_at_most: settings.count("connections").expect("preset") as usize,
    }
}
