//! Settings of the bus.

use super::super::site;
use crate::catalog::{Entry, Kind, Measure, Param, Policy, Preset};
use crate::kernel::SECOND;

pub(super) const SENDS: &[Policy] = &[
    Policy {
        name: "delete",
        about: "caches remove the key: the next reader there loads it",
        source: "mcsqueal, Nishtala et al., NSDI 2013, 4.1",
        wrong_when: "what is written is read everywhere at once: every cache misses",
    },
    Policy {
        name: "value",
        about: "caches take the new value in, wanted there or not",
        source: "replicating updates instead of invalidations; e.g. EVCache (Netflix 2016), which ships values between regions",
        wrong_when: "most of what is written is never read in the other regions",
    },
];

pub(super) const AWAITS: &[Policy] = &[
    Policy {
        name: "nobody",
        about: "writers announce and go on",
        source: "fire and forget, as asynchronous publishers do",
        wrong_when: "a writer must know that the news is on its way",
    },
    Policy {
        name: "bus",
        about: "writers wait until the bus has the announcement",
        source: "PUBLISH of Redis: the answer comes when the server has passed it on",
        wrong_when: "the bus is far away and writes must be quick",
    },
    Policy {
        name: "caches",
        about: "writers wait until every cache has confirmed, or the bus has given up: what then becomes of the write the `on_cache_error` of the web tier says (\"store\", its preset: it succeeds; \"fail\": it fails)",
        source: "synchronous invalidation; e.g. directory protocols, Censier and Feautrier 1978",
        wrong_when: "one region that is cut off must not stop writes in all",
    },
];

pub(super) static ENTRY: Entry = Entry {
    name: "invalidation_bus",
    about: "is told of writes by web tiers (`announces:`) and tells the caches of all regions",
    chapter: "6.13",
    headings: &[],
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(&["cache"]),
            preset: Preset::Required,
            about: "the caches that it tells",
        },
        Param {
            name: "sends",
            kind: Kind::Choice(SENDS),
            preset: Preset::Choice("delete"),
            about: "what it tells them",
        },
        Param {
            name: "awaits",
            kind: Kind::Choice(AWAITS),
            preset: Preset::Choice("nobody"),
            about: "for whom a writer waits",
        },
        Param {
            name: "attempts",
            kind: Kind::Count(1, 1_000),
            preset: Preset::Count(1),
            about: "times a cache is told until it confirms (1: at most once, as Redis pub/sub)",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Duration(SECOND),
            about: "how long it waits for a cache's confirmation (1 s is ours: above most round trips)",
        },
        Param {
            name: "backlog",
            kind: Kind::Count(1, 100_000_000),
            preset: Preset::Count(1_000_000),
            about: "most deliveries without confirmation (a bound of ours, about 50 MB); further news is dropped and counted",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work per announcement, one at a time",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "most announcements that wait, if `service` is given; one more is rejected",
        },
        site::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: &[],
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "announcements_count", about: "writes it was told of" },
        Measure { name: "deliveries_count", about: "caches told, repetitions included" },
        Measure { name: "unconfirmed_count", about: "news given up: no cache has confirmed it" },
        Measure { name: "dropped_count", about: "news dropped because the backlog was full" },
    ],
};
