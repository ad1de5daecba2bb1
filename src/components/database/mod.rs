//! A database node: rows with versions behind a number of connections.

use super::{ComponentKind, Site};
use crate::catalog::{Entry, Kind, Measure, Param, Preset, Settings};
use crate::components::{host, revalidation, site};
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Status, Time, Timer, rarely};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::{FLUSH, READ, WRITE};
use crate::random::variate::Variate;

pub mod counted;
mod mistakes;
pub mod model;
mod past;
mod profile;
pub mod replica;

use counted::{cost, entry, log};
use past::Past;

pub(super) use mistakes::check_alone;

/// Rows with versions, served through connections.
pub const KIND: ComponentKind =
    ComponentKind { entry: &ENTRY, nodes, check: mistakes::check, build, grow: None };

fn nodes(settings: &Settings) -> u64 {
    replica::Shape::of(settings).nodes()
}

static ENTRY: Entry = Entry {
    name: "database",
    about: "one node that keeps rows on disk: what it has committed survives a crash",
    chapter: "2, 5, 11",
    headings: &[
        ("service", &["connections", "queue", "discipline", "first", "on", "cores"]),
        ("data model", &["model", "rows", "columns", "families", "tables", "parts", "friends", "scan"]),
        (
            "counted work",
            &[
                "storage",
                "page",
                "buffer",
                "disk_parallel",
                "log",
                "sync_every",
                "group_commit",
                "statement_time",
                "step_time",
                "row_time",
                "memory_time",
                "mib_time",
                "page_read_time",
                "fsync_time",
            ],
        ),
        (
            "replication",
            &[
                "replicas",
                "replication",
                "semi_sync_timeout",
                "r",
                "w",
                "speculative_retry",
                "speculative_percentile",
                "reads",
                "max_lag",
                "local_threshold",
                "ping_every",
                "apply",
                "appliers",
                "log_entries",
                "copy_row",
                "copy_rate",
            ],
        ),
        ("failure", &["heartbeat", "down_after", "election_spread", "failover", "fencing"]),
        (
            "shards",
            &[
                "shards",
                "shards_max",
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
                "capacity",
            ],
        ),
        ("place and price", &["price_per_hour", "region", "zone", "coordinator_region"]),
    ],
    params: &[
        Param {
            name: "profile",
            kind: Kind::Choice(profile::PROFILES),
            preset: Preset::Absent("none: give `read` and `write`, or a `model`"),
            about: "what a real system is; settings override its figures",
        },
        Param {
            name: "read",
            kind: Kind::Variate,
            preset: Preset::Absent("from the profile; required without one"),
            about: "service time of a read, which returns what the row was when that began",
        },
        Param {
            name: "write",
            kind: Kind::Variate,
            preset: Preset::Absent("from the profile; required without one"),
            about: "service time of a write, commit included",
        },
        Param {
            name: "connections",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Count(100),
            about: "statements served at a time (100: max_connections of PostgreSQL 15, its manual, ch. 20.3)",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "most statements that wait for a connection; one more is rejected",
        },
        Param {
            name: "discipline",
            kind: Kind::Choice(station::DISCIPLINES),
            preset: Preset::Choice("fifo"),
            about: "which waiting statement is next",
        },
        station::FIRST_PARAM,
        Param {
            name: "row",
            kind: Kind::Message,
            preset: Preset::Absent("0: sizes are not modelled"),
            about: "size of a row, where the request itself does not tell (a trace does); counted work: 100 bytes a column",
        },
        entry::MODEL,
        entry::ROWS,
        entry::COLUMNS,
        entry::FAMILIES,
        entry::TABLES,
        entry::PARTS,
        entry::FRIENDS,
        entry::SCAN,
        entry::STORAGE,
        entry::PAGE,
        entry::BUFFER,
        entry::CORES,
        host::ON,
        entry::DISK_PARALLEL,
        log::LOG,
        entry::SYNC_EVERY,
        entry::GROUP_COMMIT,
        cost::STATEMENT,
        cost::STEP,
        cost::ROW,
        cost::MEMORY,
        cost::MIB,
        cost::PAGE_READ,
        cost::FSYNC,
        site::PRICE,
        site::REGION,
        site::ZONE,
        replica::REPLICAS,
        replica::SHARDS,
        replica::SHARDS_MAX,
        replica::SHARDING,
        replica::SHARD_KEY,
        replica::QUERIES,
        replica::QUERY_BY,
        replica::DENORMALISED,
        replica::DEDICATED,
        replica::COPIED,
        replica::SPLIT,
        replica::SPLIT_OVER,
        replica::SPLIT_READS,
        replica::CAPACITY,
        replica::REPLICATION,
        replica::SEMI_SYNC_TIMEOUT,
        replica::READ_QUORUM,
        replica::WRITE_QUORUM,
        replica::SPECULATIVE_RETRY,
        replica::SPECULATIVE_PERCENTILE,
        replica::READS,
        replica::MAX_LAG,
        replica::LOCAL_THRESHOLD,
        replica::PING_EVERY,
        replica::APPLY_TIME,
        replica::APPLIERS,
        replica::HEARTBEAT,
        replica::DOWN_AFTER,
        replica::ELECTION_SPREAD,
        replica::FAILOVER,
        replica::FENCING,
        replica::COORDINATOR_REGION,
        replica::LOG_ENTRIES,
        replica::COPY_ROW,
        replica::COPY_RATE,
    ],
    needs: replica::NEEDS,
    actions: replica::ACTIONS,
    measures: &[
        Measure { name: "reads_count", about: "reads done" },
        Measure { name: "writes_count", about: "writes committed" },
        Measure { name: "pages_read_count", about: "counted work: pages touched, in memory or not" },
        Measure { name: "rows_read_count", about: "counted work: rows looked at" },
        Measure { name: "index_steps_count", about: "counted work: steps through indexes" },
        Measure { name: "buffer_hit_ratio", about: "counted work: pages touched that were in memory" },
        Measure {
            name: "speculative_reads_count",
            about: "replication \"quorum\", with `speculative_retry` or `speculative_percentile`: reads that asked one copy more",
        },
        Measure { name: "fsyncs_count", about: "counted work: times the log was made durable" },
    ],
};

const SERVE: u16 = 0;

#[derive(Clone)]
struct Database {
    read: Variate,
    write: Variate,
    purpose: u64,
    /// Who comes first, for discipline "priority".
    first: usize,
    row_bytes: u32,
    /// Whether somebody asks "only if it has changed" (it then plays a store of files).
    compares: bool,
    station: Station,
    /// The version of every row on disk; rows beyond the end are at version 0.
    rows: Vec<u32>,
    past: Past,
    /// Rows that were written, and the most that it has room for.
    written: u64,
    capacity: u64,
    reads: u64,
    writes: u64,
}

/// The service times that the profile has published, if there is one and it has.
fn published(settings: &Settings) -> Option<profile::Figures> {
    let profile = settings.is_given("profile").then(|| settings.choice("profile"))?;
    profile::figures(profile)
}

/// Service time of a "read" or a "write": as said, or of the profile.
fn service_time(settings: &Settings, name: &str) -> Variate {
    let of_profile = |figures: profile::Figures| {
        Variate::constant(if name == "read" { figures.read } else { figures.write })
    };
    settings.variate(name).or_else(|| published(settings).map(of_profile)).expect("checked")
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    if !replica::Shape::of(settings).is_single() {
        return replica::build(site);
    }
    if counted::is_counted(settings) {
        return vec![counted::build(site)];
    }
    let plan = StationPlan {
        servers: settings.count("connections").expect("preset") as u32,
        queue: settings.count("queue"),
        discipline: settings.choice("discipline"),
    };
    vec![Box::new(Database {
        read: service_time(settings, "read"),
        write: service_time(settings, "write"),
        purpose: site.purpose("service"),
        first: settings.choice("first"),
        row_bytes: settings.bytes("row").unwrap_or(0) as u32,
        compares: revalidation::is_asked(site.layout),
        station: Station::new(plan, SERVE),
        rows: Vec::new(),
        past: Past::default(),
        written: 0,
        capacity: settings.count("capacity").unwrap_or(u64::MAX),
        reads: 0,
        writes: 0,
    })]
}

impl Database {
    fn version(&self, key: u64) -> u32 {
        self.rows.get(key as usize).copied().unwrap_or(0)
    }

    fn set_version(&mut self, key: u64, version: u32, now: Time) {
        self.past.changes(key, self.version(key), now);
        let index = key as usize;
        if index >= self.rows.len() {
            self.rows.resize((index + 1).next_power_of_two(), 0);
        }
        self.written += u64::from(self.rows[index] == 0 && version > 0);
        self.rows[index] = version;
    }

    /// Carries out a statement; it takes effect when its service ends.
    #[inline(always)]
    fn execute(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, version, request) = (call.verb, call.key, call.version, call.request);
        if verb != READ {
            return self.change(id, verb, key, version, cx);
        }
        let bytes = cx.request(request).map_or(0, |r| r.bytes);
        let mut bytes = if bytes == 0 { self.row_bytes } else { bytes };
        self.reads += 1;
        let held = version;
        let version = self.past.seen(key, self.version(key), || self.station.began(id.to_bits()));
        if self.compares {
            rarely();
            bytes = if held == revalidation::if_none_match(version) { 0 } else { bytes };
        }
        cx.reply(id, Answer::ok(version, bytes));
    }

    #[inline(never)]
    fn change(&mut self, id: CallId, verb: u16, key: u64, version: u32, cx: &mut Ctx<'_>) {
        if self.written >= self.capacity && self.version(key) == 0 {
            return cx.reply(id, Answer::of(Status::Rejected));
        }
        if verb == FLUSH {
            self.flush(key, version, cx);
            return cx.reply(id, Answer::ok(version, 0));
        }
        let version = cx.audit().commit(key);
        self.set_version(key, version, cx.now());
        self.writes += 1;
        cx.reply(id, Answer::ok(version, 0));
    }

    /// A version that was written in a cache. It comes even if the cache has died meanwhile, as the writes of others do; not if it was
    /// given up for lost.
    fn flush(&mut self, key: u64, version: u32, cx: &mut Ctx<'_>) {
        if !cx.audit().survives(key, version) {
            return;
        }
        self.writes += 1;
        cx.audit().persist(key, version);
        if version > self.version(key) {
            self.set_version(key, version, cx.now());
        }
    }
}

impl Component for Database {
    #[inline(always)]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let verb = cx.call(id).verb;
        debug_assert!(matches!(verb, READ | WRITE | FLUSH), "a database takes no verb {verb}");
        let time = if verb == READ { &self.read } else { &self.write };
        let work = cx.work_ns(time, id, self.purpose ^ u64::from(verb));
        if verb == READ {
            self.past.expect(work);
        }
        let priority = station::urgency(self.first, verb != READ);
        let job = Job { priority, ..Job::new(id.to_bits(), work) };
        if !self.station.arrive(job, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.station.on_timer(timer, cx) {
            self.execute(CallId::from_bits(job), cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.station.on_control(control, cx); // the rows are on disk
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.station.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.station.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
