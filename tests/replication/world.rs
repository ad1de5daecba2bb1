//! Small worlds: users that read and write a replicated database, and things that happen to its members.

use crate::common::{World, exponential, index, keys, poisson, span, text};
use scalelab::catalog::{Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::{NodeId, Simulation, Time};
use scalelab::model::{Checked, Command, Moment, Part, Role, Target, build, resolve};
use scalelab::random::keys::Keys;

/// A world with one database and one traffic.
pub struct Stage {
    pub checked: Checked,
    pub database: usize,
    pub simulation: Simulation,
    /// Nodes before the members.
    aides: u16,
}

/// What differs between worlds.
#[derive(Clone, Debug)]
pub struct Setup {
    pub replication: &'static str,
    pub reads: &'static str,
    pub replicas: i64,
    pub fencing: bool,
    /// One-way delay between members, in seconds.
    pub delay: f64,
    /// Whether that is a mean: messages overtake each other.
    pub overtakes: bool,
    /// Service times of reads, writes and applying, in seconds.
    pub times: (f64, f64, f64),
    pub rate: f64,
    pub writes: f64,
    pub keys: u64,
    pub log_entries: i64,
    /// Work is counted, with this data model and so many rows at the start.
    pub model: Option<(&'static str, i64)>,
    pub asks: &'static str,
    /// Region of the users; `None` = nowhere in particular.
    pub place: Option<&'static str>,
    /// How long a user waits, in seconds.
    pub timeout: f64,
    /// More settings of the database.
    pub more: Vec<(&'static str, Value)>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            replication: "async",
            reads: "any",
            replicas: 2,
            fencing: true,
            delay: 0.005,
            overtakes: false,
            times: (0.001, 0.002, 0.001),
            rate: 200.0,
            writes: 0.5,
            keys: 50,
            log_entries: 1 << 16,
            model: None,
            asks: "point",
            place: None,
            timeout: 2.0,
            more: Vec::new(),
        }
    }
}

impl Setup {
    /// What work takes: declared, or counted on a machine with few pages in memory.
    fn work(&self) -> Vec<(&'static str, Value)> {
        match self.model {
            None => vec![
                ("read", span(self.times.0)),
                ("write", span(self.times.1)),
                ("apply", span(self.times.2)),
            ],
            Some((model, rows)) => vec![
                ("model", text(model)),
                ("rows", Value::Whole(rows)),
                ("page", Value::Bytes(1024)),
                ("buffer", Value::Bytes(16 << 10)),
                ("fsync_time", span(self.times.1)),
            ],
        }
    }

    pub fn stage(&self, seed: u64) -> Stage {
        let mut world = World::default();
        let mut settings = self.work();
        settings.extend(vec![
            ("replicas", Value::Whole(self.replicas)),
            ("replication", text(self.replication)),
            ("reads", text(self.reads)),
            ("max_lag", span(0.5)),
            ("heartbeat", span(0.2)),
            ("down_after", span(1.0)),
            ("fencing", Value::Flag(self.fencing)),
            ("log_entries", Value::Whole(self.log_entries)),
        ]);
        settings.retain(|(name, _)| self.more.iter().all(|(other, _)| other != name));
        settings.extend(self.more.clone());
        let database = world.add("database", "db", settings);
        if self.delay > 0.0 {
            let latency = if self.overtakes { exponential(self.delay) } else { span(self.delay) };
            world.link(&database, &database, vec![("latency", latency)]);
        }
        let mut users = vec![
            ("to", database.clone()),
            ("rate", poisson(self.rate)),
            ("users", Value::Whole(20)),
            ("writes", Value::Share(self.writes)),
            ("asks", text(self.asks)),
            ("keys", keys(Keys::uniform(self.keys).unwrap())),
            ("timeout", span(self.timeout)),
        ];
        users.extend(self.place.map(|place| ("region", text(place))));
        world.add("traffic", "users", users);
        let checked = world.check();
        let simulation = build(&checked, seed, 0);
        let aides = if self.replication == "majority" { 1 } else { 2 };
        Stage { checked, database: index(&database), simulation, aides }
    }
}

/// A part of the only shard.
pub fn part(role: Role) -> Part {
    Part { shard: None, role }
}

impl Stage {
    /// Something is done to a part, now.
    pub fn act(&mut self, role: Role, action: &str, arguments: Vec<Value>) {
        self.command(Target::Part(self.database, part(role)), action, arguments);
    }

    /// The network between two parts.
    pub fn between(&mut self, a: Role, b: Role, action: &str) {
        let end = |role| (self.database, Some(part(role)));
        self.command(Target::Apart(end(a), end(b)), action, Vec::new());
    }

    fn command(&mut self, target: Target, action: &str, arguments: Vec<Value>) {
        let command = Command { target, action: action.into(), arguments, place: Place::default() };
        let orders = resolve(&self.checked.layout, &command, Moment::Run).expect("a valid command");
        for order in orders {
            order.carry_out(&mut self.simulation);
        }
    }

    pub fn run(&mut self, until: Time) {
        self.simulation.run_until(until);
        self.simulation.check_conservation().expect("nothing vanishes");
    }

    /// The n-th member: 0 is the one that began as primary.
    pub fn member(&self, n: u16) -> NodeId {
        NodeId(self.checked.layout.first(self.database).0 + self.aides + n)
    }

    pub fn gauge(&self, n: u16, metric: &str) -> Option<f64> {
        match self.simulation.readings(self.member(n), false).get(metric) {
            Some(Reading::Gauge(value)) => Some(*value),
            _ => None,
        }
    }

    /// The members that think themselves primary, with their epochs.
    pub fn primaries(&self, members: u16) -> Vec<(u16, u64)> {
        (0..members).filter_map(|n| Some((n, self.gauge(n, "primary")? as u64))).collect()
    }
}
