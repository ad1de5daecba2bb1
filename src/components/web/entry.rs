//! Settings of the web tier.

use super::super::database::model::Question;
use super::super::{Site, egress, host, site};
use super::Step;
use super::session::SESSIONS;
use crate::catalog::{Action, Entry, Kind, Measure, Need, Param, Preset, Settings};
use crate::parts::plan::{CacheError, WritePlan};
use crate::parts::station;

const STEPS: &[&str] =
    &["cpu", "read", "write", "aggregate", "columns", "friends_of_friends", "join", "publish"];

const ACTIONS: &[Action] = &[
    site::CRASH,
    site::RECOVER,
    site::HANG,
    site::SLOW,
    site::ADD_NODE,
    site::REMOVE_NODE,
    Action {
        name: "drain",
        usage: "drain()",
        about: "health checks are told to send nobody new; clients that stick to it may still come",
    },
    Action { name: "undrain", usage: "undrain()", about: "takes new clients again" },
];

pub(super) static ENTRY: Entry = Entry {
    name: "web",
    about: "servers that run a plan of steps for each request: own work, reads, writes",
    chapter: "3, 8",
    headings: &[
        (
            "data",
            &[
                "reads",
                "writes",
                "publishes",
                "copies",
                "announces",
                "on_read",
                "on_write",
                "on_cache_error",
                "etag",
                "timeout",
            ],
        ),
        ("service", &["service", "cores", "discipline", "first", "on", "concurrency", "queue"]),
        ("scaling up", &["speed", "contention", "coherency", "pause", "pause_every"]),
        ("sessions", &["sessions", "session_store", "session_size", "session_memory", "login"]),
        ("place and price", &["price_per_hour", "egress_price", "region", "zone"]),
    ],
    params: &[
        Param {
            name: "count",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "number of servers",
        },
        Param {
            name: "reads",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("no step \"read\""),
            about: "where it reads: a cache (with the store behind it) or a database",
        },
        Param {
            name: "writes",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("no step \"write\""),
            about: "where it writes: a cache (its write strategy is followed) or a database",
        },
        Param {
            name: "publishes",
            kind: Kind::Group(&["queue"]),
            preset: Preset::Absent("no step \"publish\""),
            about: "the queue it gives messages to; alone it makes [\"cpu\", \"publish\"] the usual steps of a write",
        },
        Param {
            name: "copies",
            kind: Kind::Groups(&["cache"]),
            preset: Preset::Absent("none"),
            about: "other caches of the same store (other regions): the steps \"cache\" and \"invalidate\" of a write are done there too, and waited for",
        },
        Param {
            name: "announces",
            kind: Kind::Group(&["invalidation_bus"]),
            preset: Preset::Absent("nowhere"),
            about: "a bus that is told of each write before its caller has the answer",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work of each step \"cpu\"",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 4096),
            preset: Preset::Count(1),
            about: "processors of a server, if `service` is given",
        },
        Param {
            name: "discipline",
            kind: Kind::Choice(station::DISCIPLINES),
            preset: Preset::Choice("fifo"),
            about: "how the processors share the work",
        },
        station::FIRST_PARAM,
        host::ON,
        Param {
            name: "concurrency",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("no limit"),
            about: "requests a server works on at a time (workers): a slot is held while it waits for data",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "most requests that wait for a worker (or a processor); one more is rejected",
        },
        Param {
            name: "on_read",
            kind: Kind::Steps(STEPS),
            preset: Preset::Absent("[\"cpu\", \"read\"]"),
            about: "steps of a reading request; aggregate, columns, friends_of_friends and join ask the database behind `reads` a question",
        },
        Param {
            name: "on_write",
            kind: Kind::Steps(STEPS),
            preset: Preset::Absent("[\"cpu\", \"write\"]"),
            about: "steps of a writing request",
        },
        Param {
            name: "on_cache_error",
            kind: Kind::Choice(CacheError::ENTRIES),
            preset: Preset::Choice("store"),
            about: "what it does when the cache does not answer",
        },
        Param {
            name: "speed",
            kind: Kind::Number(0.01, 100.0),
            preset: Preset::Number(1.0),
            about: "speed of a processor: own work takes its time divided by this",
        },
        Param {
            name: "contention",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "alpha of the Universal Scalability Law: share of own work that only one processor can do at a time; how much a piece of work is stretched is settled when it begins, by how many are busy then",
        },
        Param {
            name: "coherency",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "beta of the Universal Scalability Law: cost of keeping each pair of busy processors in step",
        },
        Param {
            name: "pause",
            kind: Kind::Variate,
            preset: Preset::Absent("servers do not pause"),
            about: "length of a pause in which a server stands still (garbage collection); needs `pause_every`",
        },
        Param {
            name: "pause_every",
            kind: Kind::Variate,
            preset: Preset::Absent("servers do not pause"),
            about: "time from the end of one pause to the next, drawn for each server on its own",
        },
        Param {
            name: "sessions",
            kind: Kind::Choice(SESSIONS),
            preset: Preset::Absent("users need no login"),
            about: "where sessions of users are kept; who has none must log in first",
        },
        Param {
            name: "session_store",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("for `sessions: \"store\"`"),
            about: "the store that all servers share; a cache is their only copy, and what it throws out (`ttl`, `items`, `capacity`) is a login more",
        },
        Param {
            name: "session_size",
            kind: Kind::Message,
            preset: Preset::Absent("sizes are not modelled"),
            about: "size of a session (a cart); as a token it travels with each request of who is logged in, and takes time on links with a `bandwidth`",
        },
        Param {
            name: "session_memory",
            kind: Kind::Bytes,
            preset: Preset::Absent("no bound but the number of users"),
            about: "memory of a server for sessions; the one not used for longest goes",
        },
        Param {
            name: "login",
            kind: Kind::Variate,
            preset: Preset::Absent("as `service`"),
            about: "own work of a login (password hashes are slow on purpose)",
        },
        Param {
            name: "etag",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether it sends no body (304) to a browser or edge that holds what it would send; its work is done all the same (Express and Rails do so unless told otherwise)",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "none: it waits for ever; for Kafka, until its producer gives up (`delivery_timeout`)",
            ),
            about: "how long it waits for a cache, database or queue",
        },
        site::PRICE,
        egress::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: &[
        Need {
            settings: &["cores", "discipline", "speed", "contention", "coherency"],
            with: "own work",
            add: "`service: 5.ms`",
            is_met: |settings| settings.is_given("service") || settings.is_given("login"),
        },
        station::FIRST_NEED,
        Need {
            settings: &["timeout"],
            with: "somebody whom it asks",
            add: "`reads: db`",
            is_met: |settings| {
                ["reads", "writes", "publishes", "session_store"].iter().any(|name| settings.is_given(name))
            },
        },
    ],
    actions: ACTIONS,
    measures: &[
        Measure { name: "requests_count", about: "requests taken" },
        Measure { name: "errors_count", about: "requests answered with an error" },
        Measure { name: "not_modified_count", about: "reads answered without a body (304)" },
        Measure { name: "pauses_count", about: "pauses so far" },
        Measure { name: "sessions_count", about: "sessions in memory" },
        Measure { name: "session_bytes", about: "size of the sessions in memory" },
        Measure { name: "sessions_unknown_count", about: "requests that had to log in first" },
        Measure { name: "egress_bytes", about: "bytes sent to clients; told if they have an `egress_price`" },
    ],
};

pub(super) fn nodes(settings: &Settings) -> u64 {
    settings.count("count").expect("preset")
}

/// The steps of a list, or the usual ones.
pub(super) fn steps(settings: &Settings, name: &str) -> Vec<Step> {
    let publishes = settings.group("publishes").is_some() && settings.group("writes").is_none();
    let usual = match name {
        "on_read" => ["cpu", "read"],
        _ if publishes => ["cpu", "publish"],
        _ => ["cpu", "write"],
    };
    let given = settings.texts(name);
    let names = if given.is_empty() { usual.map(String::from).to_vec() } else { given };
    let step = |name: &String| match name.as_str() {
        "cpu" => Step::Cpu,
        "read" => Step::Read,
        "write" => Step::Write,
        "publish" => Step::Publish,
        question => Step::Ask(Question::named(question).expect("checked").verb()),
    };
    names.iter().map(step).collect()
}

/// The plans of reads, writes, logins and health checks; sessions are looked for first, and kept when they have changed.
pub(super) fn plans(settings: &Settings) -> [Vec<Step>; 4] {
    let [mut reads, mut writes] = ["on_read", "on_write"].map(|name| steps(settings, name));
    if settings.is_given("sessions") {
        reads.insert(0, Step::Session);
        writes.insert(0, Step::Session);
        writes.push(Step::KeepSession);
    }
    [reads, writes, vec![Step::Login, Step::KeepSession], vec![Step::Check]]
}

/// The write plan that holds for a target: the cache's strategy, or simply the store; announced, if there is a bus.
pub(super) fn plan(site: &Site<'_>, target: usize) -> WritePlan {
    let plan = strategy(site, target);
    if site.settings().is_given("announces") { plan.announce() } else { plan }
}

fn strategy(site: &Site<'_>, target: usize) -> WritePlan {
    let group = &site.layout.groups[target];
    let store_only = || WritePlan {
        steps: vec![crate::parts::plan::Step::Store, crate::parts::plan::Step::Ack],
        flush_after: None,
    };
    // A cache in front of its store runs its strategy itself: to its callers it is the store.
    if super::super::cache::store_beside(group).is_none() {
        return store_only();
    }
    super::super::cache::write_plan(&site.of(target))
}
