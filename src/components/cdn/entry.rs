//! Settings of a content delivery network, and what can be wrong with them.

use super::profile::{self, PLANS, PROFILES};
use crate::catalog::{Action, Entry, Kind, Measure, Param, Preset, Problems};
use crate::components::cache::eviction;
use crate::components::{Site, site};

pub(super) static ENTRY: Entry = Entry {
    name: "cdn",
    about: "edges near users that keep copies of what an origin serves: one for each of its regions",
    chapter: "6.1, 7",
    params: &[
        Param {
            name: "of",
            kind: Kind::Group(&["load_balancer", "web", "cache", "database", "website"]),
            preset: Preset::Required,
            about: "the origin",
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
            kind: Kind::Duration,
            preset: Preset::Absent("that of the profile: cloudfront 1 day, cloudflare 2 hours"),
            about: "how long a copy is fresh, from when the origin sent it, unless a website's headers say otherwise",
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
            about: "whether the first edge stands between the others and the origin",
        },
        Param {
            name: "stale_while_revalidate",
            kind: Kind::Duration,
            preset: Preset::Absent("never"),
            about: "how long past its end a copy is given out while a new one is fetched (RFC 5861)",
        },
        Param {
            name: "stale_if_error",
            kind: Kind::Duration,
            preset: Preset::Absent("never"),
            about: "how long past its end a copy is given out if the origin fails (RFC 5861)",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever (CloudFront: 30 s)"),
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
            name: "free_purges",
            kind: Kind::Count(0, 1_000_000_000),
            preset: Preset::Absent("that of the profile for a month: cloudfront 1,000"),
            about: "purges that cost nothing; 0: those of this month have been used up",
        },
        site::PRICE,
        site::REGION,
    ],
    actions: &[
        site::CRASH,
        site::RECOVER,
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
        Measure { name: "origin_bytes", about: "bytes that came from the origin itself" },
        Measure { name: "purges_count", about: "purges taken" },
        Measure { name: "purges_refused_count", about: "purges turned away by the network's limit (429)" },
        Measure { name: "purged_copies_count", about: "copies that purges removed" },
        Measure { name: "egress_bytes", about: "bytes sent to users" },
    ],
};

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let edges = site.group().count;
    if settings.flag("shield") && edges < 2 {
        let problem = settings.problem("shield", "a shield needs at least two edges");
        problems.push(
            problem.hint("write `region: [\"us-east-1\", \"eu-west-1\"]`; the first one is the shield"),
        );
    }
    if let Some(origin) =
        settings.group("of").map(|origin| &site.layout.groups[origin]).filter(|group| group.count > 1)
    {
        let message = format!("the origin \"{}\" is {} servers", origin.name, origin.count);
        problems.push(settings.problem("of", message).hint("put a load_balancer before them"));
    }
    if settings.is_given("plan") && !profile::is_cloudflare(settings.choice("profile")) {
        let problem = settings.problem("plan", "`plan` is for profile \"cloudflare\"");
        problems.push(problem.hint("leave it out, or write `profile: \"cloudflare\"`"));
    }
    if settings.is_given("folders") && super::plan(site).is_some() {
        let problem =
            settings.problem("folders", "the origin is a website: its URLs are /page/7 and /asset/7");
        problems.push(problem.hint("leave `folders` out"));
    }
    let row = settings.group("of").and_then(|origin| row_behind(site, origin, 8));
    if settings.is_given("capacity") && row.is_none() && !site.layout.sized_traffic() {
        let problem =
            settings.problem("capacity", "`capacity` is in bytes, but nothing tells the size of a row");
        problems.push(
            problem.hint("give the database `row: 1.kib`, or bound the number of copies with `items:`"),
        );
    }
}

/// Size of a row in the database behind an origin.
fn row_behind(site: &Site<'_>, group: usize, hops: u8) -> Option<u64> {
    let settings = site.of(group).settings();
    let next = ["of", "reads", "to"]
        .iter()
        .flat_map(|name| settings.group(name).into_iter().chain(settings.groups(name)));
    let own = match site.layout.groups[group].kind {
        "database" => settings.bytes("row"),
        "website" => settings.bytes("page_size"),
        _ => None,
    };
    let deeper = |group| if hops == 0 { None } else { row_behind(site, group, hops - 1) };
    own.or_else(|| next.into_iter().find_map(deeper))
}
