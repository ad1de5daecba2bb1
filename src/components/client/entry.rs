//! Settings of traffic, and what can be wrong with them.

use super::super::database::counted;
use super::super::database::model::{QUESTIONS, Question};
use super::super::{Group, Layout, Site, site};
use crate::catalog::{Entry, Kind, Load, Measure, Need, Needed, Param, Preset, Problems, Settings};
use crate::kernel::{MILLISECOND, NEVER, SECOND};
use crate::parts::retry::RetryPlan;

pub(super) static ENTRY: Entry = Entry {
    name: "traffic",
    about: "clients that send requests, whatever the answers (rate) or one at a time (users)",
    chapter: "1",
    headings: &[
        ("load", &["rate", "users", "think"]),
        ("requests", &["keys", "writes", "asks", "size"]),
        ("patience", &["timeout", "attempts", "backoff", "backoff_max", "jitter", "retry_budget"]),
        ("place", &["from", "region", "gps", "access", "mobile_access"]),
        ("addresses", &["addresses", "nat", "address_lifetime"]),
        ("names", &["resolver", "browser_ttl", "household", "cold"]),
        ("browsers", &["browser_slots", "max_age", "reloads"]),
    ],
    params: &[
        Param {
            name: "to",
            kind: Kind::Group(&[
                "load_balancer",
                "web",
                "cache",
                "database",
                "cdn",
                "website",
                "dns",
                "geo_router",
                "anycast",
                "queue",
            ]),
            preset: Preset::Required,
            about: "where requests go: a single node (put a load_balancer before several), or a name (dns), a router that tells where (geo_router), an address of several sites (anycast)",
        },
        Param {
            name: "rate",
            kind: Kind::Load,
            preset: Preset::Absent("give `rate` or `users`"),
            about: "open load: 200.rps (Poisson), or constant, ramp, steps, spike, bursty, a trace, or a function of time, a duration: |t| 50.rps + 1.rps * (t / 1.s) (looked at twice a second, and to the microsecond where it jumps; what comes and goes between two looks is missed)",
        },
        Param {
            name: "users",
            kind: Kind::Count(1, 10_000_000),
            preset: Preset::Absent(
                "with `rate`: requests belong to nobody in particular; to a name or geo_router, each then comes from somebody new, who asks first where to go",
            ),
            about: "alone: closed load, each user waits for the answer; with `rate`: users that requests are spread over; with a trace that names clients each of these is one of them",
        },
        Param {
            name: "think",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "closed load: pause of a user between an answer and the next request (at least 1 us after an answer in no time: assumed, and told)",
        },
        Param {
            name: "keys",
            kind: Kind::Keys,
            preset: Preset::Absent("one key; a trace brings its own"),
            about: "which keys are wanted, and how often each; all traffics mean the same row by the same number",
        },
        Param {
            name: "writes",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of requests that write (for a trace, give it to trace(..)); to a queue all do",
        },
        Param {
            name: "asks",
            kind: Kind::Choice(QUESTIONS),
            preset: Preset::Choice("point"),
            about: "what reading requests ask about their key; a web tier passes it on in its step \"read\"",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "none: users wait for ever; to Kafka, until its producer gives up (`delivery_timeout`)",
            ),
            about: "how long a user waits for one attempt",
        },
        Param {
            name: "attempts",
            kind: Kind::Count(1, 100),
            preset: Preset::Count(1),
            about: "attempts at a request in all",
        },
        Param {
            name: "backoff",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("0: at once"),
            about: "pause before the first retry; doubles each time",
        },
        Param {
            name: "backoff_max",
            kind: Kind::Duration,
            preset: Preset::Absent("no bound"),
            about: "longest pause before a retry",
        },
        Param {
            name: "jitter",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether the pause is drawn between 0 and its full length (full jitter, Brooker 2015)",
        },
        Param {
            name: "retry_budget",
            kind: Kind::Share,
            preset: Preset::Absent("no budget"),
            about: "retries allowed per ordinary request, on average; what is not used is saved up, 100 retries at most (assumed)",
        },
        Param {
            name: "size",
            kind: Kind::Message,
            preset: Preset::Absent("0: sizes are not modelled"),
            about: "size of what a writing request sends (a trace brings its own)",
        },
        Param {
            name: "addresses",
            kind: Kind::Count(1, 1 << 31),
            preset: Preset::Absent("not modelled; a trace brings its own"),
            about: "IPv4 addresses that users are spread over (without `users`: requests); where clients have a place, so many in the networks of each country; other replications have other addresses",
        },
        Param {
            name: "nat",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of the users who sit behind one address (NAT); needs `addresses`",
        },
        Param {
            name: "address_lifetime",
            kind: Kind::Duration,
            preset: Preset::Absent("addresses stay"),
            about: "how long a user outside the NAT keeps an address, then comes another; needs `addresses`",
        },
        Param {
            name: "from",
            kind: Kind::Clients,
            preset: Preset::Absent("nowhere in particular, or all at `region`"),
            about: "where the clients are and how they come: clients([[\"FR\", 3], [\"KR\", 1]])",
        },
        Param {
            name: "gps",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of the clients that send their position; needs a geo_router",
        },
        Param {
            name: "access",
            kind: Kind::Variate,
            preset: Preset::Duration(14 * MILLISECOND),
            about: "round trip between a client and its network (US median, fixed lines: 14 ms, Ookla 2022-06); needs a place",
        },
        Param {
            name: "mobile_access",
            kind: Kind::Variate,
            preset: Preset::Duration(32 * MILLISECOND),
            about: "round trip between a mobile client and its network (US carriers: 31 to 34 ms, Ookla 2022-06)",
        },
        Param {
            name: "resolver",
            kind: Kind::Groups(&["resolver"]),
            preset: Preset::Absent("needed if `to` is a name"),
            about: "who finds the addresses of names for the clients; each uses one of the nearest, and another one with each further attempt",
        },
        Param {
            name: "browser_ttl",
            kind: Kind::Duration,
            preset: Preset::Duration(60 * SECOND),
            about: "how long a browser keeps an address whatever its time to live (Chromium: kCacheEntryTTLSeconds 60); what browsers and systems keep ends at the sixteenth of a second before",
        },
        Param {
            name: "household",
            kind: Kind::Count(1, 100_000),
            preset: Preset::Absent("routers keep no addresses"),
            about: "users behind one router that keeps addresses for all of them",
        },
        Param {
            name: "cold",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether users begin without addresses; else they have been there since some time before the run: they ask at their first request all the same, and what browsers (with a geo_router: clients) keep ends at a moment drawn for each within its life",
        },
        Param {
            name: "browser_slots",
            kind: Kind::Count(1, 64),
            preset: Preset::Absent("browsers keep nothing"),
            about: "copies that the browser of each user can hold, 12 bytes of memory each; the one used longest ago makes room; needs `users`",
        },
        Param {
            name: "max_age",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent(
                "none: browsers ask each time whether there is something new; a website says it itself",
            ),
            about: "Cache-Control of the answers: how long a browser uses a copy without asking (Age counts, RFC 9111), to the millisecond before",
        },
        Param {
            name: "reloads",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of requests that reload: browsers ask about fresh copies too, but immutable ones (RFC 8246)",
        },
        site::REGION,
    ],
    needs: &[
        Need {
            settings: &["backoff", "jitter", "backoff_max", "retry_budget"],
            with: "`attempts` of 2 or more",
            add: "`attempts: 3`",
            is_met: |settings| settings.count("attempts") > Some(1),
        },
        Need {
            settings: &["jitter", "backoff_max"],
            with: "a `backoff`",
            add: "`backoff: 100.ms`",
            is_met: |settings| settings.is_given("backoff"),
        },
    ],
    actions: &[],
    measures: &[
        Measure { name: "requests_count", about: "requests issued" },
        Measure { name: "requests_failed_count", about: "requests answered with an error, or reset" },
        Measure { name: "requests_rejected_count", about: "requests turned away" },
        Measure { name: "requests_timed_out_count", about: "requests given up" },
        Measure { name: "retries_count", about: "further attempts" },
        Measure { name: "logins_count", about: "logins, the first ones included" },
        Measure { name: "sessions_lost_count", about: "sessions that the asked server did not know" },
        Measure { name: "browser_hits_count", about: "copies used without asking anybody" },
        Measure { name: "browser_revalidated_count", about: "copies that were asked about and still good" },
        Measure { name: "pages_count", about: "visits to a website that were answered in full" },
        Measure {
            name: "broken_pages_count",
            about: "those with an asset missing or of another version than the page was made for",
        },
        Measure { name: "reads_count", about: "reads answered" },
        Measure {
            name: "stale_reads_count",
            about: "reads older than what was acknowledged before they began",
        },
    ],
};

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    check_addresses(site, problems);
    check_target(site, problems);
    check_question(site, problems);
    check_places(site, problems);
    let router = |to: usize| site.layout.groups[to].kind == "geo_router";
    if settings.is_given("gps") && !settings.group("to").is_some_and(router) {
        let problem = settings.problem("gps", "only a geo_router looks at positions");
        problems.push(problem.hint("send the traffic to geo_router(\"front\", #{ to: sites, by: \"gps\" })"));
    }
    super::check_near::check(site, problems);
}

/// Pauses that double go up to the longest one.
pub(super) fn check_backoff(settings: &Settings, problems: &mut Problems) {
    if let (Some(first), Some(longest)) = (settings.duration("backoff"), settings.duration("backoff_max"))
        && longest < first
    {
        let problem = settings.problem(
            "backoff_max",
            "the longest pause (`backoff_max`) is shorter than the first one (`backoff`)",
        );
        problems.push(problem.hint("pauses begin with `backoff` and double up to `backoff_max`"));
    }
}

/// Positions are sent to be looked at.
pub fn position_needs(traffic: &Group, layout: &Layout) -> Option<Needed> {
    let router = layout.groups.get(traffic.settings.group("to")?)?;
    let looks = router.kind == "geo_router" && router.settings.chosen("by") == "gps";
    traffic.settings.needs("gps", "a geo_router that looks at positions", "`by: \"gps\"` to it", looks)
}

/// Whether its requests come from users who are known again; else each is somebody new.
pub fn knows_users(group: &Group) -> bool {
    group.kind == "traffic" && group.settings.count("users") > Some(0)
}

/// Whoever is asked a question must have a way to answer it.
fn check_question(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let question = Question::of(settings.choice("asks"));
    let Some(target) = settings.group("to") else { return };
    for store in counted::stores(site.layout, target) {
        if let Some((message, hint)) = counted::refusal(&site.layout.groups[store], question) {
            problems.push(settings.problem("asks", message).hint(hint));
        }
    }
}

fn check_addresses(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if settings.is_given("addresses") {
        if matches!(settings.load("rate"), Some(Load::Trace(trace)) if trace.rows.client_count() > 0) {
            let problem = settings.problem("addresses", "`addresses` come from the trace");
            problems.push(problem.hint("leave it out"));
        }
        return;
    }
    for setting in ["nat", "address_lifetime"] {
        if settings.is_given(setting) {
            let message = format!("`{setting}` needs the setting `addresses`");
            problems.push(settings.problem(setting, message).hint("add `addresses: 10_000`"));
        }
    }
}

/// Clients are at one place, or spread over several.
fn check_places(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let several = settings.texts("region").len() > 1;
    if several || (settings.is_given("region") && settings.is_given("from")) {
        let problem = settings.problem("region", "`region` puts all clients at one place");
        problems.push(problem.hint("write `from: clients([[\"eu-west-1\", 3], [\"us-east-1\", 1]])`"));
    }
    for setting in ["access", "mobile_access"] {
        if settings.is_given(setting) && site.group().clients().is_none() {
            let problem = settings.problem(setting, format!("`{setting}` needs clients at some place"));
            problems.push(problem.hint("add `region: \"eu-west-1\"` or `from: clients(..)`"));
        }
    }
}

/// Whoever is sent by position or by network is somewhere.
fn check_position(site: &Site<'_>, target: &Group, problems: &mut Problems) {
    if site.group().clients().is_none() {
        let message = format!(
            "{} \"{}\" brings clients to the nearest site, and these are nowhere",
            target.kind, target.name
        );
        let problem = site.settings().problem("to", message);
        problems.push(problem.hint("add `from: clients([\"FR\", \"KR\"])` or `region: \"eu-west-1\"`"));
    }
}

/// What is about addresses that clients keep, where they keep none. (What a geo_router tells, its own `ttl` governs.)
fn check_names(settings: &Settings, kind: &str, problems: &mut Problems) {
    for setting in ["resolver", "browser_ttl", "household"] {
        if settings.is_given(setting) {
            let problem = settings.problem(setting, format!("`{setting}` counts only if `to` is a name"));
            problems.push(problem.hint("send the traffic to dns(\"name\", #{ to: .. })"));
        }
    }
    if settings.is_given("cold") && kind != "geo_router" {
        let problem = settings.problem("cold", "`cold` counts only if `to` is a name or a geo_router");
        problems.push(problem.hint("leave it out: these clients keep no addresses"));
    }
}

/// Traffic goes to one node that understands requests.
fn check_target(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let Some(target) = settings.group("to") else { return };
    let group = &site.layout.groups[target];
    if group.kind == "dns" {
        if !settings.is_given("resolver") {
            let message = format!("`to` is a name (\"{}\"): somebody must find its address", group.name);
            let problem = settings.problem("to", message);
            problems.push(problem.hint("add `resolver: resolver(\"isp\")`"));
        }
        return;
    }
    check_names(settings, group.kind, problems);
    if group.kind == "geo_router" || group.kind == "anycast" {
        return check_position(site, group, problems);
    }
    if group.doors().count() > 1 && group.kind != "queue" {
        let message = format!("`to` names the {} servers of \"{}\"", group.count, group.name);
        let hint = match group.kind {
            // No balancer takes edges: clients come to the nearest by DNS or by routes.
            "cdn" => {
                "give each client the nearest: to: geo_router(\"dns\", #{ to: .. }), or anycast(\"address\", #{ to: .. })"
            }
            _ => "put a load_balancer before them",
        };
        problems.push(settings.problem("to", message).hint(hint));
    }
}

/// How often a request is tried again, and when.
pub(super) fn retry(settings: &Settings) -> RetryPlan {
    RetryPlan {
        attempts: settings.count("attempts").expect("preset") as u8,
        backoff: settings.duration("backoff").unwrap_or(0),
        backoff_max: settings.duration("backoff_max").unwrap_or(NEVER),
        jitter: settings.flag("jitter"),
        budget: settings.share("retry_budget"),
    }
}
