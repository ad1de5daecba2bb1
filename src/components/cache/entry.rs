//! Settings of a cache.

use super::super::{Site, site};
use super::dirty::Room;
use super::{eviction, expiry, fills, group, needs, stampede};
use crate::catalog::{Action, Entry, Kind, Measure, Param, Policy, Preset, Problem, Settings, Value};
use crate::components::database::counted;
use crate::kernel::{MILLISECOND, SECOND};
use crate::parts::plan::{CacheError, WritePlan};

const PLACEMENTS: &[Policy] = &[
    Policy {
        name: "aside",
        about: "its callers talk to both, cache and store",
        source: "Nishtala et al., NSDI 2013",
        wrong_when: "many kinds of callers would have to get the protocol right",
    },
    Policy {
        name: "inline",
        about: "it stands in front of the store and talks to it itself",
        source: "read-through caches; chapter 6.2",
        wrong_when: "the store must stay reachable when the cache dies",
    },
];

/// A key is removed, or all are.
const INVALIDATE: Action = Action {
    name: "invalidate",
    usage: "invalidate(17) or invalidate(\"all\")",
    about: "removes the key of this number (of a trace: its keys are counted from 0, in the order in which they first stand in it), or everything; what is not yet stored stays",
};

const ACTIONS: &[Action] =
    &[site::CRASH, site::RECOVER, site::HANG, site::SLOW, site::ADD_NODE, site::REMOVE_NODE, INVALIDATE];

pub(super) static ENTRY: Entry = Entry {
    name: "cache",
    about: "items in memory under keys, in front of or beside a store",
    chapter: "6",
    headings: &[
        ("capacity", &["items", "capacity", "eviction", "overhead", "preload"]),
        (
            "time to live",
            &["ttl", "ttl_kind", "ttl_jitter", "expiry", "expiry_cycle", "expiry_sample", "expiry_again"],
        ),
        ("writes", &["write", "fills", "placement", "on_cache_error", "flush", "batch", "dirty"]),
        ("stampedes", &["stampede", "lock", "poll", "stale", "beta", "refresh_ahead"]),
        ("service", &["service", "threads", "queue", "timeout"]),
        (
            "several nodes",
            &[
                "nodes",
                "sharding",
                "weights",
                "routing",
                "config_delay",
                "on_dead",
                "dead_after",
                "retry_dead",
                "proxies",
                "proxy_service",
                "proxy_cores",
                "migration_rate",
            ],
        ),
        ("place and price", &["price_per_hour", "region", "zone"]),
    ],
    params: &[
        Param {
            name: "of",
            kind: Kind::Group(&["database"]),
            preset: Preset::Absent("none: it is the only copy, and a crash loses it"),
            about: "the store whose data it keeps",
        },
        Param {
            name: "items",
            kind: Kind::Count(1, 1_000_000_000),
            preset: Preset::Absent("no bound"),
            about: "most items it holds; as many may be written and not yet stored (`dirty`)",
        },
        Param {
            name: "capacity",
            kind: Kind::Bytes,
            preset: Preset::Absent("no bound"),
            about: "most bytes it holds; needs sizes (a trace, the database's `row`, or the `session_size` of those who keep sessions in it)",
        },
        Param {
            name: "eviction",
            kind: Kind::Choice(eviction::POLICIES),
            preset: Preset::Choice("lru"),
            about: "which item makes room",
        },
        Param {
            name: "overhead",
            kind: Kind::BytesOrZero,
            preset: Preset::Absent(
                "0 (Redis 7.0.15, measured with 200,000 items: 76 to 88 and the key, with values of 400 to 2,000 bytes 114 to 122, and 42 more with an expiry; memcached 1.6: 56 and the key, items.h)",
            ),
            about: "with `capacity`: memory per item beside its data",
        },
        expiry::TTL,
        expiry::TTL_KIND,
        expiry::TTL_JITTER,
        expiry::EXPIRY,
        expiry::CYCLE,
        expiry::SAMPLE,
        expiry::AGAIN,
        Param {
            name: "write",
            kind: Kind::Strategy(strategy_problem),
            preset: Preset::Choice("aside"),
            about: "what a write does, and when its caller has its answer",
        },
        Param {
            name: "fills",
            kind: Kind::Choice(fills::POLICIES),
            preset: Preset::Choice("plain"),
            about: "what it does against fills and writes that come too late",
        },
        Param {
            name: "stampede",
            kind: Kind::Choice(stampede::POLICIES),
            preset: Preset::Choice("none"),
            about: "what keeps a crowd from loading the same key at the same time",
        },
        Param {
            name: "lock",
            kind: Kind::Duration,
            preset: Preset::Duration(10 * SECOND),
            about: "stampede \"lock\": a lock ends after this (10 s: leases of Nishtala et al., NSDI 2013, 3.2.1)",
        },
        Param {
            name: "poll",
            kind: Kind::Duration,
            preset: Preset::Duration(100 * MILLISECOND),
            about: "stampede \"lock\": pause before the cache is asked again (0.1 s: `sleep` of redis-py's Lock)",
        },
        Param {
            name: "stale",
            kind: Kind::Duration,
            preset: Preset::Absent("never: they poll"),
            about: "stampede \"lock\": while somebody loads, the others get what has expired no longer ago than this",
        },
        Param {
            name: "beta",
            kind: Kind::Number(0.0, 1000.0),
            preset: Preset::Number(1.0),
            about: "stampede \"early\": above 1 loads earlier, below 1 later (1: Vattani et al., VLDB 2015)",
        },
        Param {
            name: "refresh_ahead",
            kind: Kind::Share,
            preset: Preset::Absent("no"),
            about: "a hit of an item older than this share of the TTL makes the cache load it anew, in the background",
        },
        Param {
            name: "placement",
            kind: Kind::Choice(PLACEMENTS),
            preset: Preset::Choice("aside"),
            about: "who runs reads and writes: its callers, or the cache itself",
        },
        Param {
            name: "on_cache_error",
            kind: Kind::Choice(CacheError::ENTRIES),
            preset: Preset::Choice("store"),
            about: "inline only: what it does when its own memory turns a command away (`queue` is full) or is silent for `timeout`; a node that is dead or hangs runs no reads and writes at all, and its callers do not go round it",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0 (Redis processes a command in under 1 us, its latency guide)"),
            about: "own work per command",
        },
        Param {
            name: "threads",
            kind: Kind::Count(1, 1024),
            preset: Preset::Count(1),
            about: "commands it works on at a time, if `service` is given (1: Redis)",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "most commands that wait, if `service` is given; one more is rejected",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "reads and writes: none, it waits for ever; flushes: their interval, at least 1 s",
            ),
            about: "how long it waits for its store (inline reads and writes, flushes of write-back), and a proxy for a node (twemproxy: timeout, which without one waits for ever as well)",
        },
        Param {
            name: "flush",
            kind: Kind::Duration,
            preset: Preset::Absent("1 s for \"back\"; what later(.., \"store\") says for a list"),
            about: "write-back: how long after a write its data is stored",
        },
        Param {
            name: "batch",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("no limit"),
            about: "write-back: most items being stored at a time",
        },
        Param {
            name: "dirty",
            kind: Kind::Count(1, 1_000_000_000),
            preset: Preset::Absent("no bound"),
            about: "write-back: most items not yet stored, never more than `items` nor more bytes than `capacity`; further writers wait until some are, and as long as one waits the oldest are stored at once, whatever `flush` says",
        },
        group::NODES,
        group::SHARDING,
        group::WEIGHTS,
        group::ROUTING,
        group::CONFIG_DELAY,
        group::DEAD,
        group::DEAD_AFTER,
        group::RETRY_DEAD,
        group::PROXIES,
        group::PROXY_SERVICE,
        group::PROXY_CORES,
        group::MIGRATION_RATE,
        Param {
            name: "preload",
            kind: Kind::Count(0, 1_000_000_000),
            preset: Preset::Count(0),
            about: "so many of the most wanted keys are in it at t = 0, each at its node",
        },
        site::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: needs::NEEDS,
    actions: ACTIONS,
    measures: &[
        Measure { name: "hit_ratio", about: "look-ups that found a fresh item" },
        Measure { name: "hits_count", about: "look-ups that found a fresh item" },
        Measure { name: "misses_count", about: "look-ups that did not" },
        Measure { name: "evicted_expired_count", about: "items too old anyway, thrown out to make room" },
        Measure { name: "swept_count", about: "items found too old by the cache's own search" },
        Measure { name: "refused_count", about: "eviction \"none\": items that did not fit" },
        Measure { name: "evictions_count", about: "fresh items thrown out to make room" },
        Measure { name: "expired_count", about: "items found too old" },
        Measure {
            name: "keys_moved_count",
            about: "items that belong to another node since the group changed",
        },
        Measure { name: "redirects_count", about: "routing \"cluster\": callers sent on to another node" },
        Measure { name: "dirty_items", about: "write-back: items not yet stored" },
        Measure {
            name: "stale_hits_count",
            about: "look-ups answered with what had expired, while somebody loaded: they are among the misses",
        },
        Measure { name: "waits_count", about: "look-ups that were told to wait: somebody loads" },
        Measure { name: "early_loads_count", about: "fresh items loaded anew before they expired" },
        Measure {
            name: "dropped_fills_count",
            about: "fills and writes that came too late and were dropped",
        },
    ],
};

pub(super) fn is_inline(settings: &Settings) -> bool {
    PLACEMENTS[settings.choice("placement")].name == "inline"
}

pub(super) fn write_plan(settings: &Settings) -> Result<WritePlan, (String, Option<String>)> {
    let usual = Value::Text("aside".into());
    let mut plan = WritePlan::parse(settings.raw("write").unwrap_or(&usual))?;
    if let (Some(_), Some(interval)) = (plan.flush_after, settings.duration("flush")) {
        plan.flush_after = Some(interval);
    }
    Ok(plan)
}

/// What may wait to be stored in a node. Without a store nothing waits: what does not fit is refused, or others make room for it.
pub(super) fn dirty_room(settings: &Settings) -> Room {
    if settings.group("of").is_none() {
        return Room { keys: usize::MAX, bytes: u64::MAX, overhead: 0 };
    }
    let keys = [settings.count("dirty"), settings.count("items")].into_iter().flatten().min();
    Room {
        keys: keys.map_or(usize::MAX, |most| most as usize),
        bytes: settings.bytes("capacity").unwrap_or(u64::MAX),
        overhead: settings.bytes("overhead").unwrap_or(0),
    }
}

fn strategy_problem(value: &Value) -> Option<Problem> {
    let (message, hint) = WritePlan::parse(value).err()?;
    Some(Problem::new(message).maybe_hint(hint))
}

/// Size of a row of the store, if that tells.
pub(super) fn row_bytes(site: &Site<'_>) -> Option<u64> {
    let store = site.of(site.settings().group("of")?);
    let counted = (store.group().kind == "database").then(|| counted::schema(&store)).flatten();
    counted.map(|schema| schema.row_bytes).or_else(|| store.settings().bytes("row"))
}
