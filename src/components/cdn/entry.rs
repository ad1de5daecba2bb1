//! Settings of a content delivery network, and what can be wrong with them.

use super::origins::FAILURES;
use super::profile::{PLANS, PROFILES};
use crate::catalog::{Action, Entry, Kind, Measure, Need, Param, Preset};
use crate::components::cache::{self, eviction};
use crate::components::site;

/// Kinds of components that can be an origin.
const ORIGINS: &[&str] = &["load_balancer", "web", "cache", "database", "website"];

pub(super) static ENTRY: Entry = Entry {
    name: "cdn",
    about: "edges near users that keep copies of what an origin serves: one for each of its regions",
    chapter: "6.1, 7",
    headings: &[
        ("origin", &["of", "secondary", "failover_on", "shield", "timeout", "coalesce"]),
        ("time to live", &["ttl", "missing_ttl", "error_ttl", "stale_while_revalidate", "stale_if_error"]),
        ("capacity", &["items", "capacity", "eviction"]),
        ("content", &["dynamic", "tags", "folders"]),
        (
            "place and price",
            &[
                "region",
                "price_per_hour",
                "egress_price",
                "request_price",
                "monthly_bytes",
                "monthly_requests",
                "free_purges",
            ],
        ),
    ],
    params: &[
        Param { name: "of", kind: Kind::Group(ORIGINS), preset: Preset::Required, about: "the origin" },
        Param {
            name: "secondary",
            kind: Kind::Group(ORIGINS),
            preset: Preset::Absent("there is one origin"),
            about: "a second origin with the same content, asked when the first refuses, is silent for `timeout`, or answers as `failover_on` says; reads only (CloudFront: origin group)",
        },
        Param {
            name: "failover_on",
            kind: Kind::Steps(FAILURES),
            preset: Preset::Absent("[\"failed\", \"rejected\"]: 500, 502, 503, 504, as AWS's CDK has it"),
            about: "with `secondary`: which answers of the first origin are not given out: failed (500, 502, 504), rejected (429, 503), missing (404)",
        },
        Param {
            name: "profile",
            kind: Kind::Choice(PROFILES),
            preset: Preset::Choice("cloudfront"),
            about: "whose times to live, purge times, purge limits and prices it has",
        },
        Param {
            name: "plan",
            kind: Kind::Choice(PLANS),
            preset: Preset::Choice("free"),
            about: "for profile \"cloudflare\": the plan, which limits how often one may purge",
        },
        Param {
            name: "ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("that of the profile: cloudfront 1 day, cloudflare 2 hours"),
            about: "how long a copy is fresh, from when it has come, less its Age in whole seconds if it comes from a shield, unless a website's headers say otherwise",
        },
        Param {
            name: "missing_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("that of the profile: cloudfront 10 s, cloudflare 3 minutes"),
            about: "how long it is kept that there is no such thing (404)",
        },
        Param {
            name: "error_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("that of the profile: cloudfront 10 s, cloudflare not at all"),
            about: "how long an origin's error is kept and the origin not asked again: a copy that has ended is given out as long as it may be, else the error",
        },
        Param {
            name: "items",
            kind: Kind::Count(1, 1_000_000_000),
            preset: Preset::Absent("no bound"),
            about: "most copies at each edge",
        },
        Param {
            name: "capacity",
            kind: Kind::Bytes,
            preset: Preset::Absent("no bound"),
            about: "most bytes at each edge; needs sizes (a trace, or the database's `row`)",
        },
        Param {
            name: "eviction",
            kind: Kind::Choice(eviction::POLICIES),
            preset: Preset::Choice("lru"),
            about: "which copy makes room",
        },
        Param {
            name: "dynamic",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of the keys whose answers are made for each user: never kept",
        },
        Param {
            name: "coalesce",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether misses on one key wait for one fetch (Varnish does; nginx only with proxy_cache_lock)",
        },
        Param {
            name: "shield",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether the first edge stands between the others and the origin; they do not go round it when it fails (CloudFront bills requests that come to its Origin Shield by themselves: `cost_per_hour` leaves that out)",
        },
        Param {
            name: "stale_while_revalidate",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("never"),
            about: "how long past its end a copy is given out while a new one is fetched (RFC 5861)",
        },
        Param {
            name: "stale_if_error",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("that of the profile: cloudfront without end, cloudflare never"),
            about: "how long past its end a copy is given out if the origin fails (RFC 5861)",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("that of the profile: cloudfront 30 s, cloudflare 2 minutes"),
            about: "how long it waits for its origin",
        },
        Param {
            name: "tags",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("objects carry no tags"),
            about: "number of tags: object n carries the tag n % tags; for invalidate(\"tag:3\")",
        },
        Param {
            name: "folders",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("none: URLs are like \"/7\""),
            about: "folders of URLs: that of key n is \"/n % folders/n\"; for invalidate(\"/3/*\")",
        },
        Param {
            name: "egress_price",
            kind: Kind::Number(0.0, f64::INFINITY),
            preset: Preset::Absent(
                "that of the profile for the edge's AWS region; elsewhere not known, and with it `cost_per_hour`",
            ),
            about: "what a gigabyte sent to users costs, in US dollars",
        },
        Param {
            name: "request_price",
            kind: Kind::Number(0.0, f64::INFINITY),
            preset: Preset::Absent(
                "that of the profile for the edge's AWS region (HTTPS); elsewhere requests cost nothing",
            ),
            about: "what 10,000 requests of users cost, in US dollars",
        },
        Param {
            name: "monthly_bytes",
            kind: Kind::Bytes,
            preset: Preset::Absent("little: the list's first tier, and nothing is free"),
            about: "what the network sends in a month from each of its price regions: a gigabyte then costs what it does on average in such a month, tier by tier and less what is free (cloudfront: 1 TB a month, spread evenly over its price regions)",
        },
        Param {
            name: "monthly_requests",
            kind: Kind::Count(1, i64::MAX),
            preset: Preset::Absent("nothing is free"),
            about: "requests that the network gets in a month in each of its price regions: one then costs what it does on average in such a month, less what is free (cloudfront: 10 million a month are free)",
        },
        Param {
            name: "free_purges",
            kind: Kind::Count(0, 1_000_000_000),
            preset: Preset::Absent("that of the profile: cloudfront 1,000"),
            about: "purges of a month that cost nothing; a run has its part of them (of 730 hours); 0: those of this month have been used up",
        },
        site::PRICE,
        site::REGION,
    ],
    needs: &[
        cache::BOUND,
        Need {
            settings: &["free_purges"],
            with: "purges that cost something",
            add: "`profile: \"cloudfront\"`",
            is_met: |settings| settings.chosen("profile") != "cloudflare",
        },
    ],
    actions: &[
        Action {
            about: "an edge's process dies (connections are refused) or its host (silence); copies are on disk and stay",
            ..site::CRASH
        },
        Action {
            about: "back again, with its copies; purges that it missed are carried out at once",
            ..site::RECOVER
        },
        site::HANG,
        Action {
            name: "invalidate",
            usage: "invalidate(7), invalidate(\"/7\"), invalidate(\"/7*\"), invalidate(\"tag:3\") or invalidate(\"all\")",
            about: "removes copies of a key or URL, of URLs that begin alike, with a tag, or all, at each edge after the profile's purge time; what no edge holds costs the same and removes nothing",
        },
    ],
    measures: &[
        Measure { name: "cdn_lookups_count", about: "requests for what may be kept" },
        Measure { name: "cdn_hits_count", about: "those answered with a fresh copy" },
        Measure { name: "cdn_stale_count", about: "those answered with a copy that had ended" },
        Measure { name: "cdn_revalidated_count", about: "fetches that found the copy unchanged (304)" },
        Measure {
            name: "origin_fetches_count",
            about: "questions to the origin itself, those that a shield answers left out",
        },
        Measure {
            name: "cdn_not_modified_count",
            about: "answers without a body: the user's copy was still good (304)",
        },
        Measure { name: "cdn_negative_hits_count", about: "answers with a 404 or error that was kept" },
        Measure { name: "origin_failovers_count", about: "questions that went to the secondary origin" },
        Measure { name: "origin_bytes", about: "bytes that came from the origin itself" },
        Measure { name: "purges_count", about: "purges taken" },
        Measure { name: "purges_refused_count", about: "purges turned away by the network's limit (429)" },
        Measure { name: "purged_copies_count", about: "copies that purges removed" },
        Measure { name: "egress_bytes", about: "bytes sent to users" },
    ],
};
