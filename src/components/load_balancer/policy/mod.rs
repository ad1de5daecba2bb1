//! Balancing policies: which server is next.

mod consistent_hash;
mod haproxy_roundrobin;
mod haproxy_static_rr;
mod ip_hash;
mod least_connections;
mod least_latency;
mod map;
mod power_of_two;
mod random;
mod round_robin;
mod source;
mod weighted;

use round_robin::RoundRobin;

use crate::catalog::Policy;
use crate::kernel::{NodeId, Time};

/// A server as its balancer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// The node.
    pub node: NodeId,
    /// Its share, relative to the others; 0 = nothing new.
    pub weight: u32,
    /// Calls passed to it and not answered yet.
    pub in_flight: u32,
    /// Whether it is in the list of servers: it has not left the group.
    pub listed: bool,
    /// Whether it is in service: believed to be up, and not being drained.
    pub usable: bool,
    /// Whether this very call may go to it: it is usable, has weight and a connection to spare, and has not just refused the call.
    pub open: bool,
}

impl Backend {
    /// A server in service.
    pub fn new(node: NodeId, weight: u32) -> Self {
        Backend { node, weight, in_flight: 0, listed: true, usable: true, open: weight > 0 }
    }

    /// Its weight while it is in service, else 0.
    fn effective_weight(&self) -> u32 {
        if self.usable { self.weight } else { 0 }
    }
}

/// What a policy may ask about the call to be passed on.
pub trait Asker {
    /// A uniform number in (0, 1) that belongs to the request; another one each time.
    fn uniform(&mut self) -> f64;
    /// IPv4 address of the client; 0 = not known.
    fn address(&self) -> u32 {
        0
    }
    /// What the call is about.
    fn key(&self) -> u64 {
        0
    }
    /// The time.
    fn now(&self) -> Time {
        0
    }
}

/// Numbers alone, for policies that look at nothing else.
impl<F: FnMut() -> f64> Asker for F {
    #[inline]
    fn uniform(&mut self) -> f64 {
        self()
    }
}

/// A way to choose.
pub trait Balance: Send {
    /// Index of the chosen server; `None` if none is open.
    fn pick(&mut self, backends: &[Backend], asker: &mut dyn Asker) -> Option<usize>;
    /// Servers have joined, left, died, come back or changed their weight.
    fn refresh(&mut self, _backends: &[Backend]) {}
    /// Whether it wants to know how long answers take.
    fn observes(&self) -> bool {
        false
    }
    /// A server has answered, or failed to, after so long.
    fn observe(&mut self, _server: usize, _took: Time, _now: Time) {}
    /// Passive checks have seen a call to a server of this weight fail: it has so much less of it for a while.
    fn lower(&mut self, _server: usize, _by: u32, _weight: u32) {}
    /// An independent copy.
    fn fork(&self) -> Box<dyn Balance>;
}

/// What policies are made of.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// How fast old latencies are forgotten (`least_latency`).
    pub decay: Time,
    /// What is hashed (`consistent_hash`): index in [`HASH_BY`].
    pub hash_by: usize,
    /// In how many parts of one the weights of servers are counted (slow start); 1 = as they are given.
    pub parts: u32,
}

/// What `consistent_hash` hashes.
pub const HASH_BY: &[Policy] = &[
    Policy {
        name: "key",
        about: "what the call is about (a URL, a row)",
        source: "nginx `hash $request_uri`",
        wrong_when: "sessions of users matter, not data",
    },
    Policy {
        name: "address",
        about: "the client's address",
        source: "HAProxy `balance source` with `hash-type consistent`",
        wrong_when: "many clients share an address",
    },
];

type Make = fn(&[Backend], &Tuning) -> Box<dyn Balance>;

/// A policy with what it takes to check its settings.
struct Row {
    entry: Policy,
    make: Make,
    /// Largest weight it understands; 0 = it does not look at weights.
    heaviest: i64,
    /// Whether it looks at addresses of clients.
    by_address: bool,
}

const fn row(entry: Policy, make: Make, heaviest: i64) -> Row {
    Row { entry, make, heaviest, by_address: false }
}

const fn by_address(entry: Policy, make: Make, heaviest: i64) -> Row {
    Row { entry, make, heaviest, by_address: true }
}

const ANY_WEIGHT: i64 = 1_000_000;
/// HAProxy 2.6, `weight`: 0 to 256.
const HAPROXY_WEIGHT: i64 = 256;

/// Registration: one line for each policy.
const TABLE: &[Row] = &[
    row(round_robin::ENTRY, round_robin::make, 0),
    row(weighted::ENTRY, weighted::make, ANY_WEIGHT),
    row(haproxy_roundrobin::ENTRY, haproxy_roundrobin::make, HAPROXY_WEIGHT),
    row(haproxy_static_rr::ENTRY, haproxy_static_rr::make, HAPROXY_WEIGHT),
    row(random::ENTRY, random::make, 0),
    row(least_connections::ENTRY, least_connections::make, ANY_WEIGHT),
    row(power_of_two::ENTRY, power_of_two::make, 0),
    row(least_latency::ENTRY, least_latency::make, 0),
    row(consistent_hash::ENTRY, consistent_hash::make, ANY_WEIGHT),
    by_address(ip_hash::ENTRY, ip_hash::make, ANY_WEIGHT),
    by_address(source::ENTRY, source::make, HAPROXY_WEIGHT),
];

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &{
    let mut policies = [TABLE[0].entry; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        policies[at] = TABLE[at].entry;
        at += 1;
    }
    policies
};

/// How a policy is made, and made again after a crash.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Index of the policy.
    pub choice: usize,
    /// What it is made of.
    pub tuning: Tuning,
}

impl Recipe {
    /// The policy over these servers.
    pub fn make(&self, backends: &[Backend]) -> Box<dyn Balance> {
        (TABLE[self.choice].make)(backends, &self.tuning)
    }

    /// Whether clients of a server that has as many calls as it may wait for that one, rather than go to another: HAProxy's hashes
    /// do not look at `maxconn` (`map_get_server_hash`, lb_map.c), nginx's go on.
    pub fn keeps_clients(&self) -> bool {
        POLICIES[self.choice].name == source::ENTRY.name
    }
}

/// A policy as a plain balancer keeps it: the usual one at hand, not behind a table.
pub enum Choice {
    /// Each in turn.
    Turns(RoundRobin),
    /// Another one.
    Other(Box<dyn Balance>),
}

impl Choice {
    /// The policy of this recipe over these servers.
    pub fn of(recipe: &Recipe, backends: &[Backend]) -> Self {
        if POLICIES[recipe.choice].name == round_robin::ENTRY.name {
            return Choice::Turns(RoundRobin::new(backends, &recipe.tuning));
        }
        Choice::Other(recipe.make(backends))
    }

    /// The policy itself, for what is seldom asked.
    pub fn policy(&mut self) -> &mut dyn Balance {
        match self {
            Choice::Turns(turns) => turns,
            Choice::Other(policy) => &mut **policy,
        }
    }

    /// An independent copy.
    pub fn fork(&self) -> Self {
        match self {
            Choice::Turns(turns) => Choice::Turns(turns.clone()),
            Choice::Other(policy) => Choice::Other(policy.fork()),
        }
    }
}

/// Largest weight that a policy understands; 0 = it does not look at weights.
pub fn heaviest(choice: usize) -> i64 {
    TABLE[choice].heaviest
}

/// Whether a policy can give a server a part of its weight for a while. Who hashes cannot: clients would move to and fro (nginx:
/// `slow_start` goes with none of hash, ip_hash, random; HAProxy: `slowstart` is for dynamic algorithms).
pub fn takes_parts(choice: usize) -> bool {
    ["weighted", "least_connections"].contains(&POLICIES[choice].name) || counts_in_sixteenths(choice)
}

/// Whether a policy counts weights as HAProxy's dynamic ones do, in sixteenths of one.
pub fn counts_in_sixteenths(choice: usize) -> bool {
    POLICIES[choice].name == haproxy_roundrobin::ENTRY.name
}

/// Whether a policy looks at addresses of clients.
pub fn looks_at_addresses(choice: usize, hash_by: usize) -> bool {
    TABLE[choice].by_address
        || (POLICIES[choice].name == "consistent_hash" && HASH_BY[hash_by].name == "address")
}

/// Whether a policy sends all requests for a key to one server.
pub fn looks_at_keys(choice: usize, hash_by: usize) -> bool {
    POLICIES[choice].name == "consistent_hash" && HASH_BY[hash_by].name == "key"
}

/// Index below `n` for a uniform number in (0, 1).
fn index(uniform: f64, n: usize) -> usize {
    ((uniform * n as f64) as usize).min(n - 1)
}

/// Index of the n-th open server.
fn nth_open(backends: &[Backend], n: usize) -> usize {
    let open = backends.iter().enumerate().filter(|(_, backend)| backend.open);
    open.map(|(at, _)| at).nth(n).expect("fewer than there are")
}

fn count_open(backends: &[Backend]) -> usize {
    backends.iter().filter(|backend| backend.open).count()
}

#[cfg(test)]
fn servers(weights: &[u32]) -> Vec<Backend> {
    let backend = |(at, weight): (usize, &u32)| Backend::new(NodeId(at as u16), *weight);
    weights.iter().enumerate().map(backend).collect()
}

#[cfg(test)]
const TUNING: Tuning = Tuning { decay: 10_000_000_000, hash_by: 0, parts: 1 };

/// The servers chosen one after the other, as letters.
#[cfg(test)]
fn sequence(policy: &mut dyn Balance, servers: &[Backend], length: usize) -> String {
    let letter = |at: Option<usize>| at.map_or('-', |at| (b'a' + at as u8) as char);
    (0..length).map(|_| letter(policy.pick(servers, &mut || 0.5))).collect()
}

/// Takes servers out of service, or back in.
#[cfg(test)]
fn set_usable(servers: &mut [Backend], at: usize, usable: bool) {
    servers[at].usable = usable;
    servers[at].open = usable && servers[at].weight > 0;
}

/// A client with an address.
#[cfg(test)]
struct From(u32);

#[cfg(test)]
impl Asker for From {
    fn uniform(&mut self) -> f64 {
        0.5
    }
    fn address(&self) -> u32 {
        self.0
    }
}
