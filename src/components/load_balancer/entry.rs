//! Settings of a load balancer.

use super::super::{egress, site};
use super::policy;
use super::sticky::STICKY;
use crate::catalog::{Action, Entry, Kind, Measure, Need, Param, Preset};
use crate::kernel::SECOND;

/// Kinds of components that can stand behind a balancer.
const SERVERS: &[&str] = &["web", "website", "cache", "database", "load_balancer"];

const ACTIONS: &[Action] = &[
    site::CRASH,
    site::RECOVER,
    site::HANG,
    site::SLOW,
    Action {
        name: "weights",
        usage: "weights([9, 1])",
        about: "new weights of the servers it began with; 0 = no new clients (blue/green and canary deploys); those that joined follow the lightest of their tier",
    },
];

pub(super) static ENTRY: Entry = Entry {
    name: "load_balancer",
    about: "passes each call to one of its servers",
    chapter: "4",
    headings: &[
        ("sessions", &["sticky", "sticky_table"]),
        (
            "failure",
            &[
                "check",
                "check_timeout",
                "rise",
                "fall",
                "max_fails",
                "fail_timeout",
                "retries",
                "redispatch",
                "retry_timeouts",
                "timeout",
                "standby",
                "advertise",
            ],
        ),
        ("limits", &["connections", "queue", "queue_timeout", "slow_start"]),
        ("target groups", &["writes_to", "routes", "private_addresses"]),
        ("service", &["service", "cores"]),
        ("place and price", &["price_per_hour", "egress_price", "region", "zone"]),
    ],
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(SERVERS),
            preset: Preset::Required,
            about: "the servers: a group or several",
        },
        Param {
            name: "policy",
            kind: Kind::Choice(policy::POLICIES),
            preset: Preset::Choice("round_robin"),
            about: "which server is next (round robin: the default of nginx and HAProxy)",
        },
        Param {
            name: "weights",
            kind: Kind::Weights,
            preset: Preset::Absent("all equal"),
            about: "shares of the servers, in their order; for policies that look at weights. A server that joins gets the weight of the lightest of its tier",
        },
        Param {
            name: "decay",
            kind: Kind::Duration,
            preset: Preset::Duration(10 * SECOND),
            about: "how fast policy \"least_latency\" forgets old latencies (10 s: Finagle, PeakEwma)",
        },
        Param {
            name: "hash",
            kind: Kind::Choice(policy::HASH_BY),
            preset: Preset::Choice("key"),
            about: "what policy \"consistent_hash\" hashes",
        },
        Param {
            name: "sticky",
            kind: Kind::Choice(STICKY),
            preset: Preset::Absent("clients are not bound to servers"),
            about: "clients come back to the server that served them, by cookie or by address",
        },
        Param {
            name: "sticky_table",
            kind: Kind::Count(1, 100_000_000),
            preset: Preset::Count(1 << 20),
            about: "addresses remembered for `sticky: \"address\"`, oldest forgotten (HAProxy's manual: size 1m)",
        },
        Param {
            name: "check",
            kind: Kind::Duration,
            preset: Preset::Absent("no active health checks"),
            about: "pause between two health checks of a server (HAProxy: inter 2s); real calls to web servers, which wait for `concurrency`, but need no processor and do not wait for `cores`",
        },
        Param {
            name: "check_timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("as long as `check`"),
            about: "how long a health check waits for its answer",
        },
        Param {
            name: "rise",
            kind: Kind::Count(1, 1000),
            preset: Preset::Count(2),
            about: "good checks in a row that bring a server back (HAProxy 2.6: 2)",
        },
        Param {
            name: "fall",
            kind: Kind::Count(1, 1000),
            preset: Preset::Count(3),
            about: "failed checks in a row that take it out (HAProxy 2.6: 3)",
        },
        Param {
            name: "max_fails",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("no passive health checks"),
            about: "failed calls within `fail_timeout` after which a server rests as long (nginx: 1)",
        },
        Param {
            name: "fail_timeout",
            kind: Kind::Duration,
            preset: Preset::Duration(10 * SECOND),
            about: "passive checks: time of failures and of rest, after which one call finds out (nginx: 10 s)",
        },
        Param {
            name: "retries",
            kind: Kind::Count(0, super::careful::RETRIES_AT_MOST as i64),
            preset: Preset::Count(0),
            about: "further tries of a call that was refused, or of a read that broke off (HAProxy: 3); with `redispatch` each server gets a call once at most",
        },
        Param {
            name: "redispatch",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether a retry goes to another server at once (nginx), else to the same after 1 s (HAProxy)",
        },
        Param {
            name: "retry_timeouts",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether reads without an answer in time are retried too (nginx does, HAProxy does not)",
        },
        Param {
            name: "connections",
            kind: Kind::Count(1, 1_000_000_000),
            preset: Preset::Absent("no limit"),
            about: "most calls under way at a server (maxconn, max_conns); the rest waits at the balancer, and who is bound to a server (`sticky`, policy \"source\") waits for that one (HAProxy); ip_hash and consistent_hash go on to another (nginx)",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "with `connections`: most calls that wait for a server; one more is rejected",
        },
        Param {
            name: "queue_timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("they wait for ever"),
            about: "with `connections`: how long a call waits before it is rejected (HAProxy: timeout queue); without it calls are served whose clients have given up",
        },
        Param {
            name: "slow_start",
            kind: Kind::Duration,
            preset: Preset::Absent("full weight at once"),
            about: "time in which a server that comes (back) into service, also from a rest, grows to its full weight (nginx: slow_start, HAProxy: slowstart)",
        },
        Param {
            name: "writes_to",
            kind: Kind::Groups(SERVERS),
            preset: Preset::Absent("to the same servers as reads"),
            about: "target group of writing requests",
        },
        Param {
            name: "routes",
            kind: Kind::Routes(SERVERS),
            preset: Preset::Absent("all keys go to the same servers"),
            about: "target groups by key (path): first key, last key, servers; the first that fits counts",
        },
        Param {
            name: "standby",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether a second balancer takes its address over when it falls silent (VRRP)",
        },
        Param {
            name: "advertise",
            kind: Kind::Duration,
            preset: Preset::Duration(SECOND),
            about: "with `standby`: how often it advertises itself; taken for dead after 3.6 of these (RFC 5798: 1 s)",
        },
        Param {
            name: "private_addresses",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether its servers have private addresses: clients reach them through it only",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work per call",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 1024),
            preset: Preset::Count(1),
            about: "calls it works on at a time, if `service` is given",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for a server (nginx: 60 s, proxy_read_timeout)",
        },
        site::PRICE,
        egress::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: &[
        Need {
            settings: &["decay"],
            with: "policy \"least_latency\"",
            add: "`policy: \"least_latency\"`",
            is_met: |settings| settings.chosen("policy") == "least_latency",
        },
        Need {
            settings: &["hash"],
            with: "policy \"consistent_hash\"",
            add: "`policy: \"consistent_hash\"`",
            is_met: |settings| settings.chosen("policy") == "consistent_hash",
        },
        Need {
            settings: &["cores"],
            with: "a `service`",
            add: "`service: 0.1.ms`",
            is_met: |settings| settings.is_given("service"),
        },
    ],
    actions: ACTIONS,
    measures: &[
        Measure { name: "calls_count", about: "calls that came" },
        Measure { name: "errors_count", about: "calls answered with an error" },
        Measure { name: "redispatched_count", about: "further tries of calls that were made" },
        Measure { name: "no_server_count", about: "calls that found no server in service" },
        Measure { name: "turned_away_count", about: "calls that found the queue full or waited too long" },
        Measure { name: "health_checks_count", about: "health checks sent" },
        Measure { name: "recookied_count", about: "clients that got another server's cookie" },
        Measure { name: "takeovers_count", about: "how often the standby has taken over" },
        Measure { name: "servers_in_service_count", about: "servers that take new clients" },
        Measure { name: "egress_bytes", about: "bytes sent to clients; told if they have an `egress_price`" },
    ],
};
