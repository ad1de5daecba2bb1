//! Databases of several nodes: a router, a coordinator, and for each shard a primary with its replicas.

mod check;
mod coordinator;
mod copy;
mod cut_over;
mod desk;
mod election;
mod engine;
mod equal;
mod erase;
mod feed;
mod follow;
mod hints;
mod keep;
mod lag;
mod lead;
mod leaderless;
mod load;
mod log;
mod majority;
mod member;
pub mod mode;
mod note;
mod params;
mod patience;
mod pieces;
mod pings;
mod promote;
mod questions;
pub mod reads;
mod refill;
mod reshard;
mod router;
mod rows;
mod sessions;
mod shape;
pub mod sharding;
mod speculation;
mod split;
mod spread;
mod takeover;
mod view;
mod waiting;
mod wire;

use crate::catalog::Settings;
use crate::components::database::counted::machine::Machine;
use crate::components::database::counted::{self, entry::Plan as Figures, store::Store};
use crate::components::database::model::Portion;
use crate::components::{Layout, Site};
use crate::kernel::{Component, NodeId, Time};
pub use check::{check, check_keys};
use coordinator::{Coordinator, Watch};
use desk::{APPLY, Desk, SERVE};
use engine::{Engine, appliers, connections};
use equal::Copy;
use leaderless::{QuorumPlan, QuorumRouter};
use log::Log;
use majority::{Voter, VoterPlan};
use member::{Member, Plan};
pub use params::*;
use patience::Patience;
use pieces::Pieces;
use pings::{Far, Pings};
use refill::RefillPlan;
use router::{Router, RouterPlan};
use rows::Rows;
pub use shape::{COORDINATOR, ROUTER, Shape};
use sharding::{KeyPart, Map};
use speculation::Speculation;
use spread::Spread;
use std::collections::BTreeSet;
use std::sync::Arc;

pub use coordinator::SWITCH;
pub use member::REPLACE;
pub use reshard::RESHARD;

/// How writes are answered, by index in [`mode::MODES`]; the first one asks no replica.
fn mode_choice(site: &Site<'_>) -> usize {
    if site.is_disabled("replica_acks") { 0 } else { mode::of(site.settings()) }
}

/// Who answers reads; the first policy is the primary.
fn reads(site: &Site<'_>) -> reads::Reads {
    let choice = if site.is_disabled("replica_reads") { 0 } else { reads::of(site.settings()) };
    let policy = reads::reads(choice);
    reads::Reads {
        carries_position: policy.carries_position && !site.is_disabled("session_position"),
        ..policy
    }
}

/// Whether others than the primary answer reads.
fn replicas_read(site: &Site<'_>) -> bool {
    !site.is_disabled("replica_reads") && reads::READS[reads::of(site.settings())].name != "primary"
}

/// Whether the router goes by how far the members are. Then its messages to them travel over the link within the database.
pub fn measures(settings: &Settings) -> bool {
    reads::reads(reads::of(settings)).measures
}

/// Whether the router is a machine among the members, so that its messages to them travel over the link within the database: if it goes by how
/// far they are, and where it coordinates equal copies (DeCandia et al., Dynamo, SOSP 2007, 4.5; the delays W, A, R and S of Bailis et al.,
/// Probabilistically bounded staleness, VLDB 2012, lie there).
pub fn stands_apart(settings: &Settings) -> bool {
    measures(settings) || Shape::of(settings).leaderless
}

/// Whether the members of a database of several nodes are at several places, so that its callers may be nearer to some than to others.
pub fn is_scattered(layout: &Layout, group: usize) -> bool {
    let places = layout.spots(group);
    layout.groups[group].kind == "database" && places.iter().any(|spot| spot.place != places[0].place)
}

/// The shard key, by index in [`sharding::KEYS`]; the first one is the row's own number.
fn shard_key(site: &Site<'_>) -> usize {
    if site.is_disabled("shard_key") { 0 } else { site.settings().choice("shard_key") }
}

/// The hot rows that a setting cures.
fn cured(site: &Site<'_>, setting: &str) -> Vec<u64> {
    let count = site.settings().count(setting).unwrap_or(0);
    site.layout
        .popular(site.index, if site.is_disabled("hot_key_cure") { 0 } else { count })
        .unwrap_or_default()
}

fn map(site: &Site<'_>) -> Map {
    let settings = site.settings();
    let key = KeyPart::new(shard_key(site), keys(site).unwrap_or(1));
    let shards = settings.count("shards").unwrap_or(1) as u16;
    Map::new(sharding::of(settings), key, shards, cured(site, "dedicated"))
}

fn spread(site: &Site<'_>) -> Spread {
    let settings = site.settings();
    Spread {
        queries: settings.share("queries").unwrap_or(0.0),
        one_shard: settings.choice("query_by") == shard_key(site),
        denormalised: (settings.flag("denormalised") && !site.is_disabled("denormalised"))
            .then(|| KeyPart::new(settings.choice("query_by"), site.layout.keys_of(site.index).unwrap_or(1))),
        purpose: site.purpose("queries"),
        copied: cured(site, "copied"),
        split: split::Split::new(site, cured(site, "split")),
    }
}

fn times(site: &Site<'_>) -> (Time, Time) {
    let settings = site.settings();
    let preset = |name, elected| match Shape::of(settings).elected {
        true => elected,
        false => settings.duration(name).expect("preset"),
    };
    let time = |name, elected| Figures::new(settings).told(name).unwrap_or_else(|| preset(name, elected));
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
    let map = Arc::new(map(site));
    for (shard, members) in (0..).zip(&shards) {
        let plan = plan(site, members.clone(), Pieces::new(site, shard as usize, &map));
        let data = data(site, shard);
        nodes.extend((0..members.len()).map(|own| member(site, &plan, data.as_ref(), own)));
    }
    nodes
}

/// The rows of a shard with their structures, where work is counted.
fn data(site: &Site<'_>, shard: u64) -> Option<Store> {
    if !counted::is_counted(site.settings()) {
        return None;
    }
    let map = map(site);
    let copied: BTreeSet<u64> = cured(site, "copied").into_iter().collect();
    let has_copies = shard < u64::from(map.shards());
    let has = |row| map.shard(row) as u64 == shard || (has_copies && copied.contains(&row));
    Some(counted::store(site, if map.shards() > 1 || shard > 0 { Portion::of(&has) } else { Portion::ALL }))
}

/// A machine with these rows.
fn machine(site: &Site<'_>, data: &Option<Store>) -> Option<Machine> {
    data.as_ref().map(|data| counted::machine(site, Some(data.clone())))
}

/// The stations of a member whose times are declared; its writes wait for others, or not.
fn desk(site: &Site<'_>, engine: Engine, waits: bool) -> Desk {
    Desk::declared(engine, connections(site, SERVE, waits), appliers(site, APPLY))
}

/// Number of keys that the database is asked for or has from the beginning.
fn keys(site: &Site<'_>) -> Option<u64> {
    let rows = counted::rows(site);
    site.layout.keys_of(site.index).max(rows)
}

fn router(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Router {
    let shape = Shape::of(site.settings());
    let reads = reads(site);
    let answering = shape.answering() as usize;
    let routing = RouterPlan {
        keys: keys(site).unwrap_or(0),
        timeout: times(site).1,
        copy_rate: site.settings().rate("copy_rate"),
        batch: batch(site),
        answering,
        can_reshard: !site.is_disabled("reshard"),
        lasting: shape.elected,
        counted: questions::Counted::new(site),
        pings: reads.measures.then(|| Box::new(Pings::new(site, shards, answering))),
        patience: patience(site, reads),
        regions: if is_scattered(site.layout, site.index) { site.layout.map.len() } else { 0 },
    };
    Router::new(reads, map(site), spread(site), shards, routing)
}

/// Rows of a resharding that a shard reads at a time, as a cursor does: fewer if they take long, so that nobody takes it for dead; one where their work
/// is counted.
fn batch(site: &Site<'_>) -> usize {
    const MOST: u64 = 64;
    let in_time = times(site).1 / 4 / copy_row(site).max(1);
    if counted::is_counted(site.settings()) { 1 } else { in_time.clamp(1, MOST) as usize }
}

/// Whether the members of a database have one storage, apart from them.
pub fn shares_storage(settings: &Settings) -> bool {
    settings.count("replicas") > Some(0) && mode::MODES[mode::of(settings)].name == "shared_storage"
}

/// Whom the router waits for as long as it takes.
fn patience(site: &Site<'_>, reads: reads::Reads) -> Option<Box<Patience>> {
    let waits = mode::mode(mode_choice(site)).waits || Shape::of(site.settings()).elected;
    let (primaries, readers) = (waits, reads.carries_position);
    (primaries || readers).then(|| Box::new(Patience::new(times(site).0, primaries, readers)))
}

/// The nodes of a database whose members elect their leaders: router, members.
fn elected(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Vec<Box<dyn Component>> {
    let mut nodes: Vec<Box<dyn Component>> = vec![Box::new(router(site, shards))];
    let (scattered, map) = (shards.len() > 1, Arc::new(map(site)));
    for (shard, peers) in (0..).zip(shards) {
        let plan = voter_plan(site, shard, peers.clone(), Pieces::new(site, shard as usize, &map));
        let data = data(site, shard);
        let voter = |own| {
            let desk = desk(site, Engine::new(site), true).with(machine(site, &data), false);
            Voter::new(plan.clone(), own, desk, Rows::new(scattered))
        };
        nodes.extend((0..peers.len()).map(|own| Box::new(voter(own)) as Box<dyn Component>));
    }
    nodes
}

fn voter_plan(site: &Site<'_>, shard: u64, peers: Vec<NodeId>, pieces: Pieces) -> VoterPlan {
    let common = plan(site, peers, pieces);
    VoterPlan {
        router: NodeId(site.group().first + ROUTER as u16),
        shard,
        peers: common.peers,
        heartbeat: common.heartbeat,
        timeout: common.down_after,
        spread: (common.down_after as f64 * Figures::new(site.settings()).share("election_spread")) as Time,
        elects: site.settings().flag("failover") && !site.is_disabled("failover"),
        followers_read: replicas_read(site),
        max_lag: common.max_lag,
        tells_position: common.tells_position,
        capacity: common.capacity,
        kept: site.settings().count("log_entries").expect("preset") as usize,
        copy_row: common.copy_row,
        pieces: common.pieces,
    }
}

/// The nodes of a database without primaries: router, copies.
fn leaderless(site: &Site<'_>, shards: &[Vec<NodeId>]) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let (heartbeat, timeout) = times(site);
    let majority = shards[0].len() as u32 / 2 + 1;
    let figures = Figures::new(settings);
    let quorum =
        |name| figures.count(name).map_or(majority, |count| (count as u32).min(shards[0].len() as u32));
    let scattered = shards.len() > 1;
    let plan = QuorumPlan {
        shards: shards.to_vec(),
        reads: if site.is_disabled("replica_acks") { 1 } else { quorum("r") },
        writes: if site.is_disabled("replica_acks") { 1 } else { quorum("w") },
        timeout,
        speculation: Speculation::new(
            settings.duration("speculative_retry"),
            figures.count("speculative_percentile"),
        ),
        heartbeat,
        syncs_later: counted::is_counted(settings) && figures.sync_every().is_some(),
        far: is_scattered(site.layout, site.index).then(|| Far::new(site, &shards.concat(), false)),
        repairs: !site.is_disabled("quorum_repair"),
    };
    let (writes, homes) = (plan.writes, Arc::new(map(site)));
    let copies = (0..).zip(shards).flat_map(|(shard, members)| {
        let data = data(site, shard);
        let refill = refill(site, members.clone(), writes, Pieces::new(site, shard as usize, &homes));
        let copy = move |own| {
            let desk = desk(site, Engine::new(site).of_copy(), false).with(machine(site, &data), false);
            Box::new(Copy::new(own, desk, Rows::new(scattered), refill.clone())) as Box<dyn Component>
        };
        (0..members.len() as u32).map(copy).collect::<Vec<_>>()
    });
    let router: Box<dyn Component> = Box::new(QuorumRouter::new(plan, map(site)));
    std::iter::once(router).chain(copies).collect()
}

/// How an empty copy is filled, where writes are made by so many.
fn refill(site: &Site<'_>, peers: Vec<NodeId>, writes: u32, pieces: Pieces) -> RefillPlan {
    RefillPlan {
        sources: (peers.len() + 1 - writes as usize).min(peers.len() - 1),
        peers,
        timeout: pieces.patience(times(site).1),
        pieces,
    }
}

/// Work of reading a row for a copy.
fn copy_row(site: &Site<'_>) -> Time {
    if site.is_disabled("copy_cost") { 0 } else { site.settings().duration("copy_row").expect("preset") }
}

fn member(site: &Site<'_>, plan: &Plan, data: Option<&Store>, own: usize) -> Box<dyn Component> {
    let settings = site.settings();
    let scattered = Shape::of(settings).shards > 1; // each has a part of the rows
    let kept = settings.count("log_entries").expect("preset") as usize;
    let stores = own >= plan.answering;
    let engine = Engine::new(site);
    let engine = if stores { engine.of_storage() } else { engine };
    let shared = Shape::of(settings).storage > 0;
    // Storage nodes keep the log; those that answer have no disk of their own then.
    let machine = data.map(|data| match stores {
        true => counted::machine(site, None),
        false => counted::machine(site, Some(data.clone())).without_log(shared),
    });
    let desk = desk(site, engine, plan.mode.waits).with(machine, shared && !stores);
    Box::new(Member::new(plan.clone(), own, desk, Rows::new(scattered), Log::new(kept)))
}

fn plan(site: &Site<'_>, peers: Vec<NodeId>, pieces: Pieces) -> Plan {
    let settings = site.settings();
    let (heartbeat, down_after) = times(site);
    let reads = reads(site);
    let mode = mode::mode(mode_choice(site));
    Plan {
        mode,
        answering: Shape::of(settings).answering() as usize,
        log: u32::from(peers[0].0),
        peers,
        heartbeat,
        down_after,
        // Of one member nobody can take the place.
        fencing: settings.flag("fencing") && Shape::of(settings).answering() > 1,
        reads_on: replicas_read(site) && !reads.bounds_lag && !mode.reads_need_lease,
        max_lag: settings.duration("max_lag").filter(|_| reads.bounds_lag),
        tells_position: reads.carries_position,
        capacity: settings.count("capacity"),
        copy_row: copy_row(site),
        pieces,
        gives_up_after: mode::gives_up_after(mode_choice(site), settings),
    }
}
